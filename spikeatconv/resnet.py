"""The spiking ResNet-18 of the CIFAR-100 study (paper, "Ablation study"; Tables 1 and 2).

ResNet-18 as used on 32×32 images (3×3 stem, no pooling), every activation an SPK block:

    stem     3×3 convolution, SPK                                          32
    stages   widths w, 2w, 4w, 8w, two blocks each                         32, 16, 8, 4
        block    SPK(conv3×3(SPK(conv3×3(x))) + shortcut(x))
    head     global average pooling, linear, mean over T

BatchNorm follows each convolution, and the residual is added before the spike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from torch import Tensor, channels_last, nn

from spikeatconv.blocks import check_block, spk_block
from spikeatconv.conv import conv_norm
from spikeatconv.model import Config, Network, SpikeAtConv, SpikeAtConvConfig


@dataclass(frozen=True)
class SpikingResNet18Config(Config):
    """Everything that makes a SpikingResNet18, whose arguments these are; spk_options its options.

    Raises ValueError or TypeError that names the field, its value and what would do.
    """

    classes: int
    spk: str = "sl"
    time_steps: int = 1
    width: int = 64
    spiking: bool = True
    in_channels: int = 3
    spk_options: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_block(self.spk, self.width, self.spk_options)

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        own = {f.name: arguments[f.name] for f in fields(cls) if f.name in arguments}
        options = {name: value for name, value in arguments.items() if name not in own}
        return cls(**{**own, "spk_options": {**options, **own.get("spk_options", {})}})

    def arguments(self) -> dict[str, Any]:
        own = super().arguments()
        return own | own.pop("spk_options")

    def build(self) -> "SpikingResNet18":
        return SpikingResNet18(**self.arguments())


class SpikingResNet18(Network):
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
        config = self.config = SpikingResNet18Config(
            classes, spk, time_steps, width, spiking, in_channels, options
        )
        c_in = config.width

        def activation(channels: int) -> nn.Module:
            return spk_block(config.spk, channels, config.spiking, **config.spk_options)

        self.stem = conv_norm(config.in_channels, c_in, 3)
        self.first = activation(c_in)
        blocks = []
        for stage in range(4):
            for stride in (1 if stage == 0 else 2, 1):
                blocks.append(BasicBlock(c_in, config.width * 2**stage, stride, activation))
                c_in = config.width * 2**stage
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(c_in, config.classes)
        self.to(memory_format=channels_last)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.blocks(self.first(self.show(images))).mean((-2, -1))).mean(0)

    def parts(self) -> list[nn.Module]:
        return list(self.blocks)

    def levels(self) -> list[list[nn.Module]]:
        first, *others = (list(self.blocks[i : i + 2]) for i in range(0, 8, 2))
        return [[self.stem, self.first, *first], *others]

    def branches(self) -> list[list[nn.Module]]:
        return [[block.body] for block in self.blocks]


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


NETWORKS: dict[str, tuple[type[Config], type[Network]]] = {
    "SpikeAtConv": (SpikeAtConvConfig, SpikeAtConv),
    "SpikingResNet18": (SpikingResNet18Config, SpikingResNet18),
}
