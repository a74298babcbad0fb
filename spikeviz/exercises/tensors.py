"""What checks ask of tensors; apart from `answer.py`, as a check without one needs no torch."""

import torch
from torch import Tensor


def same(first: object, second: object) -> bool:
    """Whether both are tensors of one shape with the same numbers."""
    if not (isinstance(first, Tensor) and isinstance(second, Tensor)):
        return False
    one, other = first.double(), second.double()
    return one.shape == other.shape and torch.allclose(one, other, 1e-4, 1e-5)


def find_wrong(given: Tensor, right: Tensor, tolerance: float = 1e-4) -> tuple[int, ...] | None:
    """The place of the first number that differs, as NaN always does; None where none does."""
    wrong = ~torch.isclose(given, right, tolerance, tolerance)
    return tuple(wrong.nonzero()[0].tolist()) if wrong.any() else None
