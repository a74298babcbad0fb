"""Exercises: right answers pass in every style, and each mistake gets a hint that is true.

answers/<notebook>/<exercise>/ holds what a student would write into the exercise's cell:
the solution and the typical mistakes, wrong_*.py, whose first line, `# hint: ...`, is a part of
the hint that they must get, and nobody else may. right.py holds right answers in other styles,
slips.py wrong ones of no known kind, each a public function or class. A slip whose docstring
begins with `hint: ` must get that, and every other slip none of the hints of the typical mistakes.
"""

import sys
import types
from functools import cache

import nbformat
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from material import FOLDERS, NOTEBOOKS, answers, build, defined, each, label, read
from mutants import mutants
from nbclient import NotebookClient
from traitlets.config import Config

from spikeatconv import SPK_BLOCKS, lif_step
from spikeviz import exercises
from spikeviz.exercises import Feedback, check_lif_step, check_surrogate_backward, fair_comparison
from spikeviz.exercises import lif_step as lif
from spikeviz.exercises.variants import alike, ask
from spikeviz.publish.needs import find_needed, read_names

STEMS = sorted({folder.parent.name for folder in FOLDERS})

# What must hold in a notebook's own variables once it has run with the solution.
AFTERWARDS = {
    "03_surrogate_gradients": (  # it trains as the library's does
        'assert whose == "your surrogate"\n'
        "def losses(surrogate):\n"
        "    torch.manual_seed(SEED)\n"
        "    return [row['loss'] for row, _ in zip(train(SpikingNet(surrogate)), range(5))]\n"
        "mine, theirs = (torch.tensor(losses(one)) for one in (surrogate, Atan()))\n"
        "torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=0)\n"
    ),
    "04_spk_blocks": (  # SL is no gain on itself; two branches win within the budget
        "assert not won, tries\n"
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


def wrong(folder):
    return sorted(folder.glob("wrong_*.py"))


@cache
def feedbacks(folder):
    """{stem: Feedback} of the solution and of each wrong answer."""
    check = getattr(exercises, f"check_{folder.name}")
    found = {}
    for file in (folder / "solution.py", *wrong(folder)):
        found[file.stem] = check(build(read(file)))
    return found


@cache
def hints(folder):
    """{stem: the hint that this wrong answer must get}."""
    found = {}
    for file in wrong(folder):
        first = read(file).splitlines()[0]
        assert first.startswith(("# hint: ", "# fact: ")), f"{file} must begin with its hint"
        found[file.stem] = first[len("# hint: ") :]
    return found


WRONG = [file for folder in FOLDERS for file in wrong(folder)]


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
    assert len(answers(folder / "right.py")) >= 12
    assert len(answers(folder / "slips.py")) >= 12
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


# --- slips that a program makes


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_a_changed_solution_passes_only_if_it_does_the_same_and_no_hint_is_false(folder):
    """Whether it does the same is found out by other questions than the check's (variants.py). A
    hint that names a mistake may be given only to what does the same as that mistake; a guess says
    "perhaps", and what begins with `# fact: ` tells what was seen, not why."""
    check, faults = getattr(exercises, f"check_{folder.name}"), []
    right = replies(folder / "solution.py")
    for change, source in mutants(read(folder / "solution.py")):
        answer = build(source)
        said, given = check(answer), ask(folder.name, answer)
        if said.status != ("passed" if alike(given, right) else "not right"):
            faults.append((change, said))
        for stem, hint in hints(folder).items():
            told = hint in said.message and "erhaps" not in said.message
            file = folder / f"{stem}.py"
            if told and read(file).startswith("# hint: ") and not alike(given, replies(file)):
                faults.append((change, stem, said))
    assert not faults


@cache
def replies(file):
    return ask(file.parent.name, build(read(file)))


# --- the exercises in their notebooks

# In place of what trains long: of the blocks the one that others are compared with, or no training.
SMALL = {
    "04_spk_blocks": {"blocks": {"SL": SPK_BLOCKS["sl"]}},
    "06_spiking_resnet": {"train": fair_comparison.Log(fair_comparison.CASES[0]).train},
}


UPDATES = {"05_many_thresholds": ("range(61)", "range(2)")}  # with each right answer


class Notebook:
    """The cells of a notebook that some of its names need, in a shell of this process."""

    def __init__(self, stem):
        cells = nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        self.cells = [source.replace(*UPDATES.get(stem, ("", ""))) for source in code]
        self.cells.append(AFTERWARDS.get(stem, ""))
        self.small = SMALL.get(stem, {})
        self.done = set()
        self.shell = InteractiveShell(
            user_module=types.ModuleType(stem),
            config=Config({"HistoryManager": {"enabled": False}}),
        )
        self.shell.InteractiveTB.set_mode("Minimal")
        self.names = [read_names(source) for source in self.cells]

    def place(self, found, what):
        """The number of the only code cell for which `found(source)` is true."""
        places = [i for i, source in enumerate(self.cells) if found(source)]
        assert len(places) == 1, f"{len(places)} cells with {what}, expected one"
        return places[0]

    def prepare(self, cell):
        """Run the cells above that this one needs, each once."""
        for above in find_needed(self.cells, [cell])[:-1]:
            if above not in self.done:
                self.done.add(above)
                self.run(self.cells[above])
                small = {n: v for n, v in self.small.items() if n in self.names[above].binds}
                self.shell.user_ns.update(small)

    def run(self, source):
        result = self.shell.run_cell(source)
        assert result.success, f"{source}\n{result.error_before_exec or result.error_in_exec}"
        return result.result


@pytest.fixture
def notebook(request, monkeypatch):
    monkeypatch.chdir(NOTEBOOKS)
    monkeypatch.setitem(sys.modules, request.param, None)
    found = Notebook(request.param)
    learning, kind = torch.is_grad_enabled(), torch.get_default_dtype()
    yield found
    torch.set_grad_enabled(learning)
    torch.set_default_dtype(kind)
    found.shell.restore_sys_module_state()


@pytest.mark.filterwarnings("default")  # as in a kernel
@pytest.mark.parametrize("notebook", STEMS, indirect=True)
def test_what_passes_serves_the_notebook_and_what_is_wrong_is_told(notebook, request):
    """Each right answer in the place of the exercise, then the check and all cells that use it."""
    stem = request.node.callspec.params["notebook"]
    exercises_here = []
    for folder in (folder for folder in FOLDERS if folder.parent.name == stem):
        solution = read(folder / "solution.py")
        name = defined(solution)
        task = notebook.place(defines(name), f"the definition of {name}")
        call = f"check_{folder.name}({name})"
        check = notebook.place(lambda source, call=call: source.startswith(call), call)
        assert task < check
        exercises_here.append((folder, name, check, notebook.cells[task]))
        notebook.cells[task] = solution
    if stem in AFTERWARDS:
        last = len(notebook.cells) - 1
        notebook.prepare(last)
        notebook.run(notebook.cells[last])

    for folder, name, check, unsolved in exercises_here:
        notebook.prepare(check)
        notebook.run(unsolved)
        said = notebook.run(notebook.cells[check])
        assert said.status == "not yet"
        assert "did not run" not in said.message

        users = [i for i, one in enumerate(notebook.names) if i > check and name in one.uses]
        solution = read(folder / "solution.py")
        notebook.run(read(folder / "right.py"))
        for style in (solution, *(f"{name} = {style}" for style in answers(folder / "right.py"))):
            notebook.run(style)
            said = notebook.run(notebook.cells[check])
            assert said.status == "passed", f"{style}: {said}"
            for cell in users:
                notebook.prepare(cell)
                notebook.run(notebook.cells[cell])
        for stem, hint in hints(folder).items():
            notebook.run(read(folder / f"{stem}.py"))
            said = notebook.run(notebook.cells[check])
            assert said.status == "not right", f"{stem}: {said}"
            assert hint in said.message, f"{stem}: {said}"


def defines(name):
    head = (f"def {name}(", f"class {name}(")
    return lambda source: any(line.startswith(head) for line in source.splitlines())


def test_in_a_kernel_a_cell_with_a_syntax_error_did_not_run():
    path = NOTEBOOKS / "01_one_neuron.ipynb"
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    (check,) = (c.source for c in cells if c.source.startswith("check_lif_step("))
    (imports,) = (c.source for c in cells if "import check_lif_step" in c.source)
    good = read(FOLDERS[0] / "solution.py").rstrip()
    sources = (imports, good, check, good + ")", check, good, check)
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    client = NotebookClient(
        nb, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": NOTEBOOKS}}
    )
    client.execute()
    shown = [nb.cells[i].outputs[0]["data"]["text/plain"] for i in (2, 4, 6)]
    assert [text[0] for text in shown] == ["✓", "…", "✓"]
    assert "did not run: `SyntaxError" in shown[1]
