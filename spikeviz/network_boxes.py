"""NetworkWalk's numbers: one image through a SpikeAtConv, box by box, as `spikeatconv` tells it.

A box is a piece of the network that a reader can point at: stem, stream, and in each stage its
entry and its blocks' convolution, attention and feed-forward; then the decision. Rates and maps
come from `record`, box by box, so that even a large network is never held in memory as a whole;
energy comes from `energy_report`.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from spikeatconv import LIF, LIFSum, Recording, SpikeAtConv, energy_report, record
from spikeatconv.attention import SISA

SHARPEST = 32  # pixels on a side: larger maps are shown as means of squares
FEW = 16  # pixels of a map
PAGE = 64  # channels on show at once
PARTS = {"conv": "Convolution", "attention": "Attention", "feed_forward": "Feed-forward"}


@dataclass(frozen=True)
class Box:
    """id: its name in `model.named_modules()`. stage, block: 0, 1, …, or -1 outside of them."""

    id: str
    title: str
    module: nn.Module
    stage: int = -1
    block: int = -1


def boxes(model: SpikeAtConv) -> list[Box]:
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


@dataclass
class Maps:
    """Feature maps as they travel: whole numbers [T, C, h, w], and what they mean.

    value = low + number · (high - low) / top, with low and high [T, C], or one for all, [1, 1].
    """

    numbers: np.ndarray
    low: np.ndarray
    high: np.ndarray
    top: int


@dataclass
class Walk:
    """One image's way: a dict for each box, its maps, the logits [T, classes] of each step."""

    boxes: list[dict[str, Any]] = field(default_factory=list)
    maps: dict[tuple[str, str, int], Maps] = field(default_factory=dict)  # box, view, layer
    thumbs: dict[tuple[str, str], Maps] = field(default_factory=dict)  # box, view
    logits: list[list[float]] = field(default_factory=list)
    snn_mj: float = 0.0
    ann_mj: float = 0.0
    seconds: float = 0.0

    def table(self) -> pd.DataFrame:
        names = ("box", "title", "shape", "rate", "parameters", "snn_mj", "ann_mj")
        return pd.DataFrame([{name: box[name] for name in names} for box in self.boxes])


@torch.no_grad()
def walk(model: SpikeAtConv, folded: SpikeAtConv, image: Tensor) -> Walk:
    """model, in eval mode, and its folded copy (for the energy) on one image `[1, C, H, W]`."""
    begin = time.perf_counter()
    found = Walk()
    with ExitStack() as stack:
        stack.enter_context(one_thread())
        for box in boxes(model):
            stack.enter_context(Watch(box, found))
        model(image)
        report = energy_report(folded, image)
    found.snn_mj, found.ann_mj = report.snn_mj, report.ann_mj
    for box_, rows in zip(found.boxes, rows_of(found.boxes, report.layers), strict=True):
        box_["snn_mj"], box_["ann_mj"] = float(rows.snn_mj.sum()), float(rows.ann_mj.sum())
    found.seconds = time.perf_counter() - begin
    return found


@contextmanager
def one_thread() -> Iterator[None]:
    """Small tensors gain nothing from more, and wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def rows_of(found: list[dict], layers: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows of an energy report that belong to each box."""
    for box in found:
        name = box["box"]
        yield layers[(layers.layer == name) | layers.layer.str.startswith(f"{name}.")]


class Watch:
    """While it is open, a run of the box's module is recorded and summed up in `found`."""

    def __init__(self, box: Box, found: Walk) -> None:
        self.box, self.found = box, found
        self.recording: Recording | None = None
        self.inside = ExitStack()

    def __enter__(self) -> None:
        module = self.box.module
        self.hooks = [
            module.register_forward_pre_hook(self._begin),
            module.register_forward_hook(self._end),
        ]

    def __exit__(self, *_: object) -> None:
        self.inside.close()  # still open if the model raised
        for hook in self.hooks:
            hook.remove()

    def _begin(self, module: nn.Module, args: tuple) -> None:
        if layers(module):
            self.recording = self.inside.enter_context(record(module))

    def _end(self, module: nn.Module, args: tuple, output: Tensor) -> None:
        self.inside.close()
        sum_up(self.box, self.recording, output, self.found)
        self.recording = None


def sum_up(box: Box, recording: Recording | None, output: Tensor, found: Walk) -> None:
    """Write what the box did into `found`."""
    kinds = []
    ones: Any = 0.0
    elements = 0
    for index, layer in enumerate(layers(box.module)):
        assert recording is not None
        traces = [recording.calls[name][0] for name in layer.neurons]
        spikes = torch.stack([trace.spikes for trace in traces]).sum(0)  # [T, B, C, H, W]
        ones = ones + spikes.sum((1, 2, 3, 4), dtype=torch.float64)
        elements += spikes[0].numel() * len(traces)
        add(found, box.id, "spikes", index, counted(spikes, len(traces)))
        add(found, box.id, "membrane", index, measured(traces[0].membrane))
        kinds.append({
            "name": layer.label, "neurons": len(traces), "shape": list(spikes.shape),
            "thresholds": layer.thresholds,
        })  # fmt: skip
    if box.id == "head":
        found.logits = output[:, 0].tolist()
    shape = list(output.shape)
    add(found, box.id, "output", 0, measured(output.reshape(*shape, *[1] * (5 - len(shape)))))
    found.boxes.append({
        "box": box.id, "title": box.title, "stage": box.stage, "block": box.block,
        "shape": shape, "layers": kinds,
        "parameters": sum(p.numel() for p in box.module.parameters()),
        "rate": float(ones.sum() / (elements * len(ones))) if elements else None,
        "rates": (ones / elements).tolist() if elements else [],
        "neurons": elements,
    })  # fmt: skip


def add(found: Walk, box: str, view: str, layer: int, maps: Maps) -> None:
    found.maps[box, view, layer] = maps
    if layer == 0:
        found.thumbs[box, view] = thumb(maps)


# ---------------------------------------------------------------- maps


def reduced(x: Tensor) -> Tensor:
    """The first image's maps `[T, C, h, w]`, at most SHARPEST pixels on a side."""
    x = x[:, 0].float()
    size = -(-max(x.shape[-2:]) // SHARPEST)
    return avg_pool2d(x, size) if size > 1 else x


def counted(spikes: Tensor, most: int) -> Maps:
    """Numbers of spikes, exact; means of squares as 256 steps."""
    small = reduced(spikes)
    exact = small.shape[-1] == spikes.shape[-1] and most < 256
    top = most if exact else 255
    numbers = (small * (top / most)).round().byte().numpy()
    return Maps(numbers, np.zeros((1, 1), np.float32), np.full((1, 1), most, np.float32), top)


def measured(x: Tensor) -> Maps:
    """Real values as 256 steps between the lowest and the highest of each map; maps of a few
    pixels share one scale, which would weigh more than they do."""
    small = reduced(x)
    each = small.shape[-1] * small.shape[-2] > FEW
    over = (2, 3) if each else (0, 1, 2, 3)
    low, high = small.amin(over, keepdim=True), small.amax(over, keepdim=True)
    numbers = ((small - low) / (high - low).clamp_min(1e-30) * 255).round().byte().numpy()
    return Maps(numbers, low[..., 0, 0].numpy(), high[..., 0, 0].numpy(), 255)


def values(maps: Maps) -> np.ndarray:
    """What the numbers mean, `[T, C, h, w]`, as the front end computes it."""
    low, high = maps.low[..., None, None], maps.high[..., None, None]
    return low + maps.numbers * ((high - low) / maps.top)


def thumb(maps: Maps) -> Maps:
    """The mean over the channels, one scale for all time steps, `[T, 1, h, w]`."""
    mean = values(maps).mean(1, keepdims=True)
    low, high = mean.min(), mean.max()
    numbers = np.round((mean - low) / max(high - low, 1e-30) * 255).astype(np.uint8)
    return Maps(numbers, np.float32([[low]]), np.float32([[high]]), 255)


# ---------------------------------------------------------------- layers of neurons in a box


@dataclass(frozen=True)
class Layer:
    """Neurons over one input: a LIF, or the branches of a `LIFSum`.

    neurons: their names in `record`. label: where they stand, for a reader.
    """

    neurons: list[str]
    thresholds: list[float]
    label: str


def layers(module: nn.Module) -> list[Layer]:
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
        found.append(Layer(members, thresholds, label(module, name, len(members))))
    return found


PLACES = {"q": "Q", "k": "K", "v": "V", "s": "S = Q = K = V", "out": "Output"}
NEURONS = {
    "closing": "closing LIF", "first": "LIF 1", "second": "LIF 2", "fine": "after 3×3",
    "wide": "after 5×5", "lifs": "half",
}  # fmt: skip


def label(module: nn.Module, name: str, branches: int) -> str:
    """Such as "Q: closing LIF" or "before 7×7 depthwise: 4 branches"."""
    parts = name.split(".")
    place = next((PLACES[part] for part in parts if part in PLACES), None) or beside(module, parts)
    neurons = next((NEURONS[part] for part in parts if part in NEURONS), "")
    if neurons == "half":
        neurons = f"half {int(parts[-1]) + 1}"
    if branches > 1:
        neurons = f"{branches} branches"
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
