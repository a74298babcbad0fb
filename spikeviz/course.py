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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NoReturn

OLDEST_PYTHON = (3, 11)
REPO = Path(__file__).resolve().parents[1]
VENV = REPO / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOG = VENV / "setup.log"
STAMP = VENV / "setup.json"  # written last, so that a half-made environment never counts as done
OLD = REPO / ".venv.old"  # an environment on its way out
LOCK = REPO / ".venv.lock"  # held while .venv is changed
CHILD = Path(__file__).with_name("child.py")

# What the environment says of itself. Run with -I: else the checkout would shadow the install.
# broken: records of packages that pip has not finished, or whose files were deleted since.
PROBE = """
import json, sys, sysconfig
from importlib.util import find_spec
from pathlib import Path
def whole(info):
    if not (info / "INSTALLER").is_file() or not (info / "RECORD").is_file():
        return False
    lines = (info / "RECORD").read_text(encoding="utf-8").splitlines()
    parts = {line.split(",")[0].split("/")[0] for line in lines} - {"__pycache__"}
    return all((info.parent / part).exists() for part in parts)
infos = sorted(Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
broken = [info for info in infos if not whole(info)]
packages = [info.name.split("-")[0] for info in infos if info not in broken]
package = find_spec("spikeatconv")
print(json.dumps({"version": sys.version_info[:2], "prefix": sys.prefix, "pip": "pip" in packages,
                  "package": package and package.origin, "packages": packages,
                  "broken": [str(info) for info in broken]}))
"""

# Run with -I after pip, which would do it on one core alone.
COMPILE = """
import compileall, sysconfig
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import cache_from_source
from pathlib import Path
files = Path(sysconfig.get_path("purelib")).rglob("*.py")
new = [file for file in files if not Path(cache_from_source(file)).exists()]
with ProcessPoolExecutor() as pool:
    list(pool.map(partial(compileall.compile_file, quiet=2), new, chunksize=20))
"""

# Variables that would send the environment's Python, or what pip installs, to another place.
ELSEWHERE = ("PYTHONHOME", "PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PIP_USER")
EXTRAS = {"course", "test"}  # of pyproject.toml: what all need, and what the tests need
WHEELS = "SPIKEATCONV_WHEELS"  # names the folder of packages that `pack` wrote: no network needed
REHEARSAL = REPO / "build" / "rehearsal"

SMALLER = """On Linux, about 3 GB less to fetch (PyTorch without CUDA):
  PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu python3 course.py lab"""


# --- the commands ---------------------------------------------------------------------------


def lab(options: argparse.Namespace) -> int:
    """Opens the course in JupyterLab; its exit status is ours."""
    set_up()
    with suppress(OSError):  # a checkout that may only be read keeps what it has
        settle_jupyterlab()
    contents = "--ServerApp.contents_manager_class=spikeviz.contents.Contents"
    return open_jupyterlab(options, REPO, "/lab/tree/notebooks/00_start_here.ipynb", contents)


def grade(options: argparse.Namespace) -> int:
    """Opens nbgrader's formgrader, switched on for this server only."""
    set_up()
    folder = Path(options.folder or REPO / "teacher")
    if not (folder / "nbgrader_config.py").is_file():
        fail(f"{folder} holds no instructor's edition. Write one first: course.py teacher")
    with suppress(OSError):
        settle_jupyterlab()
    formgrader = "nbgrader.server_extensions.formgrader=True"
    return open_jupyterlab(
        options, folder, "/formgrader", f"--ServerApp.jpserver_extensions={formgrader}"
    )


def open_jupyterlab(options: argparse.Namespace, root: Path, address: str, *more: str) -> int:
    command = ["jupyterlab", f"--ServerApp.root_dir={root}", f"--LabApp.default_url={address}"]
    command += more
    command += ["--ServerApp.answer_yes=True"]  # Ctrl-C stops at once instead of asking
    command += ["--allow-root"]  # as in containers; it listens on localhost, behind a token
    command += ["--no-browser"] if options.no_browser else []
    command += [f"--ServerApp.port={options.port}"] if options.port else []
    print("Starting JupyterLab; Ctrl-C here stops it.", flush=True)
    return run_module(*command, cwd=str(root))  # nbgrader looks for its settings there


def setup(options: argparse.Namespace) -> int:
    """Sets everything up and starts nothing: for a server, or the day before a class."""
    set_up()
    settle_jupyterlab()
    print("The course is set up.")
    return 0


def test(options: argparse.Namespace) -> int:
    """Runs the tests; their exit status is ours.

    All of them, before the tools of the tests are there: first every notebook becomes a page, and
    one is graded, in what learners and teachers have. Pytest looks at these outcomes then.
    """
    variables, status = {}, 0
    if not options.more and not is_ready("test"):
        set_up()
        variables["SPIKEVIZ_REHEARSAL"] = str(REHEARSAL)
        status = run([PYTHON, "tests/rehearse.py", REHEARSAL])
    set_up("test")
    # jsonschema, a part of Jupyter, loads that one for addresses in letters of all languages; it
    # would cost each process of the tests as many seconds as PyTorch.
    limited = os.pathsep.join(filter(None, [str(REPO / "tests/limited"), os.getenv("PYTHONPATH")]))
    variables |= {"PYTHONPATH": limited, "ABSENT_MODULES": "rfc3987_syntax"}
    command = [PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile", *options.more]
    return run(command, variables) or status


def publish(options: argparse.Namespace) -> int:
    """Makes pages of notebooks: a site, slides, a voila page, the instructor's edition."""
    set_up()
    words = [getattr(options, name, None) for name in ("notebook", "out")]
    for name in ("seed", "predictions"):
        if getattr(options, name, None):
            words += [f"--{name}={getattr(options, name)}"]
    return run_module("spikeviz.publish", options.command, *filter(None, words), *options.more)


def pack(options: argparse.Namespace) -> int:
    """Writes the course and its packages into one folder, for machines without a network."""
    set_up()
    return run_module("spikeviz.pack", *filter(None, [options.out]))


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line. A new command: a function like `lab` above and one `add` here."""
    look: Any = {"epilog": SMALLER, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(
        description="Sets up the course in the folder .venv, then starts it. The first start "
        "fetches the\npackages (minutes); every later one takes seconds and needs no network.",
        **look,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name, text, function=publish, usage=None) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, help=text, description=text, usage=usage, allow_abbrev=False, **look
        )
        command.set_defaults(function=function)
        return command

    def add_server(*words) -> argparse.ArgumentParser:
        command = add(*words)
        command.add_argument("--no-browser", action="store_true", help="only print the address")
        command.add_argument("--port", type=port, metavar="N", help="where to listen (else 8888)")
        return command

    add_server("lab", "Open the course in JupyterLab, at notebooks/00_start_here.ipynb.", lab)

    add("setup", "Set everything up and start nothing, as for a server.", setup)

    add("test", "Run the tests: pytest in two processes.", test, "course.py test [PYTEST ...]")

    command = add("site", "Write the whole course as a static site; widgets work there too.")
    command.add_argument("out", nargs="?", type=path, metavar="OUT", help="a folder (else site)")

    command = add("slides", "Write a notebook as slides, in one file that works offline.")
    command.add_argument("notebook", type=notebook, metavar="NB", help="such as 01, or a path")
    command.add_argument("out", nargs="?", type=path, metavar="OUT", help="else slides/NB.html")

    text = "Write the instructor's edition: notebooks for nbgrader, with solutions."
    command = add("teacher", text)
    command.add_argument("out", nargs="?", type=path, metavar="OUT", help="a folder (else teacher)")
    command.add_argument("--seed", metavar="WORDS",
                         help="hidden variants of the exercises come from any words of yours, "
                         "which stay in OUT (else from those of before, or chance)")  # fmt: skip
    command.add_argument("--predictions", type=path, metavar="FOLDER",
                         help="write a table of what a class predicted, from its notebooks: "
                         "FOLDER/STUDENT/.../NB.ipynb (OUT else predictions.csv)")  # fmt: skip

    text = "Write the course and its packages in one folder, to set up without a network."
    command = add("pack", text, pack)
    command.add_argument("out", nargs="?", type=path, metavar="OUT", help="a folder (else pack)")

    text = "Grade what students handed in: open nbgrader's formgrader in the instructor's edition."
    command = add_server("grade", text, grade)
    command.add_argument("folder", nargs="?", type=path, metavar="DIR", help="else teacher")

    command = add("voila", "Serve a notebook as a page without its code, and open it.",
                  usage="course.py voila NB [OPTION OF VOILA ...]")  # fmt: skip
    command.add_argument("notebook", type=notebook, metavar="NB", help="such as 01, or a path")

    options, more = parser.parse_known_args(arguments)
    options.more = more
    if options.more and options.command not in ("test", "voila"):
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


def set_up(extra: str = "course") -> None:
    """Makes .venv ready, with one of pyproject.toml's extras; at once if it is."""
    if is_ready(extra):
        return
    with hold_lock() as lock:
        if not is_ready(extra):  # the set-up that we waited for may have done it
            complete(extra, lock)


def is_ready(extra: str) -> bool:
    probe, stamp = look_inside(), read_stamp()
    return (
        not what_is_wrong(probe, stamp)
        and stamp.get("made_from") == fingerprint(probe)
        and extra in stamp["extras"]
        and not find_lost(probe, stamp)
        and not probe["broken"]
    )


def complete(extra: str, lock: int) -> None:
    """Makes .venv, or what it lacks. lock: the file that holds it, for the programs that do so."""
    if VENV.is_symlink() and not VENV.exists():
        fail(f"{VENV} is a link to {os.readlink(VENV)}, which is not there. Remove the link, then "
             "run the same command again.")  # fmt: skip
    if VENV.is_file():
        fail(f"{VENV} is a file. Remove it, then run the same command again.")
    discard(OLD)
    probe, stamp = look_inside(), read_stamp()
    wrong = not is_new() and what_is_wrong(probe, stamp)
    if wrong:
        print(f"Making .venv anew: {wrong}.", flush=True)
        remove_environment()
    elif missing := find_lost(probe, stamp):
        print(f"Mending .venv: {', '.join(missing)} is not there, or not whole.", flush=True)
    for info in [] if wrong else probe.get("broken", []):
        shutil.rmtree(info)  # with its record pip would believe it whole
    # Extras that are there already stay, and are brought up to date with the rest.
    extras = sorted({"course", extra, *stamp.get("extras", [])} & EXTRAS)
    install(extras, lock)
    probe = look_inside()
    stamp = {"extras": extras, "packages": probe.get("packages", [])}
    wrong = what_is_wrong(probe, {**stamp, "made_from": "here"})
    if wrong:
        fail(f"The set-up ran, yet {wrong}. Delete {VENV} and run the same command again.")
    STAMP.write_text(json.dumps({"made_from": fingerprint(probe), **stamp}), encoding="utf-8")


def install(extras: list[str], lock: int) -> None:
    """Makes the environment if there is none, then has this project installed into it by pip."""
    new = is_new()
    if new and not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        fail("This Python cannot make environments. On Debian and Ubuntu, run\n"
             "  sudo apt install python3-venv\nand then the same command again.")  # fmt: skip
    if new and free_space() < 5:
        print(f"Only {free_space():.1f} GB are free on this disk; up to 5 GB may be needed.")
    progress = Progress("Setting up .venv, minutes the first time" if new else "Updating .venv")
    VENV.mkdir(exist_ok=True)
    STAMP.unlink(missing_ok=True)
    with LOG.open("w", encoding="utf-8") as log:
        if new:
            follow([sys.executable, "-m", "venv", VENV], log, progress, lock)
        wrong = what_is_wrong(look_inside(), {})
        if wrong:  # never let pip near another Python than the environment's own
            fail(f"The environment was made, yet {wrong}. Nothing was installed.")
        project = f".[{','.join(extras)}]"
        # -I: nothing of the user's own Python. It refuses to work outside of an environment, and
        # where pip's settings name another place, this one holds.
        pip = [PYTHON, "-I", CHILD, "pip", "--require-virtualenv", "install", "--prefix", VENV]
        options = ["--no-input", "--progress-bar", "off", "--no-compile"]
        if packed := os.environ.get(WHEELS):
            options += ["--no-index", "--find-links", packed]
        follow([*pip, *options, "-e", project], log, progress, lock)
        follow([PYTHON, "-I", "-c", COMPILE], log, progress, lock)
    progress.end("done")


@contextmanager
def hold_lock() -> Iterator[int]:
    """One set-up at a time. The system frees the lock when all who hold it are gone: this program,
    and the pip that it started, which may outlive it."""
    try:
        file = LOCK.open("w", encoding="utf-8")
    except OSError as error:
        fail(f"The course is not set up yet, and {REPO} cannot be written ({error.strerror}). Copy "
             "it to a folder of your own and run the same command there.")  # fmt: skip
    with file:
        if not take_lock(file):
            print("Another set-up is at work in this folder; waiting for it.", flush=True)
            while not take_lock(file):
                time.sleep(0.5)
        yield file.fileno()


def take_lock(file: IO) -> bool:
    """Takes the lock, unless somebody else has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # a disk without locks
    return True


def look_inside() -> dict:
    """What the interpreter in .venv says of itself; empty if there is none that runs."""
    try:
        process = start([PYTHON, "-I", "-c", PROBE], stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL, encoding="utf-8")  # fmt: skip
        return json.loads(process.communicate()[0])
    except (OSError, ValueError):
        return {}


def read_stamp() -> dict:
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_new() -> bool:
    """Whether there is no environment yet; an empty folder, or a link to one, is none."""
    return not VENV.exists() or not any(VENV.iterdir())


def find_lost(probe: dict, stamp: dict) -> list[str]:
    """The packages that the set-up left there and that are not there any more, or not whole."""
    return sorted(set(stamp.get("packages", [])) - set(probe.get("packages", [])))


def what_is_wrong(probe: dict, stamp: dict) -> str:
    """Why the environment cannot be used or completed as it is; empty if it can."""
    if not probe:
        return "its Python does not run (an interrupted set-up, or Python was moved or removed)"
    if Path(probe["prefix"]).resolve() != VENV.resolve():
        return f"its Python belongs to {probe['prefix']} (an interrupted set-up)"
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
    """Out of the way in one step, then away: a half-removed one never stands in its place."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        fail("This command runs on the very Python it has to replace: leave the environment "
             "with `deactivate`, then run it again.")  # fmt: skip
    try:
        VENV.rename(OLD)
    except OSError as error:
        fail(f"{VENV} cannot be removed ({error}). Close what uses it, delete it by hand and "
             "run the same command again.")  # fmt: skip
    discard(OLD)


def discard(folder: Path) -> None:
    """Removes what it can; of a link, the link."""
    folder.unlink() if folder.is_symlink() else shutil.rmtree(folder, ignore_errors=True)


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


def start(command: list, variables: dict[str, str] | None = None, **options) -> subprocess.Popen:
    """Starts a program in the repository; every program this file runs goes through here."""
    # Without this variable a kernel in the user's home would come before the environment's own.
    all_variables = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", **(variables or {})}
    for name in ELSEWHERE:
        all_variables.pop(name, None)
    if not os.access(Path.home(), os.W_OK):  # Jupyter keeps its settings and a socket there
        all_variables["HOME"] = str(VENV / "home")
    words = [str(word) for word in command]
    return subprocess.Popen(words, **{"cwd": str(REPO), "env": all_variables, **options})


def run_module(*words: str, **options) -> int:
    """Runs a module of the environment, which ends when this program does, and its kernels too."""
    return run([PYTHON, CHILD, *words], stdin=subprocess.PIPE, **options)


def run(command: list, variables: dict[str, str] | None = None, **options) -> int:
    """Runs a program that talks to the user itself; returns its exit status."""
    process = start(command, variables, **options)
    # It gets Ctrl-C as well and ends as it sees fit; a plain `kill` is passed on.
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def follow(command: list, log: IO, progress: Progress, lock: int) -> None:
    """Runs one step of the set-up: its output to the log, one line of progress to the user."""
    shared = () if os.name == "nt" else (lock,)
    process = start(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                    pass_fds=shared)  # fmt: skip
    while process.poll() is None:
        progress.show(read_activity(read_log()))
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


def read_activity(output: str) -> str:
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
    if sys.getfilesystemencoding() != "utf-8":  # a locale in which "ö" of a path is no letter
        os.environ.update(LC_ALL="C.UTF-8", PYTHONUTF8="1")
        os.execv(sys.executable, [sys.executable, *sys.argv])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # pip may write what the terminal cannot show
    sys.exit(main(sys.argv[1:]))
