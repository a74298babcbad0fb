"""Activation checkpointing changes the memory, and not a bit of the training."""

import copy
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from spikeatconv import SpikingResNet18
from spikeatconv.training import train
from spikeatconv.training.recompute import recompute

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
small, images = RUNS["small"], RUNS["images"]
RECIPE = replace(RUNS["RECIPE"], epochs=2, warmup_epochs=1)


def trained(model):
    losses = [m["loss"] for m in train(model, images(24), images(10, 16), RECIPE, cpu=True)]
    return losses, model.state_dict()


@pytest.mark.parametrize("make", [small, lambda: SpikingResNet18(7, width=4)])
def test_a_training_gives_the_same_bits(make):
    """With BatchNorm's running statistics, and with EMA, which trains beside a copy."""
    torch.manual_seed(0)
    plain = make()
    again = recompute(copy.deepcopy(plain))
    (losses, tensors), (other_losses, other_tensors) = trained(plain), trained(again)
    assert losses == other_losses
    for name, tensor in tensors.items():
        assert torch.equal(tensor, other_tensors[name]), name


def test_a_block_is_computed_twice_and_only_where_gradients_are_needed():
    model = recompute(small())
    part, calls = model.parts()[-1], []
    part[0].register_forward_hook(lambda *_: calls.append(1))
    model(torch.rand(2, 3, 16, 16)).sum().backward()
    assert len(calls) == 2
    with torch.no_grad():
        model(torch.rand(2, 3, 16, 16))
    assert len(calls) == 3


def test_a_copy_computes_with_its_own_weights():
    model = recompute(small())
    other = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert other(torch.rand(2, 3, 16, 16)).abs().sum() > 0
    x = torch.rand(2, 3, 16, 16)
    other(x).sum().backward()
    assert all(p.grad is None for p in model.parameters())


def test_parts_cover_the_network():
    model = small()
    inside = {id(p) for block in model.parts() for p in block.parameters()}
    outside = [n for n, p in model.named_parameters() if id(p) not in inside]
    assert {name.split(".")[0] for name in outside} == {"stem", "head"}
