"""The compiled way on a GPU: the eager code under torch.compile, which makes Triton kernels.

Nobody's training ends because Triton is missing, as on Windows, or because a compilation fails:
then the eager way takes over, with one line in the log. What ran compiled before goes on so.
"""

import itertools
import logging
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from spikeatconv.fast import ways

LONGEST = 16  # T · n up to which torch.compile unrolls the loop: at 32 it takes minutes
log = logging.getLogger("spikeatconv")
_numbers = itertools.count()
_working: set[tuple] = set()  # what ran compiled: (time, neurons, device, function)
_failures: list[str] = []  # why torch.compile does not work here


def why_torch_cannot(x: Tensor, neurons: Any) -> str:
    """Why this input cannot run under torch.compile; empty if it can."""
    time = x.shape[0]
    if time * len(neurons.thresholds) > LONGEST:
        return f"T · n is over {LONGEST}"
    if _get_current_dispatch_mode_stack():  # it would leave the function uncompiled for good
        return "torch.compile does nothing under a TorchDispatchMode"
    if _failures and not any(key[:3] == (time, neurons, x.device) for key in _working):
        return _failures[0]
    return ""


def run_with_torch(
    function: Callable, neurons: Any, must: bool, *tensors: Tensor
) -> Tensor | None:  # fmt: skip
    """What `function` makes of tensors, `[T, N]`; None where the eager way has to do it: if
    torch.compile fails, and from then on for all that has not run yet. must: raise instead."""
    key = (len(tensors[0]), neurons, tensors[0].device, function)
    if not _failures or key in _working:
        try:
            out = compile_with_torch(*key)(*tensors)
            _working.add(key)
            return out
        except Exception as error:
            if memory := out_of_memory(error):
                raise memory from error
            _working.discard(key)
            words = " ".join(str(error).split())[:200]
            reason = f"torch.compile failed, {type(error).__name__}: {words}"
            if not _failures and not must:
                log.warning("on %s LIFs run eagerly, with the same spikes: %s", key[2], reason)
            _failures.append(reason)
            if must:
                raise ways.cannot_compile(reason) from error
    if must:
        raise ways.cannot_compile(_failures[0])
    return None


def out_of_memory(error: BaseException | None) -> BaseException | None:
    """The device's lack of memory behind an error, which is no fault of the compiler's."""
    while error is not None and not isinstance(error, torch.OutOfMemoryError):
        error = getattr(error, "inner_exception", None) or error.__cause__
    return error


@cache
def compile_with_torch(time: int, neurons: Any, device: Any, function: Callable) -> Callable:
    """`function` under torch.compile, for any N. Each key has a code object of its own, else the
    limit on recompilations would be met soon."""

    def entry(*tensors: Tensor) -> Tensor:
        rows = [torch.empty_like(row) for row in tensors[0]]
        function(*tensors, rows, neurons)
        return torch.stack(rows)

    entry.__code__ = entry.__code__.replace(co_name=f"{function.__name__}_{next(_numbers)}")
    options = {
        # Each row is written where it belongs; else all T would be computed to choose one of them.
        "max_pointwise_cat_inputs": 0,
        # A step reads the one before more than once: unless it is a buffer, which the kernel keeps
        # to itself, the compiler goes through all of them again, and takes 3 to 4 × longer a step.
        "realize_opcount_threshold": 8,
    }
    compiled = torch.compile(entry, fullgraph=True, options=options)

    def run(*tensors: Tensor) -> Tensor:  # a gradient or autocast would compile it anew
        alone = [tensor.detach() for tensor in tensors]
        for tensor in alone:
            torch._dynamo.maybe_mark_dynamic(tensor, 1)
        with torch.autocast(device.type, enabled=False):
            return compiled(*alone)

    log.info("compiling the LIF for T = %d, %s: up to a minute, once", time, neurons)
    return run


def divide(x: Tensor, tau: float) -> Tensor:
    """x / τ, rounded once. On CUDA torch multiplies by 1 / τ, which rounds twice and may miss a
    spike; float64 has the digits to round to what the division gives."""
    fraction, exponent = math.frexp(tau)
    if ways.device_of(x) != "cuda" or x.dtype != torch.float32 or fraction == 0.5:
        return x / tau
    in_float32 = math.ldexp(round(fraction * 2**24), exponent - 24)
    return x.double().mul(1 / in_float32).float()
