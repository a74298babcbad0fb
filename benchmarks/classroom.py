"""A class that opens the same notebook at the same moment, as on a hub: how long each waits for the
first widget, and the memory that a student takes.

    python benchmarks/classroom.py                            # notebook 01: 30 kernels, 5, 1
    python benchmarks/classroom.py 02 --kernels 10 1

Starts so many kernels at once and runs the notebook's cells in each:
- the time from the start until the kernel answers, and until the first widget is there, in Python;
  the page that draws it runs on the student's own machine;
- the memory of a kernel at the first widget, when it has run all cells before torch is first
  imported ("exploring"), and, of one kernel, at the end of the notebook. PSS shares what kernels
  have in common evenly, USS is what one more kernel takes, RSS counts what is shared in each;
- the memory of a server of JupyterLab, which a hub starts for each student, and its time to start.
Writes results/classroom.json.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import nbformat
import psutil
from jupyter_client import AsyncKernelManager
from report import cpu_kind, known, write

from spikeviz.browser import CHECKOUT, start_course

WIDGET = "application/vnd.jupyter.widget-view+json"
HAS_TORCH = {"torch": "'torch' in __import__('sys').modules"}
KINDS = ("pss", "uss", "rss")


class Student:
    """A kernel and what is measured of it. begin: the moment at which all kernels were started."""

    def __init__(self, begin: float) -> None:
        self.begin = begin
        self.times: dict[str, float] = {}
        self.memory: dict[str, dict[str, float]] = {}

    async def start(self, folder: Path) -> None:
        self.manager = AsyncKernelManager(kernel_name="python3")
        await self.manager.start_kernel(cwd=str(folder), stderr=DEVNULL)
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=300)
        self.times["kernel ready"] = time.perf_counter() - self.begin

    async def run(self, cell: str) -> bool:
        """Runs a cell; whether it showed a widget."""
        shown = []

        def see(message: dict) -> None:
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(message["content"]["traceback"]))
            shown.append(WIDGET in message["content"].get("data", {}))

        await self.client.execute_interactive(cell, output_hook=see, timeout=600)
        return any(shown)

    async def has_torch(self) -> bool:
        reply = await self.client.execute_interactive(
            "", user_expressions=HAS_TORCH, output_hook=lambda message: None
        )
        return reply["content"]["user_expressions"]["torch"]["data"]["text/plain"] == "True"

    def weigh(self, moment: str) -> None:
        process = psutil.Process(self.manager.provisioner.pid)
        self.memory[moment] = weigh(process)

    async def end(self) -> None:
        self.client.stop_channels()
        await self.manager.shutdown_kernel(now=True)


def weigh(process: psutil.Process) -> dict[str, float]:
    """Megabytes; PSS on Linux alone."""
    found = process.memory_full_info()
    return {kind: getattr(found, kind) / 1e6 for kind in KINDS if hasattr(found, kind)}


async def measure_class(cells: list[str], count: int, folder: Path) -> dict[str, Any]:
    """`count` students run the cells side by side."""
    students = [Student(time.perf_counter()) for _ in range(count)]
    try:
        left = await asyncio.gather(*(see_first(student, cells, folder) for student in students))
        for student in students:
            student.weigh("first widget")
        if count == 1:
            await go_on(students[0], left[0])
        return summary(students)
    finally:
        await asyncio.gather(*(student.end() for student in students))


async def see_first(student: Student, cells: list[str], folder: Path) -> list[str]:
    """From the start of the kernel to its first widget; gives the cells that are left."""
    await student.start(folder)
    for number, cell in enumerate(cells, start=1):
        if await student.run(cell):
            student.times["first widget"] = time.perf_counter() - student.begin
            return cells[number:]
    raise ValueError("this notebook shows no widget")


async def go_on(student: Student, cells: list[str]) -> None:
    """The cells after the first widget; weighed before torch comes, and at the end."""
    for cell in cells:
        if not await student.has_torch():
            student.weigh("exploring")
        await student.run(cell)
    student.weigh("end")


def summary(students: list[Student]) -> dict[str, Any]:
    """Of all students: middle and worst time in seconds, middle memory in megabytes."""
    times = {name: [student.times[name] for student in students] for name in students[0].times}
    memory = {
        moment: {
            kind: round(statistics.median(one.memory[moment][kind] for one in students), 1)
            for kind in students[0].memory[moment]
        }
        for moment in students[0].memory
    }
    seconds = {
        name: {"median": round(statistics.median(found), 2), "last": round(max(found), 2)}
        for name, found in times.items()
    }
    return {"seconds": seconds, "memory_mb": memory}


def measure_server() -> dict[str, Any]:
    """One JupyterLab without a kernel."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        with start_course(Path(folder)):
            seconds = time.perf_counter() - begin
            started = psutil.Process().children(recursive=True)
            server = max(started, key=lambda process: process.memory_info().rss)
            return {"seconds": round(seconds, 2), "memory_mb": weigh(server)}


def read_cells(notebook: str) -> list[str]:
    """The code cells of a notebook by the begin of its name."""
    (path,) = (CHECKOUT / "notebooks").glob(f"{notebook}*.ipynb")
    return [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("notebook", nargs="?", default="01")
    parser.add_argument("--kernels", type=int, nargs="+", default=[30, 5, 1], metavar="N")
    options = parser.parse_args()

    kind = cpu_kind()
    results = known("classroom", kind)
    results["server"] = measure_server()
    print("server", results["server"], flush=True)
    found = results.setdefault(options.notebook, {})
    for count in options.kernels:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # of others, before ours
        with tempfile.TemporaryDirectory() as folder:
            measured = asyncio.run(measure_class(read_cells(options.notebook), count, Path(folder)))
        found[str(count)] = {"load_before": load, **measured}
        print(options.notebook, count, found[str(count)], flush=True)
    write("classroom", results, ("jupyterlab", "ipykernel", "ipywidgets", "torch"), kind=kind)


if __name__ == "__main__":
    main()
