"""A notebook as a voila page: nothing comes from a network, a widget is linked to Python, there is
no code, and nothing stays behind."""

import os
import re

import nbformat
import pytest

from spikeviz.browser import find_free_port, start_server

CELLS = (
    "from spikeviz import LIFExplorer\nexplorer = LIFExplorer(amplitude=1.5)\nexplorer",
    "import ipywidgets\nlabel = ipywidgets.Label()\n"
    "def tell(change): label.value = f'Python has {change.new:.2f}'\n"
    "explorer.observe(tell, 'v_threshold')\nlabel",
    "import os\nprint('process', os.getpid())",
)
EXERCISE = {
    "exercise": "## 2. Your turn\n\nWrite it.",
    "exercise-code": "def write(x): ...",
    "exercise-check": "print('Not yet')",
    "solution-write": "<details><summary>A solution</summary>x</details>",
}


@pytest.fixture
def served(tmp_path):
    """Where, and by which process, `python -m spikeviz.publish voila` serves a small notebook."""
    v4, path, port = nbformat.v4, tmp_path / "small.ipynb", find_free_port()
    cells = [v4.new_markdown_cell("# Small\n\nA formula: $x^2$.")]
    cells += [*map(v4.new_code_cell, CELLS), v4.new_markdown_cell("## 1. Your turn: a preface")]
    for name, source in EXERCISE.items():
        kind = v4.new_code_cell if "-c" in name else v4.new_markdown_cell
        cells.append(kind(source, id=name))
    cells.append(v4.new_code_cell("print('written:', write(1))"))  # uses what the exercise defines
    nbformat.write(v4.new_notebook(cells=cells), path)
    words = ["-m", "spikeviz.publish", "voila", str(path), "--no-browser", f"--port={port}"]
    with start_server(words, tmp_path / "log", rf"http://localhost:{port}/") as running:
        yield running


def test_a_notebook_is_a_page_with_python_behind_it_and_without_a_network(served, browser):
    address, server = served
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
    words = page.inner_text("#rendered_cells")
    hidden = ["import", "explorer.observe", "Your turn", "Write it.", "Not yet", "A solution"]
    assert [word for word in hidden if word in words] == []
    assert "written: None" in words
    process = int(re.search(r"process (\d+)", words)[1])
    page.close()
    server.terminate()
    server.wait(timeout=60)
    if os.name != "nt":  # where the number of a process that is gone may be another's
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
