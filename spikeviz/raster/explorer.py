"""SpikeRaster: what a layer of spiking neurons did, spike by spike."""

import base64
import gzip
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, check_index, check_known, short
from spikeviz.figure import new_plotly

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

    from spikeatconv import Recording

GUESSES = ("", "few", "some", "most", "none")
ORDERS = ("index", "rate", "channel")
MOST_IN_A_LAYER = 16_000_000  # values 0 or 1: steps × samples × neurons
MOST = 64_000_000  # in all layers: 8 MB as bits
BINS = 12  # of the histogram, between dead and saturated


class RasterTrace(NamedTuple):
    """The numbers on show, of the layer and sample chosen.

    spikes: 0 or 1, `[steps, neurons]`; all samples: one after the other, as drawn.
    counts: spikes of each neuron, `[C, H, W]`; its rate is counts / steps.
    rate: of all; channel_rates `[C]`; population `[steps]`: share of the neurons that fired.
    dead, saturated: neurons without a spike, and with one at every step, bool `[C, H, W]`.
    order: the neurons from top to bottom, flat indices.
    """

    spikes: np.ndarray
    counts: np.ndarray
    rate: float
    channel_rates: np.ndarray
    population: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    order: np.ndarray


class SpikeRaster(Explorer):
    """Every spike of a recorded layer, its rates by channel, its dead and saturated neurons.

    `SpikeRaster(recording)` takes what `spikeatconv.record` saw, or your own arrays of 0 and 1:
    one, or a dict by name, `[T, N]`, `[T, B, N]`, `[T, B, C, L]` or `[T, B, C, H, W]`
    (T time steps, B samples, C channels). Without one it shows real spikes of the shipped Micro.
    Wheel, a dragged box and the keys + and − zoom; a double click shows all. Play goes over the
    steps in view.

    layer: the name of the layer on show.  sample: 0 … B−1; None: all, one after the other.
    order: of the neurons from top to bottom: "index", "rate" (busiest first), or "channel"
    (whole channels, busiest first).  window: [first step, last + 1, first place, last + 1] of the
    part in view, [] for all.  neuron: the flat index of the neuron pinned by a click, or None.
    highlight: "dead" (never fired), "saturated" (fired at every step) or "".
    guess: the reader's, of the share of dead neurons: "few" (under a tenth), "some" (up to a half)
    or "most"; "": it is asked and they are hidden; "none": not asked, as for your own recordings.
    names: a word for each sample.  layers, bits: what is shown, packed by `numpy.packbits`.
    """

    _folder = "raster"

    layers = t.List(t.Dict(), read_only=True).tag(sync=True, large=True)
    bits = t.Bytes(read_only=True).tag(sync=True, large=True)
    names = t.List(t.Unicode()).tag(sync=True, passing=True)
    layer = t.Unicode().tag(sync=True)
    sample = t.Int(None, allow_none=True).tag(sync=True)
    order = t.Enum(ORDERS, "index").tag(sync=True)
    window = t.List(t.Int()).tag(sync=True, kind=["wholes", 0, None, 0, 4])
    neuron = t.Int(None, allow_none=True).tag(sync=True)
    highlight = t.Enum(("", "dead", "saturated"), "").tag(sync=True)

    guess = t.Enum(GUESSES, "").tag(sync=True)

    def __init__(
        self,
        recording: "Recording | Mapping[str, Any] | Any" = None,
        names: Sequence[str] = (),
        **traits: Any,
    ) -> None:
        if recording is None:
            layers, bits, names = _read_shipped()
        else:
            traits = {"guess": "none", **traits}
            layers, bits = pack_layers(_name_layers(recording))
        names = [str(name) for name in names]
        first = traits.pop("layer", layers[0]["name"])
        self.set_trait("layers", layers)
        self.set_trait("bits", bits)
        super().__init__(names=names, layer=first, **traits)

    # ---- what may be set

    @t.validate("layer")
    def _a_layer(self, proposal: dict[str, Any]) -> str:
        return check_known(proposal, [layer["name"] for layer in self.layers])

    @t.validate("sample")
    def _a_sample(self, proposal: dict[str, Any]) -> int | None:
        last = self._size()[0] - 1
        return check_index(proposal, last, f"0 to {last}, or None for all samples")

    @t.validate("neuron")
    def _a_neuron(self, proposal: dict[str, Any]) -> int | None:
        last = self._size()[2] - 1
        return check_index(proposal, last, f"a flat index, 0 to {last}, or None")

    @t.validate("window")
    def _a_window(self, proposal: dict[str, Any]) -> list[int]:
        window = list(proposal["value"])
        rising = len(window) == 4 and 0 <= window[0] < window[1] and 0 <= window[2] < window[3]
        if window and not rising:
            raise t.TraitError(
                f"window is {short(window)}; give [first step, last + 1, first place, last + 1], "
                "or [] for all"
            )
        return window

    @t.observe("layer")
    def _fit(self, _change: Any) -> None:
        """Another layer may have fewer samples and neurons: what it lacks is let go."""
        samples, steps, neurons = self._size()
        if self.sample is not None and self.sample >= samples:
            self.sample = None
        if self.neuron is not None and self.neuron >= neurons:
            self.neuron = None
        if self.window and (self.window[1] > samples * steps or self.window[3] > neurons):
            self.window = []

    @property
    def _shown(self) -> dict[str, Any]:
        return next(layer for layer in self.layers if layer["name"] == self.layer)

    def _size(self) -> tuple[int, int, int]:
        """Samples, steps of each, neurons of the layer on show."""
        layer = self._shown
        return layer["samples"], layer["steps"], math.prod(layer["shape"])

    # ---- the numbers and the figure

    def trace(self) -> RasterTrace:
        """The numbers on show; see `RasterTrace`."""
        shape, (samples, steps, neurons) = self._shown["shape"], self._size()
        stored = np.frombuffer(self.bits, np.uint8, offset=self._shown["start"])
        spikes = np.unpackbits(stored, count=samples * steps * neurons).reshape(-1, neurons)
        if self.sample is not None:
            spikes = spikes[self.sample * steps : (self.sample + 1) * steps]
        counts = spikes.sum(0, dtype=np.int64)
        by_channel = counts.reshape(shape[0], -1)
        return RasterTrace(
            spikes=spikes,
            counts=counts.reshape(shape),
            rate=float(counts.sum() / spikes.size),
            channel_rates=by_channel.mean(1) / len(spikes),
            population=spikes.mean(1),
            dead=(counts == 0).reshape(shape),
            saturated=(counts == len(spikes)).reshape(shape),
            order=_order_neurons(self.order, counts, by_channel),
        )

    def to_matplotlib(self) -> "Figure":
        """The raster, the population's rate, rates by channel and their histogram."""
        from matplotlib.figure import Figure

        run = self.trace()
        steps, neurons = run.spikes.shape
        figure = Figure(figsize=(10, 5), layout="constrained")
        grid = figure.add_gridspec(3, 2, width_ratios=(1.6, 1))
        raster = figure.add_subplot(grid[:2, 0])
        ordered = run.spikes[:, run.order]
        if ordered.sum() < 5_000:
            step, neuron = np.nonzero(ordered)
            raster.plot(step + 1, neuron, "|", color="#0072B2")
        else:
            box = (0.5, steps + 0.5, neurons - 0.5, -0.5)
            shares = _bin_shares(ordered).T
            raster.imshow(shares, "Blues", aspect="auto", extent=box, interpolation="nearest")
        raster.set(xlim=(0.5, steps + 0.5), ylim=(neurons - 0.5, -0.5), title=self.layer)
        raster.set_ylabel(f"neuron, by {self.order}")
        below = figure.add_subplot(grid[2, 0], sharex=raster)
        below.step(range(1, steps + 1), run.population, where="mid", color="#0072B2")
        samples, each, _ = self._size()
        row = f"step, {samples} samples of {each}" if self.sample is None and samples > 1 else ""
        below.set(xlabel=row or "time step", ylabel="population rate")
        bars = figure.add_subplot(grid[0, 1])
        bars.bar(range(len(run.channel_rates)), run.channel_rates, 1.0, color="#009E73")
        bars.set(xlabel="channel", ylabel="rate")
        histogram = figure.add_subplot(grid[1:, 1])
        histogram.hist(run.counts.ravel() / steps, bins=BINS, range=(0, 1), color="#999999")
        dead, saturated = run.dead.mean(), run.saturated.mean()
        histogram.set(xlabel="rate of a neuron", ylabel="neurons")
        histogram.set_title(f"{dead:.1%} dead, {saturated:.1%} saturated")
        return figure

    def to_plotly(self) -> "go.Figure":
        """The raster, to be zoomed into, with the population's rate below it."""
        run = self.trace()
        ordered = run.spikes[:, run.order]
        titles = self.layer, "population rate"
        figure = new_plotly(*titles, height=560, rows=2, cols=1, shared_xaxes=True,
                            row_heights=[0.75, 0.25], vertical_spacing=0.1)  # fmt: skip
        if ordered.sum() < 5_000:
            step, neuron = np.nonzero(ordered)
            figure.add_scatter(x=step + 1, y=neuron, mode="markers", showlegend=False,
                               marker={"symbol": "line-ns-open", "color": "#0072B2"},
                               hovertemplate="step %{x}, neuron %{y}<extra></extra>")  # fmt: skip
        else:
            shares = _bin_shares(ordered).T
            sizes = zip(ordered.T.shape, shares.shape, strict=True)
            middles = [(np.arange(n) + 0.5) * size / n - 0.5 for size, n in sizes]  # from 0
            figure.add_heatmap(
                y=middles[0], x=middles[1] + 1, z=shares, colorscale="Blues", showscale=False,
                hovertemplate="step %{x:.0f}: %{z:.2f}<extra></extra>",
            )  # fmt: skip
        step = np.arange(len(ordered)) + 1
        figure.add_scatter(x=step, y=run.population, line_shape="hvh", line_color="#0072B2",
                           row=2, col=1, showlegend=False, name="rate")  # fmt: skip
        figure.update_yaxes(title=f"neuron, by {self.order}", autorange="reversed", row=1)
        return figure.update_xaxes(title="time step", row=2)


def pack_layers(arrays: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bytes]:
    """({"name", "text" (of a branch), "shape" of a sample [C, H, W], "steps", "samples", "start" in
    the bytes} of each layer, the spikes of all as bits). A layer's bits run over samples, steps,
    neurons."""
    if not arrays:
        raise ValueError("no layer was recorded: run the model inside `with record(model) as rec`")
    layers: list[dict[str, Any]] = []
    pieces, start = [], 0
    values = {str(name): _read_spikes(str(name), array) for name, array in arrays.items()}
    total = sum(array.size for array in values.values())
    if total > MOST:
        raise ValueError(
            f"{len(values)} layers hold {total:,} values, more than {MOST:,}; pass fewer images, "
            "or some layers only: SpikeRaster({name: rec.spikes[name]})"
        )
    for name, array in values.items():
        pieces.append(np.packbits(array.swapaxes(0, 1).reshape(-1)).tobytes())
        steps, samples, *shape = array.shape
        layers.append({
            "name": name, "text": _tell_branch(name, values), "shape": shape, "steps": steps,
            "samples": samples, "start": start,
        })  # fmt: skip
        start += len(pieces[-1])
    return layers, b"".join(pieces)


def _tell_branch(name: str, names: Collection[str]) -> str:
    """Such as "branch 2 of 4" for the neurons of a LIFSum of MBPL, "" for others."""
    found = re.fullmatch(r"(.*\b(branches|closing)\.)(\d+)", name)
    if not found:
        return ""
    many = sum(re.fullmatch(re.escape(found[1]) + r"\d+", other) is not None for other in names)
    behind = " behind M" if found[2] == "closing" else ""
    return f"branch {int(found[3]) + 1} of {many}{behind}"


def _name_layers(recording: Any) -> Mapping[str, Any]:
    if hasattr(recording, "spikes"):  # a Recording; asking isinstance would import torch
        return recording.spikes
    return recording if isinstance(recording, Mapping) else {"spikes": recording}


def _read_spikes(name: str, array: Any) -> np.ndarray:
    """bool `[T, B, C, H, W]`, or an error that says what is wrong with the layer."""
    if hasattr(array, "detach"):  # a tensor, maybe bfloat16, which numpy lacks
        array = array.detach().cpu()
        array = array.float() if array.is_floating_point() else array
    values = np.asarray(array)
    shape = list(values.shape)
    if not 2 <= len(shape) <= 5:
        raise ValueError(
            f"layer {name!r} has shape {shape}; give [T, N], [T, B, N], [T, B, C, L] or "
            "[T, B, C, H, W], time first (one neuron: spikes[:, None])"
        )
    if values.size == 0:
        raise ValueError(f"layer {name!r} has shape {shape}: record a step or more")
    if values.size > MOST_IN_A_LAYER:
        raise ValueError(
            f"layer {name!r} has shape {shape}, {values.size:,} values, more than "
            f"{MOST_IN_A_LAYER:,}; pass fewer images, steps or channels"
        )
    if values.dtype.kind not in "biuf":
        raise ValueError(f"layer {name!r} holds {values.dtype} values; spikes are 0 or 1")
    odd = values[(values != 0) & (values != 1)]  # NaN too
    if odd.size:
        raise ValueError(
            f"layer {name!r} holds {odd.flat[0]:.6g}; spikes are 0 or 1: pass what a LIF gave "
            "(rec.spikes), not membranes or rates"
        )
    full = {2: (0, None, 1, None, None), 3: (0, 1, 2, None, None), 4: (0, 1, 2, None, 3)}
    axes = full.get(len(shape), range(5))
    return values.astype(bool).reshape([1 if axis is None else shape[axis] for axis in axes])


def _bin_shares(spikes: np.ndarray, most: int = 400) -> np.ndarray:
    """Share of ones in at most `most` × `most` bins."""
    edges = [np.linspace(0, size, min(size, most) + 1).astype(int) for size in spikes.shape]
    sums = np.add.reduceat(spikes, edges[0][:-1], axis=0, dtype=np.int64)
    sums = np.add.reduceat(sums, edges[1][:-1], axis=1)
    return sums / np.outer(*map(np.diff, edges))


def _order_neurons(kind: str, counts: np.ndarray, by_channel: np.ndarray) -> np.ndarray:
    if kind == "rate":
        return np.argsort(-counts, kind="stable")
    places = np.arange(counts.size).reshape(by_channel.shape)
    if kind == "channel":
        places = places[np.argsort(-by_channel.sum(1), kind="stable")]
    return places.ravel()


def _read_shipped() -> tuple[list[dict[str, Any]], bytes, list[str]]:
    """The recording that comes with the package, written by studies/recorded/raster.py."""
    found = read_data("raster")["results"]
    return found["layers"], gzip.decompress(base64.b64decode(found["bits"])), found["samples"]
