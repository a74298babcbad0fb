"""Published sets from their archives, tiny ones that the tests make."""

import gzip
import hashlib
import io
import itertools
import struct
import sys
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from spikeatconv.command import cli
from spikeatconv.images import archives as archive_files
from spikeatconv.images import prepare, published
from spikeatconv.images.nmnist import NMNIST, nmnist
from spikeatconv.images.prepare import DEVKIT, IMAGENET, TRAIN, VAL, imagenet
from spikeatconv.images.sources import open_all, open_data

WNIDS = ("n02119789", "n01440764", "n01443537")  # in the devkit's order, which is not the names'
WORDS = ("kit fox, Vulpes macrotis", "tench, Tinca tinca", "goldfish, Carassius auratus")
TRUTH = (3, 1, 2, 1, 3)
TINY = replace(IMAGENET, sums={}, classes=3, train=12, test=5)


def tar_of(files):
    """{path: content} as the bytes of an archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def jpeg(brightness):
    file = io.BytesIO()
    Image.new("RGB", (20, 16), (brightness,) * 3).save(file, "JPEG")
    return file.getvalue()


def devkit():
    scipy = pytest.importorskip("scipy.io")
    fields = [("ILSVRC2012_ID", "i4"), ("WNID", "O"), ("words", "O"), ("num_children", "i4")]
    rows = [(i + 1, *names, 0) for i, names in enumerate(zip(WNIDS, WORDS, strict=True))]
    synsets = np.array([*rows, (4, "n00001740", "entity", 3)], dtype=fields)
    meta = io.BytesIO()
    scipy.savemat(meta, {"synsets": synsets})
    truth = "\n".join(map(str, TRUTH)).encode()
    where = "ILSVRC2012_devkit_t12/data"
    return tar_of({
        f"{where}/meta.mat": meta.getvalue(),
        f"{where}/ILSVRC2012_validation_ground_truth.txt": truth,
    })  # fmt: skip


@pytest.fixture
def archives(tmp_path):
    """Three classes of four training images, five for validation: brightness tells the class."""
    folder = tmp_path / "archives"
    folder.mkdir()
    classes = {
        f"{wnid}.tar": tar_of({f"{wnid}_{i}.JPEG": jpeg(50 * n) for i in range(4)})
        for n, wnid in enumerate(WNIDS, 1)
    }
    (folder / TRAIN).write_bytes(tar_of(classes))
    images = {f"ILSVRC2012_val_{i:08}.JPEG": jpeg(50 * n) for i, n in enumerate(TRUTH, 1)}
    (folder / VAL).write_bytes(tar_of(dict(reversed(images.items()))))  # their order is no help
    (folder / DEVKIT).write_bytes(devkit())
    return folder


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_imagenet_becomes_an_image_folder_that_opens(archives, tmp_path):
    assert imagenet(archives, tmp_path / "made", TINY) == {"classes": 3, "train": 12, "test": 5}
    data, test = open_data(tmp_path / "made", 16)
    assert data.classes == (WORDS[1], WORDS[2], WORDS[0])
    for split in (data, test):
        images, labels = split.batch(list(range(len(split))))
        brightness = {0: 100, 1: 150, 2: 50}  # tench is the devkit's second, so 2 · 50
        assert images[:, 0, 8, 8].tolist() == [brightness[i] for i in labels.tolist()]
    assert test.batch([0, 1, 2, 3, 4])[1].tolist() == [0, 1, 1, 2, 2]


def test_imagenet_takes_a_validation_that_is_sorted(archives, tmp_path):
    imagenet(archives, tmp_path / "made", TINY)
    for name in (VAL, DEVKIT):
        (archives / name).unlink()
    (tmp_path / "made/val").rename(archives / "val")
    imagenet(archives, tmp_path / "again", TINY)
    made, again = files(tmp_path / "again" / "val"), files(archives / "val")
    assert made == again
    assert len(made) == 5


def test_without_scipy_it_says_what_else_can_be_given(archives, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(ModuleNotFoundError, match=r"install scipy\. Or put a folder val/CLASS"):
        imagenet(archives, tmp_path / "made", TINY)
    assert not (tmp_path / "made/val").exists()


def test_imagenet_goes_on_wherever_it_was_killed(archives, tmp_path, monkeypatch):
    imagenet(archives, tmp_path / "whole", TINY)
    right = files(tmp_path / "whole")
    copy, killed = prepare.copy, 0
    for wanted in itertools.count():  # killed after no file, one file, two files, …
        steps = iter(range(wanted))

        def copy_a_few(*arguments, steps=steps):
            if next(steps, None) is None:
                raise KeyboardInterrupt
            copy(*arguments)

        monkeypatch.setattr(prepare, "copy", copy_a_few)
        try:
            imagenet(archives, tmp_path / f"made{wanted}", TINY)
        except KeyboardInterrupt:
            killed += 1
        else:
            break
        left = files(tmp_path / f"made{wanted}")
        assert all(right[name] == left[name] for name in left if not name.startswith(".draft"))
        monkeypatch.setattr(prepare, "copy", copy)
        imagenet(archives, tmp_path / f"made{wanted}", TINY)
        assert files(tmp_path / f"made{wanted}") == right
    assert killed == 17


def test_a_second_call_writes_nothing(archives, tmp_path):
    imagenet(archives, tmp_path / "made", TINY)
    for name in (TRAIN, VAL, DEVKIT):
        (archives / name).unlink()
    before = files(tmp_path / "made")
    assert imagenet(archives, tmp_path / "made", TINY)["train"] == 12
    assert files(tmp_path / "made") == before


@pytest.mark.parametrize("name", [TRAIN, VAL])
def test_a_missing_or_cut_off_archive_is_named_and_leaves_no_half_class(archives, tmp_path, name):
    data = (archives / name).read_bytes()
    (archives / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=f"{name} cannot be read: .* Download it again"):
        imagenet(archives, tmp_path / "made", TINY)
    whole = [p for p in (tmp_path / "made").glob("train/*") if len(list(p.iterdir())) == 4]
    assert whole == list((tmp_path / "made").glob("train/*"))
    (archives / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing; download it from https"):
        imagenet(archives, tmp_path / "made", TINY)


@pytest.mark.parametrize("name", ["...tar", "..tar", ".tar", "a/...tar", "b\\...tar"])
def test_a_class_whose_name_leads_elsewhere_removes_nothing(archives, tmp_path, name):
    (archives / TRAIN).write_bytes(tar_of({name: tar_of({"a.JPEG": jpeg(9)})}))
    before = files(archives)
    with pytest.raises(ValueError, match="is no name of a file or class"):
        imagenet(archives, tmp_path / "made", TINY)
    assert len(files(tmp_path / "made")) == 6  # val and words.txt, which were ready before
    assert files(archives) == before


def test_an_image_or_a_truth_whose_name_leads_elsewhere_writes_nothing(
    archives, tmp_path, monkeypatch
):
    inner = tar_of({"a/..": jpeg(9)})
    (archives / TRAIN).write_bytes(tar_of({"n1.tar": inner}))
    with pytest.raises(ValueError, match=r"'a/\.\.' in it is no name"):
        imagenet(archives, tmp_path / "made", TINY)
    monkeypatch.setattr(prepare, "read_devkit", lambda archive: ({}, ["../../.."] * 5))
    with pytest.raises(ValueError, match=r"'\.\./\.\./\.\.' in it is no name"):
        imagenet(archives, tmp_path / "again", TINY)


def test_wrong_sums_and_wrong_counts_stop(archives, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"has the MD5 .*; expected 29b22e29"):
        imagenet(archives, tmp_path / "made", IMAGENET)
    with pytest.raises(ValueError, match=r"'train': 12, .*; expected .*'train': 13"):
        imagenet(archives, tmp_path / "made", replace(TINY, train=13))


def test_a_sum_that_was_right_is_not_taken_again(archives, tmp_path, monkeypatch):
    sums = {TRAIN: hashlib.md5((archives / TRAIN).read_bytes()).hexdigest()}
    imagenet(archives, tmp_path / "made", replace(TINY, sums=sums))
    next((tmp_path / "made/train").iterdir()).rename(tmp_path / "lost")
    monkeypatch.setattr(archive_files, "md5", lambda archive: pytest.fail("taken again"))
    assert imagenet(archives, tmp_path / "made", replace(TINY, sums=sums))["train"] == 12


# --- small sets, in the format of the real ones, which cannot be fetched here

LABELS = np.array([2, 0, 1, 2, 1, 0, 2], np.uint8)
NAMES = b"apple\nbaby\nbear\n\n"


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, (len(LABELS), *shape), dtype=np.uint8)


def known(expected, folder, **counts):
    """As if these files were the published ones."""
    sums = {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in expected.sums}
    return replace(expected, sums=sums, **{"classes": 3, "train": 5, "test": 2, **counts})


def cifar(folder, kind):
    """The archive, and what its images hold."""
    images = pixels(3072)
    coarse = [np.full((7, 1), 9, np.uint8)] if kind == "cifar100" else []
    rows = np.concatenate([*coarse, LABELS[:, None], images], 1)
    if kind == "cifar100":
        where, name = "cifar-100-binary", "cifar-100-binary.tar.gz"
        files = {"coarse_label_names.txt": b"all\n", "fine_label_names.txt": NAMES,
                 "train.bin": rows[:5].tobytes(), "test.bin": rows[5:].tobytes()}  # fmt: skip
    else:
        where, name = "cifar-10-batches-bin", "cifar-10-binary.tar.gz"
        files = {"test_batch.bin": rows[5:].tobytes(), "batches.meta.txt": NAMES, **{
            f"data_batch_{i + 1}.bin": rows[i : i + 1].tobytes() for i in (3, 0, 1, 2, 4)
        }}  # fmt: skip
    (folder / name).write_bytes(tar_of({f"{where}/{file}": files[file] for file in files}))
    return folder / name, images


@pytest.mark.parametrize("kind", ["cifar10", "cifar100"])
def test_cifar_from_the_binary_archive(tmp_path, kind):
    make, expected = getattr(published, kind), getattr(published, kind.upper())
    archive, images = cifar(tmp_path, kind)
    with pytest.raises(ValueError, match=r"has the MD5 .*; expected (03b5dce0|c32a1d4a)"):
        make(archive, tmp_path / "made")
    tiny = known(expected, tmp_path)
    assert make(tmp_path, tmp_path / "made", tiny) == {"classes": 3, "train": 5, "test": 2}
    data, test = open_data(tmp_path / "made", 32)
    assert data.classes == ("apple", "baby", "bear")
    found, labels = data.batch(range(5))
    assert np.array_equal(found.numpy().reshape(5, -1), images[:5])
    assert labels.tolist() == LABELS[:5].tolist()
    assert test.batch([0, 1])[1].tolist() == [0, 2]
    assert not list((tmp_path / "made").glob("*.draft"))
    with pytest.raises(ValueError, match=r"expected .*'test': 3"):
        make(archive, tmp_path / "other", replace(tiny, test=3))
    with pytest.raises(FileNotFoundError, match="binary version"):
        make(tmp_path / "made", tmp_path / "other")
    archive.write_bytes(tar_of({"a/readme.html": b"no data"}))
    with pytest.raises(ValueError, match=r"it holds no (fine|batches)\S+\. Download it again"):
        make(archive, tmp_path / "other", known(expected, tmp_path))
    assert not (tmp_path / "other").exists()


def fashion(folder):
    images = pixels(28, 28)
    arrays = (images[:5], LABELS[:5], images[5:], LABELS[5:])
    for name, array in zip(published.FASHION.sums, arrays, strict=True):
        head = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
        (folder / name).write_bytes(gzip.compress(head + array.tobytes()))
    return images


def test_fashion_mnist_from_its_four_files(tmp_path):
    images = fashion(tmp_path)
    with pytest.raises(ValueError, match="expected 8d4fb7e6"):
        published.fashion_mnist(tmp_path, tmp_path / "made")
    tiny = known(published.FASHION, tmp_path, classes=10)
    found = published.fashion_mnist(tmp_path, tmp_path / "made", tiny)
    assert found == {"classes": 10, "train": 5, "test": 2}
    data, test = open_all(tmp_path / "made", 28, in_channels=1)
    assert data.classes[::9] == ("T-shirt/top", "ankle boot")
    assert np.array_equal(test.batch([0, 1])[0].numpy()[:, 0], images[5:])
    assert data.batch([0, 4])[1].tolist() == [2, 1]
    last = tmp_path / list(published.FASHION.sums)[3]
    of_floats, short = b"\0\0\x0d\1\0\0\0\2ab", b"\0\0\x08\1\0\0\0\3ab"
    packed = [gzip.compress(content) for content in (b"", of_floats, short)]
    for content in (b"no gzip", last.read_bytes()[:-9], *packed):
        last.write_bytes(content)
        damaged = known(published.FASHION, tmp_path, classes=10)
        with pytest.raises(ValueError, match=f"{last.name} cannot be read: .*Download it again"):
            published.fashion_mnist(tmp_path, tmp_path / "other", damaged)
    last.unlink()
    with pytest.raises(FileNotFoundError, match="is missing; download it from https"):
        published.fashion_mnist(tmp_path, tmp_path / "other", tiny)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("kill", ["test.npz", "train-0.npz"])
def test_interrupted_nothing_opens_and_the_next_call_makes_all(tmp_path, monkeypatch, kill):
    fashion(tmp_path)
    tiny, write = known(published.FASHION, tmp_path, classes=10), published.write_whole

    def killed(file, content):
        if file.name == kill:
            raise KeyboardInterrupt
        write(file, content)

    monkeypatch.setattr(published, "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        published.fashion_mnist(tmp_path, tmp_path / "made", tiny)
    with pytest.raises(FileNotFoundError):
        open_all(tmp_path / "made", 28)
    monkeypatch.setattr(published, "write_whole", write)
    published.fashion_mnist(tmp_path, tmp_path / "made", tiny)
    assert list(map(len, open_all(tmp_path / "made", 28))) == [5, 2]


def events(*found):
    """(x, y, ON, µs) each."""
    return b"".join(
        bytes([x, y, on << 7 | time >> 16, time >> 8 & 255, time & 255]) for x, y, on, time in found
    )


def zipped(folder, name, files):
    with zipfile.ZipFile(folder / name, "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)


def test_nmnist_becomes_clips_of_six_frames(tmp_path):
    late = 300_000
    clip = [(0, 33, 1, 0), (5, 7, 0, 50_000), (5, 7, 0, 50_001), (33, 0, 1, late - 1)]
    more = [(1, 1, 1, 0)] * 300 + [(0, 240, 0, 0), (2, 2, 1, 100)]  # the last one 2¹³ + 100 µs
    zipped(tmp_path, "Train.zip", {"Train/": b"", "Train/3/00002.bin": events(*clip),
                                   "Train/0/00009.bin": events(*more)})  # fmt: skip
    zipped(tmp_path, "test.zip", {"Test/7/00001.bin": events(*clip)})
    with pytest.raises(ValueError, match="expected 20959b8e"):
        nmnist(tmp_path, tmp_path / "made")
    tiny = replace(NMNIST, sums={}, train=2, test=1)
    assert nmnist(tmp_path, tmp_path / "made", tiny) == {"classes": 10, "train": 2, "test": 1}
    train, test = open_all(tmp_path / "made", 36)
    images, labels = train.batch([0, 1])
    assert (images.shape, labels.tolist()) == ((6, 2, 2, 36, 36), [0, 3])
    found = {tuple(at): int(images[(*at,)]) for at in images.nonzero().tolist()}
    assert found == {  # frame, clip, 0 for ON, row, column, in a border of 1
        (0, 1, 0, 34, 1): 1, (1, 1, 1, 8, 6): 2, (5, 1, 0, 1, 34): 1,
        (0, 0, 0, 2, 2): 255, (5, 0, 0, 3, 3): 1,
    }  # fmt: skip
    assert test.batch([0])[1].tolist() == [7]
    for content, said in ((events(*clip)[:-1], "no whole events of 5"), (b"", "has no event"),
                          (events((34, 0, 1, 0)), r"outside of 34 × 34")):  # fmt: skip
        zipped(tmp_path, "test.zip", {"Test/7/00001.bin": content})
        with pytest.raises(ValueError, match=rf"test\.zip cannot be read: Test/7/\S+ .*{said}"):
            nmnist(tmp_path, tmp_path / "other", tiny)
    (tmp_path / "test.zip").unlink()
    with pytest.raises(FileNotFoundError, match=r"test\.zip is missing; download it"):
        nmnist(tmp_path, tmp_path / "other", tiny)


def test_prepare_ends_with_a_command_that_trains_on_it(tmp_path, monkeypatch, capsys):
    """By its name where a recipe has it, else as images of one's own."""
    for name in prepare.PREPARE:
        monkeypatch.setitem(prepare.PREPARE, name, lambda archives, folder: {"train": 5})
    monkeypatch.chdir(tmp_path)
    now = []
    for words in (["cifar10"], ["cifar100"], ["nmnist"], ["imagenet", "--to", "big"]):
        assert cli.main(["data", "prepare", words[0], ".", *words[1:]]) == 0
        now.append(capsys.readouterr().out.splitlines()[-1].split("spikeatconv ")[1])
    assert now == [
        "train own --data prepared/cifar10", "train cifar100",
        "train own --data prepared/nmnist", "train imagenet --data big",
    ]  # fmt: skip
