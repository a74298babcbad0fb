"""NetworkWalk's numbers: one image through a SpikeAtConv, box by box.

Rates and maps come from `spikeatconv.record`, box by box, so that even a large network is never
held in memory as a whole. Energy is counted as in `spikeatconv.energy_report`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from spikeatconv import Recording, SpikeAtConv, record
from spikeatconv.energy import E_MAC, MJ, SPIKES, report
from spikeviz.network.boxes import Box, find_boxes

if TYPE_CHECKING:  # pandas loads when it is needed
    import pandas as pd

SHARPEST = 32  # pixels on a side: larger maps are shown as means of squares
FEW = 16  # pixels of a map
PAGE = 64  # channels on show at once


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

    def table(self) -> "pd.DataFrame":
        import pandas as pd

        names = ("box", "title", "shape", "rate", "parameters", "snn_mj", "ann_mj")
        return pd.DataFrame([{name: box[name] for name in names} for box in self.boxes])


class Progress:
    """Tells how much of some runs through boxes is done, as a share of `total`.

    MAKE, RUN and COUNT weigh the runs, as measured with Tiny: one that sets BatchNorm, one that is
    recorded, one that counts energy. A later stage has half the values of the one before.
    """

    MAKE, RUN, COUNT = 0.35, 0.5, 0.15

    def __init__(
        self, total: float = 1.0, tell: Callable[[float], None] = lambda share: None
    ) -> None:
        self.total, self.done, self.tell = total, 0.0, tell

    @contextmanager
    def during(self, found: list[Box], share: float) -> Iterator[None]:
        """While it is open, a run through these boxes counts as `share`."""
        weights = [0.5 ** max(box.stage, 0) for box in found]

        def passed(step: float) -> None:
            self.done += step
            self.tell(min(self.done / self.total, 1.0))

        with ExitStack() as stack:
            for box, weight in zip(found, weights, strict=True):
                step = share * weight / sum(weights)
                hook = box.module.register_forward_hook(lambda *_, step=step: passed(step))
                stack.callback(hook.remove)
            yield


@torch.no_grad()
def walk(
    model: SpikeAtConv,
    found: list[Box],
    folded: SpikeAtConv,
    image: Tensor,
    progress: Progress | None = None,
) -> Walk:
    """model, in eval mode, its boxes, and what `fold` makes of it, on one image `[1, C, H, W]`."""
    begin = time.perf_counter()
    result = Walk()
    progress = progress or Progress()
    with ExitStack() as stack:
        stack.enter_context(one_thread())
        stack.enter_context(progress.during(found, progress.RUN))
        for box in found:
            stack.enter_context(Watch(box, result))
        model(image)
    with one_thread(), progress.during(find_boxes(folded), progress.COUNT):
        spent = report(folded, image)
    result.snn_mj, result.ann_mj = spent.snn_mj, spent.ann_mj
    rows = list(spent.layers.itertuples())
    for facts in result.boxes:
        facts |= spend([row for row in rows if f"{row.layer}.".startswith(f"{facts['box']}.")])
    result.seconds = time.perf_counter() - begin
    return result


def spend(rows: list[Any]) -> dict[str, Any]:
    """What some rows of an energy report cost: mJ; additions, where a spike is; multiplications,
    where values are real; twin: those of the non-spiking twin."""
    fed = [row for row in rows if row.input in SPIKES]
    return {
        "snn_mj": sum(row.snn_mj for row in rows), "ann_mj": sum(row.ann_mj for row in rows),
        "additions": sum(round(row.passes * row.flops * row.rate) for row in fed),
        "multiplications": sum(row.passes * row.flops for row in rows if row not in fed),
        "twin": sum(round(row.ann_mj / (E_MAC * MJ)) for row in rows),
    }  # fmt: skip


@contextmanager
def one_thread() -> Iterator[None]:
    """Small tensors gain nothing from more, and wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


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
        if self.box.layers:
            self.recording = self.inside.enter_context(record(module, ("spikes", "membranes")))

    def _end(self, module: nn.Module, args: tuple, output: Tensor) -> None:
        self.inside.close()
        sum_up(self.box, self.recording, output, self.found)
        self.recording = None


def sum_up(box: Box, recording: Recording | None, output: Tensor, found: Walk) -> None:
    """Write what the box did into `found`."""
    kinds = []
    ones: Any = 0.0
    elements = 0
    for index, layer in enumerate(box.layers):
        assert recording is not None
        traces = [recording.calls[name][0] for name in layer.neurons]
        spikes = torch.stack([trace.spikes for trace in traces]).sum(0)  # [T, B, C, H, W]
        ones = ones + spikes.sum((1, 2, 3, 4), dtype=torch.float64)
        elements += spikes[0].numel() * len(traces)
        add(found, box.id, "spikes", index, count_spikes(spikes, len(traces)))
        add(found, box.id, "membrane", index, measure(traces[0].membrane))
        kinds.append({
            "name": layer.label, "neurons": len(traces), "shape": list(spikes.shape),
            "thresholds": layer.thresholds, "sends": layer.sends,
        })  # fmt: skip
    if box.id == "head":
        found.logits = output[:, 0].tolist()
    shape = list(output.shape)
    add(found, box.id, "output", 0, measure(output.reshape(*shape, *[1] * (5 - len(shape)))))
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


def shrink(x: Tensor) -> Tensor:
    """The first image's maps `[T, C, h, w]`, at most SHARPEST pixels on a side."""
    x = x[:, 0].float()
    size = -(-max(x.shape[-2:]) // SHARPEST)
    return avg_pool2d(x, size) if size > 1 else x


def count_spikes(spikes: Tensor, most: int) -> Maps:
    """Numbers of spikes, exact; means of squares as 256 steps."""
    small = shrink(spikes)
    exact = small.shape[-1] == spikes.shape[-1] and most < 256
    top = most if exact else 255
    numbers = (small * (top / most)).round().byte().numpy()
    return Maps(numbers, np.zeros((1, 1), np.float32), np.full((1, 1), most, np.float32), top)


def measure(x: Tensor) -> Maps:
    """Real values as 256 steps between the lowest and the highest of each map; maps of a few
    pixels share one scale, which would weigh more than they do."""
    small = shrink(x)
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
