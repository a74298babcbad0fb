"""The LIF neuron in few operations, for a graph that runs elsewhere (torch.export).

The plain loop takes 40 operations a neuron in four time steps, and an export takes time for each.
Here all thresholds lie on an axis of their own, and there is no gradient.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def is_exporting() -> bool:
    return torch.compiler.is_exporting() and not torch.is_grad_enabled()


def traced_sum(
    x: Tensor, thresholds: Sequence[float], tau: float, v_rest: float, v_reset: float | None
) -> Tensor:
    """Σᵢ of the spikes, `[T, ...]` → `[T, ...]`, by the steps of `lif_step`, in its order.

    What is not a number in x is none in the sum, at that time step.
    """
    threshold = torch.tensor(thresholds, dtype=x.dtype).view(-1, *[1] * (x.dim() - 1))
    v: Tensor | None = None
    counts = []
    for current in x.split(1):  # [1, ...]; h and v: [n, ...]
        if v is None:
            h = current / tau + v_rest if v_rest else current / tau
        else:
            h = v + (current - (v - v_rest if v_rest else v)) / tau
        fires = h >= threshold
        v = torch.where(fires, h - threshold if v_reset is None else v_reset, h)
        counts.append(fires.sum(0, keepdim=True, dtype=x.dtype))
    return torch.cat(counts) + (x - x)
