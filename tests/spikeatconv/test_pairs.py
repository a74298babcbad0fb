"""Pairs of shapes: what is drawn, and why without attention none tells same from different."""

import json
import sys
from pathlib import Path

import pytest
import torch

from spikeatconv import load_weights, shipped, weights_note
from spikeatconv.pairs import SHAPES, SLACK, pairs, shape

sys.path.insert(0, str(Path(__file__).parents[2] / "studies"))
import attention

RESULTS = json.loads((attention.digits.RESULTS / "attention.json").read_text())["results"]


def test_the_shapes_are_their_own_mirror_images_and_differ():
    drawn = [shape(name) for name in SHAPES]
    for one in drawn:
        assert torch.equal(one, one.flip(0))
        assert torch.equal(one, one.T)
    assert min((a - b).abs().sum() for a in drawn for b in drawn if a is not b) > 30  # pixels


def test_a_strip_holds_two_shapes_far_apart_and_its_answer_is_true():
    strips, answers = pairs(400, seed=3)
    assert (strips.shape, answers.shape) == ((400, 1, 16, 64), (400,))
    assert not strips[..., 12 + SLACK - 1 : 64 - 12 - SLACK + 1].any()  # the 34 pixels between
    seen = []
    for strip in strips[:, 0]:
        kinds = []
        for half in (strip[:, :32], strip[:, 32:]):
            top, left = (half.any(axis).float().argmax() for axis in (1, 0))
            ink = half[top : top + 12, left : left + 12]
            assert ink.count_nonzero() == half.count_nonzero()
            kinds.append(
                [torch.equal((ink > 0).float(), shape(name)) for name in SHAPES].index(True)
            )
        seen.append(kinds)
    assert [a == b for a, b in seen] == answers.tolist()
    assert 0.4 < answers.float().mean() < 0.6
    assert len({tuple(kinds) for kinds in seen}) == len(SHAPES) ** 2


def test_a_seed_gives_the_same_strips_again_and_another_gives_others():
    assert torch.equal(pairs(20, 5)[0], pairs(20, 5)[0])
    assert not torch.equal(pairs(20, 5)[0], pairs(20, 6)[0])


@pytest.mark.parametrize(("arguments", "says"), [((0,), "count is 0"), ((4, -1), "seed is -1")])
def test_what_cannot_be_drawn_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        pairs(*arguments)


@pytest.mark.parametrize("case", attention.CASES, ids=lambda case: case.value)
def test_the_score_is_a_sum_over_the_halves_unless_attention_joins_them(case):
    """score(both) + score(neither) = score(left alone) + score(right alone), for random weights."""
    torch.manual_seed(0)
    model = attention.build(case.changes).double()
    strips = pairs(60, seed=4)[0].double()
    for norm in [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(strips)  # so that there are spikes
        model.eval()
        left, right = strips.clone(), strips.clone()
        left[..., 32:], right[..., :32] = 0, 0
        apart = model(strips) + model(torch.zeros_like(strips)) - model(left) - model(right)
    if case.value in ("alone", "window"):
        assert apart.abs().max() < 1e-12
    else:
        assert apart.abs().max() > 1e-3


@pytest.mark.parametrize(
    "case", [case for case in attention.CASES if case.file], ids=lambda case: case.file
)
def test_a_network_that_ships_is_the_studys_and_as_right_as_it_says(case):
    path = shipped(f"{case.file}.safetensors")
    model, note = load_weights(path), weights_note(path)
    assert model.config == attention.build(case.changes).config
    (point,) = [p for p in RESULTS["points"] if p["value"] == case.value]
    assert note["accuracy"] == point["runs"][0]["accuracy"]
    assert note["command"] == "python studies/attention.py --save"
    strips, answers = pairs(200, seed=77)
    with torch.no_grad():
        found = (model(strips).argmax(1) == answers).double().mean().item()
    assert found == pytest.approx(note["accuracy"], abs=0.1)  # 200 strips: 3 SE
