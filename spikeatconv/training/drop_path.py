"""Drop path, or stochastic depth (Huang et al., 2016): branches that are left out, by chance.

    x + f(x)   becomes   x + d · f(x),   d = 1 / (1 − p) with probability 1 − p, else 0

in training alone. d is 1 on the mean; it is drawn anew for each image, and is the same at all time
steps. Block l of L has p = rate · l / L, so that the last is left out most often. All branches of a
block have its p, each draws its own d.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import dropout

from spikeatconv.model import Network


def drop_paths(model: nn.Module, rate: float) -> Callable[[], None]:
    """Leaves out branches of the network while it is trained, until the function that it returns is
    called. Nothing of it is in the weights. Raises TypeError for a network whose branches are not
    known."""
    if not rate:
        return lambda: None
    if not isinstance(model, Network):
        raise TypeError(
            f"drop_path is {rate} and the network a {type(model).__name__}, of which no branches "
            "are known; give 0, and leave them out in its own forward"
        )
    blocks = model.branches()
    hooks = [
        branch.register_forward_hook(partial(leave_out, rate * number / len(blocks)))
        for number, block in enumerate(blocks, 1)
        for branch in block
    ]

    def end() -> None:
        for hook in hooks:
            hook.remove()

    return end


def leave_out(p: float, branch: nn.Module, _: Any, out: Tensor) -> Tensor:
    """What a branch gives, `[T, B, C, H, W]`, times each image's d."""
    return out * dropout(out.new_ones(1, out.shape[1], 1, 1, 1), p) if branch.training else out
