"""SpikingPlayground: a small spiking network that learns points of the plane while one watches."""

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import traitlets as t

from spikeviz.base.front_end import PACKAGE, pack
from spikeviz.base.widget import Explorer, Number, Whole, short
from spikeviz.figure import new_figure

if TYPE_CHECKING:  # importing spikeviz stays fast: torch, numpy load when they are needed
    import numpy as np
    from matplotlib.figure import Figure
    from torch import Tensor

    from spikeviz.playground.reference import Playground

DATA = ("moons", "circles", "xor", "spiral", "gaussians", "points")
SETTINGS = (
    "data", "noise", "share", "points", "coding", "thresholds", "layers", "own", "silent", "tau",
    "v_reset", "time_steps", "surrogate", "alpha", "learning_rate", "batch", "optimizer",
    "spiking", "seed",
)  # fmt: skip
MOST_LAYERS, MOST_NEURONS, MOST_THRESHOLDS, MOST_POINTS = 3, 8, 4, 200
LOWEST, HIGHEST = 0.05, 4.0  # of a threshold
LARGEST = 1e6  # of a weight
SIDE = 60  # places of a figure's plane along x and y


class PlaygroundTrace(NamedTuple):
    """What SpikingPlayground shows of its point, computed by spikeatconv in float64.

    inputs: the currents that the point becomes, `[T, features]`.
    membranes, spikes: of each hidden layer H of the first threshold, and the spikes of all of them,
    `[T, neurons]`.
    logits: of each step, `[T]`.  probability: of class 1, from their mean.
    """

    inputs: "np.ndarray"
    membranes: "list[np.ndarray]"
    spikes: "list[np.ndarray]"
    logits: "np.ndarray"
    probability: float


class SpikingPlayground(Explorer):
    """A small spiking network that learns points of the plane in the page, while one watches.

    Press Train; choose other points, neurons, surrogates while it learns. Each neuron is a small
    map of its firing rate over the plane. Click a neuron to silence it, drag a weight's line, drag
    a threshold across its membrane, click points of your own; Ctrl+Z takes each back. The
    arithmetic is spikeatconv's, in float64: `LIF`, or with several thresholds `LIFSum`, between
    `nn.Linear`s, the mean of the logits over T, binary cross entropy, AdamW or SGD.

    data: one of `DATA`; "points" are only your own.  noise, share: how far points stray, how many
    of them train.  points: your own, each [x, y, 0 or 1], x and y from −1 to 1.
    coding: how x and y become currents: "constant", "rate" or "latency".
    layers: neurons of each hidden layer, 1 to 3 layers of 1 to 8.  thresholds: V_th of each layer,
    a list of 1 to 4 for each; several make it MBPL. Layers without a list get the last one.
    own: {"layer.neuron": thresholds} of single neurons, both counted from 0.  silent: neurons that
    send nothing, ["layer.neuron", …].
    tau, v_reset, time_steps: of all neurons; v_reset None is the soft reset.  surrogate: "atan",
    "sigmoid" or "off", alpha its slope.  spiking: False is the twin with GELU.
    learning_rate, batch, optimizer: "adamw" or "sgd".  seed: of points, weights and batches.
    speed: training steps a frame.  point: (x, y) whose membranes are on show, time_step how far.
    experiment: the name of the one that is open, or "".
    weights: what it has learned, or may begin with: of each layer and then the readout the weights,
    row by row, and the biases; [] is untrained.  steps: how many it took.  history: [step,
    training loss, test loss] now and then. The page sends these three about once a second.
    """

    _folder = "playground"

    data = t.Enum(DATA, "moons").tag(sync=True)
    noise = Number(0.1, 0.0, 0.5, 0.01)
    share = Number(0.5, 0.1, 0.9, 0.05)
    points = t.List(t.List()).tag(sync=True)
    coding = t.Enum(("constant", "rate", "latency"), "constant").tag(sync=True)
    layers = t.List(t.Int(), [4, 4])
    layers.tag(sync=True, kind=["wholes", 1, MOST_NEURONS, 1, MOST_LAYERS])
    thresholds = t.List(t.List(t.Float()), [[0.5], [0.5]]).tag(sync=True)
    own = t.Dict().tag(sync=True)
    silent = t.List(t.Unicode()).tag(sync=True)
    tau = Number(2.0, 1.0, 20.0, 0.1)
    v_reset = Number(0.0, -1.0, 0.0, 0.1, allow_none=True)
    time_steps = Whole(8, 1, 16, 1)
    surrogate = t.Enum(("atan", "sigmoid", "off"), "atan").tag(sync=True)
    alpha = Number(2.0, 0.2, 100.0, 0.1)
    learning_rate = Number(0.03, 0.0, 1000.0, 0.001)
    batch = Whole(32, 1, 128, 1)
    optimizer = t.Enum(("adamw", "sgd"), "adamw").tag(sync=True)
    spiking = t.Bool(True).tag(sync=True)
    seed = Whole(0, 0, 999, 1)
    speed = Whole(4, 1, 40, 1)
    point = t.List(t.Float(), [0.3, 0.4]).tag(sync=True, kind=["numbers", -1.0, 1.0, 2, 2])
    time_step = Whole(0, 0, 16, 1)
    experiment = t.Unicode().tag(sync=True)
    weight = t.Unicode().tag(sync=True, passing=True)  # the one in hand: "layer.neuron.input"
    weights = t.List(t.Float()).tag(sync=True, passing=True, large=True)
    steps = t.Int(0, min=0).tag(sync=True, passing=True)
    history = t.List(t.List(t.Float())).tag(sync=True, passing=True, large=True)
    reference = t.Unicode(read_only=True).tag(sync=True, large=True)  # reference.py, packed

    @t.default("reference")
    def _packed(self) -> str:
        return pack((PACKAGE / "playground" / "reference.py").read_text(encoding="utf-8"))

    @t.validate("layers")
    def _some_neurons(self, proposal: dict[str, Any]) -> list[int]:
        layers = proposal["value"]
        if not (1 <= len(layers) <= MOST_LAYERS and all(1 <= n <= MOST_NEURONS for n in layers)):
            raise t.TraitError(
                f"layers is {short(layers)}; give 1 to {MOST_LAYERS} layers of 1 to {MOST_NEURONS} "
                "neurons, for example [4, 4]"
            )
        return layers

    @t.validate("thresholds")
    def _possible(self, proposal: dict[str, Any]) -> list[list[float]]:
        found = proposal["value"]
        if not 1 <= len(found) <= MOST_LAYERS:
            raise t.TraitError(
                f"thresholds is {short(found)}; give a list for each hidden layer, for example "
                "[[1.0], [0.5, 1.0]]"
            )
        return [_thresholds(values, f"thresholds[{i}]") for i, values in enumerate(found)]

    @t.validate("own")
    def _of_neurons(self, proposal: dict[str, Any]) -> dict[str, list[float]]:
        found = proposal["value"]
        _check_names("own", list(found))
        return {name: _thresholds(values, f"own[{name!r}]") for name, values in found.items()}

    @t.validate("silent")
    def _neurons(self, proposal: dict[str, Any]) -> list[str]:
        _check_names("silent", proposal["value"])
        return proposal["value"]

    @t.validate("points")
    def _in_the_plane(self, proposal: dict[str, Any]) -> list[list[float]]:
        points = proposal["value"]
        if len(points) > MOST_POINTS:
            raise t.TraitError(f"points holds {len(points)}; give at most {MOST_POINTS}")
        for i, point in enumerate(points):
            numbers = all(type(value) in (int, float) for value in point)
            if not numbers or len(point) != 3 or not _inside(point):
                raise t.TraitError(
                    f"points[{i}] is {short(point)}; give [x, y, class], x and y from -1 to 1, "
                    "class 0 or 1"
                )
        return points

    @t.validate("point")
    def _a_place(self, proposal: dict[str, Any]) -> list[float]:
        point = proposal["value"]
        if len(point) != 2 or not all(abs(value) <= 1 for value in point):
            raise t.TraitError(f"point is {short(point)}; give (x, y), both from -1 to 1")
        return point

    @t.validate("weights")
    def _finite(self, proposal: dict[str, Any]) -> list[float]:
        weights = proposal["value"]
        odd = [value for value in weights if not abs(value) <= LARGEST]  # NaN too
        if odd:
            raise t.TraitError(
                f"weights holds {odd[0]}; give finite numbers, or [] for an untrained network"
            )
        return weights

    @t.validate("history")
    def _rows(self, proposal: dict[str, Any]) -> list[list[float]]:
        rows = proposal["value"]
        if any(len(row) != 3 or not all(map(isfinite, row)) for row in rows):
            raise t.TraitError(
                f"history is {short(rows)}; give rows of [step, training loss, test loss]"
            )
        return rows

    def settings(self) -> dict[str, Any]:
        """The settings as the page's engine and reference.py take them: a list of thresholds for
        each hidden layer, and of neurons only those that are there."""
        found = {name: getattr(self, name) for name in SETTINGS}
        wide = [*self.thresholds, *[self.thresholds[-1]] * MOST_LAYERS]
        found["thresholds"] = wide[: len(self.layers)]
        found["own"] = {name: values for name, values in self.own.items() if self._has(name)}
        found["silent"] = [name for name in self.silent if self._has(name)]
        return found

    def network(self) -> "Playground":
        """The network on show in torch, float64, with `weights`; untrained it is as its seed makes
        it. Raises ValueError if they are those of another network, from before a change of layers
        that the page has not answered."""
        import torch

        from spikeviz.playground.reference import Playground

        network = Playground(self.settings())
        if not self.weights:
            return network
        total = sum(parameter.numel() for parameter in network.parameters())
        if len(self.weights) != total:
            raise ValueError(
                f"weights holds {len(self.weights)} values and the network has {total}; give as "
                "many, or [] for an untrained one"
            )
        values = torch.tensor(self.weights, dtype=torch.float64)
        torch.nn.utils.vector_to_parameters(values, network.parameters())
        return network

    def trace(self) -> PlaygroundTrace:
        """The numbers of `point`, computed by `spikeatconv`: see `PlaygroundTrace`."""
        import torch

        from spikeviz.playground.reference import LOOK, code

        settings, network = self.settings(), self.network()
        with torch.no_grad():
            place = torch.tensor([self.point], dtype=torch.float64)
            x = inputs = code(place, settings, LOOK)[..., 0, :].expand(network.steps, -1)
            membranes, spikes = [], []
            for layer, linear in enumerate(network.linears[:-1]):
                currents = linear(x)
                x = network.neurons[layer](currents[:, None])[:, 0] * network.heard[layer]
                membranes.append(self._membranes(layer, currents).numpy())
                spikes.append(x.numpy())
            logits = network.linears[-1](x)[:, 0]
        return PlaygroundTrace(
            inputs.numpy(), membranes, spikes, logits.numpy(), logits.mean().sigmoid().item()
        )

    def _membranes(self, layer: int, currents: "Tensor") -> "Tensor":
        """H of the first threshold of a layer's neurons, `[T, n]`; the twin's currents."""
        import torch

        from spikeatconv import LIF

        if not self.spiking:
            return currents
        settings = self.settings()
        firsts = [
            settings["own"].get(f"{layer}.{i}", settings["thresholds"][layer])[0]
            for i in range(currents.shape[1])
        ]
        lifs = [LIF(tau=self.tau, v_threshold=v, v_reset=self.v_reset) for v in firsts]
        return torch.stack([lif.run(currents[:, i]).membrane for i, lif in enumerate(lifs)], 1)

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: what the network decides over the plane, its losses, and the raster
        of `point`."""
        import numpy as np
        import torch

        from spikeviz.playground.reference import LOOK, code, make_points

        settings, network, run = self.settings(), self.network(), self.trace()
        at = (2 * torch.arange(SIDE, dtype=torch.float64) + 1) / SIDE - 1
        plane = torch.cartesian_prod(-at, at).flip(1)  # the top row first, as an image
        with torch.no_grad():
            blue = network(code(plane, settings, LOOK)).sigmoid().reshape(SIDE, SIDE)
        figure, (left, middle, right) = new_figure(1, 3, figsize=(10, 3.2))
        left.imshow(blue.numpy(), cmap="RdBu", vmin=0, vmax=1, extent=(-1, 1, -1, 1))
        for (places, labels), size in zip(make_points(settings), (14, 5), strict=True):
            for kind, (marker, colour) in enumerate((("^", "#D55E00"), ("o", "#0072B2"))):
                left.scatter(*places[labels == kind].numpy().T, s=size, marker=marker, color=colour)
        left.plot(*self.point, "k+", markersize=12)
        left.set(xlabel="x", ylabel="y", title="what it decides")
        rows = np.array(self.history).reshape(-1, 3)
        for column, (name, look) in enumerate((("training", "-"), ("test", "--")), 1):
            seen = rows[:, column] >= 0
            middle.plot(rows[seen, 0], rows[seen, column], look, color="#555555", label=name)
        middle.set(xlabel="step", title="loss")
        middle.legend(fontsize="x-small")
        sent = np.concatenate(run.spikes, 1)
        neuron, step = sent.T.nonzero()
        right.plot(step + 1, neuron, "|", color="#0072B2")
        names = [f"{layer + 1}.{i + 1}" for layer, n in enumerate(self.layers) for i in range(n)]
        right.set(xlabel="time step", title="spikes at the point", xlim=(0, len(sent) + 1))
        right.set_yticks(range(len(names)), names, fontsize="x-small")
        right.invert_yaxis()
        return figure

    def _has(self, name: str) -> bool:
        layer, neuron = map(int, name.split("."))
        return layer < len(self.layers) and neuron < self.layers[layer]


def _inside(point: list[float]) -> bool:
    x, y, label = point
    return abs(x) <= 1 and abs(y) <= 1 and label in (0, 1)


def _thresholds(values: Any, name: str) -> list[float]:
    """1 to MOST_THRESHOLDS thresholds, in their order."""
    good = isinstance(values, (list, tuple)) and 1 <= len(values) <= MOST_THRESHOLDS
    if not good or not all(
        type(value) in (int, float) and LOWEST <= value <= HIGHEST for value in values
    ):
        raise t.TraitError(
            f"{name} is {short(values)}; give 1 to {MOST_THRESHOLDS} thresholds, each from "
            f"{LOWEST} to {HIGHEST}"
        )
    return [float(value) for value in values]


def _check_names(trait: str, names: list[Any]) -> None:
    for name in names:
        parts = name.split(".") if isinstance(name, str) else []
        if len(parts) != 2 or not all(part.isdecimal() and len(part) == 1 for part in parts):
            raise t.TraitError(
                f"{trait} names {short(name)}; give neurons as 'layer.neuron', both counted from "
                "0, for example '0.3'"
            )
