"""What is in pictures: files and folders, many at once, in little memory."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from spikeatconv.checks import check_finite
from spikeatconv.command.trained import Trained, read_image
from spikeatconv.conv import fold
from spikeatconv.energy import NOT_FINITE, report_each
from spikeatconv.files import telling
from spikeatconv.images.folders import Found
from spikeatconv.training.augment import as_float

MOST = 100  # images at once
PIXELS = 2**20  # of all images at once
SHOWN = 5  # classes


@dataclass(frozen=True)
class Prediction:
    """top: the most likely classes and their shares.  The rest as in `EnergyReport`."""

    path: str
    top: list[tuple[float, str]]
    snn_mj: float
    ann_mj: float
    time_steps: int


@dataclass(frozen=True)
class Unread:
    """A file that gave no answer, and why."""

    path: str
    error: Exception


def predictions(trained: Trained, paths: Iterable[str]) -> Iterator[Prediction | Unread]:
    """One for each file, in order. The network is folded once, for the energy alone: rounding turns
    some spikes over, and the answers are those of `evaluate`. Raises ValueError for an answer that
    is no number."""
    folded, rest = fold(trained.model), iter(paths)
    at_once = max(1, min(MOST, PIXELS // trained.fit.size**2))
    while group := list(islice(rest, at_once)):
        read = [try_to_read(path, trained) for path in group]
        images = [image for image in read if not isinstance(image, Unread)]
        answers = iter(answer(images, folded, trained))
        for path, image in zip(group, read, strict=True):
            yield image if isinstance(image, Unread) else Prediction(path, *next(answers))


def try_to_read(path: str, trained: Trained) -> torch.Tensor | Unread:
    try:
        return read_image(path, trained)
    except (OSError, ValueError) as error:
        return Unread(path, error)


@torch.no_grad()
def answer(
    images: Sequence[torch.Tensor], folded: torch.nn.Module, trained: Trained
) -> Iterator[tuple[list[tuple[float, str]], float, float, int]]:
    if not images:
        return
    batch = as_float(torch.stack(list(images)))
    logits = trained.model(batch)
    check_finite(logits, f"the answer of {trained.path}", NOT_FINITE)
    snn_mj, ann_mj, time_steps = report_each(folded, batch)
    shares, found = logits.softmax(1).topk(min(SHOWN, logits.shape[1]))
    for share, numbers, mj in zip(shares.tolist(), found.tolist(), snn_mj.tolist(), strict=True):
        names = [trained.names[number] for number in numbers]
        yield list(zip(share, names, strict=True)), mj, ann_mj, time_steps


def write_csv(found: Iterable[Prediction], file: Path) -> int:
    """Write them as they come, a row an image, under the name FILE.part until the last one is
    there; how many there were, and no file where there was none."""
    draft, count = file.with_name(f"{file.name}.part"), 0
    with telling(file), draft.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        top = [f"{word}_{i}" for i in range(1, SHOWN + 1) for word in ("class", "share")]
        rows.writerow(["image", *top, "snn_mj", "ann_mj", "time_steps"])
        for count, one in enumerate(found, 1):  # noqa: B007
            answers = [value for share, name in one.top for value in (name, share)]
            answers += [""] * (len(top) - len(answers))
            rows.writerow([one.path, *answers, one.snn_mj, one.ann_mj, one.time_steps])
    with telling(file):
        draft.replace(file) if count else draft.unlink()
    return count


def files_of(words: Iterable[str], faults: list[str]) -> Iterator[str]:
    """Each file; of a folder its images and those in folders below, sorted. faults: gets what
    cannot be looked into, in words."""
    for word in words:
        if not os.path.isdir(word):  # Path's raises where a folder above may not be entered
            yield word
            continue
        found = Found(Path(word))
        yield from found.images()
        found.tell()
        faults += found.faults
