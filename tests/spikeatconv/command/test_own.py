"""What `train own` decides, from images of which one knows what is right."""

import numpy as np
import pytest
from PIL import Image

from spikeatconv.command.own import decide, look
from spikeatconv.images.split import open_parts
from spikeatconv.training import network


def decided(where, before=None, **options):
    """What is set by then, and what was told."""
    train = open_parts(where, 32, share=0.15).train
    settings = {"recipe": {}, "augmentation": {}, "model": {}, **options}
    told = decide(look(train), len(train), settings, before)
    return settings, told


def test_digits_stay_grey_and_are_not_mirrored():
    settings, told = decided("digits")
    assert settings["model"] == {
        "in_channels": 1, "time_steps": 1, "spk_options": {"tau": 1.0},
    }  # fmt: skip
    assert settings["recipe"] == {"image_size": 28, "batch": 50, "epochs": 24}  # of 3,400 images
    assert settings["augmentation"] == {
        "flip": False, "shift": 0.1, "scale": 0.1, "rotation": 10.0,
    }  # fmt: skip
    assert told["epochs=24"] == "1,632 steps, a test after each 68"
    assert "mirrored" in told["flip=false"]


@pytest.mark.parametrize(
    ("given", "tau"),
    [
        ({"spk_options": {"v_threshold": 0.5}, "spk": "sl"}, 1.0), ({"time_steps": 2}, None),
        ({"spk_options": {"tau": 3.0}}, 3.0), ({"spk": "hsl"}, None), ({"spiking": False}, None),
    ],
)  # fmt: skip
def test_tau_divides_nothing_where_it_remembers_nothing(given, tau):
    settings, told = decided("digits", model=dict(given))
    found = settings["model"]
    assert found.get("spk_options", {}).get("tau") == tau
    assert ("spk_options.tau=1.0" in told) is (tau == 1.0)
    assert given.get("spk_options", {}).items() <= found.get("spk_options", {}).items()
    network("micro", classes=10, **found)  # takes it


def test_a_network_that_goes_on_keeps_its_size_and_trains_a_quarter_as_long():
    settings, told = decided("digits", before=32)
    assert settings["model"] == {}
    assert settings["recipe"] == {"image_size": 32, "batch": 50, "epochs": 10}  # no fewer tests
    assert told["image_size=32"] == (
        "their shorter sides have 28 pixels, the network's had so many"
    )
    few, _ = decided("digits", before=32, recipe={"batch": 340})
    assert few["recipe"]["epochs"] == 40
    many, _ = decided("digits", recipe={"batch": 340})
    assert many["recipe"]["epochs"] == 160


def pictures(place, axis, size, colour=False):
    """Two classes, which differ in the half that is bright: upper or lower (axis 0), left or right
    (axis 1). colour: one image has a red pixel."""
    generator = np.random.default_rng(0)
    for c in range(2):
        (place / str(c)).mkdir(parents=True)
        for i in range(30):
            pixels = generator.integers(0, 100, (*size, 3), np.uint8)
            pixels[...] = pixels[..., :1]
            np.split(pixels, 2, axis)[c][...] += 100
            if colour and c == i == 0:
                pixels[size[0] // 2 :, :, 0] = 255
            Image.fromarray(pixels).save(place / str(c) / f"{i}.png")
    return place


def test_classes_in_turn_are_all_looked_at(tmp_path):
    """Images that stand in the order of their numbers, each tenth of a class."""
    pixels = np.zeros((8000, 1, 8, 8), np.uint8)
    labels = np.arange(8000) % 10
    pixels[np.arange(8000), 0, labels % 8, labels // 8] = 255
    np.savez(tmp_path / "train.npz", images=pixels, labels=labels)
    seen = look(open_parts(tmp_path, 32, share=0.15).train)
    assert (seen.known, seen.grey, seen.side) == (1.0, True, 8)
    assert seen.mirrored < 0.3


@pytest.mark.parametrize("axis", [0, 1])
def test_images_are_mirrored_where_their_classes_stay(tmp_path, axis):
    settings, _ = decided(pictures(tmp_path, axis, (22, 30)))
    assert settings["augmentation"]["flip"] is (axis == 0)
    assert settings["model"]["in_channels"] == 1
    assert settings["recipe"]["image_size"] == 20


def test_one_image_in_colour_is_enough_and_large_ones_are_cut(tmp_path):
    settings, told = decided(pictures(tmp_path, 0, (80, 70), colour=True))
    assert settings["model"]["in_channels"] == 3
    assert settings["recipe"]["image_size"] == 64
    assert told["image_size=64"] == "their shorter sides have 70 pixels, and 64 train in minutes"
    assert settings["augmentation"] == {"flip": True, "crop": 0.4}


def test_what_is_set_stays():
    given = {"recipe": {"image_size": 16, "epochs": 3, "batch": 9}, "model": {"spiking": False}}
    settings, told = decided("digits", **given, augmentation={"flip": True, "crop": 0.8})
    assert settings["recipe"] == {"image_size": 16, "epochs": 3, "batch": 9}
    assert settings["augmentation"] == {"flip": True, "crop": 0.8}
    assert settings["model"] == {"spiking": False, "in_channels": 1}
    assert list(told) == ["in_channels=1"]
