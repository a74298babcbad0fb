"""ImageNet's archives, arranged for `open_data`: checked, and nothing half-written.

    imagenet("downloads", "data/imagenet")        an image folder, 150 GB more

They come from https://image-net.org, after registration. What is under its final name is whole:
each class is written as a draft and renamed. So whoever was interrupted calls again, and it goes on
where it was. Small sets: `published`.
"""

import io
import os
import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from tqdm.auto import tqdm

from spikeatconv.checks import few
from spikeatconv.extra import pip_install
from spikeatconv.files import write_whole
from spikeatconv.images.archives import (
    Expected,
    check_archive,
    check_counts,
    content,
    open_archive,
    part,
)
from spikeatconv.images.folders import Found, folders_in
from spikeatconv.images.nmnist import nmnist
from spikeatconv.images.published import cifar10, cifar100, fashion_mnist

PREPARED = "prepared"  # the folder in which `data prepare` puts a data set
DRAFT = ".draft"
TRAIN, VAL = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
DEVKIT = "ILSVRC2012_devkit_t12.tar.gz"
IMAGENET = Expected(
    {
        TRAIN: "1d675b47d978889d74fa0da5fadfb00e",
        VAL: "29b22e2961454d5413ddabcf34fc5622",
        DEVKIT: "fa75699e90414af021442c21a62c3abf",
    },
    1000, 1_281_167, 50_000,
)  # fmt: skip


def imagenet(
    archives: str | Path, folder: str | Path, expected: Expected = IMAGENET
) -> dict[str, int]:
    """The archives in a folder → train/WNID/*.JPEG, val/WNID/*.JPEG, words.txt.

    archives: holds ILSVRC2012_img_train.tar, and ILSVRC2012_img_val.tar beside
        ILSVRC2012_devkit_t12.tar.gz (reading it needs SciPy), or in their place a folder val/ that
        is sorted already.
    Returns {"classes", "train", "test"}: how many. Raises FileNotFoundError for what is missing,
    ValueError for an archive that is cut off or is not what was published, and for other counts.
    """
    archives, folder = Path(archives), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / DRAFT, ignore_errors=True)  # what an interrupted call left
    train, val = folder / "train", folder / "val"
    if not val.exists():
        arrange_validation(archives, folder, expected)
    if not train.is_dir() or len(folders_in(train)) != expected.classes:
        unpack_training(archives / TRAIN, train, expected)
    shutil.rmtree(folder / DRAFT, ignore_errors=True)
    known, tested = folders_in(train), folders_in(val)
    found = {"classes": len(known), "train": count_images(train), "test": count_images(val)}
    check_counts(found, expected, folder)
    if known != tested:
        raise ValueError(
            f"{folder}: train/ and val/ have other classes; only one of them has "
            f"{few(sorted(set(known) ^ set(tested)))}"
        )
    return found


def unpack_training(archive: Path, folder: Path, expected: Expected) -> None:
    """The archive holds an archive for each class; a class that is there was written whole."""
    source = "https://image-net.org (ILSVRC 2012, training images, 138 GB)"
    check_archive(archive, source, expected, folder.parent)
    with open_archive(archive) as outer:
        for member in tqdm(outer, total=expected.classes, desc="classes", unit=""):
            if not member.name.endswith(".tar"):
                continue
            target = folder / own_name(member.name.removesuffix(".tar"))
            if target.exists():
                continue
            draft = make_empty(folder.parent / DRAFT / target.name)
            with tarfile.open(fileobj=part(outer, member)) as inner:
                for image in inner:
                    copy(inner, image, draft)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(draft, target)


def arrange_validation(archives: Path, folder: Path, expected: Expected) -> None:
    """val/ and words.txt, from a folder that is sorted or from the archive and the devkit."""
    draft = make_empty(folder / DRAFT / "val")
    if (archives / "val").is_dir():
        shutil.copytree(archives / "val", draft, dirs_exist_ok=True)
        if (archives / "words.txt").exists():
            write_whole(folder / "words.txt", (archives / "words.txt").read_bytes())
    else:
        for name in (VAL, DEVKIT):
            check_archive(archives / name, "https://image-net.org (ILSVRC 2012)", expected, folder)
        words, truth = read_devkit(archives / DEVKIT)
        write_whole(folder / "words.txt", "".join(f"{w}\t{words[w]}\n" for w in sorted(words)))
        sort_images(truth, archives / VAL, draft)
    os.rename(draft, folder / "val")


def sort_images(truth: list[str], archive: Path, folder: Path) -> None:
    """Each image into its class: ILSVRC2012_val_00000001.JPEG has the first line of the truth."""
    with open_archive(archive) as tar:
        for member in tqdm(tar, total=len(truth), desc="validation", unit=""):
            found = re.search(r"ILSVRC2012_val_(\d{8})\.JPEG$", member.name)
            if found and 1 <= int(found[1]) <= len(truth):
                target = folder / own_name(truth[int(found[1]) - 1])
                target.mkdir(exist_ok=True)
                copy(tar, member, target)


def read_devkit(archive: Path) -> tuple[dict[str, str], list[str]]:
    """{wnid: words}, and the wnid of each validation image in order."""
    try:
        from scipy.io import loadmat
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"{archive} holds a MATLAB file, which SciPy reads: {pip_install('scipy')}. Or "
            f"put a folder val/CLASS/*.JPEG, sorted already, into {archive.parent}: then neither "
            "the devkit nor the validation archive is read",
            name="scipy",
        ) from None
    with open_archive(archive) as tar:
        synsets = loadmat(io.BytesIO(content(tar, "data/meta.mat")), squeeze_me=True)["synsets"]
        lines = content(tar, "data/ILSVRC2012_validation_ground_truth.txt").decode().split()
    wnids = {int(s["ILSVRC2012_ID"]): str(s["WNID"]) for s in synsets}
    leaves = [s for s in synsets if int(s["num_children"]) == 0]
    return {str(s["WNID"]): str(s["words"]) for s in leaves}, [wnids[int(n)] for n in lines]


def count_images(folder: Path) -> int:
    return sum(map(len, Found(folder).below(folders_in(folder))))


def copy(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """A file into the folder, under its own name, whatever folders stand before it."""
    if member.isfile():
        data = part(tar, member).read()
        if len(data) != member.size:
            raise tarfile.ReadError(f"{member.name} has {len(data)} of {member.size} bytes")
        (folder / own_name(member.name)).write_bytes(data)


def own_name(path: str) -> str:
    """What stands behind the last slash. Raises tarfile.ReadError for a name that would lead out of
    the folder that it is meant for."""
    name = re.split(r"[\\/]", path)[-1]
    if name.strip(" .") != name or not name:
        raise tarfile.ReadError(f"{path!r} in it is no name of a file or class")
    return name


def make_empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def place_of(name: str) -> str:
    """Where the data of the recipe of that name are: what was prepared, else the name itself."""
    folder = Path(PREPARED) / name
    return str(folder) if folder.is_dir() else name


PREPARE: dict[str, Callable[..., dict[str, int]]] = {
    "cifar10": cifar10, "cifar100": cifar100, "fashion-mnist": fashion_mnist, "imagenet": imagenet,
    "nmnist": nmnist,
}  # fmt: skip
