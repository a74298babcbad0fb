"""Fine-tuning: stages of a trained network that stay as they are, while what follows learns.

A stage that stays is kept in eval mode too, whatever `model.train()` says: its BatchNorm uses the
statistics that it came with and changes none. What follows it needs no gradient of its input, so
such a step takes less time and memory.
"""

from collections.abc import Callable
from types import MethodType

from torch import nn

from spikeatconv.model import Network


def freeze(model: nn.Module, stages: int) -> Callable[[], None]:
    """Keeps the first stages of a network, and what stands before them, as they are, until the
    function that it returns is called. Raises ValueError for more stages than there are, TypeError
    for a network that has none."""
    parts = parts_of(model, stages)
    learned = [p for part in parts for p in part.parameters() if p.requires_grad]
    for part in parts:
        # Bound to the part, so that a copy of the model binds its own.
        part.eval().train = MethodType(stay, part)
    for parameter in learned:
        parameter.requires_grad_(False)

    def thaw() -> None:
        for part in parts:
            del part.train
        for parameter in learned:
            parameter.requires_grad_()

    return thaw


def stay(part: nn.Module, mode: bool = True) -> nn.Module:
    """In place of `train`."""
    return part


def parts_of(model: nn.Module, stages: int) -> list[nn.Module]:
    """The first stages and what stands before them, in parts."""
    if not stages:
        return []
    if not isinstance(model, Network):
        raise TypeError(
            f"frozen is {stages} and the network a {type(model).__name__}, of which no stages are "
            "known; give 0, and set requires_grad of its parameters yourself"
        )
    levels = model.levels()
    if stages > len(levels):
        raise ValueError(
            f"frozen is {stages} and the network has {len(levels)} stages; give 0 to {len(levels)}"
        )
    return [part for level in levels[:stages] for part in level]
