"""Follows a training: a bar or lines, the logs, and a last word when it stops."""

import contextlib
import json
import os
import platform
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from spikeatconv.command.logs import CsvLog, TensorBoard, Tracker
from spikeatconv.extra import pip_install
from spikeatconv.files import telling, write_whole
from spikeatconv.training.checkpoint import Checkpoints, accuracy
from spikeatconv.training.interrupt import STATUS

RESUME = ", then the same command with --resume goes on"
SPLIT = "split.csv"  # in a run's folder, where images were held out
MINUTE = 60.0  # between two lines where there is no terminal


def is_main() -> bool:
    """Whether this process prints and writes; torchrun numbers them in RANK."""
    return int(os.environ.get("RANK", "0")) == 0


def follow(
    metrics: Iterator[dict], folder: Path, say: Callable[[str], Any],
    about: Mapping[str, Any] | None = None, split: str | None = None, tracker: str | None = None,
) -> dict:  # fmt: skip
    """Run the training to its end, and return its last metrics, {} where none was left.

    split: which image is in which part; then it is a validation that is told, not a test.
    tracker: the name of one, see `Tracker`.
    about: for `write_run`, once the training has begun; one that is refused leaves all as it was.
    A signal leaves the loop as it leaves `train`, once the checkpoint is written.
    """
    if not is_main():
        return next(iter(deque(metrics, 1)), {})  # the last ones
    with telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
    logs: list[Any] = [CsvLog(folder / "log.csv"), *tensorboard(folder, say)]
    if tracker:
        told = json.loads(json.dumps(about, default=str))
        logs.append(Tracker(tracker, folder, told))
    bar = Bar(say, "validation" if split else "test")
    row: dict = {}
    try:
        with contextlib.closing(metrics):  # type: ignore[type-var]
            for row in metrics:
                if about:
                    write_run(folder, about, split)
                    about = None
                for log in logs:
                    with telling(log.path, RESUME):
                        log.write(row)
                bar.show(row)
    except (KeyboardInterrupt, SystemExit) as stop:
        bar.close()
        if isinstance(stop, KeyboardInterrupt) or stop.code == STATUS:
            say(why_stopped(stop, folder))
        raise
    finally:
        bar.close()
        for log in logs:
            with contextlib.suppress(OSError):  # told when the row was written
                log.close()
    return row


def tensorboard(folder: Path, say: Callable[[str], Any]) -> list[TensorBoard]:
    try:
        return [TensorBoard(folder / "tensorboard")]
    except ModuleNotFoundError:
        say(f"No TensorBoard log; this adds it: {pip_install('tensorboard')}")
        return []


def why_stopped(stop: BaseException, folder: Path) -> str:
    by = "Ctrl-C" if isinstance(stop, KeyboardInterrupt) else signal.Signals(STATUS - 128).name
    last = Checkpoints(folder).last()
    kept = f"{last} is the last checkpoint" if last else "no step was finished"
    return f"Stopped by {by}: {kept}. The same command with --resume goes on."


class Bar:
    """A line an epoch; between them a bar with the time left, or without a terminal a line a
    minute."""

    def __init__(self, say: Callable[[str], Any], test: str) -> None:
        self.say, self.test = say, test
        self.bar: Any = None
        self.begin, self.first, self.said = 0.0, 0, 0.0
        self.terminal = sys.stderr.isatty()

    def show(self, row: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if not self.first:
            self.begin, self.first, self.said = now, row["step"], now
        if self.terminal:
            self._advance(row)
        if "test_accuracy" in row:
            tqdm.write(of_an_epoch(row, self.test), file=sys.stdout)
            sys.stdout.flush()
            self.said = now
        elif not self.terminal and now - self.said > MINUTE:
            self.say(of_a_minute(row, (now - self.begin) / max(1, row["step"] - self.first)))
            self.said = now

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _advance(self, row: Mapping[str, Any]) -> None:
        if self.bar is None:
            self.bar = tqdm(
                total=row["steps"], initial=row["step"] - 1, unit=" steps", dynamic_ncols=True
            )
        self.bar.set_postfix_str(f"loss {row['loss']:.3f}", refresh=False)
        self.bar.update()


def of_an_epoch(row: Mapping[str, Any], test: str = "test") -> str:
    top5 = f"   top 5 {row['test_top5']:.4f}" if "test_top5" in row else ""
    return (
        f"epoch {row['epoch']:>5.4g}   step {row['step']:>6}   loss {row['loss']:.4f}   "
        f"{test} loss {row['test_loss']:.4f}   top 1 {row['test_accuracy']:.4f}{top5}"
    )


def of_a_minute(row: Mapping[str, Any], a_step: float) -> str:
    left = time.gmtime((row["steps"] - row["step"]) * a_step)
    days = (left.tm_yday - 1) * 24 + left.tm_hour
    return (
        f"epoch {row['epoch']:>5.4g}   step {row['step']:>6} of {row['steps']}   "
        f"loss {row['loss']:.4f}   {days}:{left.tm_min:02}:{left.tm_sec:02} left"
    )


def ending(row: Mapping[str, Any], folder: Path) -> str:
    """What a finished training leaves."""
    checkpoints = Checkpoints(folder)
    best = checkpoints.best() or checkpoints.last()
    if best is None:
        return f"Nothing was trained in {folder}."
    whose = " on the validation images" if (folder / SPLIT).exists() else ""
    done = (
        f"Trained {row['steps']} steps." if row else "Trained to its end before; nothing is left."
    )
    found = f", top 1 {accuracy(best):.4f}{whose}" if accuracy(best) >= 0 else ""
    return f"{done} The best checkpoint{found}: {best / 'weights.safetensors'}"


def write_run(folder: Path, about: Mapping[str, Any], split: str | None) -> None:
    """folder/run.json: what was asked for, and by which versions. A resumed run writes it anew."""
    folder.mkdir(parents=True, exist_ok=True)
    if split:
        with telling(folder / SPLIT, RESUME):
            write_whole(folder / SPLIT, split)
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    text = json.dumps({**about, "versions": versions}, indent=1, default=str)
    with telling(folder / "run.json", RESUME):
        write_whole(folder / "run.json", text + "\n")
