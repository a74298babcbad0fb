"""What of a widget can be shared, as an address or as a line of Python, and of which kind it is."""

from math import isfinite
from typing import Any

import traitlets as t

KINDS = (  # as base/address.js reads and writes them
    (t.Enum, "one of"), (t.Bool, "flag"), (t.Int, "whole"), (t.Float, "number"),
    (t.Unicode, "text"), (t.List, "list"), (t.Tuple, "list"), (t.Dict, "dict"),
)  # fmt: skip


def find_kind(trait: t.TraitType) -> list[Any]:
    """[kind, *its options], or [kind, lowest, highest], None for no bound; a "?" behind the kind
    says that it may be None. Empty for a trait that is not shared: one that is tagged `passing` or
    `large`, that nobody may set, or that no short text can hold. The tag `kind` comes first: of
    numbers, wholes and floats it names the lowest and highest, then the least and most."""
    if "kind" in trait.metadata:
        return trait.metadata["kind"]
    hidden = trait.read_only or trait.metadata.get("large") or trait.metadata.get("passing")
    name = next((name for cls, name in KINDS if isinstance(trait, cls)), "")
    if hidden or not name:
        return []
    options: list[Any] = []
    if name == "one of":
        options = list(getattr(trait, "values", None) or ())
    elif name in ("number", "whole"):
        bounds = getattr(trait, "range", None) or (getattr(trait, side) for side in ("min", "max"))
        low, high, *_ = bounds
        options = [None if one is None or not isfinite(one) else one for one in (low, high)]
    return [name + "?" * trait.allow_none, *options]
