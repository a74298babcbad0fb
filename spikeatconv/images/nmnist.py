"""N-MNIST (Orchard et al., 2015): MNIST's digits on a screen, seen by an event camera that moves
three times → npz of clips, six frames each, two for each movement.

From https://www.garrickorchard.com/datasets/n-mnist: train.zip and test.zip, a folder for each
class with a file for each digit. An event has 5 bytes:

    x   y   one bit, 1 for ON, and 23 of the time in µs
        y = 240 is no event: all later times are 2¹³ µs later
"""

import zipfile
import zlib
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm.auto import tqdm

from spikeatconv.images.archives import Expected, check_archive
from spikeatconv.images.published import Split, write

SIDE, FRAMES = 34, 6
LATER, STEP = 240, 2**13
TRAIN, TEST = "20959b8e626244a1b502305a9e6e2031", "69ca8762b2fe404d9b9bad1103e97832"
NMNIST = Expected(
    {"train.zip": TRAIN, "Train.zip": TRAIN, "test.zip": TEST, "Test.zip": TEST},
    10, 60_000, 10_000,
)  # fmt: skip


def nmnist(archives: str | Path, folder: str | Path, expected: Expected = NMNIST) -> dict[str, int]:
    """The folder of the two archives → npz. Returns and raises as `published.cifar`."""
    archives = Path(archives)
    train, test = (spelt(archives / name) for name in ("train.zip", "test.zip"))
    for archive in (train, test):
        check_archive(archive, "https://www.garrickorchard.com/datasets/n-mnist", expected)
    classes = [str(digit) for digit in range(10)]
    return write(folder, clips_of(train), clips_of(test), classes, expected, archives)


def spelt(archive: Path) -> Path:
    """As it is, or with a capital letter if that is there."""
    other = archive.with_name(archive.name.capitalize())
    return other if other.is_file() else archive


def clips_of(archive: Path) -> Split:
    """images `[N, FRAMES, 2, 34, 34]`, labels `[N]`."""
    try:
        with zipfile.ZipFile(archive) as files:
            names = sorted(name for name in files.namelist() if name.endswith(".bin"))
            images = np.zeros((len(names), FRAMES, 2, SIDE, SIDE), np.uint8)
            for image, name in zip(images, tqdm(names, desc=archive.name, unit=""), strict=True):
                image[...] = counted(files.read(name), name)
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{archive} cannot be read: {error}. Download it again") from None
    return images, np.array([int(PurePosixPath(name).parent.name) for name in names], np.uint8)


def counted(content: bytes, name: str) -> np.ndarray:
    """`[FRAMES, 2, 34, 34]`: how many events, ON and OFF, in parts of equal time up to the last."""
    if len(content) % 5:
        raise ValueError(f"{name} has {len(content)} bytes, no whole events of 5")
    x, y, high, middle, low = np.frombuffer(content, np.uint8).reshape(-1, 5).T.astype(np.int64)
    time = ((high & 127) << 16 | middle << 8 | low) + STEP * np.cumsum(y == LATER)
    on, there = high >> 7, y != LATER
    if not there.any() or max(x[there].max(), y[there].max()) >= SIDE:
        raise ValueError(f"{name} has no event, or one outside of {SIDE} × {SIDE} pixels")
    frame = time * FRAMES // (time[there].max() + 1)
    place = np.ravel_multi_index(
        (frame[there], 1 - on[there], y[there], x[there]), (FRAMES, 2, SIDE, SIDE)
    )
    counts = np.bincount(place, minlength=FRAMES * 2 * SIDE * SIDE).clip(max=255)
    return counts.reshape(FRAMES, 2, SIDE, SIDE)
