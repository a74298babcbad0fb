"""Files, written whole or not at all, and read with an error that says what to do."""

import errno
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MENDS = {
    errno.ENOSPC: "Make room on that disk",
    errno.EDQUOT: "Make room on that disk, where your quota is used up",
    errno.EROFS: "That disk is mounted for reading alone: take another folder, or mount it anew",
    errno.EACCES: "You may not write there: take another folder, or change its rights",
    errno.EPERM: "You may not write there: take another folder, or change its rights",
    errno.ENOENT: "The folder is gone: see whether its disk is still there, or take another one",
    errno.EIO: "That disk has a fault: take another one",
    errno.ENOTDIR: "A file stands where a folder should be: move it away, or take another folder",
    errno.EEXIST: "A file stands where a folder should be: move it away, or take another folder",
}


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file under another name and rename it once it is on the disk, so that a reader finds
    the old one or the new one, also after a crash. A text is written as UTF-8.

    Raises ValueError for what is no file, FileNotFoundError where its folder is not there, and
    OSError, as on a full disk; what was there stays as it is.
    """
    check_place(path)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with draft.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def check_place(path: Path) -> Path:
    """Raise as `write_whole` where there can be no such file."""
    if path.exists() and not path.is_file():  # it would be replaced, /dev/null too
        raise ValueError(f"{path} is a folder, a pipe or a device; give the name of a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: there is no such folder; make it first")
    return path


def list_folder(path: Path) -> list[str]:
    """The names in a folder, sorted. Raises PermissionError in words."""
    try:
        return sorted(os.listdir(path))
    except PermissionError:
        raise PermissionError(f"{path} may not be read; change its permissions") from None


def check_regular(file: Path) -> Path:
    """Raise ValueError for what is no regular file, as a pipe would be waited for without end, and
    PermissionError for what may not be read."""
    if not file.is_file():
        raise ValueError(f"{file} is no regular file; give one")
    if not os.access(file, os.R_OK):
        raise PermissionError(f"{file} may not be read; change its permissions")
    return file


def read_text(file: Path) -> str:
    try:
        return check_regular(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is no text in UTF-8 ({error}); save it as such") from None


def mend(error: Exception) -> str:
    """What one does about a file that could not be written."""
    told = re.search(r"\(os error (\d+)\)", str(error))  # as safetensors tells it
    number = int(told[1]) if told else getattr(error, "errno", None)
    return MENDS.get(number or 0, "Look after that disk, or take another folder")


@contextmanager
def telling(path: Path, then: str = "") -> Iterator[None]:
    """An OSError within it says which file could not be written, and what to do."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error}. {mend(error)}{then}") from error
