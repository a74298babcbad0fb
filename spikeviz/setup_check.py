"""A check of the set-up that tells what is wrong and how to mend it."""

import html
import io
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

AGAIN = (
    "close JupyterLab, delete the folder .venv in the course's folder, "
    "and run `python3 course.py lab` there"
)
LAB_EXTENSIONS = {
    "anywidget": "anywidget",
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
}
EXPECTED = [0.0, 1.0, 0.0, 1.0]  # H = 0.75, 1.125, 0.75, 1.125
NEURON = """
import json, torch
from spikeatconv import LIF

spikes = LIF(tau=2.0)(torch.full((4, 1), 1.5))[:, 0].tolist()
device = "NVIDIA GPU" if torch.cuda.is_available() else "CPU, which is enough"
device = "Apple GPU" if torch.backends.mps.is_available() else device
print(json.dumps([spikes, f"torch {torch.__version__} on {device}"]))
"""


@dataclass(frozen=True)
class Check:
    """One line of the report: what was looked at, whether it is fine, what was found, the mend."""

    name: str
    fine: bool
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Report:
    """All checks. Printed as text, shown as a table in a notebook."""

    checks: tuple[Check, ...]

    @property
    def fine(self) -> bool:
        return all(check.fine for check in self.checks)

    @property
    def verdict(self) -> str:
        wrong = sum(not check.fine for check in self.checks)
        return "All set." if self.fine else f"{wrong} to mend, see below."

    def __repr__(self) -> str:
        lines = [f"{'✓' if c.fine else '✗'} {c.name}: {c.found}" + _mend(c) for c in self.checks]
        return "\n".join([self.verdict, *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'✓ fine' if c.fine else '✗ mend'}</td>"
            f'<td style="text-align: left">{html.escape(c.name)}</td>'
            f'<td style="text-align: left">{html.escape(c.found + _mend(c))}</td></tr>'
            for c in self.checks
        )
        head = "<tr><th></th><th>Looked at</th><th>Found</th></tr>"
        return f"<p><b>{self.verdict}</b></p><table>{head}{rows}</table>"


def _mend(check: Check) -> str:
    return "" if check.fine else f". To mend it: {check.mend}"


def check_setup() -> Report:
    """Look at Python, packages, widgets, data and computing device. Never raises."""
    return Report(
        (
            _check(
                "Python", _python, f"install Python 3.11 or newer from python.org, then {AGAIN}"
            ),
            _check("Packages", _packages, AGAIN),
            _check("Widgets", _widgets, AGAIN),
            _check("A spiking neuron", _neuron, AGAIN),
            _check("Data", _data, "run `git checkout -- data` in the course's folder"),
        )
    )


def _check(name: str, look: Callable[[], tuple[bool, str]], mend: str) -> Check:
    try:
        return Check(name, *look(), mend)
    except Exception as error:  # a broken package may raise anything; the report must go on
        return Check(name, False, f"{type(error).__name__}: {error}".splitlines()[0], mend)


def _python() -> tuple[bool, str]:
    return sys.version_info >= (3, 11), f"{platform.python_version()} in {sys.prefix}"


def _packages() -> tuple[bool, str]:
    """Every requirement of the course against what is installed."""
    wanted = [Requirement(text) for text in metadata.requires("spikeatconv") or []]
    wanted = [r for r in wanted if not (r.marker and "extra" in str(r.marker))]
    if not wanted:
        return False, "the course's own package names no requirements; its install is broken"
    problems = [problem for requirement in wanted if (problem := _problem(requirement))]
    return not problems, "; ".join(problems) or f"{len(wanted)} packages, all in their range"


def _problem(requirement: Requirement) -> str:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"{requirement.name} is {version}, wanted {requirement.specifier}"


def _widgets() -> tuple[bool, str]:
    """The parts of JupyterLab that draw widgets live beside the kernel's own packages."""
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    missing = [package for name, package in LAB_EXTENSIONS.items() if not (folder / name).is_dir()]
    if missing:
        return False, f"JupyterLab lacks its part of {' and '.join(missing)}"
    return True, "JupyterLab can draw them"


def _neuron() -> tuple[bool, str]:
    """In a process of its own: torch takes 200 MB, and nobody else here needs it. A torch that this
    machine cannot run ends that process, not the notebook's."""
    done = subprocess.run(
        [sys.executable, "-c", NEURON], stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        return False, f"Python ended with {done.returncode}: {said[-1]}"
    spikes, found = json.loads(done.stdout.splitlines()[-1])
    if spikes != EXPECTED:
        return False, f"spikes {spikes}, expected {EXPECTED}"
    return True, f"spikes {spikes}, {found}"


def _data() -> tuple[bool, str]:
    import numpy as np

    from spikeatconv.data import checked

    with np.load(
        io.BytesIO(checked("mnist5k.npz"))
    ) as arrays:  # without torch: it has its own line
        train, test = (len(arrays[f"{split}_labels"]) for split in ("train", "test"))
    if (train, test) != (4000, 1000):
        return False, f"{train} + {test} digits, expected 4000 + 1000"
    return True, f"{train} + {test} digits, undamaged"
