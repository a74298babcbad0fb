"""Images as they arrive, for data that is on the Hugging Face hub and should stay there.

    data = stream("ILSVRC/imagenet-1k", 224, batch=64, process=rank, processes=8, crop=True)
    for images, labels in data.epoch(3, skip=120):

`train` does not take a stream: it asks for images by their numbers, which is what makes a resumed
run the same to the bit and its order a true permutation. A stream has a buffer in place of the
permutation: out of `buffer` images one is drawn, and the next one fills its place. With the hub's
files in random order that mixes well; one file of sorted classes it hardly mixes.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikeatconv.model import check_whole
from spikeatconv.training.extra import extra
from spikeatconv.training.loop import seed_of
from spikeatconv.training.picture import Fit, decoded, fits
from spikeatconv.training.sources import check_policy, unreadable
from spikeatconv.training.tables import columns, from_hub, parquet_files


def stream(
    where: str | Path, image_size: int, batch: int, *, split: str = "train", process: int = 0,
    processes: int = 1, buffer: int = 1000, seed: int = 0, faults: str = "stop",
    in_channels: int = 3, crop: bool = False,
) -> "Stream":  # fmt: skip
    """A split as a stream of batches, of which each process reads its own part.

    where: a name on the hub, or a folder of parquet files, which is then read without a copy in the
        cache.  split: as it is called there; "train" is cut for training, others for the test.
    batch: images of one process.  process, processes: where the number of files is a multiple of
        `processes`, each reads files of its own, else each reads all and keeps one image of so
        many. Parts may differ by some images, so processes may get a batch more or less.
    image_size, in_channels, crop, faults: as in `open_data`. With "skip", the next image of the
        batch stands in.
    """
    check_whole((image_size, batch, processes, buffer), "image_size, batch, processes or buffer")
    check_policy(faults, in_channels)
    if not 0 <= process < processes:
        raise ValueError(f"process is {process}; expected 0 to {processes - 1}")
    rows = streamed(where, split)
    image, label = columns(rows.features, str(where))
    names = getattr(rows.features[label], "names", None)
    if names is None:
        raise ValueError(
            f"{where}: the column {label} has no names of classes, and a stream cannot be searched "
            "for them; use open_data, or store the column as datasets.ClassLabel"
        )
    rows = rows.cast_column(image, extra("datasets").Image(decode=False))
    rows = extra("datasets.distributed").split_dataset_by_node(rows, process, processes)
    fit = fits(image_size, in_channels, crop)[split != "train"]
    return Stream(rows, (image, label), names, fit, batch, buffer, seed, faults)


def streamed(where: str | Path, split: str) -> Any:
    """An IterableDataset that knows its features."""
    if Path(where).is_dir():
        files = parquet_files(Path(where)).get(split)
        if not files:
            raise FileNotFoundError(f"{where} holds no {split}*.parquet; a stream needs them")
        rows = extra("datasets").load_dataset(
            "parquet", data_files={split: files}, split=split, streaming=True
        )
    else:
        rows = from_hub(str(where), split=split, streaming=True)
    return rows if rows.features else rows._resolve_features()


class Stream:
    """classes: their names.  faults: what could not be used so far, in words."""

    def __init__(
        self, rows: Any, names: tuple[str, str], classes: Sequence[str], fit: Fit, batch: int,
        buffer: int, seed: int, policy: str,
    ) -> None:  # fmt: skip
        self.rows, self.image, self.label = rows, *names
        self.classes, self.fit, self.batch = tuple(classes), fit, batch
        self.buffer, self.seed, self.policy = buffer, seed, policy
        self.faults: list[str] = []

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The whole batches of that epoch, in the order that (seed, number) decides: images
        `[batch, C, size, size]` uint8, labels `[batch]`.

        skip: batches that a stopped run has had. Their images are read again, since only the same
        reading fills the buffer the same way, but not decoded."""
        seed = seed_of(self.seed, "order", number)
        rows = iter(self.rows.shuffle(seed=seed, buffer_size=self.buffer))
        rows = itertools.islice(rows, skip * self.batch, None)
        while len(group := list(itertools.islice(rows, self.batch))) == self.batch:
            yield self._together(group)

    def _together(self, group: list[dict]) -> tuple[Tensor, Tensor]:
        pairs = [self._usable(row) for row in group]
        good = [i for i, pair in enumerate(pairs) if pair is not None]
        if not good:
            raise ValueError(f"none of the {len(group)} images of a batch can be used; the last: "
                             f"{self.faults[-1]}")  # fmt: skip
        stand_ins = [next((g for g in good if g >= i), good[0]) for i in range(len(group))]
        images, labels = zip(*(pairs[i] for i in stand_ins), strict=True)
        return torch.stack(images), torch.tensor(labels)

    def _usable(self, row: dict) -> tuple[Tensor, int] | None:
        name = (row[self.image] or {}).get("path") or "an image"
        label = row[self.label]
        try:
            if label is None or not 0 <= label < len(self.classes):
                raise ValueError(f"its label is {label}; expected 0 to {len(self.classes) - 1}")
            return self.fit(decoded(row[self.image])), label
        except Exception as error:  # PIL's decoders raise OSError, SyntaxError, struct.error, …
            if self.policy == "stop":
                raise ValueError(unreadable(name, error)) from None
            self.faults.append(f"{name}: {error}")
            return None
