"""Results files of the benchmarks: numbers with their machine, versions and command.

A benchmark's file holds an entry for each kind of machine, {"kinds": {"AVX-512": {…}, …}}; that of
a study one entry alone.
"""

import json
import os
import platform
import subprocess
import sys
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from spikeatconv.files import write_whole

RESULTS = Path(__file__).parent / "results"
VECTORS = {"AVX512": "AVX-512", "DEFAULT": "without AVX2"}
# What the environment may say of the speed. The first three hold an AVX-512 machine to AVX2.
HELD = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "CC": "-mno-avx512f"}
SETTINGS = (*HELD, "OMP_NUM_THREADS", "SPIKEATCONV_LIF")


def write(
    name: str, results: dict, packages: tuple[str, ...], folder: Path = RESULTS, kind: str = ""
) -> Path:
    """Write FOLDER/NAME.json, complete or not at all. packages: whose versions matter here.
    kind: whose entry it is, as `cpu_kind` or a GPU's name; the other kinds keep theirs."""
    script = os.path.relpath(sys.argv[0], RESULTS.parents[1])  # from the repository's root
    content: dict[str, Any] = {
        "command": " ".join(["python", script, *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "commit": commit(),
        "machine": {
            "cpu": cpu_name(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "settings": {name: os.environ[name] for name in SETTINGS if name in os.environ},
        },
        "versions": {package: metadata.version(package) for package in packages},
        "results": results,
    }
    if kind:
        content = {"kinds": {**read(name, folder), kind: content}}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    write_whole(path, json.dumps(content, indent=2) + "\n")
    return path


def hide_place(path: str) -> None:
    """Results files name this folder, one of the program's words, not where it lay."""
    sys.argv[sys.argv.index(path)] = Path(path).name


def read(name: str, folder: Path = RESULTS) -> dict[str, dict]:
    """The entries of FOLDER/NAME.json by kind of machine; none where there is no file."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["kinds"] if path.is_file() else {}


def known(name: str, kind: str, folder: Path = RESULTS) -> dict[str, Any]:
    """The results of that kind which a new run goes on with: those of this very CPU, else none."""
    entry = read(name, folder).get(kind)
    return entry["results"] if entry and entry["machine"]["cpu"] == cpu_name() else {}


def cpu_kind() -> str:
    """What the CPU and the settings allow: "AVX-512", "AVX2", "Arm", …; "AVX2, imitated" where
    all of HELD keep an AVX-512 machine from more, and "AVX-512, held back" where some do."""
    if platform.machine().lower() in ("arm64", "aarch64"):
        return "Arm"
    if torch.cpu._is_avx512_supported():
        held = [value in os.environ.get(name, "") for name, value in HELD.items()]
        if any(held):
            return "AVX2, imitated" if all(held) else "AVX-512, held back"
    allowed = torch.backends.cpu.get_cpu_capability()
    return VECTORS.get(allowed, allowed)


def commit() -> str:
    answer = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, encoding="utf-8", check=False
    )
    return answer.stdout.strip() or "unknown"


def cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
