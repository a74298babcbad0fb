"""How a training is computed and kept, beside the recipe, which says what is learned."""

from dataclasses import dataclass, fields, replace
from typing import Any

from spikeatconv.checks import MOST, check_bool, check_choice, check_kind, check_names, check_whole

PRECISIONS = ("no", "bf16", "fp16")


@dataclass(frozen=True)
class Run:
    """every: steps between checkpoints, beside those after each epoch.  keep: the last few, and the
    best by test accuracy.
    precision: "no", "bf16" or "fp16".  accumulate: parts in which a process takes its share of a
    batch, for less memory.  sync_norm: BatchNorm over the share of all processes, not each its own.
    workers: processes that read data ahead.  cpu: leave a GPU alone.
    Raises TypeError or ValueError that names the field, its value and what would do.
    """

    every: int | None = None
    keep: int = 2
    precision: str = "no"
    accumulate: int = 1
    sync_norm: bool = False
    workers: int = 0
    cpu: bool = False

    def __post_init__(self) -> None:
        check_choice(self.precision, "precision", PRECISIONS)
        check_whole(self.accumulate, "accumulate")
        check_whole(1 if self.every is None else self.every, "every")
        check_whole(self.keep, "keep")
        check_whole(self.workers, "workers", 0, MOST["workers"])
        check_bool(self.sync_norm, "sync_norm")
        check_bool(self.cpu, "cpu")


USUAL = Run()


def run_of(run: Run, words: dict[str, Any], caller: str) -> Run:
    """The run but for these fields. Raises TypeError for one that there is not."""
    check_kind(run, "run", Run, "a Run, such as Run(cpu=True)")
    check_names(words, [field.name for field in fields(Run)], caller)
    return replace(run, **words)
