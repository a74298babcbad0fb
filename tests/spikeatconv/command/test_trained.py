"""Trained networks, asked again: the pixels and the classes are those of the training."""

import json
import re
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from spikeatconv import energy_report, fold, load_weights, mnist5k, save_weights, shipped
from spikeatconv.cli import main
from spikeatconv.command.predict import Prediction, predictions
from spikeatconv.command.start import Options, make_plan
from spikeatconv.command.trained import load, own_data, read_image
from spikeatconv.energy import report_each
from spikeatconv.images.picture import Fit, fits
from spikeatconv.training import (
    RECIPES,
    InMemory,
    Recipe,
    Run,
    digits,
    evaluate,
    network,
    open_data,
    train,
)
from spikeatconv.training.loop import make_accelerator

SIZE_OF_TEXT = {"recipe": {"image_size": "x"}}
NAMES = ("ash", "birch", "cedar")


def small(**changes):
    settings = {"widths": (8,), "depths": (1,), "partition_size": 2, "head_width": 8}
    settings |= {"time_steps": 1, "spk": "sl", "classes": 3}
    return network("micro", **{**settings, **changes})


def saved(path, note=None, **changes):
    save_weights(small(**changes).eval(), path, note)
    return path


def note_of(classes=NAMES, fit=None):
    return {"data": {"classes": list(classes)}} | ({"prepared": asdict(fit)} if fit else {})


def picture(seed, size=(20, 20), mode="L"):
    generator = np.random.default_rng(seed)
    shape = (size[1], size[0], *([3] if mode == "RGB" else []))
    return Image.fromarray(generator.integers(0, 256, shape, np.uint8))


def folder(place, classes=NAMES, count=3, size=(20, 20), mode="L"):
    """An image folder, whose pictures differ."""
    for s, split in enumerate(("train", "test")):
        for c, name in enumerate(classes):
            (place / split / name).mkdir(parents=True)
            for i in range(count):
                picture(100 * s + 10 * c + i, size, mode).save(place / split / name / f"{i}.png")
    return place


def said(capsys, *words):
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


# --- one way of preparing an image


FITS = [
    Fit(32, 1), Fit(32, 1, pad=2), Fit(32, 1, 224 / 256), Fit(16, 3, 0.95, interpolation="bicubic"),
]  # fmt: skip


@pytest.mark.parametrize("size", [(28, 28), (32, 32), (16, 16), (50, 30), (64, 64)])
@pytest.mark.parametrize("fit", FITS)
def test_predict_and_evaluate_see_the_same_pixels(tmp_path, size, fit):
    """What `predict` reads, what `evaluate` reads from a folder, and from an npz file."""
    weights = saved(tmp_path / "a.safetensors", note_of(fit=fit), in_channels=fit.channels)
    trained = load(str(weights))
    place, mode = folder(tmp_path / "data", size=size), "L" if fit.channels == 1 else "RGB"
    _, test = open_data(place, trained.fit.size, in_channels=trained.fit.channels)
    assert trained.match(test) == ""
    one = place / "test" / "birch" / "1.png"
    read = read_image(one, trained)
    assert torch.equal(test.batch([4])[0][0], read)
    arrays = np.stack([np.asarray(Image.open(one).convert(mode))])
    arrays = arrays[:, None] if mode == "L" else arrays.transpose(0, 3, 1, 2)
    for split in ("train", "test"):
        np.savez(tmp_path / f"{split}.npz", images=arrays.repeat(3, 0), labels=[0, 1, 2])
    (tmp_path / "labels.json").write_text(json.dumps(NAMES))
    _, stored = open_data(tmp_path, trained.fit.size, in_channels=trained.fit.channels)
    trained.match(stored)
    assert torch.equal(stored.batch([1])[0][0], read)


def test_a_digit_that_ships_gets_its_border_everywhere(tmp_path):
    """28 × 28 inside 32 × 32, by the older weights that do not tell it."""
    images, _ = mnist5k("test")
    right = F.pad((images[7] * 255).round().byte(), [2] * 4)
    Image.fromarray((images[7, 0] * 255).round().byte().numpy()).save(tmp_path / "a.png")
    for name in ("micro_digits", "micro_bdsa_digits"):
        trained = load(name)
        assert "prepared" not in trained.note
        assert trained.fit == Fit(32, 1, 1.0, 2)
        assert torch.equal(read_image(tmp_path / "a.png", trained), right)
        test = open_data("digits", 32, in_channels=1)[1]
        assert trained.match(test) == ""
        assert torch.equal(test.batch([7])[0][0], right)
    assert torch.equal(open_data("digits", 32, in_channels=1)[1].batch([7])[0][0], right)


def test_a_border_grows_with_the_image():
    assert Fit(32, 1, pad=2).at(64) == Fit(64, 1, pad=4)
    image = Image.new("L", (28, 28), 255)
    for size in (16, 32, 64, 224):
        pixels = fits(size, 1, crop=False, pad=size // 16)[1](image)[0]
        inside = size * 28 // 32
        assert pixels.shape == (size, size)
        assert int((pixels == 255).sum()) == inside**2
        assert pixels[0].max() == pixels[:, -1].max() == 0


@pytest.mark.parametrize(
    ("crop", "others", "fit"),
    [
        (0.0, {}, Fit(16, 1)), (0.5, {}, Fit(16, 1, 224 / 256)),
        (0.5, {"test_crop": 0.6, "interpolation": "lanczos"}, Fit(16, 1, 0.6, 0, "lanczos")),
    ],
)  # fmt: skip
def test_the_note_tells_how_images_were_prepared_and_is_obeyed(tmp_path, crop, others, fit):
    place = folder(tmp_path / "data", size=(30, 24))
    recipe = Recipe(
        epochs=1, batch=9, learning_rate=1e-3, weight_decay=0.0, warmup_epochs=0, image_size=16
    )
    recipe = replace(recipe, augmentation=replace(recipe.augmentation, crop=crop), **others)
    data, test = open_data(place, 16, in_channels=1, crop=crop > 0, **others)
    *_, last = train(small(in_channels=1), data, test, recipe, tmp_path / "run", cpu=True)
    trained = load(str(tmp_path / "run"))
    assert trained.note["prepared"] == asdict(trained.fit) == asdict(test.fit)
    assert trained.fit == fit
    again = open_data(place, 16, in_channels=1)[1]
    trained.match(again)
    scores = evaluate(trained.model, again, recipe, make_accelerator(Run(cpu=True)))
    assert scores["test_loss"] == pytest.approx(last["test_loss"], abs=1e-6)


def test_what_is_set_reaches_the_images(tmp_path):
    words = ("test_crop=0.9", "interpolation=bicubic", "augmentation.crop=0.5")
    plan = make_plan(Options(recipe="digits", settings=words, folder=tmp_path))
    assert plan.test.prepared == plan.test.fit == Fit(32, 1, 0.9, 2, "bicubic")
    assert plan.data.fit == Fit(37, 1, 1.0, 2, "bicubic")


def test_the_digits_in_memory_tell_it_too(tmp_path):
    data = digits("test")
    data = InMemory(data.images[:20], data.labels[:20], data.classes, data.prepared)
    recipe = Recipe(
        epochs=1, batch=20, learning_rate=1e-3, weight_decay=0.0, warmup_epochs=0, image_size=32
    )
    model = small(in_channels=1, classes=10)
    list(train(model, data, data, recipe, tmp_path / "run", cpu=True))
    assert load(str(tmp_path / "run")).fit == Fit(32, 1, pad=2)


@pytest.mark.parametrize(
    "told",
    [
        {"size": 0}, {"size": 10**6}, {"size": 16, "channels": 2}, {"size": 16, "channels": 3},
        {"size": 16, "share": 0}, {"size": 16, "pad": 8}, {"size": "16"}, {"sizes": 16}, 16, "x",
        {"size": 16, "channels": 1, "share": float("nan")},
        {"size": 16, "channels": 1, "interpolation": "nearest"},
    ],
)  # fmt: skip
def test_a_note_that_cannot_be_obeyed_is_an_error_with_the_file(tmp_path, told):
    saved(tmp_path / "a.safetensors", {"prepared": told}, in_channels=1)
    with pytest.raises(ValueError, match=r"a\.safetensors tells in its note how an image is prep"):
        load(str(tmp_path / "a.safetensors"))


@pytest.mark.parametrize(
    "note",
    [{"data": "x"}, {"data": {"classes": "abc"}}, {"data": {"classes": [1]}}, {"recipe": [1]},
     SIZE_OF_TEXT, {"recipe": {"augmentation": 3}}, {"command": 7}],
)  # fmt: skip
def test_an_odd_note_is_left_alone_or_an_error_in_words(tmp_path, note):
    saved(tmp_path / "a.safetensors", note, in_channels=1)
    refused = note in ({"data": {"classes": "abc"}}, {"data": {"classes": [1]}}, SIZE_OF_TEXT)
    if refused:
        with pytest.raises(ValueError, match=r"a\.safetensors (names|tells in its note)"):
            load(str(tmp_path / "a.safetensors"))
    else:
        assert load(str(tmp_path / "a.safetensors")).names == ("0", "1", "2")


# --- classes


def test_classes_in_another_order_are_matched_by_their_names(capsys, tmp_path):
    """The same pictures under the same names give the same score, whatever the names' order."""
    images = np.random.default_rng(0).integers(0, 256, (30, 1, 16, 16), np.uint8)
    weights = saved(tmp_path / "a.safetensors", note_of(fit=Fit(16, 1)), in_channels=1)
    model = load_weights(weights)
    with torch.no_grad():
        labels = model(torch.from_numpy(images) / 255).argmax(1).numpy()  # so that all are right
    labels[:3] = [0, 1, 2]
    found = {}
    for order in (NAMES, NAMES[::-1], ("birch", "ash", "cedar")):
        place = tmp_path / "-".join(order)
        place.mkdir()
        mine = np.array([order.index(NAMES[label]) for label in labels])
        for split in ("train", "test"):
            np.savez(place / f"{split}.npz", images=images, labels=mine)
        (place / "labels.json").write_text(json.dumps(order))
        status, out, err = said(capsys, "evaluate", "--model", weights, "--data", place, "--cpu")
        assert status == 0
        assert ("another order; matched by their names" in err) == (order != NAMES)
        found[order] = re.search(r"top 1 +([\d.]+) .*\nloss +([\d.]+)", out).groups()
    assert len(set(found.values())) == 1
    assert float(found[NAMES][0]) >= 0.9


def test_fewer_classes_are_matched_and_unknown_ones_refused(capsys, tmp_path):
    weights = saved(tmp_path / "a.safetensors", note_of(fit=Fit(16, 1)), in_channels=1)
    words = ["evaluate", "--model", weights, "--cpu", "--data"]
    status, _, err = said(capsys, *words, folder(tmp_path / "two", ("cedar", "birch")))
    assert status == 0
    assert "tells 3 classes apart and the data have 2: birch, cedar; matched by their names" in err
    status, out, err = said(capsys, *words, folder(tmp_path / "other", ("ash", "birch", "oak")))
    assert (status, out) == (1, "")
    assert (
        "tells 3 classes apart and the data have 3; it knows ash, birch, cedar, and not oak" in err
    )
    status, _, err = said(capsys, *words, folder(tmp_path / "five", (*NAMES, "oak", "elm")))
    assert status == 1
    assert "tells 3 classes apart and the data have 5" in err


def test_weights_that_name_no_class_are_told(capsys, tmp_path):
    weights = saved(tmp_path / "a.safetensors", in_channels=1)
    place = folder(tmp_path / "data")
    status, _, err = said(capsys, "evaluate", "--model", weights, "--data", place, "--cpu")
    assert status == 0
    assert "do not name their classes; they are taken to be those of the data, in this or" in err
    status, _, err = said(capsys, "evaluate", "--model", weights, "--cpu")
    assert status == 1
    assert "does not tell on which data it was trained; give --data, of the classes 0, 1, 2" in err


@pytest.mark.parametrize("command", ["evaluate", "energy"])
def test_no_network_of_other_classes_is_asked_about_digits(capsys, tmp_path, command):
    """Ten classes, as the digits have."""
    names = [f"tree {i}" for i in range(10)]
    weights = saved(
        tmp_path / "a.safetensors", note_of(names, Fit(32, 1)), in_channels=1, classes=10
    )
    status, out, err = said(capsys, command, "--model", weights)
    assert (status, out) == (1, "")
    assert "give --data, of the classes tree 0, tree 1" in err
    status, _, err = said(capsys, command, "--model", weights, "--data", "digits")
    assert status == 1
    assert "and not 0, 1, 2" in err


def test_a_run_is_asked_about_its_own_data(capsys, tmp_path, monkeypatch):
    """Wherever one is by then, and as it was trained by an older program."""
    place = folder(tmp_path / "data")
    (tmp_path / "run" / "step-00000001").mkdir(parents=True)
    weights = saved(
        tmp_path / "run/step-00000001/weights.safetensors", note_of(fit=Fit(16, 1)), in_channels=1
    )
    trained = load(str(weights))
    options = {"data": None, "recipe": "cifar100", "streamed": False}
    run = tmp_path / "run" / "run.json"
    run.write_text(json.dumps({"options": options, "data": str(place)}))
    monkeypatch.chdir(tmp_path / "run")
    status, out, _ = said(capsys, "evaluate", "--model", weights, "--cpu")
    assert status == 0
    assert f"{place}: 9 test images, 16 × 16" in out
    run.write_text(json.dumps({"options": {**options, "data": "a/b", "streamed": True}}))
    assert own_data(trained) == ("a/b", True)
    run.write_text(json.dumps({"options": options}))
    assert own_data(trained) == ("cifar100", False)
    (tmp_path / "run/prepared/cifar100").mkdir(parents=True)
    assert own_data(trained) == ("prepared/cifar100", False)
    for text in (
        "{",
        "[]",
        '{"options": 3}',
        '{"options": {"data": 3, "streamed": 1}}',
        "[" * 10**5,
    ):
        run.write_text(text)
        with pytest.raises(ValueError, match=r"run\.json cannot be read .*give --data"):
            own_data(trained)


# --- numbers that are none


class Broken(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return (x.flatten(1).mean(1, keepdim=True) * self.weight).expand(-1, 3)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("where", ["weights", "images"])
def test_a_score_of_no_numbers_is_refused(value, where):
    model, images = Broken(), torch.ones(6, 1, 16, 16)
    if where == "weights":
        model.weight.data.fill_(value)
    else:
        model.weight.data.fill_(1.0)
        images[4] = value
    data = InMemory(images, torch.arange(6) % 3)
    recipe = replace(RECIPES["digits"], batch=3, image_size=16)
    with pytest.raises(ValueError, match=r"answer to a batch of the test holds .* not finite"):
        evaluate(model, data, recipe, make_accelerator(Run(cpu=True)))


def test_predict_refuses_an_answer_of_no_numbers(tmp_path, monkeypatch):
    weights = saved(tmp_path / "a.safetensors", note_of(fit=Fit(16, 1)), in_channels=1)
    trained = load(str(weights))
    trained.model.head.weight.data[0, 0] = float("nan")
    picture(0).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"the answer of .*a\.safetensors holds .* not finite"):
        list(predictions(trained, [str(tmp_path / "a.png")]))


# --- many pictures


@pytest.fixture
def asked(tmp_path):
    """(weights, a folder of 12 pictures in three folders)."""
    weights = saved(tmp_path / "a.safetensors", note_of(fit=Fit(16, 1)), in_channels=1)
    for i in range(12):
        place = tmp_path / "pictures" / "abc"[i % 3]
        place.mkdir(parents=True, exist_ok=True)
        picture(i, (20 + i, 16)).save(place / f"{i:02}.png")
    return weights, tmp_path / "pictures"


def test_a_folder_gives_what_its_files_give_one_by_one(capsys, asked, monkeypatch):
    weights, place = asked
    files = sorted(map(str, place.rglob("*.png")))
    status, out, _ = said(capsys, "predict", "--model", weights, place)
    assert status == 0
    monkeypatch.setattr("spikeatconv.command.predict.MOST", 5)  # so in groups of 5, 5, 2
    assert said(capsys, "predict", "--model", weights, place)[:2] == (0, out)
    alone = [said(capsys, "predict", "--model", weights, file)[1] for file in files]
    blocks = [text.split("\n\n")[0] for text in alone]
    assert out.split("\n\n")[:-1] == blocks
    assert [block.splitlines()[0] for block in blocks] == files


def test_the_network_is_folded_once_and_run_in_groups(asked, monkeypatch):
    weights, place = asked
    trained, folds, groups = load(str(weights)), [], []
    real = report_each
    monkeypatch.setattr(
        "spikeatconv.command.predict.fold", lambda model: folds.append(1) or fold(model)
    )
    monkeypatch.setattr(
        "spikeatconv.command.predict.report_each",
        lambda model, images: groups.append(len(images)) or real(model, images),
    )
    monkeypatch.setattr("spikeatconv.command.predict.MOST", 5)
    found = list(predictions(trained, sorted(map(str, place.rglob("*.png")))))
    assert all(isinstance(one, Prediction) for one in found)
    assert (len(folds), groups) == (1, [5, 5, 2])


@pytest.mark.filterwarnings("always")
def test_what_cannot_be_read_is_passed_over_and_listed_at_the_end(capsys, asked):
    weights, place = asked
    (place / "b" / "04.png").write_text("no image")
    Image.new("F", (4, 4)).save(place / "b" / "deep.tif")
    (place / "notes.heic").write_text("")
    words = ["predict", "--model", weights, place / "a", place / "none.png", place]
    status, out, err = said(capsys, *words)
    assert status == 1
    files = [line for line in out.splitlines() if line.endswith(".png")]
    good = [f for f in sorted(map(str, place.rglob("*.png"))) if not f.endswith("04.png")]
    assert files == [*(f for f in good if f"{place / 'a'}" in f), *good]
    errors = [line for line in err.splitlines() if line.startswith("Error")]
    assert ["none.png" in errors[0], "04.png" in errors[1], "deep.tif" in errors[2]] == [True] * 3
    assert len(errors) == 3
    assert "1 .heic" in err
    status, out, err = said(capsys, "predict", "--model", weights, tmp_of(place))
    assert (status, out) == (1, "")
    assert "no image in" in err


def tmp_of(place):
    empty = place / "empty"
    empty.mkdir()
    return empty


def test_the_energy_of_each_image_is_that_of_its_own_report():
    """Also of a black one, whose layers are silent, and of one whose pixels are all 0 or 1."""
    images = F.pad(mnist5k("test")[0][:6], [2] * 4)
    images[2], images[3] = 0, images[3].round()
    for name in ("micro_digits", "micro_bdsa_digits"):
        model = load_weights(shipped(f"{name}.safetensors"))
        snn_mj, ann_mj, steps = report_each(fold(model), images)
        for image, mj in zip(images, snn_mj.tolist(), strict=True):
            report = energy_report(model, image[None])
            assert mj == pytest.approx(report.snn_mj, rel=1e-9)
            assert (ann_mj, steps) == (pytest.approx(report.ann_mj), report.time_steps)


@pytest.mark.parametrize("command", ["predict", "evaluate", "energy", "info"])
@pytest.mark.parametrize("size", ["0", "2049", "100000", "x"])
def test_the_size_is_bounded_on_the_command_line(capsys, command, size):
    words = {"predict": ["a.png"], "info": ["micro"]}.get(command, [])
    status, out, err = said(capsys, command, *words, "--image-size", size)
    assert (status, out) == (2, "")
    assert "'--image-size'" in err
