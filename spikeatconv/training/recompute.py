"""Activation checkpointing: less memory for a third more time, and the same bits.

A block keeps its input alone, and is computed again when the backward pass needs what lies within.
The second time BatchNorm leaves its running mean and variance as they are, else each batch would
count twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import MethodType

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from spikeatconv.model import Network


def recompute(model: Network) -> Network:
    """Makes the model's parts do so while gradients are needed; returns the model."""
    for block in model.parts():
        # A method bound to the block, not a function around it: a copy of the model binds its own.
        block.forward = MethodType(forward_again, block)
    return model


def forward_again(block: nn.Module, x: Tensor) -> Tensor:
    forward = type(block).forward
    if not torch.is_grad_enabled():
        return forward(block, x)
    return checkpoint(
        forward, block, x, use_reentrant=False,
        context_fn=lambda: (nullcontext(), keep_statistics(block)),
    )  # fmt: skip


@contextmanager
def keep_statistics(block: nn.Module) -> Iterator[None]:
    """Within it, BatchNorm writes its statistics into copies."""
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]
    own = [dict(norm._buffers) for norm in norms]
    for norm, buffers in zip(norms, own, strict=True):
        norm._buffers = {n: None if b is None else b.clone() for n, b in buffers.items()}
    try:
        yield
    finally:
        for norm, buffers in zip(norms, own, strict=True):
            norm._buffers = buffers
