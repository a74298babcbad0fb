"""The LIF neuron over all time steps and thresholds, in one autograd Function.

It keeps only its input and computes the membranes again in the backward pass. Below: the eager
way, in torch operations on pieces that fit the cache; then the compiled one on a CPU, lif.c. That
on a GPU is in gpu.py. The plain way is the loop in neuron.py.
"""

import ctypes
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from spikeatconv.fast import ways
from spikeatconv.fast.gpu import divide, run_with_torch, why_torch_cannot
from spikeatconv.fast.library import load_library
from spikeatconv.fast.traced import is_exporting, traced_sum
from spikeatconv.fast.ways import asked_way, is_in_memory
from spikeatconv.surrogate import Atan, Sigmoid, Surrogate

PIECE = 2**16  # elements a thread that the eager way works on at once: they fit the cache
LARGE_PIECE = 2**22  # elements on a GPU: few calls, and not much memory
Rows: TypeAlias = Tensor | list[Tensor]  # `[T, N]`, or T times `[N]`
HALF = (torch.float16, torch.bfloat16)


class Neurons(NamedTuple):
    """n LIF neurons that differ in their threshold only; the names are those of `LIF`."""

    thresholds: tuple[float, ...]
    tau: float
    v_rest: float
    v_reset: float | None
    surrogate: Surrogate
    detach_reset: bool


def choose_way(x: Tensor, neurons: Neurons) -> str:
    """How this input would run: "compiled", "eager" or "plain"."""
    way = asked_way()
    if way == "plain" or x.numel() == 0 or torch.compiler.is_compiling() or not is_in_memory(x):
        return "plain"  # torch.compile fuses the plain loop by itself
    if type(neurons.surrogate).__call__ is not Surrogate.__call__:
        if way == "compiled":
            raise ways.cannot_compile(f"{neurons.surrogate} has a step of its own")
        return "plain"  # a gradient of its own, which `derivative` does not tell
    if way == "eager":
        return way
    reason = why_not_compiled(x, neurons)
    if reason and way == "compiled":
        raise ways.cannot_compile(reason)
    return "eager" if reason else "compiled"


def why_not_compiled(x: Tensor, neurons: Neurons) -> str:
    """Why this input cannot run compiled; empty if it can."""
    if type(neurons.surrogate) not in (Atan, Sigmoid):
        return f"it knows Atan and Sigmoid only, and the surrogate is {neurons.surrogate}"
    device = ways.device_of(x)
    if device == "cuda":
        return why_torch_cannot(x, neurons)
    if device != "cpu":
        return f"the input is on {x.device}"
    if x.dtype not in (torch.float32, *HALF):
        return f"the input is {x.dtype}, and lif.c computes in torch.float32"
    return "" if load_library() else "there is no C compiler that works (the log says more)"


def lif_sum(x: Tensor, neurons: Neurons) -> Tensor | None:
    """Σᵢ of the spikes of the neurons over one input: `[T, ...]` → 0 to n, `[T, ...]`.

    Keeps x's dtype and memory format. Half precision is computed in float32. None where the plain
    way has to do it, which is in neuron.py.
    """
    if is_exporting():
        return traced_sum(x, *neurons[:4])
    way = choose_way(x, neurons)
    if way == "plain":
        return None
    must = way == "compiled" and asked_way() == "compiled"
    return _LIFSum.apply(x, neurons, way, must)


class _LIFSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, neurons: Neurons, way: str, must: bool) -> Tensor:
        ctx.save_for_backward(x)
        ctx.how = way, neurons, must
        flat, restore = flatten(x)
        return restore(run(forward_steps, *ctx.how, flat).to(x.dtype))

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None, None, None]:
        (x,) = ctx.saved_tensors
        if torch.is_grad_enabled() or not is_in_memory(x) or not is_in_memory(grad):
            return plain_backward(x, grad, ctx.how[1]), None, None, None
        flat, restore = flatten(x)
        flat_grad, _ = flatten(grad, like=x)
        out = run(backward_steps, *ctx.how, flat, flat_grad)
        return restore(out.to(x.dtype)), None, None, None


def plain_backward(x: Tensor, grad: Tensor, neurons: Neurons) -> Tensor:
    """The gradient of the plain way, by autograd: it can be differentiated again."""
    from spikeatconv.neuron import LIF  # which imports this file

    options = neurons._asdict()
    lifs = [LIF(v_threshold=threshold, **options) for threshold in options.pop("thresholds")]
    with torch.enable_grad():
        out = torch.stack([lif.run(x).spikes for lif in lifs]).sum(0)
    (gradient,) = torch.autograd.grad(out, x, grad, create_graph=torch.is_grad_enabled())
    return gradient


def flatten(x: Tensor, like: Tensor | None = None) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """x as `[T, N]` in the order of memory (of `like`), at least float32; and the way back."""
    strides = x.stride() if like is None else like.stride()
    order = [0, *sorted(range(1, x.dim()), key=lambda d: -strides[d])]
    ordered = x.permute(order)
    flat = ordered.reshape(x.shape[0], -1).contiguous().resolve_neg()
    flat = flat.float() if flat.dtype in HALF else flat
    back = sorted(range(x.dim()), key=order.__getitem__)
    return flat, lambda y: y.view(ordered.shape).permute(back)


def run(steps: Callable, way: str, neurons: Neurons, must: bool, *tensors: Tensor) -> Tensor:
    """What `steps(*tensors, out, neurons)` writes to out, that way. tensors and out: `[T, N]`.
    must: raise rather than run eagerly in place of compiled."""
    on_cpu = ways.device_of(tensors[0]) == "cpu"
    if way == "compiled" and not on_cpu:
        found = run_with_torch(steps, neurons, must, *tensors)
        if found is not None:
            return found
    out = torch.empty_like(tensors[0])
    if way == "compiled" and on_cpu:
        _call(f"lif_{steps.__name__.removesuffix('_steps')}", neurons, *tensors, out)
        return out
    size = PIECE * torch.get_num_threads() if on_cpu else LARGE_PIECE
    for begin in range(0, out.shape[1], size):
        steps(*(tensor[:, begin : begin + size] for tensor in (*tensors, out)), neurons)
    return out


# --- eager ----------------------------------------------------------------------------------


def forward_steps(x: Tensor, out: Rows, neurons: Neurons) -> None:
    """x: `[T, N]` → the number of neurons that fire, written to out: `[T, N]`."""
    for number, threshold in enumerate(neurons.thresholds):
        spikes = [torch.empty_like(x[0])] * len(x) if number else out
        for t, _ in enumerate(membranes(x, threshold, neurons, spikes)):
            if number:
                out[t].add_(spikes[t])


def backward_steps(x: Tensor, grad: Tensor, out: Rows, neurons: Neurons) -> None:
    """The gradient of `forward_steps` to out: `[T, N]`, with the surrogate's derivative σ' for
    that of Θ.

    With gS[t] the gradient of the spike from outside and gV[t] that of the membrane from t + 1:

        gS' = gS[t] + gV[t] · dV/dS      dV/dS = V_reset − H  (soft: −V_th), 0 if detached
        gH  = gS' · σ'(H − V_th) + gV[t] · dV/dH              dV/dH = 1 − S  (soft: 1)
        gX[t] = gH / τ                   gV[t−1] = gH · (1 − 1/τ)
    """
    tau, to = neurons.tau, neurons.v_reset
    spikes = [torch.empty_like(row) for row in x]
    for number, threshold in enumerate(neurons.thresholds):
        history = list(membranes(x, threshold, neurons, spikes))
        g_v = torch.zeros_like(x[0])
        for t in reversed(range(len(x))):
            g_s, h = grad[t], history[t]
            if not neurons.detach_reset:
                g_s = torch.addcmul(g_s, g_v, to - h) if to is not None else g_s - threshold * g_v
            if to is not None:
                g_v.addcmul_(g_v, spikes[t], value=-1)
            g_h = add_slope(g_v, g_s, h.sub_(threshold), neurons.surrogate)
            if number == 0:
                torch.mul(g_h, 1 / tau, out=out[t])
            else:
                out[t].add_(g_h, alpha=1 / tau)
            g_v = g_h.mul_(1 - 1 / tau)


def add_slope(g_v: Tensor, g_s: Tensor, u: Tensor, surrogate: Surrogate) -> Tensor:
    """g_v += g_s · σ'(u). For Atan in four passes, half of what `derivative` takes; u is lost."""
    if type(surrogate) is not Atan:
        return g_v.addcmul_(g_s, surrogate.derivative(u))
    slope = u.mul_(math.pi / 2 * surrogate.alpha)
    below = torch.addcmul(u.new_ones(()), slope, slope)
    return g_v.addcdiv_(g_s, below, value=surrogate.alpha / 2)


def membranes(x: Tensor, threshold: float, neurons: Neurons, spikes: Rows) -> Iterator[Tensor]:
    """H at each time step of x `[T, N]`, as in `lif_step`, to the bit; S is written to spikes."""
    tau, rest, to = neurons.tau, neurons.v_rest, neurons.v_reset
    exact = math.frexp(tau)[0] == 0.5  # a power of two: multiplying by 1 / τ rounds nothing
    at_once = exact and tau > 1 and rest == 0 and ways.device_of(x) == "cpu"
    v = torch.full_like(x[0], rest)
    for x_t, spike in zip(x, spikes, strict=True):
        if at_once:
            h = torch.lerp(x_t, v, 1 - 1 / tau)  # there V − (V − X) / τ, as the weight is ≥ 1/2
        else:
            h = x_t - (v if rest == 0 else v - rest)
            h = torch.add(v, h, alpha=1 / tau) if exact else divide(h, tau).add_(v)
        fire(h, threshold, spike)
        if to is None:
            v = torch.sub(h, spike, alpha=threshold)
        else:
            v = torch.addcmul(h, spike, h, value=-1)  # H · (1 − S)
            v = v.add_(spike, alpha=to) if to else v
        yield h


def fire(h: Tensor, threshold: float, spike: Tensor) -> None:
    """Θ(H − V_th) to spike, and NaN where H is NaN or infinite."""
    if ways.device_of(h) == "cpu":
        spike.copy_(h).ge_(threshold)  # 0.0 or 1.0 at once; a comparison to bool is slower
        spike.add_(h, alpha=0)
    else:
        spike.copy_(h >= threshold).add_(h - h)  # alpha = 0 adds nothing on MPS


# --- compiled -------------------------------------------------------------------------------


class _Parameters(ctypes.Structure):
    """`Neuron` of lif.c."""

    _fields_ = (
        *((name, ctypes.c_float) for name in ("tau", "v_rest", "v_reset", "alpha")),
        *((name, ctypes.c_int) for name in ("soft", "detach", "sigmoid", "n", "T", "threads")),
    )


def _call(function: str, neurons: Neurons, *tensors: Tensor) -> None:
    steps, size = tensors[0].shape
    threads = torch.get_num_threads() if steps * size > 2**15 else 1
    parameters = _Parameters(
        neurons.tau, neurons.v_rest, neurons.v_reset or 0.0, neurons.surrogate.alpha,
        neurons.v_reset is None, neurons.detach_reset, isinstance(neurons.surrogate, Sigmoid),
        len(neurons.thresholds), steps, threads,
    )  # fmt: skip
    thresholds = (ctypes.c_float * len(neurons.thresholds))(*neurons.thresholds)
    pointers = [ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors]
    call = getattr(load_library(), function)
    if call(*pointers, ctypes.c_long(size), thresholds, ctypes.byref(parameters)):
        raise MemoryError(f"{function} found no memory for {steps} time steps")
