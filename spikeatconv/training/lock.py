"""One training at a time in a folder.

The lock is the operating system's, on folder/.lock, so it ends with its process, however that ends;
a file that a crash leaves behind blocks nobody. What stands in the file tells who holds it.
"""

import contextlib
import os
import platform
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from spikeatconv.files import telling

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    import msvcrt

LOCK = ".lock"
FAR = 2**30  # on Windows a locked byte cannot be read by others: one behind what is written
HELD: dict[Path, int] = {}  # by this process: POSIX locks only tell processes apart


class InUse(RuntimeError):
    """Another training writes into the folder."""


@contextlib.contextmanager
def alone_in(folder: Path | None) -> Iterator[None]:
    """Hold the folder's lock, made if it is not there. Raises InUse that names who holds it.
    None holds nothing, and neither does a file system without locks. OSError where the folder
    cannot be written into."""
    if folder is None:
        yield
        return
    with telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / LOCK
    file = open_locked(path, folder)
    HELD[path] = os.getpid()
    try:
        with contextlib.suppress(OSError):  # a full disk: it is held, without a name
            file.truncate(0)
            file.write(f"{os.getpid()} on {platform.node()}\n".encode())
        yield
    finally:
        with contextlib.suppress(OSError):  # on Windows an open file stays
            path.unlink()
        unlock(file)
        del HELD[path]


def check_free(folder: Path) -> None:
    """Raise InUse if another training writes into the folder; changes nothing."""
    path = folder.resolve() / LOCK
    if path.exists():
        unlock(open_locked(path, folder))


def open_locked(path: Path, folder: Path) -> IO[bytes]:
    """The file, locked as long as it is open."""
    if HELD.get(path) == os.getpid():
        raise InUse(
            f"{folder} is in use by a training of this very program (process {os.getpid()}); let "
            "it end, stop it (in a notebook: interrupt, or restart the kernel), or give another "
            "folder"
        )
    while True:
        with telling(path):
            file = path.open("a+b", buffering=0)
        try:
            lock(file)
        except (BlockingIOError, PermissionError):
            file.seek(0)
            holder = file.read(200).decode(errors="replace").strip()
            file.close()
            raise InUse(
                f"{folder} is in use: process {holder or '(unknown)'} trains into it; wait for "
                "it, stop it, or give another folder"
            ) from None
        except OSError as error:
            warnings.warn(
                f"{folder} cannot be locked ({error.strerror}); see to it that no other training "
                "writes into it", stacklevel=2,
            )  # fmt: skip
            return file
        with contextlib.suppress(OSError):  # else its holder has removed it meanwhile
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        unlock(file)


def lock(file: IO[bytes]) -> None:
    """Raises BlockingIOError or PermissionError if another process holds it."""
    if os.name == "posix":
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]


def unlock(file: IO[bytes]) -> None:
    if os.name != "posix":
        with contextlib.suppress(OSError):
            file.seek(FAR)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]
    file.close()
