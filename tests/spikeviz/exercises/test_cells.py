"""A check knows whether the cell with the student's answer ran: never is the function of before
judged in its place. The same runs in each notebook's own kernel in test_answers.py."""

import json
import os
import subprocess
import sys
import time
import types

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from spikeviz.exercises import cells

GOOD = """def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset"""
WRONG = GOOD.replace(">=", "<")
SYNTAX = GOOD.replace("/ tau", "/ tau)")
INDENT = GOOD.replace("    spike", "   spike")
BEFORE = "missing_name\n" + GOOD
MISSPELT = GOOD.replace("def ", "de ")
LAMBDA = "lif_step = lambda x, v, tau=2.0 v_threshold=1.0: (0.0, x, v)"
AFTER = GOOD + "\nlif_step(1.0)"
CHECK = "check_lif_step(lif_step)"
GRADED = "answer = check_lif_step(lif_step)\nanswer"


@pytest.fixture
def run(monkeypatch):
    """Runs cells one by one in an IPython shell; gives what the last one shows."""
    monkeypatch.setitem(sys.modules, "notebook_under_test", None)
    shell = InteractiveShell(
        user_module=types.ModuleType("notebook_under_test"),
        config=Config({"HistoryManager": {"enabled": False}}),
    )
    followed = cells.Cells(shell.user_ns)
    monkeypatch.setattr(cells, "_cells", followed)
    shell.events.register("pre_run_cell", followed.begin)
    shell.events.register("post_run_cell", followed.end)

    def run_cells(*sources):
        for source in ("from spikeviz.exercises import check_lif_step", *sources):
            result = shell.run_cell(source)
        return result.result

    yield run_cells
    shell.restore_sys_module_state()


@pytest.mark.parametrize("broken", [SYNTAX, INDENT, BEFORE, "%%time\n" + SYNTAX, MISSPELT, LAMBDA])
@pytest.mark.parametrize("check", [CHECK, GRADED, CHECK + ".message and " + CHECK])
@pytest.mark.parametrize("first", [GOOD, WRONG])
def test_the_function_of_before_is_not_judged(run, first, broken, check):
    answer = run(first, CHECK, broken, check)
    assert answer.status == "not yet"
    assert "`lif_step`, did not run" in answer.message
    assert "of before" in answer.message
    assert "run it again" in answer.message


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (SYNTAX, "SyntaxError: unmatched ')' (line 2)"),
        (BEFORE, "NameError: name 'missing_name' is not defined"),
    ],
)
def test_the_error_is_told(run, broken, error):
    assert f"`{error}`" in run(GOOD, broken, CHECK).message


@pytest.mark.parametrize("broken", [SYNTAX, BEFORE])
def test_also_where_there_is_no_function_of_before(run, broken):
    answer = run(broken, CHECK)
    assert answer.status == "not yet"
    assert "did not run" in answer.message
    assert "there is nothing to check" in answer.message


def test_also_where_its_cell_was_never_run(run):
    answer = run(CHECK)
    assert answer.status == "not yet"
    assert "There is no `lif_step` yet" in answer.message


def test_the_name_stays_undefined(run):
    assert run(SYNTAX, CHECK, "'lif_step' in globals()") is False


@pytest.mark.parametrize(
    "sources",
    [
        (GOOD, CHECK),
        (SYNTAX, GOOD, CHECK),  # mended
        (WRONG, SYNTAX, CHECK, GOOD, CHECK),
        (GOOD, SYNTAX, "   ", GOOD, CHECK),
        (WRONG, SYNTAX, f"# in another cell\nx = 1\n\n{GOOD}", CHECK),
        (WRONG, SYNTAX, GOOD.replace("lif_step", "mine"), "lif_step = mine", CHECK),
        (GOOD, "keep = lif_step", SYNTAX, "lif_step = keep", CHECK),
        (GOOD, SYNTAX, f"{GOOD}\n{CHECK}"),  # both in one cell
        (GOOD, "1 / 0", CHECK),  # another cell failed
        (GOOD, "def other(x):\n    return (", CHECK),
        (GOOD, "print(lif_step(1.0))", CHECK),
        (GOOD, "lif_step_2 = (", CHECK),
        (GOOD, "if lif_step(1.0, 0.0):\n    print(", CHECK),
    ],
)
def test_a_cell_that_ran_is_judged(run, sources):
    answer = run(*sources)
    assert answer.status == "passed"
    assert "cell" not in answer.message


def test_an_empty_cell_mends_nothing(run):
    assert run(GOOD, SYNTAX, "", "   ", CHECK).status == "not yet"


def test_a_cell_in_which_nothing_was_defined_anew_mends_nothing(run):
    never = "if False:\n    " + GOOD.replace("\n", "\n    ")
    assert run(GOOD, SYNTAX, never, CHECK).status == "not yet"


def test_a_cell_that_stops_behind_its_function_is_judged_and_told(run):
    answer = run(WRONG, AFTER, CHECK)
    assert answer.status == "passed"
    assert "stopped with an error further down: `TypeError: lif_step() missing" in answer.message
    assert run(GOOD, CHECK).message.count("further down") == 0


def test_an_interrupted_cell_did_not_run():
    names = {}
    followed = cells.Cells(names)
    names["f"] = function = lambda: 1
    followed.begin(types.SimpleNamespace(raw_cell="def f():\n    return 1"))
    followed.end(None)  # what ipykernel hands on
    assert not followed.about(function).fresh
    assert followed.about(function).error == "KeyboardInterrupt"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A shell as in JupyterLab, which names each cell; gives what the check shows and saves."""
    names, followed = {}, None
    notebook = tmp_path / "course.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    followed = cells.Cells(names)

    def run_cell(source, cell):
        followed.begin(types.SimpleNamespace(raw_cell=source, cell_id=cell))
        error = None
        try:
            exec(compile(source, cell, "exec"), names)
        except Exception as raised:
            error = raised
        result = types.SimpleNamespace(
            error_before_exec=error, error_in_exec=None, execution_count=len(followed.bound)
        )
        followed.end(result)
        return followed

    def save(**sources):
        saved = [{"id": cell, "source": source} for cell, source in sources.items()]
        notebook.write_text(json.dumps({"cells": saved}), encoding="utf-8")
        os.utime(notebook, (time.time() + 5,) * 2)

    return types.SimpleNamespace(run=run_cell, save=save, names=names)


@pytest.mark.parametrize(
    "broken", ["lif_step(x, v):\n    return", "defl if_step(x):", "return (", "x = )"]
)
def test_a_cell_is_known_whatever_its_text_has_become(lab, broken):
    lab.run(GOOD, "a")
    followed = lab.run(broken, "a")
    assert not followed.about(lab.names["lif_step"]).fresh
    lab.run(GOOD, "a")
    assert followed.about(lab.names["lif_step"]) is None


@pytest.mark.parametrize(("broken", "cell"), [("x = )", "b"), ("1 / 0", "a")])
def test_another_cell_or_other_code_says_nothing_about_it(lab, broken, cell):
    lab.run(GOOD, "a")
    assert lab.run(broken, cell).about(lab.names["lif_step"]) is None


def test_a_name_of_several_cells_is_told(lab):
    followed = lab.run(GOOD, "a")
    assert followed.remark(lab.names["lif_step"]) == ""
    lab.run(GOOD, "a")
    assert followed.remark(lab.names["lif_step"]) == ""
    lab.run(WRONG, "b")
    assert "Several cells define `lif_step`" in followed.remark(lab.names["lif_step"])


@pytest.mark.parametrize(
    ("saved", "told"),
    [(GOOD, False), (GOOD + "  # a comment", False), (WRONG, True), (SYNTAX, True)],
)
def test_a_cell_that_was_changed_and_saved_but_not_run_is_told(lab, saved, told):
    followed = lab.run(GOOD, "a")
    lab.save(a=saved, b="1")
    assert ("run the cell again" in followed.remark(lab.names["lif_step"])) == told
    lab.run(saved, "a")
    assert followed.remark(lab.names["lif_step"]) == "" or saved == SYNTAX


def test_plain_python_is_left_alone():
    code = """
from spikeviz.exercises import cells, check_lif_step
assert cells.about(check_lif_step) is None
print(check_lif_step(None).status)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("not yet\n", 0), done.stderr
