"""What libraries compute for the neuron of LIFExplorer: spikeatconv and Norse, in float64."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from spikeviz.lif.current import input_current

LIBRARIES = ("spikeatconv", "norse")
Run = tuple[np.ndarray, np.ndarray]  # spikes and the membrane V after the reset, each [n]


def run_libraries(names: Iterable[str], current: np.ndarray | None, **p: Any) -> dict[str, Any]:
    """The answer for the page: what it was computed `of`, the `input` I, and of each library its
    `spikes` (uint8) and `potential` V (float64), as bytes."""
    values = input_current(current=current, **p)
    found: dict[str, Any] = {"of": p, "input": values.tobytes()}
    for name in names:
        spikes, potential = {"spikeatconv": _spikeatconv, "norse": _norse}[name](values, p)
        found[name] = {
            "spikes": spikes.astype("u1").tobytes(), "potential": potential.astype("<f8").tobytes(),
        }  # fmt: skip
    return found


def _spikeatconv(current: np.ndarray, p: dict[str, Any]) -> Run:
    from spikeatconv import simulate

    neuron = ("tau", "v_threshold", "v_rest", "v_reset", "resistance", "dt", "t_ref")
    run = simulate(current, **{name: p[name] for name in neuron})
    return run.spikes, run.potential


def _norse(current: np.ndarray, p: dict[str, Any]) -> Run:
    """Norse's LIFBox: no refractory time, and it fires at H > V_th where we fire at H ≥ V_th."""
    import torch
    from norse.torch.functional import lif_box, reset

    soft = p["v_reset"] is None
    values = {
        "tau_mem_inv": 1 / p["tau"], "v_leak": p["v_rest"], "v_th": p["v_threshold"],
        "v_reset": 0.0 if soft else p["v_reset"],
    }  # fmt: skip
    neuron = lif_box.LIFBoxParameters(
        **{name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()},
        reset_method=reset.reset_subtract if soft else reset.reset_value,
    )
    state = lif_box.LIFBoxFeedForwardState(torch.tensor(p["v_rest"], dtype=torch.float64))
    spikes, potential = [], []
    with torch.no_grad():
        for x in torch.from_numpy(p["resistance"] * current):
            spike, state = lif_box.lif_box_feed_forward_step(x, state, neuron, dt=p["dt"])
            spikes.append(float(spike))
            potential.append(float(state.v))
    return np.array(spikes), np.array(potential)
