"""The teacher of `train --teacher`: it answers for the data's classes, or is refused in words."""

from pathlib import Path

import pytest
import torch

from spikeatconv.command.teacher import teacher_for
from spikeatconv.command.trained import Trained
from spikeatconv.images.picture import Fit
from spikeatconv.training import network

NAMES = ("ash", "birch", "cedar", "oak")


def teacher(named=True, **changes):
    settings = {"widths": (8,), "depths": (1,), "partition_size": 2, "head_width": 8}
    model = network("micro", spiking=False, **{**settings, "classes": 4, **changes}).eval()
    names = NAMES if named else tuple("0123")
    return Trained(Path("twin"), model, {}, Fit(16, 3), names, named)


def test_its_answers_are_in_the_order_of_the_data():
    given, x = teacher(), torch.rand(2, 3, 16, 16)
    before = given.model(x)
    found, told = teacher_for(given, ("oak", "ash"), 3, 16)
    assert torch.equal(found(x), before[:, [3, 0]])
    assert told == "twin: no spikes"


def test_without_names_it_needs_as_many_classes():
    given, x = teacher(named=False), torch.rand(2, 3, 16, 16)
    before = given.model(x)
    found, told = teacher_for(given, NAMES, 3, 16)
    assert torch.equal(found(x), before)
    assert "it names no classes, they are taken to be the data's, in order" in told
    with pytest.raises(ValueError, match="does not know the classes ash, birch; it knows 0, 1"):
        teacher_for(given, NAMES[:2], 3, 16)


@pytest.mark.parametrize(
    ("classes", "channels", "side", "told"),
    [
        (("oak", "elm"), 3, 16, r"teacher twin does not know the classes elm; it knows a.*give"),
        (NAMES, 1, 16, r"takes images of 3 channels, .*16 × 16, and these are 1 × 16 × 16; give"),
        (NAMES, 3, 18, r"and these are 3 × 18 × 18; give one that was trained on such images"),
    ],
)  # fmt: skip
def test_what_it_cannot_teach(classes, channels, side, told):
    with pytest.raises(ValueError, match=told):
        teacher_for(teacher(), classes, channels, side)
