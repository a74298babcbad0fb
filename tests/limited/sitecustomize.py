"""Python imports this at its start where the tests put this folder into PYTHONPATH: the modules
named in ABSENT_MODULES are then not found, as if their packages had never been installed."""

import os
from importlib.machinery import PathFinder

ABSENT = set(os.environ.get("ABSENT_MODULES", "").split())
find = PathFinder.find_spec


@classmethod
def find_spec(cls, name, path=None, target=None):
    return None if name.split(".")[0] in ABSENT else find(name, path, target)


PathFinder.find_spec = find_spec
