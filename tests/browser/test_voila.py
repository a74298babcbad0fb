"""A notebook as a voila page: nothing comes from a network, and a widget is linked to Python."""

import os
import signal
import subprocess
import sys

import nbformat
import pytest

from spikeviz.browser import _free_port

CELLS = (
    "from spikeviz import LIFExplorer\nexplorer = LIFExplorer(amplitude=1.5)\nexplorer",
    "import ipywidgets\nlabel = ipywidgets.Label()\n"
    "def tell(change): label.value = f'Python has {change.new:.2f}'\n"
    "explorer.observe(tell, 'v_threshold')\nlabel",
)


@pytest.fixture
def address(tmp_path):
    """Where `python -m spikeviz.publish voila` serves a small notebook."""
    v4, path, port = nbformat.v4, tmp_path / "small.ipynb", _free_port()
    cells = [v4.new_markdown_cell("# Small\n\nA formula: $x^2$.")]
    nbformat.write(v4.new_notebook(cells=[*cells, *map(v4.new_code_cell, CELLS)]), path)
    command = ["-m", "spikeviz.publish", "voila", str(path), "--no-browser", f"--port={port}"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *command], stdout=log, stderr=log, start_new_session=True
        )
    for _ in range(600):
        if "running at" in (tmp_path / "log").read_text():
            break
        assert server.poll() is None, (tmp_path / "log").read_text()
        try:
            server.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
    yield f"http://localhost:{port}/"
    os.killpg(server.pid, signal.SIGINT)
    assert server.wait(timeout=60) is not None


@pytest.mark.skipif(os.name == "nt", reason="the test ends voila with a signal of its group")
def test_a_notebook_is_a_page_with_python_behind_it_and_without_a_network(address, browser):
    page = browser.new_page()
    outside = []

    def decide(route):
        if route.request.url.startswith((address, "data:", "blob:")):
            return route.continue_()
        outside.append(route.request.url)
        return route.abort()

    page.route("**/*", decide)
    page.goto(address, timeout=120_000)
    line = page.locator(".sv-threshold")
    line.wait_for(timeout=60_000)
    line.focus()
    page.keyboard.press("ArrowUp")
    page.get_by_text("Python has 1.01").wait_for()
    assert page.locator("mjx-container").count() == 1
    assert outside == []
    page.close()
