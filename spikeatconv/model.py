"""The SpikeAtConv network (paper, "SpikeAtConv"; Figure 1).

    Feature Extraction   3×3 convolution stride 2, SPK, 3×3 convolution       224 → 112
    Feature Encoding     four stages, each halves on entry: SPK, 3×3 stride 2  56, 28, 14, 7
        block            spiking ConvNeXt → attention → feed-forward, each with a residual
    Decision             global average pooling, linear, mean over T

Between the blocks runs a stream of real values, the membrane. Each branch begins with an SPK block
that reads it and ends with a convolution and BatchNorm (attention with an SPK block: it adds 0 or
1), and what it gives is added before the next spike [open choice R11, shortcut="membrane"]. So
every layer with weights sees what an SPK block gives. shortcut="spike" adds after the spike
instead. For the feed-forward it is the literal reading ("each linear layer is followed by an Spk
module"), and the membrane shortcut deviates from the text there.

The paper cites ConvNeXt V2. Its block has one activation and GRN; ours has an SPK block in front
of each of its three convolutions, and no GRN [open choice R14].
"""

import itertools
from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from numbers import Number
from typing import Any, Self

from torch import Tensor, channels_last, nn

from spikeatconv.attention import ATTENTIONS
from spikeatconv.blocks import SPK_BLOCKS, check_block, spk_block
from spikeatconv.checks import (
    MOST,
    check_bool,
    check_choice,
    check_fits,
    check_kind,
    check_mapping,
    check_names,
    check_real,
    check_whole,
    check_wholes,
)
from spikeatconv.conv import NORMS, OverTime, conv_norm
from spikeatconv.partition import PARTITIONS

CHOICES: dict[str, Collection[str]] = {
    "spk": SPK_BLOCKS, "attention": ATTENTIONS, "partition": PARTITIONS, "norm": NORMS,
    "shortcut": ("membrane", "spike"),
}  # fmt: skip


def check_field(f: Field, value: Any) -> Any:
    """The value as plain Python; raises for one that the field's type, or CHOICES, forbids."""
    name, high = f.name, MOST.get(f.name, MOST["channels"])
    if f.type is bool:
        return check_bool(value, name)
    if f.type is str:
        return check_choice(value, name, CHOICES[name])
    if f.type is dict:
        return check_mapping(value, name)
    if f.type is int or (name == "partition_size" and isinstance(value, Number)):
        return check_whole(value, name, high=high)
    return check_wholes(value, name, high=high, most=MOST["stages"])


@dataclass(frozen=True)
class Config:
    """What the configurations of both networks share; each field is checked by its type."""

    def __post_init__(self) -> None:
        for f in fields(self):
            vars(self)[f.name] = check_field(f, getattr(self, f.name))

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        """The configuration whose `arguments()` these are."""
        return cls(**arguments)

    def arguments(self) -> dict[str, Any]:
        """The fields by name, as a file of weights keeps them."""
        return dict(vars(self))

    def build(self) -> "Network":
        """A new network."""
        raise NotImplementedError

    def fits(self, side: int) -> bool:
        """Whether the network takes an image of that many pixels on a side."""
        return side >= 1


@dataclass(frozen=True)
class SpikeAtConvConfig(Config):
    """Everything that makes a SpikeAtConv; change it with `dataclasses.replace` or `preset`.

    widths, depths: channels and blocks of each stage.
    classes, in_channels: of the task.
    time_steps: T [open choice R9]; a still image is shown T times.
    spk, spk_options: name of the SPK block and its options, e.g. {"tau": 4.0}.
    attention: "sisa" or "bdsa".
    partition, partition_size: "grid", "window" or "full"; one size, or one for each stage.
    softmax: in the attention map [R8].
    spiking: False makes the twin, with GELU for each SPK block: the same network without spikes.
        It is not the MaxViT of Figure 4, which has MBConv, window attention and relative biases.
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
        super().__post_init__()
        if (blocks := sum(self.depths)) > (most := MOST["depths"]):
            raise ValueError(
                f"depths is {self.depths}, {blocks} blocks; give at most {most} in all"
            )
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
        check_block(self.spk, self.widths[0], self.spk_options)

    def build(self) -> "SpikeAtConv":
        return SpikeAtConv(self)

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


SPIKE_DRIVEN = {"readout": "sum", "mixer": False}  # found by studies/mbpl_arrangements.py
SIZES: dict[str, dict[str, Any]] = {
    "micro": {
        "widths": (32, 64, 128), "depths": (1, 1, 1), "classes": 10, "partition_size": (4, 4, 2)
    },
    "tiny": {"widths": (64, 128, 256, 512), "depths": (1, 3, 6, 1)},
    "base": {"widths": (128, 256, 512, 1024), "depths": (2, 6, 12, 2)},
    "large": {"widths": (160, 320, 640, 1280), "depths": (2, 6, 16, 2)},
}  # fmt: skip
PRESETS = {
    name: SpikeAtConvConfig(spk_options=SPIKE_DRIVEN, **sizes) for name, sizes in SIZES.items()
}


def preset(name: str, **changes) -> SpikeAtConvConfig:
    """The configuration "micro" (32×32, for laptops), "tiny", "base" or "large" (224×224),
    with changes by field name: `preset("micro", spk="sl", in_channels=1)`.

    Its MBPLs send the number of their branches that fire, without a mixer, unless spk_options
    names a readout: `spk_options={"readout": "membrane"}` [open choice R6].
    """
    config = PRESETS[check_choice(name, "preset", PRESETS)]
    check_names(changes, [f.name for f in fields(config)], "SpikeAtConvConfig")
    options = check_mapping(changes.get("spk_options", {}), "spk_options")
    if changes.get("spk", config.spk) == "mbpl" and "readout" not in options:
        options = {**SPIKE_DRIVEN, **options}
    return replace(config, **{**changes, "spk_options": options})


class Network(nn.Module):
    """What both networks share: a stem, and what they do with images."""

    config: Any
    stem: OverTime

    def parts(self) -> list[nn.Module]:
        """What follows the stem, in parts that can be computed again as a whole."""
        raise NotImplementedError

    def levels(self) -> list[list[nn.Module]]:
        """The modules of each stage; what stands before the first belongs to it."""
        raise NotImplementedError

    def branches(self) -> list[list[nn.Module]]:
        """Of each block, the modules whose output is added to what the block was given."""
        raise NotImplementedError

    def show(self, images: Tensor) -> Tensor:
        """What the stem makes of `[B, C, H, W]`, shown T times and computed once, or of
        `[T, B, C, H, W]`: `[T, B, C', H', W']`, in channels_last."""
        self.check(images)
        still = images.dim() == 4
        x = self.stem(images.unsqueeze(0) if still else images)
        x = x.flatten(0, 1).contiguous(memory_format=channels_last).unflatten(0, x.shape[:2])
        shown = self.config.time_steps if still and self.config.spiking else len(x)
        return x.expand(shown, *x.shape[1:])

    def check(self, images: Tensor) -> None:
        """Raise unless the network takes these images."""
        check_real(images, "images")
        c, t = self.config.in_channels, self.config.time_steps
        expected = f"give [B, {c}, H, W], or [T, B, {c}, H, W] with T = {t}"
        if images.dim() not in (4, 5) or images.shape[-3] != c or 0 in images.shape[-2:]:
            raise ValueError(
                f"images have shape {list(images.shape)}; {expected}; in_channels is {c}"
            )
        if images.dim() == 5 and len(images) != t:
            raise ValueError(
                f"images have shape {list(images.shape)}; {expected}; these have {len(images)} "
                f"time steps and time_steps is {t}; make the model with time_steps={len(images)}"
            )
        check_fits(images, "images", self)


class SpikeAtConv(Network):
    """The network of a configuration: images → logits `[B, classes]`.

    images: `[B, C, H, W]`, shown T times, or `[T, B, C, H, W]`, a frame for each time step.
    Raises ValueError for a wrong shape, and for a size that the partitions do not fit: the
    error names the nearest sizes that work.
    """

    def __init__(self, config: SpikeAtConvConfig) -> None:
        super().__init__()
        check_kind(config, "config", SpikeAtConvConfig, "a SpikeAtConvConfig or preset(name)")
        self.config = config
        first, last = config.widths[0], config.widths[-1]
        self.stem = conv_norm(config.in_channels, first, 3, 2, norm=config.norm)
        self.stem_to_stream = nn.Sequential(*self.after_stem(first))
        stages, width = [], first
        for index, depth in enumerate(config.depths):
            entry = conv_norm(width, config.widths[index], 3, 2, norm=config.norm)
            width = config.widths[index]
            blocks = [Block(config, index) for _ in range(depth)]
            stages.append(nn.Sequential(nn.Sequential(*chain(config, entry)), *blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(last, config.classes)
        self.to(memory_format=channels_last)  # depthwise convolutions run 3 to 4 times faster

    def after_stem(self, width: int) -> list[nn.Module]:
        second = chain(self.config, conv_norm(width, width, 3, norm=self.config.norm))
        return second if self.config.shortcut == "membrane" else [spk(self.config, width), *second]

    def forward(self, images: Tensor) -> Tensor:
        x = self.stages(self.stem_to_stream(self.show(images)))
        return self.head(x.mean((-2, -1))).mean(0)

    def parts(self) -> list[nn.Module]:
        """Each stage's entry is a part, and so is each of the three branches of a block."""
        layers = [self.stem_to_stream, *itertools.chain(*self.stages)]
        return [part for x in layers for part in (x if isinstance(x, Block) else [x])]

    def levels(self) -> list[list[nn.Module]]:
        first, *others = ([stage] for stage in self.stages)
        return [[self.stem, self.stem_to_stream, *first], *others]

    def branches(self) -> list[list[nn.Module]]:
        blocks = [block for _, *blocks in self.stages for block in blocks]
        return [[branch[-1] for branch in block] for block in blocks]

    def check(self, images: Tensor) -> None:
        super().check(images)
        for name, side in (("height", images.shape[-2]), ("width", images.shape[-1])):
            if not self.config.fits(side):
                near = nearest_sizes(self.config, side)
                raise ValueError(
                    f"an image of {name} {side} does not fit the {self.config.partition} "
                    f"partitions of size {self.config.sizes}; the nearest that fit: "
                    f"{' and '.join(map(str, near)) or 'none'}; resize the image or change "
                    "partition_size"
                )


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
