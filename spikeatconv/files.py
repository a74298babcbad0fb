"""Files, written whole or not at all."""

import os
import uuid
from pathlib import Path


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file under another name and rename it once it is on the disk, so that a reader finds
    the old one or the new one, also after a crash. A text is written as UTF-8.

    Raises ValueError for what is no file, FileNotFoundError where its folder is not there, and
    OSError, as on a full disk; what was there stays as it is.
    """
    if path.exists() and not path.is_file():  # it would be replaced, /dev/null too
        raise ValueError(f"{path} is a folder, a pipe or a device; give the name of a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: there is no such folder; make it first")
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with draft.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
