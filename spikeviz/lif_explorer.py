"""LIFExplorer: one leaky integrate-and-fire neuron under the reader's hand."""

from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.widget import Explorer, Number, Whole, code, style

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    from matplotlib.figure import Figure

    from spikeatconv import Simulation

STIMULI = ("constant", "step", "pulses", "ramp", "sine", "noise")


class LIFExplorer(Explorer):
    """Input current, membrane, spikes, the update with its numbers, a map of neighbours, f–I.

    Drag the threshold on the plot, scrub through time, hover over the map. Every parameter is
    a synced trait: set it, `observe` it, `link` it. The model is `spikeatconv.simulate`
    (paper, "LIF neuron"); a value out of its range in `limits` raises a TraitError.

    tau, dt, t_ref, period, duration: ms.  v_threshold, v_rest, v_reset, amplitude (the input
    current): without unit.  v_reset: None is the soft reset.  resistance: R.
    stimulus: one of `STIMULI`.  seed: of the noise.  cursor: the time step under the scrubber.
    speed: of play, in steps a second.  pinned: {"tau", "v_threshold"} of the neuron pinned on
    the map, or {}.  ghost: all parameters of the last run, or {}.
    """

    _code = code("neuron.js", "lif_explorer.js")
    _css = style("lif_explorer.css")

    tau = Number(10.0, 0.1, 50.0, 0.1)
    v_threshold = Number(1.0, 0.05, 3.0, 0.01)
    v_rest = Number(0.0, -1.0, 1.0, 0.05)
    v_reset = Number(0.0, -1.0, 1.0, 0.05, allow_none=True)
    t_ref = Number(0.0, 0.0, 20.0, 0.5)
    resistance = Number(1.0, 0.1, 5.0, 0.1)
    dt = Number(1.0, 0.1, 5.0, 0.1)
    stimulus = t.Enum(STIMULI, "constant").tag(sync=True)
    amplitude = Number(1.5, 0.0, 5.0, 0.05)
    period = Number(20.0, 2.0, 100.0, 1.0)
    seed = Whole(0, 0, 999, 1)
    duration = Number(100.0, 20.0, 400.0, 10.0)
    cursor = t.Int(10, min=0).tag(sync=True)
    speed = t.Int(20, min=1, max=200).tag(sync=True)
    pinned = t.Dict().tag(sync=True)
    ghost = t.Dict().tag(sync=True)

    @t.validate("tau", "dt", "v_reset", "v_threshold")
    def _possible(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        others = ("tau", "dt", "v_reset", "v_threshold")
        tau, dt, v_reset, v_threshold = (value if o == name else getattr(self, o) for o in others)
        if tau < dt:
            raise t.TraitError(
                f"tau is {tau} ms and dt is {dt} ms; a membrane cannot leak faster than one time "
                "step: raise tau or lower dt until tau >= dt"
            )
        if v_reset is not None and v_reset >= v_threshold:
            raise t.TraitError(
                f"v_reset is {v_reset} and v_threshold is {v_threshold}; the neuron would fire "
                "for ever: keep v_reset below v_threshold, or None for the soft reset"
            )
        return value

    def trace(self) -> "Simulation":
        """The arrays on show, computed by `spikeatconv`: see `spikeatconv.Simulation`."""
        from spikeatconv import simulate, stimulus

        return simulate(
            stimulus(
                self.stimulus, self.amplitude,
                duration=self.duration, dt=self.dt, period=self.period, seed=self.seed,
            ),
            tau=self.tau, v_threshold=self.v_threshold, v_rest=self.v_rest, v_reset=self.v_reset,
            resistance=self.resistance, dt=self.dt, t_ref=self.t_ref,
        )  # fmt: skip

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: input current, membrane with its threshold, spikes."""
        import matplotlib.pyplot as plt

        run = self.trace()
        figure, (top, middle, low) = plt.subplots(
            3, 1, sharex=True, figsize=(6.5, 4), height_ratios=(1, 3, 0.5), layout="constrained"
        )
        plt.close(figure)  # the caller shows it; nothing is drawn twice
        top.step(run.time, run.current, where="post", color="#009E73")
        top.set_ylabel("I")
        middle.plot(*_path(run), color="#0072B2", label="membrane V")
        middle.axhline(self.v_threshold, color="#D55E00", linestyle="--", label="threshold")
        middle.set_ylabel("V")
        middle.legend(loc="upper right", fontsize="small")
        low.plot(run.time[run.spikes == 1], [0] * int(run.spikes.sum()), "^", color="#D55E00")
        low.set(xlabel="time in ms", ylabel="spikes", yticks=[])
        return figure


def _path(run: "Simulation") -> tuple[list[float], list[float]]:
    """The membrane as drawn: up to H at each step, down to V where it is reset."""
    time, potential = [], []
    for at, h, spike, v in zip(run.time, run.membrane, run.spikes, run.potential, strict=True):
        for value in (h, v) if spike else (h,):
            time.append(float(at))
            potential.append(float(value))
    return time, potential
