"""Small sets as they are published → train-0.npz, test.npz, labels.json, which `open_data` reads.

    cifar10, cifar100   https://www.cs.toronto.edu/~kriz/cifar.html, the *binary* version (the
                        Python version is a pickle, and a pickle can run code)
    fashion_mnist       https://github.com/zalandoresearch/fashion-mnist, four files

It takes seconds, so whoever was interrupted calls again; the training images, without which nothing
opens, are written last.
"""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spikeatconv.files import write_whole
from spikeatconv.images.archives import Expected, check_archive, check_counts, open_archive, part

CIFAR10 = Expected(
    {"cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530"}, 10, 50_000, 10_000
)
CIFAR100 = Expected(
    {"cifar-100-binary.tar.gz": "03b5dce01913d631647c71ecec9e9cb8"}, 100, 50_000, 10_000
)
FASHION = Expected(
    {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    10, 60_000, 10_000,
)  # fmt: skip
CLOTHES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker",
           "bag", "ankle boot")  # fmt: skip

Split = tuple[np.ndarray, np.ndarray]  # images [N, C, H, W], labels [N]


def cifar10(
    archive: str | Path, folder: str | Path, expected: Expected = CIFAR10
) -> dict[str, int]:
    """cifar-10-binary.tar.gz, or the folder that it is in → npz. As `cifar`."""
    train = [f"data_batch_{i}.bin" for i in range(1, 6)]
    return cifar(archive, folder, expected, "batches.meta.txt", train, "test_batch.bin", 1)


def cifar100(
    archive: str | Path, folder: str | Path, expected: Expected = CIFAR100
) -> dict[str, int]:
    """cifar-100-binary.tar.gz, or the folder that it is in → npz. As `cifar`."""
    return cifar(archive, folder, expected, "fine_label_names.txt", ["train.bin"], "test.bin", 2)


def cifar(
    archive: str | Path, folder: str | Path, expected: Expected, names: str, train: Sequence[str],
    test: str, labels: int,
) -> dict[str, int]:  # fmt: skip
    """names, train, test: files in the archive.  labels: bytes before the pixels of an image, the
    last of which is its class.

    Returns {"classes", "train", "test"}: how many. Raises FileNotFoundError that says where to get
    the archive, and ValueError for one that is not what was published.
    """
    (name,) = expected.sums
    archive = Path(archive)
    archive = archive / name if archive.is_dir() else archive
    source = "https://www.cs.toronto.edu/~kriz/cifar.html (binary version)"
    check_archive(archive, source, expected)
    with open_archive(archive) as tar:
        files = {Path(m.name).name: part(tar, m).read() for m in tar if m.isfile()}
        for wanted in (names, *train, test):
            if wanted not in files:
                raise tarfile.ReadError(f"it holds no {wanted}")
    trained = records(b"".join(files[file] for file in train), labels)
    classes = files[names].decode().split()
    return write(folder, trained, records(files[test], labels), classes, expected, archive)


def records(content: bytes, labels: int) -> Split:
    size = labels + 3 * 32 * 32
    if len(content) % size:
        raise ValueError(f"{len(content)} bytes are no whole records of {size}; download it again")
    rows = np.frombuffer(content, np.uint8).reshape(-1, size)
    return rows[:, labels:].reshape(-1, 3, 32, 32), rows[:, labels - 1]


def fashion_mnist(
    archives: str | Path, folder: str | Path, expected: Expected = FASHION
) -> dict[str, int]:
    """The folder of the four files → npz. Returns and raises as `cifar`."""
    archives = Path(archives)
    source = "https://github.com/zalandoresearch/fashion-mnist (Get the Data, four files)"
    for name in expected.sums:
        check_archive(archives / name, source, expected)
    images, labels, test_images, test_labels = (idx(archives / name) for name in expected.sums)
    train, test = (images[:, None], labels), (test_images[:, None], test_labels)
    return write(folder, train, test, CLOTHES, expected, archives)


def idx(file: Path) -> np.ndarray:
    """An array of bytes: 0, 0, 8, the number of axes, the length of each, the values."""
    try:
        content = gzip.decompress(file.read_bytes())
        shape = np.frombuffer(content, ">u4", content[3], 4).tolist()
        if content[:3] != b"\0\0\x08":
            raise ValueError("it is no idx file of bytes")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)
    except (OSError, EOFError, IndexError, ValueError, zlib.error) as error:
        raise ValueError(f"{file} cannot be read: {error}. Download it again") from None


def write(
    folder: str | Path, train: Split, test: Split, classes: Sequence[str], expected: Expected,
    archive: Path,
) -> dict[str, int]:  # fmt: skip
    folder = Path(folder)
    found = {"classes": len(classes), "train": len(train[1]), "test": len(test[1])}
    check_counts(found, expected, archive)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "labels.json", json.dumps(list(classes)))
    write_whole(folder / "test.npz", npz_of(*test))
    write_whole(folder / "train-0.npz", npz_of(*train))
    return found


def npz_of(images: np.ndarray, labels: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, images=images, labels=labels)
    return file.getvalue()
