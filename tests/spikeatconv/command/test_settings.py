"""KEY=VALUE on the command line: what it sets, and how a wrong one is refused."""

import pytest
import torch

from spikeatconv import PRESETS, SpikeAtConv, SpikeAtConvConfig, SpikingResNet18Config, fold, preset
from spikeatconv.command import estimate
from spikeatconv.command.settings import changed, fitting, go_on_from, new_model, read_settings
from spikeatconv.training import RECIPES

DIGITS = RECIPES["digits"]


def read(*words, config=SpikeAtConvConfig):
    return read_settings(words, config)


def test_a_key_finds_its_group_and_its_type():
    assert read("epochs=3", "recipe.learning_rate=1e-3", "clip=none", "ema=0.9") == {
        "recipe": {"epochs": 3, "learning_rate": 1e-3, "clip": None, "ema": 0.9},
        "augmentation": {},
        "model": {},
    }
    assert read("flip=yes", "augmentation.mixup=0.8")["augmentation"] == {
        "flip": True, "mixup": 0.8,
    }  # fmt: skip
    found = read("model.spk=sl", "spiking=False", "partition_size=4,4,2", "widths=8")["model"]
    assert found == {"spk": "sl", "spiking": False, "partition_size": (4, 4, 2), "widths": (8,)}
    assert read("partition_size=7")["model"] == {"partition_size": 7}
    assert read("width=16", config=SpikingResNet18Config)["model"] == {"width": 16}


def test_options_of_the_spk_block():
    options = read("spk_options.tau=4", "model.spk_options.thresholds=0.5,1")["model"]
    assert options == {"spk_options": {"tau": 4, "thresholds": (0.5, 1)}}
    for thresholds in ("[0.5,1.0]", "(0.5, 1)", " [0.5,1.0] "):
        found = read(f"spk_options.thresholds={thresholds}", "partition_size=[4,4,2]")["model"]
        assert found == {"spk_options": {"thresholds": (0.5, 1)}, "partition_size": (4, 4, 2)}
    assert read("spk_options.thresholds=[1]")["model"] == {"spk_options": {"thresholds": (1,)}}
    assert read('spk_options={"tau": 4.0}')["model"] == {"spk_options": {"tau": 4.0}}
    model = new_model("resnet18", DIGITS, 10, 1, {"width": 4, "spk_options": {"tau": 3.0}})
    assert model.config.spk_options == {"tau": 3.0}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("epoch=3", "there is no setting 'epoch'; the nearest: epochs"),
        ("model.timesteps=3", "the nearest: model.time_steps"),
        ("augmentation.epochs=3", "there is no setting 'augmentation.epochs'"),
        ("epochs.more=3", "there is no setting 'epochs.more'; the nearest: .*epochs"),
        ("epochs", "'epochs' is no setting; give KEY=VALUE"),
        ("epochs=ten", "epochs is 'ten'; expected a whole number"),
        ("epochs=1.5", "epochs is '1.5'; expected a whole number"),
        ("clip=much", "clip is 'much'; expected a number or none"),
        ("learning_rate=nan", "learning_rate is 'nan'; expected a number"),
        ("flip=maybe", "flip is 'maybe'; expected true or false"),
        ("partition_size=4,x", "expected a whole number or numbers such as 4,4,2"),
        ("spk_options=3", "expected JSON such as"),
    ],
)
def test_a_wrong_word_is_told_what_was_expected(word, told):
    with pytest.raises(ValueError, match=told):
        read(word)


def test_the_recipe_takes_them():
    recipe = changed(DIGITS, read("epochs=9", "rotation=0", "seed=4"))
    assert (recipe.epochs, recipe.seed, recipe.warmup_epochs) == (9, 4, 1)
    assert (recipe.augmentation.rotation, recipe.augmentation.shift) == (0, 0.05)


def test_a_warm_up_without_room_shrinks_in_proportion():
    assert changed(DIGITS, read("epochs=1")).warmup_epochs == pytest.approx(1 / 6)
    assert changed(RECIPES["imagenet"], read("epochs=10")).warmup_epochs == 0.5  # 10 of 200
    with pytest.raises(ValueError, match=r"warmup_epochs is 1\.0 of 1 epochs"):
        changed(DIGITS, read("epochs=1", "warmup_epochs=1"))


@pytest.mark.parametrize("name", PRESETS)
def test_partitions_fit_every_size_of_image(name):
    usual = 32 if name == "micro" else 224
    assert fitting(preset(name), usual) == PRESETS[name].partition_size
    for side in range(8, 300):
        config = preset(name, partition_size=fitting(preset(name), side))
        assert config.fits(side), side


def test_the_nearest_partition_that_fits():
    # 64 pixels: the stages of Tiny have 16, 8, 4 and 2 a side, and 7 divides none.
    assert fitting(preset("tiny"), 64) == (8, 8, 4, 2)
    assert fitting(preset("tiny", partition="full"), 64) == 7


def test_the_model_follows_the_data_but_for_what_is_set():
    small = {"widths": (8,), "depths": (1,), "head_width": 8, "time_steps": 1, "spk": "sl"}
    recipe = changed(DIGITS, read("image_size=20"))
    model = new_model("micro", recipe, 7, 3, {**small, "partition_size": 5})
    assert (model.config.classes, model.config.in_channels) == (7, 3)
    assert model(torch.rand(2, 3, 20, 20)).shape == (2, 7)
    assert new_model("micro", recipe, 7, 3, {**small, "partition_size": 1, "classes": 9})
    with pytest.raises(ValueError, match="spk is 'xl'"):
        new_model("micro", DIGITS, 10, 1, {"spk": "xl"})


def small(**changes):
    fields = {"widths": (8,), "depths": (1,), "partition_size": 2, "head_width": 8, "spk": "sl"}
    return SpikeAtConv(preset("micro", **{**fields, **changes}))


SIX = ("cat", "dog", "owl", "fox", "ant", "bee")


def test_to_go_on_from_weights():
    old = small(classes=6)
    new, told = go_on_from(old, DIGITS, SIX, {"time_steps": 1}, SIX)
    assert told == ""
    assert new.config.time_steps == 1
    for name, tensor in new.state_dict().items():
        assert torch.equal(tensor, old.state_dict()[name]), name


@pytest.mark.parametrize(
    ("classes", "rows", "told"),
    [
        # as many, in another order: each keeps its row
        (SIX[::-1], [5, 4, 3, 2, 1, 0], "kept by name for 6"),
        (("owl", "elk", "cat"), [2, None, 0], "new for 1 of 3 classes: elk; kept by name for 2"),
        (("a", "b", "c", "d", "e", "f"), [None] * 6, "new for 6 of 6 classes: a, b, c, d, e, f"),
        (
            (*SIX, "elk"),
            [0, 1, 2, 3, 4, 5, None],
            "new for 1 of 7 classes: elk; kept by name for 6",
        ),
    ],
)
def test_a_class_keeps_its_row_of_the_last_layer_by_its_name(classes, rows, told):
    old, fresh = small(classes=6), small(classes=len(classes))
    for model in (old, fresh):
        torch.nn.init.uniform_(model.head.bias)
    new, words = go_on_from(old, DIGITS, classes, {}, SIX)
    assert words == told
    assert torch.equal(new.stem[0].weight, old.stem[0].weight)
    again, _ = go_on_from(old, DIGITS, classes, {}, SIX)
    for row, before in enumerate(rows):
        assert torch.equal(again.head.weight[row], new.head.weight[row])  # the recipe's seed
        same = [torch.equal(new.head.weight[row], weight) for weight in old.head.weight]
        assert same == [number == before for number in range(6)]
        if before is not None:
            assert new.head.bias[row] == old.head.bias[before]


def test_a_file_without_names_keeps_its_last_layer_where_it_has_as_many():
    old = small(classes=6)
    new, told = go_on_from(old, DIGITS, SIX, {}, None)
    assert torch.equal(new.head.weight, old.head.weight)
    assert told == "kept as it is, for the file does not name its classes"
    new, told = go_on_from(old, DIGITS, SIX[:4], {}, None)
    assert new.head.weight.shape == (4, 8)
    assert told == "new, for 4 classes; the file has 6 without names"


@pytest.mark.parametrize(("side", "size"), [(32, 2), (40, 2), (36, 3), (20, 1)])
def test_partitions_fit_another_size_of_image(side, size):
    """Of `small`, whose only stage has a quarter of the pixels a side."""
    recipe = changed(DIGITS, read(f"image_size={side}"))
    new, _ = go_on_from(small(), recipe, "0123456789", {}, list("0123456789"))
    assert new.config.sizes == (size,)
    assert new(torch.rand(1, 3, side, side)).shape == (1, 10)
    with pytest.raises(ValueError, match="partition"):
        go_on_from(small(), recipe, "0123456789", {"partition_size": 7}, None)[0](
            torch.rand(1, 3, side, side)
        )


@pytest.mark.parametrize("name", ["micro", "resnet18"])
def test_a_network_that_no_memory_holds_is_refused_before_it_is_built(monkeypatch, name):
    monkeypatch.setattr(estimate, "free_memory", lambda device: 10**6)
    with pytest.raises(
        ValueError, match=r"weights, gradients and moments need about .*smaller wid"
    ):
        new_model(name, DIGITS, 10, 1, {})
    with pytest.raises(ValueError, match=r"weights, gradients and moments need about"):
        go_on_from(SpikeAtConv(preset("micro")), DIGITS, "0123456789", {}, None)


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"the weights do not fit .* such as stem"):
        go_on_from(small(), DIGITS, range(10), {"widths": (16,), "head_width": 16}, None)
    with pytest.raises(ValueError, match="folded"):
        go_on_from(fold(small()), DIGITS, range(10), {}, None)
