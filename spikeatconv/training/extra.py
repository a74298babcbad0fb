"""The packages of the extra "train", imported where they are first used."""

import importlib
from types import ModuleType


def extra(name: str) -> ModuleType:
    """The module of that name. Raises ModuleNotFoundError with the line that installs it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"training needs the package {error.name}, which is not installed; in the project's "
            'folder run: python -m pip install -e ".[train]"',
            name=error.name,
        ) from None
