"""Writes the course with all packages that it needs, for this system and this Python.

    python -m spikeviz.pack OUT

OUT/course    the files of this checkout, as they are
OUT/wheels    the packages, in the versions of this environment, from where pip gets them here
OUT/start.py  what the start script of this system runs; README.txt says how
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# What belongs to whoever packs: .venv and caches, anywhere; and what the commands write.
PRIVATE = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "progress*.json")
WRITTEN = {"build", "dist", "runs", "prepared", "site", "slides", "teacher", "pack"}
SCRIPTS = {  # its name and text; %s is Python's version, such as 3.11
    "win32": ("start.bat", '@echo off\r\npy -%s "%%~dp0start.py" %%*\r\npause\r\n'),
    "darwin": ("start.command", '#!/bin/sh\nexec python%s "$(dirname "$0")/start.py" "$@"\n'),
    "linux": ("start.sh", '#!/bin/sh\nexec python%s "$(dirname "$0")/start.py" "$@"\n'),
}
HOW = {
    "win32": "Double-click start.bat.",
    "darwin": "Double-click start.command (the first time: right-click, Open).",
    "linux": "In a terminal, in this folder:  sh start.sh",
}
README = """The course SpikeAtConv, to set up without a network.

Needed: {system}, Python {python} (from python.org; not in this folder), 2.5 GB free on the disk.

{how}

It copies the course to the folder spikeatconv-course in your home, sets it up there in some
minutes, and opens it in your browser. The stick can go then. Later starts need only the copy:
python{python} course.py lab, in that folder. Another place:  start.py FOLDER
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="course.py pack", description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, nargs="?", default=CHECKOUT / "pack")
    out = parser.parse_args(arguments).out.resolve()
    if out.exists() and any(out.iterdir()) and not (out / "start.py").is_file():
        print(f"{out} holds something else; give a new or an empty folder", file=sys.stderr)
        return 1
    for old in ("course", "wheels"):
        shutil.rmtree(out / old, ignore_errors=True)
    status = fetch(out / "wheels")
    if status:
        return status
    copy_course(out)
    write_start(out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"Written: {out}, {size / 1e6:.0f} MB. Copy the folder to a stick; README.txt in it says "
          "how to start.")  # fmt: skip
    return 0


def fetch(wheels: Path) -> int:
    """The packages as wheels, from pip's own sources; its exit status."""
    wheels.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip"]
    # What learners get is what whoever packs has tried.
    have = subprocess.run([*pip, "freeze", "--exclude-editable"], check=True, capture_output=True)
    versions = wheels / "versions.txt"
    versions.write_bytes(have.stdout)
    build = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    # What builds the project, pip takes from here too; editables: for an install as `-e`.
    wanted = [f"{CHECKOUT}[course]", "editables", "pip", *build["build-system"]["requires"]]
    print("Fetching the packages; the larger ones take a while.", flush=True)
    command = [*pip, "wheel", "--no-input", "--quiet", "--progress-bar", "off"]
    command += ["--wheel-dir", str(wheels), "--constraint", str(versions)]
    status = subprocess.run([*command, *wanted]).returncode
    for own in wheels.glob("spikeatconv-*.whl"):  # it is there as the course's files
        own.unlink()
    return status


def copy_course(out: Path) -> None:
    def left_out(folder: str, names: list[str]) -> set[str]:
        written = WRITTEN if Path(folder) == CHECKOUT else set()
        return PRIVATE(folder, names) | written | {n for n in names if Path(folder, n) == out}

    shutil.copytree(CHECKOUT, out / "course", ignore=left_out)


def write_start(out: Path) -> None:
    """start.py, which knows for whom it is, and what starts it on this system."""
    python = ".".join(platform.python_version_tuple()[:2])
    fits = {"system": sys.platform, "machine": platform.machine(), "python": python}
    start = Path(__file__).with_name("start.py").read_text(encoding="utf-8")
    (out / "start.py").write_text(start, encoding="utf-8")
    (out / "fits.json").write_text(json.dumps(fits), encoding="utf-8")
    system = sys.platform if sys.platform in SCRIPTS else "linux"
    name, script = SCRIPTS[system]
    (out / name).write_bytes((script % python).encode())
    os.chmod(out / name, 0o755)
    kind = f"{platform.system()} on {platform.machine()}".replace("Darwin", "macOS")
    words = README.format(system=kind, python=python, how=HOW[system])
    (out / "README.txt").write_text(words, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
