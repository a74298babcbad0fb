"""What a network gets right and wrong, on answers that are written by hand."""

import math

import accelerate
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeatconv import load_weights
from spikeatconv.training import Recipe, digits, evaluate
from spikeatconv.training.answers import Answers, ask, interval

#        class   answer    its share    right
SIX = [
    ("ash",      "ash",      0.95),   # yes
    ("ash",      "ash",      0.85),   # yes
    ("ash",      "birch",    0.55),
    ("birch",    "birch",    0.91),   # yes
    ("birch",    "ash",      0.99),
    ("cedar",    "ash",      0.45),
]  # fmt: skip
NAMES = ("ash", "birch", "cedar", "a tree of which there is no image")


@pytest.fixture(scope="module")
def six():
    labels, first = (torch.tensor([NAMES.index(row[column]) for row in SIX]) for column in (0, 1))
    second = torch.tensor([1, 1, 0, 0, 1, 2])
    shares = torch.tensor([[row[2], 1 - row[2]] for row in SIX])
    found = torch.stack([first, second], 1)
    return Answers(NAMES, labels, found, shares, torch.arange(6.0))


def test_scores(six):
    scores = six.scores()
    assert scores["images"] == 6
    assert scores["top1"] == 0.5
    assert scores["loss"] == 2.5
    assert "top5" not in scores
    # bins 0.4: 1 image, 0 right; 0.5: 1, 0; 0.8: 1, 1; 0.9: 3, 2 right, mean share 0.95
    apart = (0.45 + 0.55 + (1 - 0.85) + 3 * abs(0.95 - 2 / 3)) / 6
    assert scores["calibration_error"] == pytest.approx(apart, abs=1e-6)


def test_confusion_and_classes(six):
    assert six.confusion().tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    table = six.by_class().set_index("class")
    assert table.images.tolist() == [3, 2, 1, 0]
    assert table.recall.tolist()[:3] == [2 / 3, 0.5, 0]
    assert table.precision.tolist()[:2] == [0.5, 0.5]  # ash: 2 of 4 that are taken for it
    assert table.taken_for.tolist() == ["birch", "ash", "ash", ""]
    assert table.times.tolist() == [1, 1, 1, 0]
    nothing = table.loc[NAMES[3]]
    assert math.isnan(nothing.recall)
    assert (nothing.low, nothing.high) == (0, 1)
    assert math.isnan(table.precision["cedar"])  # nothing was taken for it


def test_calibration(six):
    table = six.calibration()
    assert table.images.tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 1, 3]
    assert table.right.tolist()[-2:] == [1.0, 2 / 3]
    assert table.share[9] == pytest.approx(0.95)
    sure = Answers(NAMES, six.labels, six.found, torch.ones(6, 2), six.losses)
    assert sure.calibration().images.tolist() == [0] * 9 + [6]  # a share of 1 has a bin


def test_the_interval_is_wilsons():
    """Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for right, images, low, high in (
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):  # fmt: skip
        assert interval(right, images) == pytest.approx((low, high), abs=5e-5)
    assert interval(0, 0) == (0, 1)
    with pytest.raises(ValueError, match="right is 3; give a whole number, from 0 to 2"):
        interval(3, 2)


@given(st.integers(1, 5000), st.data())
def test_the_interval_holds_the_share_and_is_symmetric(images, data):
    right = data.draw(st.integers(0, images))
    low, high = interval(right, images)
    assert 0 <= low <= right / images <= high <= 1
    assert interval(images - right, images) == pytest.approx((1 - high, 1 - low))


def test_it_covers_the_truth_as_often_as_it_says():
    right = np.random.default_rng(0).binomial(200, 0.9, 2000)
    covered = [low <= 0.9 <= high for low, high in (interval(int(n), 200) for n in right)]
    assert 0.93 < np.mean(covered) < 0.97


def test_a_network_is_asked_as_the_training_tests_it():
    model, test = load_weights("micro_digits"), digits("test")
    test.images, test.labels = test.images[:100], test.labels[:100]
    accelerator = accelerate.Accelerator(cpu=True)
    answers = ask(model, test, accelerator, batch=30)
    recipe = Recipe(1, 30, 1e-3, 0.0, 0, 32)
    tested = evaluate(model, test, recipe, accelerator)
    scores = answers.scores()
    assert len(answers) == 100
    assert scores["top1"] == pytest.approx(tested["test_accuracy"])
    assert scores["top5"] == pytest.approx(tested["test_top5"])
    assert scores["loss"] == pytest.approx(tested["test_loss"], abs=1e-6)
    with torch.no_grad():
        logits = model(test.images[:7])
    assert answers.found[:7].tolist() == logits.topk(5).indices.tolist()
    torch.testing.assert_close(answers.shares[:7], logits.softmax(1).topk(5).values)


def test_other_classes_are_refused():
    test = digits("test")
    test.classes = (*test.classes, "ten")
    model, accelerator = load_weights("micro_digits"), accelerate.Accelerator(cpu=True)
    with pytest.raises(ValueError, match=r"the data have 11 classes; expected \[images, 11\]"):
        ask(model, test, accelerator)
    test = digits("test")
    test.labels, test.classes = test.labels % 5, test.classes[:5]
    with pytest.raises(ValueError, match="tells 10 classes apart and the data name 5"):
        ask(model, test, accelerator)


def test_a_table_of_many_classes_is_in_their_order():
    n = 300
    labels = torch.arange(n)
    answers = Answers(
        tuple(f"class {i}" for i in range(n)), labels, labels.flip(0)[:, None], torch.ones(n, 1),
        torch.zeros(n),
    )  # fmt: skip
    assert isinstance(answers.by_class(), pd.DataFrame)
    assert answers.by_class()["class"].tolist() == list(answers.classes)
    assert answers.confusion().flip(1).diagonal().tolist() == [1] * n
