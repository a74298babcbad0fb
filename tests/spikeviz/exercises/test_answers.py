"""Exercises: right answers pass in every style, and each mistake gets a hint that is true.

answers/<notebook>/<exercise>/ holds what a student would write into the exercise's cell:
the solution and the typical mistakes, wrong_*.py, whose first line, `# hint: ...`, is a part of
the hint that they must get, and nobody else may. right.py holds right answers in other styles,
slips.py wrong ones of no known kind, each a public function or class. A slip whose docstring
begins with `hint: ` must get that, and every other slip none of the hints of the typical mistakes.
"""

import ast
from functools import cache
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from spikeatconv import lif_step
from spikeviz import exercises
from spikeviz.exercises import Feedback, check_lif_step, check_surrogate_backward, fair_comparison
from spikeviz.exercises import lif_step as lif

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
FOLDERS = sorted(f for f in Path(__file__).with_name("answers").glob("*/*") if f.is_dir())
STEMS = sorted({folder.parent.name for folder in FOLDERS})

# What must hold in a notebook's own variables once it has run from top to bottom.
AFTERWARDS = {
    "03_surrogate_gradients": (
        'assert whose == "your surrogate"\n'
        "assert reads >= 0.96, reads\n"
        "assert rival_reads < reads - 0.1, rival_reads"
    ),
    "04_spk_blocks": (  # SL is no gain on itself; two branches win within the budget
        "assert not won, why\n"
        "class MyBlock(nn.Module):\n"
        "    def __init__(self, channels):\n"
        "        super().__init__()\n"
        "        self.low, self.high = LIF(v_threshold=0.5), LIF(v_threshold=1.0)\n"
        "    def forward(self, x):\n"
        "        return self.low(x) + self.high(x)\n"
        "right, price = measure({'mine': MyBlock})['mine']\n"
        "assert price <= BUDGET * shallow['SL'][1], price\n"
        "assert verdict(right, shallow['SL'][0], len(test_labels)) == 'agree', right\n"
    ),
}


def read(file):
    return file.read_text(encoding="utf-8")


def defined(source):
    """The last name that a cell defines with def or class."""
    kinds = ast.FunctionDef | ast.ClassDef
    return [node.name for node in ast.parse(source).body if isinstance(node, kinds)][-1]


def wrong(folder):
    return sorted(folder.glob("wrong_*.py"))


@cache
def feedbacks(folder):
    """{stem: Feedback} of the solution and of each wrong answer."""
    check = getattr(exercises, f"check_{folder.name}")
    found = {}
    for file in (folder / "solution.py", *wrong(folder)):
        source, names = read(file), {"torch": torch}
        exec(compile(source, file.name, "exec"), names)
        found[file.stem] = check(names[defined(source)])
    return found


@cache
def hints(folder):
    """{stem: the hint that this wrong answer must get}."""
    found = {}
    for file in wrong(folder):
        first = read(file).splitlines()[0]
        assert first.startswith("# hint: "), f"{file} must begin with its hint"
        found[file.stem] = first.removeprefix("# hint: ")
    return found


@cache
def answers(file):
    """{name: answer} of a file with many: the public functions and classes that it defines."""
    names = {"__name__": "answers"}
    exec(compile(read(file), file.name, "exec"), names)
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and getattr(value, "__module__", "") == "answers"
    }


def each(kind):
    """Parameters: the file `kind` of each exercise with the name of each of its answers."""
    files = [folder / f"{kind}.py" for folder in FOLDERS]
    return [
        pytest.param(file, name, id=f"{file.parent.name}/{name}")
        for file in files
        for name in answers(file)
    ]


WRONG = [file for folder in FOLDERS for file in wrong(folder)]


def label(path):
    return f"{path.parent.name}/{path.stem}"


# --- the checks by themselves


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_solution_passes(folder):
    assert feedbacks(folder)["solution"].status == "passed"


@pytest.mark.parametrize("file", WRONG, ids=label)
def test_a_wrong_answer_gets_its_hint_and_no_other_one_does(file):
    said, hint = feedbacks(file.parent), hints(file.parent)[file.stem]
    assert said[file.stem].status == "not right"
    assert [stem for stem, answer in said.items() if hint in answer.message] == [file.stem]


@pytest.mark.parametrize(("file", "name"), each("right"))
def test_a_right_answer_passes_in_any_style(file, name):
    answer = getattr(exercises, f"check_{file.parent.name}")(answers(file)[name])
    assert answer.status == "passed", answer.message


@pytest.mark.parametrize(("file", "name"), each("slips"))
def test_a_wrong_answer_of_no_known_kind_gets_no_false_hint(file, name):
    slip = answers(file)[name]
    answer = getattr(exercises, f"check_{file.parent.name}")(slip)
    assert answer.status == "not right"
    told = slip.__doc__ or ""
    if told.startswith("hint: "):
        assert told.removeprefix("hint: ") in answer.message
    else:
        known = hints(file.parent).items()
        assert not [stem for stem, hint in known if hint in answer.message], answer.message


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_there_are_enough_answers_and_no_two_are_the_same(folder):
    assert len(answers(folder / "right.py")) >= 8
    assert len(answers(folder / "slips.py")) >= 8
    sources = [read(file) for file in folder.glob("*.py")]
    assert len(set(sources)) == len(sources) >= 8


def test_a_slip_in_a_comparison_is_told_from_every_other():
    runs = []
    for case in fair_comparison.CASES:
        log = fair_comparison.Log(case)
        log.seeds = [0, 1, 2]
        runs.append(log.runs())
    rules = [fair_comparison.verdict, *(rule for rule, _ in fair_comparison.MISTAKES)]
    verdicts = {tuple(rule(found) for found in runs) for rule in rules}
    assert len(verdicts) == len(rules)


def test_lif_step_names_the_first_step_that_differs():
    def no_leak(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
        h = v + x / tau
        spike = float(h >= v_threshold)
        return spike, h, (1 - spike) * h + spike * v_reset

    message = check_lif_step(no_leak).message
    # Without a leak the first step is right, since V is 0 there.
    assert "step 2: the input is 0.5 and V before it is 0.5. There your `h` is 0.75" in message


def test_the_neuron_of_the_check_is_the_library_s():
    for neuron, inputs in lif.hidden_sequences():
        v = 0.0
        for x in inputs:
            right = lif_step(*torch.tensor([x, v]).double(), *neuron[:2], v_reset=neuron.v_reset)
            assert neuron.step(x, v) == pytest.approx(tuple(map(float, right)))
            v = neuron.step(x, v).v_next


def test_lif_step_may_be_written_for_tensors():
    def tensors(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
        h = v + (x - v) / tau
        spike = (h >= v_threshold).float()
        return spike, h, torch.where(spike.bool(), v_reset, h)

    assert check_lif_step(tensors).status == "passed"


def unsolved_lif(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0): ...


def begun_lif(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = ...
    v_next = (1 - spike) * h + spike * v_reset
    return spike, h, v_next


@pytest.mark.parametrize("answer", [unsolved_lif, begun_lif, lambda *args: (..., ..., ...), None])
def test_unfinished_lif_step_is_not_yet(answer):
    assert check_lif_step(answer).status == "not yet"


def my_atan(backward):
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)

    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("MyAtan", (torch.autograd.Function,), methods)


@pytest.mark.parametrize(
    "answer",
    [
        my_atan(lambda ctx, grad_output: None),
        my_atan(lambda ctx, grad_output: ...),
        my_atan(lambda ctx, grad_output: grad_output * ...),
        None,
    ],
)
def test_unfinished_backward_is_not_yet(answer):
    assert check_surrogate_backward(answer).status == "not yet"


@pytest.mark.parametrize("name", [name for name in exercises.__all__ if name != "Feedback"])
@pytest.mark.parametrize("answer", [3, "lif_step", int, lambda: 1 / 0, lambda *a, **k: "spike"])
def test_a_check_never_raises(name, answer):
    assert getattr(exercises, name)(answer).status == "not right"


def test_a_bare_nan_is_not_right():
    assert check_lif_step(lambda x, v, **options: (0.0, float("nan"), 0.0)).status == "not right"


@pytest.mark.parametrize(
    ("status", "icon"), [("passed", "✓"), ("not yet", "…"), ("not right", "✗")]
)
def test_feedback_shows_icon_and_word(status, icon):
    answer = Feedback(status, "Use `tau` <here> & now.\nSecond line.")
    assert repr(answer).splitlines()[0] == f"{icon} {status.capitalize()}"
    page = answer._repr_html_()
    assert icon in page
    assert status.capitalize() in page
    assert "<code>tau</code> &lt;here&gt; &amp; now." in page
    assert "<script" not in page


# --- the exercises in their notebooks


class Run:
    """A notebook in a kernel: its cells one by one, then cells of our own."""

    def __init__(self, stem):
        path = NOTEBOOKS / f"{stem}.ipynb"
        assert path.is_file(), f"{path} is missing, but there are answers to its exercises"
        self.notebook = nbformat.read(path, as_version=4)
        self.client = NotebookClient(
            self.notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(NOTEBOOKS)}},
        )

    def place(self, found, what):
        """The index of the only code cell for which `found(source)` is true."""
        cells = enumerate(self.notebook.cells)
        places = [i for i, cell in cells if cell.cell_type == "code" and found(cell.source)]
        assert len(places) == 1, f"{len(places)} cells with {what}, expected one"
        return places[0]

    def execute(self, source):
        """Run a new cell; returns what it shows, as text."""
        self.notebook.cells.append(nbformat.v4.new_code_cell(source))
        return self.shown(len(self.notebook.cells) - 1)

    def shown(self, index):
        cell = self.client.execute_cell(self.notebook.cells[index], index)
        return "\n".join(o["data"].get("text/plain", "") for o in cell.outputs if "data" in o)


def defines(name):
    head = (f"def {name}(", f"class {name}(")
    return lambda source: any(line.startswith(head) for line in source.splitlines())


@pytest.mark.parametrize("stem", STEMS)
def test_notebook_with_solutions_then_wrong_answers(stem):
    run = Run(stem)
    exercises_here = []
    for folder in (folder for folder in FOLDERS if folder.parent.name == stem):
        solution = read(folder / "solution.py")
        name = defined(solution)
        task = run.place(defines(name), f"the definition of {name}")
        call = f"check_{folder.name}({name})"
        check = run.place(lambda source, call=call: source.startswith(call), call)
        assert task < check
        unsolved, run.notebook.cells[task].source = run.notebook.cells[task].source, solution
        exercises_here.append((folder, unsolved, check))

    with run.client.setup_kernel():
        shown = {
            index: run.shown(index)
            for index, cell in enumerate(run.notebook.cells)
            if cell.cell_type == "code"
        }
        if stem in AFTERWARDS:
            run.execute(AFTERWARDS[stem])
        for folder, unsolved, check in exercises_here:
            assert shown[check].startswith("✓ Passed"), shown[check]
            broken = read(folder / "solution.py").rstrip() + ")"
            with pytest.raises(CellExecutionError, match="SyntaxError"):
                run.execute(broken)
            answer = run.execute(run.notebook.cells[check].source)
            assert answer.startswith("… Not yet")
            assert "did not run" in answer
            run.execute(unsolved)
            answer = run.execute(run.notebook.cells[check].source)
            assert answer.startswith("… Not yet")
            assert "did not run" not in answer
            for stem, hint in hints(folder).items():
                run.execute(read(folder / f"{stem}.py"))
                answer = run.execute(run.notebook.cells[check].source)
                assert answer.startswith("✗ Not right"), f"{stem}: {answer}"
                assert hint in answer, f"{stem}: {answer}"
