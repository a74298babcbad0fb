"""A temporary folder that does not stay: it goes with the program that asked for it."""

import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

WAIT = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"
_waiting: dict[str, subprocess.Popen] = {}


def spare_folder(name: str) -> Path:
    """A new temporary folder. It is removed when this program ends, also when it is killed, as a
    notebook's kernel is that takes long to stop; and when a folder of this name is asked for again.
    """
    folder = Path(mkdtemp(prefix=f"{name}-"))
    if name in _waiting:
        _waiting.pop(name).communicate()
    # Another program waits until the pipe from this one closes, in a group of its own: the signal
    # that ends a kernel goes to all of the kernel's group.
    _waiting[name] = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WAIT, str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    return folder
