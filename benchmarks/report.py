"""Results files of the benchmarks: numbers with their machine, versions and command."""

import json
import os
import platform
import subprocess
import sys
from datetime import date
from importlib import metadata
from pathlib import Path

from spikeatconv.files import write_whole

RESULTS = Path(__file__).parent / "results"


def write(name: str, results: dict, packages: tuple[str, ...], folder: Path = RESULTS) -> Path:
    """Write FOLDER/NAME.json, complete or not at all. packages: whose versions matter here."""
    content = {
        "command": " ".join(["python", os.path.relpath(sys.argv[0]), *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {package: metadata.version(package) for package in packages},
        "results": results,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    write_whole(path, json.dumps(content, indent=2) + "\n")
    return path


def _git(*arguments: str) -> str:
    answer = subprocess.run(["git", *arguments], capture_output=True, encoding="utf-8", check=False)
    return answer.stdout.strip() or "unknown"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
