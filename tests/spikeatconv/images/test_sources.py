"""Each kind of place, what an image becomes, and what each kind of damage does."""

import io
import json
import os
import shutil
import time
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from spikeatconv.images.picture import Fit, as_8_bits, fits
from spikeatconv.images.sources import open_data
from spikeatconv.training import InMemory, Recipe, digits, network, train

COLOURS = {"red": (250, 0, 0), "green": (0, 250, 0), "blue": (0, 0, 250)}


def picture(colour, width=20, height=16):
    return Image.new("RGB", (width, height), colour)


def encoded(image, kind="PNG"):
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    """train/ with four images of each of three colours, val/ with two: PNG is exact."""
    for split, count in (("train", 4), ("val", 2)):
        for name, colour in COLOURS.items():
            (tmp_path / split / name).mkdir(parents=True)
            for i in range(count):
                picture(colour, 20 + i).save(tmp_path / split / name / f"{i}.png")
    return tmp_path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def shards(folder, labels=(0, 1, 2, 1), classes=("red", "green", "blue"), split="train-0"):
    pixels = np.stack([np.full((3, 8, 8), 10 * i, np.uint8) for i in range(len(labels))])
    np.savez(folder / f"{split}.npz", images=pixels, labels=np.array(labels, np.uint8))
    (folder / "labels.json").write_text(json.dumps(classes))


def table(labels, images=None, label="fine_label", classes=("red", "green", "blue")):
    """As uoft-cs/cifar100 has it: images img, labels fine_label and coarse_label."""
    import datasets

    images = images or [encoded(picture(COLOURS[name], 8, 8)) for name in COLOURS] * 2
    cells = [{"bytes": data, "path": f"{i}.png"} for i, data in enumerate(images[: len(labels)])]
    features = datasets.Features({
        "img": datasets.Image(),
        label: datasets.ClassLabel(names=classes) if classes else datasets.Value("string"),
        "coarse_label": datasets.Value("int64"),
    })  # fmt: skip
    columns = {"img": cells, label: list(labels), "coarse_label": [0] * len(labels)}
    return datasets.Dataset.from_dict(columns, features)


# --- places


def test_digits_are_those_that_ship_grey_or_in_three_equal_channels():
    grey, test = open_data("digits", 32, in_channels=1)
    images, labels = grey.batch([5, 0])
    right = digits("train")
    assert torch.equal(images / 255, right.images[[5, 0]])
    assert torch.equal(labels, right.labels[[5, 0]])
    assert (len(grey), len(test), grey.classes) == (4000, 1000, tuple("0123456789"))
    colour = open_data("digits", 32)[0].batch([5])[0]
    assert torch.equal(colour, images[:1].expand(1, 3, 32, 32))


def test_an_image_folder(folder):
    data, test = open_data(folder, 16)
    assert (len(data), len(test), data.classes) == (12, 6, ("blue", "green", "red"))
    images, labels = data.batch([11, 0])
    assert labels.tolist() == [2, 0]  # red, blue: classes in the order of their names
    assert (images.dtype, images.shape) == (torch.uint8, (2, 3, 16, 16))
    assert images[:, :, 3, 3].tolist() == [[250, 0, 0], [0, 0, 250]]


def test_only_images_count_also_in_folders_further_down(folder):
    (folder / "train/red/more").mkdir()
    picture("red").save(folder / "train/red/more/5.JPEG")
    for name in ("red_boxes.txt", ".hidden.png", "a.HEIC", "b.heic", "c"):
        (folder / "train/red" / name).write_text("no image")
    with pytest.warns(UserWarning, match=r"2 \.heic, 1 \.txt, 1 without a suffix\. Read are"):
        assert len(open_data(folder, 16)[0]) == 13


def test_wnids_are_told_in_words_and_equal_words_apart(tmp_path):
    for name in ("n1", "n2", "n3"):
        for split in ("train", "test"):
            (tmp_path / split / name).mkdir(parents=True)
            picture("red").save(tmp_path / split / name / "a.png")
    (tmp_path / "words.txt").write_text("n1\tcrane\nn3\tcrane\nn2\tgoldfish, Carassius\n")
    classes = open_data(tmp_path, 16)[0].classes
    assert classes == ("crane (n1)", "goldfish, Carassius", "crane (n3)")


def test_npz_shards_follow_each_other(tmp_path):
    shards(tmp_path)
    shards(tmp_path, labels=(2, 2), split="train-1")
    shards(tmp_path, labels=(0, 1), split="test")
    data, test = open_data(tmp_path, 8)
    images, labels = data.batch([5, 3])
    assert (len(data), len(test), data.classes) == (6, 2, ("red", "green", "blue"))
    assert images[:, 0, 0, 0].tolist() == [10, 30]
    assert labels.tolist() == [2, 1]
    assert data.batch([3])[0].shape == (1, 3, 8, 8)
    assert open_data(tmp_path, 12, in_channels=1)[0].batch([3])[0].unique().tolist() == [30]


def test_parquet_as_the_hub_keeps_it(tmp_path, cache):
    (tmp_path / "cifar100").mkdir()
    for split, labels in (("train", [0, 1, 2, 0, 1, 2]), ("test", [2, 1])):
        table(labels).to_parquet(tmp_path / f"cifar100/{split}-00000-of-00001.parquet")
    for where in (tmp_path, tmp_path / "cifar100/train-00000-of-00001.parquet"):
        data, test = open_data(where, 8)
        images, labels = data.batch([1, 5])
        assert (len(data), len(test), data.classes) == (6, 2, ("red", "green", "blue"))
        assert images[:, :, 0, 0].tolist() == [list(COLOURS["green"]), list(COLOURS["blue"])]
        assert labels.tolist() == [1, 2]


def test_labels_that_are_texts_become_numbers_in_their_order(tmp_path, cache):
    table(["red", "green", "blue"], classes=(), label="label").to_parquet(
        tmp_path / "train.parquet"
    )
    table(["green"], classes=(), label="label").to_parquet(tmp_path / "validation.parquet")
    data, test = open_data(tmp_path, 8)
    assert data.classes == ("blue", "green", "red")
    assert data.batch([0, 1, 2])[1].tolist() == [2, 1, 0]
    assert test.batch([0])[1].tolist() == [1]


def test_a_name_on_the_hub_asks_the_hub_and_prefers_its_validation(monkeypatch):
    import datasets

    asked = []

    def load_dataset(name, **options):
        asked.append(name)
        hidden = table([-1, -1])  # ImageNet's test has no labels
        return {"train": table([0, 1, 2]), "validation": table([2, 1]), "test": hidden}

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.warns(UserWarning, match="has validation and test; validation is what is tested"):
        data, test = open_data("ILSVRC/imagenet-1k", 8)
    assert asked == ["ILSVRC/imagenet-1k"]
    assert (len(data), test.batch([0, 1])[1].tolist()) == (3, [2, 1])


def test_without_a_network_a_name_fails_at_once_and_says_how_to_get_it(monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", "http://127.0.0.1:9")  # nobody answers
    before = time.perf_counter()
    with pytest.raises(FileNotFoundError, match="hf download uoft-cs/cifar100 --repo-type dataset"):
        open_data("uoft-cs/cifar100", 32)
    assert time.perf_counter() - before < 8
    assert not datasets.config.HF_HUB_OFFLINE


@pytest.mark.parametrize("where", ["cifar100", "a/b/c", "nothing.parquet"])
def test_a_missing_place_says_how_to_get_data(tmp_path, where, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=f"{where} is no folder.*data prepare cifar100"):
        open_data(where, 8)


def test_a_folder_without_one_of_the_parts_says_which(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(FileNotFoundError, match=r"holds notes\.txt; expected train/ beside val/"):
        open_data(tmp_path, 8)
    (tmp_path / "train").mkdir()
    with pytest.raises(FileNotFoundError, match="neither val/ nor test/"):
        open_data(tmp_path, 8)
    table([0]).to_parquet(tmp_path / "train.parquet")
    with pytest.raises(FileNotFoundError, match="has the splits train; expected train and one of"):
        open_data(tmp_path, 8)
    shards(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no test\.npz"):
        open_data(tmp_path, 8)


# --- what an image becomes


def gradient(width, height):
    """Brightness is the column, and the green channel the row."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return Image.fromarray(np.stack([columns, rows, columns], 2).astype(np.uint8))


def test_the_centre_square_is_cut_out_and_nothing_else_happens_to_it():
    pixels = Fit(6)(gradient(10, 6))
    assert pixels[0, 0].tolist() == [2, 3, 4, 5, 6, 7]
    assert pixels[1, :, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_the_test_is_the_usual_resize_to_256_and_centre_of_224():
    image = gradient(250, 192)
    test = fits(112, 3, crop=True)[1](image)
    resized = image.resize((167, 128), Image.Resampling.BILINEAR)  # shorter side 128
    usual = resized.crop((27, 8, 139, 120))
    right = torch.from_numpy(np.array(usual)).permute(2, 0, 1)
    assert (test.int() - right.int()).abs().max() <= 1


def test_the_crop_of_the_test_takes_its_share_from_the_centre():
    """Half of 8 columns, 2 to 5, each pair of which becomes one pixel; training takes all."""
    image = gradient(8, 8).point(lambda brightness: 16 * brightness)
    train, test = fits(2, 1, crop=False, test_crop=0.5)
    image = image.getchannel(0)
    assert test(image)[0].tolist() == [[40, 72]] * 2
    assert train == Fit(2, 1)
    assert fits(2, 1, crop=True, test_crop=0.5)[1] == test


KERNELS = {  # of a distance in pixels
    "bilinear": lambda d: np.maximum(1 - d, 0),
    "bicubic": lambda d: np.where(
        d < 1, 1.5 * d**3 - 2.5 * d**2 + 1, np.where(d < 2, -0.5 * (d**3 - 5 * d**2 + 8 * d - 4), 0)
    ),
    "lanczos": lambda d: np.where(d < 3, np.sinc(d) * np.sinc(d / 3), 0),
}


@pytest.mark.parametrize("name", KERNELS)
def test_an_interpolation_is_that_of_its_kernel(name):
    """One bright column, scaled to twice the size."""
    image = np.full((16, 16), 100, np.uint8)
    image[:, 8] = 200
    columns, places = np.arange(16), (np.arange(32) + 0.5) / 2 - 0.5
    weights = KERNELS[name](np.abs(places[:, None] - columns))
    right = 100 + 100 * weights[:, 8] / weights.sum(1)
    for fit in fits(32, 1, crop=False, interpolation=name):
        assert np.abs(fit(Image.fromarray(image))[0].numpy() - right).max() <= 1


def test_training_with_a_crop_keeps_a_margin_and_without_has_the_size_itself(folder):
    def sizes(**options):
        return [data.batch([0, 1, 2, 3])[0].shape[-1] for data in open_data(folder, 14, **options)]

    assert sizes(crop=True) == [16, 14]
    assert sizes() == [14, 14]


def test_an_image_that_has_the_size_stays_as_it_is():
    image = gradient(14, 14)
    for fit in (*fits(14, 3, crop=False), fits(14, 3, crop=True)[1]):
        assert torch.equal(fit(image), torch.from_numpy(np.array(image)).permute(2, 0, 1))


def test_grey_cmyk_palette_transparent_and_16_bits():
    grey = Image.new("L", (4, 4), 100)
    assert Fit(4)(grey).unique().tolist() == [100]
    assert Fit(4, 1)(picture((100, 100, 100), 4, 4)).shape == (1, 4, 4)
    half = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    assert Fit(4)(half).unique().tolist() == [255]  # transparent: white, whatever lies below
    ink = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    assert Fit(4)(ink)[:, 0, 0].tolist() == [255, 0, 0]
    palette = picture((250, 0, 0), 4, 4).convert("P")
    assert Fit(4)(palette)[0, 0, 0] > 200 > 60 > Fit(4)(palette)[1, 0, 0]
    deep = Image.fromarray(np.full((4, 4), 100 * 256 + 7, np.uint16))
    assert Fit(4)(deep).unique().tolist() == [100]
    with pytest.raises(ValueError, match="mode F, 32 bits"):
        as_8_bits(Image.new("F", (4, 4)))


# --- faults


def damaged(folder):
    """Two files that are no whole images: a text, and a JPEG that was cut off."""
    (folder / "train/green/1.png").write_text("<html>404</html>")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), "JPEG")
    (folder / "train/red/3.png").write_bytes(data[: len(data) // 2])


def test_stop_names_the_file_what_is_wrong_and_how_to_go_on(folder):
    damaged(folder)
    data, _ = open_data(folder, 16)
    assert data.batch([0, 4])[0].shape == (2, 3, 16, 16)
    with pytest.raises(ValueError, match=r'green.1\.png cannot be read: .*identify.*faults="skip"'):
        data.batch([0, 5])
    with pytest.raises(ValueError, match=r"red.3\.png cannot be read: .*truncated"):
        data.batch([11])


def test_skip_puts_the_next_image_in_its_place_each_time_and_lists_it(folder):
    damaged(folder)
    data, _ = open_data(folder, 16, faults="skip")
    images, labels = data.batch([5, 4, 11])
    assert labels.tolist() == [1, 1, 0]  # after the last one, red 3, comes the first, blue 0
    assert torch.equal(images, data.batch([6, 4, 0])[0])
    assert torch.equal(images, data.batch([5, 4, 11])[0])
    assert len(data.faults) == 2
    assert "identify" in data.faults[0]
    assert "truncated" in data.faults[1]


def test_check_reads_all_before_the_training_does(folder):
    damaged(folder)
    data, test = open_data(folder, 16, faults="skip")
    assert data.faults == []
    assert len(data.check()) == 2
    assert test.check() == []


@pytest.mark.parametrize("workers", [0, 1])
def test_what_a_worker_could_not_read_is_known_here(folder, workers):
    damaged(folder)
    data, _ = open_data(folder, 16, faults="skip")
    batches = list(data.batches(2, workers=workers))
    assert [batches[i][1].tolist() for i in (2, 5)] == [[1, 1], [2, 0]]
    assert len(data.faults) == 2


def test_skip_gives_up_where_nothing_can_be_read(folder):
    data, _ = open_data(folder, 16, faults="skip")
    for file in (folder / "train").rglob("*.png"):
        file.unlink()
    with pytest.raises(ValueError, match="none of 12 images in a row can be read"):
        data.batch([3])


def test_a_label_without_a_class_stops_or_leaves(tmp_path):
    shards(tmp_path, labels=(0, 7, 2, 1))
    shards(tmp_path, labels=(0, 1), split="test")
    with pytest.raises(ValueError, match=r"image 1 of .*train-0.npz has the label 7; expected"):
        open_data(tmp_path, 8)
    data, test = open_data(tmp_path, 8, faults="skip")
    assert (len(data), len(data.faults), test.faults) == (3, 1, [])
    assert data.batch([0, 1, 2])[0][:, 0, 0, 0].tolist() == [0, 20, 30]
    assert data.batch([0, 1, 2])[1].tolist() == [0, 2, 1]


def test_a_row_of_a_table_without_label_or_image_is_named(tmp_path, cache):
    images = [encoded(picture("red", 8, 8)), b"no image", encoded(picture("blue", 8, 8))]
    table([0, 1, -1], images).to_parquet(tmp_path / "train.parquet")
    table([0]).to_parquet(tmp_path / "test.parquet")
    with pytest.raises(ValueError, match=r"row 2 of .*, train \(2.png\) has the label -1"):
        open_data(tmp_path, 8)
    with pytest.warns(UserWarning, match="no training image of 1 of its 3 classes: blue"):
        data, _ = open_data(tmp_path, 8, faults="skip")
    assert data.batch([1])[1].tolist() == [0]
    assert [fault.split(" of ")[0] for fault in data.faults] == ["row 2", "row 1"]


def test_a_class_of_the_test_alone_is_an_error_with_both_lists(folder):
    (folder / "val/pink").mkdir()
    with pytest.raises(ValueError, match=r"val has the classes pink, .* has blue, green, red"):
        open_data(folder, 16, faults="skip")


def test_a_class_without_an_image_is_an_error(folder):
    for file in (folder / "train/red").iterdir():
        file.unlink()
    with pytest.raises(ValueError, match=r"no image in .*red; add images"):
        open_data(folder, 16)


@pytest.mark.parametrize("name", ["train-0.npz", "labels.json", "train.parquet"])
def test_a_file_that_was_cut_off_is_named(tmp_path, name, cache):
    if name == "train.parquet":
        table([0]).to_parquet(tmp_path / "train.parquet")
        table([0]).to_parquet(tmp_path / "test.parquet")
    else:
        shards(tmp_path)
        shards(tmp_path, split="test")
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ValueError, match=f"{name} cannot be read"):
        open_data(tmp_path, 8)


def test_columns_that_hold_no_images_are_listed(tmp_path, cache):
    import datasets

    for split in ("train", "test"):
        datasets.Dataset.from_dict({"text": ["a"], "label": [0]}).to_parquet(
            tmp_path / f"{split}.parquet"
        )
    with pytest.raises(ValueError, match=r"has the columns .*text.*expected one of images"):
        open_data(tmp_path, 8)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"faults": "ignore"}, r"faults is 'ignore'; choose one of \['stop', 'skip'\]"),
        ({"in_channels": 2}, "in_channels is 2; choose 3, or 1"),
        *(({"image_size": n}, r"image_size is .* from 1 to 2048") for n in (0, 2049, 10**5, True)),
    ],
)
def test_options_restate_what_they_were_given(options, told):
    with pytest.raises((TypeError, ValueError), match=told):
        open_data("digits", **{"image_size": 32, **options})


# --- in the loop


def test_a_training_with_damaged_images_goes_on_and_stops_without_harm(folder, tmp_path):
    damaged(folder)
    recipe = Recipe(
        epochs=2, batch=4, learning_rate=1e-3, weight_decay=0.0, warmup_epochs=0, image_size=16
    )

    def run(faults):
        data, test = open_data(folder, 16, faults=faults)
        model = network(
            "micro", widths=(8,), depths=(1,), partition_size=2, head_width=8, time_steps=1,
            spk="sl", classes=3,
        )  # fmt: skip
        return list(train(model, data, test, recipe, tmp_path / faults, workers=1, cpu=True)), data

    first, data = run("skip")
    again, _ = run("skip")
    assert len(first) == 6
    assert len(data.faults) == 2
    assert again == []  # it was at its end, and the checkpoint fits the same data
    with pytest.raises(ValueError, match="cannot be read"):
        run("stop")
    assert not list((tmp_path / "stop").glob(".draft"))


# --- what a folder may hold


def linked(folder, at, to):
    try:
        (folder / at).symlink_to(folder / to, target_is_directory=True)
    except OSError:  # Windows asks for a right that few have
        pytest.skip("no symbolic links here")


@pytest.mark.parametrize(
    ("at", "to"),
    [
        ("train/red/self", "train/red"),
        ("train/red/up", "train"),
        ("train/blue/all", "."),
        ("train/blue/other", "train/red"),
        ("train/pink", "train/red"),
    ],
)
def test_a_link_that_leads_back_is_told_and_counts_nothing_twice(folder, at, to):
    linked(folder, at, to)
    if at == "train/pink":
        with pytest.raises(ValueError, match=r"no image in .*red.*read already; remove the link"):
            open_data(folder, 16, faults="skip")
        return
    with pytest.raises(ValueError, match=f"{at} leads to .*, which is read already; remove the"):
        open_data(folder, 16)
    data, test = open_data(folder, 16, faults="skip")
    assert (len(data), data.labels.bincount().tolist()) == (12, [4, 4, 4])
    assert (len(data.faults), test.faults) == (1, [])


def test_a_link_to_a_folder_elsewhere_is_followed(folder, tmp_path):
    (folder / "train/red").rename(folder / "far")
    linked(folder, "train/red", "far")
    assert len(open_data(folder, 16)[0]) == 12


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFO")
def test_what_is_no_regular_file_is_told_and_never_waited_for(folder, tmp_path):
    os.mkfifo(folder / "train/red/pipe.png")
    linked(folder, "train/red/nothing.png", "nowhere")
    linked(folder, "train/red/itself.png", "train/red/itself.png")
    with pytest.raises(ValueError, match=r"itself\.png is no regular file"):
        open_data(folder, 16)
    data, _ = open_data(folder, 16, faults="skip")
    assert (len(data), len(data.faults)) == (12, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFO")
@pytest.mark.parametrize("name", ["train-0.npz", "labels.json", "train.parquet", "words.txt"])
def test_a_pipe_in_place_of_a_file_is_never_waited_for(folder, tmp_path, name):
    if name == "train.parquet":
        table([0]).to_parquet(tmp_path / "a-test.parquet")
    elif name != "words.txt":
        shards(tmp_path)
        shards(tmp_path, split="test")
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match=f"{name} is no regular file"):
        open_data(tmp_path, 16, faults="skip")


@pytest.mark.parametrize("name", ["train-0.npz", "labels.json", "train.parquet"])
def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch, name):
    if name == "train.parquet":
        table([0]).to_parquet(tmp_path / name)
        table([0]).to_parquet(tmp_path / "test.parquet")
    else:
        shards(tmp_path)
        shards(tmp_path, split="test")
    monkeypatch.setattr(os, "access", lambda path, _: os.path.basename(path) != name)
    with pytest.raises(PermissionError, match=f"{name} may not be read; change its permissions$"):
        open_data(tmp_path, 8)


def test_a_folder_that_may_not_be_read_is_told(folder, monkeypatch):
    """As root may read everything, the system is played here."""
    (folder / "train/red/more").mkdir()
    real = os.scandir, os.listdir

    def refuse(call, at):
        def called(path):
            if str(path) == str(folder / at):
                raise PermissionError(13, "Permission denied", str(path))
            return call(path)

        return called

    monkeypatch.setattr(os, "scandir", refuse(real[0], "train/red/more"))
    with pytest.raises(ValueError, match=r"more cannot be read: Permission denied; mend"):
        open_data(folder, 16)
    assert len(open_data(folder, 16, faults="skip")[0].faults) == 1
    monkeypatch.setattr(os, "scandir", refuse(real[0], "train/red"))
    with pytest.raises(ValueError, match=r"no image in .*red; .*red cannot be read: Permission"):
        open_data(folder, 16, faults="skip")
    for at in ("train", "."):
        monkeypatch.setattr(os, "listdir", refuse(real[1], at))
        with pytest.raises(PermissionError, match="may not be read; change its permissions"):
            open_data(folder, 16)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere names are text")
@pytest.mark.parametrize("name", ["train/red/\udcff.png", "train/\udcff"], ids=["file", "folder"])
def test_a_name_that_is_no_text_is_told(folder, name):
    """Bytes that are no UTF-8, as old archives hold them; tables take text alone."""
    try:
        if name.endswith("png"):
            shutil.copy(next((folder / "train/red").glob("*.png")), folder / name)
        else:
            shutil.copytree(folder / "train/red", folder / name)
    except OSError:
        pytest.skip("this file system takes text alone")
    with pytest.raises(ValueError, match=r"has a name that is no text in UTF-8; rename it"):
        open_data(folder, 16)
    if name.endswith("png"):
        assert len(open_data(folder, 16, faults="skip")[0].faults) == 1


def test_a_test_that_lacks_a_class_is_told(folder):
    shutil.rmtree(folder / "val/red")
    with pytest.raises(ValueError, match=r"val/red is missing, which train/ has; add it"):
        open_data(folder, 16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.zeros(3, 4, 4), [0, 1, 2]), r"shape \[3, 4, 4\] .*give \[N, C, H, W\]"),
        ((torch.zeros(3, 1, 4, 4).int(), [0, 1, 2]), r"type torch.int32; give"),
        ((torch.zeros(3, 1, 4, 4), [0, 1]), r"labels have shape \[2\] .*each of the 3 images"),
        ((torch.zeros(2, 1, 4, 4), [0.0, 1.0]), r"type torch.float32; give one whole number"),
        ((torch.zeros(0, 1, 4, 4), torch.zeros(0).int()), r"at least one"),
        ((torch.zeros(2, 1, 4, 4), [0, 2], "ab"), r"from 0 to 2, and there are 2 classes; give"),
        ((torch.zeros(2, 1, 4, 4), [-1, 2]), r"labels run from -1 to 2, .* 3 classes"),
        ((torch.zeros(2, 1, 4, 4), [0, 10**12]), r"labels run up to 1000000000000; expected numb"),
        *((odd, r"images are .* and labels .*; give arrays \[N, C, H, W\]")
          for odd in (("x", [0]), (None, [0]), (np.zeros((1, 1, 4, 4)), ["a"]), ([[0], []], 0))),
    ],
)  # fmt: skip
def test_images_in_memory_that_do_not_fit(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        InMemory(*arguments)


def test_lists_as_labels_are_told(tmp_path):
    import datasets

    for split in ("train", "test"):
        columns = {"image": [picture(COLOURS["red"], 8, 8)] * 2, "label": [[0], [1]]}
        datasets.Dataset.from_dict(columns).to_parquet(tmp_path / f"{split}.parquet")
    with pytest.raises(ValueError, match=r"the labels are lists, such as \[0\]; give one text or"):
        open_data(tmp_path, 8)


def test_of_two_tests_the_one_that_is_used_is_told(folder):
    (folder / "test").mkdir()
    with pytest.warns(UserWarning, match="has val and test; val is what is tested on"):
        assert len(open_data(folder, 16)[1]) == 6


def test_a_test_of_several_names_is_one_of_them(tmp_path):
    shards(tmp_path)
    for split in ("validation", "test"):
        shards(tmp_path, labels=(0, 1), split=split)
    with pytest.warns(UserWarning, match="validation is what is tested on"):
        assert len(open_data(tmp_path, 8)[1]) == 2


def test_one_class_alone_is_told(tmp_path):
    shards(tmp_path, labels=(0, 0), classes=("red",))
    shards(tmp_path, labels=(0, 0), classes=("red",), split="test")
    with pytest.warns(UserWarning, match="has the class red alone; to learn"):
        open_data(tmp_path, 8)


# --- hostile arrays


def numbered_shards(folder, labels):
    """Without labels.json."""
    shards(folder, labels=(0,), split="test")
    pixels = np.zeros((len(labels), 1, 4, 4), np.uint8)
    np.savez(folder / "train.npz", images=pixels, labels=np.array(labels))
    (folder / "labels.json").unlink()


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([0, 10**9, 1], "the labels 0, 1, 1000000000, and no image has the label 2"),
        ([0, 2**40], "no image has the label 1"),
        ([1, 2, 3, 3], "count from 1, so subtract 1, or name every class in .*labels.json"),
        ([0, 2], "no image has the label 1.*renumber them"),
        ([-1, -1], "none of 2 images has a label"),
    ],
)
def test_labels_without_names_leave_no_number_out(tmp_path, cache, labels, told):
    import datasets

    numbered_shards(tmp_path, labels)
    with pytest.raises(ValueError, match=told):
        open_data(tmp_path, 4)
    (tmp_path / "train.npz").unlink()
    for split, values in (("train", labels), ("test", [0])):
        cells = [{"bytes": encoded(picture("red")), "path": None}] * len(values)
        features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")})
        table = datasets.Dataset.from_dict({"image": cells, "label": values}, features)
        table.to_parquet(tmp_path / f"{split}.parquet")
    with pytest.raises(ValueError, match=told.split(", or name")[0]):
        open_data(tmp_path, 4)


def test_a_named_class_without_an_image_is_told(tmp_path):
    shards(tmp_path, labels=(1, 2), split="train-0")
    shards(tmp_path, labels=(1, 2), split="test")
    with pytest.warns(UserWarning, match="no training image of 1 of its 3 classes: red. Labels co"):
        open_data(tmp_path, 8)


def many_zeros(file, count):
    """count bytes of zeros as images of one pixel, whatever the memory: never made whole."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, shape, kind in (("images", (count, 1, 1, 1), "|u1"), ("labels", (count,), "|u1")):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                head = {"descr": kind, "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, head)
                for _ in range(0, count, 2**24):
                    stream.write(bytes(min(count, 2**24)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            {"images": np.zeros((0, 1, 4, 4), np.uint8), "labels": np.zeros(0, int)},
            "none of them 0",
        ),
        ({"images": np.array([{}], object), "labels": np.zeros(1, int)}, "of Python objects and"),
        ({"images": np.zeros((1, 1, 4, 4), np.uint8), "labels": np.array(["red"])}, "of text; exp"),
        ({"images": np.zeros((1, 1, 4, 4), np.uint8)}, "labels.npy"),
        (
            {"images": np.zeros((1, 1, 0, 4), np.uint8), "labels": np.zeros(1, int)},
            "none of them 0",
        ),
        (b"", "not a zip file"),
        (b"\x80\x04K\x01.", "not a zip file"),
        (2**24, "bytes of images in .*: hardly a value differs"),
    ],
)
def test_an_npz_file_that_holds_no_images_is_named_unread(tmp_path, monkeypatch, content, told):
    shards(tmp_path, split="test")
    file = tmp_path / "train.npz"
    if isinstance(content, dict):
        np.savez(file, **content)
    elif isinstance(content, int):
        many_zeros(file, content)
        monkeypatch.setattr("spikeatconv.images.arrays.MUCH", content // 2)
    else:
        file.write_bytes(content)
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(ValueError, match=rf"train\.npz cannot be read: .*{told}") as caught:
        open_data(tmp_path, 8)
    assert "pickle" not in str(caught.value)


def test_images_that_do_not_fit_into_memory_are_left_on_the_disk(tmp_path, monkeypatch):
    shards(tmp_path)
    shards(tmp_path, split="test")
    free = type("Memory", (), {"available": 100})
    monkeypatch.setattr("psutil.virtual_memory", free)
    with pytest.raises(ValueError, match="its images take 768 bytes and 100 are free"):
        open_data(tmp_path, 8)


def test_shards_of_two_sizes_are_both_named(tmp_path):
    shards(tmp_path)
    np.savez(tmp_path / "train-1.npz", images=np.zeros((1, 3, 9, 8), np.uint8), labels=[0])
    shards(tmp_path, split="test")
    with pytest.raises(ValueError, match=r"train-1.npz holds images of shape \[3, 9, 8\], .*-0"):
        open_data(tmp_path, 8)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[]",
        "7",
        '{"a": []}',
        "\xff",
        '["a", "a"]',
        '[["a"]]',
        '["1", 1]',
        "[NaN, 0]",
    ],
)
def test_names_of_classes_that_are_none_are_an_error_with_the_file(tmp_path, text):
    shards(tmp_path)
    shards(tmp_path, split="test")
    (tmp_path / "labels.json").write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"labels\.json (cannot be read|is no text in UTF-8)"):
        open_data(tmp_path, 8)
