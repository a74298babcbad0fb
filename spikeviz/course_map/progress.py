"""Which exercises are solved: a small file beside the notebooks, for the learner to read or delete.

Where nobody works in Jupyter, as in a test or while a page is made, nothing is remembered.
"""

import json
import os
from datetime import date
from pathlib import Path

NAME, ASIDE = "progress.json", "progress.broken.json"


def find_file() -> Path | None:
    """Beside the notebook that this kernel runs: Jupyter's server names it. None elsewhere."""
    notebook = Path(os.environ.get("JPY_SESSION_NAME", ""))
    return notebook.with_name(NAME) if notebook.is_absolute() and notebook.parent.is_dir() else None


def read_solved() -> tuple[dict[str, str], str]:
    """{exercise: the day on which it was first solved}, and what has to be told about the file. One
    that cannot be understood is set aside."""
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


def parse(text: str) -> dict[str, str]:
    """What stands in the file. Raises ValueError for something else."""
    found = json.loads(text)
    days = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(day, str) for day in days):
        raise ValueError('expected {"exercise": "day", …}')
    return found


def remember(exercise: str) -> str:
    """Write that an exercise is solved. Returns what has to be told: nothing if all is well."""
    file = find_file()
    if file is None:
        return ""
    from spikeatconv.files import write_whole

    solved, told = read_solved()
    if exercise in solved or (told and file.exists()):  # it could not be read, nor set aside
        return told
    solved[exercise] = date.today().isoformat()
    try:
        write_whole(file, json.dumps(solved, indent=1) + "\n")
    except (OSError, ValueError) as error:
        return f"That it is solved could not be remembered: {error}."
    return told
