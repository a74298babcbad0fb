"""What a check of an exercise answers: a status and a message, readable in every theme."""

import html
import re
from dataclasses import dataclass
from typing import Literal

Status = Literal["passed", "not yet", "not right"]

ICONS: dict[Status, str] = {"passed": "✓", "not yet": "…", "not right": "✗"}
COLOURS: dict[Status, str] = {
    "passed": "var(--jp-success-color1, #2e7d32)",
    "not yet": "var(--jp-warn-color1, #b26a00)",
    "not right": "var(--jp-error-color1, #c62828)",
}


@dataclass(frozen=True)
class Feedback:
    """The answer of a check. `print` shows plain text, a notebook a framed note.

    status:  "passed"; "not yet", while the exercise is still open; "not right", with a hint.
    message: sentences for the student, one a line; `code` in backticks.
    """

    status: Status
    message: str

    def __repr__(self) -> str:
        return f"{ICONS[self.status]} {self.status.capitalize()}\n{self.message}"

    def _repr_html_(self) -> str:
        text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(self.message))
        lines = "".join(f'<div style="margin-top: 0.3em">{line}</div>' for line in text.split("\n"))
        return (
            '<div role="status" style="padding: 0.6em 1em; line-height: 1.5; '
            f"border: 1px solid {COLOURS[self.status]}; "
            f"border-left: 6px solid {COLOURS[self.status]}; "
            "background: var(--jp-layout-color1, #ffffff); "
            'color: var(--jp-content-font-color1, #1a1a1a)">'
            f'<strong><span aria-hidden="true">{ICONS[self.status]}</span> '
            f"{self.status.capitalize()}</strong>{lines}</div>"
        )


def last_line(error: BaseException) -> str:
    """The last line of a traceback, as in "NameError: name 'vth' is not defined"."""
    text = str(error).strip()
    if isinstance(error, SyntaxError) and error.msg:  # its text names a file that nobody knows
        text = f"{error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


def unfinished(value: object) -> bool:
    """Whether an answer, or a part of it, is still `...` or nothing at all."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return any(part is None or part is Ellipsis for part in parts)


def stopped_at_ellipsis(error: Exception) -> bool:
    """Whether the student's code failed only because a `...` is still in it."""
    return "ellipsis" in str(error).lower()
