"""Where images come from: what ships, folders, npz, parquet, names on the Hugging Face hub.

    train_images, test_images = open_data("data/imagenet", 224, crop=True, faults="skip")

Below `open_data` stands `Source`, the images as the loop reads them; then one reader for each kind
of place. A reader gives the rows of both splits and the classes; an image is decoded when the loop
asks for it, so ImageNet opens in seconds. Nothing is fetched unless a name on the hub is given.

    digits                        the 5,000 digits that ship
    FOLDER                        train/CLASS/*.jpg and val/CLASS/*.jpg (or test/, png, webp, …),
                                  with words.txt ("n01443537<tab>goldfish") if there is one
    FOLDER                        train-*.npz and test.npz, with images [N, C, H, W] uint8 and
                                  labels [N], beside labels.json, a list of the classes' names
    FOLDER or FILE                train*.parquet and test*.parquet (or validation*), also one folder
                                  down, as the hub keeps them
    OWNER/NAME                    on the hub, for example uoft-cs/cifar100
"""

import json
import os
import re
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from spikeatconv.model import check_whole
from spikeatconv.training.extra import extra
from spikeatconv.training.images import Images, digits
from spikeatconv.training.picture import Fit, decoded, fits

TESTS = ("validation", "valid", "val", "test")  # names of the test split; the first one found
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff"}
IMAGE_COLUMNS, LABEL_COLUMNS = ("image", "img"), ("fine_label", "label", "labels")
PATIENCE = 100  # images in a row that cannot be read, before "skip" gives up too
SECONDS = 5  # to wait for the hub
GET = (
    "`spikeatconv data prepare cifar100` and `spikeatconv data prepare imagenet` arrange what you "
    "downloaded; uoft-cs/cifar100 and ILSVRC/imagenet-1k are on the Hugging Face hub"
)


def open_data(
    where: str | Path, image_size: int, *, faults: str = "stop", in_channels: int = 3,
    crop: bool = False,
) -> tuple[Images, Images]:  # fmt: skip
    """The images for training and those for the test; both have `.faults`, a list of words.

    where: as above.  image_size: pixels a side.  in_channels: 3, or 1 for grey.
    crop: whether the recipe cuts out boxes at random (`recipe.augmentation.crop > 0`); training
        images then keep a margin (see `picture`).
    faults: of an image that cannot be read and a label without a class. "stop" raises ValueError
        that says where it is. "skip" goes on and lists it in `.faults`: a wrong label leaves before
        the start; an image that cannot be read is found when it is its turn (or by `check`), and
        the next one that can be read stands in for it, each time, so batches stay whole and
        a run can be resumed. In a test the stand-in counts twice.
    Raises FileNotFoundError that says how to get the data, and ValueError for what does not fit,
    such as a class of the test that the training lacks.
    """
    check_whole((image_size,), "image_size")
    check_policy(faults, in_channels)
    rows, classes = opened(where)
    train_fit, test_fit = fits(image_size, in_channels, crop)
    return Source(rows[0], classes, train_fit, faults), Source(rows[1], classes, test_fit, faults)


def check_policy(faults: str, in_channels: int) -> None:
    if faults not in ("stop", "skip"):
        raise ValueError(f'faults is {faults!r}; choose "stop" or "skip"')
    if in_channels not in (1, 3):
        raise ValueError(f"in_channels is {in_channels}; choose 3, or 1 for grey images")


class Rows(Protocol):
    """A split as it was found. labels: `[N]`, int64, −1 where there is none."""

    labels: np.ndarray

    def image(self, row: int) -> Image.Image:
        """Raises what PIL raises."""

    def name(self, row: int) -> str:
        """Where it is, in words."""


def opened(where: str | Path) -> tuple[tuple[Rows, Rows], tuple[str, ...]]:
    """The rows for training and test, and the classes."""
    path = Path(where).expanduser()
    if str(where) == "digits":
        return digit_rows(), tuple("0123456789")
    if path.suffix == ".parquet" and path.is_file():
        return parquet(path.parent)
    if path.is_dir():
        return folder_reader(path)(path)
    if re.fullmatch(r"[\w.-]+/[\w.-]+", str(where)):
        return hub(str(where))
    raise FileNotFoundError(
        f'{where} is no folder; give "digits", a folder or a name on the hub (OWNER/NAME). {GET}'
    )


def folder_reader(path: Path) -> Any:
    if list(path.glob("train*.npz")):
        return npz
    if parquet_files(path):
        return parquet
    if (path / "train").is_dir():
        return image_folder
    raise FileNotFoundError(
        f"{path} holds {few(sorted(p.name for p in path.iterdir()))}; expected train/ beside val/ "
        f"or test/, train-*.npz beside test.npz, or train*.parquet beside test*.parquet. {GET}"
    )


# --- the images as the loop reads them


class Source:
    """Images that are decoded when they are asked for; see `Images`, whose protocol it follows.

    faults: what was left out or stood in for, in words; empty where nothing was, or not yet.
    """

    def __init__(self, rows: Rows, classes: Sequence[str], fit: Fit, policy: str) -> None:
        self.rows, self.fit, self.policy = rows, fit, policy
        self.classes: Sequence[str] = tuple(classes)
        self.kept, self.wrong = by_label(rows, classes, policy)
        self.labels = torch.from_numpy(rows.labels[self.kept])
        # Shared: what a worker process cannot read, this process knows too.
        self.unreadable = torch.zeros(len(self.kept), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.kept)

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        if isinstance(self.rows, Arrays) and self.rows.ready(self.fit):
            return torch.from_numpy(self.rows.images[self.kept[indices]]), self.labels[indices]
        images, labels = zip(*map(self._readable, indices), strict=True)
        return torch.stack(images), torch.stack(labels)

    def check(self) -> list[str]:
        """Reads every image once, which takes as long as an epoch; the faults."""
        for index in range(len(self)):
            self._tried(index)
        return self.faults

    @property
    def faults(self) -> list[str]:
        bad = self.unreadable.nonzero()[:, 0].tolist()
        return self.wrong + [problem(self.rows, self.kept[i], self.fit) for i in bad]

    def _readable(self, index: int) -> tuple[Tensor, Tensor]:
        """The image of that number, or the next that can be read."""
        for i in range(index, index + min(PATIENCE, len(self))):
            image = self._tried(i % len(self))
            if image is not None:
                return image, self.labels[i % len(self)]
        raise ValueError(
            f"none of {min(PATIENCE, len(self))} images in a row can be read, the first: "
            f"{problem(self.rows, self.kept[index], self.fit)}. Is the disk still there?"
        )

    def _tried(self, index: int) -> Tensor | None:
        if self.unreadable[index]:
            return None
        try:
            return self.fit(self.rows.image(self.kept[index]))
        except Exception as error:  # PIL's decoders raise OSError, SyntaxError, struct.error, …
            if self.policy == "stop":
                raise ValueError(unreadable(self.rows.name(self.kept[index]), error)) from None
            self.unreadable[index] = True
            return None


def by_label(rows: Rows, classes: Sequence[str], policy: str) -> tuple[np.ndarray, list[str]]:
    """The numbers of the rows whose label has a class, and the others in words."""
    wrong = (rows.labels < 0) | (rows.labels >= len(classes))
    words = [
        f"{rows.name(row)} has the label {rows.labels[row]}; expected 0 to {len(classes) - 1}"
        for row in np.flatnonzero(wrong)
    ]
    if words and policy == "stop":
        raise ValueError(
            f"{len(words)} of {len(wrong)} images have a label without a class: {words[0]}. Mend "
            'the labels or the list of classes, or go on without these images: faults="skip"'
        )
    if wrong.all():
        raise ValueError(f"no image is left of {len(wrong)}" + "".join(f"; {w}" for w in words[:1]))
    return np.flatnonzero(~wrong), words


def problem(rows: Rows, row: int, fit: Fit) -> str:
    """What is wrong with an image, in words."""
    try:
        fit(rows.image(row))
    except Exception as error:
        return f"{rows.name(row)}: {error}"
    return f"{rows.name(row)}: could not be read, and now can be"


def unreadable(name: str, error: Exception) -> str:
    return (
        f"{name} cannot be read: {error}. Copy it again from where it came from, or remove it, or "
        'go on without such images: faults="skip"'
    )


# --- arrays: digits and npz


class Arrays:
    """images: `[N, 1 or 3, H, W]`, uint8.  files: (name, how many) in order."""

    def __init__(self, images: Any, labels: Any, files: list[tuple[str, int]]) -> None:
        self.images, self.labels, self.files = images, labels, files

    def ready(self, fit: Fit) -> bool:
        """Whether nothing has to be done to these images."""
        return self.images.shape[1:] == (fit.channels, fit.size, fit.size)

    def image(self, row: int) -> Image.Image:
        pixels = np.asarray(self.images[row])
        return Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))

    def name(self, row: int) -> str:
        """By its number in its file, counted from 0."""
        starts = np.cumsum([0] + [count for _, count in self.files])
        file = int(np.searchsorted(starts, row, side="right")) - 1
        return f"image {row - starts[file]} of {self.files[file][0]}"


def digit_rows() -> tuple[Rows, Rows]:
    def rows(split: str) -> Rows:
        data = digits(split)
        pixels = (data.images * 255).round().to(torch.uint8).numpy()
        return Arrays(pixels, data.labels.numpy(), [("the digits", len(data))])

    return rows("train"), rows("test")


def npz(path: Path) -> tuple[tuple[Rows, Rows], tuple[str, ...]]:
    tests = [file for name in TESTS for file in sorted(path.glob(f"{name}*.npz"))]
    if not tests:
        raise FileNotFoundError(f"{path} has train*.npz and no test.npz to test on; add one")
    train = arrays(sorted(path.glob("train*.npz")))
    return (train, arrays(tests)), npz_classes(path, train.labels)


def arrays(files: list[Path]) -> Arrays:
    shards = [shard(file) for file in files]
    return Arrays(
        np.concatenate([images for images, _ in shards]),
        np.concatenate([labels for _, labels in shards]),
        [(str(file), len(labels)) for file, (_, labels) in zip(files, shards, strict=True)],
    )


def shard(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """images `[N, C, H, W]` uint8, labels `[N]` int64."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            images, labels = content["images"], content["labels"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{file} cannot be read: {error}; expected the arrays images and labels, made by "
            "numpy.savez. If it was cut off, copy it again"
        ) from None
    right = images.ndim == 4 and images.shape[1] in (1, 3) and images.dtype == np.uint8
    if not right or labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{file} holds images {images.shape} {images.dtype} and labels {labels.shape} "
            f"{labels.dtype}; expected images [N, 1 or 3, H, W] uint8 and labels [N] of an integer"
        )
    return images, labels.astype(np.int64)


def npz_classes(path: Path, labels: np.ndarray) -> tuple[str, ...]:
    """From labels.json, a list or CIFAR-100's {"fine_label_names": …}; numbers without one."""
    file = path / "labels.json"
    if not file.exists():
        return tuple(map(str, range(int(labels.max()) + 1)))
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
        return tuple(map(str, names["fine_label_names"] if isinstance(names, dict) else names))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file} cannot be read ({error!r}); expected a list of the classes' names, or one "
            "under fine_label_names"
        ) from None


# --- tables of Hugging Face's datasets: image folders, parquet, the hub


class Cells:
    """table: with the column image, {"bytes", "path"}.  place: what a row is a row of."""

    def __init__(self, table: Any, labels: np.ndarray, place: str = "") -> None:
        self.table, self.labels, self.place = table, labels, place

    def image(self, row: int) -> Image.Image:
        return decoded(self.table[int(row)]["image"])

    def name(self, row: int) -> str:
        path = (self.table[int(row)]["image"] or {}).get("path") or ""
        if not self.place:
            return path
        return f"row {row} of {self.place}" + (f" ({path})" if path else "")


def image_folder(path: Path) -> tuple[tuple[Rows, Rows], tuple[str, ...]]:
    test = next((path / name for name in TESTS if (path / name).is_dir()), None)
    if test is None:
        raise FileNotFoundError(f"{path} has train/ and neither val/ nor test/; add one of them")
    classes = folders_in(path / "train")
    same_classes(path / "train", classes, test, folders_in(test), tell=test.name)
    train = files_table(path / "train", classes)
    none = sorted(set(range(len(classes))) - set(train.labels.tolist()))
    if none:
        raise ValueError(
            f"no image in {few([str(path / 'train' / classes[i]) for i in none])}; add images "
            f"({', '.join(sorted(SUFFIXES))}) or remove the folder, also from {test.name}/"
        )
    return (train, files_table(test, classes)), in_words(path / "words.txt", classes)


def folders_in(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def files_table(path: Path, classes: Sequence[str]) -> Cells:
    """One row for each image below path/CLASS, in the order of their paths."""
    datasets = extra("datasets")
    files = [(file, i) for i, name in enumerate(classes) for file in images_below(path / name)]
    if not files:
        raise FileNotFoundError(f"{path} holds no image, in {few(classes)}. {GET}")
    features = datasets.Features({"image": datasets.Image(decode=False)})
    table = datasets.Dataset.from_dict({"image": [file for file, _ in files]}, features)
    return Cells(table, np.array([label for _, label in files], dtype=np.int64))


def images_below(path: Path) -> list[str]:
    return sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(path, followlinks=True)
        for name in names
        if os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith(".")
    )


def in_words(file: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """What words.txt calls the folders; where two have the same words, the folder's name too."""
    if not file.exists():
        return tuple(folders)
    lines = file.read_text(encoding="utf-8").splitlines()
    words = dict(line.split("\t", 1) for line in lines if "\t" in line)
    names = [words.get(folder, folder).strip() for folder in folders]
    return tuple(
        f"{name} ({folder})" if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    )


def same_classes(train: Any, known: Any, test: Any, tested: Any, tell: str) -> None:
    """Raise ValueError if the test has classes that the training lacks."""
    only = sorted(set(tested) - set(known))
    if only:
        raise ValueError(
            f"{test} has the classes {few(only)}, which {train} lacks; it has {few(known)}. Add "
            f"them to the training or remove them from {tell}"
        )


def parquet_files(path: Path) -> dict[str, list[str]]:
    """{"train": files, "test": files}, by the names of the files or of their folders."""
    found: dict[str, list[str]] = {}
    for file in sorted([*path.glob("*.parquet"), *path.glob("*/*.parquet")]):
        split = split_of(file.stem) or split_of(file.parent.name)
        found.setdefault(split or "other", []).append(str(file))
    return found


def split_of(name: str) -> str:
    match = re.match(rf"(train|{'|'.join(TESTS)})(?![a-z])", name)
    return match[1] if match else ""


def parquet(path: Path) -> tuple[tuple[Rows, Rows], tuple[str, ...]]:
    files = parquet_files(path)
    for file in [file for names in files.values() for file in names]:
        check_parquet(file)
    test = chosen(files, str(path))
    tables = extra("datasets").load_dataset(
        "parquet", data_files={"train": files["train"], "test": files[test]}
    )
    return table_rows(tables["train"], tables["test"], str(path), test)


def check_parquet(file: str) -> None:
    pyarrow = extra("pyarrow.parquet")
    try:
        pyarrow.ParquetFile(file).close()
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise ValueError(f"{file} cannot be read: {error}. Copy it again") from None


def chosen(splits: Iterable[str], place: str) -> str:
    """The name of the test split."""
    test = next((name for name in TESTS if name in splits), None)
    if test is None or "train" not in splits:
        raise FileNotFoundError(
            f"{place} has the splits {few(list(splits))}; expected train and one of {list(TESTS)}, "
            "as names of the files or of the folders in it"
        )
    return test


def hub(name: str) -> tuple[tuple[Rows, Rows], tuple[str, ...]]:
    tables = from_hub(name)
    test = chosen(tables, name)
    return table_rows(tables["train"], tables[test], name, test)


def from_hub(name: str, **options: Any) -> Any:
    """What load_dataset gives; without a network what it once fetched, and at once."""
    datasets = extra("datasets")
    try:
        with offline_without_network():
            return datasets.load_dataset(name, **options)
    except (OSError, datasets.exceptions.DatasetsError, ValueError) as error:
        raise FileNotFoundError(
            f"{name} is no folder here, and the Hugging Face hub gave no such data: {error}. With "
            "a network: check the name; ImageNet's terms must be accepted on its page, then run "
            "`hf auth login`. Without one: elsewhere run "
            f"`hf download {name} --repo-type dataset --local-dir FOLDER`, bring FOLDER here and "
            f"give its path. {GET}"
        ) from None


@contextmanager
def offline_without_network() -> Iterator[None]:
    """Where the hub does not answer, `datasets` looks only into its cache: it would wait 23 s."""
    datasets, hub = extra("datasets"), extra("huggingface_hub")
    before = datasets.config.HF_HUB_OFFLINE, hub.constants.HF_HUB_OFFLINE
    offline = before[0] or not answers(datasets.config.HF_ENDPOINT)
    try:
        datasets.config.HF_HUB_OFFLINE = hub.constants.HF_HUB_OFFLINE = offline
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, hub.constants.HF_HUB_OFFLINE = before


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=SECONDS):
            return True
    except urllib.error.HTTPError:  # an answer, if a rude one
        return True
    except OSError:
        return False


def table_rows(
    train: Any, test: Any, place: str, name: str
) -> tuple[tuple[Rows, Rows], tuple[str, ...]]:
    """Of two tables with an image and a label column."""
    image, label = columns(train.features, place)
    labels = [table.select_columns(label)[:][label] for table in (train, test)]
    classes = classes_of(train.features[label], labels[0])
    tested = classes_of(test.features[label], labels[1])
    if isinstance(classes[0], str) or isinstance(tested[0], str):
        same_classes(f"{place}, train,", classes, f"{place}, {name},", tested, name)
    kinds = [numbers(values, classes) for values in labels]
    return (
        Cells(image_column(train, image), kinds[0], f"{place}, train"),
        Cells(image_column(test, image), kinds[1], f"{place}, {name}"),
    ), tuple(map(str, classes))


def columns(features: Any, place: str) -> tuple[str, str]:
    """The image and the label column, by their features and their usual names."""
    datasets = extra("datasets")
    images = [n for n, f in features.items() if isinstance(f, datasets.Image)]
    labels = [n for n, f in features.items() if isinstance(f, datasets.ClassLabel)]
    image = first(IMAGE_COLUMNS, images or features) or first(images, images)
    label = first(LABEL_COLUMNS, labels or features) or first(labels, labels)
    if not image or not label:
        raise ValueError(
            f"{place} has the columns {dict(features)}; expected one of images, named "
            f"{' or '.join(IMAGE_COLUMNS)}, and one of labels, named {' or '.join(LABEL_COLUMNS)}"
        )
    return image, label


def first(wanted: Iterable[str], there: Iterable[str]) -> str:
    return next((name for name in wanted if name in there), "")


def image_column(table: Any, column: str) -> Any:
    """The table with its images alone, as {"bytes", "path"}, in the column image."""
    images = table.select_columns(column).cast_column(column, extra("datasets").Image(decode=False))
    return images if column == "image" else images.rename_column(column, "image")


def classes_of(feature: Any, labels: Sequence[Any]) -> list[Any]:
    """Names that the column brings; else its texts, sorted, or 0 to the largest number."""
    if hasattr(feature, "names"):
        return list(feature.names)
    known = {value for value in labels if value is not None}
    if not known:
        raise ValueError(f"none of {len(labels)} images has a label; give labels")
    if all(isinstance(value, str) for value in known):
        return sorted(known)
    return list(range(max(known) + 1))


def numbers(labels: Sequence[Any], classes: Sequence[Any]) -> np.ndarray:
    """Labels as int64; texts become their place among the classes, a missing one −1."""
    places = {name: i for i, name in enumerate(classes) if isinstance(name, str)}
    return np.array(
        [-1 if v is None else places[v] if isinstance(v, str) else v for v in labels], np.int64
    )


def few(names: Sequence[Any]) -> str:
    """The first ten of them."""
    rest = len(names) - 10
    shown = ", ".join(map(str, names[:10])) or "nothing"
    return shown + (f" and {rest} more" if rest > 0 else "")
