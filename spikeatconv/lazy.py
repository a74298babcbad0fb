"""Packages whose names are imported when they are first asked for: torch takes a second and 180 MB,
and thirty kernels on one server should pay that only where a network runs.

    if TYPE_CHECKING:
        from package.part import Name

    load_when_asked(__name__)

Editors and mypy read the lines under TYPE_CHECKING as always, and so does Python here, once.
"""

import ast
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


class Lazy(ModuleType):
    """A package. _homes: {name: the module that has it}."""

    _homes: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        """A name that is not there yet (PEP 562)."""
        homes = vars(self)["_homes"]
        if name in homes:
            value = getattr(import_module(homes[name]), name)
        elif (module := f"{self.__name__}.{name}") in homes.values():
            value = import_module(module)
        else:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)
        vars(self)[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Importing record.py would bind it here as `record`, and that is the function in it."""
        if not (isinstance(value, ModuleType) and name in vars(self)["_homes"]):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *vars(self)["_homes"]})


def load_when_asked(package: str) -> None:
    """Makes the package, from within its __init__.py, a lazy one."""
    module = sys.modules[package]
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    imports = [
        line
        for block in ast.parse(text).body
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        if isinstance(line, ast.ImportFrom)
    ]
    homes = {alias.name: str(line.module) for line in imports for alias in line.names}
    vars(module)["_homes"] = homes
    module.__class__ = Lazy
