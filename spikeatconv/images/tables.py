"""Tables of Hugging Face's datasets: parquet files, and names on the hub."""

import re
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from spikeatconv.checks import few
from spikeatconv.extra import extra
from spikeatconv.files import check_regular
from spikeatconv.images.picture import image_of
from spikeatconv.images.rows import (
    GET,
    TESTS,
    Splits,
    check_same_classes,
    name_tests,
    number_classes,
    split_of,
)

IMAGE_COLUMNS, LABEL_COLUMNS = ("image", "img"), ("fine_label", "label", "labels")
SECONDS = 5  # to wait for the hub


class Cells:
    """table: with the column image, {"bytes", "path"}.  place: what a row is a row of.
    faults: as in `Rows`."""

    def __init__(
        self, table: Any, labels: np.ndarray, place: str = "", faults: Sequence[str] = ()
    ) -> None:
        self.table, self.labels, self.place, self.faults = table, labels, place, faults

    def image(self, row: int) -> Image.Image:
        return image_of(self.table[int(row)]["image"])

    def name(self, row: int) -> str:
        path = (self.table[int(row)]["image"] or {}).get("path") or ""
        if not self.place:
            return path
        return f"row {row} of {self.place}" + (f" ({path})" if path else "")


def parquet_files(path: Path) -> dict[str, list[str]]:
    """{"train": files, "test": files}, by the names of the files or of their folders."""
    found: dict[str, list[str]] = {}
    for file in sorted([*path.glob("*.parquet"), *path.glob("*/*.parquet")]):
        split = split_of(file.stem) or split_of(file.parent.name)
        found.setdefault(split or "other", []).append(str(file))
    return found


def parquet(path: Path, three: bool = False) -> Splits:
    files = parquet_files(path)
    for file in [file for names in files.values() for file in names]:
        check_parquet(file)
    names = splits_of(files, str(path), three)
    tables = extra("datasets").load_dataset("parquet", data_files={n: files[n] for n in names})
    return table_rows({name: tables[name] for name in names}, str(path))


def check_parquet(file: str) -> int:
    """How many rows it has. Raises ValueError for a file that cannot be read."""
    pyarrow = extra("pyarrow.parquet")
    check_regular(Path(file))
    try:
        with pyarrow.ParquetFile(file) as opened:
            return opened.metadata.num_rows
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise ValueError(f"{file} cannot be read: {error}. Copy it again") from None


def splits_of(splits: Collection[str], place: str, three: bool = False) -> list[str]:
    """ "train" and the name of the test split; three: as in `name_tests`."""
    tests = name_tests(splits, place, three)
    if "train" not in splits or not (tests or three):
        raise FileNotFoundError(
            f"{place} has the splits {few(list(splits))}; expected train and one of {list(TESTS)}, "
            "as names of the files or of the folders in it"
        )
    return ["train", *tests]


def is_hub_name(text: str) -> bool:
    return re.fullmatch(r"[\w.-]+/[\w.-]+", text) is not None


def hub(name: str, three: bool = False) -> Splits:
    tables = from_hub(name)
    return table_rows({split: tables[split] for split in splits_of(tables, name, three)}, name)


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


def table_rows(tables: Mapping[str, Any], place: str) -> Splits:
    """Of tables with an image and a label column; the first is for training."""
    image, label = find_columns(tables["train"].features, place)
    labels = [table.select_columns(label)[:][label] for table in tables.values()]
    places = [f"{place}, {name}," for name in tables]
    features = [table.features[label] for table in tables.values()]
    classes: Sequence[str] | None = classes_of(features[0], labels[0], places[0])
    if classes is None:
        kinds = [as_numbers(values, (), label) for values in labels]
        mend = "store the names of the classes in place of them"
        classes = number_classes(kinds[0], places[0], mend)
    else:
        for name, there, feature, values in zip(tables, places, features, labels, strict=True):
            tested = classes_of(feature, values, there) or set(map(str, values))
            check_same_classes(places[0], classes, there, tested, name)
        kinds = [as_numbers(values, classes, label) for values in labels]
    rows = (
        Cells(image_column(table, image), numbers, f"{place}, {name}")
        for (name, table), numbers in zip(tables.items(), kinds, strict=True)
    )
    return tuple(rows), tuple(map(str, classes))


def find_columns(features: Any, place: str) -> tuple[str, str]:
    """The image and the label column, by their features and their usual names."""
    datasets = extra("datasets")
    images = [n for n, f in features.items() if isinstance(f, datasets.Image)]
    labels = [n for n, f in features.items() if isinstance(f, datasets.ClassLabel)]
    image, label = (
        next((name for name in (*usual, *of_kind) if name in (of_kind or features)), "")
        for usual, of_kind in ((IMAGE_COLUMNS, images), (LABEL_COLUMNS, labels))
    )
    if not image or not label:
        raise ValueError(
            f"{place} has the columns {dict(features)}; expected one of images, named "
            f"{' or '.join(IMAGE_COLUMNS)}, and one of labels, named {' or '.join(LABEL_COLUMNS)}"
        )
    return image, label


def image_column(table: Any, column: str) -> Any:
    """The table with its images alone, as {"bytes", "path"}, in the column image."""
    images = table.select_columns(column).cast_column(column, extra("datasets").Image(decode=False))
    return images if column == "image" else images.rename_column(column, "image")


def classes_of(feature: Any, labels: Sequence[Any], place: str) -> list[str] | None:
    """Names that the column brings, else its texts, sorted; None where the labels are numbers."""
    if hasattr(feature, "names"):
        return list(feature.names)
    try:
        known = {value for value in labels if value is not None}
    except TypeError:
        raise ValueError(
            f"{place}: the labels are lists, such as {labels[0]}; give one text or number each"
        ) from None
    if not known:
        raise ValueError(f"{place}: none of {len(labels)} images has a label; give labels")
    return sorted(known) if all(isinstance(value, str) for value in known) else None


def as_numbers(labels: Sequence[Any], classes: Sequence[str], column: str) -> np.ndarray:
    """Labels as int64; texts become their place among the classes, a missing one −1."""
    places = {name: i for i, name in enumerate(classes)}
    try:
        return np.array(
            [-1 if v is None else places[v] if isinstance(v, str) else index(v) for v in labels],
            np.int64,
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(
            f"a label in the column {column} cannot be used: {error}; give text or whole numbers"
        ) from None
