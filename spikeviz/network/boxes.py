"""The boxes of a SpikeAtConv that a reader can point at, and the layers of neurons in each.

A box is the stem, the way to the stream, in each stage its entry and its blocks' convolution,
attention and feed-forward, or the head.
"""

from dataclasses import dataclass
from functools import cached_property

from torch import nn

from spikeatconv import LIF, MBPL, RL, LIFSum, SpikeAtConv
from spikeatconv.attention import SISA

PARTS = {"conv": "Convolution", "attention": "Attention", "feed_forward": "Feed-forward"}


@dataclass(frozen=True)
class Box:
    """id: its name in `model.named_modules()`. stage, block: 0, 1, …, or -1 outside of them."""

    id: str
    title: str
    module: nn.Module
    stage: int = -1
    block: int = -1

    @cached_property
    def layers(self) -> "list[Layer]":
        return find_layers(self.module)


def find_boxes(model: SpikeAtConv) -> list[Box]:
    """The boxes in the order of the run; no module with parameters is left out."""
    found = [
        Box("stem", "Stem", model.stem),
        Box("stem_to_stream", "To the stream", model.stem_to_stream),
    ]
    for i, stage in enumerate(model.stages):
        found.append(Box(f"stages.{i}.0", "Entry", stage[0], i))
        for j, block in enumerate(list(stage)[1:], start=1):
            for part, title in PARTS.items():
                place = f"stages.{i}.{j}.{part}"
                found.append(Box(place, title, block.get_submodule(part), i, j - 1))
    return [*found, Box("head", "Head", model.head)]


@dataclass(frozen=True)
class Layer:
    """Neurons over one input: a LIF, or the branches of a `LIFSum`.

    neurons: their names in `record`. label: where they stand, for a reader. sends: what goes on
    from them: "spikes", 0 or 1; "sum", 0 … n; what MBPL's "mixer" or RL's "projection" makes.
    """

    neurons: list[str]
    thresholds: list[float]
    label: str
    sends: str


def find_layers(module: nn.Module) -> list[Layer]:
    """The layers of neurons in a box, in the order of its modules, which is that of the run."""
    found, taken = [], set()
    for name, part in module.named_modules():
        if isinstance(part, LIFSum):
            members = [f"{name}.{i}" for i in range(len(part))]
            thresholds = [lif.v_threshold for lif in part]
        elif isinstance(part, LIF) and name not in taken:
            members, thresholds = [name], [part.v_threshold]
        else:
            continue
        taken.update(members)
        sends = what_goes_on(module.get_submodule(name.rpartition(".")[0]), part)
        found.append(Layer(members, thresholds, label(module, name, len(members)), sends))
    return found


def what_goes_on(block: nn.Module, neurons: nn.Module) -> str:
    """`sends` of the layer of these neurons in an SPK block."""
    if isinstance(block, MBPL) and neurons is block.branches and block.mixers:
        return "mixer"
    if isinstance(block, RL) and neurons is not block.closing:
        return "projection"
    return "sum" if isinstance(neurons, LIFSum) else "spikes"


PLACES = {"q": "Q", "k": "K", "v": "V", "s": "S = Q = K = V", "out": "Output"}
NEURONS = {
    "closing": "closing LIF", "first": "LIF 1", "second": "LIF 2", "fine": "after 3×3",
    "wide": "after 5×5", "lifs": "half",
}  # fmt: skip


def label(module: nn.Module, name: str, branches: int) -> str:
    """Such as "Q: closing LIF" or "before 7×7 depthwise: 4 branches behind M"."""
    parts = name.split(".")
    place = next((PLACES[part] for part in parts if part in PLACES), None) or beside(module, parts)
    neurons = next((NEURONS[part] for part in parts if part in NEURONS), "")
    if neurons == "half":
        neurons = f"half {int(parts[-1]) + 1}"
    if branches > 1:
        neurons = f"{branches} branches{' behind M' if neurons else ''}"
    return f"{place}: {neurons}" if neurons else place


def beside(module: nn.Module, parts: list[str]) -> str:
    """Which convolution follows the SPK block, or stands in front of it."""
    siblings = list(module.children())
    here = int(parts[0]) if parts[0].isdigit() else 0
    for step, word in ((1, "before"), (-1, "after")):
        if 0 <= here + step < len(siblings):
            other = siblings[here + step]
            if isinstance(other, SISA):
                return "Input"
            conv = next((m for m in other.modules() if isinstance(m, nn.Conv2d)), None)
            if conv is not None:
                kind = " depthwise" if conv.groups > 1 else ""
                size = conv.kernel_size[0]
                return f"{word} {size}×{size}{kind}, {conv.in_channels} → {conv.out_channels}"
    return "Neurons"
