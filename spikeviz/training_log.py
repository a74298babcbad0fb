"""The log of a training run: one row a step, kept in columns, read from and written to CSV."""

import csv
import io
import math
import os
from array import array
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

RATE = "rate:"  # stands before a layer's name
METRICS = (
    "loss", "test_loss", "accuracy", "test_accuracy", "learning_rate", "images_per_second",
)  # fmt: skip
RECENT = 20  # steps over which the speed is measured


class Log:
    """Metrics of a run by column: `log["loss"]` is float64 `[n]`, NaN where a step gave none.

    Every row has "step" and "seconds" since the start. The firing rate of a layer is the column
    "rate:LAYER". `names` are the columns, `len(log)` is n, `"loss" in log` asks for one.
    """

    def __init__(self) -> None:
        self._columns: dict[str, array] = {"step": array("d"), "seconds": array("d")}
        self.bad = ""  # the first loss that was no finite number, in words

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> "Log":
        """From columns of equal length; None in them is a missing value."""
        log = cls()
        for values in zip(*columns.values(), strict=True):
            row = {k: v for k, v in zip(columns, values, strict=True) if v is not None}
            log.append(row, row.get("seconds", math.nan))
        return log

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Log":
        """Read a CSV file: a head with the columns' names, then numbers; an empty field is a
        missing value. Raises FileNotFoundError, and ValueError that names the line and the value.
        """
        path = Path(path)
        try:
            with path.open(newline="", encoding="utf-8") as file:
                log = cls._read_rows(csv.DictReader(file), path)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{path} cannot be read: {error}; give the log of a run") from None
        if not len(log):
            raise ValueError(f"{path} holds no rows; was the run stopped before its first step?")
        return log

    @classmethod
    def _read_rows(cls, reader: csv.DictReader, path: Path) -> "Log":
        known = [n for n in reader.fieldnames or () if n in METRICS or n.startswith(RATE)]
        if not known:
            raise ValueError(
                f"{path} has the columns {reader.fieldnames}; a log's first line names at "
                f"least one of {list(METRICS)}"
            )
        log = cls()
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(
                    f"{path}, line {reader.line_num}: {len(reader.fieldnames or ())} values "
                    "expected; the file may be cut off: remove the line"
                )
            numbers: dict[str, float] = {}
            for name, text in row.items():
                try:
                    numbers |= {name: float(text)} if text else {}
                except ValueError:
                    raise ValueError(
                        f"{path}, line {reader.line_num}: {name} is {text!r}; expected a "
                        "number or nothing"
                    ) from None
            log.append(numbers, numbers.get("seconds", math.nan))
        return log

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write CSV, whole or not at all; `read` gives the same log back. Returns the path.

        Raises ValueError for a folder, a pipe or a device.
        """
        from spikeatconv.files import write_whole

        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.names)
        for row in zip(*self._columns.values(), strict=True):
            writer.writerow("" if math.isnan(value) else repr(value) for value in row)
        write_whole(Path(path), text.getvalue())
        return Path(path)

    def append(self, metrics: Mapping[str, Any], seconds: float) -> None:
        """Add a row. seconds: since the start, unless the metrics say so themselves."""
        n = len(self)
        row = {"step": n + 1, "seconds": seconds, **metrics}
        rates = row.pop("rates", {})
        row |= {f"{RATE}{layer}": rate for layer, rate in rates.items()}
        for name, value in row.items():
            if not isinstance(value, Real) or isinstance(value, bool):
                continue
            if name == "loss" and not math.isfinite(value) and not self.bad:
                self.bad = f"the loss is {value} at step {row['step']:g}"
            column = self._columns.setdefault(name, array("d", [math.nan] * n))
            column.append(float(value))
        for column in self._columns.values():
            if len(column) == n:
                column.append(math.nan)

    def __len__(self) -> int:
        return len(self._columns["step"])

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> np.ndarray:
        if name == "epoch" and name not in self:
            return np.full(len(self), math.nan)
        if name == "images_per_second" and name not in self and "images" in self:
            return self._speeds()
        if name not in self:
            raise KeyError(f"the log has no column {name!r}; it has {self.names}")
        return np.array(self._columns[name])

    @property
    def names(self) -> list[str]:
        return list(self._columns)

    def smoothed(self, name: str, smoothing: float) -> np.ndarray:
        """The exponential mean of a column, time constant `smoothing` in steps, `[n]`; it begins
        with the first value, and NaN values are passed over."""
        return np.array(_smooth(self["step"], self[name], smoothing))

    def progress(self, steps: int | None) -> dict[str, Any]:
        """How far the run is: step, epoch, seconds, images_per_second, seconds_left (None where
        nobody knows), and what was bad."""
        if not len(self):
            return {"step": 0, "bad": ""}
        step, seconds = self._columns["step"][-1], self._columns["seconds"][-1]
        speed = self["images_per_second"][-1] if self._has_speed() else math.nan
        left = (steps - step) * seconds / len(self) if steps else math.nan
        found = {
            "step": step, "seconds": seconds, "epoch": self["epoch"][-1],
            "images_per_second": speed, "seconds_left": left,
        }  # fmt: skip
        known = {k: float(v) if math.isfinite(v) else None for k, v in found.items()}
        return {**known, "bad": self.bad}

    def pack(self, most: int) -> dict[str, Any]:
        """{"columns": names, "points": p, "values": float32 bytes `[columns, p]`} for the page; of
        more than `most` rows, the means of as many neighbours as it takes."""
        names = ["step", "seconds", "epoch", *(n for n in METRICS if n in self)]
        names += [n for n in self.names if n.startswith(RATE)]
        if self._has_speed() and "images_per_second" not in names:
            names.append("images_per_second")
        values = np.stack([_thin(self[name], most) for name in names]).astype("<f4")
        return {"columns": names, "points": values.shape[1], "values": values.tobytes()}

    def _has_speed(self) -> bool:
        return "images_per_second" in self or "images" in self

    def _speeds(self) -> np.ndarray:
        images, seconds = self["images"], self["seconds"]
        before = np.maximum(np.arange(len(self)) - RECENT, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (images - images[before]) / (seconds - seconds[before])


def _smooth(steps: np.ndarray, values: np.ndarray, smoothing: float) -> list[float]:
    out: list[float] = []
    mean = last = math.nan
    for step, value in zip(steps.tolist(), values.tolist(), strict=True):
        if math.isfinite(value):
            kept = math.exp(-(step - last) / smoothing) if out and math.isfinite(mean) else 0.0
            mean = value if kept == 0 else kept * mean + (1 - kept) * value
            last = step
        out.append(mean)
    return out


def _thin(values: np.ndarray, most: int) -> np.ndarray:
    """Means of neighbours, missing values left out, so that at most `most` are left."""
    together = max(1, -(-len(values) // most))
    padded = np.pad(values, (0, -len(values) % together), constant_values=math.nan)
    groups = padded.reshape(-1, together)
    there = np.isfinite(groups)
    with np.errstate(invalid="ignore"):
        return np.where(there, groups, 0).sum(1) / there.sum(1)
