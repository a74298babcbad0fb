"""A teacher beside the labels: its part of the loss by hand, in the loop, in a checkpoint."""

import copy
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from spikeatconv import weights_note
from spikeatconv.training import Augment, Augmentation, Checkpoints, order_of, seed_of, train
from spikeatconv.training.distill import distilled

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
small, images = RUNS["small"], RUNS["images"]
RECIPE = replace(
    RUNS["RECIPE"], epochs=2, warmup_epochs=1, ema=None, distill=0.7, temperature=2.0,
    augmentation=Augmentation(flip=True, mixup=0.8, label_smoothing=0.1),
)  # fmt: skip


def trained(model, teacher, recipe=RECIPE, folder=None, **words):
    data, test = images(24, 16), images(10, 16)
    return list(train(model, data, test, recipe, folder, cpu=True, teacher=teacher, **words))


def twin():
    return small(spiking=False, seed=4)


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.mark.parametrize(("share", "tau"), [(1.0, 1.0), (0.7, 4.0)])
def test_the_loss_and_its_gradient_are_hintons(share, tau):
    """Written out: Σ p (ln p − ln q) of the softened answers, and its gradient in the logits,
    τ (q − p) / B with the factor τ². The labels' part: q − y, at τ = 1."""
    generator = np.random.default_rng(0)
    z, t = (3 * generator.standard_normal((5, 4)) for _ in range(2))
    labels = np.array([0, 3, 3, 1, 2])
    logits = torch.tensor(z, requires_grad=True)
    loss = cross_entropy(logits, torch.tensor(labels))
    recipe = replace(RECIPE, distill=share, temperature=tau)
    found = distilled(loss, logits, torch.tensor(t), recipe)
    found.backward()
    p, q, y = softmax(t / tau), softmax(z / tau), np.eye(4)[labels]
    hard = -np.log(softmax(z)[np.arange(5), labels]).mean()
    soft = (p * (np.log(p) - np.log(q))).sum() / 5
    assert found.item() == pytest.approx((1 - share) * hard + share * tau**2 * soft)
    gradient = ((1 - share) * (softmax(z) - y) + share * tau * (q - p)) / 5
    assert logits.grad.numpy() == pytest.approx(gradient)


def test_the_teacher_sees_the_same_images_and_stays_as_it_is():
    """With two outputs more than the network, which has one more than there are classes."""
    teacher, model = small(spiking=False, classes=9, seed=4), small(classes=8)
    teacher.train()
    before, seen, modes = copy.deepcopy(teacher.state_dict()), [], []
    teacher.register_forward_pre_hook(lambda module, x: modes.append(module.training))
    for network in (model, teacher):
        network.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    trained(model, teacher)
    assert torch.equal(seen[0], seen[1])
    assert modes == [False] * 6
    assert all(torch.equal(tensor, before[name]) for name, tensor in teacher.state_dict().items())
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_the_first_loss_is_that_of_a_plain_loop():
    """In two parts, whose mean it is."""
    model, plain, teacher = small(norm="none"), small(norm="none"), twin()
    first = trained(model, teacher, accumulate=2)[0]
    data, parts = images(24, 16), []
    order = order_of(RECIPE.seed, 0, 24).tolist()[:8]
    torch.manual_seed(seed_of(RECIPE.seed, 1, 0))
    augment = Augment(RECIPE.augmentation, 16, 7)
    for part in (order[:4], order[4:]):
        pixels, targets = augment(*data.batch(part))
        logits = plain(pixels)
        loss = cross_entropy(logits, targets, label_smoothing=0.1)
        parts.append(distilled(loss, logits, teacher.eval()(pixels), RECIPE))
    assert first["loss"] == pytest.approx(torch.stack(parts).mean().item(), rel=1e-6)


def test_a_checkpoint_knows_its_teacher(tmp_path):
    whole = trained(small(), twin())
    loop = train(small(), images(24, 16), images(10, 16), RECIPE, tmp_path, cpu=True,
                 teacher=twin())  # fmt: skip
    begun = [next(loop), next(loop)]
    loop.close()
    for teacher in (None, small(spiking=False, seed=5)):
        with pytest.raises(ValueError, match=r"another training: teacher.sha256 is '\w{64}' in"):
            trained(small(), teacher, folder=tmp_path)
    assert begun + trained(small(seed=9), twin(), folder=tmp_path) == whole
    note = weights_note(Checkpoints(tmp_path).last() / "weights.safetensors")
    assert set(note["teacher"]) == {"sha256"}
    trained(small(), None, folder=tmp_path / "alone")
    with pytest.raises(ValueError, match=r"teacher.sha256 is None in the checkpoint and '\w{64}'"):
        trained(small(), twin(), folder=tmp_path / "alone")


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        ("twin", r"teacher is 'twin'; give a trained network, such as load_weights\(path\)"),
        (small, r"teacher is <function small"),
        (small(classes=5), r"the teacher gives \[8, 5\] and the data have 7 classes"),
        (nn.Flatten(0), r"the teacher gives \[6144\] and the data have 7 classes"),
    ],
)
def test_what_is_no_teacher(teacher, message):
    with pytest.raises((TypeError, ValueError), match=message):
        trained(small(), teacher)


def test_nobody_teaches_himself():
    model = small()
    with pytest.raises(ValueError, match="the teacher is the network itself; give another"):
        trained(model, model)
