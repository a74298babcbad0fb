"""SurrogateExplorer: the step, the slope that stands in for its derivative, and what it does."""

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Number, Whole
from spikeviz.figure import new_figure, new_plotly

if TYPE_CHECKING:  # importing spikeviz stays fast: torch, numpy load when they are needed
    import numpy as np
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

    from spikeatconv import LIF
    from spikeatconv.surrogate import Surrogate

V_THRESHOLD = 1.0
OWN = "your values"
MOST_VALUES = 100_000
PARTS = ("step", "layer", "loss")


class SurrogateTrace(NamedTuple):
    """What SurrogateExplorer shows, computed by spikeatconv in float64.

    forward, primitive, derivative: Θ, σ and σ' at u = `at`.
    survival: ∂S[t]/∂H[t−k] for k = 0 … time_steps, from autograd through `lif_step`.
    useful: of each value of the layer, whether σ'(u) ≥ dead_below · σ'(0): bool `[N]`.
    mean_derivative: of σ' over the layer.
    spikes, membrane: S and H of the neuron with the weight on show, `[time_steps]`.
    weights, counts, losses, gradients: at each step of the descent, `[DESCENT + 1]`.
    """

    forward: float
    primitive: float
    derivative: float
    survival: "np.ndarray"
    useful: "np.ndarray"
    mean_derivative: float
    spikes: "np.ndarray"
    membrane: "np.ndarray"
    weights: "np.ndarray"
    counts: "np.ndarray"
    losses: "np.ndarray"
    gradients: "np.ndarray"


class SurrogateExplorer(Explorer):
    """Why a spike has no gradient, what stands in for it, and how a weight learns from that.

    Drag the point along u, the slope over a real layer, the weight over its staircase of a loss;
    then turn the surrogate on and let gradient descent walk. The surrogates are those of
    `spikeatconv.surrogate` (paper, "Ablation study": it names Atan and Sigmoid, their slopes are
    an open choice, R2). The neuron is `spikeatconv.LIF` with V_th = 1 and V_rest = 0.

    surrogate: "atan" or "sigmoid".  alpha: its slope (choosing the other surrogate in the picture
    changes it, so that the peak stays).  at: u = H − V_th of the point.
    dead_below: the dead zone is where σ'(u) < dead_below · σ'(0).
    tau, time_steps: of the neuron; also how far back the gradient is followed.
    detach_reset: leave the reset out of the backward pass (open choice R1).
    v_reset: None is the soft reset.
    layer: whose u the histogram shows, one of `layers`; `SurrogateExplorer(u=array)` adds your own
    (any shape, up to 100,000 finite numbers; a ValueError says what is wrong). `u`: its values,
    float32 `[N]`. Those that come with the widget were recorded from the shipped Micro on digits
    by studies/recorded/surrogate.py.
    weight: from which the descent begins.  target: the spike count wanted in time_steps.
    surrogate_on: without it the gradient is the true one, 0.  learning_rate: of the descent.
    descent_step: how many steps of the descent are taken.
    parts: which pictures stand there, of "step", "layer" and "loss"; all unless told.
    """

    _folder = "surrogate"

    surrogate = t.Enum(("atan", "sigmoid"), "atan").tag(sync=True)
    alpha = Number(2.0, 0.2, 20.0, 0.1)
    at = Number(-0.4, -3.0, 3.0, 0.01)
    dead_below = Number(0.1, 0.01, 0.9, 0.01)
    tau = Number(2.0, 1.0, 20.0, 0.1)
    time_steps = Whole(10, 2, 32, 1)
    detach_reset = t.Bool(True).tag(sync=True)
    v_reset = Number(0.0, -1.0, 0.9, 0.1, allow_none=True)
    layers = t.Dict(read_only=True).tag(sync=True, large=True)
    layer = t.Unicode().tag(sync=True)
    surrogate_on = t.Bool(False).tag(sync=True)
    weight = Number(0.6, 0.0, 8.0, 0.01)
    target = Whole(4, 0, 32, 1)
    learning_rate = Number(0.02, 0.001, 0.5, 0.001)
    descent_step = Whole(0, 0, 60, 1)
    parts = t.List(t.Enum(PARTS), list(PARTS), minlen=1).tag(sync=True, passing=True)

    def __init__(self, u: Any = None, **traits: Any) -> None:
        if u is not None:
            own = {OWN: _values(u).tobytes()}
            self.set_trait("layers", own | recorded())
            traits = {"layer": OWN, **traits}
        super().__init__(**traits)

    @t.default("layers")
    def _recorded_layers(self) -> dict[str, bytes]:
        return recorded()

    @t.default("layer")
    def _first_layer(self) -> str:
        return next(iter(self.layers))

    @t.validate("layer")
    def _known(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] not in self.layers:
            raise t.TraitError(
                f"layer is {proposal['value']!r}; choose one of {list(self.layers)}, or show your "
                "own values with SurrogateExplorer(u=array)"
            )
        return proposal["value"]

    @t.validate("target", "time_steps")
    def _reachable(self, proposal: dict[str, Any]) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        target = value if name == "target" else self.target
        time_steps = value if name == "time_steps" else self.time_steps
        if target > time_steps:
            raise t.TraitError(
                f"target is {target} and time_steps is {time_steps}; a neuron fires at most once "
                "a step: lower target or raise time_steps"
            )
        return value

    @property
    def u(self) -> "np.ndarray":
        """The values of u in the histogram, float32 `[N]`."""
        import numpy as np

        return np.frombuffer(self.layers[self.layer], "<f4")

    def trace(self) -> SurrogateTrace:
        """What is on show, computed by `spikeatconv` with torch's autograd."""
        import numpy as np
        import torch

        function = self._function()
        at = torch.tensor(self.at, dtype=torch.float64)
        slopes = function.derivative(torch.from_numpy(self.u.astype(np.float64)))
        peak = function.derivative(torch.zeros_like(at))
        descent = self._descent()
        run = self._lif().run(descent[self.descent_step][0] * drive(self.time_steps))
        weights, counts, losses, gradients = np.array(descent).T
        return SurrogateTrace(
            forward=float(function(at)),
            primitive=float(function.primitive(at)),
            derivative=float(function.derivative(at)),
            survival=self._survival(),
            useful=(slopes >= self.dead_below * peak).numpy(),
            mean_derivative=float(slopes.mean()),
            spikes=run.spikes.numpy(),
            membrane=run.membrane.numpy(),
            weights=weights, counts=counts, losses=losses, gradients=gradients,
        )  # fmt: skip

    def loss(self, weight: float) -> tuple[float, float, float]:
        """(spike count, (count − target)², its gradient by the weight) from autograd.

        The neuron gets weight · drive(time_steps). Without `surrogate_on` the gradient is the
        true one: Θ's derivative is 0, so it is 0 at every weight.
        """
        import torch

        w = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
        count = self._lif().run(w * drive(self.time_steps)).spikes.sum()
        loss = (count - self.target) ** 2
        loss.backward()
        assert w.grad is not None
        return count.item(), loss.item(), w.grad.item() if self.surrogate_on else 0.0

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: σ' with its dead zone over the layer's u, and the descent."""
        import numpy as np
        import torch

        run = self.trace()
        span = max(1.0, float(np.quantile(abs(self.u), 0.995)))
        function, u = self._function(), np.linspace(-span, span, 801)
        slope = function.derivative(torch.from_numpy(u)).numpy()
        figure, (left, right) = new_figure(1, 2, figsize=(7.5, 3))
        left.hist(
            self.u, bins=60, range=(-span, span), density=True, color="#999999", label="layer"
        )
        left.plot(u, slope, color="#0072B2", label=f"σ', {self.surrogate}, α = {self.alpha:g}")
        dead = slope < self.dead_below * slope.max()
        left.fill_between(u, 0, left.get_ylim()[1], where=dead, alpha=0.12, hatch="//",
                          color="#D55E00", label="dead zone")  # fmt: skip
        left.set(xlabel="u = H − V_th", ylabel="density, slope")
        left.legend(fontsize="x-small")
        weights = np.linspace(*self.ranges()["weight"][:2], 201)
        right.plot(weights, [self.loss(w)[1] for w in weights], color="#555555", label="loss")
        walk = slice(self.descent_step + 1)
        right.plot(run.weights[walk], run.losses[walk], "o-", color="#0072B2", markersize=3,
                   label=f"descent, {self.descent_step} steps")  # fmt: skip
        right.set(xlabel="weight w", ylabel="(spike count − target)²")
        right.legend(fontsize="x-small")
        return figure

    def to_plotly(self) -> "go.Figure":
        """σ' over the layer's u, and the loss with the descent on it."""
        import numpy as np
        import torch

        run = self.trace()
        span = max(1.0, float(np.quantile(abs(self.u), 0.995)))
        u = np.linspace(-span, span, 401)
        slope = self._function().derivative(torch.from_numpy(u)).numpy()
        density, edges = np.histogram(self.u, bins=60, range=(-span, span), density=True)
        figure = new_plotly("slope and the layer's u = H − V_th", "(spike count − target)²")
        figure.add_bar(x=(edges[1:] + edges[:-1]) / 2, y=density, name="density of u",
                       marker_color="#BBBBBB")  # fmt: skip
        figure.add_scatter(x=u, y=slope, name=f"σ', {self.surrogate}, α = {self.alpha:g}",
                           line_color="#0072B2")  # fmt: skip
        weights = np.linspace(*self.ranges()["weight"][:2], 201)
        figure.add_scatter(x=weights, y=[self.loss(w)[1] for w in weights], name="loss", row=1,
                           col=2, line_color="#555555")  # fmt: skip
        walk = slice(self.descent_step + 1)
        figure.add_scatter(x=run.weights[walk], y=run.losses[walk], mode="lines+markers", row=1,
                           col=2, name=f"descent, {self.descent_step} steps",
                           line_color="#0072B2")  # fmt: skip
        figure.update_layout(bargap=0)
        figure.update_xaxes(title="u", col=1)
        return figure.update_xaxes(title="weight w", col=2)

    def _function(self) -> "Surrogate":
        from spikeatconv.surrogate import Atan, Sigmoid

        return {"atan": Atan, "sigmoid": Sigmoid}[self.surrogate](alpha=self.alpha)

    def _lif(self) -> "LIF":
        from spikeatconv import LIF

        return LIF(
            tau=self.tau, v_threshold=V_THRESHOLD, v_reset=self.v_reset,
            surrogate=self._function(), detach_reset=self.detach_reset,
        )  # fmt: skip

    def _survival(self) -> "np.ndarray":
        """∂S[t]/∂H[t−k], k = 0 … time_steps, of a neuron that stands at u = `at` in every step."""
        import numpy as np
        import torch

        from spikeatconv.neuron import lif_step

        level = torch.tensor(self.at + V_THRESHOLD, dtype=torch.float64)
        v, before = level, []
        for _ in range(self.time_steps + 1):
            nudge = torch.zeros_like(level, requires_grad=True)  # its gradient is that of H[t−k]
            held = level + (v - v.detach())  # at the same level again, and still a function of V
            spike, _, v = lif_step(
                level + self.tau * nudge, held, self.tau, V_THRESHOLD, 0.0, self.v_reset,
                self._function(), self.detach_reset,
            )  # fmt: skip
            before.append(nudge)
        found = torch.autograd.grad(spike, before[::-1], materialize_grads=True)
        return np.array([float(gradient) for gradient in found])

    def _descent(self) -> list[tuple[float, float, float, float]]:
        """(weight, count, loss, gradient) of each step; the weight stays in its range."""
        low, high, _ = self.ranges()["weight"]
        steps = [(float(self.weight), *self.loss(self.weight))]
        while len(steps) <= self.ranges()["descent_step"][1]:
            weight, _, _, gradient = steps[-1]
            weight = min(max(weight - self.learning_rate * gradient, low), high)
            steps.append((weight, *self.loss(weight)))
        return steps


def drive(time_steps: int) -> Any:
    """The input of the neuron whose weight is tuned: 3, 7, 11, 4, 8, 1, 5, 9, 2, 6, 10 elevenths
    and again; float64 `[time_steps]`. Uneven, so that most spikes come one by one as the weight
    grows."""
    import torch

    return torch.tensor(
        [((4 * i + 2) % 11 + 1) / 11 for i in range(time_steps)], dtype=torch.float64
    )


def recorded() -> dict[str, bytes]:
    """The values of u that come with the widget, {layer: float32 as bytes}."""
    file = read_data("surrogate")
    layers = file["results"]["layers"]
    return {
        f"Trained: {title}": array("f", map(float, layer["u"].split())).tobytes()
        for title, layer in layers.items()
    }


def _values(u: Any) -> "np.ndarray":
    """u as float32 `[N]`. Raises ValueError, saying how to mend it, for what no histogram holds."""
    import numpy as np

    if hasattr(u, "detach"):  # a torch tensor, maybe with a gradient, maybe on a device
        u = u.detach().cpu()
    try:
        values = np.asarray(u, "<f4").ravel()
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"u is a {type(u).__name__} that holds no numbers: {error}; give numbers of any shape"
        ) from None
    if not 0 < len(values) <= MOST_VALUES:
        raise ValueError(
            f"u holds {len(values):,} values; give 1 to {MOST_VALUES:,}, for example "
            "u.ravel()[::10]"
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"u holds {(~np.isfinite(values)).sum():,} values that are no finite numbers; "
            "leave them out with u[numpy.isfinite(u)]"
        )
    return values
