"""Images as they arrive, for data that are on the Hugging Face hub and should stay there.

    train_images, test_images = stream("ILSVRC/imagenet-1k", 224, crop=True)
    for metrics in train(model, train_images, test_images, recipe, folder):

`open_data` gives images by their numbers, and the order of an epoch is a true permutation. A stream
has a buffer in its place: out of `buffer` images one is drawn, and the next one fills its place.
With the hub's files in random order that mixes well; one file of sorted classes it hardly mixes.

Each process reads a part of its own: of the files, where their number is a multiple of the
processes, else one image of so many of all files. A resumed training reads again what it had in the
epoch, since only the same reading fills the buffer the same way, but does not decode it; then it
goes on with the same bits. So for long epochs a stop costs the reading of what came before it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikeatconv.checks import check_choice, check_path, check_whole
from spikeatconv.extra import extra
from spikeatconv.images.base import Images
from spikeatconv.images.picture import MOST_SIDE, Fit, fits, image_of
from spikeatconv.images.sources import FAULTS, cannot_read
from spikeatconv.images.tables import (
    check_parquet,
    find_columns,
    from_hub,
    is_hub_name,
    parquet_files,
    splits_of,
)


def stream(
    where: str | Path, image_size: int, *, buffer: int = 1000, faults: str = "stop",
    in_channels: int = 3, crop: bool = False, test_crop: float | None = None,
    interpolation: str = "bilinear",
) -> tuple["Stream", "Stream"]:  # fmt: skip
    """The images for training and those for the test, as `open_data` gives them, but streamed.

    where: a name on the hub, or a folder of parquet files, which is then read without a copy in the
        cache.  buffer: images out of which the next one is drawn.
    image_size, in_channels, crop, test_crop, interpolation, faults: as in `open_data`. With "skip",
        the next image of the batch stands in.
    Raises FileNotFoundError and ValueError that say what is missing: a stream needs a column of
    images, one of labels with the names of their classes, and to know how many images there are.
    """
    size = check_whole(image_size, "image_size", 1, MOST_SIDE)
    buffer = check_whole(buffer, "buffer")
    check_choice(faults, "faults", FAULTS)
    both = fits(size, in_channels, crop, 0, test_crop, interpolation)
    splits, counts = read_splits(where)
    made = []
    for name, fit in zip(splits_of(splits, str(where)), both, strict=True):
        rows = splits[name] if splits[name].features else splits[name]._resolve_features()
        image, label = find_columns(rows.features, str(where))
        names = getattr(rows.features[label], "names", None)
        if names is None or name not in counts:
            lacks = "how many images it has" if names else f"names of classes in column {label}"
            raise ValueError(
                f"{where}, {name}: a stream cannot be searched, and the data do not tell {lacks}; "
                "use open_data (on the command line: no --stream)"
            )
        rows = rows.cast_column(image, extra("datasets").Image(decode=False))
        made.append(Stream(rows, (image, label), names, counts[name], fit, buffer, faults, both[1]))
    if made[0].classes != made[1].classes:
        raise ValueError(f"{where}: the training and the test have other classes, or in another "
                         "order; use open_data")  # fmt: skip
    return made[0], made[1]


def read_splits(where: str | Path) -> tuple[Any, dict[str, int]]:
    """{split: IterableDataset}, {split: how many images}."""
    path = check_path(where, "where").expanduser()
    if not path.is_dir():
        if not is_hub_name(str(where)):
            raise FileNotFoundError(
                f"{where} cannot be streamed; give a folder of parquet files, or a name on the hub "
                "(OWNER/NAME)"
            )
        splits = from_hub(str(where), streaming=True)
        known = {name: (rows.info.splits or {}).get(name) for name, rows in splits.items()}
        return splits, {name: info.num_examples for name, info in known.items() if info}
    files = parquet_files(path)
    if not files:
        raise FileNotFoundError(f"{path} holds no parquet files, which a stream needs")
    counts = {name: sum(map(check_parquet, paths)) for name, paths in files.items()}
    return extra("datasets").load_dataset("parquet", data_files=files, streaming=True), counts


class Stream(Images):
    """Images that come one after the other.

    faults: what could not be used so far, in words.
    """

    def __init__(
        self, rows: Any, names: tuple[str, str], classes: Sequence[str], count: int, fit: Fit,
        buffer: int, policy: str, prepared: Fit,
    ) -> None:  # fmt: skip
        self.rows, self.image, self.label = rows, *names
        self.classes, self.count, self.fit = tuple(classes), count, fit
        self.buffer, self.policy, self.prepared = buffer, policy, prepared
        self.numbers = list(range(len(self.classes)))  # of the labels, as they are given out
        self.found: dict[str, str] = {}  # by the name of the image, which comes in each epoch

    @property
    def faults(self) -> list[str]:
        return [f"{name}: {error}" for name, error in self.found.items()]

    def __len__(self) -> int:
        return self.count

    def batches(
        self, size: int, seeds: Iterable[int] | None = None, *, parts: int = 1, process: int = 0,
        processes: int = 1, skip: int = 0, workers: int = 0,
    ) -> Iterator[tuple[Tensor, Tensor]]:  # fmt: skip
        """As `Images` has it. A process whose part is used up begins it again; without seeds it
        ends there. skip: these are read, and not decoded.  workers: threads."""
        rows = extra("datasets.distributed").split_dataset_by_node(self.rows, process, processes)
        each = self.count // (size * parts * processes) * parts * size  # rows of an epoch

        def ordered(skip: int) -> Iterator[dict]:
            if seeds is None:
                yield from islice(rows, skip, None)
            for seed in seeds or ():
                mixed = again_and_again(rows.shuffle(seed=seed, buffer_size=self.buffer))
                yield from islice(mixed, skip, each)
                skip = 0

        mine = ordered(skip * size)
        groups = iter(lambda: list(islice(mine, size)), [])
        with ThreadPoolExecutor(max(1, workers)) as pool:
            yield from map(self._stack, one_ahead(pool, self._use, groups, workers > 0))

    def rename(self, classes: Sequence[str], numbers: Sequence[int]) -> None:
        """From now on label i is numbers[i], of those classes."""
        self.classes, self.numbers = tuple(classes), [numbers[i] for i in self.numbers]

    def _stack(self, pairs: list[tuple[Tensor, int] | None]) -> tuple[Tensor, Tensor]:
        good = [i for i, pair in enumerate(pairs) if pair is not None]
        if not good:
            raise ValueError(f"none of the {len(pairs)} images of a batch can be used; the last: "
                             f"{self.faults[-1]}")  # fmt: skip
        stand_ins = [next((g for g in good if g >= i), good[0]) for i in range(len(pairs))]
        images, labels = zip(*(pairs[i] for i in stand_ins), strict=True)
        return torch.stack(images), torch.tensor(labels)

    def _use(self, row: dict) -> tuple[Tensor, int] | None:
        name = (row[self.image] or {}).get("path") or "an image without a name"
        label = row[self.label]
        try:
            if label is None or not 0 <= label < len(self.numbers):
                raise ValueError(f"its label is {label}; expected 0 to {len(self.numbers) - 1}")
            return self.fit(image_of(row[self.image])), self.numbers[label]
        except Exception as error:  # whatever one image does
            if self.policy == "stop":
                raise ValueError(cannot_read(name, error)) from None
            self.found[name] = str(error)
            return None


def again_and_again(rows: Any) -> Iterator[dict]:
    while True:
        row = None
        for row in rows:
            yield row
        if row is None:
            raise ValueError("there are fewer images than processes; start fewer processes")


def one_ahead(
    pool: ThreadPoolExecutor, work: Callable, groups: Iterator[list], ahead: bool
) -> Iterator[list]:
    """The results of each group; with `ahead`, the pool is at the next group by then."""
    if not ahead:
        yield from ([work(item) for item in group] for group in groups)
        return
    before: list[Future] | None = None
    for group in groups:
        now = [pool.submit(work, item) for item in group]
        if before is not None:
            yield [future.result() for future in before]
        before = now
    if before is not None:
        yield [future.result() for future in before]
