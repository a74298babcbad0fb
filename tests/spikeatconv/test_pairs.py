"""Strips of shapes: what is drawn, and why without attention no network knows the answer."""

import json
import sys
from pathlib import Path

import pytest
import torch

from spikeatconv import load_weights, shipped, weights_note
from spikeatconv.pairs import PLACES, SHAPES, SLACK, cued, pairs, shape

sys.path.insert(0, str(Path(__file__).parents[2] / "studies"))
import attention
import cue

RESULTS, CUE_RESULTS = (
    json.loads((attention.digits.RESULTS / f"{name}.json").read_text())["results"]
    for name in ("attention", "cue")
)


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


def test_the_answer_to_a_cue_is_the_ink_of_its_kind():
    strips, answers = cued(400, seed=3)
    assert (strips.shape, answers.shape) == ((400, 1, 16, 96), (400,))
    assert not strips[..., 15:49].any()  # 34 pixels between the cue and the others
    seen = set()
    for strip, answer in zip(strips[:, 0], answers.tolist(), strict=True):
        kinds, inks = [], []
        for place in PLACES:
            cell = strip[:, place : place + 16]
            top, left = (cell.any(axis).float().argmax() for axis in (1, 0))
            drawn = (cell[top : top + 12, left : left + 12] > 0).float()
            kinds.append([torch.equal(drawn, shape(name)) for name in SHAPES].index(True))
            inks.append(cell.max().item())
        asked, *others = kinds
        assert others.count(asked) == 1
        assert sorted(inks[1:]) == [0.5, 1.0]
        assert answer == (inks[1 + others.index(asked)] == 1.0)
        seen.add((*kinds, answer))
    assert len(seen) == 4 * 3 * 2 * 2  # kinds, the other one's, its place, the ink
    assert 0.4 < answers.float().mean() < 0.6


@pytest.mark.parametrize("draw", [pairs, cued])
def test_a_seed_gives_the_same_strips_again_and_another_gives_others(draw):
    assert torch.equal(draw(20, 5)[0], draw(20, 5)[0])
    assert not torch.equal(draw(20, 5)[0], draw(20, 6)[0])


@pytest.mark.parametrize("draw", [pairs, cued])
@pytest.mark.parametrize(("arguments", "says"), [((0,), "count is 0"), ((4, -1), "seed is -1")])
def test_what_cannot_be_drawn_is_refused(draw, arguments, says):
    with pytest.raises(ValueError, match=says):
        draw(*arguments)


@pytest.mark.parametrize(
    ("draw", "case"),
    [(pairs, case) for case in attention.CASES] + [(cued, case) for case in attention.CASES[:3]],
    ids=lambda one: getattr(one, "value", None),
)
def test_the_score_is_a_sum_over_the_halves_unless_attention_joins_them(draw, case):
    """score(both) + score(neither) = score(left alone) + score(right alone), for random weights."""
    torch.manual_seed(0)
    model = attention.build(case.changes).double()
    strips = draw(20, seed=4)[0].double()
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


@pytest.mark.parametrize("value", [value for value, (_, file) in cue.CASES.items() if file])
def test_a_network_of_the_cue_that_ships_is_the_studys(value):
    changes, file = cue.CASES[value]
    path = shipped(f"{file}.safetensors")
    model, note = load_weights(path), weights_note(path)
    assert model.config == attention.build(changes).config
    (point,) = [p for p in CUE_RESULTS["points"] if p["value"] == value]
    assert note["accuracy"] == point["runs"][0]["accuracy"]
    assert note["command"] == "python studies/cue.py --save"
    test = cued(200, seed=77)
    found = attention.digits.accuracy(model, *test)
    assert found == pytest.approx(note["accuracy"], abs=0.1)  # 200 strips: 3 SE
    cue.share_equally(model)
    assert attention.digits.accuracy(model, *test) == pytest.approx(
        point["runs"][0]["equal"], abs=0.12
    )
