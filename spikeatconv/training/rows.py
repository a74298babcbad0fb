"""What each reader of a place gives: the rows of a split. See `sources`."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from PIL import Image

TESTS = ("validation", "valid", "val", "test")  # names of the test split; the first one found
GET = (
    "`spikeatconv data prepare cifar100` and `spikeatconv data prepare imagenet` arrange what you "
    "downloaded; uoft-cs/cifar100 and ILSVRC/imagenet-1k are on the Hugging Face hub"
)


class Rows(Protocol):
    """A split as it was found. labels: `[N]`, int64, −1 where there is none."""

    labels: np.ndarray

    def image(self, row: int) -> Image.Image:
        """Raises what PIL raises."""

    def name(self, row: int) -> str:
        """Where it is, in words."""


Splits = tuple[tuple[Rows, Rows], tuple[str, ...]]  # for training and test, and the classes


def same_classes(train: Any, known: Any, test: Any, tested: Any, tell: str) -> None:
    """Raise ValueError if the test has classes that the training lacks."""
    only = sorted(set(tested) - set(known))
    if only:
        raise ValueError(
            f"{test} has the classes {few(only)}, which {train} lacks; it has {few(known)}. Add "
            f"them to the training or remove them from {tell}"
        )


def few(names: Sequence[Any]) -> str:
    """The first ten of them."""
    rest = len(names) - 10
    shown = ", ".join(map(str, names[:10])) or "nothing"
    return shown + (f" and {rest} more" if rest > 0 else "")
