"""What `python3 course.py` does: sets up the course's environment, then starts what was asked for.

It runs before anything is installed: only the standard library is there, not even this package.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

OLDEST_PYTHON = (3, 11)
REPO = Path(__file__).resolve().parents[1]
VENV = REPO / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOG = VENV / "setup.log"
STAMP = VENV / "setup.json"  # written last, so that a half-made environment never counts as done

# What the environment says of itself. Run with -I: else the checkout would shadow the install.
PROBE = """
import json, sys
from importlib.util import find_spec
package = find_spec("spikeatconv")
print(json.dumps({"version": sys.version_info[:2], "pip": find_spec("pip") is not None,
                  "package": package and package.origin}))
"""

SMALLER = """On Linux, about 3 GB less to fetch (PyTorch without CUDA):
  PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu python3 course.py lab"""


# --- the commands ---------------------------------------------------------------------------


def lab(options: argparse.Namespace) -> int:
    """Opens the course in JupyterLab; its exit status is ours."""
    set_up()
    settle_jupyterlab()
    command = [PYTHON, "-m", "jupyterlab", f"--ServerApp.root_dir={REPO}"]
    command += ["--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"]
    command += ["--ServerApp.answer_yes=True"]  # Ctrl-C stops at once instead of asking
    command += ["--allow-root"]  # as in containers; it listens on localhost, behind a token
    command += ["--no-browser"] if options.no_browser else []
    command += [f"--ServerApp.port={options.port}"] if options.port else []
    print("Starting JupyterLab; Ctrl-C here stops it.", flush=True)
    return run(command)


def test(options: argparse.Namespace) -> int:
    """Runs the tests; pytest's exit status is ours."""
    set_up("test")
    return run([PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile", *options.more])


def site(options: argparse.Namespace) -> int:
    """Writes every notebook as a page of a site that works without Python."""
    return publish("site", *filter(None, [options.out]))


def slides(options: argparse.Namespace) -> int:
    """Writes a notebook as slides."""
    return publish("slides", *filter(None, [options.notebook, options.out]))


def teacher(options: argparse.Namespace) -> int:
    """Writes the instructor's edition, a course for nbgrader."""
    return publish("teacher", *filter(None, [options.out]))


def voila(options: argparse.Namespace) -> int:
    """Serves a notebook as a page, with Python behind it, until Ctrl-C."""
    return publish("voila", options.notebook, *options.more)


def publish(*words: str) -> int:
    """Runs what makes pages of notebooks; its exit status is ours."""
    set_up("publish")
    return run([PYTHON, "-m", "spikeviz.publish", *words])


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line. A new command: a function like `lab` above and one `add` here."""
    parser = argparse.ArgumentParser(
        description="Sets up the course in the folder .venv, then starts it. The first start "
        "fetches the\npackages (minutes); every later one takes seconds and needs no network.",
        epilog=SMALLER,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(function, text, usage=None) -> argparse.ArgumentParser:
        command = commands.add_parser(
            function.__name__,
            help=text,
            description=text,
            usage=usage,
            epilog=SMALLER,
            formatter_class=parser.formatter_class,
            allow_abbrev=False,
        )
        command.set_defaults(function=function)
        return command

    command = add(lab, "Open the course in JupyterLab, at notebooks/00_start_here.ipynb.")
    command.add_argument("--no-browser", action="store_true", help="only print the address")
    command.add_argument("--port", type=port, metavar="N", help="where to listen (else 8888)")

    add(test, "Run the tests: pytest in two processes.", usage="course.py test [PYTEST ...]")

    command = add(site, "Write the whole course as a static site; widgets work there too.")
    command.add_argument("out", nargs="?", type=path, metavar="OUT", help="a folder (else site)")

    command = add(slides, "Write a notebook as slides, in one file that works offline.")
    command.add_argument("notebook", type=notebook, metavar="NB", help="such as 01, or a path")
    command.add_argument("out", nargs="?", type=path, metavar="OUT", help="else slides/NB.html")

    command = add(
        teacher, "Write the instructor's edition: notebooks for nbgrader, with solutions."
    )
    command.add_argument("out", nargs="?", type=path, metavar="OUT", help="a folder (else teacher)")

    command = add(voila, "Serve a notebook as a page, with Python behind it, and open it.",
                  usage="course.py voila NB [OPTION OF VOILA ...]")  # fmt: skip
    command.add_argument("notebook", type=notebook, metavar="NB", help="such as 01, or a path")

    options, more = parser.parse_known_args(arguments)
    options.more = more
    if options.more and options.function not in (test, voila):
        found, name = " ".join(options.more), options.command
        parser.error(f"'{name}' does not know {found}; course.py {name} --help says what it knows")
    return options


def path(text: str) -> str:
    """Seen from where the user stands; programs run in the repository."""
    return str(Path(text).resolve())


def notebook(text: str) -> str:
    """A notebook: of the course, by its name, or a file."""
    return path(text) if Path(text).is_file() else text


def port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        expected = "expected a whole number from 1 to 65535, for example 8899"
        raise argparse.ArgumentTypeError(f"found {text!r}, {expected}")
    return int(text)


# --- the environment ------------------------------------------------------------------------


def set_up(extra: str = "") -> None:
    """Makes .venv ready, with one of pyproject.toml's extras if named; at once if it is."""
    probe, stamp = look_inside(), read_stamp()
    wrong = what_is_wrong(probe, stamp)
    done = not wrong and stamp.get("made_from") == fingerprint(probe)
    if done and (not extra or extra in stamp["extras"]):
        return
    if VENV.exists() and wrong:
        print(f"Making .venv anew: {wrong}.", flush=True)
        remove_environment()
    STAMP.unlink(missing_ok=True)
    # Extras that are there already stay, and are brought up to date with the rest.
    extras = sorted({extra, *stamp.get("extras", [])} - {""})
    install(extras)
    probe, stamp = look_inside(), {"extras": extras}
    wrong = what_is_wrong(probe, stamp)
    if wrong:
        fail(f"The set-up ran, yet {wrong}. Delete {VENV} and run the same command again.")
    STAMP.write_text(json.dumps({"made_from": fingerprint(probe), **stamp}), encoding="utf-8")


def install(extras: list[str]) -> None:
    """Makes the environment if there is none, then lets pip install this project into it."""
    new = not VENV.exists()
    if new and not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        fail("This Python cannot make environments. On Debian and Ubuntu, run\n"
             "  sudo apt install python3-venv\nand then the same command again.")  # fmt: skip
    if new and free_space() < 5:
        print(f"Only {free_space():.1f} GB are free on this disk; up to 5 GB may be needed.")
    VENV.mkdir(exist_ok=True)
    project = f".[{','.join(extras)}]" if extras else "."
    pip = [PYTHON, "-m", "pip", "install", "--no-input", "--progress-bar", "off", "-e", project]
    progress = Progress("Setting up .venv, minutes the first time" if new else "Updating .venv")
    with LOG.open("w", encoding="utf-8") as log:
        for command in ([sys.executable, "-m", "venv", VENV], pip) if new else (pip,):
            follow(command, log, progress)
    progress.end("done")


def look_inside() -> dict:
    """What the interpreter in .venv says of itself; empty if there is none that runs."""
    try:
        process = start([PYTHON, "-I", "-c", PROBE], stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL, text=True)  # fmt: skip
        return json.loads(process.communicate()[0])
    except (OSError, ValueError):
        return {}


def read_stamp() -> dict:
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def what_is_wrong(probe: dict, stamp: dict) -> str:
    """Why the environment cannot be used or completed as it is; empty if it can."""
    if not probe:
        return "its Python does not run (an interrupted set-up, or Python was moved or removed)"
    if tuple(probe["version"]) < OLDEST_PYTHON:
        return "its Python is {}.{}, 3.11 or newer is needed".format(*probe["version"])
    if not probe["pip"]:
        return "it has no pip (an interrupted set-up, or Python was upgraded)"
    package = probe["package"]
    if package and Path(package).resolve().parent.parent != REPO:
        return f"it runs another checkout, {Path(package).parent.parent}"
    if stamp and not package:
        return "it does not find this project (was the folder moved or renamed?)"
    return ""


def fingerprint(probe: dict) -> str:
    """Changes when the set-up has to be done again."""
    text = (REPO / "pyproject.toml").read_bytes() + str(probe["version"]).encode()
    return hashlib.sha256(text).hexdigest()


def remove_environment() -> None:
    if Path(sys.prefix).resolve() == VENV:
        fail("This command runs on the very Python it has to replace: leave the environment "
             "with `deactivate`, then run it again.")  # fmt: skip
    try:
        shutil.rmtree(VENV)
    except OSError as error:
        fail(f"{VENV} cannot be removed ({error}). Close what uses it, delete it by hand and "
             "run the same command again.")  # fmt: skip


def free_space() -> float:
    return shutil.disk_usage(REPO).free / 1e9


def settle_jupyterlab() -> None:
    """JupyterLab's defaults for this course: in the environment, not in the user's home."""
    settings = VENV / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    overrides = {
        # No news pop-up and no update check.
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false", "checkForUpdates": False
        },
        # Cells out of sight stay in the page: widgets keep running, nothing jumps while scrolling.
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
        # Saved with the notebook, the widgets are there again when it opens without a kernel.
        "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
    }  # fmt: skip
    (settings / "overrides.json").write_text(json.dumps(overrides, indent=2), encoding="utf-8")
    # What the tests and the teacher's edition bring stays out of the students' JupyterLab.
    away = {f"nbgrader.server_extensions.{part}": False for part in (
        "assignment_list", "course_list", "formgrader", "validate_assignment"
    )}  # fmt: skip
    config = VENV / "etc" / "jupyter"
    (config / "labconfig").mkdir(parents=True, exist_ok=True)
    (config / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": away}}, indent=2), encoding="utf-8"
    )
    (config / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": {"@jupyter/nbgrader": True}}, indent=2), encoding="utf-8"
    )


# --- running things -------------------------------------------------------------------------


def start(command: list, **options) -> subprocess.Popen:
    """Starts a program in the repository; every program this file runs goes through here."""
    # Without this variable a kernel in the user's home would come before the environment's own.
    variables = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}
    return subprocess.Popen([str(c) for c in command], cwd=str(REPO), env=variables, **options)


def run(command: list) -> int:
    """Runs a program that talks to the user itself; returns its exit status."""
    process = start(command)
    # It gets Ctrl-C as well and ends as it sees fit; a plain `kill` is passed on.
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def follow(command: list, log, progress: Progress) -> None:
    """Runs one step of the set-up: its output to the log, one line of progress to the user."""
    process = start(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    while process.poll() is None:
        progress.show(activity(read_log()))
        time.sleep(0.2)
    if process.returncode != 0:
        progress.end("failed")
        tail = "\n".join(f"  | {line}" for line in read_log().splitlines()[-25:])
        fail(f"{tail}\nThe set-up failed; the whole output is in {LOG}\nLikely: no network "
             "(behind a company's proxy, set HTTPS_PROXY); a full disk "
             f"({free_space():.1f} GB free, up to 5 needed);\nor pip's settings, which are "
             "followed: `python3 -m pip config list` shows them.\n"
             "Then run the same command again; what was fetched is kept.")  # fmt: skip


def read_log() -> str:
    return LOG.read_text(encoding="utf-8", errors="replace")


def activity(output: str) -> str:
    """What pip is busy with, from the last telling line of its output."""
    telling = r"\s*(?:Collecting|Downloading|Using cached|Processing|Building wheel for) +(.+)"
    for line in reversed(output.splitlines()):
        if line.startswith("Installing collected packages:"):
            return f"installing {line.count(',') + 1} packages"
        found = re.match(telling, line)
        if found:
            file = re.split(r"[\\/]", found.group(1))[-1]
            return "fetching " + re.split(r"-\d|[<>=!~;@\[( ]", file)[0]
    return "preparing"


class Progress:
    """One line, rewritten in place on a terminal; elsewhere one line per phase."""

    def __init__(self, title: str) -> None:
        self.title, self.phase, self.begin = title, "", time.monotonic()
        self.terminal = sys.stdout.isatty()

    def show(self, doing: str) -> None:
        line = f"{self.title}: {time.monotonic() - self.begin:.0f} s, {doing}"
        phase = doing.split()[0]
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + line[:width].ljust(width), end="", flush=True)
        elif phase != self.phase:
            print(line, flush=True)
        self.phase = phase

    def end(self, how: str) -> None:
        self.show(how)
        print(end="\n" if self.terminal else "")


def fail(message: str) -> NoReturn:
    print(message, file=sys.stderr, flush=True)
    raise SystemExit(1)


def main(arguments: list[str]) -> int:
    options = read_arguments(arguments)
    try:
        return options.function(options)
    except KeyboardInterrupt:
        fail("\nStopped. The same command goes on from here.")


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # pip may write what the terminal cannot show
    sys.exit(main(sys.argv[1:]))
