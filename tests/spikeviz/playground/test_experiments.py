"""The ten experiments show what their texts say, for each of three seeds."""

import re

import pytest

FIND = """(seeds) => EXPERIMENTS.map((experiment) => ({
    ...experiment,
    found: seeds.map((seed) => compare(experiment, { seed })).map((found) =>
        ({ ...found, said: experiment.says(found) })),
}))"""


def accuracy(side):
    return side["train"]["accuracy"]


def loss(side):
    return side["train"]["loss"]


def lost(side):
    return len(side["dead"]) + len(side["saturated"])


# What each text says, of (tried, against).
SHOWN = {
    "off": lambda a, b: accuracy(a) < 0.65 < 0.9 < accuracy(b),
    "steep": lambda a, b: accuracy(a) < accuracy(b) - 0.1,
    "memory": lambda a, b: (
        loss(a) == pytest.approx(loss(b)) and a["additions"] == pytest.approx(8 * b["additions"])
    ),
    "threshold": lambda a, b: (
        len(a["dead"]) == 8 and accuracy(a) < 0.6 and len(b["dead"]) < 4 and accuracy(b) > 0.9
    ),
    "mbpl": lambda a, b: loss(a) < loss(b) - 0.02,
    "latency": lambda a, b: accuracy(a) < 0.65 < 0.9 < accuracy(b),
    "rate": lambda a, b: 0.45 < accuracy(a) < accuracy(b) - 0.05,
    "learning": lambda a, b: accuracy(a) < accuracy(b) - 0.2 and lost(a) > lost(b),
    "spiral": lambda a, b: accuracy(a) > accuracy(b) + 0.05,
    "energy": lambda a, b: a["additions"] > 3 * b["additions"] and accuracy(a) < accuracy(b) + 0.05,
}


@pytest.fixture(scope="module")
def experiments(modules):
    page = modules("playground/experiments")
    return {found["id"]: found for found in page.evaluate(FIND, list(range(3)))}


def test_there_are_ten_questions_with_an_answer_each(experiments):
    assert list(experiments) == list(SHOWN)
    for experiment in experiments.values():
        assert experiment["question"].endswith("?")
        assert 0 <= experiment["right"] < len(experiment["choices"]) == 3
        assert set(experiment["settings"]) != set()


@pytest.mark.parametrize("name", SHOWN)
def test_an_experiment_shows_what_its_text_says(experiments, name):
    for seed, found in enumerate(experiments[name]["found"]):
        assert SHOWN[name](found["tried"], found["against"]), (seed, found["said"])


def test_the_numbers_of_an_answer_are_those_of_the_run(experiments):
    (first, *_) = experiments["off"]["found"]
    shares = [round(100 * accuracy(first[side])) for side in ("tried", "against")]
    assert list(map(int, re.findall(r"(\d+) %", first["said"]))) == shares
