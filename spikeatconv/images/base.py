"""What the loop needs from a data set, and the one for images in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader

from spikeatconv.checks import short
from spikeatconv.data import mnist5k
from spikeatconv.images.clips import EventFit
from spikeatconv.images.picture import Fit, digit_border

MOST_CLASSES = 100_000


class Images:
    """Labelled images, given out batch by batch: the one thing that training and test read.

    A data set of one's own says three things, of which `batches` makes the rest; what has no
    numbers, as a stream, gives `batches` in place of `batch`.

    classes: their names; label i is classes[i].
    len(images): how many.
    batch(indices): images `[B, C, H, W]`, uint8 in 0 to 255 or float in 0 to 1, or events over time
        `[T, B, C, H, W]`, float (see `clips`); and their labels `[B]`, int64. The same indices
        always give the same: chance belongs to the augmentation, so that a run can be resumed. It
        is called in worker processes where there are any.
    name(index): not needed. Where the image is, in words.
    prepared: not needed. A `picture.Fit` or `clips.EventFit`, which says in the note of the weights
        how an image has to be prepared for the network that is trained on these.
    faults: what was left out or stood in for, in words.
    buffer: images out of which a stream draws the next one.
    """

    classes: Sequence[str]
    prepared: Fit | EventFit | None = None
    buffer: int | None = None

    @property
    def faults(self) -> list[str]:
        return []

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not say how many images it has")

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        raise NotImplementedError(f"{type(self).__name__} gives no images by their numbers")

    def name(self, index: int) -> str:
        return f"image {index}"

    def batches(
        self, size: int, seeds: Iterable[int] | None = None, *, parts: int = 1, process: int = 0,
        processes: int = 1, skip: int = 0, workers: int = 0,
    ) -> Iterator[tuple[Tensor, Tensor]]:  # fmt: skip
        """What that process reads: `size` images at once.

        seeds: of the order, one an epoch. An epoch has as many whole steps as there are images for;
            in each, every process takes so many `parts`.  None: all images once, in their order,
            and the last batch may be smaller.
        skip: batches that a stopped run has had.  workers: that read ahead.
        """
        numbers = numbers_of(len(self), size, seeds, parts, process, processes, skip)
        return iter(DataLoader(
            AtOnce(self), batch_size=None, sampler=numbers, num_workers=workers,
            pin_memory=torch.cuda.is_available(),
        ))  # fmt: skip


def batches_of(images: Any) -> Callable[..., Iterator[tuple[Tensor, Tensor]]]:
    """Its `batches`, also of what is no `Images` and has classes, len and batch alone."""
    return getattr(images, "batches", partial(Images.batches, images))


def first(images: Any, count: int) -> tuple[Tensor, Tensor]:
    """The first images, to look at."""
    return next(batches_of(images)(count))


def numbers_of(
    count: int, size: int, seeds: Iterable[int] | None, parts: int, process: int, processes: int,
    skip: int,
) -> Iterator[list[int]]:  # fmt: skip
    """The numbers of the images of each batch that the process reads."""
    if seeds is None:
        mine = range(process, count, processes)
        yield from (list(mine[i : i + size]) for i in range(skip * size, len(mine), size))
        return
    step = size * parts * processes
    for seed in seeds:
        order = permutation(seed, count)[: count // step * step].view(-1, processes, parts, size)
        for batch in order[:, process].reshape(-1, size)[skip:]:
            yield batch.tolist()
        skip = 0


def permutation(seed: int, count: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


class AtOnce:
    """Images as a DataLoader takes them: a batch at once, not image by image."""

    def __init__(self, images: Images) -> None:
        self.images = images

    def __getitem__(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        return self.images.batch(indices)


class InMemory(Images):
    """Images that fit in memory, as tensors or arrays.

    images: `[N, C, H, W]`, uint8 in 0 to 255 or float in 0 to 1; or numbers of events over time,
        `[T, N, C, H, W]`.  labels: `[N]`, whole numbers.
    classes: names, "0", "1", … up to the largest label if left out.
    prepared: as in `Images`, if it is known.
    Raises ValueError for other shapes or types, and for a label without a class.
    """

    def __init__(
        self, images: Any, labels: Any, classes: Sequence[str] | None = None,
        prepared: Fit | EventFit | None = None,
    ) -> None:  # fmt: skip
        self.prepared = prepared
        try:
            self.images, self.labels = torch.as_tensor(images), torch.as_tensor(labels)
        except (RuntimeError, TypeError, ValueError) as error:
            raise TypeError(
                f"images are {short(images)} and labels {short(labels)}, of which torch makes no "
                f"tensors ({error}); give arrays [N, C, H, W] or [T, N, C, H, W] and [N]"
            ) from None
        x, y = self.images, self.labels
        if x.dim() not in (4, 5) or not (x.is_floating_point() or x.dtype == torch.uint8):
            raise ValueError(
                f"images have shape {list(x.shape)} and type {x.dtype}; give [N, C, H, W], "
                "uint8 in 0 to 255 or float in 0 to 1, or events over time [T, N, C, H, W]"
            )
        if y.shape != x.shape[-4:-3] or y.is_floating_point() or not len(y):
            raise ValueError(
                f"labels have shape {list(y.shape)} and type {y.dtype}; give one whole number "
                f"for each of the {x.shape[-4]} images, and at least one"
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
        return len(self.labels)

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        images = self.images[..., indices, :, :, :]
        return images if images.dim() == 4 else images.float(), self.labels[indices]


def digits(split: str = "train") -> InMemory:
    """The digits that ship, "train" (4,000) or "test" (1,000), padded to `[N, 1, 32, 32]`."""
    images, labels = mnist5k(split)
    fit = Fit(32, 1, pad=digit_border(32))
    return InMemory(F.pad(images, [fit.pad] * 4), labels, prepared=fit)
