"""Image folders: train/CLASS/*.jpg beside val/CLASS/*.jpg, or CLASS/*.jpg alone, read as a table of
paths."""

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from spikeatconv.checks import few
from spikeatconv.extra import extra
from spikeatconv.files import list_folder, read_text
from spikeatconv.images import SUFFIXES
from spikeatconv.images.rows import GET, TESTS, Splits, check_same_classes, name_tests
from spikeatconv.images.tables import Cells


def image_folder(path: Path, three: bool = False) -> Splits:
    tests = name_tests(folders_in(path), path, three)
    if not tests and not three:
        raise FileNotFoundError(f"{path} has train/ and neither val/ nor test/; add one of them")
    classes = folders_in(path / "train")
    for name in tests:
        known = folders_in(path / name)
        check_same_classes(path / "train", classes, path / name, known, tell=name)
    train = files_table(path / "train", classes)
    none = sorted(set(range(len(classes))) - set(train.labels.tolist()))
    if none:
        raise ValueError(
            f"no image in {few([str(path / 'train' / classes[i]) for i in none])}; "
            + (f"{few(train.faults)}" if train.faults else "add images "
               f"({', '.join(sorted(SUFFIXES))}) or remove the folder"
               + "".join(f", also from {name}/" for name in tests))
        )  # fmt: skip
    rows = (train, *(files_table(path / name, classes) for name in tests))
    return rows, named_in_words(path / "words.txt", classes)


def lone_folder(path: Path, three: bool = False) -> Splits:
    classes = folders_in(path)
    return (files_table(path, classes),), named_in_words(path / "words.txt", classes)


def is_lone(path: Path) -> bool:
    """Whether it holds a folder for each class, and none for a split."""
    folders = folders_in(path)
    return bool(folders) and {"train", *TESTS}.isdisjoint(folders)


def folders_in(path: Path) -> list[str]:
    return [n for n in list_folder(path) if (path / n).is_dir() and not n.startswith(".")]


def files_table(path: Path, classes: Sequence[str]) -> Cells:
    """One row for each image below path/CLASS, in the order of their paths."""
    datasets = extra("datasets")
    found, files = Found(path), []
    for i, images in enumerate(found.below(classes)):
        files += [(file, i) for file in images if found.is_text(file)]
    if not files:
        faults = few(found.faults) + ". " if found.faults else ""
        raise FileNotFoundError(f"{path} holds no image, in {few(classes)}. {faults}{GET}")
    found.tell()
    features = datasets.Features({"image": datasets.Image(decode=False)})
    table = datasets.Dataset.from_dict({"image": [file for file, _ in files]}, features)
    labels = np.array([label for _, label in files], dtype=np.int64)
    return Cells(table, labels, faults=found.faults)


@dataclass
class Found:
    """What lies below a folder.

    faults: what could not be taken, in words.  others: how many files of other suffixes.
    seen: {real path: path} of the folders on the way, so that a link that leads back is noticed:
    its images would come again, and as another class.
    """

    path: Path
    faults: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    seen: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        real = Path(os.path.realpath(self.path))
        self.seen |= {str(folder): str(folder) for folder in (real, *real.parents)}

    def images(self) -> list[str]:
        """The paths of all images, sorted."""
        return sorted(self._images(str(self.path)))

    def below(self, classes: Sequence[str]) -> list[list[str]]:
        """The same for each of these folders in it."""
        folders = [os.path.join(self.path, name) for name in classes]
        new = [self._is_new(folder) for folder in folders]  # all of them, before one is entered
        return [
            sorted(self._images(folder)) if is_new else []
            for folder, is_new in zip(folders, new, strict=True)
        ]

    def tell(self) -> None:
        """A warning about files that were left alone."""
        if self.others:
            kinds = ", ".join(f"{n} {suffix}" for suffix, n in sorted(self.others.items()))
            warnings.warn(
                f"not read in {self.path}, as they are no images by their names: {kinds}. Read are "
                f"{' '.join(sorted(SUFFIXES))}",
                stacklevel=2,
            )

    def is_text(self, file: str) -> bool:
        """Whether its name can stand in a table; a fault if not."""
        try:
            file.encode()
        except UnicodeEncodeError:
            self.faults.append(f"{file!a} has a name that is no text in UTF-8; rename it")
            return False
        return True

    def _is_new(self, folder: str) -> bool:
        first = self.seen.setdefault(os.path.realpath(folder), folder)
        if first != folder:
            self.faults.append(f"{folder} leads to {first}, which is read already; remove the link")
        return first == folder

    def _images(self, folder: str) -> list[str]:
        images: list[str] = []
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            self.faults.append(f"{folder} is missing, which train/ has; add it, with images")
            return images
        except OSError as error:
            self.faults.append(f"{folder} cannot be read: {error.strerror}; mend or remove it")
            return images
        for entry in entries:
            suffix, kind = os.path.splitext(entry.name)[1].lower(), kind_of(entry)
            if entry.name.startswith("."):
                continue
            if kind == "folder":
                images += self._images(entry.path) if self._is_new(entry.path) else []
            elif suffix not in SUFFIXES:
                self.others[suffix or "without a suffix"] += 1
            elif kind == "file":
                images.append(entry.path)
            else:
                self.faults.append(f"{entry.path} is no regular file; remove it")
        return images


def kind_of(entry: os.DirEntry) -> str:
    """ "folder", "file", or "" for a pipe, a device, a link to nothing or to itself."""
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:
        return ""


def named_in_words(file: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """What words.txt calls the folders; where two have the same words, the folder's name too."""
    if not file.exists():
        return tuple(folders)
    lines = read_text(file).splitlines()
    words = dict(line.split("\t", 1) for line in lines if "\t" in line)
    names = [words.get(folder, folder).strip() for folder in folders]
    return tuple(
        f"{name} ({folder})" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    )
