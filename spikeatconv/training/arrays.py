"""Images that are arrays: the digits that ship, and npz files."""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from spikeatconv.training.images import digits
from spikeatconv.training.picture import Fit
from spikeatconv.training.rows import TESTS, Rows, Splits


class Arrays:
    """images: `[N, 1 or 3, H, W]`, uint8.  files: (name, how many) in order."""

    def __init__(self, images: Any, labels: Any, files: list[tuple[str, int]]) -> None:
        self.images, self.labels, self.files = images, labels, files

    def ready(self, fit: Fit) -> bool:
        """Whether nothing has to be done to these images."""
        return self.images.shape[1:] == (fit.channels, fit.size, fit.size)

    def image(self, row: int) -> Image.Image:
        pixels = np.asarray(self.images[row])
        return Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))

    def name(self, row: int) -> str:
        """By its number in its file, counted from 0."""
        starts = np.cumsum([0] + [count for _, count in self.files])
        file = int(np.searchsorted(starts, row, side="right")) - 1
        return f"image {row - starts[file]} of {self.files[file][0]}"


def digit_rows() -> tuple[Rows, Rows]:
    def rows(split: str) -> Rows:
        data = digits(split)
        pixels = (data.images * 255).round().to(torch.uint8).numpy()
        return Arrays(pixels, data.labels.numpy(), [("the digits", len(data))])

    return rows("train"), rows("test")


def npz(path: Path) -> Splits:
    tests = [file for name in TESTS for file in sorted(path.glob(f"{name}*.npz"))]
    if not tests:
        raise FileNotFoundError(f"{path} has train*.npz and no test.npz to test on; add one")
    train = arrays(sorted(path.glob("train*.npz")))
    return (train, arrays(tests)), npz_classes(path, train.labels)


def arrays(files: list[Path]) -> Arrays:
    shards = [shard(file) for file in files]
    return Arrays(
        np.concatenate([images for images, _ in shards]),
        np.concatenate([labels for _, labels in shards]),
        [(str(file), len(labels)) for file, (_, labels) in zip(files, shards, strict=True)],
    )


def shard(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """images `[N, C, H, W]` uint8, labels `[N]` int64."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            images, labels = content["images"], content["labels"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{file} cannot be read: {error}; expected the arrays images and labels, made by "
            "numpy.savez. If it was cut off, copy it again"
        ) from None
    right = images.ndim == 4 and images.shape[1] in (1, 3) and images.dtype == np.uint8
    if not right or labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{file} holds images {images.shape} {images.dtype} and labels {labels.shape} "
            f"{labels.dtype}; expected images [N, 1 or 3, H, W] uint8 and labels [N] of an integer"
        )
    return images, labels.astype(np.int64)


def npz_classes(path: Path, labels: np.ndarray) -> tuple[str, ...]:
    """From labels.json, a list or CIFAR-100's {"fine_label_names": …}; numbers without one."""
    file = path / "labels.json"
    if not file.exists():
        return tuple(map(str, range(int(labels.max()) + 1)))
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
        return tuple(map(str, names["fine_label_names"] if isinstance(names, dict) else names))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file} cannot be read ({error!r}); expected a list of the classes' names, or one "
            "under fine_label_names"
        ) from None
