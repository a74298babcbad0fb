"""The leaky integrate-and-fire neuron, in discrete time (paper, "LIF neuron").

One step with input X[t] (membrane resistance R = 1, τ counted in time steps):

    charge   H[t] = V[t−1] + (X[t] − (V[t−1] − V_rest)) / τ
    fire     S[t] = Θ(H[t] − V_th)
    reset    V[t] = (1 − S[t]) · H[t] + S[t] · V_reset      hard: back to V_reset
             V[t] = H[t] − S[t] · V_th                      soft: V_reset is None

`lif_step` is that equation; `LIF` runs it over the leading time axis. Neither keeps
anything between calls: the state goes in as `v0` and comes out as `final`. Where only the
spikes are asked for, fast gives the same ones sooner.

What is not a number never gets lost: where H is NaN or infinite, S is NaN, and so is all that
this neuron gives from that step on.
"""

from collections.abc import Sequence
from functools import reduce
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from spikeatconv import checks, fast
from spikeatconv.checks import check_bool, check_names, check_neuron, check_numbers, check_real
from spikeatconv.surrogate import Surrogate, as_surrogate

PARAMETERS = ("tau", "v_threshold", "v_rest", "v_reset", "surrogate", "detach_reset")


class LIFTrace(NamedTuple):
    """What `LIF.run` returns.

    spikes:   S, `[T, ...]`, exactly 0 or 1 (NaN where H is NaN or infinite).
    membrane: H, `[T, ...]`, the potential before the reset.
    final:    V after the last step, `[...]`; pass it on as `v0` to go on from here.
    """

    spikes: Tensor
    membrane: Tensor
    final: Tensor


def lif_step(
    x: Tensor,
    v: Tensor,
    tau: float = 2.0,
    v_threshold: float = 1.0,
    v_rest: float = 0.0,
    v_reset: float | None = 0.0,
    surrogate: str | Surrogate = "atan",
    detach_reset: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """One time step of the LIF neuron, a pure function; its equation heads this file.

    x: input current, real, any shape `[...]`.     v: V[t−1], shape of x or broadcast to it.
    Returns (spike S, membrane before the reset H, membrane after it V), each `[...]`.
    The other arguments, their units and errors: see `LIF`.
    """
    neuron = check_parameters(tau, v_threshold, v_rest, v_reset, surrogate, detach_reset)
    check_real(x, "x")
    check_real(v, "v")
    check_same_shape(v, x)
    return _step(x, v, SimpleNamespace(**neuron))


def _step(x: Tensor, v: Tensor, neuron: Any) -> tuple[Tensor, Tensor, Tensor]:
    """`lif_step` of a `LIF`, or of what has its parameters; all are known to be right."""
    h = v + fast.divide(x - (v - neuron.v_rest), neuron.tau)
    spike = neuron.surrogate(h - neuron.v_threshold)
    s = spike.detach() if neuron.detach_reset else spike
    to = neuron.v_reset
    v_next = h - s * neuron.v_threshold if to is None else (1 - s) * h + s * to
    return spike, h, v_next


class LIF(nn.Module):
    """A layer of LIF neurons: `lif(x)` maps input currents `[T, ...]` to spikes `[T, ...]`.

    tau:          membrane time constant in time steps, ≥ 1.
    v_threshold:  V_th, the neuron fires where H ≥ V_th. Same unit as the input.
    v_rest:       V_rest, where the membrane settles without input; also the state before
                  the first step unless `v0` is given.
    v_reset:      V_reset < V_th for the hard reset, None for the soft one.
    surrogate:    "atan", "sigmoid", or an object with its slope such as `Atan(alpha=2.0)`.
    detach_reset: leave the reset out of the backward pass [open choice R1].

    Each can be changed later (`lif.tau = 4.0`) and is checked then too.
    Raises ValueError for a value out of range or a wrong rank, TypeError for a wrong type.
    """

    tau: float
    v_threshold: float
    v_rest: float
    v_reset: float | None
    surrogate: Surrogate
    detach_reset: bool

    def __init__(
        self,
        tau: float = 2.0,
        v_threshold: float = 1.0,
        v_rest: float = 0.0,
        v_reset: float | None = 0.0,
        surrogate: str | Surrogate = "atan",
        detach_reset: bool = True,
    ) -> None:
        super().__init__()
        options = check_parameters(tau, v_threshold, v_rest, v_reset, surrogate, detach_reset)
        self.__dict__.update(options)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in PARAMETERS and name in vars(self):  # the first ones are __init__'s
            value = check_parameters(**{**self.options(), name: value})[name]
        super().__setattr__(name, value)

    def forward(self, x: Tensor, v0: Tensor | None = None) -> Tensor:
        """x: `[T, ...]` → spikes `[T, ...]`. v0: state before the first step, `[...]`.

        Without v0 it runs the fast way (`spikeatconv.fast`), with the same spikes.
        """
        check_time_axis(x)
        spikes = fast.lif_sum(x, self.neurons((self.v_threshold,))) if v0 is None else None
        return self.run(x, v0).spikes if spikes is None else spikes

    def run(self, x: Tensor, v0: Tensor | None = None) -> LIFTrace:
        """Like `forward`, with the membrane and the final state beside the spikes."""
        check_time_axis(x)
        v = torch.full_like(x[0], self.v_rest) if v0 is None else check_state(v0, x)
        v = v.float() if v.dtype in (torch.float16, torch.bfloat16) else v  # or errors add up
        spikes, membrane = [], []
        for x_t in x:
            spike, h, v = _step(x_t, v, self)
            spikes.append(spike.to(x.dtype))
            membrane.append(h.to(x.dtype))
        return LIFTrace(torch.stack(spikes), torch.stack(membrane), v.to(x.dtype))

    def options(self) -> dict[str, Any]:
        """The arguments that make this neuron."""
        return {name: getattr(self, name) for name in PARAMETERS}

    def neurons(self, thresholds: tuple[float, ...]) -> fast.Neurons:
        """This neuron with other thresholds, as the fast way takes them."""
        return fast.Neurons(
            thresholds, self.tau, self.v_rest, self.v_reset, self.surrogate, self.detach_reset
        )

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.options().items())


class LIFSum(nn.ModuleList):
    """n LIF neurons with different thresholds over one input: Σᵢ LIF(x; V_th,i).

    `[T, ...]` → number of neurons that fire, 0 to n, `[T, ...]`. The neurons are its children:
    `branches[i]` is a `LIF`.

    thresholds: V_th of each neuron, at least one. options: those of `LIF` but v_threshold.
    Raises ValueError for no threshold, and as `LIF` does.
    """

    def __init__(self, thresholds: Sequence[float], **options) -> None:
        thresholds = check_numbers(thresholds, "thresholds")
        known = [name for name in PARAMETERS if name != "v_threshold"]
        check_names(options, known, "LIFSum")
        super().__init__()
        for number, threshold in enumerate(thresholds):
            with checks.naming("v_threshold", f"thresholds[{number}]"):
                self.append(LIF(v_threshold=threshold, **options))

    def forward(self, x: Tensor) -> Tensor:
        check_time_axis(x)
        if all(type(lif) is LIF and not is_watched(lif) for lif in self):
            thresholds = tuple(lif.v_threshold for lif in self)
            neurons = self[0].neurons(thresholds)
            alike = all(lif.neurons(thresholds) == neurons for lif in self)
            if alike and (spikes := fast.lif_sum(x, neurons)) is not None:
                return spikes  # of all branches in one pass over x
        return reduce(torch.add, (lif(x) for lif in self))  # in x's memory format


def is_watched(lif: LIF) -> bool:
    """Whether somebody has to see each run of this neuron, as `record` does."""
    return any((
        lif._forward_hooks, lif._forward_pre_hooks, lif._backward_hooks, lif._backward_pre_hooks
    ))  # fmt: skip


def check_parameters(
    tau: float,
    v_threshold: float,
    v_rest: float,
    v_reset: float | None,
    surrogate: str | Surrogate = "atan",
    detach_reset: bool = True,
) -> dict[str, Any]:
    """These values by name, as plain Python; an error names the value and the fix."""
    return {
        **check_neuron(tau, v_threshold, v_rest, v_reset),
        "surrogate": as_surrogate(surrogate),
        "detach_reset": check_bool(detach_reset, "detach_reset"),
    }


def check_time_axis(x: Tensor) -> None:
    """Raise unless x is a real tensor `[T, ...]` with at least one time step."""
    check_real(x, "x")
    if x.dim() == 0 or x.shape[0] == 0:
        raise ValueError(
            f"x has shape {list(x.shape)}; give [T, ...] with at least one time step first"
        )


def check_same_shape(v: Tensor, x: Tensor) -> None:
    """Raise ValueError unless v broadcasts to x or x to v."""
    pairs = zip(reversed(v.shape), reversed(x.shape), strict=False)
    if v.shape != x.shape and any(a != b and 1 not in (a, b) for a, b in pairs):
        raise ValueError(
            f"v has shape {list(v.shape)} and x {list(x.shape)}; give a v of the shape of x"
        )


def check_state(v0: Tensor, x: Tensor) -> Tensor:
    """v0 in x's dtype, broadcast to one time step of x `[T, ...]`; raises if it does not fit."""
    check_real(v0, "v0")
    try:
        return v0.to(x.dtype).expand(x.shape[1:])
    except RuntimeError:
        raise ValueError(
            f"v0 has shape {list(v0.shape)}, x has shape {list(x.shape)}; "
            f"give a v0 of the shape of one time step, {list(x.shape[1:])}"
        ) from None
