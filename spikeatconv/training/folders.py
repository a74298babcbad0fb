"""Image folders: train/CLASS/*.jpg beside val/CLASS/*.jpg, read as a table of paths."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spikeatconv.training.extra import extra
from spikeatconv.training.rows import GET, TESTS, Splits, few, same_classes
from spikeatconv.training.tables import Cells

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff"}


def image_folder(path: Path) -> Splits:
    test = next((path / name for name in TESTS if (path / name).is_dir()), None)
    if test is None:
        raise FileNotFoundError(f"{path} has train/ and neither val/ nor test/; add one of them")
    classes = folders_in(path / "train")
    same_classes(path / "train", classes, test, folders_in(test), tell=test.name)
    train = files_table(path / "train", classes)
    none = sorted(set(range(len(classes))) - set(train.labels.tolist()))
    if none:
        raise ValueError(
            f"no image in {few([str(path / 'train' / classes[i]) for i in none])}; add images "
            f"({', '.join(sorted(SUFFIXES))}) or remove the folder, also from {test.name}/"
        )
    return (train, files_table(test, classes)), in_words(path / "words.txt", classes)


def folders_in(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def files_table(path: Path, classes: Sequence[str]) -> Cells:
    """One row for each image below path/CLASS, in the order of their paths."""
    datasets = extra("datasets")
    files = [(file, i) for i, name in enumerate(classes) for file in images_below(path / name)]
    if not files:
        raise FileNotFoundError(f"{path} holds no image, in {few(classes)}. {GET}")
    features = datasets.Features({"image": datasets.Image(decode=False)})
    table = datasets.Dataset.from_dict({"image": [file for file, _ in files]}, features)
    return Cells(table, np.array([label for _, label in files], dtype=np.int64))


def images_below(path: Path) -> list[str]:
    return sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(path, followlinks=True)
        for name in names
        if os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith(".")
    )


def in_words(file: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """What words.txt calls the folders; where two have the same words, the folder's name too."""
    if not file.exists():
        return tuple(folders)
    lines = file.read_text(encoding="utf-8").splitlines()
    words = dict(line.split("\t", 1) for line in lines if "\t" in line)
    names = [words.get(folder, folder).strip() for folder in folders]
    return tuple(
        f"{name} ({folder})" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    )
