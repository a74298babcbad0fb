"""The spiking ResNet-18 of the CIFAR-100 study (paper, "Ablation study"; Tables 1 and 2).

ResNet-18 as used on 32×32 images (3×3 stem, no pooling), every activation an SPK block:

    stem     3×3 convolution, SPK                                          32
    stages   widths w, 2w, 4w, 8w, two blocks each                         32, 16, 8, 4
        block    SPK(conv3×3(SPK(conv3×3(x))) + shortcut(x))
    head     global average pooling, linear, mean over T

BatchNorm follows each convolution, and the residual is added before the spike.
"""

from torch import Tensor, channels_last, nn

from spikeatconv.blocks import check_spk, spk_block
from spikeatconv.checks import MOST, check_bool, check_fits, check_real, check_whole
from spikeatconv.conv import conv_norm


class SpikingResNet18(nn.Module):
    """Images `[B, in_channels, H, W]` or `[T, B, in_channels, H, W]` → logits `[B, classes]`.

    width: channels of the first stage, 64 in ResNet-18; 16 suits a laptop.
    spk, options: the SPK block and its options. time_steps: T. spiking=False: the twin, GELU.
    Raises ValueError for a wrong shape or value.
    """

    def __init__(
        self,
        classes: int,
        spk: str = "sl",
        time_steps: int = 1,
        width: int = 64,
        spiking: bool = True,
        in_channels: int = 3,
        **options,
    ) -> None:
        super().__init__()
        classes = check_whole(classes, "classes", high=MOST["classes"])
        time_steps = check_whole(time_steps, "time_steps", high=MOST["time_steps"])
        width = check_whole(width, "width", high=MOST["widths"] // 8)  # the last stage: 8 × width
        in_channels = check_whole(in_channels, "in_channels", high=MOST["channels"])
        check_bool(spiking, "spiking")
        check_spk(spk, options)
        self.config = {
            "classes": classes, "spk": spk, "time_steps": time_steps, "width": width,
            "spiking": spiking, "in_channels": in_channels, **options,
        }  # fmt: skip

        def activation(channels: int) -> nn.Module:
            return spk_block(spk, channels, spiking, **options)

        self.stem = conv_norm(in_channels, width, 3)
        self.first = activation(width)
        blocks, c_in = [], width
        for stage in range(4):
            for stride in (1 if stage == 0 else 2, 1):
                blocks.append(BasicBlock(c_in, width * 2**stage, stride, activation))
                c_in = width * 2**stage
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(c_in, classes)
        self.to(memory_format=channels_last)

    def forward(self, images: Tensor) -> Tensor:
        check_real(images, "images")
        c, t = self.config["in_channels"], self.config["time_steps"]
        still = images.dim() == 4
        frames = images.unsqueeze(0) if still else images
        if (
            frames.dim() != 5
            or frames.shape[2] != c
            or frames.shape[0] != (1 if still else t)
            or 0 in frames.shape[-2:]
        ):
            raise ValueError(
                f"images have shape {list(images.shape)}; give [B, {c}, H, W] or "
                f"[T, B, {c}, H, W] with T = {t}"
            )
        check_fits(images, "images", self)
        x = self.stem(frames)
        x = x.flatten(0, 1).contiguous(memory_format=channels_last).unflatten(0, x.shape[:2])
        if still and self.config["spiking"]:
            x = x.expand(t, *x.shape[1:])
        return self.head(self.blocks(self.first(x)).mean((-2, -1))).mean(0)


class BasicBlock(nn.Module):
    """SPK(conv(SPK(conv(x))) + shortcut(x)): `[T, B, C, H, W]` → `[T, B, C', H/s, W/s]`."""

    def __init__(self, c_in: int, c_out: int, stride: int, activation) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv_norm(c_in, c_out, 3, stride), activation(c_out), conv_norm(c_out, c_out, 3)
        )
        same = stride == 1 and c_in == c_out
        self.shortcut = nn.Identity() if same else conv_norm(c_in, c_out, 1, stride)
        self.last = activation(c_out)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.body(x) + self.shortcut(x))
