"""BatchNorm: its running mean and variance, free of what torch begins them with; over the batch of
all processes.

torch begins them at 0 and 1 and mixes in a share m of each batch, 0.1. After n batches (1 − m)ⁿ of
the beginning is left; where a variance is 0.001 in truth, a test after 40 steps still sees the 1.
Adam's correction leaves the batches alone, the later ones with more weight:

    running mean or variance / (1 − (1 − m)ⁿ)

After 158 batches the divisor is 1 in float32, and nothing differs from torch's own.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def young_norms(model: nn.Module) -> list[_BatchNorm]:
    """Those in which the beginning still counts."""
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    return [norm for norm in norms if norm.track_running_stats and norm.momentum and is_young(norm)]


def is_young(norm: _BatchNorm) -> bool:
    return share(norm) < 1 - 2**-24


def share(norm: _BatchNorm) -> float:
    """Of the running mean and variance that comes from batches: 1 − (1 − m)ⁿ."""
    return 1 - (1 - norm.momentum) ** int(norm.num_batches_tracked)


@contextmanager
def without_start(norms: list[_BatchNorm]) -> Iterator[None]:
    """Within it the norms see a batch, forward and backward, as torch has it: what they hold before
    and after is corrected. Norms that have seen enough leave the list."""
    norms[:] = [norm for norm in norms if is_young(norm)]
    for norm in norms:
        known = share(norm)  # asked once: on a GPU each question waits for it
        for running in (norm.running_mean, norm.running_var):
            running.mul_(known)  # by 0 at first: what torch begins with is forgotten
    try:
        yield
    finally:
        for norm in norms:
            if known := share(norm):
                for running in (norm.running_mean, norm.running_var):
                    running.div_(known)
            else:  # it had no batch yet
                norm.reset_running_stats()


def in_sync(model: nn.Module) -> nn.Module:
    """A network of the same tensors whose norms see the batch of all processes: torch's
    SyncBatchNorm. The model keeps its own norms, for the test and for its file."""
    other = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(model))
    for its, own in zip(other.modules(), model.modules(), strict=True):
        # The dicts, not the tensors in them: a move to a device puts new tensors there.
        its._parameters, its._buffers = own._parameters, own._buffers
    return other


def check_sync(sync_norm: bool, device: str, processes: int) -> None:
    if sync_norm and device == "cpu" and processes > 1:
        raise ValueError(
            "sync_norm is True, which torch computes on GPUs alone; leave it out: each process's "
            "BatchNorm then sees its share of the batch"
        )
