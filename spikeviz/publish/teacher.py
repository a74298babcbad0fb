"""The instructor's edition: the notebooks as an nbgrader course, with its own markers.

    python3 course.py teacher --seed "our words"             writes teacher/
    cd teacher
    nbgrader generate_assignment 01_one_neuron               for the students, without solutions
    nbgrader autograde 01_one_neuron                         what they handed in (submitted/)

Made from notebooks/ and from the tested solutions, so there is one text of each. An exercise's cell
holds the solution between markers, which nbgrader cuts out for the release. The cell with its check
is locked and gives the points, by `grading.py`: the check has to pass, and hidden variants of the
exercise, whose numbers come from a seed that stays in the teacher's folder. The open question at
the end is graded by hand, by the model answer and the points of docs/questions/. Folded solutions
are left out. Two more assignments, `before` and `after`, ask for the ideas of the course.
"""

import ast
import difflib
import json
import re
import secrets
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from spikeviz.browser import CHECKOUT
from spikeviz.publish.concepts import FORMS, make_test
from spikeviz.publish.grading import SECRETS, TEACHER

QUESTIONS = CHECKOUT / "docs" / "questions"
OUTCOMES = CHECKOUT / "docs" / "outcomes.md"
SOLUTIONS = CHECKOUT / "tests/spikeviz/exercises/answers"
POINTS = 10  # of an exercise with a check
OPEN_POINTS = 5  # of the open question, given by hand
GRADED = """answer = {check}
answer
### BEGIN HIDDEN TESTS
from importlib import reload
from spikeviz.publish import grading
why = reload(grading).why_no_points("{exercise}", {name}, answer)
assert not why, why
### END HIDDEN TESTS"""
QUESTION = (
    "**Your answer to the question for the curious.** Write here what you found, and how you know. "
    "Graded by hand."
)
CONFIG = f"""import os
from pathlib import Path

from spikeviz.publish.autograde import STEPS

os.environ[{TEACHER!r}] = str(Path(__file__).resolve().parent)
c = get_config()
c.Autograde.autograde_preprocessors = STEPS
c.CourseDirectory.course_id = "spikeatconv"
c.ExecutePreprocessor.timeout = 300
c.Exchange.root = str(Path(__file__).with_name("exchange"))
c.ClearSolutions.code_stub = {{"python": "..."}}
c.ClearSolutions.text_stub = {QUESTION!r}
"""


def write_course(folder: Path, seed: str | None = None) -> Path:
    """Writes the nbgrader course into a new folder, whole or not at all. Returns its path.

    seed: any words; the hidden variants are drawn from them. Without, those of before stay, and a
    new course draws its own. Raises FileExistsError if the folder holds something else already."""
    if folder.exists() and not (folder / "nbgrader_config.py").is_file() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds other files; name a new folder")
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    for path in sorted((CHECKOUT / "notebooks").glob("*.ipynb")):
        solutions = SOLUTIONS / path.stem
        if solutions.is_dir():
            model = (QUESTIONS / f"{path.stem}.md").read_text(encoding="utf-8")
            edition = make_edition(nbformat.read(path, as_version=4), solutions, model)
            write_assignment(draft, path.stem, edition)
    for form in FORMS:
        write_assignment(draft, form, mark_test(make_test(form)))
    (draft / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    kept = {
        "seed": seed or read_seed(folder) or secrets.token_hex(8),
        "solutions": read_solutions(),
    }
    (draft / SECRETS).write_text(json.dumps(kept, indent=1), encoding="utf-8")
    shutil.copy(OUTCOMES, draft)
    (folder / "exchange").mkdir(parents=True, exist_ok=True)
    # Only what this command makes is replaced: submissions and grades stay.
    shutil.rmtree(folder / "source", ignore_errors=True)
    for part in ("source", "nbgrader_config.py", SECRETS, OUTCOMES.name):
        (draft / part).replace(folder / part)
    draft.rmdir()
    return folder


def read_seed(folder: Path) -> str | None:
    """The seed of the course that stands there already."""
    file = folder / SECRETS
    return json.loads(file.read_text(encoding="utf-8"))["seed"] if file.is_file() else None


def read_solutions() -> dict[str, str]:
    """{exercise: the tested solution}"""
    files = SOLUTIONS.glob("*/*/solution.py")
    return {file.parent.name: file.read_text(encoding="utf-8") for file in sorted(files)}


def write_assignment(draft: Path, name: str, notebook: NotebookNode) -> None:
    place = draft / "source" / name
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{name}.ipynb")


def make_edition(notebook: NotebookNode, solutions: Path, model: str) -> NotebookNode:
    """The notebook with solutions in their cells and nbgrader's metadata. solutions: the folder
    with EXERCISE/solution.py. model: of the open question, the answer and after `---` the points.
    Raises ValueError where an exercise has no cell of its own."""
    cells = [cell for cell in notebook.cells if not cell.id.startswith("solution-")]
    for folder in sorted(path for path in solutions.iterdir() if path.is_dir()):
        solution = (folder / "solution.py").read_text(encoding="utf-8").rstrip("\n")
        head = re.findall(r"^(?:def|class) \w+", solution, re.M)[-1]
        task = find_only(cells, rf"^{head}\b", f"the exercise {folder.name}")
        task.source = mark_solution(task.source, solution)
        mark(task, folder.name, solution=True)
        check = find_only(cells, rf"^check_{folder.name}\(", f"the check of {folder.name}")
        check.source = GRADED.format(check=check.source, exercise=folder.name, name=head.split()[1])
        mark(check, f"check-{folder.name}", points=POINTS)
    question = nbformat.v4.new_markdown_cell(mark_model(model), id="answer-curious")
    mark(question, "answer-curious", solution=True, points=OPEN_POINTS)
    return nbformat.from_dict({**notebook, "cells": [*cells, question]})


def mark_model(model: str) -> str:
    """The cell of the open question: a model answer and its points, which nbgrader cuts out."""
    answer, points = model.rstrip("\n").split("\n---\n")
    items = re.sub(r"^(\d): ", r"- \1 for ", points, flags=re.M)
    told = f"**A model answer.** {answer}\n\n**Points.**\n\n{items}"
    return f"### BEGIN SOLUTION\n{QUESTION}\n\n{told}\n### END SOLUTION"


def mark_test(test: NotebookNode) -> NotebookNode:
    """A test of ideas: a point for each answer."""
    for cell in test.cells:
        if cell.id.startswith("answer-"):
            mark(cell, cell.id, solution=True)
        elif cell.id.startswith("point-"):
            mark(cell, cell.id, points=1)
    return test


def find_only(cells: list[NotebookNode], pattern: str, what: str) -> NotebookNode:
    found = [c for c in cells if c.cell_type == "code" and re.search(pattern, c.source, re.M)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} cells hold {what}; expected one")
    return found[0]


def mark_solution(task: str, solution: str) -> str:
    """The student's cell with the solution's lines between nbgrader's markers, wherever the two
    differ. For the release nbgrader puts a `...` in the place of each."""
    task = re.sub(r"^( *)(def .*:) \.\.\.$", r"\1\2\n\1    ...", task, flags=re.M)
    nodes = ast.walk(ast.parse(task))
    open_lines = {n.lineno for n in nodes if isinstance(n, ast.Constant) and n.value is Ellipsis}
    old, new, lines = task.split("\n"), strip_docstrings(solution).split("\n"), []
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for kind, first, last, begin, end in matcher.get_opcodes():
        lines += [old[i] for i in range(first, last) if i + 1 not in open_lines]
        if kind in ("replace", "insert"):
            indent = " " * (len(new[begin]) - len(new[begin].lstrip()))
            lines += [f"{indent}### BEGIN SOLUTION", *new[begin:end], f"{indent}### END SOLUTION"]
    return "\n".join(lines)


def strip_docstrings(solution: str) -> str:
    """From its first def or class on, without docstrings, which are the student's cell's."""
    tree, lines = ast.parse(solution), solution.split("\n")
    kinds = ast.FunctionDef | ast.ClassDef
    start = next(n.lineno for n in tree.body if isinstance(n, kinds)) - 1
    gone = set(range(start))
    for node in ast.walk(tree):
        if isinstance(node, kinds) and ast.get_docstring(node):
            text = node.body[0]
            gone |= set(range(text.lineno - 1, text.end_lineno or text.lineno))
    return "\n".join(line for i, line in enumerate(lines) if i not in gone)


def mark(cell: NotebookNode, name: str, *, solution: bool = False, points: int | None = None):
    """nbgrader's metadata: a solution is the student's to change, points are given for a cell."""
    cell.metadata["nbgrader"] = {
        "grade": points is not None, "grade_id": name, "locked": not solution,
        "schema_version": 3, "solution": solution, "task": False, "cell_type": cell.cell_type,
        **({"points": points} if points is not None else {}),
    }  # fmt: skip
