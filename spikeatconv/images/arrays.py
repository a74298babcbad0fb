"""Images and events that are arrays: those that ship, and npz files."""

import json
import math
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from spikeatconv.checks import few
from spikeatconv.data import mnist5k
from spikeatconv.events import all_clips, draw_clips
from spikeatconv.extra import extra
from spikeatconv.files import check_regular, read_text
from spikeatconv.images.rows import Rows, Splits, name_tests, number_classes, split_of

FORMAT = np.lib.format  # of the arrays in an npz file
MUCH, DENSE = 2**28, 100  # bytes, and how often as many as in the file, that are no photographs
MOVING = 125  # test digits that move, each in eight ways


class Arrays:
    """images: `[N, 1 or 3, H, W]`, or events over time `[N, T, C, H, W]`, uint8.
    files: (name, how many) in order."""

    faults: Sequence[str] = ()

    def __init__(self, images: Any, labels: Any, files: list[tuple[str, int]]) -> None:
        self.images, self.labels, self.files = images, labels, files

    @property
    def clips(self) -> bool:
        """Whether these are events over time."""
        return self.images.ndim == 5

    def image(self, row: int) -> Any:
        """A picture, or the array of a clip."""
        pixels = np.asarray(self.images[row])
        if self.clips:
            return pixels
        return Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))

    def name(self, row: int) -> str:
        """By its number in its file, counted from 0."""
        starts = np.cumsum([0] + [count for _, count in self.files])
        file = int(np.searchsorted(starts, row, side="right")) - 1
        return f"image {row - starts[file]} of {self.files[file][0]}"


def digit_rows(split: str) -> Rows:
    """28 × 28, as they ship."""
    images, labels = mnist5k(split)
    pixels = (images * 255).round().to(torch.uint8).numpy()
    return Arrays(pixels, labels.numpy(), [("the digits", len(labels))])


def event_rows(split: str) -> Rows:
    """The digits, moving past an event camera in 4 frames of 32 × 32: see `spikeatconv.events`."""
    images, _ = mnist5k(split)
    frames, ways = draw_clips(images, 0) if split == "train" else all_clips(images[:MOVING])
    stored = frames.transpose(0, 1).to(torch.uint8).numpy()
    return Arrays(stored, ways.numpy(), [("the moving digits", len(ways))])


def npz(path: Path, three: bool = False) -> Splits:
    files: dict[str, list[Path]] = {}
    for file in sorted(path.glob("*.npz")):
        files.setdefault(split_of(file.stem), []).append(file)
    tests = name_tests(files, path, three)
    if not tests and not three:
        raise FileNotFoundError(f"{path} has train*.npz and no test.npz to test on; add one")
    rows = tuple(join_arrays(files[name]) for name in ("train", *tests))
    check_alike(rows, path)
    return rows, npz_classes(path, rows[0].labels)


def check_alike(rows: Sequence["Arrays"], path: Path) -> None:
    """Raise ValueError where only some of them are events, or have other frames or channels."""
    kinds = [tuple(part.images.shape[1:-2]) for part in rows]
    if any(part.clips for part in rows) and len({*kinds}) > 1:
        raise ValueError(
            f"{path} has images [N, T, C, H, W], events over time, of which T and C differ from "
            f"file to file: {few(kinds)}; give all of them the same"
        )


def join_arrays(files: list[Path]) -> Arrays:
    shards = [read_shard(file) for file in files]
    first = shards[0][0].shape[1:]
    for file, (images, _) in zip(files, shards, strict=True):
        if images.shape[1:] != first:
            raise ValueError(
                f"{file} holds images of shape {list(images.shape[1:])}, {files[0]} of "
                f"{list(first)}; give all of them one shape"
            )
    return Arrays(
        np.concatenate([images for images, _ in shards]),
        np.concatenate([labels for _, labels in shards]),
        [(str(file), len(labels)) for file, (_, labels) in zip(files, shards, strict=True)],
    )


def read_shard(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """images `[N, C, H, W]` or `[N, T, C, H, W]` uint8, labels `[N]` int64."""
    check_regular(file)
    try:
        with zipfile.ZipFile(file) as archive:
            check_heads(archive, file)
            images, labels = (read_array(archive, name) for name in ("images", "labels"))
    except (
        OSError, EOFError, LookupError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise ValueError(
            f"{file} cannot be read: {error}; expected the arrays images and labels, made by "
            "numpy.savez. If it was cut off, copy it again"
        ) from None
    return images, labels.astype(np.int64)


def check_heads(archive: zipfile.ZipFile, file: Path) -> None:
    """By the arrays' headers, before their values are read."""
    shape, kind, size = read_head(archive, "images")
    labels, of_labels, _ = read_head(archive, "labels")
    pictures, clips = len(shape) == 4 and shape[1] in (1, 3), len(shape) == 5
    right = (pictures or clips) and all(shape) and kind == np.uint8
    if not right or labels != shape[:1] or of_labels.kind not in "iu":
        raise ValueError(
            f"it holds images {shape} of {in_short(kind)} and labels {labels} of "
            f"{in_short(of_labels)}; expected images [N, 1 or 3, H, W] of uint8, or events over "
            "time [N, T, C, H, W] of uint8, none of them 0, and labels [N] of an integer"
        )
    stored, free = archive.getinfo("images.npy").compress_size, extra("psutil").virtual_memory()
    if pictures and size > MUCH and size > DENSE * stored:
        raise ValueError(f"{size:,} bytes of images in {stored:,}: hardly a value differs")
    if size > free.available:
        raise ValueError(f"its images take {size:,} bytes and {free.available:,} are free")


def read_head(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype, int]:
    """Shape, type and bytes of an array."""
    with archive.open(f"{name}.npy") as stream:
        version = FORMAT.read_magic(stream)
        read = {(1, 0): FORMAT.read_array_header_1_0, (2, 0): FORMAT.read_array_header_2_0}
        shape, _, kind = read[version](stream)
    return shape, kind, math.prod(shape) * kind.itemsize


def read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        return FORMAT.read_array(stream, allow_pickle=False)


def in_short(kind: np.dtype) -> str:
    return {"O": "Python objects", "U": "text", "S": "text"}.get(kind.kind, str(kind))


def npz_classes(path: Path, labels: np.ndarray) -> tuple[str, ...]:
    """From labels.json, a list or CIFAR-100's {"fine_label_names": …}; numbers without one."""
    file = path / "labels.json"
    if not file.exists():
        return number_classes(labels, f"{path}, train,", f"name every class in {file}")
    try:
        names = json.loads(read_text(file))
        names = names["fine_label_names"] if isinstance(names, dict) else names
        if not isinstance(names, list) or not names:
            raise TypeError(f"it holds a {type(names).__name__}")
        if not all(isinstance(name, str | int) for name in names):
            raise TypeError("a name in it is no text")
        if len(set(map(str, names))) < len(names):
            raise ValueError("two classes have one name")
        return tuple(map(str, names))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{file} cannot be read ({error!r}); expected a list of the classes' names, each "
            "another text, or one under fine_label_names"
        ) from None
