"""Points: what a right answer gets in any style, and what gets none."""

import ast
import functools
import re

import nbformat
import pytest
import torch
from material import FOLDERS, NOTEBOOKS, answers, build, each, label, read

from spikeviz import exercises
from spikeviz.exercises.variants import alike, ask
from spikeviz.publish import grading
from spikeviz.publish.grading import is_foreign, of_check, of_tampering, of_variants
from spikeviz.publish.needs import IMPORTS, find_needed

SEEDS = ("a", "autumn 2026", "ü", "7", "the teacher's own words")


def solution(folder):
    return build(read(folder / "solution.py"))


@functools.cache
def replies(folder, seed):
    return ask(folder.name, solution(folder), seed)


def check(folder, answer):
    return getattr(exercises, f"check_{folder.name}")(answer).status


@pytest.mark.parametrize(("file", "name"), each("right"))
def test_a_right_answer_passes_the_variants_of_each_seed(file, name):
    answer = answers(file)[name]
    for seed in SEEDS:
        right = replies(file.parent, seed)
        assert of_variants(file.parent.name, answer, seed, right) == "", seed


def test_a_wrong_answer_gets_no_points_and_its_hint():
    answer = build(read(FOLDERS[0] / "wrong_no_leak.py"))
    said = exercises.check_lif_step(answer)
    assert said.status == "not right"
    assert of_check("lif_step", answer, said) == said.message
    assert "nothing leaks" in " ".join(said.message.split())


# --- learned by heart


def digest(value):
    """What tells two arguments apart; functions are told from none."""
    if isinstance(value, torch.Tensor):
        return (*value.shape, *value.detach().flatten().tolist())
    if isinstance(value, torch.nn.Module):
        return digest(list(value.state_dict().values()))
    if isinstance(value, dict):
        return digest(list(value.items()))
    if isinstance(value, list | tuple | set):
        return tuple(map(digest, value))
    return "" if callable(value) else value


def spoil(value):
    """Another value of the same kind."""
    if isinstance(value, tuple):
        return tuple(map(spoil, value))
    if isinstance(value, str):
        return "agree" if value == "undecided" else "undecided"
    return [] if isinstance(value, list) and value else ["epochs"] if value == [] else value + 1


def learn_by_heart(answer, known, learning):
    """The answer, as a table would give it: while learning it notes what it is asked; then it gives
    something else for all that is not `known`."""

    def recall(function, skip=0):
        @functools.wraps(function)
        def from_table(*arguments, **options):
            asked = digest([arguments[skip:], options])
            if learning:
                known.add(asked)
            given = function(*arguments, **options)
            return given if asked in known else spoil(given)

        return from_table

    if not isinstance(answer, type):
        return recall(answer)
    if issubclass(answer, torch.nn.Module):
        return type(answer.__name__, (answer,), {"forward": recall(answer.forward, skip=1)})
    back = lambda ctx, above: answer.backward(ctx, above)  # noqa: E731
    return type(answer.__name__, (answer,), {"backward": staticmethod(recall(back, skip=1))})


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_the_public_check_learned_by_heart_gives_no_points(folder):
    known, answer = set(), solution(folder)
    assert check(folder, learn_by_heart(answer, known, learning=True)) == "passed"
    table = learn_by_heart(answer, known, learning=False)
    assert check(folder, table) == "passed"
    for seed in SEEDS[:2]:
        why = of_variants(folder.name, table, seed, replies(folder, seed))
        assert "with other numbers than those of the check" in why


@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_each_seed_asks_something_else(folder):
    one, other = (replies(folder, seed) for seed in SEEDS[:2])
    same = folder.name in ("residual_lif", "choose_thresholds")  # whose replies are "as it should"
    assert alike(one, other) == same


# --- the library's own

SHORT_CUTS = {
    "lif_step": """
import importlib
theirs = getattr(importlib.import_module("spikeatconv"), "lif" + "_step")
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    x, v = torch.tensor(x), torch.tensor(v)
    return theirs(x, v, tau=tau, v_threshold=v_threshold, v_reset=v_reset)""",
    "reconstruct": """
from spikeviz.exercises.reconstruct import reference as mine
def reconstruct(spikes, tau):
    return mine(spikes, tau)""",
    "surrogate_backward": """
import spikeatconv as s
class MyAtan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)
    @staticmethod
    def backward(ctx, above):
        return above * s.Atan(2.0).derivative(*ctx.saved_tensors)""",
    "residual_lif": """
from spikeatconv import SPK_BLOCKS
class ResidualLIF(SPK_BLOCKS["rl"]):
    pass""",
    "fair_comparison": """
from spikeviz.results import verdict as judge
def compare(train, n_test):
    return judge(*([train(seed=i, surrogate=s)[-1] for i in range(3)] for s in ("atan", "sigmoid")),
                 n_test)""",
    "fold_batchnorm": """
from spikeatconv import fold
from spikeatconv.conv import OverTime
def fold_batchnorm(weight, bias, norm):
    groups = 1 if weight.shape[1] > 1 else len(weight)
    conv = torch.nn.Conv2d(groups * weight.shape[1], len(weight), weight.shape[2], groups=groups,
                           bias=bias is not None)
    conv.weight = torch.nn.Parameter(weight)
    if bias is not None:
        conv.bias = torch.nn.Parameter(bias)
    return tuple(p.detach() for p in fold(OverTime(conv, norm).eval())[0].parameters())""",
    "grid_partition": """
from spikeatconv.partition import PARTITIONS
cut, join = PARTITIONS["grid"]
def grid_partition(x, size):
    return cut(x, size)""",
    "bdsa": """
from spikeatconv import Attend
def bdsa(s, spk, softmax=True):
    return spk(Attend(1, softmax=softmax).weigh(s, s) @ s)""",
    "block_parameters": """
from spikeatconv.model import Block, preset
def block_parameters(channels, mixer=False):
    options = {"readout": "membrane"} if mixer else {"readout": "sum", "mixer": False}
    with torch.device("meta"):
        block = Block(preset("micro", widths=(channels,), depths=(1,), partition_size=4,
                             spk_options=options), 0)
    return sum(p.numel() for p in block.parameters())""",
    "break_even_rate": """
from spikeviz.exercises import break_even_rate as b
def break_even_rate(flops, time_steps, e_mac=4.6, e_a=0.9):
    return b.right(flops, time_steps, e_mac, e_a)""",
    "recipe_faults": """
from spikeviz.exercises.recipe_faults import find_faults
def faults(recipe, processes):
    return find_faults(recipe, processes)""",
    "normalise": """
from spikeviz.exercises.normalise import RIGHT, Layer
def normalise(*layer):
    return tuple(part(Layer(*layer)) for part in RIGHT.values())""",
    "bin_events": """
from spikeviz.exercises.bin_events import Stream, right
def bin_events(*stream):
    return right(Stream(*stream)).float()""",
}  # the others have no such function


@pytest.mark.parametrize("exercise", SHORT_CUTS)
def test_the_librarys_own_gives_no_points_whatever_it_is_called(exercise):
    (folder,) = (folder for folder in FOLDERS if folder.name == exercise)
    answer = build(SHORT_CUTS[exercise])
    assert check(folder, answer) == "passed"
    why = of_variants(exercise, answer, "a", solution(folder))
    assert re.search(
        r"calls `spike(atconv|viz)(\.\w+)+(\.<lambda>)?`\. That is the course's own", why
    )


def test_each_closed_function_has_its_short_cut():
    assert {*grading.LIBRARY} <= {*SHORT_CUTS}


# --- what gives the points stays as it is

TAMPERED = {
    "def check_lif_step(f): return Feedback('passed', '')": "`check_lif_step`",
    "check_lif_step = lambda f: Feedback('passed', '')": "`check_lif_step`",
    "class Feedback: status, message = 'passed', ''": "`Feedback`",
    "from spikeviz.exercises import check_bdsa as check_lif_step": "`check_lif_step`",
    "torch.allclose = lambda *a, **k: True": "`torch.allclose`",
    "t.Tensor.isfinite = lambda self: self": "`t.Tensor.isfinite`",
    "setattr(torch, 'equal', lambda *a: True)": "`torch`",
    "exercises.answer.stop = print": "`exercises.answer.stop`",
    "exercises.__dict__['check_lif_step'] = print": "`exercises.__dict__['check_lif_step']`",
    "Known.status = 'passed'": "`Known.status`",
    "def f(x):\n    torch.equal = max\n    return x": "`torch.equal`",
}


@pytest.mark.parametrize("cell", TAMPERED)
def test_a_notebook_that_changes_what_gives_the_points_is_told_so(cell):
    names = {"torch": torch, "t": torch, "exercises": exercises, "Known": exercises.Feedback}
    why = of_tampering(["import torch", "a syntax error", cell], names)
    assert f"{TAMPERED[cell]}" in why
    assert why.startswith("No points: a cell of this notebook ")


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_course_changes_none_of_it(path):
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    names = {}
    for source in cells:
        for node in ast.parse(source).body:
            if isinstance(node, IMPORTS):
                exec(ast.unparse(node), names)
    assert of_tampering(cells, names) == ""
    assert any(map(is_foreign, names.values()))


# --- which cells run


def test_what_a_cell_needs_is_found_in_the_text():
    cells = [
        "import torch",
        "shift = 1",
        "shift += 1",
        "table = []",
        "table.append(shift)",
        "torch.manual_seed(0)",
        "plot = table",
        "def helper(x):\n    return x + table[0]",
        "de helper(x):",
        "for shift in range(3): train(shift)",
        "def answer(x):\n    return [helper(shift) for shift in x]",
        "check_answer(answer)",
        "torch.equal = max",
        "from torch import nn",
        "def nn(): pass",
        "nn(torch)",
    ]
    assert find_needed(cells, [11]) == [0, 1, 2, 3, 4, 7, 8, 10, 11]
    assert find_needed(cells, [15]) == [0, 8, 12, 13, 14, 15]
    assert find_needed(cells, [6]) == [0, 1, 2, 3, 4, 6]
