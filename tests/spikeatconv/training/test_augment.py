"""Each augmentation of each recipe is there and does something; the mixed loss by hand."""

import random
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spikeatconv.training import RECIPES, Augment, Augmentation, mix
from spikeatconv.training.augment import box_of, moves

CLASSES = 5
FIELDS = [field.name for field in fields(Augmentation) if field.name != "label_smoothing"]
WHOLE = {name: recipe.augmentation for name, recipe in RECIPES.items()}
WHOLE["beyond"] = replace(WHOLE["imagenet"], auto_augment=False, rand_augment=9)
PARTS = [("beyond", "rand_augment")] + [
    (recipe, field) for recipe in RECIPES for field in FIELDS if getattr(WHOLE[recipe], field)
]
EVERYTHING = replace(
    WHOLE["imagenet"], rotation=30, shear=10, shift=0.1, scale=0.1, rand_augment=9
)  # fmt: skip


def batch(size=32, count=16):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, 3, size, size), generator=generator, dtype=torch.uint8)
    return images, torch.arange(count) % CLASSES


def augmented(augmentation, seed=1, size=32, **options):
    torch.manual_seed(seed)
    return Augment(augmentation, 32, CLASSES)(*batch(size, **options))


def test_the_recipes_use_every_augmentation():
    assert {field for _, field in PARTS} == set(FIELDS)


@pytest.mark.parametrize(("recipe", "field"), PARTS)
def test_each_augmentation_of_a_recipe_changes_images(recipe, field):
    value = getattr(WHOLE[recipe], field)
    images, targets = augmented(Augmentation(**{field: value}), count=64)
    before = batch(count=64)[0] / 255
    changed = (images - before).abs().flatten(1).amax(1) > 0.05
    assert changed.float().mean() >= (0.1 if field == "erasing" else 0.3)
    assert images.shape == before.shape
    assert images.dtype == torch.float32
    assert images.min() > -1e-6
    assert images.max() < 1 + 1e-6
    mixed = field in ("mixup", "cutmix")
    assert targets.shape == ((64, CLASSES) if mixed else (64,))


@pytest.mark.parametrize(("recipe", "field"), PARTS)
def test_without_one_of_them_a_recipe_gives_other_images(recipe, field):
    whole = WHOLE[recipe]
    less = replace(whole, **{field: type(getattr(whole, field))(0)})
    pairs = [(augmented(whole, seed)[0], augmented(less, seed)[0]) for seed in range(3)]
    assert any(not torch.equal(a, b) for a, b in pairs)


def test_nothing_asked_nothing_done():
    images, targets = augmented(Augmentation(label_smoothing=0.1))
    assert torch.equal(images, batch()[0] / 255)
    assert torch.equal(targets, batch()[1])


def test_all_chance_is_torchs():
    python, numpy = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    for seed in range(5):
        one, two = augmented(EVERYTHING, seed), augmented(EVERYTHING, seed)
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
        assert not torch.equal(one[0], augmented(EVERYTHING, seed + 5)[0])
    assert random.getstate() == python
    assert np.array_equal(np.random.get_state()[1], numpy)  # noqa: NPY002


def test_what_came_before_does_not_count():
    """An Augment that has worked already gives what a new one gives, as a resumed run needs."""
    used = Augment(EVERYTHING, 32, CLASSES)
    for _ in range(3):
        used(*batch())
    torch.manual_seed(1)
    assert torch.equal(used(*batch())[0], augmented(EVERYTHING)[0])


def test_flips_mirror_half_of_the_images():
    images, _ = augmented(Augmentation(flip=True), count=400)
    before = batch(count=400)[0] / 255
    same = (images == before).flatten(1).all(1)
    mirrored = (images == before.flip(-1)).flatten(1).all(1)
    assert bool((same ^ mirrored).all())
    assert 160 <= int(mirrored.sum()) <= 240  # 200 ± 4 standard deviations


POLICIES = [Augmentation(auto_augment=True), Augmentation(rand_augment=9)]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_draws_for_each_group_of_images(policy):
    """A batch of copies: kornia alone would give every image the same two operations."""
    torch.manual_seed(0)
    copies = torch.rand(1, 3, 32, 32).expand(64, 3, 32, 32)
    images, _ = Augment(policy, 32, CLASSES)(copies, torch.zeros(64).long())
    groups = images.split(8)
    assert len({round(group.mean().item(), 4) for group in groups}) >= 6


@pytest.mark.parametrize("policy", POLICIES)
def test_a_grey_image_is_one_of_three_equal_channels_to_a_policy(policy):
    grey, labels = torch.rand(64, 1, 16, 16), torch.zeros(64).long()
    torch.manual_seed(0)
    images, _ = Augment(policy, 16, CLASSES)(grey, labels)
    torch.manual_seed(0)
    colours, _ = Augment(policy, 16, CLASSES)(grey.expand(-1, 3, -1, -1), labels)
    assert torch.equal(images, colours[:, :1])
    assert torch.allclose(colours.amax(1), colours.amin(1), atol=1e-5)
    with pytest.raises(ValueError, match=r"have 2 channels, .* 1 or 3 channels, or leave"):
        Augment(policy, 16, CLASSES)(grey.expand(-1, 2, -1, -1), labels)


def test_the_magnitude_of_randaugment_is_a_share_of_thirty():
    """Its rotations are of up to 30 degrees: at 9 of 30 by 9 degrees, either way."""
    (step,) = moves(Augmentation(rand_augment=9), 32)
    torch.manual_seed(0)
    drawn = [step.policy.forward_parameters(torch.Size([8, 3, 32, 32])) for _ in range(50)]
    assert {len(operations) for operations in drawn} == {2}
    found = [operation.data[0].data for operations in drawn for operation in operations]
    degrees = torch.cat([each["degrees"] for each in found if "degrees" in each])
    assert set(degrees.tolist()) == {-9.0, 9.0}


def test_a_crop_brings_any_size_to_the_recipes():
    assert augmented(Augmentation(crop=0.2), size=48)[0].shape == (16, 3, 32, 32)
    with pytest.raises(ValueError, match=r"are 48 × 48 and the recipe's image_size is 32; resize"):
        augmented(Augmentation(flip=True), size=48)


# --- mixed labels and their loss


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_the_labels_say_what_the_image_is_made_of(kind):
    """Images of one value a class: the value of the mixture is that of its label."""
    for seed in range(20):
        torch.manual_seed(seed)
        shares = torch.eye(4)
        images = torch.tensor([1.0, 2.0, 4.0, 8.0]).view(4, 1, 1, 1).expand(4, 1, 32, 32)
        mixed, labels = mix(images, shares, *((1.0, 0.0) if kind == "mixup" else (0.0, 1.0)))
        assert torch.allclose(labels.sum(1), torch.ones(4))
        expected = labels @ torch.tensor([1.0, 2.0, 4.0, 8.0])
        assert torch.allclose(mixed.mean((1, 2, 3)), expected, atol=1e-5)
        values = mixed[1].unique()
        assert len(values) == 1 if kind == "mixup" else set(values.tolist()) <= {1.0, 2.0}


def test_a_coin_decides_between_the_two():
    shares, images = torch.eye(2), torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(2, 1, 32, 32)
    torch.manual_seed(0)
    inside = [((x > 0) & (x < 1)).any() for x, _ in (mix(images, shares, 1, 1) for _ in range(400))]
    assert 160 <= sum(map(int, inside)) <= 240


def test_the_part_follows_its_beta_distribution():
    """Beta(α, α) has the variance 1 / (4 (2α + 1))."""
    torch.manual_seed(0)
    shares, images = torch.eye(2), torch.zeros(2, 1, 4, 4)
    parts = torch.stack([mix(images, shares, 0.8, 0)[1][0, 0] for _ in range(4000)])
    assert parts.mean().item() == pytest.approx(0.5, abs=0.03)
    assert parts.var().item() == pytest.approx(1 / (4 * 2.6), rel=0.06)


def test_boxes_lie_inside_and_have_their_area():
    torch.manual_seed(0)
    for area in (0.0, 0.25, 1.0):
        for _ in range(50):
            rows, columns = box_of(area, 20, 40)
            assert 0 <= rows.start <= rows.stop <= 20
            assert 0 <= columns.start <= columns.stop <= 40
            assert rows.stop - rows.start <= 20 * area**0.5 + 1


def test_the_mixed_loss_is_the_mixture_of_the_losses():
    """λ · loss(label) + (1 − λ) · loss(neighbour's label), with label smoothing in both."""
    torch.manual_seed(0)
    logits, labels = torch.randn(4, CLASSES), torch.arange(4)
    _, targets = mix(torch.zeros(4, 1, 4, 4), F.one_hot(labels, CLASSES).float(), 0.8, 0)
    part = targets[0, 0].item()
    found = F.cross_entropy(logits, targets, label_smoothing=0.1)
    logs = logits.log_softmax(1)

    def smoothed(y):
        return -(0.9 * logs[range(4), y] + 0.1 * logs.mean(1)).mean()

    expected = part * smoothed(labels) + (1 - part) * smoothed(labels.roll(1))
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    plain = F.cross_entropy(logits, labels, label_smoothing=0.1)
    assert plain.item() == pytest.approx(smoothed(labels).item(), rel=1e-6)
