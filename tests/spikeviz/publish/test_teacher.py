"""The instructor's edition, released and graded by nbgrader itself."""

import ast
import contextlib
import json
import re
import runpy

import nbformat
import pytest

from spikeviz.publish.__main__ import main
from spikeviz.publish.concepts import FORMS, IDEAS
from spikeviz.publish.grading import SECRETS
from spikeviz.publish.teacher import CHECKOUT, mark_solution, write_course

EXERCISES = CHECKOUT / "tests/spikeviz/exercises/answers"
STEM = "01_one_neuron"
REHEARSE = runpy.run_path(str(CHECKOUT / "tests" / "rehearse.py"))


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    return write_course(tmp_path_factory.mktemp("teaching") / "teacher")


@pytest.fixture(scope="module")
def released(edition):
    """What students get of notebook 01 and of the two tests, made in one go."""
    REHEARSE["nbgrader"](edition, "generate_assignment", "[0ab][1ef]*")
    return lambda name: edition / "release" / name / f"{name}.ipynb"


def test_every_exercise_is_in_it_with_its_points(edition):
    for folder in EXERCISES.iterdir():
        notebook = read(edition / "source" / folder.name / f"{folder.name}.ipynb")
        nbformat.validate(notebook)
        graded = {
            c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata
        }
        for exercise in folder.iterdir():
            task, check = graded[exercise.name], graded[f"check-{exercise.name}"]
            assert "### BEGIN SOLUTION" in task.source
            assert task.metadata.nbgrader.solution
            assert not task.metadata.nbgrader.grade
            assert check.metadata.nbgrader.points == 10
            assert check.metadata.nbgrader.locked
            assert f"check_{exercise.name}(" in check.source
        question = graded["answer-curious"]
        assert question.metadata.nbgrader.points == 5
        points = re.findall(r"^- (\d) for ", question.source, re.M)
        assert sum(map(int, points)) == 5
        assert len(points) >= 2
        assert not [c.id for c in notebook.cells if c.id.startswith("solution-")]


def code(source):
    """The code without docstrings, imports and comments."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            kept = [n for n in node.body if not isinstance(n, ast.Import | ast.ImportFrom)]
            first = kept[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                kept = kept[1:]
            node.body = kept
    return ast.unparse(tree)


def test_a_solved_cell_is_the_solution(edition):
    for folder in EXERCISES.iterdir():
        notebook = read(edition / "source" / folder.name / f"{folder.name}.ipynb")
        for exercise in folder.iterdir():
            (cell,) = [
                c for c in notebook.cells
                if c.metadata.get("nbgrader", {}).get("grade_id") == exercise.name
            ]  # fmt: skip
            assert code(cell.source) == code((exercise / "solution.py").read_text("utf-8"))


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (
            'def f(x):\n    """Doc."""\n    ...',
            'def f(x):\n    """Doc."""\n    ### BEGIN SOLUTION\n    y = x\n    return y\n'
            "    ### END SOLUTION",
        ),
        (
            "def f(x):\n    y = ...\n    return y",
            "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    ### END SOLUTION\n    return y",
        ),
        (
            "def f(x): ...",
            "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    return y\n    ### END SOLUTION",
        ),
    ],
)
def test_the_students_head_stays(task, expected):
    assert mark_solution(task, 'def f(x):\n    """Another."""\n    y = x\n    return y') == expected


def test_a_method_may_be_the_exercise():
    task = "class A:\n    def g(self):\n        return 1\n\n    def f(self):\n        ..."
    solution = "class A:\n    def g(self):\n        return 1\n\n    def f(self):\n        return 2"
    assert mark_solution(task, solution) == (
        "class A:\n    def g(self):\n        return 1\n\n    def f(self):\n"
        "        ### BEGIN SOLUTION\n        return 2\n        ### END SOLUTION"
    )


def test_written_again_it_keeps_grades_and_leaves_other_folders_alone(edition, tmp_path, capsys):
    (edition / "gradebook.db").write_text("grades")
    (edition / "source" / "old").mkdir()
    write_course(edition)
    assert (edition / "gradebook.db").read_text() == "grades"
    assert not (edition / "source" / "old").exists()
    (edition / "gradebook.db").unlink()
    (tmp_path / "thesis.tex").write_text("mine")
    assert main(["teacher", str(tmp_path)]) == 1
    assert "holds other files" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_nbgrader_releases_and_grades_it(edition, released):
    text = released(STEM).read_text(encoding="utf-8")
    solution = (EXERCISES / STEM / "lif_step" / "solution.py").read_text(encoding="utf-8")
    assert solution.splitlines()[-1].strip() not in text
    assert "HIDDEN TESTS" not in text
    assert "A model answer" not in text
    (task,) = [c for c in read(released(STEM)).cells if c.id == "exercise-code"]
    (original,) = [c for c in read(CHECKOUT / "notebooks" / f"{STEM}.ipynb").cells
                   if c.id == "exercise-code"]  # fmt: skip
    assert task.source == original.source

    library = "from spikeatconv import lif_step as theirs\n\n\n" + solution.replace(
        solution[solution.index("    h =") :],
        "    x, v = torch.tensor(x), torch.tensor(v)\n"
        "    return theirs(x, v, tau=tau, v_threshold=v_threshold, v_reset=v_reset)\n",
    )
    answers = {
        "ada": solution + "\nimport warnings\nwarnings.warn('costs nothing')\n",
        "bob": None,  # handed in as it was
        "kim": "import torch\n" + library,
        "max": "from spikeviz.exercises import Feedback\n"
        "def lif_step(x, v): ...\n"
        "def check_lif_step(f): return Feedback('passed', '')\n",
    }
    for student, answer in answers.items():
        REHEARSE["hand_in"](edition, student, STEM, answer)
    grades = REHEARSE["grades"](edition, STEM)
    assert {name: float(row["score"]) for name, row in grades.items()} == {
        "ada": 10.0, "bob": 0.0, "kim": 0.0, "max": 0.0,
    }  # fmt: skip
    assert float(grades["ada"]["max_score"]) == 15.0
    told = {
        "bob": "it is just not finished",
        "kim": "calls `spikeatconv.neuron.lif_step`",
        "max": "gives the name `check_lif_step`",
    }
    for student, words in told.items():
        cells = read(edition / "autograded" / student / STEM / f"{STEM}.ipynb").cells
        (said,) = (c.outputs[-1].evalue for c in cells if c.id == "exercise-check")
        assert words in " ".join(said.split())
    # What no exercise needs was not run.
    run = [c.id for c in cells if c.cell_type == "code" and c.execution_count]
    assert run == ["imports-code", "exercise-code", "exercise-check"]


def test_the_seed_stays_with_the_teacher(edition, tmp_path, capsys):
    kept = json.loads((edition / SECRETS).read_text(encoding="utf-8"))
    assert len(kept["seed"]) == 16  # drawn, as none was given
    released = "".join(p.read_text(encoding="utf-8") for p in edition.glob("source/*/*.ipynb"))
    assert kept["seed"] not in released
    assert main(["teacher", str(tmp_path / "own"), "--seed", "our words"]) == 0
    assert json.loads((tmp_path / "own" / SECRETS).read_text("utf-8"))["seed"] == "our words"
    write_course(edition)  # once more: what was graded stays comparable
    assert json.loads((edition / SECRETS).read_text(encoding="utf-8")) == kept


def test_before_and_after_ask_for_the_same_ideas(edition, released):
    """One answer in four gives the point; left open gives none; the release does not tell it."""
    for form in FORMS:
        cells = read(released(form)).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        assert not re.search(r'assert|"', code)
        cells = {cell.id: cell for cell in read(edition / "source" / form / f"{form}.ipynb").cells}
        for number, idea in enumerate(IDEAS, 1):
            asked, told, point = (cells[f"{kind}-{number}"] for kind in ("ask", "answer", "point"))
            letters = re.findall(r"^- \*\*(\w)\*\* \S", asked.source, re.M)
            assert letters == ["a", "b", "c", "d"]
            assert (point.metadata.nbgrader.points, told.metadata.nbgrader.solution) == (1, True)
            name, given = re.search(r'^(\w+) = "(\w)"$', told.source, re.M).groups()
            assert given == letters[idea[form]["right"]]
            assert f"# {name} =\n..." in code
            right = []
            for letter in letters:
                with contextlib.suppress(AssertionError):
                    exec(point.source, {name: letter})
                    right.append(letter)
            assert right == [given]
        assert idea["before"] != idea["after"]


def test_what_lab_installs_grades_notebook_12(tmp_path, rehearsal, installed):
    if rehearsal:
        ada = REHEARSE["exported"](rehearsal / "teacher", REHEARSE["GRADED"])["ada"]
    else:
        with installed("course"):
            ada = REHEARSE["solved_and_graded"](tmp_path / "teacher")["ada"]
    assert (float(ada["score"]), float(ada["max_score"])) == (10.0, 15.0)
