"""One neuron under a stimulus, in physical units: the simulator for teaching.

It adds to `lif_step` what a network does not use: a time step Δt and a refractory time in
ms, a membrane resistance R, and ready-made input currents. float64 throughout, and the
same arithmetic in the same order as `spikeviz/base/neuron.js`, so that picture and
Python agree to the bit.
"""

import math
from dataclasses import dataclass

import numpy as np

from spikeatconv.checks import check_choice, check_neuron, check_number, check_whole, short

STIMULI = ("constant", "step", "pulses", "ramp", "sine", "noise")
MOST_STEPS = 10**7


@dataclass(frozen=True)
class Simulation:
    """Arrays over the n time steps of one run, each `[n]` float64. Step k (from 1) lasts from
    (k − 1) · Δt to k · Δt, and what happens in it is dated at its end: the first spike of a neuron
    that fires at once is at Δt.

    time: end of the step in ms.     current: I.        spikes: S, 0 or 1.
    membrane: H before the reset.    potential: V after it.   dt: Δt in ms.
    """

    dt: float
    time: np.ndarray
    current: np.ndarray
    membrane: np.ndarray
    spikes: np.ndarray
    potential: np.ndarray

    @property
    def rate(self) -> float:
        """Firing rate in Hz over the whole run."""
        return float(1000 * self.spikes.sum() / (len(self.time) * self.dt))


def count_steps(duration: float, dt: float) -> int:
    """Number of time steps in `duration` (both in ms), to the nearest, at least 1."""
    return max(1, math.floor(duration / dt + 0.5))


def stimulus(
    kind: str,
    amplitude: float = 1.5,
    *,
    duration: float = 100.0,
    dt: float = 1.0,
    period: float = 20.0,
    seed: int = 0,
) -> np.ndarray:
    """An input current I, `[count_steps(duration, dt)]` float64.

    kind: "constant"; "step": on from 1/5 to 4/5 of the time; "pulses": on for the first
    quarter of each period; "ramp": from 0 to the amplitude; "sine": between 0 and the
    amplitude; "noise": near-Gaussian, mean = amplitude, standard deviation = amplitude / 2.
    duration, dt, period in ms, all > 0. seed: of the noise, 0 to 2³² − 1.
    Raises ValueError for another kind or a value out of range, TypeError for a wrong type.
    """
    check_choice(kind, "kind", STIMULI)
    amplitude = check_number(amplitude, "amplitude")
    for name, value in {"duration": duration, "dt": dt, "period": period}.items():
        _check_positive(value, name, " ms")
    seed = check_whole(seed, "seed", 0, 2**32 - 1)
    if duration / dt > MOST_STEPS:
        raise ValueError(
            f"duration is {duration} ms and dt is {dt} ms, more than {MOST_STEPS} time steps; "
            "lower duration or raise dt"
        )
    n = count_steps(duration, dt)
    t = np.arange(n) * dt
    phase = t / period - np.floor(t / period)
    shape = {
        "constant": lambda: np.ones(n),
        "step": lambda: ((t >= duration * 0.2) & (t < duration * 0.8)).astype(float),
        "pulses": lambda: (phase < 0.25).astype(float),
        "ramp": lambda: t / duration,
        "sine": lambda: (1 + np.sin(2 * np.pi * phase)) / 2,
        "noise": lambda: 1 + draw_gaussian(n, seed) / 2,
    }
    return amplitude * shape[kind]()


def simulate(
    current: np.ndarray,
    *,
    tau: float = 10.0,
    v_threshold: float = 1.0,
    v_rest: float = 0.0,
    v_reset: float | None = 0.0,
    resistance: float = 1.0,
    dt: float = 1.0,
    t_ref: float = 0.0,
) -> Simulation:
    """Run one LIF neuron from V_rest over `current` I, `[n]` (paper, "LIF neuron").

    tau ≥ dt, dt and t_ref in ms. After a spike the neuron is refractory for t_ref: its
    input is ignored and it cannot fire, while the membrane goes on to leak.
    With dt = 1 and resistance = 1 this is `LIF` to the bit.
    Raises ValueError for values out of range, for a current that is not finite and for a membrane
    that is too large to be; TypeError for wrong types.
    """
    current = _check_current(current, tau, resistance, dt, t_ref)
    check_number(tau / dt, "tau / dt")
    neuron = check_neuron(tau / dt, v_threshold, v_rest, v_reset)
    tau, v_threshold, v_rest, v_reset = neuron.values()

    v, refractory = v_rest, 0
    membrane, spikes, potential = [], [], []
    for x in (resistance * current).tolist():
        h = v + ((0.0 if refractory else x) - (v - v_rest)) / tau
        fires = h - v_threshold >= 0 and not refractory
        if not fires:
            v, refractory = h, max(0, refractory - 1)
        else:
            v = h - v_threshold if v_reset is None else v_reset
            refractory = math.floor(min(t_ref / dt, len(current)) + 0.5)
        membrane.append(h)
        spikes.append(float(fires))
        potential.append(v)
    h, s, v = map(np.array, (membrane, spikes, potential))
    if not (finite := np.isfinite(h)).all():
        raise ValueError(
            f"the membrane is {h[~finite][0]} after {int((~finite).argmax()) + 1} time steps; "
            "give smaller currents"
        )
    return Simulation(dt, np.arange(1, len(current) + 1) * dt, current, h, s, v)


def _check_current(current, tau: float, resistance: float, dt: float, t_ref: float) -> np.ndarray:
    """The current as an array; raises for a value that makes no simulation."""
    given = short(current)
    try:
        current = np.asarray(current, dtype=np.float64).copy()  # a copy: a result keeps it
    except (TypeError, ValueError, RuntimeError):  # RuntimeError: a tensor with a gradient
        raise TypeError(f"current is {given}; give numbers, one value a time step") from None
    if current.ndim != 1 or current.size == 0:
        raise ValueError(
            f"current is {given}, of shape {list(current.shape)}; give [n], one value a time step, "
            "n >= 1"
        )
    if not np.isfinite(current).all():
        n = int(np.flatnonzero(~np.isfinite(current))[0])
        raise ValueError(f"current[{n}] is {current[n]}; give finite values only")
    _check_positive(dt, "dt", " ms")
    _check_positive(resistance, "resistance")
    if check_number(tau, "tau") < dt:
        raise ValueError(
            f"tau is {tau} ms and dt is {dt} ms; raise tau or lower dt until tau >= dt"
        )
    if check_number(t_ref, "t_ref") < 0:
        raise ValueError(f"t_ref is {t_ref}; give a refractory time of 0 ms or more")
    return current


def _check_positive(value: float, name: str, unit: str = "") -> None:
    if check_number(value, name) <= 0:
        raise ValueError(f"{name} is {value}{unit}; give more than 0{unit}")


def draw_uniform(n: int, seed: int) -> np.ndarray:
    """n uniform numbers in [0, 1), from mulberry32, a 32-bit generator that JavaScript can repeat.

    seed: 0 to 2³² − 1.
    """
    index = np.arange(1, n + 1, dtype=np.uint32)
    a = np.uint32(seed) + index * np.uint32(0x6D2B79F5)
    t = (a ^ (a >> np.uint32(15))) * (a | np.uint32(1))
    t = (t + (t ^ (t >> np.uint32(7))) * (t | np.uint32(61))) ^ t
    return (t ^ (t >> np.uint32(14))) / 4294967296.0


def draw_gaussian(n: int, seed: int) -> np.ndarray:
    """n near-Gaussian numbers, mean 0, variance 1: sums of twelve uniform ones (Irwin-Hall)."""
    total = np.zeros(n)
    for column in draw_uniform(12 * n, seed).reshape(n, 12).T:  # in this order: same rounding
        total += column
    return total - 6
