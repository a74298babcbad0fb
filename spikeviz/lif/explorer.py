"""LIFExplorer: one leaky integrate-and-fire neuron under the reader's hand."""

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from spikeviz.base.model_explorer import ModelExplorer
from spikeviz.base.widget import Number, Whole
from spikeviz.figure import new_figure, new_plotly
from spikeviz.lif.current import Current, input_current
from spikeviz.lif.libraries import LIBRARIES, run_libraries
from spikeviz.lif.mystery import OTHERS, hidden, judge

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

    from spikeatconv import Simulation
    from spikeviz.exercises import Feedback

STIMULI = ("constant", "step", "pulses", "ramp", "sine", "noise")
INPUT = ("stimulus", "amplitude", "period", "seed", "duration", "dt")
NEURON = ("tau", "v_threshold", "v_rest", "v_reset", "t_ref", "resistance")
MOST_PINS = 4


class LIFExplorer(ModelExplorer):
    """Input current, membrane, spikes, a tank, the update with its numbers, a map of neurons, f–I.

    Play, or scrub through time; drag the threshold and τ on the plot, your neuron on the map; paint
    the input, pin neurons to compare, find the hidden parameters of a mystery neuron, take up a
    challenge. It plays once by itself when it is first seen. Every parameter is a synced
    trait: set it, `observe` it, `link` it. The model is `spikeatconv.simulate` (paper, "LIF
    neuron"); a value out of its range in `limits` raises a TraitError that says how to mend it.

    tau, dt, t_ref, period, duration: ms.  v_threshold, v_rest, v_reset, amplitude (the input
    current): without unit.  v_reset: None is the soft reset.  resistance: R.
    stimulus: one of `STIMULI`, or "drawn".  seed: of the noise.
    current: the drawn input, one value a time step, `[n]`: a list, a NumPy array or a tensor.
    Setting it sets stimulus to "drawn"; the run then lasts n · dt, whatever duration says.
    cursor: how many time steps are done at the scrubber.  speed: of play, in steps a second.
    ghost: all parameters of the last run, or {}.
    pins: up to four neurons to compare, each a dict of the parameters in `NEURON`; what is left out
    is filled in from the neuron on show. All get the same input.
    mystery: the number of a neuron with a hidden τ and V_th, 0 is none.  mystery_shows: "spikes",
    "membrane" or "answer".  guess: {"tau", "v_threshold"} that was last checked in the page, or {}.
    overlays: which of "spikeatconv" and "norse" to run, in Python, and lay over the page's trace.
    """

    _folder = "lif"
    asks = (*INPUT, *NEURON, "current", "overlays")

    tau = Number(10.0, 0.1, 50.0, 0.1)
    v_threshold = Number(1.0, 0.05, 3.0, 0.01)
    v_rest = Number(0.0, -1.0, 1.0, 0.05)
    v_reset = Number(0.0, -1.0, 1.0, 0.05, allow_none=True)
    t_ref = Number(0.0, 0.0, 20.0, 0.5)
    resistance = Number(1.0, 0.1, 5.0, 0.1)
    dt = Number(1.0, 0.1, 5.0, 0.1)
    stimulus = t.Enum((*STIMULI, "drawn"), "constant").tag(sync=True)
    current = Current()
    amplitude = Number(1.5, 0.0, 5.0, 0.01)
    period = Number(20.0, 2.0, 100.0, 1.0)
    seed = Whole(0, 0, 999, 1)
    duration = Number(100.0, 20.0, 400.0, 10.0)
    cursor = t.Int(11, min=0).tag(sync=True)
    speed = t.Int(20, min=1, max=200).tag(sync=True)
    ghost = t.Dict().tag(sync=True, passing=True)
    pins = t.List(t.Dict(), maxlen=MOST_PINS).tag(sync=True)
    mystery = Whole(0, 0, 999, 1)
    mystery_shows = t.Enum(("spikes", "membrane", "answer"), "spikes").tag(sync=True)
    guess = t.Dict().tag(sync=True)
    overlays = t.List(t.Enum(LIBRARIES)).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.observe(self._hide_again, "mystery")

    @t.validate("tau", "dt", "v_reset", "v_threshold")
    def _possible(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        neuron = self._values(NEURON) | {"dt": self.dt, name: value}
        _check(neuron)
        if name == "dt":
            for pin in self.pins:
                _check(neuron | pin | {"dt": value}, "of a pinned neuron, ")
        return value

    @t.validate("pins")
    def _whole_neurons(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        return [self._whole_neuron(pin) for pin in proposal["value"]]

    def _whole_neuron(self, pin: dict[str, Any]) -> dict[str, Any]:
        unknown = [name for name in pin if name not in NEURON]
        if unknown:
            raise t.TraitError(
                f"a pin has {unknown}; its parameters are {list(NEURON)}, and all neurons get the "
                "input on show"
            )
        neuron = self._values(NEURON) | pin
        for name, value in neuron.items():
            if (name, value) != ("v_reset", None):
                neuron[name] = self.traits()[name].validate(self, value)
        _check(neuron | {"dt": self.dt}, "of a pinned neuron, ")
        return neuron

    @t.observe("current")
    def _show_what_was_drawn(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            self.stimulus = "drawn"

    def _hide_again(self, _change: Any) -> None:
        with self.hold_sync():
            self.guess, self.mystery_shows = {}, "spikes"

    def _values(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    # ---------------------------------------------------------------- numbers

    def trace(self) -> "Simulation":
        """The arrays on show, computed by `spikeatconv`: see `spikeatconv.Simulation`."""
        return self._run(self._values(NEURON))

    def pin_traces(self) -> list["Simulation"]:
        """The same for each of `pins`, over the same input."""
        return [self._run(pin) for pin in self.pins]

    def mystery_spikes(self) -> np.ndarray:
        """S of the mystery neuron under the input on show, 0 or 1, float64 `[n]`."""
        return self._run({**OTHERS, **hidden(self._present_mystery())._asdict()}).spikes

    def check_mystery(
        self, tau: float | None = None, v_threshold: float | None = None
    ) -> "Feedback":
        """Whether tau (ms) and v_threshold are those of the mystery neuron, within 5 %; too high or
        too low, if not. None: the value of the neuron on show. The status is "passed" if both
        are right."""
        from spikeviz.exercises import Feedback

        truth = hidden(self._present_mystery())
        tau = self.tau if tau is None else float(tau)
        v_threshold = self.v_threshold if v_threshold is None else float(v_threshold)
        found = [judge(tau, truth.tau), judge(v_threshold, truth.v_threshold)]
        words = [{"right": "right, within 5 %"}.get(verdict, verdict) for verdict in found]
        return Feedback(
            "passed" if found == ["right", "right"] else "not right",
            f"τ = {tau:g} ms is {words[0]}.\nV_th = {v_threshold:g} is {words[1]}.",
        )

    def _present_mystery(self) -> int:
        if not self.mystery:
            raise ValueError("there is no mystery neuron; set mystery to a number from 1 to 999")
        return self.mystery

    def _run(self, neuron: dict[str, Any]) -> "Simulation":
        from spikeatconv import simulate

        current = input_current(current=self.current, **self._values(INPUT))
        return simulate(current, dt=self.dt, **neuron)

    # ---------------------------------------------------------------- the libraries

    def _ask(self, change: Any) -> None:
        if self.overlays or self.answer:  # without an overlay no move costs Python anything
            super()._ask(change)

    def _compute(self, **asked: Any) -> dict[str, Any]:
        names = asked.pop("overlays")
        return run_libraries(names, **asked) if names else {}

    # ---------------------------------------------------------------- a figure

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: input current, membrane with its threshold, spikes; pins too."""
        run, others = self.trace(), self.pin_traces()
        figure, (top, middle, low) = new_figure(
            3, 1, sharex=True, figsize=(6.5, 4 + 0.2 * len(others)),
            height_ratios=(1, 3, 0.5 + 0.2 * len(others)),
        )  # fmt: skip
        top.step(*_flow(run), where="post", color="#009E73")
        top.set_ylabel("I")
        middle.plot(*_path(run, self.v_rest), color="#0072B2", label="membrane V")
        middle.axhline(self.v_threshold, color="#D55E00", linestyle="--", label="threshold")
        low.plot(run.time[run.spikes == 1], [0] * int(run.spikes.sum()), "^", color="#D55E00")
        for row, (pin, other) in enumerate(zip(self.pins, others, strict=True), 1):
            colour, name = PIN_COLOURS[row - 1], _name(pin)
            middle.plot(*_path(other, pin["v_rest"]), color=colour, linewidth=1, label=name)
            fired = other.time[other.spikes == 1]
            low.plot(fired, [-row] * len(fired), "^", color=colour, markersize=4)
        middle.set_ylabel("V")
        middle.legend(loc="upper right", fontsize="small")
        low.set(xlabel="time in ms", ylabel="spikes", yticks=[])
        return figure

    def to_plotly(self) -> "go.Figure":
        """Input current, membrane with its threshold and spikes, step by step under the hand."""
        run, others = self.trace(), self.pin_traces()
        figure = new_plotly(
            "input current I", "membrane V", "spikes", height=520, rows=3, cols=1,
            shared_xaxes=True, row_heights=[0.25, 0.6, 0.15], vertical_spacing=0.08,
        )  # fmt: skip
        lines = {"mode": "lines", "line_shape": "hv", "line_color": "#009E73"}
        time, flow = _flow(run)
        figure.add_scatter(x=time, y=flow, name="I", **lines)
        names = ["this neuron", *map(_name, self.pins)]
        starts = [self.v_rest, *(pin["v_rest"] for pin in self.pins)]
        ends = [0.0, run.time[-1]]
        for row, (name, one) in enumerate(zip(names, [run, *others], strict=True)):
            colour = ("#0072B2", *PIN_COLOURS)[row]
            time, potential = _path(one, starts[row])
            look = {"line": {"color": colour, "width": 1 + (row == 0)}, "legendgroup": name}
            figure.add_scatter(x=time, y=potential, name=name, mode="lines", row=2, col=1, **look)
            fired = one.time[one.spikes == 1]
            figure.add_scatter(
                x=fired, y=[-row] * len(fired), mode="markers", row=3, col=1, legendgroup=name,
                showlegend=False, name=name, marker={"symbol": "triangle-up", "color": colour},
            )  # fmt: skip
        figure.add_scatter(
            x=ends, y=[self.v_threshold] * 2, name="threshold", mode="lines", row=2, col=1,
            line={"color": "#D55E00", "dash": "dash"},
        )  # fmt: skip
        figure.update_yaxes(showticklabels=False, row=3)
        return figure.update_xaxes(title="time in ms", row=3)


PIN_COLOURS = ("#7A5C00", "#7B4FC9", "#00808A", "#A8327D")


def _name(pin: dict[str, Any]) -> str:
    return f"pinned: τ {pin['tau']:g} ms, V_th {pin['v_threshold']:g}"


def _check(p: dict[str, Any], whose: str = "") -> None:
    if p["tau"] < p["dt"]:
        raise t.TraitError(
            f"{whose}tau is {p['tau']} ms and dt is {p['dt']} ms; a membrane cannot leak faster "
            "than one time step: raise tau or lower dt until tau >= dt"
        )
    if p["v_reset"] is not None and p["v_reset"] >= p["v_threshold"]:
        raise t.TraitError(
            f"{whose}v_reset is {p['v_reset']} and v_threshold is {p['v_threshold']}; the neuron "
            "would fire for ever: keep v_reset below v_threshold, or None for the soft reset"
        )


def _flow(run: "Simulation") -> tuple[list[float], list[float]]:
    """The current as drawn: the same from the beginning of each step to its end."""
    return [0.0, *run.time], [*run.current, run.current[-1]]


def _path(run: "Simulation", v_rest: float) -> tuple[list[float], list[float]]:
    """The membrane as drawn: from V_rest up to H at each step, down to V where it is reset."""
    time, potential = [0.0], [v_rest]
    for at, h, spike, v in zip(run.time, run.membrane, run.spikes, run.potential, strict=True):
        for value in (h, v) if spike else (h,):
            time.append(float(at))
            potential.append(float(value))
    return time, potential
