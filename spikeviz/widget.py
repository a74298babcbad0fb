"""What every widget shares: its front end as one module, one live copy a cell, one HTML file.

A widget is a Python class with synced traits and a plain ES module in `static/`. The module
computes and draws; Python holds the parameters and tells the truth about them.
"""

import html
import json
import os
import re
from pathlib import Path
from typing import Any
from weakref import WeakSet

import anywidget
from IPython.core.getipython import get_ipython

STATIC = Path(__file__).parent / "static"


def module(*names: str) -> str:
    """Join ES modules of `static/` into one, since a widget's module is loaded from memory and
    cannot import its neighbours. Lines that only import or comment, and indents, are dropped."""
    source = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)
    source = re.sub(r'^import [^;]* from "\./[^"]+";\n', "", source, flags=re.MULTILINE)
    source = re.sub(r"^export (?!default)", "", source, flags=re.MULTILINE)
    return re.sub(r"^\s*(//.*\n|/\*\*.*\*/\n)?\s*", "", source, flags=re.MULTILINE)


def style(*names: str) -> str:
    """Join style sheets of `static/`."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)


class Explorer(anywidget.AnyWidget):
    """Base of the widgets. Running a cell again closes the widgets its last run made."""

    _made: dict[str, tuple[str, "WeakSet[Explorer]"]] = {}  # noqa: RUF012 - shared on purpose

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._replace_last_run()

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

    def save_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the widget as it stands to one HTML file that works offline, without a kernel.

        The file is complete or not there at all. Returns its path.
        Raises FileNotFoundError if the folder does not exist, IsADirectoryError for a folder.
        """
        path = Path(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(f"{path.parent} is not a folder; make it, then save again")
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder; name a file in it, such as lif.html")
        page = (STATIC / "page.html").read_text(encoding="utf-8")
        parts = {
            "TITLE": html.escape(type(self).__name__),
            "STYLE": self._css,
            "STATE": _script_safe(json.dumps(self._public_state())),
            "MODULE": _script_safe(json.dumps(self._esm)),
        }
        page = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], page)
        draft = path.with_name(path.name + ".part")
        try:
            draft.write_text(page, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return path

    def _public_state(self) -> dict[str, Any]:
        """The synced traits that this widget's own class declares."""
        own = set(type(self).class_trait_names(sync=True)) - set(Explorer.class_trait_names())
        return self.get_state(sorted(name for name in own if not name.startswith("_")))


def _script_safe(text: str) -> str:
    """JSON that may stand inside a script element."""
    return text.replace("<", "\\u003c")
