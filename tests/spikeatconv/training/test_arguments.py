"""What training's functions are given that they should not get: the value, and how to mend it.

Recipe, Augmentation, network, InMemory, open_data and Checkpoints are in test_robustness.py.
"""

import math
import runpy
from dataclasses import replace
from pathlib import Path

import accelerate
import pytest
import torch
from torch import nn

from spikeatconv.command.estimate import estimate
from spikeatconv.training import (
    Augment,
    Augmentation,
    Run,
    adamw,
    digits,
    evaluate,
    mix,
    order_of,
    seed_of,
    train,
)

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
RECIPE = replace(RUNS["RECIPE"], augmentation=Augmentation())
MODEL, DATA, TEST = RUNS["small"](), RUNS["images"](40, 16), RUNS["images"](8, 16)
PIXELS, LABELS = torch.rand(4, 3, 16, 16), torch.arange(4)
SHARES = torch.eye(4)
ACCELERATOR = accelerate.Accelerator(cpu=True)

NO_MODEL = [None, 3, "micro", nn.Linear, torch.ones(2), {}]
NO_IMAGES = [None, 3, "digits", digits, [], {}, torch.ones(2), PIXELS.numpy()]
NO_RECIPE = [None, 3, "digits", {}, Augmentation()]
NO_WHOLE = ["4", 2.5, True, math.nan, None, [1], -1]
NO_NUMBER = ["1", True, math.nan, math.inf, None, [1.0], -1, torch.ones(2)]
NO_WORD = ["xyz", "", 3, None, ["no"]]
NO_FLAG = ["no", 1, None]
TOGETHER = {"model": NO_MODEL, "data": NO_IMAGES, "test": NO_IMAGES, "recipe": NO_RECIPE}
TRAIN = {
    **TOGETHER, "precision": NO_WORD, "accumulate": [*NO_WHOLE, 0], "workers": [*NO_WHOLE, 10**6],
    "cpu": NO_FLAG, "folder": [3, b"x", "", "a\0b"], "keep": [*NO_WHOLE, 0],
    "every": ["4", 2.5, True, 0, -1], "run": [None, 3, {}, Run],
}  # fmt: skip
BATCH = {
    "images": [None, 3, "x", PIXELS.numpy(), PIXELS[0], PIXELS[:0], PIXELS[:2]],
    "labels": [None, 3, "x", [1, 2], LABELS[:3], SHARES],
}


def first_of_train(**given):
    return next(train(**given))


def augmented(images, labels):
    return Augment(Augmentation(), 16, 4)(images, labels)


CALLS = [
    (first_of_train, {"model": MODEL, "data": DATA, "test": TEST, "recipe": RECIPE, "cpu": True},
     TRAIN),
    (estimate, {"model": MODEL, "data": DATA, "test": TEST, "recipe": RECIPE,
                "folder": Path("nowhere"), "run": Run(cpu=True)}, TOGETHER),
    (evaluate, {"model": MODEL, "data": TEST, "recipe": RECIPE, "accelerator": ACCELERATOR},
     {"model": NO_MODEL, "data": NO_IMAGES, "recipe": NO_RECIPE, "accelerator": [None, 3, "cpu"],
      "workers": NO_WHOLE}),
    (adamw, {"model": MODEL, "recipe": RECIPE}, {"model": NO_MODEL, "recipe": NO_RECIPE}),
    (order_of, {"seed": 0, "epoch": 0, "images": 4},
     {"seed": NO_WHOLE, "epoch": NO_WHOLE, "images": NO_WHOLE}),
    (Augment, {"augmentation": Augmentation(), "size": 16, "classes": 4},
     {"augmentation": [None, {}, "flip"], "size": [*NO_WHOLE, 0], "classes": [*NO_WHOLE, 0]}),
    (augmented, {"images": PIXELS, "labels": LABELS}, BATCH),
    (mix, {"images": PIXELS, "shares": SHARES, "mixup": 1.0, "cutmix": 0.0},
     {"images": BATCH["images"], "shares": [None, 3, SHARES[:3], LABELS], "mixup": NO_NUMBER,
      "cutmix": NO_NUMBER}),
]  # fmt: skip
TRIED = [
    (call, good, name, value) for call, good, bad in CALLS for name in bad for value in bad[name]
]


@pytest.mark.parametrize("number", range(len(TRIED)))
def test_the_error_names_the_argument_and_a_mend(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, good, name, value = TRIED[number]
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b.*\b(give|choose|call)\b"):
        call(**{**good, name: value})
    assert list(tmp_path.iterdir()) == []


def test_what_is_good_is_taken():
    for call, good, _ in CALLS:
        call(**good)


@pytest.mark.parametrize("value", [1.5, None, -1, b"x", True])
def test_a_seed_is_made_of_whole_numbers_and_words(value):
    with pytest.raises((TypeError, ValueError), match=r"a number is .*; give a whole number"):
        seed_of(1, "order", value)
