"""MBPLExplorer: several thresholds over one input, and what their sum still tells of it."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Number, Whole
from spikeviz.blocks.blocks import check_mixer
from spikeviz.figure import new_plotly
from spikeviz.lif.explorer import STIMULI

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

    from spikeatconv import MBPL

THRESHOLDS = (0.5, 1.0, 1.5, 2.0)  # open choice R5: the paper gives only their number
LOWEST, HIGHEST, MOST = 0.05, 4.0, 8
SPACING = 0.5  # of a threshold that is added
SHADES, LONGEST = 256, 64
IMAGE = "image"
COLOURS = (  # of the branches, in a figure
    "#0072B2", "#D55E00", "#00805E", "#B3558A", "#7A6400", "#3F8FCF", "#A33B00", "#5B5B5B",
)  # fmt: skip
RECORDED = read_data("mbpl")["results"]
IMAGES = tuple(RECORDED["pictures"])
LARGEST = 96  # the side of the largest
MIXERS = ("identity", "mean", *RECORDED["mixers"], "none")
READOUTS = ("membrane", "spike", "sum")


class MBPLTrace(NamedTuple):
    """What MBPLExplorer shows, computed by spikeatconv in float64.

    input: x, `[T]`.  membranes: H before the reset, `[n, T]`.  spikes: S, `[n, T]`.
    total: Σᵢ Sᵢ, 0 to n, `[T]`.  levels: how many of its n + 1 values occur.
    information (bits), error (unit of the input) and mean_spikes (of all branches and steps, mean
    over the inputs): of the present n and T; see MBPLExplorer.
    by_branches: (information, error) for n = 1 … 8, `[8, 2]`.  by_steps: for T = 1 … 64, `[64, 2]`.
    sent: what the block sends, `[T]`; trains: the spike trains that it is the sum of,
    `[1 or n, T]`, None for a membrane, which is no spikes.
    picture: x of every pixel, `[side, side]`: 96 of the photograph, 28 of a digit.  sums: Σᵢ Sᵢ of
    every pixel; outputs: what the block sends; reconstructions: x as read from the sum of the steps
    so far; each `[T, side, side]`. These four are None unless stimulus is "image".
    """

    input: np.ndarray
    membranes: np.ndarray
    spikes: np.ndarray
    total: np.ndarray
    levels: int
    information: float
    error: float
    mean_spikes: float
    by_branches: np.ndarray
    by_steps: np.ndarray
    sent: np.ndarray
    trains: np.ndarray | None
    picture: np.ndarray | None = None
    sums: np.ndarray | None = None
    outputs: np.ndarray | None = None
    reconstructions: np.ndarray | None = None


class MBPLExplorer(Explorer):
    """Several thresholds over one input: n membranes, their sum, and what it tells of an image.

    Press Play: each membrane that reaches its threshold drops a block onto the sum, and the image
    is read back from it. Drag the thresholds, add some, see what is sent to the next layer. The
    block is `spikeatconv.MBPL` (paper, "SPK blocks"): S = Σᵢ LIF(x; V_th,i).

    thresholds: V_th,i, 1 to 8 of them, each 0.05 to 4. The default (0.5, 1, 1.5, 2) is an open
    choice (R5); the paper gives only their number.  tau, time_steps (T), period: in time steps.
    stimulus: of `spikeatconv.STIMULI`, or "image": the pixels of `image`, one of `IMAGES`, drive
    a neuron each, with amplitude · grey level / 255 at every step; `row`, `column`: whose membranes
    are on show, the last ones of a smaller image if they lie beyond it.  amplitude: of the input.
    seed: of the noise.  cursor: 0 for step 1.
    mixer: M, one of `MIXERS`: "identity", "mean" (of 7×7), a kernel that a Micro has learned
    ("learned 21": channel 21 of its stem, recorded by studies/recorded/mbpl.py), or "none".
    readout: what is sent: "membrane", M(S); "spike", LIF(x + M(S)); "sum",
    Σᵢ LIF(x + M(S); V_th,i), n spike trains on one wire, or S without a mixer. The first two need
    one.
    guess: the reader's answer to whether an 8th threshold adds anything, "", "yes" or "no".
    task: the design task in the place of that question: an error of at most 0.2 with as few spikes
    a pixel as can be. (What the thresholds send is not on show then.)

    Information and error are those of y = Σₜ Σᵢ Sᵢ[t], the sum of all spikes over T steps, about
    a constant input x. x is one of the 256 values amplitude · g / 255, g = 0 … 255, all equally
    likely; with an image, as likely as among its pixels. Information: I(X; Y) = H(Y) − H(Y | X) in
    bits, which is H(Y) = −Σ p(y) log₂ p(y), since x decides y; never above H(X), 8 bits if all x
    are equally likely. Error: √E[(x − a·y − b)²] with the a, b that make it least.
    For more branches than there are, a threshold is added 0.5 above the highest, or, above 4, in
    the middle of the widest gap; for fewer, the first ones count.
    """

    _folder = "mbpl"

    thresholds = t.List(t.Float(), default_value=list(THRESHOLDS))
    thresholds.tag(sync=True, kind=["numbers", LOWEST, HIGHEST, 1, MOST])
    tau = Number(2.0, 1.0, 20.0, 0.1)
    time_steps = Whole(12, 1, LONGEST, 1)
    stimulus = t.Enum((*STIMULI, IMAGE), IMAGE).tag(sync=True)
    amplitude = Number(4.0, 0.0, 8.0, 0.05)
    period = Number(20.0, 2.0, 64.0, 1.0)
    seed = Whole(0, 0, 999, 1)
    image = t.Enum(IMAGES, IMAGES[0]).tag(sync=True)
    row = Whole(44, 0, LARGEST - 1, 1)
    column = Whole(56, 0, LARGEST - 1, 1)
    mixer = t.Enum(MIXERS, MIXERS[-2]).tag(sync=True)
    readout = t.Enum(READOUTS, "membrane").tag(sync=True)
    cursor = t.Int(11, min=0).tag(sync=True)
    guess = t.Enum(("", "yes", "no"), "").tag(sync=True)
    task = t.Bool(False).tag(sync=True)
    recorded = t.Dict(RECORDED, read_only=True).tag(sync=True, large=True)

    @t.validate("thresholds")
    def _possible(self, proposal: dict[str, Any]) -> list[float]:
        values = proposal["value"]
        if not 1 <= len(values) <= MOST:
            raise t.TraitError(f"thresholds has {len(values)} values; give 1 to {MOST} of them")
        for place, value in enumerate(values):
            if not LOWEST <= value <= HIGHEST:
                raise t.TraitError(
                    f"thresholds[{place}] is {value}; give a value from {LOWEST} to {HIGHEST}"
                )
        return values

    @t.validate("readout", "mixer")
    def _a_mixer_to_read(self, proposal: dict[str, Any]) -> str:
        return check_mixer(self, proposal)

    def block(self) -> "MBPL":
        """The block on show, one channel, float64, in eval mode: `[T, B, 1, H, W]` → same."""
        import torch

        from spikeatconv import MBPL

        mixer = self.mixer != "none"
        block = MBPL(1, self.thresholds, readout=self.readout, mixer=mixer, tau=self.tau)
        block = block.double().eval()
        if not mixer:
            return block
        conv, norm = block.mixers[0]
        kernel, shift = _mixer(self.mixer)
        norm.eps = 0.0  # its mean and variance are in the kernel
        with torch.no_grad():
            conv.weight[0, 0] = torch.from_numpy(kernel)
            norm.bias[:] = shift
        return block

    def trace(self) -> MBPLTrace:
        """The numbers on show, computed by `spikeatconv`: see `MBPLTrace`."""
        import torch

        from spikeatconv import stimulus

        shades, block = _shades(self.image), self.block()
        picture = self.amplitude * shades / (SHADES - 1)
        at = (min(self.row, len(picture) - 1), min(self.column, len(picture) - 1))
        if self.stimulus == IMAGE:
            x = np.full(self.time_steps, picture[at])
        else:
            x = stimulus(
                self.stimulus, self.amplitude,
                duration=self.time_steps, dt=1.0, period=self.period, seed=self.seed,
            )  # fmt: skip
        runs = [lif.run(torch.from_numpy(x)) for lif in block.branches]
        total = block.branches(torch.from_numpy(x)).numpy()
        tables = self._tables()
        weights = np.bincount(shades.ravel(), minlength=SHADES) / shades.size
        if self.stimulus != IMAGE:
            weights = np.full(SHADES, 1 / SHADES)
        counts = tables[:, : self.time_steps].sum(1).cumsum(0)  # [8, shades]
        over_time = tables[: len(self.thresholds)].sum(0).cumsum(0)  # [64, shades]
        by_branches = np.array([self._judge(y, weights)[:2] for y in counts])
        lines = [self._judge(y, weights) for y in over_time]
        by_steps = np.array([line[:2] for line in lines])
        isolated = self.stimulus != IMAGE  # one pixel
        fed = x.reshape(-1, 1, 1) if isolated else np.stack([picture] * self.time_steps)
        sums, outputs, trains = _send(block, fed)
        at = (0, 0) if isolated else at
        found = MBPLTrace(
            input=x,
            membranes=np.stack([run.membrane.numpy() for run in runs]),
            spikes=np.stack([run.spikes.numpy() for run in runs]),
            total=total,
            levels=len(set(total.tolist())),
            information=by_steps[self.time_steps - 1, 0],
            error=by_steps[self.time_steps - 1, 1],
            mean_spikes=float(weights @ over_time[self.time_steps - 1]),
            by_branches=by_branches,
            by_steps=by_steps,
            sent=outputs[:, *at],
            trains=trains if trains is None else trains[:, :, *at],
        )
        if self.stimulus != IMAGE:
            return found
        read = [a * y + b for y, (_, _, a, b) in zip(sums.cumsum(0), lines, strict=False)]
        return found._replace(
            picture=picture, sums=sums, outputs=outputs, reconstructions=np.stack(read)
        )

    def _tables(self) -> np.ndarray:
        """Spikes of 8 branches for each constant input, `[8, 64, shades]`."""
        import torch

        from spikeatconv import LIF

        inputs = torch.from_numpy(self.amplitude * np.arange(SHADES) / (SHADES - 1))
        x = inputs.expand(LONGEST, SHADES)
        branches = [LIF(self.tau, threshold) for threshold in ladder(self.thresholds)]
        return np.stack([lif(x).numpy() for lif in branches])

    def _judge(self, y: np.ndarray, weights: np.ndarray) -> tuple[float, float, float, float]:
        """(information, error, a, b) of the sums y of all shades, whose shares are `weights`."""
        x = self.amplitude * np.arange(SHADES) / (SHADES - 1)
        shares = np.bincount(y.astype(int), weights)
        shares = shares[shares > 0]
        information = float(0.0 - (shares * np.log2(shares)).sum())
        mean_x, mean_y = weights @ x, weights @ y
        spread = weights @ (y - mean_y) ** 2
        a = weights @ ((x - mean_x) * (y - mean_y)) / spread if spread > 1e-12 else 0.0
        error = np.sqrt(weights @ (x - mean_x - a * (y - mean_y)) ** 2)
        return information, float(error), float(a), float(mean_x - a * mean_y)

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: input, sum, membranes with thresholds and spikes, the curves."""
        import matplotlib.pyplot as plt

        run, n = self.trace(), len(self.thresholds)
        figure = plt.figure(figsize=(9, 3.4 + 0.6 * n), layout="constrained")
        plt.close(figure)  # the caller shows it; nothing is drawn twice
        left, right = figure.subfigures(1, 2, width_ratios=(1.3, 1))
        top, middle, *strips, below = left.subplots(n + 3, 1, sharex=True)
        steps = np.arange(self.time_steps) + 1
        top.step(steps, run.input, where="mid", color="#00805E")
        top.set_ylabel("x")
        middle.bar(steps, run.total, width=1.0, color="#0072B2")
        middle.set(ylabel="sum", ylim=(0, n))
        for i, axis in enumerate(strips):
            axis.plot(steps, run.membranes[i], color=COLOURS[i])
            axis.axhline(self.thresholds[i], color=COLOURS[i], linestyle="--", linewidth=1)
            fired = steps[run.spikes[i] == 1]
            axis.plot(fired, np.zeros(len(fired)), "|", color="black")
            axis.set_ylabel(f"H{i + 1}")
        below.step(steps, run.sent, where="mid", color="#00805E")
        below.set(ylabel=f"sent:\n{self.readout}", xlabel="time step")
        curves = {"branches n": (run.by_branches, n), "time steps T": (run.by_steps, len(steps))}
        grid = right.subplots(2, 2, sharex="col", sharey="row")
        for axes, (title, (values, now)) in zip(grid.T, curves.items(), strict=True):
            for column, axis in enumerate(axes):
                axis.plot(np.arange(len(values)) + 1, values[:, column], color="#0072B2")
                axis.plot(now, values[now - 1, column], "o", color="#D55E00")
            axes[1].set_xlabel(title)
        for axis, title in zip(grid[:, 0], ("information in bits", "error"), strict=True):
            axis.set_ylabel(title)
        return figure

    def to_plotly(self) -> "go.Figure":
        """Input, membranes and the sum of the branches; what is kept, by branches and by steps."""
        run, n = self.trace(), len(self.thresholds)
        titles = "input and membranes", "the sum of the branches", "information in bits", "error"
        figure = new_plotly(*titles, height=620, rows=2, cols=2, vertical_spacing=0.14)
        steps = np.arange(self.time_steps) + 1
        figure.add_scatter(x=steps, y=run.input, name="x", line={"color": "#000000", "dash": "dot"})
        for i, (membrane, threshold) in enumerate(zip(run.membranes, self.thresholds, strict=True)):
            figure.add_scatter(x=steps, y=membrane, name=f"H of V_th = {threshold:g}",
                               line_color=COLOURS[i], row=1, col=1)  # fmt: skip
        figure.add_bar(x=steps, y=run.total, name="sum", marker_color="#0072B2", row=1, col=2)
        for row, column, what in ((2, 1, 0), (2, 2, 1)):
            curves = {"branches n": (run.by_branches, n), "steps T": (run.by_steps, len(steps))}
            for colour, (name, (values, now)) in zip(("#0072B2", "#009E73"), curves.items(),
                                                     strict=True):  # fmt: skip
                x = np.arange(len(values)) + 1
                figure.add_scatter(x=x, y=values[:, what], name=f"by {name}", row=row, col=column,
                                   legendgroup=name, showlegend=what == 0, line_color=colour,
                                   marker_size=[12 if at == now else 6 for at in x],
                                   mode="lines+markers")  # fmt: skip
        figure.update_xaxes(title="time step", row=1)
        return figure.update_xaxes(title="branches n, or steps T", row=2)


def ladder(thresholds: list[float], n: int = MOST) -> list[float]:
    """The first n of the thresholds, and as many more as are missing: see MBPLExplorer."""
    found = list(thresholds)
    while len(found) < n:
        above = _cents(max(found) + SPACING)
        if above > HIGHEST:
            ends = np.sort([0.0, *found])
            gaps = np.diff(ends)
            at = int(np.flatnonzero(gaps > gaps.max() - 1e-9)[0])
            above = _cents((ends[at] + ends[at + 1]) / 2)
        found.append(above)
    return found[:n]


def _send(block: "MBPL", x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """S and what the block sends for currents x, all `[T, H, W]`, and the spike trains that this is
    the sum of, `[n, T, H, W]`, None for a membrane."""
    import torch

    from spikeatconv import LIF

    fed = torch.from_numpy(x)[:, None, None]
    with torch.no_grad():
        counts, sent = block.branches(fed), block(fed)
        if block.mixers:
            fed = fed + block.mix(fed)
        fires = block.closing if block.mixers else block.branches
        lifs = [fires] if isinstance(fires, LIF) else list(fires or [])
        trains = [lif(fed)[:, 0, 0].numpy() for lif in lifs]
    return counts[:, 0, 0].numpy(), sent[:, 0, 0].numpy(), np.stack(trains) if trains else None


def _cents(value: float) -> float:
    return float(np.floor(value * 100 + 0.5) / 100)


def _shades(image: str) -> np.ndarray:
    """The grey levels of a recorded picture, `[side, side]`, 0 to 255."""
    shades = np.frombuffer(bytes.fromhex(RECORDED["pictures"][image]), np.uint8)
    return shades.reshape(-1, math.isqrt(len(shades)))


def _mixer(name: str) -> tuple[np.ndarray, float]:
    """M as a kernel `[7, 7]` and a shift."""
    if name in RECORDED["mixers"]:
        learned = RECORDED["mixers"][name]
        return np.array(learned["kernel"]).reshape(7, 7), learned["shift"]
    kernel = np.full((7, 7), 1 / 49) if name == "mean" else np.zeros((7, 7))
    if name == "identity":
        kernel[3, 3] = 1
    return kernel, 0.0
