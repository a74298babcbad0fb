"""Runs a notebook from top to bottom, and keeps the outcome until its text or the code changes."""

import asyncio
import functools
import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from time import monotonic

import nbformat
from nbclient import NotebookClient
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode

from spikeviz.browser import CHECKOUT

NOTEBOOKS = CHECKOUT / "notebooks"
CACHE = CHECKOUT / "build" / "executed"
AT_ONCE = 2  # notebooks that run beside each other: torch takes all cores for each
SECONDS = 600  # for one cell, and for a kernel to start on a busy machine
USED = ("spikeatconv", "spikeviz", "data", "studies/results")  # what an outcome depends on


class NotebookFailedError(RuntimeError):
    """A cell raised; the message says which, and what."""


def execute(
    notebook: Path, cache: Path = CACHE, client: type[NotebookClient] = NotebookClient
) -> NotebookNode:
    """The notebook with its outputs and the states of its widgets, from the cache if it is there.

    Raises NotebookFailedError; a failed run leaves nothing in the cache.
    """
    kept = cache / f"{notebook.stem}-{key_of(notebook)}.ipynb"
    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    from spikeatconv.files import write_whole

    text = nbformat.writes(run_notebook(notebook, client))
    with suppress(OSError):  # a checkout that may only be read keeps nothing
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob(f"{notebook.stem}-*.ipynb"):
            old.unlink(missing_ok=True)
        write_whole(kept, text)
    return nbformat.reads(text, as_version=4)


def key_of(notebook: Path) -> str:
    """Changes when the notebook has to be run again."""
    return hashlib.sha256(notebook.read_bytes() + _code()).hexdigest()[:16]


@functools.cache
def _code() -> bytes:
    """A digest of the code and the data that notebooks use, and of the largest package."""
    digest = hashlib.sha256(metadata.version("torch").encode())
    for folder in USED:
        for file in sorted((CHECKOUT / folder).rglob("*")):
            if file.is_file() and not {"__pycache__", "publish"} & set(file.parts):
                digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


def run_notebook(notebook: Path, client: type[NotebookClient] = NotebookClient) -> NotebookNode:
    """Run the notebook in a fresh kernel, in its own folder; client: what runs the cells."""

    def execute() -> NotebookNode:
        runner = client(
            nbformat.read(notebook, as_version=4),
            timeout=SECONDS,
            startup_timeout=SECONDS,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(notebook.parent)}},
        )
        # On Windows zmq wants this loop.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as loop:
            return loop.run(runner.async_execute())

    try:
        with ThreadPoolExecutor(1) as pool:  # in this thread a loop may run already
            return pool.submit(execute).result()
    except Exception as error:  # a cell raised, the kernel died, the file is no notebook
        raise NotebookFailedError(f"{notebook.name}: {strip_ansi(str(error))}") from error


def execute_all(
    notebooks: list[Path], cache: Path = CACHE, client: type[NotebookClient] = NotebookClient
) -> list[NotebookNode | Exception]:
    """Each of the notebooks, run, or why it failed; says how it goes, for that may take minutes."""

    def one(notebook: Path) -> NotebookNode | Exception:
        begin = monotonic()
        try:
            outcome = execute(notebook, cache, client)
        except Exception as error:  # whatever is wrong with one, the others are worth having
            outcome = error
        how = "failed after " if isinstance(outcome, Exception) else ""
        print(f"{notebook.stem}: {how}{monotonic() - begin:.0f} s", flush=True)
        return outcome

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, notebooks))
