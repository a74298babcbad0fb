"""What the checks of all exercises share: the one way through a check, and its `Feedback`.

A check gets a student's answer and calls `stop` with a hint where that is not right. `judge` makes
a `Feedback` of it, of a check that goes through, and of what the answer raises.
"""

import html
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from spikeviz.course_map.progress import remember
from spikeviz.exercises.cells import Failed, Missing, about, last_line, remark

Status = Literal["passed", "not yet", "not right"]

ICONS: dict[Status, str] = {"passed": "✓", "not yet": "…", "not right": "✗"}
COLOURS: dict[Status, str] = {
    "passed": "var(--jp-success-color1, #2e7d32)",
    "not yet": "var(--jp-warn-color1, #b26a00)",
    "not right": "var(--jp-error-color1, #c62828)",
}
NAMED = "Is every name spelled as in the line that starts with `def`?"
KEEP = "Keep the line that starts with `def` as it was given."
FUNCTION = "This check needs the function itself: pass its name, no brackets."
BRANCH = (
    "An `if`, `and`, `or` or `not` wants one yes or no, and a tensor holds many numbers. Whether "
    "there is a tensor at all is asked with `is None`; to choose number by number, there is "
    "`torch.where`."
)


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


# --- the way through a check


class Stop(Exception):
    """The answer is not right; the text is said about it."""


def stop(hint: str) -> NoReturn:
    raise Stop(hint) from None


def expect(value: Any) -> Any:
    """The value, unless it, or a part of it, is still `...` or nothing at all."""
    parts = value if isinstance(value, tuple | list) else (value,)
    if any(part is None or part is Ellipsis for part in parts):
        raise ValueError("an ellipsis is left")  # as in errors of Python's own
    return value


def judge(
    answer: Any,
    check: Callable[[Any], object],
    passed: str,
    not_yet: str,
    otherwise: str,
    *,
    named: str = NAMED,
    keep: str = KEEP,
    errors: dict[str, str] | None = None,
) -> Feedback:
    """What `check` says about a student's answer, where it can be judged; that it goes through is
    remembered, as the exercise that its module is called after. Never raises.

    passed: said where the check goes through, with what it returns for a {}. not_yet: said while
    a `...` is left. The rest is said where the student's code stops with an error: `errors` by a
    pattern of the error, `named` of a name that does not exist, `keep` where it takes other
    arguments than ours, `otherwise` of any other.
    """
    cell = about(answer)
    if isinstance(cell, Missing) or (isinstance(cell, Failed) and not cell.fresh):
        return Feedback("not yet", did_not_run(cell, answer))
    status: Status = "not right"
    try:
        message = passed.format(check(expect(answer)))
        status = "passed"
        noted = remember(check.__module__.rpartition(".")[2])
        message += noted and f"\n{noted}"
    except Stop as hint:
        message = str(hint)
    except Exception as error:
        if stopped_at_ellipsis(error):
            status, message = "not yet", f"Nothing is wrong, it is just not finished: {not_yet}"
        else:
            known = {**(errors or {}), "^(NameError|UnboundLocalError)": named}
            message = explain(error, known, keep, otherwise)
    if cell is not None:
        message += (
            f"\n(The cell with your `{cell.name}` stopped with an error further down: "
            f"`{cell.error}`. What was checked is what stands above it.)"
        )
    told = remark(answer)
    return Feedback(status, message + (told and f"\n{told}"))


def did_not_run(cell: Failed | Missing, answer: object) -> str:
    if isinstance(cell, Missing):
        return f"There is no `{cell.name}` yet: the cell above did not run. Run it first."
    what = "nothing" if isinstance(answer, Missing) else f"only the `{cell.name}` of before"
    return (
        f"The cell above, with your `{cell.name}`, did not run: `{cell.error}`. So there is {what} "
        "to check. Fix its error, run it again, then run this check again."
    )


def stopped_at_ellipsis(error: Exception) -> bool:
    """Whether the student's code failed only because a `...` is still in it."""
    return "ellipsis" in str(error).lower()


def explain(error: Exception, known: dict[str, str], keep: str, otherwise: str) -> str:
    text = f"{type(error).__name__}: {error}"
    hints = {**known, "Boolean value of Tensor|truth value of an array": BRANCH}
    if isinstance(error, TypeError) and raised_by_the_call(error):
        hints |= {"not callable": FUNCTION, r"\) (missing|takes|got) ": keep}
    hint = find_hint((re.search(part, text, re.DOTALL), hint) for part, hint in hints.items())
    return f"Your code stopped with an error: `{last_line(error)}`.\n{hint or otherwise}"


def raised_by_the_call(error: Exception) -> bool:
    """Whether the student's code could not even be entered with our arguments."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace else ""
    return module.startswith("spikeviz.exercises")


# --- what most checks ask


Text = str | None | Callable[[], str | None]


def find_hint(table: Iterable[tuple[Any, Text]]) -> str | None:
    """The hint of the first row that holds, of (holds, hint); a row that holds without a hint
    says that nothing is wrong. Functions are called when it is their turn."""
    for holds, hint in table:
        if holds() if callable(holds) else holds:
            return hint() if callable(hint) else hint
    return None


def stop_at(table: Iterable[tuple[Any, Text]]) -> None:
    hint = find_hint(table)
    if hint:
        stop(hint)


def tell_apart(*values: Any, digits: int = 4) -> list[str]:
    """Numbers for a hint, in `digits` digits, or in as many more as it takes until those that
    differ print differently: "yours: 0.25, expected: 0.25" helps nobody. Equal ones print alike.
    values: numbers, or tensors and arrays of one number."""
    numbers = [value.item() if hasattr(value, "item") else value for value in values]
    different = len({n for n in numbers if n == n}) + any(n != n for n in numbers)
    for places in range(digits, 18):  # 17 tell any two floats apart
        told = [f"{n + 0.0:.{places}g}" for n in numbers]  # −0 is 0
        if len({*told}) == different:
            return told
    return list(map(str, numbers))  # whole numbers beyond those of a float


def read_number(value: object, wanted: str, form: str = "") -> float:
    """The one finite number that an answer returns. wanted: said where it is none; form: how the
    notebook's next cell prints it."""
    try:
        format(value, form)
        if isinstance(value, bool | str):
            raise TypeError
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        stop(f"Your function returns a {type(value).__name__}. {wanted}")
    if not math.isfinite(found):
        stop(f"Your function returns {found:g}, no finite number. What do you divide by?")
    return found
