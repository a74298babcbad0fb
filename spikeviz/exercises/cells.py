"""Which cells did not run: what tells a check that it would judge a function of before.

A cell with a syntax error, or one that stops before its `def`, leaves the function as it was.
IPython says before and after each cell what runs, so the names that such a cell should have
defined are known, and a check can ask for its answer. Outside of a notebook nothing is watched.
"""

import builtins
import re
from dataclasses import dataclass
from typing import Any

from IPython import get_ipython

DEFINED = re.compile(r"^\s*(?:async\s+)?(?:def|class)\s+(\w+)", re.MULTILINE)
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
        # What the names of a cell stood for before it; a cell can run another one.
        self.running: list[dict[str, object]] = []

    def begin(self, info: Any) -> None:
        """Before a cell runs."""
        self.running.append({n: self.names.get(n) for n in DEFINED.findall(info.raw_cell)})
        for name in CHECKED.findall(info.raw_cell):
            if not hasattr(builtins, name):
                self.names.setdefault(name, Missing(name))

    def end(self, result: Any) -> None:
        """After a cell has run, or could not. result: None where it was interrupted."""
        for name in [n for n, value in self.names.items() if isinstance(value, Missing)]:
            del self.names[name]
        if not self.running:  # the cell that imported this, or an empty one
            return
        error = (result.error_before_exec or result.error_in_exec) if result else InterruptedError()
        for name, before in self.running.pop().items():
            value = self.names.get(name)
            if error is not None:
                self.failed[name] = Failed(name, value, value is not before, last_line(error))
            elif value is not before:
                self.failed.pop(name, None)
        if error is None:
            for name in ASSIGNED.findall(result.info.raw_cell):
                self.failed.pop(name, None)

    def about(self, answer: object) -> Failed | Missing | None:
        """What is known about the cell of a student's answer; None where it simply ran."""
        if isinstance(answer, Missing):
            return self.failed.get(answer.name, answer)
        if answer is None:
            return None
        return next((f for f in self.failed.values() if f.value is answer), None)


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
