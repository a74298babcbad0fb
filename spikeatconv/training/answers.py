"""What a trained network answers, image by image, and what that says of it.

    answers = ask(model, test, accelerator)
    answers.scores()           {"images": 1000, "top1": 0.982, "top1_low": 0.972, …}
    answers.by_class()         of each class: how many are right, and what it is taken for

A share p of n images is known to within Wilson's interval (1927), at 95 %:

    (p + z²/2n ± z · √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),   z = 1.96

which, other than p ± 2√(p(1 − p)/n), stays within 0 to 1 and is not empty at p = 1. It is what
chance in the choice of the test images leaves open; another seed of the training is not in it.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from spikeatconv.checks import MOST, check_whole
from spikeatconv.images.base import Images, batches_of
from spikeatconv.training.loop import (
    answers_to,
    check_accelerator,
    check_images,
    check_network,
)

if TYPE_CHECKING:
    import pandas as pd

Z = 1.96  # 95 % of a normal distribution lie within so many standard deviations
KEPT = 5  # classes of each answer
BINS = 10  # of the share that the network gives its answer


@dataclass(frozen=True)
class Answers:
    """classes: their names.  labels: `[N]`, int64.  found: `[N, k]`, the k ≤ 5 likeliest classes,
    the answer first.  shares: `[N, k]`, what softmax gives them.  losses: `[N]`."""

    classes: tuple[str, ...]
    labels: Tensor
    found: Tensor
    shares: Tensor
    losses: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def right(self) -> Tensor:
        """`[N]`, bool."""
        return self.found[:, 0] == self.labels

    def scores(self) -> dict[str, float]:
        """images, top1 with its interval top1_low to top1_high, top5 likewise where there are more
        than five classes, loss, and calibration_error (see `calibration`)."""
        told: dict[str, float] = {"images": len(self)}
        told |= named("top1", int(self.right.sum()), len(self))
        if len(self.classes) > KEPT:
            among = (self.found == self.labels[:, None]).any(1)
            told |= named("top5", int(among.sum()), len(self))
        bins = self.calibration()
        apart = ((bins.share - bins.right).abs() * bins.images).sum() / len(self)
        return told | {"loss": float(self.losses.mean()), "calibration_error": float(apart)}

    def confusion(self) -> Tensor:
        """`[classes, classes]`, int64: how many images of the row's class got the column's."""
        n = len(self.classes)
        return (self.labels * n + self.found[:, 0]).bincount(minlength=n * n).view(n, n)

    def by_class(self) -> "pd.DataFrame":
        """A row a class: images, recall (the share of them that is right) with its interval low to
        high, precision (of what is taken for it), and the class that it is most often taken for."""
        import pandas as pd

        matrix, rows = self.confusion(), []
        wrong = matrix.clone().fill_diagonal_(0)
        for i, name in enumerate(self.classes):
            images, right, taken = int(matrix[i].sum()), int(matrix[i, i]), int(matrix[:, i].sum())
            low, high = interval(right, images)
            most = int(wrong[i].argmax())
            rows.append({
                "class": name, "images": images, "recall": share(right, images), "low": low,
                "high": high, "precision": share(right, taken),
                "taken_for": self.classes[most] if wrong[i, most] else "",
                "times": int(wrong[i, most]),
            })  # fmt: skip
        return pd.DataFrame(rows)

    def calibration(self) -> "pd.DataFrame":
        """Whether the shares are what they say: of the images whose answer got a share in a bin,
        how many there are, the mean share, and how many are right (with the interval low to high).

        Their mean distance, weighted by images, is the expected calibration error (Guo et al.,
        2017); it depends on the number of bins, here 10 of equal width.
        """
        import pandas as pd

        sure, rows = self.shares[:, 0].double(), []
        place = (sure * BINS).long().clamp(max=BINS - 1)
        for i in range(BINS):
            here = place == i
            images, right = int(here.sum()), int(self.right[here].sum())
            low, high = interval(right, images)
            rows.append({
                "from": i / BINS, "to": (i + 1) / BINS, "images": images,
                "share": float(sure[here].mean()) if images else 0.0,
                "right": share(right, images) if images else 0.0, "low": low, "high": high,
            })  # fmt: skip
        return pd.DataFrame(rows)


def share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def named(name: str, right: int, images: int) -> dict[str, float]:
    low, high = interval(right, images)
    return {name: share(right, images), f"{name}_low": low, f"{name}_high": high}


def interval(right: int, images: int) -> tuple[float, float]:
    """Wilson's interval, 95 %, of so many right ones; of no images all that there is, 0 to 1."""
    right = check_whole(right, "right", 0, check_whole(images, "images", 0))
    if not images:
        return 0.0, 1.0
    p, n = right / images, images
    middle = p + Z**2 / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = (middle - half) / (1 + Z**2 / n), (middle + half) / (1 + Z**2 / n)
    return (low if right else 0.0), (high if right < images else 1.0)  # without rounding


@torch.no_grad()
def ask(
    model: nn.Module, data: Images, accelerator: Any, batch: int = 100, workers: int = 0
) -> Answers:
    """The answers to all images, in eval mode, in their order.

    accelerator: of Hugging Face's accelerate, which knows device and precision; one process.
    Raises TypeError or ValueError for what does not fit together, such as the number of classes.
    """
    check_network(model)
    check_images(data, "data")
    check_accelerator(accelerator)
    check_whole(batch, "batch")
    check_whole(workers, "workers", 0, MOST["workers"])
    model.eval()
    pieces, classes = [], len(data.classes)
    for images, labels in batches_of(data)(batch, workers=workers):
        logits, labels = answers_to(images, labels, model, accelerator, classes)
        if logits.shape[1] > classes:
            raise ValueError(
                f"the network tells {logits.shape[1]} classes apart and the data name {classes}; "
                "name all of the network's (`rename`)"
            )
        shares, found = logits.softmax(1).topk(min(KEPT, classes))
        losses = cross_entropy(logits, labels, reduction="none")
        pieces.append([tensor.cpu() for tensor in (labels, found, shares, losses)])
    return Answers(tuple(data.classes), *map(torch.cat, zip(*pieces, strict=True)))
