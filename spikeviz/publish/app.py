"""A notebook as a voila page: texts, pictures and widgets, with Python behind them, but no code."""

import os
from pathlib import Path
from typing import Any

from nbformat import NotebookNode


def serve_notebook(path: Path, more: list[str]) -> None:
    """Runs voila on a notebook until Ctrl-C or SIGTERM, in this process, so that nothing of it
    stays behind. more: options of voila's own, such as --port=8866."""
    templates = str(Path(__file__).with_name("static"))
    places = filter(None, [templates, os.getenv("JUPYTER_PATH")])
    os.environ["JUPYTER_PATH"] = os.pathsep.join(places)
    from traitlets.config import Config
    from voila.app import Voila

    config = Config(VoilaConfiguration={"prelaunch_hook": mark_exercises})
    Voila.launch_instance([str(path), "--template=course", *more], config=config)


def mark_exercises(_request: Any, notebook: NotebookNode, cwd: str) -> NotebookNode:
    """Marks the cells that nobody can do where no code can be written: our template shows none of
    them. They run, as later cells may use what they define."""
    for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        heads_one = "Your turn" in cell.source.split("\n")[0] and after is not None
        if is_of_an_exercise(cell) or (heads_one and is_of_an_exercise(after)):
            cell.metadata["of_an_exercise"] = True
    return notebook


def is_of_an_exercise(cell: NotebookNode) -> bool:
    return cell.get("id", "").startswith(("exercise", "solution-"))
