"""The one way through a check: did the cell run, is the answer finished, is it right?"""

import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

from spikeviz.exercises.cells import Failed, Missing, about, last_line
from spikeviz.exercises.feedback import Feedback, Status, stopped_at_ellipsis, unfinished


class Stop(Exception):
    """The check ends here, with this feedback."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.feedback = Feedback(status, message)


def stop(message: str) -> NoReturn:
    """The answer is not right, and this is said about it."""
    raise Stop("not right", message) from None


def number(value: object, wanted: str, form: str = "") -> float:
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


def judge(
    answer: Any, check: Callable[[Any], Feedback], not_yet: str, explain: Callable[[Exception], str]
) -> Feedback:
    """What `check` says about a student's answer, where it can be judged. Never raises.

    not_yet: said while a `...` is left. explain: what is said where the student's code stops.
    """
    cell = about(answer)
    if isinstance(cell, Missing) or (isinstance(cell, Failed) and not cell.fresh):
        return Feedback("not yet", did_not_run(cell, answer))
    feedback = _judge(answer, check, not_yet, explain)
    if cell is None:
        return feedback
    note = (
        f"(The cell with your `{cell.name}` stopped with an error further down: `{cell.error}`. "
        "What was checked is what stands above it.)"
    )
    return Feedback(feedback.status, f"{feedback.message}\n{note}")


def _judge(
    answer: Any, check: Callable[[Any], Feedback], not_yet: str, explain: Callable[[Exception], str]
) -> Feedback:
    if unfinished(answer):
        return Feedback("not yet", not_yet)
    try:
        return check(answer)
    except Stop as stopped:
        return stopped.feedback
    except Exception as error:
        if stopped_at_ellipsis(error):
            return Feedback("not yet", not_yet)
        return Feedback("not right", explain(error))


def did_not_run(cell: Failed | Missing, answer: object) -> str:
    if isinstance(cell, Missing):
        return f"There is no `{cell.name}` yet: the cell above did not run. Run it first."
    what = "nothing" if isinstance(answer, Missing) else f"only the `{cell.name}` of before"
    return (
        f"The cell above, with your `{cell.name}`, did not run: `{cell.error}`. So there is {what} "
        "to check. Fix its error, run it again, then run this check again."
    )


NAMED = "Is every name spelled as in the line that starts with `def`?"
KEEP = "Keep the line that starts with `def` as it was given."


def explain_error(error: Exception, otherwise: str, *, named: str = NAMED, keep: str = KEEP) -> str:
    """What is said where the student's code stopped with an error. otherwise: the last sentence,
    if nothing is known about such an error; named, keep: that for a name that does not exist and
    for other arguments than ours."""
    message, text = f"Your code stopped with an error: `{last_line(error)}`.", str(error)
    if isinstance(error, NameError):
        return f"{message}\n{named}"
    if "Boolean value of Tensor" in text or "truth value of an array" in text:
        return (
            f"{message}\nAn `if`, `and`, `or` or `not` wants one yes or no, and a tensor holds "
            "many numbers. Whether there is a tensor at all is asked with `is None`; to choose "
            "number by number, there is `torch.where`."
        )
    if isinstance(error, TypeError) and raised_by_the_call(error):
        if "not callable" in text:
            return f"{message}\nThis check needs the function itself: pass its name, no brackets."
        if re.search(r"\) (missing|takes|got) ", text):
            return f"{message}\n{keep}"
    return f"{message}\n{otherwise}"


def raised_by_the_call(error: Exception) -> bool:
    """Whether the student's code could not even be entered with our arguments."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace else ""
    return module.startswith("spikeviz.exercises")
