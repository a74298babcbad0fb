"""What a learner did, in a small file beside the notebooks, to read or delete: which exercises are
solved, and what was predicted.

Where nobody works in Jupyter, as in a test or while a page is made, nothing is remembered.
"""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

NAME, ASIDE = "progress.json", "progress.broken.json"
PREDICTIONS = "predictions"  # the key beside those of the exercises


def find_file() -> Path | None:
    """Beside the notebook that this kernel runs: Jupyter's server names it. None elsewhere."""
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return notebook.with_name(NAME) if notebook.is_absolute() and notebook.parent.is_dir() else None


def read_solved() -> tuple[dict[str, str], str]:
    """{exercise: the day on which it was first solved}, and what has to be told about the file. One
    that cannot be understood is set aside."""
    found, told = _read()
    return {exercise: day for exercise, day in found.items() if exercise != PREDICTIONS}, told


def read_predictions() -> dict[str, dict[str, Any]]:
    """{name: what was predicted, and what came out}, as `keep_prediction` wrote them."""
    return _read()[0].get(PREDICTIONS, {})


def _read() -> tuple[dict[str, Any], str]:
    """All that the file holds, and what has to be told about it."""
    file = find_file()
    if file is None or not file.exists():
        return {}, ""
    from spikeatconv.files import read_text

    try:
        return parse(read_text(file)), ""
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
    except OSError as error:
        return {}, f"{NAME} cannot be read: {error}."
    try:
        os.replace(file, file.with_name(ASIDE))
    except OSError as error:
        return {}, f"{NAME} cannot be understood ({reason}) nor set aside: {error}. Delete it."
    return {}, (
        f"{NAME} could not be understood ({reason}). It is now called {ASIDE}, and what is solved "
        "is counted from here on; run a check again, and it counts."
    )


def parse(text: str) -> dict[str, Any]:
    """What stands in the file. Raises ValueError for something else."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError('expected {"exercise": "day", …}')
    kept = found.get(PREDICTIONS, {})
    if not isinstance(kept, dict) or not all(isinstance(one, dict) for one in kept.values()):
        raise ValueError(f'expected {{"{PREDICTIONS}": {{"name": {{…}}}}}}')
    if not all(isinstance(day, str) for name, day in found.items() if name != PREDICTIONS):
        raise ValueError('expected {"exercise": "day", …}')
    return found


def remember(exercise: str) -> str:
    """Write that an exercise is solved. Returns what has to be told: nothing if all is well."""

    def solve(found: dict[str, Any]) -> None:
        found.setdefault(exercise, date.today().isoformat())

    return _change(solve, "That it is solved")


def keep_prediction(name: str, kept: dict[str, Any]) -> str:
    """Write {"guess": …}, what was predicted, or {"result": …}, what came out, beside what is known
    of this prediction. Returns what has to be told."""

    def keep(found: dict[str, Any]) -> None:
        found.setdefault(PREDICTIONS, {}).setdefault(name, {}).update(kept)

    return _change(keep, "The prediction")


def _change(change: Callable[[dict[str, Any]], None], what: str) -> str:
    file = find_file()
    if file is None:
        return ""
    from spikeatconv.files import write_whole

    found, told = _read()
    if told and file.exists():  # it could not be read, nor set aside
        return told
    before = json.dumps(found)
    change(found)
    try:
        if json.dumps(found) != before:
            write_whole(file, json.dumps(found, indent=1) + "\n")
    except (OSError, ValueError) as error:
        return f"{what} could not be remembered: {error}."
    return told
