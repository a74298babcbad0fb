"""Fine-tuning: what stays to the bit, what learns and how fast; a training that grows longer."""

import copy
import math
import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from spikeatconv.training import Augmentation, adamw, loop, network, train
from spikeatconv.training.recompute import recompute
from spikeatconv.training.tuning import freeze

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
images = RUNS["images"]
SHORT = replace(RUNS["RECIPE"], epochs=2, warmup_epochs=1, augmentation=Augmentation(), ema=None)
TWO = {
    "widths": (8, 8), "depths": (1, 1), "partition_size": 2, "head_width": 8, "time_steps": 2,
    "spk": "sl", "classes": 7,
}  # fmt: skip


def two_stages():
    return network("micro", **TWO)


def trained(model, recipe, folder=None, **words):
    return list(train(model, images(44, 16), images(30, 16), recipe, folder, cpu=True, **words))


def moved(model, before):
    """The first part of the names of what a training changed."""
    now = model.state_dict()
    return {name.rsplit(".", 1)[0] for name in now if not torch.equal(now[name], before[name])}


@pytest.mark.parametrize("again", [False, True])
def test_a_frozen_stage_keeps_weights_and_statistics_and_all_else_learns(again):
    model = two_stages()
    before = copy.deepcopy(model.state_dict())
    trained(recompute(model) if again else model, replace(SHORT, frozen=1))
    changed = moved(model, before)
    first = ("stem", "stages.0.")
    assert changed == {name.rsplit(".", 1)[0] for name in before if not name.startswith(first)}
    assert all(parameter.requires_grad for parameter in model.parameters())  # free again
    model.train()
    assert all(module.training for module in model.modules())


def test_a_training_that_cannot_begin_leaves_the_network_as_it_was(monkeypatch):
    model = two_stages()

    def broken(*_):
        raise OSError("no room")

    monkeypatch.setattr(loop, "adamw", broken)
    with pytest.raises(OSError, match="no room"):
        trained(model, replace(SHORT, frozen=1, drop_path=0.5))
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
    model.train()
    assert all(module.training for module in model.modules())


def test_all_stages_frozen_the_last_layer_is_a_linear_classifier():
    model = two_stages()
    before = copy.deepcopy(model.state_dict())
    trained(model, replace(SHORT, frozen=2))
    assert moved(model, before) == {"head"}


def test_of_resnet_too():
    model = network("resnet18", classes=7, width=4)
    assert [len(level) for level in model.levels()] == [4, 2, 2, 2]
    before = copy.deepcopy(model.state_dict())
    trained(model, replace(SHORT, epochs=1, warmup_epochs=0, frozen=3))
    found = {".".join(name.split(".")[:2]) for name in moved(model, before)}
    assert found == {"blocks.6", "blocks.7", "head"}


def test_a_frozen_part_needs_no_gradient_and_keeps_nothing_for_it():
    model, x = two_stages(), torch.rand(2, 3, 16, 16)
    thaw = freeze(model, 1)
    assert not model.stages[0](model.stem_to_stream(model.show(x))).requires_grad
    thaw()
    assert model.stages[0](model.stem_to_stream(model.show(x))).requires_grad


def test_the_last_layer_learns_so_many_times_as_fast():
    """AdamW's first step moves each weight by its rate, whatever the gradient."""
    recipe = replace(SHORT, epochs=1, warmup_epochs=0, head_rate=10.0, weight_decay=0.0, clip=None)
    model = two_stages()
    before = copy.deepcopy(model.state_dict())
    metrics = train(model, images(44, 16), images(30, 16), recipe, cpu=True)
    rate = next(metrics)["learning_rate"]
    step = {n: (p - before[n]).abs().max().item() for n, p in model.named_parameters()}
    metrics.close()
    assert rate == pytest.approx(2e-3 * (1 + math.cos(math.pi * 0.1)) / 2)
    assert step["head.weight"] == pytest.approx(10 * rate, rel=1e-3)
    assert step["stem.0.weight"] == pytest.approx(rate, rel=1e-3)


def test_without_a_rate_of_its_own_the_groups_are_those_of_before():
    groups = adamw(two_stages(), SHORT).param_groups
    assert [group["share"] for group in groups] == [1.0, 1.0]
    assert [group["share"] for group in adamw(nn.Linear(2, 2), SHORT).param_groups] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("model", "frozen", "message"),
    [
        (two_stages(), 3, "frozen is 3 and the network has 2 stages; give 0 to 2"),
        (nn.Linear(2, 2), 1, "frozen is 1 and the network a Linear, of which no stages are known"),
    ],
)
def test_what_cannot_be_frozen(model, frozen, message):
    with pytest.raises((TypeError, ValueError), match=message):
        freeze(model, frozen)


# ---------------------------------------------------------------- longer


def test_a_finished_training_grows_longer(tmp_path):
    trained(two_stages(), SHORT, tmp_path)
    model = two_stages()
    with pytest.warns(UserWarning, match="epochs was 2 and is 4 now: the training goes on from"):
        metrics = trained(model, replace(SHORT, epochs=4), tmp_path)
    assert [m["step"] for m in metrics] == list(range(11, 21))
    assert metrics[0]["learning_rate"] == replace(SHORT, epochs=4).rate_at(2.1)
    again = two_stages()
    assert trained(again, replace(SHORT, epochs=4), tmp_path) == []  # it is done
    with pytest.raises(ValueError, match="epochs is 4 in the checkpoint and 3 now"):
        trained(two_stages(), replace(SHORT, epochs=3), tmp_path)
    with pytest.raises(ValueError, match=r"belongs to another training: recipe.batch is 8"):
        trained(two_stages(), replace(SHORT, epochs=6, batch=4), tmp_path)
