"""Settings of every test: property tests without a deadline, the same examples in each CI run,
and one thread, as small tensors gain nothing from more and test processes share the cores."""

import asyncio
import contextlib
import copy
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from hypothesis import settings
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

torch.set_num_threads(1)

settings.register_profile("default", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Once a browser is open, Playwright's event loop runs in this thread for good: what needs
    none, such as a widget's model, is then tested in another thread; not so training, whose
    signals go to this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return None
    if "browser" in pyfuncitem.fixturenames or "training" in pyfuncitem.path.parts:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(alone, pyfuncitem.obj, arguments).result()
    return True


def alone(test, arguments):
    """Run a test, then close the event loop that jupyter_client may have made in this thread."""
    try:
        test(**arguments)
    finally:
        with contextlib.suppress(RuntimeError):  # there is none
            asyncio.get_event_loop().close()


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder of this test run that its processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


class Again(NotebookClient):
    """Runs a notebook as ever, then in the same kernel cells 1, 2, 1, 3, 2, 4, 3, …; what came of
    that is in `metadata.again`, while outputs and widgets are those of the first time. A cell
    with the tag "long", such as a training, runs once more, not twice.

    errors: [cell, message]. peaks: the most MB that the kernel held, the first time and then;
    empty where the system does not tell (Linux does).
    """

    @contextlib.asynccontextmanager
    async def async_setup_kernel(self, **options):
        async with super().async_setup_kernel(**options):
            yield  # the first time
            errors, peaks = [], self._peak()
            cells, first = self.nb.cells, len(self.nb.cells)
            code = [cell for cell in cells if cell.cell_type == "code"]
            brief = [None if "long" in c.metadata.get("tags", ()) else c for c in code]
            order = [c for pair in zip(code, [None, *brief], strict=False) for c in pair if c]
            cells += copy.deepcopy(order)
            for index in range(first, len(cells)):
                try:
                    await self.async_execute_cell(cells[index], index)
                except CellExecutionError as error:
                    errors.append([cells[index].id, f"{error.ename}: {error.evalue}"])
            del cells[first:]
            self.nb.metadata["again"] = {"errors": errors, "peaks": peaks + self._peak()}

    def _peak(self):
        """[most MB since the last time it was asked for]."""
        process = Path("/proc") / str(self.km.provisioner.pid)
        if not (process / "clear_refs").exists():
            return []
        most = re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text(encoding="utf-8"))
        (process / "clear_refs").write_text("5", encoding="utf-8")  # from now on
        return [int(most[1]) / 1000]


@pytest.fixture(scope="session")
def outcome(shared):
    """outcome(path): that notebook of the course, run from top to bottom in this test run, and then
    as `Again` says."""
    from spikeviz.publish.running import executed

    def run(path):
        with FileLock(shared / f"{path.stem}.lock"):
            return executed(path, shared / "executed", Again)

    return run


@pytest.fixture(scope="session")
def course_site(shared, outcome):
    """The folder of the whole course's site."""
    from spikeviz.publish.running import NOTEBOOKS
    from spikeviz.publish.site import save_site

    with FileLock(shared / "site.lock"):
        if not (shared / "site" / "index.html").exists():
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(outcome, sorted(NOTEBOOKS.glob("*.ipynb"))))
            save_site(shared / "site", cache=shared / "executed")
    return shared / "site"
