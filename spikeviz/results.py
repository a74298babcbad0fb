"""The results files of the studies and benchmarks, each with its command, machine and date."""

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
FOLDERS = (
    PACKAGE / "_results",  # in an installed wheel
    PACKAGE.parent / "studies" / "results",
    PACKAGE.parent / "benchmarks" / "results",
)

VERDICTS = ("agree", "disagree", "undecided", "not measured")


def results(name: str) -> Path:
    """Where a results file lies, in an installed wheel or a checkout: results("ablation").
    Raises FileNotFoundError that names those there are."""
    for folder in FOLDERS:
        if (folder / f"{name}.json").is_file():
            return folder / f"{name}.json"
    there = sorted({file.stem for folder in FOLDERS for file in folder.glob("*.json")})
    raise FileNotFoundError(f"there are no results {name!r}; choose one of {', '.join(there)}")


def standard_error(accuracies: Sequence[float], n_test: float) -> float:
    """SE of a difference of two accuracies on n_test images: √(2p(1 − p) / n_test), p their mean.
    Given those of several runs, p is the mean of all."""
    p = sum(accuracies) / len(accuracies)
    return math.sqrt(2 * p * (1 - p) / n_test)


def verdict(better: Sequence[float], worse: Sequence[float], n_test: float = math.inf) -> str:
    """What two lists of accuracies, the same seeds in the same order, say to "better is above
    worse": one of `VERDICTS`. "agree" if every seed says so and the mean difference is more than
    2 SE of n_test test images (unknown: only the seeds are asked); "disagree" the other way."""
    differences = [b - w for b, w in zip(better, worse, strict=True)]
    if not differences:
        return "not measured"
    mean = sum(differences) / len(differences)
    if abs(mean) <= 2 * standard_error([*better, *worse], n_test):
        return "undecided"
    if all(d > 0 for d in differences):
        return "agree"
    return "disagree" if all(d < 0 for d in differences) else "undecided"


def compare(points: Sequence[dict[str, Any]], n_test: float) -> Iterator[tuple[Any, ...]]:
    """Each two points of a study, in their order: the two values, the `verdict` on "the first is
    above the second", and in points of accuracy the difference by seed and 2 SE."""
    scores = {p["value"]: [run["accuracy"] for run in p["runs"]] for p in points}
    for a, b in itertools.combinations(scores, 2):
        by_seed = [100 * (x - y) for x, y in zip(scores[a], scores[b], strict=True)]
        two_se = 200 * standard_error([*scores[a], *scores[b]], n_test)
        yield a, b, verdict(scores[a], scores[b], n_test), by_seed, two_se
