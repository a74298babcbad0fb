"""The path of ImageNet at its own size: an image folder, the recipe, Tiny at 224, the command."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from spikeatconv.cli import main
from spikeatconv.training import RECIPES, Checkpoints, network, open_data, train

PHOTO = Path(__file__).parents[3] / "data" / "photo.jpg"
CLASSES = 6  # more than five, so that there is a top 5


@pytest.fixture
def folder(tmp_path):
    """Pieces of one photograph; each class has a place in it, and a name as ImageNet gives it."""
    with Image.open(PHOTO) as photo:
        sides = photo.size
        for split, shift in (("train", 0), ("val", 9)):
            for number in range(CLASSES):
                place = tmp_path / "data" / split / f"n{number:08}"
                place.mkdir(parents=True)
                left = (sides[0] - 130) * number // CLASSES + shift
                top = (sides[1] - 100) * (number % 3) // 3
                photo.crop((left, top, left + 120, top + 90)).save(place / "1.JPEG")
    return tmp_path


def test_three_steps_by_the_recipe_and_their_evaluation(folder, capsys):
    """T = 1, one block a stage and batches of 2, for time; all else is the recipe's."""
    recipe = replace(RECIPES["imagenet"], epochs=1, batch=2, warmup_epochs=0)
    data, test = open_data(folder / "data", 224, crop=True)
    model = network("tiny", classes=CLASSES, time_steps=1, depths=(1,) * 4)
    before = [p.clone() for p in model.parameters()]
    first, _, last = train(model, data, test, recipe, folder / "run", cpu=True)
    assert (last["step"], len(data.batch([0])[0][0, 0])) == (3, 256)
    # It begins by guessing. Where two more steps of two images lead, nobody can say: to a loss of
    # 1.9 to 6.7 over four seeds, and 3.0 to 9.6 in the twin.
    assert abs(first["loss"] - math.log(CLASSES)) < 0.5
    assert math.isfinite(last["loss"])
    moved = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert np.mean(moved) > 0.9
    assert Checkpoints(folder / "run").last().name == "step-00000003"
    words = ["evaluate", "--model", folder / "run", "--data", folder / "data", "--batch", 2]
    assert main([*map(str, words), "--cpu"]) == 0
    told = dict(re.findall(r"^(top \d|loss|data) +(.*)$", capsys.readouterr().out, re.MULTILINE))
    assert told["data"].endswith("6 test images, 224 × 224")
    assert told["top 1"].split()[0] == f"{last['test_accuracy']:.4f}"
    assert told["top 5"].split()[0] == f"{last['test_top5']:.4f}"
    assert float(told["loss"]) == pytest.approx(last["test_loss"], abs=1e-3)
