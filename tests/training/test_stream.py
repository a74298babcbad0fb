"""A stream against the table it comes from: who reads what, in which order, after a stop too."""

import io
import itertools

import datasets
import pytest
import torch
from PIL import Image

from spikeatconv.training.stream import stream

FILES, EACH = 4, 6  # 24 images; the brightness of an image is its number


def png(number):
    file = io.BytesIO()
    Image.new("L", (8, 8), number).save(file, "PNG")
    return file.getvalue()


def write(folder, cells, labels):
    features = datasets.Features({
        "image": datasets.Image(),
        "label": datasets.ClassLabel(names=["even", "odd"]),
    })  # fmt: skip
    for i in range(FILES):
        part = slice(i * EACH, (i + 1) * EACH)
        columns = {"image": cells[part], "label": labels[part]}
        table = datasets.Dataset.from_dict(columns, features)
        table.to_parquet(folder / f"train-{i:05}-of-{FILES:05}.parquet")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    # `datasets` waits that long at the end of each pass over parquet, for a fault of Arrow's.
    monkeypatch.setattr(datasets.config, "SLEEP_TIME_ON_THREADS_SHUTDOWN", 0, raising=False)
    datasets.disable_progress_bars()
    numbers = range(FILES * EACH)
    write(tmp_path, [{"bytes": png(i), "path": f"{i}.png"} for i in numbers],
          [i % 2 for i in numbers])  # fmt: skip
    return tmp_path


def read(data, epoch=0, skip=0):
    """The numbers of the images of each batch."""
    batches = []
    for images, labels in data.epoch(epoch, skip):
        numbers = images[:, 0, 0, 0].tolist()
        assert images.shape[1:] == (1, 8, 8)
        assert labels.tolist() == [n % 2 for n in numbers]
        batches.append(numbers)
    return batches


def opened(folder, batch=4, **options):
    return stream(folder, 8, batch, in_channels=1, buffer=10, **options)


@pytest.mark.parametrize("processes", [1, 2, 3])  # 4 files: shares of files, and of images
def test_each_image_comes_once_to_one_process(folder, processes):
    shares = [
        list(itertools.chain(*read(opened(folder, process=i, processes=processes))))
        for i in range(processes)
    ]
    assert {len(share) for share in shares} == {24 // processes}
    assert sorted(itertools.chain(*shares)) == list(range(24))


def test_the_order_is_mixed_and_decided_by_seed_and_epoch(folder):
    data = opened(folder)
    first = read(data)
    assert read(opened(folder)) == first
    assert first != [list(range(i, i + 4)) for i in range(0, 24, 4)]
    assert read(data, epoch=1) != first
    assert read(opened(folder, seed=1)) != first


def test_a_stopped_run_skips_what_it_had_in_every_epoch(folder):
    for epoch in (0, 2):
        whole = read(opened(folder, process=1, processes=2), epoch)
        assert read(opened(folder, process=1, processes=2), epoch, skip=2) == whole[2:]


def test_only_whole_batches_come(folder):
    assert [len(batch) for batch in read(opened(folder, batch=5))] == [5, 5, 5, 5]


def test_faults_stop_or_the_next_of_the_batch_stands_in(folder):
    cells = [{"bytes": png(i), "path": f"{i}.png"} for i in range(24)]
    labels = [i % 2 for i in range(24)]
    cells[7]["bytes"], labels[9] = b"no image", -1
    whole = read(opened(folder))
    write(folder, cells, labels)
    with pytest.raises(ValueError, match=r"7.png .*identify|9.png .*its label is -1"):
        read(opened(folder))
    data = opened(folder, faults="skip")
    mended = read(data)
    assert sorted(fault.split(":")[0] for fault in data.faults) == ["7.png", "9.png"]
    for before, after in zip(whole, mended, strict=True):
        kept = [(b, a) for b, a in zip(before, after, strict=True) if b not in (7, 9)]
        assert all(b == a for b, a in kept)
        assert not {7, 9} & set(after)
        assert set(after) <= set(before)
    skipped = opened(folder, faults="skip")
    assert read(skipped, skip=3) == mended[3:]


def test_what_does_not_fit_is_told(folder, tmp_path):
    with pytest.raises(ValueError, match="process is 2; expected 0 to 1"):
        opened(folder, process=2, processes=2)
    with pytest.raises(FileNotFoundError, match=r"holds no test\*.parquet"):
        opened(folder, split="test")
    bare = tmp_path / "bare"
    bare.mkdir()
    datasets.Dataset.from_dict(
        {"image": [{"bytes": png(0), "path": None}], "label": [0]},
        datasets.Features({"image": datasets.Image(), "label": datasets.Value("int64")}),
    ).to_parquet(bare / "train.parquet")
    with pytest.raises(ValueError, match="no names of classes"):
        opened(bare)


def test_training_images_keep_a_margin_where_the_recipe_crops(folder):
    images, _ = next(opened(folder, crop=True).epoch(0))
    assert images.shape == (4, 1, 9, 9)  # 8 · 256/224, the margin of a crop
    assert images.dtype == torch.uint8
