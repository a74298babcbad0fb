"""LIFExplorer: one leaky integrate-and-fire neuron under the reader's hand."""

from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.widget import Explorer, module, style

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    from matplotlib.figure import Figure

    from spikeatconv import Simulation

# name: (lowest, highest, step of the slider). Times in ms, potentials without unit.
LIMITS: dict[str, tuple[float, float, float]] = {
    "tau": (0.1, 50.0, 0.1),
    "v_threshold": (0.05, 3.0, 0.01),
    "v_rest": (-1.0, 1.0, 0.05),
    "v_reset": (-1.0, 1.0, 0.05),
    "t_ref": (0.0, 20.0, 0.5),
    "resistance": (0.1, 5.0, 0.1),
    "dt": (0.1, 5.0, 0.1),
    "amplitude": (0.0, 5.0, 0.05),
    "period": (2.0, 100.0, 1.0),
    "seed": (0, 999, 1),
    "duration": (20.0, 400.0, 10.0),
}
STIMULI = ("constant", "step", "pulses", "ramp", "sine", "noise")


class LIFExplorer(Explorer):
    """Input current, membrane, spikes, the update with its numbers, a map of neighbours, f–I.

    Drag the threshold on the plot, scrub through time, hover over the map. Every parameter is
    a synced trait: set it, `observe` it, `link` it. The model is `spikeatconv.simulate`
    (paper, "LIF neuron"); a value out of its range in `LIMITS` raises a TraitError.

    tau, dt, t_ref, period, duration: ms.  v_threshold, v_rest, v_reset, amplitude (the input
    current): without unit.  v_reset: None is the soft reset.  resistance: R.
    stimulus: one of `STIMULI`.  seed: of the noise.  cursor: the time step under the scrubber.
    speed: of play, in steps a second.  pinned: {"tau", "v_threshold"} of the neuron pinned on
    the map, or {}.  ghost: all parameters of the last run, or {}.
    """

    _esm = module("neuron.js", "widget.js", "lif_explorer.js")
    _css = style("base.css", "lif_explorer.css")
    limits = t.Dict(LIMITS, read_only=True).tag(sync=True)

    tau = t.Float(10.0).tag(sync=True)
    v_threshold = t.Float(1.0).tag(sync=True)
    v_rest = t.Float(0.0).tag(sync=True)
    v_reset = t.Float(0.0, allow_none=True).tag(sync=True)
    t_ref = t.Float(0.0).tag(sync=True)
    resistance = t.Float(1.0).tag(sync=True)
    dt = t.Float(1.0).tag(sync=True)
    stimulus = t.Enum(STIMULI, "constant").tag(sync=True)
    amplitude = t.Float(1.5).tag(sync=True)
    period = t.Float(20.0).tag(sync=True)
    seed = t.Int(0).tag(sync=True)
    duration = t.Float(100.0).tag(sync=True)
    cursor = t.Int(10, min=0).tag(sync=True)
    speed = t.Int(20, min=1, max=200).tag(sync=True)
    pinned = t.Dict().tag(sync=True)
    ghost = t.Dict().tag(sync=True)

    @t.validate(*LIMITS)
    def _in_range(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        low, high, _ = LIMITS[name]
        if value is not None and not low <= value <= high:
            raise t.TraitError(f"{name} is {value}; give a value from {low} to {high}")
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
