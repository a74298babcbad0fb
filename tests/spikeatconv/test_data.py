"""The digits that ship: what they are, that they are whole, and that they can be made again."""

import hashlib
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spikeatconv import data, load_weights, mnist5k, preset, weights_note

DATA = Path(__file__).resolve().parents[2] / "data"
SIZES = [("train", 4000), ("test", 1000)]


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """A data folder that a test may damage."""
    for name in ("mnist5k.npz", "SHA256SUMS"):
        shutil.copy(DATA / name, tmp_path)
    monkeypatch.setattr(data, "FOLDERS", (tmp_path / "no such folder", tmp_path))
    return tmp_path


def replace_file(folder: Path, content: bytes) -> None:
    """Put other content in place of the digits, with a checksum that fits it."""
    (folder / "mnist5k.npz").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  mnist5k.npz\n")


# ---------------------------------------------------------------- what one gets


@pytest.mark.parametrize(("split", "n"), SIZES)
def test_shapes_types_and_ranges(split, n):
    images, labels = mnist5k(split)
    assert (images.shape, images.dtype) == ((n, 1, 28, 28), torch.float32)
    assert (labels.shape, labels.dtype) == ((n,), torch.int64)
    assert (images.min(), images.max()) == (0, 1)
    assert torch.equal((images * 255).round() / 255, images)  # 256 shades, none lost
    assert labels.bincount().tolist() == [n // 10] * 10


def test_train_is_the_default():
    assert torch.equal(mnist5k()[1], mnist5k("train")[1])


@pytest.mark.parametrize(("split", "n"), SIZES)
def test_the_first_images_hold_every_class(split, n):
    assert len(mnist5k(split)[1][:100].unique()) == 10


def test_the_images_are_digits():
    """Ink fills about a seventh of the area; a 1 takes least of it, a 0 has a hole."""
    images, labels = mnist5k()
    assert 0.1 < images.mean() < 0.16
    ink = torch.stack([images[labels == digit].mean() for digit in range(10)])
    assert ink.argmin() == 1
    centre = images[:, 0, 13:15, 13:15].mean((1, 2))
    assert centre[labels == 0].mean() < 0.2 < 0.7 < centre[labels == 1].mean()


def test_no_image_is_on_both_sides():
    seen = [image.numpy().tobytes() for split, _ in SIZES for image in mnist5k(split)[0]]
    assert len(set(seen)) == 5000


def test_callers_do_not_share_memory():
    images, labels = mnist5k("test")
    images.zero_()
    labels.zero_()
    again, labels_again = mnist5k("test")
    assert again.max() == 1
    assert labels_again.max() == 9


@pytest.mark.parametrize("split", ["validation", "Train", "", None, 0])
def test_unknown_split_names_the_choices(split):
    with pytest.raises(ValueError, match=r"split is .*; choose one of \['train', 'test'\]"):
        mnist5k(split)


# ---------------------------------------------------------------- what ships is whole


def test_one_checksum_in_file_list_and_readme():
    digest = hashlib.sha256((DATA / "mnist5k.npz").read_bytes()).hexdigest()
    assert f"{digest}  mnist5k.npz" in (DATA / "SHA256SUMS").read_text().splitlines()
    (row,) = [
        line
        for line in (DATA / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `mnist5k.npz`")
    ]
    assert digest in row


def test_a_copy_is_read_like_the_original(copy):
    assert mnist5k("test")[0].shape == (1000, 1, 28, 28)
    assert data.checked("mnist5k.npz") == (DATA / "mnist5k.npz").read_bytes()


def test_one_flipped_bit_is_noticed(copy):
    content = bytearray((copy / "mnist5k.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "mnist5k.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"is damaged: .* `git checkout -- data/mnist5k.npz`"):
        mnist5k()


@pytest.mark.parametrize("length", [0, 1000, 800_000])
def test_a_truncated_file_is_noticed(copy, length):
    content = (copy / "mnist5k.npz").read_bytes()
    (copy / "mnist5k.npz").write_bytes(content[:length])
    with pytest.raises(ValueError, match=r"mnist5k.npz is damaged"):
        mnist5k()


def test_a_missing_file_says_how_to_get_it(copy):
    (copy / "mnist5k.npz").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"mnist5k.npz is missing; .* `git checkout -- data/mnist5k.npz`"
    ):
        mnist5k()


def test_missing_checksums(copy):
    (copy / "SHA256SUMS").unlink()
    with pytest.raises(FileNotFoundError, match=r"SHA256SUMS is missing; restore it"):
        mnist5k()
    (copy / "SHA256SUMS").write_text("\n0123  other.npz\n")
    with pytest.raises(FileNotFoundError, match=r"SHA256SUMS has no line for mnist5k.npz"):
        mnist5k()


def test_no_folder_at_all(copy, monkeypatch):
    monkeypatch.setattr(data, "FOLDERS", (copy / "a", copy / "b"))
    with pytest.raises(FileNotFoundError, match=r"mnist5k.npz is missing"):
        mnist5k()


class Pickled:
    """Loading this from a pickle would run code."""

    ran = False

    def __reduce__(self):
        return setattr, (Pickled, "ran", True)


def test_pickled_objects_are_refused_unopened(copy):
    arrays = {f"{split}_{kind}": np.array([Pickled()], dtype=object)
              for split in ("train", "test") for kind in ("images", "labels")}  # fmt: skip
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    replace_file(copy, buffer.getvalue())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        mnist5k()
    assert not Pickled.ran


# ---------------------------------------------------------------- it can be made again


@pytest.fixture
def script(data_script):
    return data_script("make_mnist5k")


@pytest.fixture(scope="module")
def shipped() -> dict[str, np.ndarray]:
    with np.load(DATA / "mnist5k.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def pooled(shipped: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All images and labels, in an order unlike any file's."""
    images = np.concatenate([shipped["test_images"], shipped["train_images"]])
    labels = np.concatenate([shipped["test_labels"], shipped["train_labels"]])
    return images, labels


def test_the_script_splits_as_shipped_whatever_the_order(script, shipped):
    arrays = script.split(*pooled(shipped))
    assert list(arrays) == list(shipped)
    for name, array in arrays.items():
        assert array.dtype == np.uint8
        assert np.array_equal(array, shipped[name])


def test_the_script_refuses_an_image_that_occurs_twice(script, shipped):
    images, labels = pooled(shipped)
    images[7] = images[3]
    with pytest.raises(ValueError, match="an image occurs twice"):
        script.split(images, labels)


def test_the_script_compares_honestly(script, shipped, capsys):
    script.compare(shipped)
    assert "all 4 arrays equal" in capsys.readouterr().out
    changed = {**shipped, "test_labels": shipped["test_labels"][::-1]}
    with pytest.raises(SystemExit, match=r"differs in \['test_labels'\]"):
        script.compare(changed)


def test_a_new_checksum_keeps_the_others(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(DATA)
    from shipping import record_checksum

    sums = tmp_path / "SHA256SUMS"
    record_checksum(sums, "b.npz", "11")
    record_checksum(sums, "a.npz", "22")
    record_checksum(sums, "b.npz", "33")
    assert sums.read_text() == "22  a.npz\n33  b.npz\n"
    assert list(tmp_path.iterdir()) == [sums]


@pytest.mark.parametrize(
    ("name", "spk", "attention"),
    [
        ("micro_digits.safetensors", "mbpl", "sisa"),
        ("micro_bdsa_digits.safetensors", "mbpl", "bdsa"),
        ("micro_sl_digits.safetensors", "sl", "sisa"),
    ],
)
def test_a_trained_micro_that_ships_knows_the_digits(name, spk, attention):
    model = load_weights(data.shipped(name))
    sizes = {"in_channels": 1, "time_steps": 2}
    assert model.config == preset("micro", spk=spk, attention=attention, **sizes)
    images, labels = data.mnist5k("test")
    with torch.no_grad():
        logits = model(F.pad(images[:200], [2] * 4))
    note = weights_note(data.shipped(name))
    assert note["accuracy"] > 0.97
    assert note["command"].startswith("python studies/digits.py")
    assert note["command"].endswith("--save")
    assert note["seed"] == 0
    assert (logits.argmax(1) == labels[:200]).double().mean() > 0.94


def test_the_micro_that_ships_for_photographs_tells_its_classes_and_where_they_come_from():
    model, note = (read(data.shipped("micro_photographs.safetensors"))
                   for read in (load_weights, weights_note))  # fmt: skip
    assert model.config == preset("micro", classes=10, time_steps=2)
    assert len(note["data"]["classes"]) == 10
    assert note["data"]["name"].startswith("CIFAR-100, 10 of its classes, 5,000 images to train")
    assert note["command"] == "python studies/photographs.py cifar100 --save"
    assert note["seed"] == 0
    assert 0.7 < note["accuracy"] < 0.95


def test_each_data_file_that_ships_has_a_checksum():
    for path in DATA.iterdir():
        if path.suffix in (".npz", ".safetensors", ".jpg"):
            assert data.shipped(path.name) == path
            assert path.stat().st_size < 4 * 10**6
