"""Settings of every test: property tests without a deadline, the same examples in each CI run,
and one thread, as small tensors gain nothing from more and test processes share the cores."""

import asyncio
import contextlib
import functools
import gc
import importlib.util
import os
import runpy
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from hypothesis import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")  # in the programs that tests start
# What torch.compile makes here is small: processes that help it cost more than they save.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

settings.register_profile("default", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What the collection makes and imports stays: nobody needs to look through it for garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_itemcollected(item):
    """`-m "not browser"` leaves out the tests that open one."""
    if "browser" in getattr(item, "fixturenames", ()):
        item.add_marker("browser")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Once a browser is open, Playwright's event loop runs in this thread for good: what needs
    none, such as a widget's model, is then tested in another thread; not so the library: the
    signals of a training go to this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return None
    library = pyfuncitem.path.is_relative_to(ROOT / "tests" / "spikeatconv")
    if "browser" in pyfuncitem.fixturenames or library:
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


@pytest.fixture
def data_script(monkeypatch):
    """data_script("make_photo"): the module of that script of data/, with its neighbours."""

    def load(name):
        monkeypatch.syspath_prepend(ROOT / "data")
        spec = importlib.util.spec_from_file_location(name, ROOT / "data" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder of this test run that its processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def spare(shared):
    """The temporary folder of this test run: what programs forget there, pytest clears one day."""
    folder = shared / "spare"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", None)  # it is found anew
        yield folder


@pytest.fixture(scope="session")
def rehearsal():
    """The folder of tests/rehearse.py, where it ran just before, in what `course.py lab` installs;
    else None."""
    folder = os.environ.get("SPIKEVIZ_REHEARSAL")
    return Path(folder) if folder else None


@functools.cache
def find_absent_modules(*extras_wanted):
    """The modules of other packages than those that pyproject.toml asks for, with these extras, and
    those that these ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found = {"spikeatconv", "pip", "setuptools"}  # what a new environment holds
    seen = set()
    waiting = list(map(Requirement, project["dependencies"]))
    waiting += [Requirement(f"spikeatconv[{extra}]") for extra in extras_wanted]
    while waiting:
        requirement = waiting.pop()
        name, wanted = canonicalize_name(requirement.name), {"", *requirement.extras}
        if name == "spikeatconv":
            waiting += [Requirement(line) for extra in wanted - {""} for line in extras[extra]]
            continue
        if (name, *sorted(wanted)) in seen:
            continue
        seen.add((name, *sorted(wanted)))
        found.add(name)
        for line in metadata.requires(name) or []:
            needed = Requirement(line)
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in wanted):
                waiting.append(needed)
    packages = metadata.packages_distributions()
    return {
        module
        for module, names in packages.items()
        if not found & {canonicalize_name(name) for name in names}
    }


@pytest.fixture(scope="session")
def installed():
    """`with installed("course"):` programs and kernels started there find only what `course.py lab`
    installs; with no extra, what the packages themselves ask for. Gives the modules that are not
    found."""

    @contextlib.contextmanager
    def limited(*extras):
        absent = find_absent_modules(*extras)
        with pytest.MonkeyPatch.context() as patch:
            hidden = os.environ.get("ABSENT_MODULES", "").split()
            patch.setenv("ABSENT_MODULES", " ".join({*absent, *hidden}))
            patch.setenv("PYTHONPATH", str(ROOT / "tests" / "limited"), prepend=os.pathsep)
            yield absent

    return limited


@pytest.fixture(scope="session")
def cache(shared, rehearsal):
    """Where the outcomes of the notebooks are kept."""
    return rehearsal / "executed" if rehearsal else shared / "executed"


@pytest.fixture(scope="session")
def outcome(shared, cache, installed):
    """outcome(path, ...): these notebooks of the course, each run from top to bottom in this test
    run, then as `Again` says, with nothing but what `course.py lab` installs; the last one's."""
    from spikeviz.publish.running import execute

    again = runpy.run_path(str(ROOT / "tests" / "rehearse.py"))["Again"]

    def once(path):
        with FileLock(shared / f"{path.stem}.lock"):
            return execute(path, cache, again)

    def run(*paths):
        with installed("course"), ThreadPoolExecutor(2) as pool:
            return list(pool.map(once, paths))[-1]

    return run


@pytest.fixture(scope="session")
def course_site(shared, cache, outcome):
    """The folder of the whole course's site."""
    from spikeviz.publish.running import NOTEBOOKS
    from spikeviz.publish.site import save_site

    with FileLock(shared / "site.lock"):
        if not (shared / "site" / "index.html").exists():
            outcome(*sorted(NOTEBOOKS.glob("*.ipynb")))
            save_site(shared / "site", cache=cache)
    return shared / "site"


PICTURE = "new Promise((done) => { requestAnimationFrame(done); setTimeout(done, 2000); })"
ACTS = "check click dblclick fill hover move press select_option set_checked tap type uncheck up"


def patient(hand, page=None):
    """The acts of a hand, each of which now ends a frame later, with its picture drawn: else a test
    on a slow machine reads the picture of before."""
    from playwright.sync_api import Error

    def after(act):
        @functools.wraps(act)
        def acts(*arguments, **options):
            result = act(*arguments, **options)
            with contextlib.suppress(Error):  # it led to another page
                (page or arguments[0].page).evaluate(PICTURE)
            return result

        return acts

    for name in ACTS.split():
        if hasattr(hand, name):
            setattr(hand, name, after(getattr(hand, name)))


@pytest.fixture(scope="session")
def browser():
    """Chromium. In CI it must be there; elsewhere its lack is a skip."""
    from playwright.sync_api import Locator

    from spikeviz.browser import NoBrowserError, open_chromium

    patient(Locator)
    session = open_chromium(thrifty=True)
    try:
        browser = session.__enter__()
    except NoBrowserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    yield browser
    session.__exit__(None, None, None)


@pytest.fixture(scope="session")
def running_lab(browser, tmp_path_factory):
    """A running JupyterLab on a copy of the course."""
    from spikeviz.browser import start_course

    with start_course(tmp_path_factory.mktemp("course")) as running:
        yield running


@pytest.fixture(scope="module")
def lab(running_lab):
    """The running JupyterLab, in which each file of tests begins as a learner who did nothing."""
    from spikeviz.course_map.progress import NAME

    (running_lab.folder / "notebooks" / NAME).unlink(missing_ok=True)
    return running_lab


# Of every page: settled() ends when what was asked for is drawn.
SETTLED = """window.settled = () =>
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"""


@pytest.fixture(scope="session")
def contexts(browser):
    """contexts(**options): a context of the browser with these options, made once. A file stays
    open in it, and so the process that draws files: its start costs more than a page."""
    made = {}

    def find(**options):
        key = repr(sorted(options.items()))
        if key not in made:
            made[key] = browser.new_context(**options)
            made[key].add_init_script(SETTLED)
            made[key].new_page().goto((ROOT / "LICENSE").as_uri())
        return made[key]

    return find


MEDIA = {"color_scheme", "reduced_motion"}  # what a page can have of its own


@pytest.fixture(scope="session")
def opener(contexts):
    """`with opener() as new_page:` new_page until the end of the block, for what lasts longer."""

    @contextlib.contextmanager
    def opening():
        before, errors = {}, []

        def open_page(width=1400, height=1000, **options):
            context = contexts(**{n: value for n, value in options.items() if n not in MEDIA})
            before.setdefault(context, context.pages)
            page = context.new_page()
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(**{n: value for n, value in options.items() if n in MEDIA})
            page.on("pageerror", lambda error: errors.append(str(error)))
            for hand in (page.mouse, page.keyboard, page.touchscreen):
                patient(hand, page)
            return page

        try:
            yield open_page
        finally:
            for context, pages in before.items():
                for page in set(context.pages) - set(pages):  # and those that it opened
                    page.close()
        assert not errors

    return opening


@pytest.fixture
def new_page(opener):
    """Open pages that must not raise errors: new_page(width=..., color_scheme=..., ...)."""
    with opener() as open_page:
        yield open_page
