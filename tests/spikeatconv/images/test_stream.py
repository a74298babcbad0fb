"""A stream against the table it comes from: who reads what, in which order, after a stop too."""

import io
import itertools
import json
import os
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from spikeatconv.images.base import first
from spikeatconv.training import Augmentation, Checkpoints, InMemory, Run, stream, train
from spikeatconv.training.loop import evaluate, make_accelerator
from spikeviz.training_log import Log

RUNS = runpy.run_path(str(Path(__file__).parents[1] / "training" / "runs.py"))
RECIPE = replace(
    RUNS["RECIPE"], epochs=2, warmup_epochs=1, image_size=8, ema=None, augmentation=Augmentation()
)
FILES, EACH = 4, 6  # 24 images; the brightness of an image is its number


def png(number):
    file = io.BytesIO()
    Image.new("L", (8, 8), number).save(file, "PNG")
    return file.getvalue()


def write(folder, cells, labels):
    import datasets

    features = datasets.Features({
        "image": datasets.Image(),
        "label": datasets.ClassLabel(names=["even", "odd"]),
    })  # fmt: skip
    names = [f"train-{i:05}-of-{FILES:05}" for i in range(FILES)] + ["test-00000-of-00001"]
    for i, name in enumerate(names):
        part = slice(i * EACH, (i + 1) * EACH) if i < FILES else slice(0, 7)
        columns = {"image": cells[part], "label": labels[part]}
        datasets.Dataset.from_dict(columns, features).to_parquet(folder / f"{name}.parquet")


def numbered():
    numbers = range(FILES * EACH)
    return [{"bytes": png(i), "path": f"{i}.png"} for i in numbers], [i % 2 for i in numbers]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    import datasets

    # `datasets` waits that long at the end of each pass over parquet, for a fault of Arrow's.
    monkeypatch.setattr(datasets.config, "SLEEP_TIME_ON_THREADS_SHUTDOWN", 0, raising=False)
    datasets.disable_progress_bars()
    write(tmp_path, *numbered())
    return tmp_path


def flat(batches):
    return list(itertools.chain(*batches))


def opened(folder, **options):
    return stream(folder, 8, in_channels=1, buffer=10, **options)[0]


def read(data, count=None, size=4, seed=0, **options):
    """The numbers of the images of so many batches: of an epoch in one process, if left out."""
    batches = []
    count = 24 // size if count is None else count
    seeds = None if seed is None else [seed]
    for images, labels in itertools.islice(data.batches(size, seeds, **options), count):
        numbers = images[:, 0, 0, 0].tolist()
        assert images.shape[1:] == (1, 8, 8)
        assert labels.tolist() == [n % 2 for n in numbers]
        batches.append(numbers)
    return batches


@pytest.mark.parametrize("processes", [1, 2, 3])  # 4 files: shares of files, and of images
def test_each_image_comes_once_to_one_process(folder, processes):
    data = opened(folder)
    for seed in (0, None):
        shares = [
            flat(read(data, 6 // processes, 4, seed, process=i, processes=processes))
            for i in range(processes)
        ]  # fmt: skip
        assert {len(share) for share in shares} == {24 // processes}
        assert sorted(flat(shares)) == list(range(24))


def test_the_order_is_mixed_and_decided_by_the_seed(folder):
    data = opened(folder)
    first = read(data)
    assert read(opened(folder)) == read(data, workers=3) == first
    assert first != read(data, seed=None) == [list(range(i, i + 4)) for i in range(0, 24, 4)]
    assert read(data, seed=1) != first


def test_a_stopped_run_skips_what_it_had(folder):
    data = opened(folder)
    for seed in (0, 2):
        whole = read(data, 5, 2, seed, process=1, processes=2)
        assert read(data, 3, 2, seed, process=1, processes=2, skip=2) == whole[2:]


def test_a_part_that_is_used_up_begins_again_and_a_test_ends(folder):
    data = opened(folder)
    data.count = 50  # of which other processes would have the larger part
    whole = read(data, 10, 5)
    assert sorted(flat(whole)[:24]) == sorted(flat(whole)[24:48]) == list(range(24))
    assert [len(b) for b in read(data, 9, 5, seed=None)] == [5, 5, 5, 5, 4]
    few = stream(folder, 8, in_channels=1)[1]
    few.count = 30  # it has 7
    with pytest.raises(ValueError, match="fewer images than processes"):
        read(few, 1, 1, process=29, processes=30)


@pytest.mark.parametrize("workers", [0, 3])
def test_faults_stop_or_the_next_of_the_batch_stands_in(folder, workers):
    whole = read(opened(folder))
    cells, labels = numbered()
    cells[7]["bytes"], labels[9] = b"no image", -1
    write(folder, cells, labels)
    with pytest.raises(ValueError, match=r"7.png .*identify|9.png .*its label is -1"):
        read(opened(folder), workers=workers)
    data = opened(folder, faults="skip")
    mended = read(data, workers=workers)
    assert read(data, workers=workers) == mended
    assert sorted(fault.split(":")[0] for fault in data.faults) == ["7.png", "9.png"]
    for before, after in zip(whole, mended, strict=True):
        kept = [(b, a) for b, a in zip(before, after, strict=True) if b not in (7, 9)]
        assert all(b == a for b, a in kept)
        assert not {7, 9} & set(after)
        assert set(after) <= set(before)
    assert read(opened(folder, faults="skip"), 3, skip=3) == mended[3:]


def test_what_does_not_fit_is_told(folder, tmp_path):
    import datasets

    with pytest.raises(ValueError, match="buffer is 0"):
        stream(folder, 8, buffer=0)
    with pytest.raises(FileNotFoundError, match="digits cannot be streamed; give a folder of"):
        stream("digits", 8)
    for name in folder.glob("test*"):
        name.unlink()
    with pytest.raises(FileNotFoundError, match=r"has the splits train; expected train and one of"):
        stream(folder, 8)
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("train", "test"):
        datasets.Dataset.from_dict(
            {"image": [{"bytes": png(0), "path": None}], "label": [0]},
            datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")}),
        ).to_parquet(bare / f"{name}.parquet")
    with pytest.raises(ValueError, match="names of classes in column label; use open_data"):
        stream(bare, 8)


def test_a_name_on_the_hub_must_tell_how_many_images_it_has(folder, monkeypatch):
    import datasets

    def load_dataset(name, streaming):
        assert (name, streaming) == ("a/b", True)
        files = {"train": str(folder / "train*"), "test": str(folder / "test*")}
        splits = real("parquet", data_files=files, streaming=True)
        for rows in splits.values():
            rows.info.splits = told
        return splits

    real, told = datasets.load_dataset, None
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(ValueError, match="do not tell how many images it has"):
        stream("a/b", 8)
    counts = {"train": 24, "test": 7}
    told = datasets.SplitDict(
        {name: datasets.SplitInfo(name, num_examples=count) for name, count in counts.items()}
    )
    data, test = stream("a/b", 8, in_channels=1)
    assert (len(data), len(test), data.classes) == (24, 7, ("even", "odd"))
    assert sorted(flat(read(data))) == list(range(24))


def test_training_images_keep_a_margin_where_the_recipe_crops(folder):
    images, _ = first(opened(folder, crop=True), 4)
    assert images.shape == (4, 1, 9, 9)  # 8 · 256/224, the margin of a crop
    assert images.dtype == torch.uint8


# --- in the loop


def small(**changes):
    return RUNS["small"](classes=2, in_channels=1, **changes)


def run(folder, place=None, stop=None, recipe=RECIPE, **options):
    data, test = stream(folder, 8, in_channels=1, buffer=10)
    loop, metrics = train(small(), data, test, recipe, place, cpu=True, **options), []
    for found in loop:
        metrics.append(found)
        if found["step"] == stop:
            break
    loop.close()
    return metrics


@pytest.mark.parametrize(("stop", "repeats"), [(1, 1), (3, 2), (4, 1)])
def test_a_stopped_training_goes_on_with_the_same_bits(folder, tmp_path, stop, repeats):
    recipe = replace(RECIPE, repeats=repeats)
    whole = run(folder, recipe=recipe, accumulate=2)
    assert [m["step"] for m in whole] == list(range(1, 7))
    begun = run(folder, tmp_path / "run", stop, recipe, accumulate=2)
    assert begun + run(folder, tmp_path / "run", None, recipe, accumulate=2, workers=2) == whole


def test_a_stream_and_its_table_are_two_trainings(folder, tmp_path):
    run(folder, tmp_path / "run", 1)
    images = InMemory(torch.zeros(24, 1, 8, 8), torch.arange(24) % 2, ("even", "odd"))
    with pytest.raises(ValueError, match=r"data.buffer is 10 in the checkpoint and None now"):
        list(train(small(), images, images, RECIPE, tmp_path / "run", cpu=True))


def test_the_test_counts_each_image_once(folder):
    data, test = stream(folder, 8, in_channels=1)
    images, labels = first(test, 7)
    model, accelerator = small(), make_accelerator(Run(cpu=True))
    streamed = evaluate(model, test, replace(RECIPE, batch=3), accelerator)
    assert streamed == pytest.approx(
        evaluate(model, InMemory(images, labels), RECIPE, accelerator), abs=1e-6
    )
    assert len(data) == 24


def test_two_processes_share_each_epoch(folder):
    data = opened(folder)
    shares = [
        [
            pixels[:, 0, 0, 0].tolist()
            for pixels, _ in data.batches(4, [5, 6], process=i, processes=2)
        ]
        for i in range(2)
    ]
    for epoch in range(2):
        both = [flat(share[3 * epoch : 3 * epoch + 3]) for share in shares]
        assert sorted(both[0] + both[1]) == list(range(24))
    assert shares[0][:3] != shares[0][3:]


@pytest.mark.skipif(os.name != "posix", reason="two processes over gloo")
def test_two_processes_train_by_the_command_line_and_tell_it_once(folder, tmp_path):
    place = tmp_path / "run"
    small = ("widths=8", "depths=1", "head_width=8", "partition_size=2", "time_steps=1", "spk=sl")
    words = ["epochs=1", "batch=8", "image_size=8", *small]
    settings = [word for setting in words for word in ("--set", setting)]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
         "-m", "spikeatconv.cli", "train", "cifar100", "--model", "micro", "--stream", "--data",
         folder, "--folder", place, "--cpu", "--yes", *settings],
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "24 images to train on, 7 to test on, 2 classes, 3 × 8 × 8, streamed" in done.stdout
    assert done.stdout.count("training   ") == done.stdout.count("Trained ") == 1
    assert Log.read(place / "log.csv")["step"].tolist() == [1, 2, 3]
    state = json.loads((Checkpoints(place).last() / "state.json").read_text())
    assert state["about"]["data"] == {"images": 24, "classes": ["even", "odd"], "buffer": 1000}
    for told in ("destroy_process_group", "Traceback"):
        assert told not in done.stderr
