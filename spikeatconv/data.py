"""The data that ships: small, real, and read without a network."""

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spikeatconv.checks import check_choice, check_path

if TYPE_CHECKING:
    from torch import Tensor

_PACKAGE = Path(__file__).resolve().parent
FOLDERS = (_PACKAGE / "_data", _PACKAGE.parent / "data")  # installed from a wheel; a checkout


def mnist5k(split: str = "train") -> "tuple[Tensor, Tensor]":
    """5,000 MNIST digits: images `[N, 1, 28, 28]` float32 in 0 to 1, labels `[N]` int64 in 0 to 9.

    split: "train" (N = 4,000, 400 a class) or "test" (N = 1,000, 100 a class), both mixed, so
    that the first few hundred hold every class. Source and licences: data/README.md.
    Raises ValueError for another split or a damaged file, FileNotFoundError for a missing one.
    """
    import torch

    check_choice(split, "split", ("train", "test"))
    with np.load(io.BytesIO(checked("mnist5k.npz")), allow_pickle=False) as arrays:
        images = torch.from_numpy(arrays[f"{split}_images"])
        labels = torch.from_numpy(arrays[f"{split}_labels"])
    return images.unsqueeze(1).float() / 255, labels.long()


def shipped(name: str) -> Path:
    """Where a data file that ships lies, for example "micro_digits.safetensors", a trained Micro
    for `load_weights`. Errors as `checked`, which compares its SHA-256 first.
    """
    checked(name)
    return _folder() / name


def shipped_weights() -> tuple[str, ...]:
    """The names of the trained networks that ship, as `load_weights` takes them."""
    return tuple(sorted(Path(n).stem for n in _sums() if n.endswith(".safetensors")))


def checked(name: str) -> bytes:
    """The bytes of a data file that ships, once their SHA-256 equals the one in SHA256SUMS.

    Raises FileNotFoundError if the file or its checksum is missing, ValueError if they differ.
    """
    fix = (
        f"restore it with `git checkout -- data/{name}` or make it again with the script that "
        "data/README.md names; if you installed a wheel, reinstall spikeatconv"
    )
    check_path(name, "name")
    folder = _folder()
    content = _read(folder / name, fix)
    expected = _sums()
    if name not in expected:
        raise FileNotFoundError(f"{folder / 'SHA256SUMS'} has no line for {name}; {fix}")
    found = hashlib.sha256(content).hexdigest()
    if found != expected[name]:
        raise ValueError(
            f"{folder / name} is damaged: its SHA-256 is {found}, expected {expected[name]}; {fix}"
        )
    return content


def _sums() -> dict[str, str]:
    """{file: its SHA-256}."""
    sums = _read(_folder() / "SHA256SUMS", "restore it with `git checkout -- data/SHA256SUMS`")
    lines = [line.split() for line in sums.decode().splitlines() if line.strip()]
    return {fields[-1]: fields[0] for fields in lines}  # as sha256sum writes: digest, name


def _folder() -> Path:
    return next((folder for folder in FOLDERS if folder.is_dir()), FOLDERS[-1])


def _read(path: Path, fix: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing; {fix}") from None
