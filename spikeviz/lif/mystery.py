"""The mystery neuron of LIFExplorer: a τ and a V_th that only its spikes tell of.

The same arithmetic as `mystery.js`, so that page and Python hide the same neuron.
"""

from typing import NamedTuple

from spikeviz.base.chance import mulberry

TOLERANCE = 0.05  # of the true value
OTHERS = {"v_rest": 0.0, "v_reset": 0.0, "t_ref": 0.0, "resistance": 1.0}  # hidden from nobody


class Hidden(NamedTuple):
    """What is to be found: tau in ms, v_threshold without unit."""

    tau: float
    v_threshold: float


def hidden(seed: int) -> Hidden:
    """The neuron of a seed: τ is 5, 5.5 … 30 ms; V_th is 0.5, 0.55 … 0.85 or 1.15, 1.2 … 1.4, so
    that the explorer's own V_th = 1 is never the answer."""
    uniform = mulberry(seed)
    tau = (10 + int(uniform() * 51)) / 2
    k = int(uniform() * 14)
    return Hidden(tau, (10 + k if k < 8 else 15 + k) / 20)


def judge(value: float, truth: float) -> str:
    """ "right" (within TOLERANCE), "too high" or "too low"."""
    if abs(value - truth) <= TOLERANCE * truth + 1e-9:  # 1e-9: for rounding
        return "right"
    return "too high" if value > truth else "too low"
