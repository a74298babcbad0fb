"""PhotoExplorer: each pixel of a photograph is a neuron, and a reader sees its spikes only."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Number, Whole
from spikeviz.figure import new_figure

if TYPE_CHECKING:  # importing spikeviz stays fast: matplotlib loads when it is needed
    from matplotlib.figure import Figure

MOST = 64  # time steps
NEURONS = {  # name: τ in steps, whether the reset is soft
    "hard reset": (2.0, False), "soft reset": (2.0, True), "soft, no leak": (1e6, True),
}  # fmt: skip
PHOTO = read_data("mbpl")["results"]["pictures"]["photograph"]  # studies/recorded/mbpl.py


class PhotoTrace(NamedTuple):
    """What PhotoExplorer shows.

    spikes: 0 or 1, uint8 `[time_steps, side, side]`.  counts: of each pixel, `[side, side]`.
    picture: the mean brightness of all pixels with that count, `[side, side]`.
    error: root of its mean squared difference from the photograph.
    bits: what a count and a brightness have in common, over all pixels.
    """

    spikes: np.ndarray
    counts: np.ndarray
    picture: np.ndarray
    error: float
    bits: float


class PhotoExplorer(Explorer):
    """A photograph sent as spikes: what a reader of counts makes of it, after T steps.

    Each pixel is a neuron with V_th = 1. Its brightness s, 0 to 1, is its current
    1 + (τ − 1) · s, and the noise is added to that at each step. The reader answers each count
    with the mean brightness of all pixels that have it.

    time_steps: T, 0 to 64; 0 is before the first step.
    neuron: "hard reset", "soft reset" (both τ = 2) or "soft, no leak", which adds up s.
    noise: standard deviation of the current.
    photo: s, float64 `[96, 96]`.
    """

    _folder = "photo"

    time_steps = Whole(4, 0, MOST, 1)
    neuron = t.Enum(tuple(NEURONS), "hard reset").tag(sync=True)
    noise = Number(0.0, 0.0, 0.8, 0.05)
    greys = t.Unicode(PHOTO, read_only=True).tag(sync=True, large=True)

    @property
    def photo(self) -> np.ndarray:
        greys = np.frombuffer(bytes.fromhex(self.greys), np.uint8)
        side = round(len(greys) ** 0.5)
        return greys.reshape(side, side) / 255

    def trace(self) -> PhotoTrace:
        """The arrays on show, computed by NumPy."""
        from spikeatconv.simulate import draw_gaussian

        s, (tau, soft) = self.photo, NEURONS[self.neuron]
        x = 1 + (tau - 1) * s
        v = np.zeros_like(s)
        spikes = np.zeros((self.time_steps, *s.shape), np.uint8)
        if self.noise:
            jitter = self.noise * draw_gaussian(spikes.size, 0).reshape(spikes.shape)
        for step in range(self.time_steps):
            h = v + ((x + jitter[step] if self.noise else x) - v) / tau
            spikes[step] = h >= 1
            v = np.where(spikes[step], h - 1 if soft else 0.0, h)
        counts = spikes.sum(0, dtype=int)
        means = np.bincount(counts.ravel(), s.ravel()) / np.maximum(np.bincount(counts.ravel()), 1)
        picture = means[counts]
        error = float(np.sqrt(np.mean((picture - s) ** 2)))
        levels = np.round(255 * s).astype(int)
        bits = _entropy(levels) + _entropy(counts) - _entropy(256 * counts + levels)
        return PhotoTrace(spikes, counts, picture, error, bits)

    def to_matplotlib(self) -> "Figure":
        """The photograph, and what is read back."""
        run = self.trace()
        figure, axes = new_figure(1, 2, figsize=(6, 3.2))
        read = f"{self.neuron}, T = {self.time_steps}: error {run.error:.3f}, {run.bits:.2f} bits"
        for axis, values, title in zip(
            axes, (self.photo, run.picture), ("the photograph", read), strict=True
        ):
            axis.imshow(values, cmap="gray", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            axis.set_title(title, fontsize="small")
        return figure


def _entropy(answers: np.ndarray) -> float:
    """Bits of whole numbers, by how often each of them comes."""
    shares = np.unique(answers, return_counts=True)[1] / answers.size
    return float(-(shares * np.log2(shares)).sum())
