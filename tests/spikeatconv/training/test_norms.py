"""BatchNorm's running statistics: the batches alone, from the first one on."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from spikeatconv.training import Augmentation, Checkpoints, InMemory, Recipe, network, train
from spikeatconv.training.drop_path import drop_paths
from spikeatconv.training.norms import check_sync, in_sync, without_start, young_norms
from spikeatconv.training.recompute import recompute

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
small = RUNS["small"]


def batches(count, seed=0):
    """Of a variance far below 1."""
    generator = torch.Generator().manual_seed(seed)
    return [0.03 * torch.randn(16, 2, 4, 4, generator=generator) + 0.5 for _ in range(count)]


def after(model, given):
    norms = young_norms(model)
    for x in given:
        with without_start(norms):
            model(x).sum().backward()
    return model


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_they_are_the_weighted_mean_of_the_batches(count):
    """Written out: batch k of n has the weight 0.1 · 0.9^(n − k), over the sum of all weights."""
    norm, given = after(nn.BatchNorm2d(2), batches(count)), batches(count)
    weights = np.array([0.1 * 0.9 ** (count - k) for k in range(1, count + 1)])
    pixels = [x.double().numpy().transpose(1, 0, 2, 3).reshape(2, -1) for x in given]
    means, variances = [x.mean(1) for x in pixels], [x.var(1, ddof=1) for x in pixels]
    for found, each in ((norm.running_mean, means), (norm.running_var, variances)):
        expected = np.average(each, axis=0, weights=weights)
        assert found.numpy() == pytest.approx(expected, rel=1e-5)
    assert norm.num_batches_tracked == count


def test_a_long_training_ends_with_torchs_own():
    own, ours = nn.BatchNorm2d(2), after(nn.BatchNorm2d(2), batches(250))
    for x in batches(250):
        own(x)
    assert young_norms(ours) == []
    assert torch.allclose(own.running_mean, ours.running_mean, rtol=1e-6)
    assert torch.allclose(own.running_var, ours.running_var, rtol=1e-6)


def test_in_two_parts_they_are_the_same_bits():
    """A training that was stopped after 5 batches has nothing but its buffers to go on from."""
    whole, parts = after(nn.BatchNorm2d(2), batches(12)), nn.BatchNorm2d(2)
    parts.load_state_dict(after(nn.BatchNorm2d(2), batches(12)[:5]).state_dict())
    after(parts, batches(12)[5:])
    assert torch.equal(whole.running_var, parts.running_var)
    assert torch.equal(whole.running_mean, parts.running_mean)


def test_norms_of_every_kind_pass():
    """Without running statistics, with a mean over all batches, never called, called twice."""
    model = nn.ModuleDict({
        "none": nn.BatchNorm2d(2, track_running_stats=False),
        "all": nn.BatchNorm2d(2, momentum=None),
        "unused": nn.BatchNorm2d(2),
        "twice": nn.BatchNorm2d(2),
    })  # fmt: skip
    model.forward = lambda x: model["all"](model["none"](x)) + model["twice"](model["twice"](x))
    after(model, batches(3))
    assert model["unused"].running_var.tolist() == [1, 1]
    assert model["unused"].running_mean.tolist() == [0, 0]
    assert model["all"].running_var == pytest.approx(torch.ones(2), rel=0.01)
    first, second = 0.03**2, 1.0  # of what the norm gives itself
    weights = [0.1 * 0.9**k for k in range(6)]  # the latest first
    expected = sum(w * (second, first)[k % 2] for k, w in enumerate(weights)) / sum(weights)
    assert model["twice"].running_var.tolist() == pytest.approx([expected] * 2, rel=0.1)


def test_a_compiled_network_is_compiled_once():
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    torch._dynamo.reset()
    plain = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))
    other = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))
    other.load_state_dict(plain.state_dict())
    after(torch.compile(other, backend=backend), batches(30))
    assert len(graphs) == 1
    assert torch.equal(after(plain, batches(30))[1].running_var, other[1].running_var)


def test_in_sync_it_is_a_network_of_the_same_tensors():
    model = small(depths=(2,))
    drop_paths(recompute(model), 0.5)
    other = in_sync(model)
    assert list(other.state_dict()) == list(model.state_dict())
    for _ in (other.double(), model.float()):  # also after a move, which puts new ones there
        assert all(a is b for a, b in zip(other.parameters(), model.parameters(), strict=True))
        assert all(a is b for a, b in zip(other.buffers(), model.buffers(), strict=True))
    kinds = {type(norm) for norm in young_norms(other)}, {type(norm) for norm in young_norms(model)}
    assert kinds == ({nn.SyncBatchNorm}, {nn.BatchNorm2d})


@pytest.mark.parametrize("again", [False, True])
def test_in_one_process_norms_in_sync_give_the_same_bits(tmp_path, again):
    """There torch's SyncBatchNorm is BatchNorm. Several processes in sync need several GPUs."""
    found = []
    for sync in (False, True):
        model = recompute(small()) if again else small()
        recipe = replace(RUNS["RECIPE"], epochs=2, warmup_epochs=1, ema=None)
        data, test = RUNS["images"](24), RUNS["images"](10, 16)
        steps = train(model, data, test, recipe, tmp_path / str(sync), sync_norm=sync, cpu=True)
        found.append(([*steps], model.state_dict()))
        assert nn.SyncBatchNorm not in map(type, model.modules())
    assert found[0][0] == found[1][0]
    assert all(torch.equal(found[1][1][name], t) for name, t in found[0][1].items())
    paths = [Checkpoints(tmp_path / str(s)).last() / "weights.safetensors" for s in (False, True)]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_several_processes_on_a_cpu_are_not_in_sync():
    check_sync(True, "cpu", 1)
    check_sync(True, "cuda", 2)
    with pytest.raises(
        ValueError, match="sync_norm is True, which torch computes on GPUs alone; l"
    ):
        check_sync(True, "cpu", 2)


@pytest.mark.parametrize("options", [{}, {"ema": 0.8}, {"accumulate": 2}])
def test_the_first_test_of_a_short_training_is_far_above_chance(options):
    """Classes that are told apart at a glance (one row is bright), 30 steps."""
    generator = torch.Generator().manual_seed(0)

    def bright_rows(count):
        images = 0.03 * torch.rand(count, 3, 16, 16, generator=generator)
        labels = torch.arange(count) % 4
        for image, label in zip(images, labels, strict=True):
            image[:, label::4] += 0.06  # dark, as currents are small in many layers
        return InMemory(images, labels)

    recipe = Recipe(
        epochs=1, batch=8, learning_rate=2e-2, weight_decay=0.0, warmup_epochs=0.1, image_size=16,
        augmentation=Augmentation(), ema=options.get("ema"),
    )  # fmt: skip
    model = network("micro", **{**RUNS["SMALL"], "classes": 4, "time_steps": 1}, seed=1)
    parts = options.get("accumulate", 1)
    *_, last = train(model, bright_rows(240), bright_rows(80), recipe, accumulate=parts, cpu=True)
    assert last["step"] == 30
    assert last["test_accuracy"] > 0.6  # chance: 0.25
