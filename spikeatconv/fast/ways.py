"""Which way the fast code runs, and on which tensors it may run at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from spikeatconv.checks import check_choice

WAYS = ("auto", "compiled", "eager", "plain")
_way: str | None = None


@contextmanager
def use(way: str) -> Iterator[None]:
    """Within the block, every LIF runs the "compiled", "eager" or "plain" way, or "auto"."""
    global _way
    before, _way = _way, check_choice(way, "way", WAYS)
    try:
        yield
    finally:
        _way = before


def asked_way() -> str:
    """The way of the innermost `use`, else of the environment variable SPIKEATCONV_LIF."""
    way = _way or os.environ.get("SPIKEATCONV_LIF") or "auto"
    return check_choice(way, "SPIKEATCONV_LIF", WAYS)


def is_in_memory(x: Tensor) -> bool:
    """Whether x is a plain tensor, whose values lie where its address says, and no mode of torch's
    own traces its operations to repeat them later. One that only watches may be there."""
    return (
        type(x) in (Tensor, Parameter)
        and not x.is_meta
        and torch._C._has_storage(x)
        and not any(mode.is_infra_mode() for mode in _get_current_dispatch_mode_stack())
        and not torch.jit.is_tracing()
    )


def device_of(x: Tensor) -> str:
    """The kind of device: "cpu", "cuda", "mps", ... All of the fast code asks here, so that tests
    can send a CPU's tensors the way of a GPU's."""
    return x.device.type


def is_image_on_cpu(x: Tensor) -> bool:
    """Whether x is `[N, C, H, W]`, float32, in memory in channels_last, on a CPU, and not compiled
    by torch: what the convolutions here take."""
    return (
        not torch.compiler.is_compiling()
        and is_in_memory(x)
        and device_of(x) == "cpu"
        and x.dtype == torch.float32
        and x.dim() == 4
        and x.is_contiguous(memory_format=torch.channels_last)
    )


def cannot_compile(reason: str) -> RuntimeError:
    return RuntimeError(
        f'the LIF cannot run "compiled" here: {reason}; choose "auto" or "eager" instead'
    )
