"""What the loop needs from a data set, and the one for images in memory."""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from spikeatconv.checks import short
from spikeatconv.data import mnist5k
from spikeatconv.images.picture import Fit, digit_border

MOST_CLASSES = 100_000


class Images(Protocol):
    """Labelled images, read by their numbers.

    classes: their names; label i is classes[i].
    len(images): how many.
    batch(indices): images `[B, C, H, W]`, uint8 in 0 to 255 or float in 0 to 1, and their labels
        `[B]`, int64. The same indices always give the same: chance belongs to the augmentation, so
        that a run can be resumed. It is called in worker processes where there are any.
    prepared: not needed. A `picture.Fit`, which says in the note of the weights how an image has to
        be prepared for the network that is trained on these.
    """

    classes: Sequence[str]

    def __len__(self) -> int: ...

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]: ...


class InMemory:
    """Images that fit in memory, as tensors or arrays.

    images: `[N, C, H, W]`, uint8 in 0 to 255 or float in 0 to 1.  labels: `[N]`, whole numbers.
    classes: names, "0", "1", … up to the largest label if left out.
    prepared: as in `Images`, if it is known.
    Raises ValueError for other shapes or types, and for a label without a class.
    """

    def __init__(
        self, images: Any, labels: Any, classes: Sequence[str] | None = None,
        prepared: Fit | None = None,
    ) -> None:  # fmt: skip
        self.prepared = prepared
        try:
            self.images, self.labels = torch.as_tensor(images), torch.as_tensor(labels)
        except (RuntimeError, TypeError, ValueError) as error:
            raise TypeError(
                f"images are {short(images)} and labels {short(labels)}, of which torch makes no "
                f"tensors ({error}); give arrays [N, C, H, W] and [N]"
            ) from None
        x, y = self.images, self.labels
        if x.dim() != 4 or not (x.is_floating_point() or x.dtype == torch.uint8):
            raise ValueError(
                f"images have shape {list(x.shape)} and type {x.dtype}; give [N, C, H, W], "
                "uint8 in 0 to 255 or float in 0 to 1"
            )
        if y.shape != x.shape[:1] or y.is_floating_point() or not len(y):
            raise ValueError(
                f"labels have shape {list(y.shape)} and type {y.dtype}; give one whole number "
                f"for each of the {len(x)} images, and at least one"
            )
        self.labels = y.long()
        low, high = int(self.labels.min()), int(self.labels.max())
        if classes is None and high >= MOST_CLASSES:
            raise ValueError(
                f"labels run up to {high}; expected numbers of classes, below {MOST_CLASSES:,}: "
                "number the classes from 0"
            )
        self.classes = tuple(classes or map(str, range(high + 1)))
        if low < 0 or high >= len(self.classes):
            raise ValueError(
                f"labels run from {low} to {high}, and there are {len(self.classes)} classes; "
                f"give labels from 0 to {len(self.classes) - 1}, or more classes"
            )

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        return self.images[indices], self.labels[indices]


def digits(split: str = "train") -> InMemory:
    """The digits that ship, "train" (4,000) or "test" (1,000), padded to `[N, 1, 32, 32]`."""
    images, labels = mnist5k(split)
    fit = Fit(32, 1, pad=digit_border(32))
    return InMemory(F.pad(images, [fit.pad] * 4), labels, prepared=fit)
