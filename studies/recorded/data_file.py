"""The data.json of a widget. With this, what lies in benchmarks/ and studies/ can be imported."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / name) for name in ("benchmarks", "studies")]
import report  # noqa: E402


def write(widget: str, results: dict, packages: tuple[str, ...] = ("torch",)) -> None:
    path = report.write("data", results, packages, ROOT / "spikeviz" / widget)
    print(path, path.stat().st_size)
