"""Logs of a training: a CSV file that loses no step to a kill, and TensorBoard's events."""

import csv
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikeatconv.checks import short
from spikeatconv.extra import extra
from spikeatconv.files import write_whole

COLUMNS = (
    "step", "seconds", "epoch", "loss", "learning_rate", "gradient_norm", "images", "test_loss",
    "test_accuracy", "test_top5",
)  # fmt: skip


class CsvLog:
    """One row a step, each on its way to the disk before the next step begins.

    seconds: since the start, without the time in which a resumed training stood still. Rows that a
    resumed training gives again take the place of the old ones. `spikeviz.training_log.Log.read`
    and pandas read the file, at any time.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.begin = time.monotonic()
        self.file: Any = None

    def write(self, metrics: Mapping[str, float]) -> None:
        if self.file is None:
            self._open(metrics["step"])
        row = {"seconds": round(time.monotonic() - self.begin, 3), **metrics}
        self.file.write(",".join(map(field, (row.get(name) for name in COLUMNS))) + "\n")

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def _open(self, step: float) -> None:
        """Go on behind the rows that came before that step."""
        rows = [row for row in whole_rows(self.path) if float(row["step"]) < step]
        lines = [COLUMNS, *(tuple(row.values()) for row in rows)]
        write_whole(self.path, "".join(",".join(line) + "\n" for line in lines))
        self.begin -= float(rows[-1]["seconds"]) if rows else 0.0
        self.file = self.path.open("a", buffering=1, newline="", encoding="utf-8")


def field(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(value)


def whole_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a log, but for a last one that was cut off; none without a file.
    Raises ValueError for a file with other columns, or with anything but numbers in them."""
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        reader = csv.DictReader(lines)
        if lines and tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"it has the columns {short(reader.fieldnames)}, not {list(COLUMNS)}")
        rows = [row for row in reader if None not in row and None not in row.values()]
        for row in rows:
            float(row["step"]), float(row["seconds"])
    except (csv.Error, ValueError) as error:
        raise ValueError(
            f"{path}: {error}, so it is no log of a training; move it away or train into another "
            "folder"
        ) from None
    return rows


class TensorBoard:
    """The same numbers as TensorBoard's events, in folder. Raises ModuleNotFoundError without
    tensorboard."""

    def __init__(self, folder: str | Path) -> None:
        self.make = extra("torch.utils.tensorboard").SummaryWriter
        self.path = Path(folder)
        self.writer: Any = None

    def write(self, metrics: Mapping[str, float]) -> None:
        step = int(metrics["step"])
        if self.writer is None:  # what an earlier run wrote from this step on is not shown
            self.writer = self.make(str(self.path), purge_step=step)
        for name in COLUMNS[2:]:
            if name in metrics:
                self.writer.add_scalar(name, metrics[name], step)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
