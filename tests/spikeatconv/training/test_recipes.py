"""The recipes against the paper's figures, their schedules against values worked out by hand."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch import nn

from spikeatconv import preset
from spikeatconv.training import RECIPES, Augmentation, Recipe, adamw, network

PAPER = {
    "cifar100": {
        "epochs": 200, "learning_rate": 0.02, "batch": 256, "warmup_epochs": 5,
        "weight_decay": 0.01, "clip": None, "image_size": 32,
    },
    "imagenet": {
        "epochs": 200, "learning_rate": 1e-3, "batch": 768, "warmup_epochs": 10,
        "weight_decay": 0.05, "clip": 0.1, "image_size": 224,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_figures(name):
    assert {field: getattr(RECIPES[name], field) for field in PAPER[name]} == PAPER[name]


def test_the_papers_augmentations():
    cifar, imagenet = RECIPES["cifar100"].augmentation, RECIPES["imagenet"].augmentation
    assert cifar.flip
    assert cifar.rotation == 30
    assert cifar.shear > 0
    assert cifar == Augmentation(flip=True, rotation=30, shear=cifar.shear)  # and no other
    assert imagenet.auto_augment
    assert imagenet.label_smoothing == 0.1
    assert min(imagenet.erasing, imagenet.mixup, imagenet.cutmix) > 0


@pytest.mark.parametrize(
    ("name", "epoch", "rate"),
    [
        ("digits", 0.5, 2e-3),  # half of the warm-up of one epoch to 4e-3
        ("digits", 3.5, 2e-3),  # half of the five epochs that follow
        ("cifar100", 0, 0),
        ("cifar100", 1, 0.004),
        ("cifar100", 2.5, 0.01),
        ("cifar100", 5, 0.02),
        ("cifar100", 70, 0.015),  # a third of the way down: (1 + cos 60°) / 2 = 3/4
        ("cifar100", 102.5, 0.01),
        ("cifar100", 135, 0.005),  # two thirds: 1/4
        ("imagenet", 1, 1e-4),
        ("imagenet", 10, 1e-3),
        ("imagenet", 57.5, 1e-3 * (2 + math.sqrt(2)) / 4),  # a quarter: (1 + cos 45°) / 2
        ("imagenet", 105, 5e-4),
        ("imagenet", 200, 0),
    ],
)
def test_the_learning_rate_at_an_epoch(name, epoch, rate):
    assert RECIPES[name].rate_at(epoch) == pytest.approx(rate, rel=1e-12, abs=1e-18)


@pytest.mark.parametrize("name", RECIPES)
def test_every_schedule_rises_to_the_peak_and_falls_to_zero(name):
    recipe = RECIPES[name]
    rates = [recipe.rate_at(e / 10) for e in range(10 * recipe.epochs + 1)]
    top = rates.index(max(rates))
    assert top == 10 * recipe.warmup_epochs
    assert rates[top] == recipe.learning_rate
    assert rates == sorted(rates[:top]) + sorted(rates[top:], reverse=True)
    assert rates[0] == rates[-1] == 0


def test_a_minimum_is_where_the_cosine_ends():
    recipe = replace(RECIPES["cifar100"], min_learning_rate=0.01)
    found = [recipe.rate_at(epoch) for epoch in (1, 5, 70, 102.5, 200)]
    assert found == pytest.approx([0.004, 0.02, 0.0175, 0.015, 0.01], rel=1e-12)
    assert all(r.rate_at(r.epochs) == r.min_learning_rate for r in (recipe, *RECIPES.values()))


@pytest.mark.parametrize("name", RECIPES)
def test_the_networks_of_a_recipe_take_its_images(name):
    recipe = RECIPES[name]
    assert recipe.networks
    for net in recipe.networks:  # the ResNet takes any size
        assert net == "resnet18" or preset(net).fits(recipe.image_size)


def test_a_network_is_drawn_with_its_seed_and_nothing_else_changes():
    before = torch.random.get_rng_state()
    one, same, other = (network("resnet18", seed, width=4, classes=7) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert one.head.out_features == 7
    assert torch.equal(one.head.weight, same.head.weight)
    assert not torch.equal(one.head.weight, other.head.weight)


@pytest.mark.parametrize(
    "model",
    [
        network("resnet18", width=4, spk="rl"),
        network("micro", widths=(8, 8), depths=(1, 1), partition_size=2, head_width=8),
        nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.GELU(), nn.Conv2d(4, 4, 1)),
    ],
)
def test_norms_and_biases_have_no_decay_and_all_else_has(model):
    norms = (nn.BatchNorm2d, nn.LayerNorm)
    expected = {
        id(parameter): 0.0 if isinstance(module, norms) or name == "bias" else 0.05
        for module in model.modules()
        for name, parameter in module.named_parameters(recurse=False)
    }
    optimizer = adamw(model, RECIPES["imagenet"])
    found = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
    assert found == expected
    assert set(found.values()) == {0.0, 0.05}


def test_frozen_parameters_are_left_out():
    model = nn.Linear(3, 4)
    model.bias.requires_grad = False
    (group,) = adamw(model, RECIPES["digits"]).param_groups
    assert [p.shape for p in group["params"]] == [(4, 3)]


def recipe(**changes):
    return replace(RECIPES["digits"], **changes)


@pytest.mark.parametrize(
    ("make", "values", "message"),
    [
        (recipe, {"epochs": 0}, "epochs is 0; give a whole number"),
        (recipe, {"batch": 2.5}, "batch is 2.5, a float; give a whole number"),
        (recipe, {"batch": True}, "batch is True, a bool; give a whole number"),
        (recipe, {"image_size": "32"}, "image_size is '32', a str; give a whole number"),
        (recipe, {"learning_rate": 0}, "learning_rate is 0 .*above 0"),
        (recipe, {"learning_rate": math.nan}, "learning_rate is nan; give a finite number"),
        (recipe, {"learning_rate": "fast"}, "learning_rate is 'fast', a str; give a number"),
        (recipe, {"min_learning_rate": 0.005}, "min_learning_rate is 0.005; .* 0 to .*, 0.004"),
        (recipe, {"repeats": 0}, "repeats is 0; give a whole number"),
        (recipe, {"test_crop": 0}, "test_crop is 0.*; give a number above 0 and up to 1"),
        (recipe, {"interpolation": "cubic"}, "interpolation is 'cubic'; .*mean 'bicubic'"),
        (recipe, {"weight_decay": -1}, "weight_decay is -1"),
        (recipe, {"weight_decay": None}, "weight_decay is None, a NoneType; give a number"),
        (recipe, {"warmup_epochs": 6}, "warmup_epochs is 6 of 6 epochs; .*fewer than epochs"),
        (recipe, {"ema": 1}, "ema is 1; give a decay between 0 and 1, or None"),
        (recipe, {"ema": "0.9"}, "ema is '0.9', a str; give a number"),
        (recipe, {"drop_path": 1}, "drop_path is 1; give a share from 0 to below 1"),
        (recipe, {"drop_path": None}, "drop_path is None, a NoneType; give a number"),
        (recipe, {"distill": 0}, "distill is 0; give a share above 0, up to 1"),
        (recipe, {"distill": 1.1}, "distill is 1.1; give a share above 0"),
        (recipe, {"temperature": 0.0}, "temperature is 0.0; give a number above 0"),
        (recipe, {"clip": 0}, "clip is 0; give a norm above 0, or None"),
        (recipe, {"clip": math.inf}, "clip is inf; give a finite number"),
        (recipe, {"seed": "x"}, "seed is 'x', a str; give a whole number"),
        (recipe, {"seed": -1}, "seed is -1; give a whole number, from 0"),
        (recipe, {"augmentation": {"flip": True}}, "augmentation is .*; give an Augmentation"),
        (recipe, {"networks": "micro"}, "networks is 'micro'; give a tuple of names"),
        (recipe, {"networks": (1,)}, r"networks is \(1,\); give a tuple of names"),
        (Augmentation, {"flip": 0.5}, "flip is 0.5, a float; give True or False"),
        (Augmentation, {"flip": "no"}, "flip is 'no', a str; give True or False"),
        (Augmentation, {"erasing": 1.5}, "erasing is 1.5; give a number from 0 to 1"),
        (Augmentation, {"erasing": True}, "erasing is True, a bool; give a number"),
        (Augmentation, {"mixup": -1}, "mixup is -1; give a number from 0 to inf"),
        (Augmentation, {"cutmix": math.nan}, "cutmix is nan; give a finite number"),
        (Augmentation, {"rotation": 181}, "rotation is 181; give a number from 0 to 180"),
        (Augmentation, {"rand_augment": 30}, "rand_augment is 30; give a number from 0 to 29"),
        (network, {"name": "tiniy"}, "name is 'tiniy'; .*Did you mean 'tiny'"),
        (network, {"name": None}, "name is None; choose one of .*'resnet18'"),
        (network, {"name": "micro", "seed": "x"}, "seed is 'x', a str; give a whole number"),
        (network, {"name": "micro", "seed": 1.5}, "seed is 1.5, a float"),
    ],
)
def test_a_value_that_does_not_do_is_told(make, values, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(**values)


def test_numpys_numbers_are_as_good_as_pythons():
    recipe = replace(RECIPES["digits"], batch=np.int64(8), learning_rate=np.float32(0.5))
    assert recipe == replace(RECIPES["digits"], batch=8, learning_rate=0.5)
    json.dumps(asdict(recipe))
    assert Augmentation(mixup=np.float64(0.5), flip=np.True_) == Augmentation(mixup=0.5, flip=True)


def test_a_recipe_can_be_changed():
    assert isinstance(replace(RECIPES["imagenet"], ema=0.9999, batch=256), Recipe)
