"""Drop path: what a branch gives on the mean, how often it is left out, and when it is not."""

import copy
import math
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from spikeatconv import fold, load_weights, save_weights
from spikeatconv.training import Augmentation, network, train
from spikeatconv.training.drop_path import drop_paths
from spikeatconv.training.recompute import recompute

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
small, images = RUNS["small"], RUNS["images"]
RECIPE = replace(RUNS["RECIPE"], epochs=1, warmup_epochs=0, augmentation=Augmentation(), ema=None)
DEEP = {"depths": (2, 2), "widths": (8, 8)}


def given(model, x, seed=0):
    """What each branch of each block gives, before and after a part of it is left out."""
    found = []
    for block in model.branches():
        found.append([])
        for branch in block:
            pair = []
            # The one in front sees what the branch computes, the one behind what goes on.
            for first in (True, False):
                branch.register_forward_hook(
                    lambda _, __, out, pair=pair: pair.append(out.detach()), prepend=first
                )
            found[-1].append(pair)
    torch.manual_seed(seed)
    model(x)
    return found


@pytest.mark.parametrize("make", [lambda: small(**DEEP), lambda: network("resnet18", width=4)])
def test_later_blocks_are_left_out_more_often_and_the_mean_stays(make):
    """Each image of each branch is 0 or 1 / (1 − p) of what it was, the same at all time steps; of
    N images a share p is 0, to within 4 σ."""
    model, count = make().train(), 400
    drop_paths(model, 0.8)
    blocks = given(model, torch.rand(count, 3, 16, 16))
    for number, block in enumerate(blocks, 1):
        p, times = 0.8 * number / len(blocks), []
        for before, after in block:
            (kept,) = torch.where(after.flatten(2).abs().sum((0, 2)) > 0)
            assert torch.allclose(after[:, kept], before[:, kept] / (1 - p))
            there = (before.flatten(2).abs().sum((0, 2)) > 0).float()
            times.append(len(kept) / there.sum().item())
            assert abs(times[-1] - (1 - p)) < 4 * math.sqrt(p * (1 - p) / count)
        assert len(set(times)) == len(times)  # each branch draws its own


def test_without_it_and_in_eval_mode_nothing_differs():
    x = torch.rand(4, 3, 16, 16)
    plain = small(**DEEP)
    model = copy.deepcopy(plain)
    drop_paths(model, 0.0)
    assert torch.equal(model.train()(x), plain.train()(x))
    end = drop_paths(model, 0.9)
    assert torch.equal(model.eval()(x), plain.eval()(x))
    assert torch.allclose(fold(model)(x), fold(plain)(x))
    assert not torch.equal(model.train()(x), plain.train()(x))
    end()
    model.load_state_dict(plain.state_dict())
    assert torch.equal(model(x), plain(x))


def test_it_is_in_no_file(tmp_path):
    model, x = small(), torch.rand(4, 3, 16, 16)
    drop_paths(model, 0.9)
    save_weights(model, tmp_path / "some.safetensors")
    assert torch.equal(load_weights(tmp_path / "some.safetensors")(x), model.eval()(x))


def test_it_compiles():
    model, x = small(spiking=False).train(), torch.rand(1, 9, 8, 4, 4)
    drop_paths(model, 0.5)
    branch, found = model.parts()[-1], []
    torch._dynamo.reset()
    for computed in (branch, torch.compile(branch, backend="eager")):
        torch.manual_seed(1)
        found.append(computed(x))
    assert torch.allclose(*found, atol=1e-5)
    assert 0 < (found[0] == x).flatten(2).all(2).sum() < 9


@pytest.mark.parametrize("make", [lambda: small(**DEEP), lambda: network("resnet18", width=4)])
def test_a_training_computed_again_gives_the_same_bits_and_ends_without_it(make):
    recipe, found = replace(RECIPE, drop_path=0.5), []
    classes = make().config.classes
    for again in (False, True):
        model = make()
        metrics = list(
            train(recompute(model) if again else model, images(24, 16, classes),
                  images(10, 16, classes), recipe, cpu=True)
        )  # fmt: skip
        found.append([[m["loss"] for m in metrics], model.state_dict()])
        assert not any(branch._forward_hooks for block in model.branches() for branch in block)
    assert found[0][0] == found[1][0]
    assert all(torch.equal(found[1][1][name], t) for name, t in found[0][1].items())


def test_a_training_that_is_refused_leaves_the_network_as_it_was(tmp_path):
    (tmp_path / "step-00000001").mkdir()
    model, recipe = small(), replace(RECIPE, drop_path=0.5, frozen=1)
    with (
        pytest.warns(UserWarning, match="passed over"),
        pytest.raises(ValueError, match="is whole"),
    ):
        next(train(model, images(24, 16), images(10, 16), recipe, tmp_path, cpu=True))
    assert not any(branch._forward_hooks for block in model.branches() for branch in block)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_branches_that_are_not_known():
    with pytest.raises(TypeError, match=r"drop_path is 0.1 and the network a Linear, .*give 0"):
        drop_paths(nn.Linear(2, 2), 0.1)
