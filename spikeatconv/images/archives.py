"""Archives that somebody downloaded: whether they are what was published, and what they hold."""

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tqdm.auto import tqdm

from spikeatconv.files import write_whole


@dataclass(frozen=True)
class Expected:
    """What the archives hold: {archive: its MD5}, and how many classes and images."""

    sums: dict[str, str]
    classes: int
    train: int
    test: int


@contextmanager
def open_archive(archive: Path) -> Iterator[tarfile.TarFile]:
    """Raises ValueError for an archive that is cut off."""
    try:
        with tarfile.open(archive) as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{archive} cannot be read: {error}. Download it again") from None


def part(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise tarfile.ReadError(f"{member.name} is no file")
    return file


def content(tar: tarfile.TarFile, ending: str) -> bytes:
    """Of the file whose path ends so."""
    for member in tar:
        if member.name.endswith(ending):
            return part(tar, member).read()
    raise tarfile.ReadError(f"it holds no {ending}")


def check_archive(
    archive: Path, source: str, expected: Expected, folder: Path | None = None
) -> None:
    """Raise FileNotFoundError unless it is there, ValueError unless its MD5 is the expected one, if
    that is known. folder: remembers, in .checked, what was right, by size and time: 138 GB take a
    quarter of an hour."""
    if not archive.is_file():
        raise FileNotFoundError(f"{archive} is missing; download it from {source}")
    status, right = archive.stat(), expected.sums.get(archive.name)
    line = f"{right} {status.st_size} {status.st_mtime_ns} {archive.name}"
    memory = None if folder is None else folder / ".checked"
    known = memory.read_text(encoding="utf-8").splitlines() if memory and memory.exists() else []
    if right is None or line in known:
        return
    found = md5(archive)
    if found != right:
        raise ValueError(
            f"{archive} has the MD5 {found}; expected {right}: it is damaged or another file. "
            "Download it again"
        )
    if memory:
        write_whole(memory, "\n".join([*known, line]))


def md5(archive: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with archive.open("rb") as raw, tqdm.wrapattr(
        raw, "read", archive.stat().st_size, desc=f"MD5 of {archive.name}", unit_divisor=1000
    ) as file:  # fmt: skip
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def check_counts(found: dict[str, int], expected: Expected, place: Path) -> None:
    right = {"classes": expected.classes, "train": expected.train, "test": expected.test}
    if found != right:
        raise ValueError(
            f"{place} holds {found}; expected {right}. Remove the folders of the classes that are "
            "not whole and call again, or download the archives again"
        )
