"""Which images train, which choose the best checkpoint, and which are asked once, at the end.

    parts = open_parts("photographs", 64, share=0.15, seed=0)
    parts.train, parts.validation, parts.test

    what is there                      train       validation              test
    CLASS/*.jpg, or a training alone   the rest    that share of a class   as many again
    a training and a test              the rest    that share of a class   what is there
    training, validation and test      what is there

Whoever picks the best of many checkpoints by the images that he then reports, reports too much: the
pick has seen them. Each class gives the same share, and the seed draws them: the same images and
the same seed give the same parts. `Parts.csv` says which image is where.
"""

import csv
import io
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikeatconv.checks import check_number, check_whole, few
from spikeatconv.files import read_text
from spikeatconv.images.base import permutation
from spikeatconv.images.sources import Source, open_all, tell_gaps

COLUMNS = ("image", "class", "part")
MOST_SHARE = 0.4


@dataclass(frozen=True)
class Parts:
    where: str | Path
    train: Source
    validation: Source
    test: Source

    def csv(self) -> str:
        """A row an image: image, class, part. Folders count from where the data are."""
        file = io.StringIO()
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for part in ("train", "validation", "test"):
            images: Source = getattr(self, part)
            names = [images.classes[label] for label in images.labels.tolist()]
            rows.writerows(
                (image, name, part)
                for image, name in zip(names_in(images, self.where), names, strict=True)
            )
        return file.getvalue()


def open_parts(
    where: str | Path, image_size: int, *, share: float, seed: int = 0, **words: Any
) -> Parts:
    """The three parts of the images there, as above.

    share: of each class, above 0 and up to 0.4; at least one image.  The rest as in `open_data`,
    also what it raises; ValueError for a class with too few images.
    """
    check_share(share)
    seed = check_whole(seed, "seed", 0)
    train, *others = open_all(where, image_size, **words, three=True)
    tell_gaps(train, where)
    if len(others) == 2:
        return Parts(where, train, *others)
    *held, rest = draw(train, share, seed, 2 - len(others))
    parts = [train.part(numbers, train.prepared) for numbers in held]
    return Parts(where, train.part(rest), *parts, *others)


def check_share(share: float) -> None:
    if not 0 < check_number(share, "split") <= MOST_SHARE:
        raise ValueError(
            f"split is {share}; give the share of each class that is held out, above 0 and up to "
            f"{MOST_SHARE}, such as 0.15"
        )


def draw(images: Source, share: float, seed: int, parts: int) -> list[Tensor]:
    """The numbers of the images of so many parts, each that share of each class, and of the rest,
    in order."""
    mixed = permutation(seed, len(images))
    labels = images.labels[mixed]
    found: list[list[Tensor]] = [[] for _ in range(parts + 1)]
    for label, name in enumerate(images.classes):
        mine = mixed[labels == label]
        each = max(1, round(share * len(mine)))
        if 0 < len(mine) <= parts * each:
            raise ValueError(
                f"the class {name} has {len(mine)} images, and to hold out {each} for each of "
                f"{parts} parts leaves none to train on; add images or remove the class"
            )
        cuts = [each * (i + 1) for i in range(parts)]
        for numbers, piece in zip(found, mine.tensor_split(cuts), strict=True):
            numbers.append(piece)
    return [torch.cat(numbers).sort().values for numbers in found]


def names_in(images: Source, where: str | Path) -> list[str]:
    """Where each image is, from where the data are: they may move."""
    place = f"{Path(where).expanduser()}{os.sep}"
    return [images.name(i).replace(place, f".{os.sep}", 1) for i in range(len(images))]


# --- asked again


def read_split(file: Path) -> dict[str, str]:
    """{image: part}. Raises ValueError for what `csv` did not write."""
    rows = list(csv.reader(io.StringIO(read_text(file))))
    if not rows or tuple(rows[0]) != COLUMNS or {*map(len, rows)} != {len(COLUMNS)}:
        raise ValueError(
            f"{file} cannot be read; expected the columns {', '.join(COLUMNS)}, as the training "
            "wrote them: bring it back, or train anew"
        )
    return {image: part for image, _, part in rows[1:]}


def open_test(
    where: str | Path, image_size: int, split: Mapping[str, str] | None = None, own: bool = True,
    **words: Any,
) -> Source:  # fmt: skip
    """The test images there; of CLASS/*.jpg alone all.

    split: of the training, {image: part}. Then of a validation and a test it is the test; and where
    images were held out, these.  own: whether these must be the images of the training; else they
    are taken for them where all are there under the same names.
    """
    *others, last = open_all(where, image_size, **words, three=split is not None)
    if split is None or others:
        return last
    names = names_in(last, where)
    gone = sorted(split.keys() - set(names))
    if gone and own:
        raise ValueError(
            f"{where} lacks {len(gone)} of the {len(split)} images of the training: {few(gone)}. "
            "Bring them back, or give --data other images"
        )
    if gone:
        return last
    if new := len(names) - len(split):
        warnings.warn(f"{where} has {new} images more than the training had; left out",
                      stacklevel=2)  # fmt: skip
    held = [i for i, name in enumerate(names) if split.get(name) == "test"]
    return last.part(torch.tensor(held, dtype=torch.int64))


def compare(before: str, now: str) -> list[str]:
    """The images whose rows differ in two texts of `csv`."""
    rows = set(before.splitlines()) ^ set(now.splitlines())
    return sorted({next(csv.reader([row]))[0] for row in rows})
