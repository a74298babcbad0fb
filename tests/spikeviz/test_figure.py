"""Figures of matplotlib and plotly: in a notebook once, with a text; drawn without a network."""

import io
import json
import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

import spikeviz
from spikeviz import show
from spikeviz.figure import COLOURS, PLOTLY, find_text, new_plotly
from spikeviz.gallery import explorers
from spikeviz.ink import recolour, to_html
from spikeviz.publish.site import write_site

ZOOMED = [cls for cls in explorers() if hasattr(cls, "to_plotly")]


def test_the_text_is_in_the_notebook_and_the_picture_comes_once():
    code = (
        "import matplotlib.pyplot as plt\nfrom spikeviz import show\n"
        'figure, axis = plt.subplots()\nshow(figure, "An empty\\n  axis.")'
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    (data,) = [o.data for o in notebook.cells[0].outputs if "data" in o]
    assert data["text/plain"] == "An empty axis."
    assert data["text/html"].count('aria-label="An empty axis."') == 1
    assert data["text/html"].count('<div hidden><img alt="An empty axis."') == 1


GROUNDS = {"rgb(255, 255, 255)": "rgb(33, 33, 33)", "rgb(17, 17, 17)": "rgb(230, 230, 230)"}
PAGE = (
    '<body style="margin: 0; background: {}; color: {}">{}'
    '<p><svg><rect width="50" height="50"/></svg></p>'
)


@pytest.fixture(scope="module")
def all_inks():
    """A figure with all that must follow the page: text, lines, both maps of ink, a bar's edge, a
    drawing on white."""
    matplotlib.use("agg")
    figure, axes = plt.subplots(1, 5, figsize=(8, 2), layout="constrained")
    for colour in COLOURS:
        axes[0].plot([0, 1], color=colour, label=colour)
    axes[0].legend(loc="lower right")
    axes[1].imshow(np.eye(3), cmap="Greys")
    axes[2].imshow(np.eye(3), cmap="Blues")
    axes[3].bar([0], [1], edgecolor="white", hatch="//")
    axes[4].imshow([[[1.0, 1, 1], [0, 0.45, 0.7]], [[1, 1, 1], [1, 1, 1]]])
    yield to_html(figure, "a")
    plt.close(figure)


def test_a_figure_is_in_the_colours_of_its_page(new_page, all_inks):
    page = new_page(900, 300)
    for ground in GROUNDS:
        look_at(page, all_inks, ground)


def look_at(page, all_inks, ground):
    page.set_content(PAGE.format(ground, GROUNDS[ground], all_inks))
    seen = np.asarray(Image.open(io.BytesIO(page.locator(".sv-figure").screenshot())).convert("L"))
    paper, ink = (int(rgb[4:].split(",")[0]) for rgb in (ground, GROUNDS[ground]))
    near = [(np.abs(seen.astype(int) - value) < 12).mean() for value in (paper, ink)]
    assert near[0] > 0.6  # no slab of another ground
    assert near[1] > 0.02  # frames, words, the ink of a map
    far = np.abs(seen.astype(int) - (255 - paper)) < 12  # the other ground
    assert far.mean() < 0.03
    assert page.locator("img").is_hidden()
    rectangle = page.locator("p rect")  # outside of the figure nothing changes
    assert rectangle.evaluate("one => getComputedStyle(one).strokeLinejoin") == "miter"


def test_every_line_of_a_figure_reads_on_white_and_on_black(new_page):
    """WCAG asks 3 to 1 of graphics, 4.5 of words; the first colours are used for both."""
    page = new_page()
    page.set_content("<p>")
    contrast = """([colour, text, ground]) => {
        const ctx = document.createElement("canvas").getContext("2d");
        document.body.style.color = text;
        const p = document.querySelector("p");
        p.style.color = text;
        p.style.outlineColor = colour;
        ctx.fillStyle = getComputedStyle(p).outlineColor;
        ctx.fillRect(0, 0, 1, 1);
        const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const light = ([r, g, b]) =>
            0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
        const of = light(ctx.getImageData(0, 0, 1, 1).data);
        ctx.fillStyle = ground;
        ctx.fillRect(0, 0, 1, 1);
        const on = light(ctx.getImageData(0, 0, 1, 1).data);
        return Math.max(of, on) / Math.min(of, on);
    }"""
    for ground, text in GROUNDS.items():
        found = {
            colour: page.evaluate(contrast, [recolour(f": {colour}")[2:], text, ground])
            for colour in COLOURS
        }
        assert min(found.values()) > 3, found
        assert min(found[colour] for colour in (*COLOURS[:3], "#666666")) > 4.5, found


@pytest.mark.parametrize(
    ("alt", "says"),
    [(" ", "a sentence"), ("squares", "a sentence"), ("01-rest", "did you mean '01-reset'?")],
)
def test_a_figure_without_a_text_is_refused(alt, says):
    matplotlib.use("agg")
    figure = plt.figure()
    with pytest.raises(ValueError, match=re.escape(says)):
        show(figure, alt)
    plt.close(figure)


def test_a_text_has_a_name_or_is_the_sentence_itself():
    folder = Path(spikeviz.__file__).parent / "alternative"
    texts = json.loads((folder / "01.json").read_text(encoding="utf-8"))
    assert find_text("01-reset") == texts["01-reset"]
    assert find_text("An empty\n  axis.") == "An empty axis."


@pytest.mark.parametrize("cls", ZOOMED, ids=lambda cls: cls.__name__)
def test_a_cell_holds_a_plotly_figure_and_not_plotly(cls):
    widget = cls()
    figure = widget.to_plotly()
    bundle = figure._repr_mimebundle_()
    assert bundle.keys() == {PLOTLY, "text/plain"}
    assert figure._ipython_display_ is None  # else IPython would ask plotly's own way first
    assert len(json.dumps(bundle)) < 400_000
    titles = [one.text for one in figure.layout.annotations]
    assert bundle["text/plain"] == "A plotly figure: " + ", ".join(titles)
    assert all(trace.name or trace.showlegend is False or trace.type == "heatmap"
               for trace in figure.data)  # fmt: skip
    widget.close()


def test_the_figures_hold_the_widgets_numbers():
    lif = spikeviz.LIFExplorer()
    figure, run = lif.to_plotly(), lif.trace()
    by_name = {trace.name: trace for trace in figure.data}
    assert len(figure.data[2].x) == run.spikes.sum() > 0
    assert max(by_name["this neuron"].y) <= 1.3 * lif.v_threshold
    assert set(by_name["threshold"].y) == {lif.v_threshold}
    ablation = spikeviz.AblationExplorer(axis="time steps")
    mean, seeds = ablation.to_plotly().data[:2]
    assert list(mean.x) == ["1", "2", "4", "8"]
    assert np.allclose(np.reshape(seeds.y, (4, 3)).mean(1), mean.y)
    assert list(seeds.text) == ["0", "1", "2"] * 4
    energy = spikeviz.EnergyExplorer()
    snn, twin = energy.to_plotly().data[:2]
    table = energy.trace()
    assert sum(snn.y) == pytest.approx(table.snn_mj.sum())
    assert sum(twin.y) == pytest.approx(table.ann_mj.sum())
    for widget in (lif, ablation, energy):
        widget.close()


def shown(alt):
    """A notebook whose one cell shows a plotly figure, run without its kernel."""
    figure = new_plotly("squares")
    figure.add_scatter(x=[1, 2, 3], y=[1, 4, 9], name="n²")
    output = nbformat.v4.new_output(
        "display_data", figure._repr_mimebundle_(), metadata={PLOTLY: {"alt": alt}}
    )
    cells = [nbformat.v4.new_markdown_cell("# Squares"), nbformat.v4.new_markdown_cell("Look.")]
    cells.append(nbformat.v4.new_code_cell("figure", outputs=[output]))
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """The address of a page of the site."""
    folder = tmp_path_factory.mktemp("squares")
    write_site(folder, {folder / "squares.ipynb": shown('Squares, "n²"')})
    return (folder / "squares.html").as_uri()


def test_a_page_of_the_site_draws_it_offline_with_its_text(squares, new_page):
    page = new_page(offline=True)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(squares)
    page.locator(".plotly-figure .main-svg").first.wait_for()
    assert page.locator(".plotly-figure").get_attribute("aria-label") == 'Squares, "n²"'
    box = page.locator(".plotly-figure .points path").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".hoverlayer", has_text="4").wait_for()
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)


def test_on_a_phone_a_finger_scrolls_over_it(squares, new_page, swipe):
    page = new_page(390, 600, has_touch=True, is_mobile=True)
    page.goto(squares)
    page.locator(".plotly-figure .main-svg").first.wait_for()
    page.add_style_tag(content="body { padding-bottom: 900px }")
    box = page.locator(".plotly-figure .nsewdrag").bounding_box()
    assert swipe(page, (200, min(box["y"] + box["height"] / 2, 550)), down=-220) > 150
