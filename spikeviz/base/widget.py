"""What every widget shares: its front end as one module, one live copy a cell, one HTML file.

A widget is a folder: a Python class with synced traits, plain ES modules, a style sheet, data. The
modules compute and draw; Python holds the parameters and tells the truth about them.
"""

import difflib
import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

import anywidget
import traitlets as t
from IPython.core.getipython import get_ipython

from spikeviz.base.film import HOLD, SHOOT, shoot
from spikeviz.base.front_end import PACKAGE, front_end, read_module
from spikeviz.base.kinds import find_kind
from spikeviz.base.page import LIVE, fill_page, head, script_json

# The traits that are the same for all widgets of a class: its front end, what may be shared.
CODE = ("_esm", "_code", "_sheet", "_kinds", "_anywidget_id")


def shipped(name: str) -> Path:
    """Where a file of data/ lies, in an installed wheel or a checkout; found without importing
    spikeatconv, which would import torch. FileNotFoundError if it is missing."""
    root = PACKAGE.parent
    places = [root / "spikeatconv" / "_data" / name, root / "data" / name]
    for place in places:
        if place.is_file():
            return place
    raise FileNotFoundError(
        f"{places[-1]} is missing; restore it with `git checkout -- data/{name}`, or reinstall "
        "spikeatconv if you installed a wheel"
    )


class _Ranged:
    """A number between two others. Outside, and for NaN, a TraitError names the range."""

    def __init__(self, default: float | None, low: float, high: float, step: float, **options: Any):
        super().__init__(default, **options)  # type: ignore[call-arg] # the trait type's
        self.range = (low, high, step)
        self.tag(sync=True)  # type: ignore[attr-defined]

    def validate(self, owner: Any, value: Any) -> Any:
        value = super().validate(owner, value)  # type: ignore[misc]
        low, high, _ = self.range
        if value is not None and not low <= value <= high:
            name = self.name  # type: ignore[attr-defined]
            raise t.TraitError(f"{name} is {value}; give a value from {low} to {high}")
        return value


class Number(_Ranged, t.Float):
    """Number(default, lowest, highest, step of the slider): a synced float in a range."""


class Whole(_Ranged, t.Int):
    """Whole(default, lowest, highest, step of the slider): a synced integer in a range."""


PLAIN = (t.Int, t.Float, t.Bool, t.Enum, t.Unicode, t.List, t.Tuple)  # hold plain Python only


def _plain(trait: t.TraitType, value: Any) -> Any:
    """A value for such a trait as plain Python; TraitError for a bool as number, and for 1 as
    True."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if value is None and trait.allow_none:
        return None
    if isinstance(trait, t.Unicode) and not isinstance(value, str):
        raise _refused(trait, value)
    numbers = isinstance(trait, (t.Int, t.Float))
    within = value if isinstance(value, (list, tuple)) else [value] if numbers else []
    if any(isinstance(one, bool) for one in within):
        raise _refused(trait, value)
    if isinstance(trait, t.Bool) and not isinstance(value, bool):
        raise _refused(trait, value)
    if numbers and isinstance(value, int) and abs(value) > sys.float_info.max:
        raise _refused(trait, value)
    return value


def _refused(trait: Any, value: Any) -> t.TraitError:
    """That a value is of another kind than a trait's, in words."""
    expected = {t.Bool: "True or False", t.Unicode: "a text", t.Dict: "a dict"}.get(type(trait))
    if isinstance(trait, _Ranged):
        low, high, _ = trait.range
        expected = f"{trait.info()} from {low} to {high}"  # type: ignore[attr-defined]
    elif isinstance(trait, t.Enum):
        expected = f"one of {list(trait.values or ())}"
    found = f"{trait.name} is {short(value)}, a {type(value).__name__}"
    return t.TraitError(f"{found}; give {expected or trait.info()}")


def path_of(value: Any, name: str) -> str:
    """A path as text; TypeError for what is none."""
    if not isinstance(value, (str, os.PathLike)):
        found = f"{name} is {short(value)}, a {type(value).__name__}"
        raise TypeError(f"{found}; give the path of a file")
    return os.fspath(value)


def short(value: Any) -> str:
    """`repr`, but a large value does not fill the screen."""
    if getattr(value, "shape", ()):
        return f"an array of shape {list(value.shape)}"
    if isinstance(value, (list, tuple, bytes)) and len(value) > 30:
        return f"{value[:3]!r}… ({len(value):,} values)"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """'did you mean "tau"? ' for a misspelt name, or nothing if none is near."""
    near = difflib.get_close_matches(str(name).lower(), sorted(known), 1)
    return f"did you mean {near[0]!r}? " if near else ""


def check_known(proposal: dict[str, Any], known: list) -> Any:
    """The value proposed for a trait, one of `known`."""
    name, value = proposal["trait"].name, proposal["value"]
    if value not in known:
        raise t.TraitError(f"{name} is {value!r}; choose one of {known}")
    return value


def check_index(proposal: dict[str, Any], last: int, expected: str) -> int | None:
    """The value proposed for a trait, 0 to `last` or None; `expected` says so in words."""
    name, value = proposal["trait"].name, proposal["value"]
    if value is not None and not 0 <= value <= last:
        raise t.TraitError(f"{name} is {value}; give {expected}")
    return value


def line(explorer: type) -> str:
    """What a widget is for, in one line: the first of its docstring. Of an instance's class, too,
    which has none of its own (ipywidgets adds traits to it)."""
    return (inspect.getdoc(explorer) or "").partition("\n")[0]


class Explorer(anywidget.AnyWidget):
    """Base of the widgets. Running a cell again closes the widgets its last run made.

    A subclass names its folder in spikeviz/: `_folder`. A trait that holds much is tagged `large`:
    JupyterLab keeps the model of a closed widget as long as the kernel lives, its page lets go.
    One that is no part of what one shares is tagged `passing`.

    needs_python: whether its picture stands still in a page without Python.
    """

    needs_python: ClassVar[bool] = False

    _folder: ClassVar[str]
    _entry: ClassVar[str] = "explorer.js"
    _esm = read_module(PACKAGE / "base" / "load.js")
    _code = t.Unicode().tag(sync=True, large=True)
    _sheet = t.Unicode().tag(sync=True)
    _large = t.List().tag(sync=True)
    _kinds = t.Dict().tag(sync=True)
    limits = t.Dict(read_only=True).tag(sync=True)
    defaults = t.Dict(read_only=True).tag(sync=True)

    _made: dict[str, tuple[str, "WeakSet[Explorer]"]] = {}  # noqa: RUF012 - shared on purpose

    def __init__(self, **traits: Any) -> None:
        for name in traits:
            self._check_known(name)
        super().__init__(**traits)
        self._replace_last_run()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a trait. NumPy's numbers and arrays are as good as Python's, True is no number, and
        a name that the widget does not have, or a value of another kind, is a TraitError."""
        if not name.startswith("_"):
            self._check_known(name)
            trait = getattr(type(self), name, None)
            if isinstance(trait, PLAIN):
                value = _plain(trait, value)
        try:
            super().__setattr__(name, value)
        except t.TraitError as error:
            if not str(error).startswith("The "):  # it is one of our own words
                raise
            raise _refused(trait, value) from None

    @classmethod
    def _check_known(cls, name: str) -> None:
        if name.startswith("_") or hasattr(cls, name):
            return
        taken = inspect.signature(cls.__init__).parameters.values()
        known = {one.name for one in taken if one.kind is one.POSITIONAL_OR_KEYWORD} - {"self"}
        known |= {key for key, trait in cls._own_traits().items() if not trait.read_only}
        raise t.TraitError(
            f"{cls.__name__} has no {name!r}; {did_you_mean(name, known)}it has {sorted(known)}"
        )

    @classmethod
    def _own_traits(cls) -> dict[str, t.TraitType]:
        """The public synced traits that widgets of this package declare."""
        inherited = anywidget.AnyWidget.class_traits()  # EnergyExplorer has a `log` of its own
        own = cls.class_traits(sync=True).items()
        return {n: trait for n, trait in own if n[0] != "_" and trait is not inherited.get(n)}

    @classmethod
    def ranges(cls) -> dict[str, tuple[float, float, float]]:
        """(lowest, highest, step of the slider) of each ranged trait; also the trait `limits`."""
        traits = cls.class_traits(sync=True).items()
        return {name: trait.range for name, trait in traits if isinstance(trait, _Ranged)}

    @t.default("_code")
    def _own_code(self) -> str:
        return front_end(self._folder, self._entry)[0]

    @t.default("_sheet")
    def _own_sheet(self) -> str:
        return front_end(self._folder, self._entry)[1]

    @t.default("_large")
    def _large_traits(self) -> list[str]:
        return sorted(self.traits(large=True))

    @t.default("_kinds")
    def _all_kinds(self) -> dict[str, list]:
        """{name: kind} of the traits that go into an address or a line of Python."""
        kinds = {name: find_kind(trait) for name, trait in self._own_traits().items()}
        return {name: kind for name, kind in kinds.items() if kind}

    @t.default("defaults")
    def _all_defaults(self) -> dict[str, Any]:
        """{name: value} of the plain traits before anybody moved them."""
        traits = self._own_traits().items()
        plain = {n: trait for n, trait in traits if isinstance(trait, PLAIN)}
        return {n: trait.default() for n, trait in plain.items() if not trait.read_only}

    @t.default("limits")
    def _all_ranges(self) -> dict[str, tuple[float, float, float]]:
        return self.ranges()

    def close(self) -> None:
        """Close the widget and its layout, which ipywidgets would keep."""
        if self.layout is not None:
            self.layout.close()
        super().close()

    def _replace_last_run(self) -> None:
        """Close what an earlier run of this cell made: a widget nobody closes lives for ever."""
        parent: dict = getattr(get_ipython(), "get_parent", dict)()  # only a kernel has one
        cell = parent.get("metadata", {}).get("cellId")
        if cell is None:
            return
        run = parent["header"]["msg_id"]
        last_run, widgets = self._made.get(cell, (run, WeakSet()))
        if last_run != run:
            for widget in list(widgets):
                widget.close()
            widgets = WeakSet()
        widgets.add(self)
        self._made[cell] = (run, widgets)

    def save_html(self, path: str | os.PathLike[str], shared: bool = False) -> Path:
        """Write the widget as it stands to one HTML file that works offline, without a kernel.

        shared: without the weights of networks, which many pages share: `save_gallery` writes them
        beside its pages, in assets/. The file is complete or not there at all. Returns its path.
        Raises FileNotFoundError if the folder does not exist, IsADirectoryError for a folder,
        ValueError for a pipe or a device.
        """
        return self._write(path, "lif.html", lambda _: self._page(shared=shared))

    def to_gif(self, path: str | os.PathLike[str]) -> Path:
        """Write a looping animation: one pass of what plays, with the widget as it stands, in
        light colours, 1,100 pixels wide on the page. For slides and papers.

        A Chromium, Chrome or Edge of this machine draws it, without a window and a network; it
        takes some seconds. The file is complete or not there at all. Returns its path.
        Raises NoFilmError without such a browser, and for a widget in which nothing plays; for the
        path what save_html raises.
        """
        return self._write(path, "lif.gif", self._film)

    def _film(self, path: Path) -> bytes:
        # Beside the file: a browser that is confined to one's home reads no temporary folder.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="film_") as folder:
            page = Path(folder) / "film.html"
            page.write_text(self._page(HOLD, SHOOT), encoding="utf-8")
            return shoot(page.resolve(), type(self).__name__)

    def _write(
        self, path: str | os.PathLike[str], example: str, make: Callable[[Path], bytes | str]
    ) -> Path:
        """Write what make(path) gives to a file, once it is clear that it may go there."""
        path = Path(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"{path.parent} is not a folder; make it, then save again")
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder; name a file in it, such as {example}")
        if path.exists() and not path.is_file():  # it would be replaced, /dev/null too
            raise ValueError(f"{path} is a pipe or a device; give the name of a file")
        from spikeatconv.files import write_whole

        write_whole(path, make(path))
        return path

    def _page(self, first: str = "", then: str = "", shared: bool = False) -> str:
        """The widget as a page; `first` runs in it before and `then` after the widget is drawn."""
        state = self._public_state()
        parts = {
            "HEAD": head(f"{type(self).__name__} · spikeviz", line(type(self))),
            "STATE": script_json(state),
            "CODE": script_json({name: getattr(self, name) for name in CODE}),
            "LIVE": LIVE + self._script(state, shared) + first,
            "THEN": then,
        }
        return fill_page(PACKAGE / "base" / "page.html", parts)

    def _script(self, state: dict[str, Any], shared: bool) -> str:
        """What else a page in this state needs before the widget is drawn; see `save_html`."""
        return ""

    def _public_state(self) -> dict[str, Any]:
        """The synced traits that this widget's own class declares."""
        return self.get_state(sorted(self._own_traits()))
