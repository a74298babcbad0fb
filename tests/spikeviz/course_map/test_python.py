"""CourseMap: the way, and a command that the command line understands."""

import shlex

import pytest
import torch

from spikeatconv import SpikeAtConv, SpikeAtConvConfig, preset
from spikeatconv.command.settings import read_settings
from spikeviz import CourseMap
from spikeviz.course_map import command, course


def settings(words):
    return [words[i + 1] for i, word in enumerate(words) if word == "--set"]


def test_the_whole_command_sets_what_the_paper_says():
    words = shlex.split(command().replace("\\\n", " "))
    assert words[0] == "torchrun"
    assert words[-2:] == ["--resume", "--yes"]
    assert words[words.index("-m") :][:4] == ["-m", "spikeatconv.cli", "train", "imagenet"]
    assert words[words.index("--model") + 1] == "tiny"
    found = read_settings(settings(words), SpikeAtConvConfig)
    assert found["recipe"] == {"seed": 0}
    assert found["augmentation"] == {}
    config = preset("tiny", **found["model"])
    assert (config.spk, config.time_steps, config.spiking, config.norm) == (
        "mbpl",
        4,
        True,
        "batch",
    )
    assert (config.attention, config.softmax) == ("sisa", True)
    assert (config.partition, config.partition_size) == ("grid", 7)
    assert config.spk_options == {
        "tau": 2.0, "surrogate": "atan", "thresholds": (0.5, 1.0, 1.5, 2.0),
        "readout": "sum", "mixer": False,  # the preset's, not the command's
    }  # fmt: skip


def test_what_the_command_sets_is_what_tiny_is_anyway():
    """The course explains the defaults: with the options or without, the same network."""
    found = read_settings(settings(shlex.split(command().replace("\\\n", " "))), SpikeAtConvConfig)
    small = {"widths": (8, 8, 8, 8), "depths": (1, 1, 1, 1), "classes": 2, "head_width": 8}
    with_options = SpikeAtConv(preset("tiny", **{**found["model"], **small}))
    plain = SpikeAtConv(preset("tiny", **small))
    plain.load_state_dict(with_options.state_dict())
    image = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(with_options.eval()(image), plain.eval()(image))


def test_the_command_grows_notebook_by_notebook():
    lengths = [len(command(i).splitlines()) for i in range(13)]
    assert lengths == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14]
    assert "thresholds" not in command(4)
    assert "thresholds" in command(5)


def test_every_notebook_of_the_plan_is_numbered_in_order():
    notebooks = course()["notebooks"]
    way, side = notebooks[:13], notebooks[13:]
    assert [n["file"][:2] for n in way] == [f"{i:02d}" for i in range(13)]
    assert sum(bool(n["line"]) for n in way) == 11
    assert [n["file"][:2] for n in side] == [f"A{i + 1}" for i in range(len(side))]
    assert not [n for n in way if "after" in n]
    assert [n for n in side if n["after"] in range(13) and not n["line"]] == side


@pytest.mark.parametrize("at", [0, 7, 12])
def test_the_figure_marks_the_notebook_on_show(at):
    (axis,) = CourseMap(notebook=at).to_matplotlib().axes
    marked = [
        i
        for i, bar in enumerate(axis.patches)
        if bar.get_facecolor()[:2] == (0xD5 / 255, 0x5E / 255)
    ]
    assert marked == [at]
