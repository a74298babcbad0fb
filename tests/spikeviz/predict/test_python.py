"""A prediction in Python: what can be asked and answered, in any order, and what is kept."""

import importlib
import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from spikeviz import answer, predict
from spikeviz.base.front_end import front_end
from spikeviz.course_map.progress import NAME, read_predictions, read_solved
from spikeviz.exercises import check_lif_step

AXES = {"x": (0, 20, "time, ms"), "y": (0, 1.2, "membrane")}
KINDS = {
    "choice": ((["one", "two", "three"],), {}),
    "number": ((), {"number": "spikes", "low": 0, "high": 50}),
    "curve": ((), {"curve": AXES}),
}


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """Each test in a kernel of its own, as it were."""
    memory = importlib.import_module("spikeviz.predict.explorer")
    monkeypatch.setattr(memory, "_results", {})
    monkeypatch.setattr(memory, "_shown", {})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "01_one_neuron.ipynb"))
    return tmp_path


def ask(kind, name="01-test"):
    positional, named = KINDS[kind]
    return predict(name, "What comes out?", *positional, **named)


WAYS = [  # (kind, what answer() is told, what is shown)
    ("choice", 1, "two"), ("choice", "three", "three"), ("choice", np.int64(0), "one"),
    ("choice", torch.tensor(2), "three"),
    ("number", 7, 7), ("number", np.float32(0.5), 0.5), ("number", torch.tensor(60), 60),
    ("number", 1 / 3, 0.3333),
    ("curve", [0, 1], {"x": [0, 20], "values": [0, 1]}),
    ("curve", np.array([0.0, 0.25, 1.0]), {"x": [0, 10, 20], "values": [0, 0.25, 1]}),
    ("curve", torch.ones(2, requires_grad=True), {"x": [0, 20], "values": [1, 1]}),
    ("curve", ([5, 1, 30], [0.5, 0.1, 3]), {"x": [1, 5], "values": [0.1, 0.5]}),
    ("curve", (range(3), torch.arange(3)), {"x": [0, 1, 2], "values": [0, 1, 2]}),
]  # fmt: skip


@pytest.mark.parametrize("first", ["predict", "answer"])
@pytest.mark.parametrize(("kind", "value", "shown"), WAYS, ids=lambda value: str(value)[:20])
def test_the_two_cells_run_in_any_order(kind, value, shown, first):
    if first == "predict":
        widget = ask(kind)
        assert widget.result is None
        assert answer("01-test", value) is None
    else:
        answer("01-test", value)
        widget = ask(kind)
    assert widget.result == shown
    again = ask(kind)  # the first cell once more
    answer("01-test", value)  # and the second
    assert again.result == widget.result == shown
    json.dumps(again.get_state(["result"]), allow_nan=False)


WRONG = [
    ("choice", 3, "0 to 2, or one of"), ("choice", "two ", "one of"), ("choice", True, "one of"),
    ("choice", 1.0, "one of"), ("choice", None, "one of"),
    ("number", math.nan, "finite number"), ("number", "7", "finite number"),
    ("number", [1, 2], "finite number"), ("number", True, "finite number"),
    ("curve", 3, "finite numbers, two or more"), ("curve", [1], "two or more"),
    ("curve", [0, math.inf], "finite"), ("curve", ([0, 1], [1, 2, 3]), "as many x as y"),
    ("curve", ([30, 40], [1, 2]), "x from 0 to 20"), ("curve", "up", "finite numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "words"), WRONG, ids=lambda value: str(value)[:20])
def test_a_result_that_is_none_of_the_question_is_refused(kind, value, words):
    widget = ask(kind)
    with pytest.raises(ValueError, match=rf"answer\('01-test'\) is .*; give .*{words}"):
        answer("01-test", value)
    assert widget.result is None
    assert ask(kind).result is None  # nor later


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("count", "How many?", ["a", "b"]), '"01-count"'),
        (("01-count", " ", ["a", "b"]), "give a sentence"),
        (("01-count", "How many?"), "one of them only"),
        (("01-count", "How many?", ["a"]), "2 to 8 texts"),
        (("01-count", "How many?", ["a", "a"]), "all different"),
        (("01-count", "How many?", "ab"), "2 to 8 texts"),
        (("01-count", "How many?", None, {"number": "spikes"}), "low < high"),
        (("01-count", "How many?", None, {"number": "", "low": 3, "high": 3}), "low < high"),
        (("01-count", "Draw", None, {"curve": {"x": (0, 1, "t")}}), "low, high, label"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(asked, words):
    *positional, named = asked if isinstance(asked[-1], dict) else (*asked, {})
    with pytest.raises(ValueError, match=words):
        predict(*positional, **named)


def test_a_committed_guess_is_kept_and_there_again_in_a_new_kernel(folder):
    for kind, guess in [("choice", "three"), ("number", 12), ("curve", [0.5] * 40 + [None])]:
        widget = ask(kind, f"01-{kind}")
        widget.guess = guess
        assert not (read_predictions().get(f"01-{kind}"))  # not before it is committed
        widget.state = "committed"
        answer(f"01-{kind}", [0, 1] if kind == "curve" else 1)
        kept = read_predictions()[f"01-{kind}"]
        assert kept == {"guess": guess, "result": widget.result}
        new = ask(kind, f"01-{kind}")
        assert (new.guess, new.state) == (guess, "committed")
    other = predict("01-choice", "What comes out?", ["four", "five"])  # the question is another
    assert (other.guess, other.state) == (None, "open")
    skipped = ask("choice", "01-skipped")
    skipped.state = "skipped"
    assert ask("choice", "01-skipped").state == "open"


def test_predictions_and_exercises_share_the_file(folder):
    widget = ask("number")
    widget.guess, widget.state = 3, "committed"

    def right(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
        h = v + (x - v) / tau
        spike = float(h >= v_threshold)
        return spike, h, (1 - spike) * h + spike * v_reset

    assert check_lif_step(right).status == "passed"
    assert list(read_solved()[0]) == ["lif_step"]
    assert read_predictions()["01-test"]["guess"] == 3
    (folder / NAME).write_text('{"predictions": {"01-test": 3}}', encoding="utf-8")
    assert ask("number").state == "open"  # set aside, and no error


def test_a_prediction_is_small_and_needs_no_torch():
    for kind, most in [("choice", 11_000), ("number", 14_000), ("curve", 18_000)]:
        assert sum(map(len, front_end("predict", f"{kind}.js"))) < most
    widget = ask("curve")
    answer("01-test", np.sin(np.linspace(0, 3, 100_000)))
    assert len(widget.result["x"]) <= 201
    asks = "import sys, spikeviz; spikeviz.predict('01-a', 'b?', ['c', 'd'])"
    program = [sys.executable, "-c", f"{asks}; print('torch' in sys.modules)"]
    done = subprocess.run(program, capture_output=True, text=True, encoding="utf-8")
    assert done.stdout == "False\n", done.stderr
