"""The SpikeAtConv network (paper, "SpikeAtConv"; Figure 1).

    Feature Extraction   3×3 convolution stride 2, SPK, 3×3 convolution       224 → 112
    Feature Encoding     four stages, each halves on entry: SPK, 3×3 stride 2  56, 28, 14, 7
        block            spiking ConvNeXt → attention → feed-forward, each with a residual
    Decision             global average pooling, linear, mean over T

Between the blocks runs a stream of real values, the membrane; each branch begins by turning
it into spikes and ends with a convolution and BatchNorm, whose output is added before the
next spike [open choice R11, shortcut="membrane"]. So every layer with weights sees what an
SPK block gives. shortcut="spike" adds after the spike instead.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Number
from typing import Any

from torch import Tensor, channels_last, nn

from spikeatconv.attention import ATTENTIONS
from spikeatconv.blocks import SPK_BLOCKS, check_spk, spk_block
from spikeatconv.checks import (
    MOST,
    check_bool,
    check_choice,
    check_fits,
    check_names,
    check_real,
    check_whole,
    check_wholes,
    short,
)
from spikeatconv.conv import NORMS, OverTime, conv_norm
from spikeatconv.partition import PARTITIONS

CHOICES: dict[str, Collection[str]] = {
    "spk": SPK_BLOCKS, "attention": ATTENTIONS, "partition": PARTITIONS, "norm": NORMS,
    "shortcut": ("membrane", "spike"),
}  # fmt: skip


@dataclass(frozen=True)
class SpikeAtConvConfig:
    """Everything that makes a SpikeAtConv; change it with `dataclasses.replace` or `preset`.

    widths, depths: channels and blocks of each stage.
    classes, in_channels: of the task.
    time_steps: T [open choice R9]; a still image is shown T times.
    spk, spk_options: name of the SPK block and its options, e.g. {"tau": 4.0}.
    attention: "sisa" or "bdsa".
    partition, partition_size: "grid", "window" or "full"; one size, or one for each stage.
    softmax: in the attention map [R8].
    spiking: False makes the twin, with GELU for each SPK block (the baseline of Figure 4).
    head_width: channels of an attention head, at most [R12].
    expansion: width of the inverted bottlenecks, in multiples of a stage's.
    norm: "batch" or "none" [R10]; the convolutions inside RL, MBPL and DCL keep theirs.
    shortcut: "membrane" or "spike" [R11].
    The most of each stands in `checks.MOST`.
    Raises ValueError or TypeError that names the field, its value and what would do.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    depths: tuple[int, ...] = (1, 3, 6, 1)
    classes: int = 1000
    in_channels: int = 3
    time_steps: int = 4
    spk: str = "mbpl"
    spk_options: dict = field(default_factory=dict)
    attention: str = "sisa"
    partition: str = "grid"
    partition_size: int | tuple[int, ...] = 7
    softmax: bool = True
    spiking: bool = True
    head_width: int = 32
    expansion: int = 4
    norm: str = "batch"
    shortcut: str = "membrane"

    def __post_init__(self) -> None:
        for name, value in self._checked().items():
            object.__setattr__(self, name, value)
        if not len(self.widths) == len(self.depths) == len(self.sizes):
            raise ValueError(
                f"widths {self.widths}, depths {self.depths} and partition_size "
                f"{self.partition_size} differ in length; give one entry for each stage"
            )
        for width in self.widths:
            if width > self.head_width and width % self.head_width:
                raise ValueError(
                    f"head_width is {self.head_width}, which does not divide the width {width}; "
                    "change one of them"
                )
        check_spk(self.spk, self.spk_options)
        spk_block(self.spk, self.widths[0], spiking=False, **self.spk_options)  # could it be made?

    def _checked(self) -> dict[str, Any]:
        """Each field's value, as plain Python; raises for one that is not allowed."""
        values = dict(vars(self))
        for name in ("widths", "depths"):
            high = MOST["blocks" if name == "depths" else name]
            values[name] = check_wholes(values[name], name, high=high, most=MOST["stages"])
        if (blocks := sum(values["depths"])) > MOST["blocks"]:
            raise ValueError(
                f"depths is {values['depths']}, {blocks} blocks; "
                f"give at most {MOST['blocks']} in all"
            )
        one_size = isinstance(self.partition_size, Number)
        check_sizes = check_whole if one_size else check_wholes
        high = MOST["partition_size"]
        values["partition_size"] = check_sizes(self.partition_size, "partition_size", high=high)
        for name in ("classes", "in_channels", "time_steps", "head_width", "expansion"):
            values[name] = check_whole(values[name], name, high=MOST.get(name, MOST["channels"]))
        for name in ("softmax", "spiking"):
            values[name] = check_bool(values[name], name)
        for name, choices in CHOICES.items():
            check_choice(values[name], name, choices)
        if not isinstance(self.spk_options, Mapping):
            raise TypeError(
                f"spk_options is {short(self.spk_options)}; give a dict, such as {{'tau': 4.0}}"
            )
        values["spk_options"] = dict(self.spk_options)  # what the caller does with his, stays there
        return values

    @property
    def sizes(self) -> tuple[int, ...]:
        """The partition size of each stage."""
        if isinstance(self.partition_size, int):
            return (self.partition_size,) * len(self.widths)
        return self.partition_size

    def fits(self, side: int) -> bool:
        """Whether the partitions fit an image of that many pixels on a side."""
        if side < 1:
            return False
        side = (side + 1) // 2
        for size in self.sizes:
            side = (side + 1) // 2
            if self.partition != "full" and side % size:
                return False
        return True


PRESETS = {
    "micro": SpikeAtConvConfig(
        widths=(32, 64, 128), depths=(1, 1, 1), classes=10, partition_size=(4, 4, 2)
    ),
    "tiny": SpikeAtConvConfig(widths=(64, 128, 256, 512), depths=(1, 3, 6, 1)),
    "base": SpikeAtConvConfig(widths=(128, 256, 512, 1024), depths=(2, 6, 12, 2)),
    "large": SpikeAtConvConfig(widths=(160, 320, 640, 1280), depths=(2, 6, 16, 2)),
}


def preset(name: str, **changes) -> SpikeAtConvConfig:
    """The configuration "micro" (32×32, for laptops), "tiny", "base" or "large" (224×224),
    with changes by field name: `preset("micro", spk="sl", in_channels=1)`."""
    config = PRESETS[check_choice(name, "preset", PRESETS)]
    check_names(changes, [f.name for f in fields(config)], "SpikeAtConvConfig")
    return replace(config, **changes)


class SpikeAtConv(nn.Module):
    """The network of a configuration: images → logits `[B, classes]`.

    images: `[B, C, H, W]`, shown T times, or `[T, B, C, H, W]`, a frame for each time step.
    Raises ValueError for a wrong shape, and for a size that the partitions do not fit: the
    error names the nearest sizes that work.
    """

    def __init__(self, config: SpikeAtConvConfig) -> None:
        super().__init__()
        if not isinstance(config, SpikeAtConvConfig):
            raise TypeError(f"config is {short(config)}; give a SpikeAtConvConfig or preset(name)")
        self.config = config
        first, last = config.widths[0], config.widths[-1]
        self.stem = conv_norm(config.in_channels, first, 3, 2, norm=config.norm)
        self.stem_to_stream = nn.Sequential(*self._after_stem(first))
        stages, width = [], first
        for index, depth in enumerate(config.depths):
            entry = conv_norm(width, config.widths[index], 3, 2, norm=config.norm)
            width = config.widths[index]
            blocks = [Block(config, index) for _ in range(depth)]
            stages.append(nn.Sequential(nn.Sequential(*chain(config, entry)), *blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(last, config.classes)
        self.to(memory_format=channels_last)  # depthwise convolutions run 3 to 4 times faster

    def _after_stem(self, width: int) -> list[nn.Module]:
        second = chain(self.config, conv_norm(width, width, 3, norm=self.config.norm))
        return second if self.config.shortcut == "membrane" else [spk(self.config, width), *second]

    def forward(self, images: Tensor) -> Tensor:
        self._check(images)
        still = images.dim() == 4
        x = self.stem(images.unsqueeze(0) if still else images)  # a still image: computed once
        x = x.flatten(0, 1).contiguous(memory_format=channels_last).unflatten(0, x.shape[:2])
        if still and self.config.spiking:
            x = x.expand(self.config.time_steps, *x.shape[1:])
        x = self.stages(self.stem_to_stream(x))
        return self.head(x.mean((-2, -1))).mean(0)

    def _check(self, images: Tensor) -> None:
        check_real(images, "images")
        c, t = self.config.in_channels, self.config.time_steps
        if images.dim() not in (4, 5) or images.shape[-3] != c:
            raise ValueError(
                f"images have shape {list(images.shape)}; give [B, {c}, H, W], or "
                f"[T, B, {c}, H, W] with T = {t}; in_channels is {c}"
            )
        if images.dim() == 5 and images.shape[0] != t:
            raise ValueError(
                f"images have shape {list(images.shape)}, so {images.shape[0]} time steps and "
                f"time_steps is {t}; give {t} frames, "
                f"or make the model with time_steps={images.shape[0]}"
            )
        for name, side in (("height", images.shape[-2]), ("width", images.shape[-1])):
            if not self.config.fits(side):
                near = nearest_sizes(self.config, side)
                raise ValueError(
                    f"an image of {name} {side} does not fit the {self.config.partition} "
                    f"partitions of size {self.config.sizes}; the nearest that fit: "
                    f"{' and '.join(map(str, near)) or 'none'}; resize the image or change "
                    "partition_size"
                )
        check_fits(images, "images", self)


class Block(nn.Sequential):
    """SpikeAtConv block: spiking ConvNeXt → attention → feed-forward, each with a residual.

    `[T, B, C, H, W]` → same shape. index: the stage, which says C and the partition's size.
    """

    def __init__(self, config: SpikeAtConvConfig, index: int) -> None:
        super().__init__()
        c, norm = config.widths[index], config.norm
        wide = config.expansion * c
        self.conv = Residual(
            *chain(
                config,
                conv_norm(c, c, 7, groups=c, norm=norm),
                conv_norm(c, wide, norm=norm),
                conv_norm(wide, c, norm=norm),
            )
        )
        heads = max(1, c // config.head_width)
        attention = ATTENTIONS[config.attention](
            c, heads, config.partition, config.sizes[index], config.softmax,
            config.spk, config.spiking, config.norm, **config.spk_options,
        )  # fmt: skip
        # BDSA turns its input into spikes itself; on a stream of spikes SISA needs no more.
        ready = config.attention == "bdsa" or config.shortcut == "spike"
        self.attention = Residual(*([] if ready else [spk(config, c)]), attention)
        self.feed_forward = Residual(
            *chain(config, conv_norm(c, wide, norm=norm), conv_norm(wide, c, norm=norm))
        )


class Residual(nn.Sequential):
    """x + f(x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


def chain(config: SpikeAtConvConfig, *convs: OverTime) -> list[nn.Module]:
    """The convolutions, each with an SPK block: in front (shortcut "membrane") or behind."""
    layers: list[nn.Module] = []
    for conv in convs:
        if config.shortcut == "membrane":
            layers += [spk(config, conv[0].in_channels), conv]
        else:
            layers += [conv, spk(config, conv[0].out_channels)]
    return layers


def spk(config: SpikeAtConvConfig, channels: int) -> nn.Module:
    """The configuration's SPK block for that many channels."""
    return spk_block(config.spk, channels, config.spiking, **config.spk_options)


def nearest_sizes(config: SpikeAtConvConfig, side: int) -> list[int]:
    """The next smaller and the next larger side that fit, where there are any."""
    below = next((s for s in range(side - 1, max(0, side - 10**5), -1) if config.fits(s)), None)
    above = next((s for s in range(side + 1, side + 10**5) if config.fits(s)), None)
    return [s for s in (below, above) if s is not None]
