"""The course in a real JupyterLab in headless Chromium: for tests, benchmarks and pictures.

Needs a checkout with the extra `test` (Playwright) and a Chromium on this machine.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHECKOUT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
SHELL = "chromium-headless-shell"  # Debian's: Chromium without windows, a tenth less work
QUIET = (  # no sandbox in containers, no calls to anywhere
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
THRIFTY = (  # no WebGL in software, and one process for all pages: its start costs as much as one
    "--disable-software-rasterizer", "--renderer-process-limit=1",
)  # fmt: skip
HOW_TO_GET_ONE = (
    f"no Chromium was found. Get one with `{sys.executable} -m playwright install chromium` "
    f"(or `sudo apt install chromium` on Debian and Ubuntu; {SHELL} serves too)"
)
START = """
import sys
from pathlib import Path
from spikeviz import course
course.REPO, course.VENV, course.PYTHON = Path.cwd(), Path(sys.prefix), Path(sys.executable)
course.set_up = lambda *extras: None  # this environment is already set up
sys.exit(course.main(["lab", "--no-browser", "--port", sys.argv[1]]))
"""


class NoBrowserError(RuntimeError):
    """No Chromium on this machine; the message says how to get one."""


@contextmanager
def open_chromium(thrifty: bool = False) -> Iterator["Browser"]:
    """A headless Chromium: the system's, else Playwright's own. Raises NoBrowserError.

    thrifty: with less work for the machine, for tests; speeds are measured without it.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        names = (SHELL, *NAMES) if thrifty else (*NAMES, SHELL)
        found = next(filter(None, map(shutil.which, names)), None)
        if not found and not Path(playwright.chromium.executable_path).exists():
            raise NoBrowserError(HOW_TO_GET_ONE)
        args = [*QUIET, *THRIFTY] if thrifty else list(QUIET)
        browser = playwright.chromium.launch(executable_path=found, args=args)
        yield browser
        browser.close()


class Course:
    """A running JupyterLab on a copy of the notebooks.

    address: what `course.py lab` printed, with its token.  folder: where the copy lies.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder

    def write(self, notebook: str, *cells: str, end: str = "The end.") -> Path:
        """Write a notebook of these code cells and a last one of text. Returns its path."""
        import nbformat

        code = [nbformat.v4.new_code_cell(cell) for cell in cells]
        metadata = nbformat.read(self.folder / "notebooks/01_one_neuron.ipynb", 4).metadata
        content = nbformat.v4.new_notebook(
            cells=[*code, nbformat.v4.new_markdown_cell(end)], metadata=metadata
        )
        path = self.folder / f"notebooks/{notebook}.ipynb"
        nbformat.write(content, path)
        return path

    def open(self, page: "Page", notebook: str) -> None:
        """Open a notebook and wait until its kernel is ready. notebook: "01_one_neuron"."""
        page.goto(self.address.replace("00_start_here", notebook) + "&reset")
        self.wait(page, notebook)

    def wait(self, page: "Page", notebook: str) -> None:
        """Wait until a notebook is there and its kernel ready."""
        page.get_by_role("tab", name=f"{notebook}.ipynb").wait_for(timeout=60_000)
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        page.locator(".jp-Toolbar-kernelName").get_by_text("Python 3").wait_for(timeout=60_000)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)

    def run_all(self, page: "Page", seconds: float = 120) -> None:
        """Run → Run All Cells, and wait until each code cell on show has a number."""
        self.menu(page, "Run", "Run All Cells")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
            ".filter((prompt) => !prompt.closest('.jp-InputPlaceholder'))"  # a folded cell's
            ".every((prompt) => /\\d/.test(prompt.textContent))",
            timeout=1000 * seconds,
        )

    def menu(self, page: "Page", title: str, *items: str) -> None:
        """Choose from JupyterLab's menus: menu(page, "Settings", "Theme", "JupyterLab Dark")."""
        page.get_by_role("menuitem", name=title, exact=True).click()
        for item in items:
            page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()

    def python(self, code: str) -> Any:
        """Evaluate an expression in the kernel of the notebook that was opened last."""
        from jupyter_client import BlockingKernelClient

        files = (self.folder / "runtime").glob("kernel-*.json")
        client = BlockingKernelClient()
        client.load_connection_file(str(max(files, key=lambda file: file.stat().st_mtime)))
        client.start_channels(hb=False)  # its thread may still start while the sockets close
        try:
            reply = client.execute(  # the reply alone: what is published, a new client may miss
                "", user_expressions={"value": code}, store_history=False, allow_stdin=False,
                reply=True, timeout=60,
            )  # fmt: skip
        finally:
            client.stop_channels()
        value = reply["content"]["user_expressions"]["value"]
        if value["status"] != "ok":
            raise RuntimeError(f"{code}: {value['ename']}: {value['evalue']}")
        import ast

        return ast.literal_eval(value["data"]["text/plain"])


@contextmanager
def start_course(folder: Path) -> Iterator[Course]:
    """Start `course.py lab` on a copy of the notebooks in `folder`, settings of its own and all."""
    shutil.copytree(CHECKOUT / "notebooks", folder / "notebooks")
    variables = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    address = r"http://(?:localhost|127\.0\.0\.1):\d+/lab\S*token=\w+"
    words, log = ["-c", START, str(find_free_port())], folder / "jupyter.log"
    with start_server(words, log, address, cwd=folder, env=variables) as (found, _):
        yield Course(found, folder)


@contextmanager
def start_server(
    words: list[str], log: Path, address: str, **options: Any
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Run Python with these words until the end. Gives the address that it prints, a match of this
    pattern, and the process."""
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, *words], stdout=output, stderr=subprocess.STDOUT, **options
        )
    try:
        for _ in range(600):
            if found := re.search(address, log.read_text(encoding="utf-8")):
                break
            with suppress(subprocess.TimeoutExpired):
                server.wait(timeout=0.1)
                break
        if not found:
            said = log.read_text(encoding="utf-8")
            raise RuntimeError(f"the server did not start; it said:\n{said[-2000:]}")
        yield found[0], server
    finally:
        server.terminate()
        server.wait(timeout=60)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
