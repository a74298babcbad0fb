"""Settings of every test: property tests without a deadline, the same examples in each CI run,
and one thread, as small tensors gain nothing from more and test processes share the cores."""

import asyncio
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from filelock import FileLock
from hypothesis import settings

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


@pytest.fixture(scope="session")
def outcome(shared):
    """outcome(path): that notebook of the course, run from top to bottom once in this test run."""
    from spikeviz.publish.running import executed

    def run(path):
        with FileLock(shared / f"{path.stem}.lock"):
            return executed(path, shared / "executed")

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
