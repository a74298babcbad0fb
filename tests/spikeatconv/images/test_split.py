"""Images held out: each class gives its share, no image is in two parts, all are found again."""

import csv
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from spikeatconv.images.sources import open_data
from spikeatconv.images.split import compare, open_parts, open_test, read_split

COUNTS = {"ash": 20, "birch": 7, "cedar": 3}


def pictures(place, counts=COUNTS, start=0):
    """Each has a colour of its own."""
    for c, (name, count) in enumerate(counts.items()):
        (place / name).mkdir(parents=True, exist_ok=True)
        for i in range(start, start + count):
            Image.new("L", (8, 8), 80 * c + i).save(place / name / f"{i}.png")
    return place


def arrays(place, **counts):
    """npz files of so many images of two classes."""
    for split, count in counts.items():
        images = np.zeros((count, 1, 8, 8), np.uint8)
        np.savez(place / f"{split}.npz", images=images, labels=np.arange(count) % 2)
    return place


def rows_of(parts):
    return list(csv.DictReader(parts.csv().splitlines()))


def test_each_class_gives_its_share_and_no_image_is_in_two_parts(tmp_path):
    parts = open_parts(pictures(tmp_path), 7, share=0.2, seed=3, in_channels=1, crop=True)
    rows = rows_of(parts)
    assert Counter((row["class"], row["part"]) for row in rows) == {
        ("ash", "train"): 12, ("ash", "validation"): 4, ("ash", "test"): 4,
        ("birch", "train"): 5, ("birch", "validation"): 1, ("birch", "test"): 1,
        ("cedar", "train"): 1, ("cedar", "validation"): 1, ("cedar", "test"): 1,
    }  # fmt: skip
    assert len({row["image"] for row in rows}) == sum(COUNTS.values())
    seen = []
    for part in (parts.train, parts.validation, parts.test):
        images, labels = part.batch(list(range(len(part))))
        seen += images[:, 0, 0, 0].tolist()
        assert labels.tolist() == (images[:, 0, 0, 0] // 80).tolist()
    assert sorted(seen) == [80 * c + i for c, n in enumerate(COUNTS.values()) for i in range(n)]
    assert parts.train.batch([0])[0].shape[-1] == 8  # with a margin for the crop
    assert parts.test.batch([0])[0].shape[-1] == parts.validation.batch([0])[0].shape[-1] == 7
    again = open_parts(tmp_path, 8, share=0.2, seed=3)
    other = open_parts(tmp_path, 8, share=0.2, seed=4)
    assert again.csv() == parts.csv() != other.csv()
    assert compare(parts.csv(), parts.csv()) == []
    assert set(compare(parts.csv(), other.csv())) <= {row["image"] for row in rows}


@pytest.mark.parametrize(
    ("there", "counts"),
    [
        ({"train": 20}, (16, 2, 2)),
        ({"train": 20, "test": 6}, (18, 2, 6)),
        ({"train": 20, "val": 6}, (18, 2, 6)),
        ({"train": 20, "val": 6, "test": 4}, (20, 6, 4)),
    ],
)
def test_what_is_there_is_used_and_the_rest_held_out(tmp_path, there, counts):
    parts = open_parts(arrays(tmp_path, **there), 8, share=0.1)
    assert tuple(map(len, (parts.train, parts.validation, parts.test))) == counts
    assert Counter(row["part"] for row in rows_of(parts)) == dict(
        zip(("train", "validation", "test"), counts, strict=True)
    )
    assert rows_of(parts)[0]["image"].endswith("of ./train.npz")
    split = {row["image"]: row["part"] for row in rows_of(parts)}
    asked = open_test(tmp_path, 8, split)
    assert [asked.name(i) for i in range(len(asked))] == [
        parts.test.name(i) for i in range(len(parts.test))
    ]


def test_a_lone_folder_is_asked_whole_or_what_was_held_out_of_it(tmp_path):
    place = pictures(tmp_path / "a")
    with pytest.raises(FileNotFoundError, match=r"which images are to test on; .*--split 0\.15"):
        open_data(place, 8)
    assert len(open_test(place, 8)) == 30
    parts = open_parts(place, 8, share=0.2)
    (tmp_path / "split.csv").write_text(parts.csv())
    split = read_split(tmp_path / "split.csv")
    held = [row["image"] for row in rows_of(parts) if row["part"] == "test"]
    moved = place.rename(tmp_path / "b")
    for own in (True, False):
        test = open_test(moved, 8, split, own)
        assert [test.name(i).replace(str(moved), ".") for i in range(len(test))] == held
    pictures(moved, {"ash": 2}, start=50)
    with pytest.warns(UserWarning, match="b has 2 images more than the training had; left out"):
        assert len(open_test(moved, 8, split)) == len(held)
    (moved / "ash" / "0.png").unlink()
    with pytest.raises(ValueError, match=r"b lacks 1 of the 30 images .*: \./ash/0\.png\. Bring"):
        open_test(moved, 8, split)
    assert len(open_test(moved, 8, split, own=False)) == 31  # others, by the same names
    (tmp_path / "split.csv").write_text("image,part\na,test\n")
    with pytest.raises(ValueError, match=r"split\.csv cannot be read; expected the columns image,"):
        read_split(tmp_path / "split.csv")


def test_what_cannot_be_held_out_is_told(tmp_path):
    place = pictures(tmp_path, {"ash": 9, "birch": 2})
    with pytest.raises(ValueError, match="the class birch has 2 images, and to hold out 1 for ea"):
        open_parts(place, 8, share=0.1)
    for share in (0, 0.41, -1, float("nan")):
        with pytest.raises(ValueError, match=r"split is .*(such as 0\.15|finite number)"):
            open_parts(place, 8, share=share)
    with pytest.raises(TypeError, match="split is 'a'"):
        open_parts(place, 8, share="a")
