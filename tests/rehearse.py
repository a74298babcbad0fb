"""What learners and teachers do, in an environment without the tools of the tests.

    python tests/rehearse.py FOLDER

runs every notebook, writes the site of the whole course there, and hands in, grades and exports the
notebook that needs most, as a teacher would. `course.py test` starts it first of all.
"""

import asyncio
import contextlib
import copy
import csv
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from spikeviz.publish.running import NotebookFailedError, execute_all
from spikeviz.publish.site import save_site
from spikeviz.publish.teacher import write_course

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
EXERCISES = Path(__file__).parent / "spikeviz/exercises/answers"
GRADED = "12_imagenet"
PATIENCE = 2  # seconds, then a learner stops what takes long and was seen before
HOARD = {  # glibc: what is freed is given back, but not each time that a tensor goes
    "MALLOC_MMAP_THRESHOLD_": "2000000",
    "MALLOC_TRIM_THRESHOLD_": "16000000",
}


class Again(NotebookClient):
    """Runs a notebook as ever, then in the same kernel once more from the last cell to the first,
    so that each runs again right after its neighbour; a cell with the tag `long` is then stopped
    after a while, as by the lab's button. What came of that is in `metadata.again`, while outputs
    and widgets are those of the first time.

    errors: [cell, message]. peaks: the most MB that the kernel held, the first time and then;
    empty where the system does not tell (Linux does).
    """

    @contextlib.asynccontextmanager
    async def async_setup_kernel(self, **options):
        async with super().async_setup_kernel(**options, env={**os.environ, **HOARD}):
            yield  # the first time
            errors, peaks = [], self._peak()
            cells, first = self.nb.cells, len(self.nb.cells)
            cells += copy.deepcopy([c for c in reversed(cells) if c.cell_type == "code"])
            for index in range(first, len(cells)):
                try:
                    await self._run_again(cells[index], index)
                except CellExecutionError as error:
                    if error.ename == "KeyboardInterrupt":
                        continue  # it was stopped
                    errors.append([cells[index].id, f"{error.ename}: {error.evalue}"])
            del cells[first:]
            self.nb.metadata["again"] = {"errors": errors, "peaks": peaks + self._peak()}

    async def _run_again(self, cell, index):
        run = asyncio.ensure_future(self.async_execute_cell(cell, index))
        if "long" in cell.metadata.get("tags", []):
            await asyncio.wait([run], timeout=PATIENCE)
            if not run.done():
                await self.km.interrupt_kernel()
        await run

    def _peak(self):
        """[most MB since the last time it was asked for]."""
        process = Path("/proc") / str(self.km.provisioner.pid)
        if not (process / "clear_refs").exists():
            return []
        most = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text(encoding="utf-8"))
        (process / "clear_refs").write_text("5", encoding="utf-8")  # from now on
        return [int(most[1]) / 1000]


def nbgrader(folder: Path, *words: str) -> str:
    """Runs nbgrader there, with this environment's own programs, as it asks for them by name."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def hand_in(edition: Path, student: str, stem: str, answer: str | None) -> None:
    """What a student submits: the released notebook, with an answer or as it was."""
    released = edition / "release" / stem / f"{stem}.ipynb"
    place = edition / "submitted" / student / stem
    place.mkdir(parents=True)
    notebook = nbformat.read(released, as_version=4)
    (task,) = [c for c in notebook.cells if c.id == "exercise-code"]
    task.source = task.source if answer is None else answer
    nbformat.write(notebook, place / released.name)


def grades(edition: Path, stem: str) -> dict[str, dict[str, str]]:
    """Grades what was handed in. {student: the row of grades.csv}"""
    nbgrader(edition, "autograde", stem)
    nbgrader(edition, "export")
    return exported(edition, stem)


def exported(edition: Path, stem: str) -> dict[str, dict[str, str]]:
    with (edition / "grades.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["assignment"] == stem]
    return {row["student_id"]: row for row in rows}


def solved_and_graded(edition: Path) -> dict[str, dict[str, str]]:
    """The grades of a student who handed in the solution of the notebook that needs most."""
    write_course(edition)
    nbgrader(edition, "generate_assignment", GRADED)
    (exercise,) = (EXERCISES / GRADED).iterdir()
    hand_in(edition, "ada", GRADED, (exercise / "solution.py").read_text(encoding="utf-8"))
    return grades(edition, GRADED)


def main(folder: Path) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    status, cache = 0, folder / "executed"
    with ThreadPoolExecutor(1) as pool:  # so that no core waits for it at the end
        graded = pool.submit(solved_and_graded, folder / "teacher")
        # The long ones come late in the course, and begin first here.
        execute_all(sorted(NOTEBOOKS.glob("*.ipynb"), reverse=True), cache, Again)
        try:
            save_site(folder / "site", cache=cache)
        except NotebookFailedError as error:
            print(error, file=sys.stderr)
            status = 1
    try:
        print(f"{GRADED}, graded: {graded.result()['ada']['score']} points")
    except AssertionError as error:
        print(error, file=sys.stderr)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
