"""SpikeBlockExplorer: the five SPK blocks as live diagrams."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Number, Whole, short
from spikeviz.blocks.blocks import (
    KERNELS,
    MOST_BRANCHES,
    PLACES,
    PROJECTIONS,
    BlockTrace,
    check_mixer,
    kernel,
    run,
)
from spikeviz.figure import new_figure
from spikeviz.lif.explorer import STIMULI

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    from matplotlib.figure import Figure

SIDE = 16  # of a patch
THRESHOLD, TAU = (0.05, 3.0), (1.0, 20.0)  # ranges


class SpikeBlockExplorer(Explorer):
    """The five SPK blocks as live diagrams: see what each branch passes on.

    Feed a signal or a digit into SL, RL, MBPL, HSL or DCL, play, and open any box: its picture,
    equation, numbers and code. All five run side by side on the same input. The blocks are those
    of `spikeatconv.blocks` in eval mode (paper, "SPK Blocks"), with C = 2 channels.

    block: "sl", "rl", "mbpl", "hsl", "dcl".
    mode: "image", a digit of 16×16 pixels, the same at every step; "signal", one pixel over time.
    digit: 0 to 9, from the shipped test images.  stimulus, period: of the signal, in steps.
    patch, drive: your own input, drawn on the box x or set here, instead of digit and stimulus:
    16×16 bytes in hexadecimal, as from `array.astype("uint8").tobytes().hex()`, and up to 32
    numbers from 0 to 1, one a step.  "" and [] for none.
    amplitude: of the input.  second: what channel 2 gets: "same", "inverted", "smoothed".
    time_steps: T.  tau: in steps.  v_threshold: V_th; in RL and MBPL with readout "spike" also
    that of the closing LIF.  second_threshold: V_th of RL's LIF₂.  thresholds: of MBPL's branches.
    taus: of HSL's halves.  readout: what RL and MBPL send, "membrane", "spike", or MBPL's "sum",
    where RL keeps its membrane.
    projection: weights of RL's 1×1 convolution, one of `PROJECTIONS`.  mixer: MBPL's 7×7 kernel,
    one of `KERNELS`, "learned", two channels of a Micro trained with readout "membrane", with
    their BatchNorm, or "none", where a sum is sent.
    fine, wide: DCL's 3×3 and 5×5 kernels, one of `KERNELS`, on the mean of both channels. Only
    "learned" is learned; other BatchNorms are as before training.
    cursor: 0 for step 1.  selected: a box by name, or "" for the output.  row, column: the pixel
    whose course over time is shown.
    recorded: digits and learned mixer, recorded by studies/recorded/blocks.py.
    """

    _folder = "blocks"

    block = t.Enum(tuple(PLACES), "mbpl").tag(sync=True)
    mode = t.Enum(("image", "signal"), "image").tag(sync=True)
    digit = Whole(2, 0, 9, 1)
    stimulus = t.Enum(STIMULI, "sine").tag(sync=True)
    patch = t.Unicode().tag(sync=True, kind=["hex", 2 * SIDE**2])
    drive = t.List(t.Float()).tag(sync=True, kind=["numbers", 0.0, 1.0, 0, 32])
    period = Number(8.0, 2.0, 32.0, 1.0)
    amplitude = Number(3.5, 0.0, 6.0, 0.05)
    second = t.Enum(("same", "inverted", "smoothed"), "same").tag(sync=True)
    time_steps = Whole(16, 1, 32, 1)
    tau = Number(2.0, *TAU, 0.1)
    v_threshold = Number(1.0, *THRESHOLD, 0.01)
    second_threshold = Number(0.6, *THRESHOLD, 0.01)
    thresholds = t.List(t.Float(), (0.5, 1.0, 1.5, 2.0))
    thresholds.tag(sync=True, kind=["numbers", *THRESHOLD, 1, MOST_BRANCHES])
    taus = t.List(t.Float(), (2.0, 4.0)).tag(sync=True, kind=["numbers", *TAU, 2, 2])
    readout = t.Enum(("membrane", "spike", "sum"), "membrane").tag(sync=True)
    projection = t.Enum(tuple(PROJECTIONS), "sum").tag(sync=True)
    mixer = t.Enum(("learned", *KERNELS, "none"), "learned").tag(sync=True)
    fine = t.Enum(KERNELS, "horizontal edges").tag(sync=True)
    wide = t.Enum(KERNELS, "blur").tag(sync=True)
    cursor = t.Int(3, min=0).tag(sync=True)
    selected = t.Unicode().tag(sync=True)
    row = Whole(5, 0, SIDE - 1, 1)
    column = Whole(10, 0, SIDE - 1, 1)
    recorded = t.Dict(read_only=True).tag(sync=True, large=True)

    @t.default("recorded")
    def _shipped(self) -> dict[str, Any]:
        return recorded()

    @t.validate("thresholds")
    def _some_thresholds(self, proposal: dict[str, Any]) -> list[float]:
        return _all_within("thresholds", proposal["value"], THRESHOLD, range(1, MOST_BRANCHES + 1))

    @t.validate("taus")
    def _two_taus(self, proposal: dict[str, Any]) -> list[float]:
        return _all_within("taus", proposal["value"], TAU, range(2, 3))

    @t.validate("drive")
    def _some_drive(self, proposal: dict[str, Any]) -> list[float]:
        most = self.ranges()["time_steps"][1]
        return _all_within("drive", proposal["value"], (0.0, 1.0), range(int(most) + 1))

    @t.validate("patch")
    def _a_patch(self, proposal: dict[str, Any]) -> str:
        value = proposal["value"]
        if value and not re.fullmatch(f"[0-9a-f]{{{2 * SIDE**2}}}", value):
            raise t.TraitError(
                f"patch is {value[:20]!r}…, {len(value)} letters; give {SIDE}×{SIDE} bytes in "
                'hexadecimal, such as array.astype("uint8").tobytes().hex(), or "" for the digit'
            )
        return value

    @t.validate("selected")
    def _a_box(self, proposal: dict[str, Any]) -> str:
        boxes = {"x", *(box for places in PLACES.values() for box in places)}
        if proposal["value"] not in {"", *boxes}:
            raise t.TraitError(
                f'selected is {proposal["value"]!r}; give "" for the output, or one of '
                f"{sorted(boxes)}"
            )
        return proposal["value"]

    @t.validate("readout", "mixer")
    def _a_mixer_to_read(self, proposal: dict[str, Any]) -> str:
        return check_mixer(self, proposal)

    def trace(self) -> BlockTrace:
        """What every box on show passes on, recorded from the real block of `spikeatconv`."""
        return run(self, self.input())

    def input(self) -> np.ndarray:
        """The input x, float64 `[T, 1, 2, H, W]`."""
        if self.mode == "image":
            bytes_ = bytes.fromhex(self.patch or self.recorded["digits"][str(self.digit)])
            patch = np.frombuffer(bytes_, np.uint8).reshape(SIDE, SIDE)
            one = np.tile(self.amplitude * (patch / 255), (self.time_steps, 1, 1))
        elif self.drive:
            shape = [*self.drive, *[0.0] * self.time_steps][: self.time_steps]
            one = self.amplitude * np.array(shape).reshape(-1, 1, 1)
        else:
            from spikeatconv import stimulus

            one = stimulus(
                self.stimulus, self.amplitude, duration=self.time_steps, dt=1, period=self.period
            ).reshape(-1, 1, 1)
        if self.second == "inverted":
            other = self.amplitude - one
        elif self.second == "smoothed":
            other = _smoothed(one, self.mode)
        else:
            other = one
        return np.stack([one, other], axis=1)[:, None]

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: channel 1 of every box, at the present step or over time."""
        values = self.trace().values
        columns = min(4, len(values))
        rows = -(-len(values) // columns)
        figure, axes = new_figure(rows, columns, figsize=(1.8 * columns, 1.9 * rows), squeeze=False)
        step = min(self.cursor, self.time_steps - 1)
        for axis in axes.flat[len(values) :]:
            axis.remove()
        for axis, (box, value) in zip(axes.flat, values.items(), strict=False):
            axis.set_title(box, fontsize="small")
            first = value[:, 0, 0]
            if self.mode == "signal":
                axis.step(range(1, len(first) + 1), first[:, 0, 0], where="mid", color="#0072B2")
                axis.set_xlabel("step", fontsize="small")
                continue
            most = max(float(np.abs(first).max()), 1e-9)
            spikes = ((first >= 0) & (first == first.round())).all()  # none to n
            low, most, colours = (0, max(most, 1), "gray") if spikes else (-most, most, "RdBu_r")
            axis.imshow(first[step], vmin=low, vmax=most, cmap=colours)
            axis.set(xticks=[], yticks=[])
        what = f"at step {step + 1}" if self.mode == "image" else "over time"
        figure.suptitle(f"{self.block.upper()}: channel 1 of every box, {what}", fontsize="medium")
        return figure


@cache
def recorded() -> dict[str, Any]:
    """What comes with the widget: {"digits": {digit: 16×16 bytes in hex}, "learned": …}."""
    results = read_data("blocks")["results"]
    return {"digits": results["digits"], "learned": results["learned"]}


def _smoothed(one: np.ndarray, mode: str) -> np.ndarray:
    """The mean of 3×3 pixels, or of a step and the two before it; zeros outside."""
    total = np.zeros_like(one)
    if mode == "signal":
        for k in range(3):
            total[k:] += one[: len(one) - k] / 3
        return total
    around = np.pad(one, ((0, 0), (1, 1), (1, 1)))
    for weight, (y, x) in zip(kernel("blur", 3).flat, np.ndindex(3, 3), strict=True):
        total += weight * around[:, y : y + SIDE, x : x + SIDE]
    return total


def _all_within(
    name: str, values: list[float], limits: tuple[float, float], counts: range
) -> list[float]:
    low, high = limits
    many = f"{counts[0]} to {counts[-1]} numbers" if len(counts) > 1 else f"{counts[0]} numbers"
    if len(values) not in counts or not all(low <= value <= high for value in values):
        raise t.TraitError(f"{name} is {short(values)}; give {many}, each from {low} to {high}")
    return values
