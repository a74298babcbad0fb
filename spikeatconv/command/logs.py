"""Logs of a training: a CSV file that loses no step to a kill, TensorBoard's events, and trackers
such as Weights & Biases, through accelerate."""

import csv
import json
import math
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikeatconv.checks import check_choice, short
from spikeatconv.extra import extra
from spikeatconv.files import write_whole
from spikeatconv.training.checkpoint import flat

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


class Tracker:
    """The same numbers for a tracker that accelerate knows: wandb, mlflow, …; as a run of the
    project "spikeatconv". What it needs to know (offline, a server, a key) it takes from its own
    environment variables.

    about: the settings of the training, as JSON.  Raises ValueError for a name that is none,
    ModuleNotFoundError where the package is not installed.
    """

    def __init__(self, name: str, folder: str | Path, about: Mapping[str, Any]) -> None:
        self.name, self.path, self.about = name, Path(folder), about
        self.make = tracker_class(name)
        self.tracker: Any = None
        self.lost = False

    def write(self, metrics: Mapping[str, float]) -> None:
        """Once it has begun, what fails is told, and the training goes on without it."""
        if self.tracker is None:
            self._begin()
        values = {name: metrics[name] for name in COLUMNS[2:] if name in metrics}
        self._try("log", values, step=int(metrics["step"]))

    def close(self) -> None:
        if self.tracker is not None:
            self._try("finish")

    def _try(self, name: str, *given: Any, **words: Any) -> None:
        try:
            if not self.lost:
                getattr(self.tracker, name)(*given, **words)
        except Exception as error:
            self.lost = True
            warnings.warn(
                f"{self.name} takes no more numbers ({error}); log.csv has all of them",
                stacklevel=3,
            )

    def _begin(self) -> None:
        place = {"name": self.path.name, "dir": str(self.path)} if self.name == "wandb" else {}
        where = [str(self.path)] if self.make.requires_logging_directory else []
        settings = {name: simple(value) for name, value in flat(dict(self.about)).items()}
        try:
            tracker = self.make("spikeatconv", *where, **place)
            tracker.start()
            tracker.store_init_configuration(settings)
        except Exception as error:
            raise RuntimeError(
                f"{self.name} does not begin ({error}); set what it asks for, or leave out "
                "--tracker: the same command with --resume goes on"
            ) from error
        self.tracker = tracker


def tracker_class(name: str) -> Any:
    """accelerate's, of that name. TensorBoard is not among them: its log is written anyway."""
    tracking = extra("accelerate.tracking")
    known = {n: made for n, made in tracking.LOGGER_TYPE_TO_CLASS.items() if n != "tensorboard"}
    made = known[check_choice(name, "tracker", sorted(known))]
    if made.__module__ == tracking.__name__:  # its package has the same name
        extra(name, name)
    return made


def simple(value: Any) -> Any:
    """As it is, or as text: what all trackers take."""
    return value if isinstance(value, bool | int | float | str | None) else json.dumps(value)
