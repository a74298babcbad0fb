"""What each reader of a place gives: the rows of a split. See `sources`."""

import re
import warnings
from collections.abc import Collection, Sequence
from typing import Any, Protocol

import numpy as np

from spikeatconv.checks import few

TESTS = ("validation", "valid", "val", "test")  # names of the test split; the first one found
GET = (
    "`spikeatconv data prepare cifar100` arranges what you downloaded; so it does for cifar10, "
    "fashion-mnist and imagenet; uoft-cs/cifar100 and ILSVRC/imagenet-1k are on the Hugging Face "
    "hub"
)


class Rows(Protocol):
    """A split as it was found.

    labels: `[N]`, int64, −1 where there is none.  faults: what could not be made a row, in words.
    """

    labels: np.ndarray
    faults: Sequence[str]

    def image(self, row: int) -> Any:
        """A picture, or an array of events `[T, C, H, W]`. Raises ValueError or an OSError that
        says what is wrong."""

    def name(self, row: int) -> str:
        """Where it is, in words."""


# For training and test, with validation between them where all three are wanted and there; or one
# alone, of which nothing says what it is for. And the classes.
Splits = tuple[tuple[Rows, ...], tuple[str, ...]]


def split_of(name: str) -> str:
    """Of a file or folder: "train" or one of TESTS, by how its name begins; else ""."""
    match = re.match(rf"(train|{'|'.join(TESTS)})(?![a-z])", name)
    return match[1] if match else ""


def name_tests(there: Collection[str], place: Any, three: bool = False) -> list[str]:
    """The name of the test split among those; a warning says which, where there are several.
    three: of several, one for validation and "test" for the test. [] where there is none."""
    found = [name for name in TESTS if name in there]
    if three and len(found) > 1 and "test" in found:
        return [found[0], "test"]
    if len(found) > 1:
        warnings.warn(
            f"{place} has {' and '.join(found)}; {found[0]} is what is tested on", stacklevel=2
        )
    return found[:1]


def number_classes(labels: np.ndarray, place: Any, name_them: str) -> tuple[str, ...]:
    """The classes of labels without names: "0" up to the largest. Raises ValueError where a number
    has no image, for then the labels count from 1, or are no numbers of classes at all.

    name_them: how the classes could be named.
    """
    known = np.unique(labels[labels >= 0])
    if not len(known):
        raise ValueError(
            f"{str(place).rstrip(',')}: none of {len(labels)} images has a label; give labels"
        )
    if len(known) <= known[-1]:
        missing = next(i for i, label in enumerate(known) if i != label)
        from_1 = "they seem to count from 1, so subtract 1" if known[0] == 1 else "renumber them"
        raise ValueError(
            f"{place} has the labels {few(known.tolist())}, and no image has the label {missing}. "
            f"Labels without names count from 0 and leave none out: {from_1}, or {name_them}"
        )
    return tuple(map(str, known))


def check_same_classes(train: Any, known: Any, test: Any, tested: Any, tell: str) -> None:
    """Raise ValueError if the test has classes that the training lacks."""
    only = sorted(set(tested) - set(known))
    if only:
        raise ValueError(
            f"{test} has the classes {few(only)}, which {train} lacks; it has {few(known)}. Add "
            f"them to the training or remove them from {tell}"
        )
