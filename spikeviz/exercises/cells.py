"""Which cells did not run: what tells a check that it would judge a function of before.

A cell with a syntax error, or one that stops before its `def`, leaves the function as it was.
IPython says before and after each cell what runs, so it is known which cell bound which name, and
which names a cell that stopped would have bound: those that it defines by its text, and those that
the same cell bound when it last ran (JupyterLab names the cell). A check asks for its answer.
Outside of a notebook nothing is watched.
"""

import ast
import builtins
import json
import keyword
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython import get_ipython

DEFINED = re.compile(r"^\s*(?:async\s+)?(?:def|class)\s+(\w+)", re.MULTILINE)
MISSPELT = re.compile(r"^(\w+)\s+(\w+)\s*\(.*:\s*$", re.MULTILINE)  # as "de lif_step(x, v):"
ASSIGNED = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
CHECKED = re.compile(r"\bcheck_\w+\(\s*(\w+)\s*\)")


@dataclass(frozen=True)
class Failed:
    """A name whose cell stopped with an error. value: what it stands for since; fresh: whether
    the cell had come as far as to define it."""

    name: str
    value: object
    fresh: bool
    error: str


@dataclass(frozen=True)
class Missing:
    """Stands for a name that is not defined, while the cell with its check runs."""

    name: str


@dataclass(frozen=True)
class Bound:
    """By which cell a name was bound. cell: its id, None where nobody says; number: as in [7];
    others: the ids of the cells that bound it before; at: the time in seconds since 1970."""

    name: str
    value: object
    cell: str | None
    number: int | None
    source: str
    at: float
    others: frozenset[str] = frozenset()


def last_line(error: BaseException) -> str:
    """The last line of a traceback, as in "NameError: name 'vth' is not defined"."""
    text = str(error).strip()
    if isinstance(error, SyntaxError) and error.msg:  # its text names a file that nobody knows
        text = f"{error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


class Cells:
    """Follows the cells of a shell whose variables are `names`."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.failed: dict[str, Failed] = {}
        self.bound: dict[str, Bound] = {}
        # The names as they stood before a cell, and what it would bind; a cell can run another one.
        self.running: list[tuple[dict[str, Any], set[str], Any]] = []

    def begin(self, info: Any) -> None:
        """Before a cell runs."""
        self.running.append((dict(self.names), self.would_bind(info), info))
        for name in CHECKED.findall(info.raw_cell):
            if not hasattr(builtins, name):
                self.names.setdefault(name, Missing(name))

    def would_bind(self, info: Any) -> set[str]:
        """The names that a cell binds if it runs."""
        text, cell = info.raw_cell, getattr(info, "cell_id", None)
        told = {*DEFINED.findall(text), *ASSIGNED.findall(text)}
        if not parses(text):
            told |= {n for word, n in MISSPELT.findall(text) if not keyword.iskeyword(word)}
            told |= {b.name for b in self.bound.values() if cell is not None and b.cell == cell}
        return told

    def end(self, result: Any) -> None:
        """After a cell has run, or could not. result: None where it was interrupted."""
        for name in [n for n, value in self.names.items() if isinstance(value, Missing)]:
            del self.names[name]
        if not self.running:  # the cell that imported this, or an empty one
            return
        before, told, info = self.running.pop()
        changed = {n for n, value in self.names.items() if value is not before.get(n)}
        error = (
            (result.error_before_exec or result.error_in_exec) if result else KeyboardInterrupt()
        )
        for name in changed:
            self.bind(name, info, result)
        for name in told if error else told | changed:
            if error:
                value = self.names.get(name)
                self.failed[name] = Failed(name, value, name in changed, last_line(error))
            elif name in changed or name in ASSIGNED.findall(info.raw_cell):
                self.failed.pop(name, None)

    def bind(self, name: str, info: Any, result: Any) -> None:
        value = self.names[name]
        if not hasattr(value, "__name__"):  # no function and no class, so no answer: keep no data
            return
        cell, old = getattr(info, "cell_id", None), self.bound.get(name)
        others = (old.others | {old.cell} if old and old.cell else frozenset()) - {cell}
        number = getattr(result, "execution_count", None)
        self.bound[name] = Bound(name, value, cell, number, info.raw_cell, time.time(), others)

    def about(self, answer: object) -> Failed | Missing | None:
        """What is known about the cell of a student's answer; None where it simply ran."""
        if isinstance(answer, Missing):
            return self.failed.get(answer.name, answer)
        if answer is None:
            return None
        return next((f for f in self.failed.values() if f.value is answer), None)

    def remark(self, answer: object) -> str:
        """What a student should know about where the answer comes from; mostly nothing."""
        bound = next((b for b in self.bound.values() if b.value is answer), None)
        if bound is None or answer is None:
            return ""
        if edited(bound):
            return (
                f"(In the saved notebook the cell with your `{bound.name}` reads otherwise than "
                "when it ran. What was checked is what ran: run the cell again.)"
            )
        if bound.others and bound.number:
            return (
                f"(Several cells define `{bound.name}`. What was checked is that of the cell "
                f"`[{bound.number}]`, which ran last.)"
            )
        return ""


def edited(bound: Bound) -> bool:
    """Whether the saved notebook has other code in that cell than what ran last, saved since."""
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    try:
        if bound.cell is None or notebook.stat().st_mtime < bound.at:
            return False
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(c["source"]) for c in cells if c.get("id") == bound.cell]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return any(meaning(source) != meaning(bound.source) for source in sources)


def parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def meaning(source: str) -> str:
    """A cell's code without its comments and spaces."""
    return ast.dump(ast.parse(source)) if parses(source) else source.strip()


_cells = Cells({})


def watch() -> None:
    """Follows the notebook's cells from now on; called again it changes nothing."""
    global _cells
    shell = get_ipython()  # None in plain Python
    if shell is not None and shell.user_ns is not _cells.names:
        _cells = Cells(shell.user_ns)
        shell.events.register("pre_run_cell", _cells.begin)
        shell.events.register("post_run_cell", _cells.end)


def about(answer: object) -> Failed | Missing | None:
    """What is known about the cell of a student's answer; None where it simply ran."""
    return _cells.about(answer)


def remark(answer: object) -> str:
    """What a student should know about where the answer comes from; mostly nothing."""
    return _cells.remark(answer)
