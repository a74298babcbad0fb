"""What a class predicted, as a table: from the widgets in the notebooks that it handed in."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from spikeviz.publish.cells import STATE

COLUMNS = ("student", "prediction", "question", "predicted", "came out", "right", "apart")


def write_predictions(folder: Path, out: Path) -> Path:
    """Write the predictions in FOLDER/STUDENT/.../NOTEBOOK.ipynb to a CSV file. Returns its path.

    A line for each prediction that was committed or skipped. right: "yes" or "no" for one of
    several choices; apart: how far a number lies from the result, or a curve on average, in its own
    units. Raises FileNotFoundError where there is no notebook, ValueError for a file that is none.
    """
    notebooks = sorted(folder.rglob("*.ipynb")) if folder.is_dir() else []
    if not notebooks:
        raise FileNotFoundError(f"{folder} holds no notebooks; expected STUDENT/.../NOTEBOOK.ipynb")
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for path in notebooks:
        inside = path.relative_to(folder)
        student = inside.parts[0] if len(inside.parts) > 1 else path.stem
        for row in read_predictions(path):
            table.writerow({"student": student, **row})
    from spikeatconv.files import write_whole

    # So that Excel reads it as UTF-8.
    write_whole(out, text.getvalue().encode("utf-8-sig"))
    return out


def read_predictions(path: Path) -> Iterator[dict[str, Any]]:
    """The predictions of one notebook, in the order of their names."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # no JSON, no notebook, no text
        raise ValueError(f"{path} is no notebook: {error}") from error
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    states = [model.get("state", {}) for model in models.values()]
    ours = "spikeviz.predict."
    asked = {s["name"]: s for s in states if s.get("_anywidget_id", "").startswith(ours)}
    for name, state in sorted(asked.items()):
        if state["state"] != "open":
            yield describe(name, state)


def describe(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """A line of the table."""
    kind = state["kind"]
    guess: Any = state.get("guess")
    result: Any = state.get("result")
    known = guess is not None and result is not None
    row = {"prediction": name, "question": state["question"]}
    row["predicted"] = "skipped" if guess is None else "drawn" if kind == "curve" else guess
    row["came out"] = "" if result is None else "drawn" if kind == "curve" else result
    if kind == "choice":
        return row | {"right": ("yes" if guess == result else "no") if known else ""}
    if not known:
        return row
    apart = guess - result if kind == "number" else mean_distance(guess, result, *state["x"][:2])
    return row | {"apart": float(f"{apart:.3g}")}


def mean_distance(guess: list, result: dict[str, list], low: float, high: float) -> float | str:
    """Of a drawn curve from the result, over the part of x that was drawn."""
    import numpy as np

    places = np.linspace(low, high, len(guess))
    drawn = np.array([value is not None for value in guess])
    x, y = places[drawn], np.array([value for value in guess if value is not None], float)
    at = np.array(result["x"])
    inside = (at >= x[0]) & (at <= x[-1])
    return float(np.abs(np.interp(at, x, y) - result["values"])[inside].mean())
