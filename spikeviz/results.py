"""The results files of the studies and benchmarks, each with its command, machine and date."""

from collections.abc import Sequence
from pathlib import Path

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


def verdict(differences: Sequence[float]) -> str:
    """What differences, better minus worse by the paper, say: one of `VERDICTS`."""
    if not differences:
        return "not measured"
    if all(d > 0 for d in differences):
        return "agree"
    return "disagree" if all(d < 0 for d in differences) else "undecided"
