"""The packages of the extras, imported where they are first used."""

import importlib
import shlex
import subprocess
import sys
from types import ModuleType


def extra(name: str, what: str = ".[train]", needs: str = "training needs") -> ModuleType:
    """The module of that name. Raises ModuleNotFoundError with the line that installs `what`."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{needs} the package {error.name}, which is not installed; in the project's "
            f"folder run: {pip_install(what)}",
            name=error.name,
        ) from None


def pip_install(what: str) -> str:
    """The command that installs something into the environment that this Python is of."""
    editable = ["-e"] if what.startswith(".") else []
    words = [sys.executable, "-m", "pip", "install", *editable, what]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
