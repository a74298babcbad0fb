"""Where images come from: what ships, folders, npz, parquet, names on the Hugging Face hub.

    train_images, test_images = open_data("data/imagenet", 224, crop=True, faults="skip")

`Source` holds the images as the loop reads them. Each kind of place has its reader (`arrays`,
`folders`, `tables`), which gives the rows of both splits and the classes; an image is decoded when
the loop asks for it, so ImageNet opens in seconds. Nothing is fetched unless a name on the hub is
given.

    digits                        the 5,000 digits that ship
    events                        the same, moving past an event camera: see `spikeatconv.events`
    FOLDER                        train/CLASS/*.jpg and val/CLASS/*.jpg (or test/, png, webp, …),
                                  with words.txt ("n01443537<tab>goldfish") if there is one
    FOLDER                        CLASS/*.jpg alone, to test on, or for `split`
    FOLDER                        train-*.npz and test.npz, with images [N, C, H, W] uint8 and
                                  labels [N], beside labels.json, a list of the classes' names;
                                  or events over time, [N, T, C, H, W] uint8: see `clips`
    FOLDER or FILE                train*.parquet and test*.parquet (or validation*), also one folder
                                  down, as the hub keeps them
    OWNER/NAME                    on the hub, for example uoft-cs/cifar100
"""

import warnings
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spikeatconv.checks import MOST, check_choice, check_path, check_whole, few
from spikeatconv.events import DIRECTIONS
from spikeatconv.files import list_folder
from spikeatconv.images.arrays import Arrays, digit_rows, event_rows, npz
from spikeatconv.images.base import Images
from spikeatconv.images.clips import EventFit, NotForEvents, fit_of_clips
from spikeatconv.images.folders import image_folder, is_lone, lone_folder
from spikeatconv.images.picture import MOST_SIDE, Fit, digit_border, fits
from spikeatconv.images.rows import GET, Rows, Splits
from spikeatconv.images.tables import hub, is_hub_name, parquet, parquet_files

SHIPPED = ("digits", "events")  # what needs no place
FAULTS = ("stop", "skip")
PATIENCE = 100  # images in a row that cannot be read, before "skip" gives up too


def open_data(
    where: str | Path, image_size: int, *, faults: str = "stop", in_channels: int = 3,
    crop: bool = False, test_crop: float | None = None, interpolation: str = "bilinear",
    time_steps: int | None = None,
) -> tuple["Source", "Source"]:  # fmt: skip
    """The images for training and those for the test; both have `.faults`, a list of words.

    where: as above.  image_size: pixels a side.  in_channels: 3, or 1 for grey; events have their
        own.  time_steps: of events, which has to divide their frames; all of them if left out.
    crop: whether the recipe cuts out boxes at random (`recipe.augmentation.crop > 0`); training
        images then keep a margin (see `picture`).
    test_crop, interpolation: the recipe's.
    faults: of an image that cannot be read and a label without a class. "stop" raises ValueError
        that says where it is. "skip" goes on and lists it in `.faults`: a wrong label leaves before
        the start; an image that cannot be read is found when it is its turn (or by `check`), and
        the next one that can be read stands in for it, each time, so batches stay whole and
        a run can be resumed. In a test the stand-in counts twice.
    Raises FileNotFoundError that says how to get the data, and ValueError for what does not fit,
    such as a class of the test that the training lacks.
    """
    found = open_all(
        where, image_size, faults=faults, in_channels=in_channels, crop=crop, test_crop=test_crop,
        interpolation=interpolation, time_steps=time_steps,
    )  # fmt: skip
    if len(found) == 1:
        raise FileNotFoundError(
            f"{where} has classes, and nothing says which images are to test on; arrange them as "
            "train/CLASS and test/CLASS, or hold out a share of each class: --split 0.15 "
            "(in Python: open_parts)"
        )
    tell_gaps(found[0], where)
    return found[0], found[1]


def open_all(
    where: str | Path, image_size: int, *, faults: str = "stop", in_channels: int = 3,
    crop: bool = False, test_crop: float | None = None, interpolation: str = "bilinear",
    time_steps: int | None = None, three: bool = False,
) -> list["Source"]:  # fmt: skip
    """All that is there: for training and for the test; one alone where there are only classes.

    three: with validation between them where there is one beside "test", and the training alone
    where there is no more. The rest as in `open_data`.
    """
    size = check_whole(image_size, "image_size", 1, MOST_SIDE)
    check_choice(faults, "faults", FAULTS)
    if time_steps is not None:
        check_whole(time_steps, "time_steps", 1, MOST["time_steps"])
    border = digit_border(size) if str(where) == "digits" else 0
    train_fit: Fit | EventFit
    test_fit: Fit | EventFit
    train_fit, test_fit = fits(size, in_channels, crop, border, test_crop, interpolation)
    rows, classes = read_rows(where, three)
    if isinstance(rows[0], Arrays) and rows[0].clips:
        if test_crop is not None or interpolation != "bilinear":
            raise NotForEvents(
                f"test_crop is {test_crop} and interpolation is {interpolation}, and the events of "
                f"{where} are summed, not scaled; leave both out"
            )
        train_fit = test_fit = fit_of_clips(rows[0].images, size, time_steps)
    return [
        Source(split, classes, test_fit if i else train_fit, faults, test_fit)
        for i, split in enumerate(rows)
    ]


def read_rows(where: str | Path, three: bool = False) -> Splits:
    """The rows of what is there, and the classes. three: as in `open_all`."""
    path = check_path(where, "where").expanduser()
    if str(where) == "digits":
        return (digit_rows("train"), digit_rows("test")), tuple("0123456789")
    if str(where) == "events":
        return (event_rows("train"), event_rows("test")), tuple(DIRECTIONS)
    if path.suffix == ".parquet" and path.is_file():
        return parquet(path.parent, three)
    if path.is_dir():
        return folder_reader(path)(path, three)
    if is_hub_name(str(where)):
        return hub(str(where), three)
    raise FileNotFoundError(
        f'{where} is no folder; give "digits", "events", a folder or a name on the hub '
        f"(OWNER/NAME). {GET}"
    )


def full_name(where: str | Path) -> str:
    """What stands for the same place wherever one is."""
    path = Path(where).expanduser()
    return str(where) if str(where) in SHIPPED or not path.exists() else str(path.resolve())


def folder_reader(path: Path) -> Any:
    names = list_folder(path)
    if list(path.glob("train*.npz")):
        return npz
    if parquet_files(path):
        return parquet
    if (path / "train").is_dir():
        return image_folder
    if is_lone(path):
        return lone_folder
    raise FileNotFoundError(
        f"{path} holds {few(names)}; expected train/ beside val/ or test/, a folder for each "
        f"class, train-*.npz beside test.npz, or train*.parquet beside test*.parquet. {GET}"
    )


# --- the images as the loop reads them


class Source(Images):
    """Images that are decoded when they are asked for.

    fit: what each becomes.  prepared: what an image becomes that the network is asked about later.
    faults: what was left out or stood in for, in words; empty where nothing was, or not yet.
    """

    def __init__(
        self, rows: Rows, classes: Sequence[str], fit: Fit | EventFit, policy: str,
        prepared: Fit | EventFit,
    ) -> None:  # fmt: skip
        self.rows, self.fit, self.policy, self.prepared = rows, fit, policy, prepared
        self.classes: Sequence[str] = tuple(classes)
        self.kept, self.wrong = sort_out(rows, classes, policy)
        self.labels = torch.from_numpy(rows.labels[self.kept])
        # Shared: what a worker process cannot read, this process knows too.
        self.unreadable = torch.zeros(len(self.kept), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.kept)

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        fit = self.fit
        if isinstance(self.rows, Arrays) and isinstance(fit, Fit) and fit.takes(self.rows.images):
            images = fit.add_border(self.rows.images[self.kept[indices]])
            return images, self.labels[indices]
        images, labels = zip(*map(self._read_or_next, indices), strict=True)
        return torch.stack(images, images[0].dim() - 3), torch.stack(labels)  # after T, if any

    def name(self, index: int) -> str:
        return self.rows.name(self.kept[index])

    def part(self, numbers: Tensor, fit: Fit | EventFit | None = None) -> "Source":
        """These images alone. fit: what they become, else what all do."""
        part = copy(self)
        part.kept, part.labels = self.kept[numbers.numpy()], self.labels[numbers]
        part.unreadable = torch.zeros(len(numbers), dtype=torch.bool).share_memory_()
        if fit is not None:
            part.fit, part.wrong = fit, []  # what is wrong with others is told once
        return part

    def rename(self, classes: Sequence[str], numbers: Sequence[int]) -> None:
        """From now on label i is numbers[i], of those classes."""
        self.classes, self.labels = tuple(classes), torch.tensor(numbers)[self.labels]

    def check(self) -> list[str]:
        """Reads every image once, which takes as long as an epoch; the faults."""
        for index in range(len(self)):
            self._read(index)
        return self.faults

    @property
    def faults(self) -> list[str]:
        bad = self.unreadable.nonzero()[:, 0].tolist()
        return self.wrong + [problem(self.rows, self.kept[i], self.fit) for i in bad]

    def _read_or_next(self, index: int) -> tuple[Tensor, Tensor]:
        """The image of that number, or the next that can be read."""
        for i in range(index, index + min(PATIENCE, len(self))):
            image = self._read(i % len(self))
            if image is not None:
                return image, self.labels[i % len(self)]
        raise ValueError(
            f"none of {min(PATIENCE, len(self))} images in a row can be read, the first: "
            f"{problem(self.rows, self.kept[index], self.fit)}. Is the disk still there?"
        )

    def _read(self, index: int) -> Tensor | None:
        if self.unreadable[index]:
            return None
        try:
            return self.fit(self.rows.image(self.kept[index]))
        except Exception as error:  # whatever one image does
            if self.policy == "stop":
                raise ValueError(cannot_read(self.rows.name(self.kept[index]), error)) from None
            self.unreadable[index] = True
            return None


def tell_gaps(train: "Source", where: str | Path) -> None:
    """A warning about what can be trained on, and will not be learned."""
    classes = train.classes
    if len(classes) == 1:
        warnings.warn(
            f"{where} has the class {classes[0]} alone; to learn, a network needs two or more",
            stacklevel=3,
        )
    empty = sorted(set(range(len(classes))) - set(train.labels.tolist()))
    if empty:
        warnings.warn(
            f"{where} has no training image of {len(empty)} of its {len(classes)} classes: "
            f"{few([classes[i] for i in empty])}. Labels count from 0",
            stacklevel=3,
        )


def sort_out(rows: Rows, classes: Sequence[str], policy: str) -> tuple[np.ndarray, list[str]]:
    """The numbers of the rows whose label has a class, and all other faults in words."""
    wrong = (rows.labels < 0) | (rows.labels >= len(classes))
    words = [
        f"{rows.name(row)} has the label {rows.labels[row]}; expected 0 to {len(classes) - 1}"
        for row in np.flatnonzero(wrong)
    ]
    if rows.faults and policy == "stop":
        raise ValueError(
            f'{few(rows.faults)}. Mend that, or go on without what lies there: faults="skip"'
        )
    if words and policy == "stop":
        raise ValueError(
            f"{len(words)} of {len(wrong)} images have a label without a class: {words[0]}. Mend "
            'the labels or the list of classes, or go on without these images: faults="skip"'
        )
    if wrong.all():
        raise ValueError(f"no image is left of {len(wrong)}" + "".join(f"; {w}" for w in words[:1]))
    return np.flatnonzero(~wrong), [*rows.faults, *words]


def problem(rows: Rows, row: int, fit: Fit | EventFit) -> str:
    """What is wrong with an image, in words."""
    try:
        fit(rows.image(row))
    except Exception as error:
        return f"{rows.name(row)}: {error}"
    return f"{rows.name(row)}: could not be read, and now can be"


def cannot_read(name: str, error: Exception) -> str:
    return (
        f"{name} cannot be read: {error}. Copy it again from where it came from, or remove it, or "
        'go on without such images: faults="skip"'
    )
