"""`show`: a figure in a notebook, once, with its text."""

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import pytest
from nbclient import NotebookClient

from spikeviz import show


def test_the_text_is_in_the_notebook_and_the_picture_comes_once():
    code = (
        "import matplotlib.pyplot as plt\nfrom spikeviz import show\n"
        'figure, axis = plt.subplots()\nshow(figure, "An empty\\n  axis.")'
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    (output,) = [o for o in notebook.cells[0].outputs if "image/png" in o.get("data", {})]
    assert output.metadata["image/png"]["alt"] == "An empty axis."


def test_a_figure_without_a_text_is_refused():
    matplotlib.use("agg")
    figure = plt.figure()
    with pytest.raises(ValueError, match="alt is empty"):
        show(figure, " ")
    plt.close(figure)
