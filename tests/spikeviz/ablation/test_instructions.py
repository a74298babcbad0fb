"""What notebook 06 tells a reader to do with AblationExplorer, done with a real mouse."""

import nbformat

from spikeviz import AblationExplorer, results
from spikeviz.figure import PLOTLY
from spikeviz.publish.site import write_site

NOTEBOOK = "06_spiking_resnet"
ROWS = """() => new Promise((done) => {
    document.addEventListener("spikeviz:drawn", ({ detail }) => done({
        left: detail.at.ours[0], width: detail.at.ours[1],
        rows: Object.fromEntries(detail.places.map(({ point, y }) => [point.value, y])),
    }), { once: true });
    dispatchEvent(new Event("afterprint"));
})"""


def centre(page, name):
    box = page.get_by_role("slider", name=name, exact=True).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_drag_the_cards_and_look(kept, told):
    told(NOTEBOOK, "Drag the cards into the order that you expect, the most accurate on top")
    told(NOTEBOOK, "press This is my order: look")
    page = kept()
    for rank, name in enumerate(["MBPL", "RL", "SL", "HSL"]):
        page.mouse.move(*centre(page, name))
        page.mouse.down()
        first = page.locator(".sv-card:visible").evaluate_all(
            "(all) => Math.min(...all.map((one) => one.getBoundingClientRect().top))"
        )
        page.mouse.move(100, first + 21 + 50 * rank, steps=5)
        page.mouse.up()
    page.get_by_role("button", name="This is my order: look").click()
    told(NOTEBOOK, "The seeds fall in one by one")
    page.get_by_text("seed 2 of 3 …").wait_for()
    page.get_by_text("Of the 13 pairs that the seeds can tell apart").wait_for(timeout=20_000)
    page.locator(".sv-verdicts", has_text="the paper has MBPL above SL").wait_for(timeout=20_000)
    assert page.evaluate("document.getElementById('view').model.get('guess')") == {
        "SPK block": ["mbpl", "rl", "sl", "hsl", "dcl", "sl, V_th 0.5"]
    }


def test_click_a_card_and_choose_another_axis(kept, told, made):
    told(NOTEBOOK, "click a card for its command, seeds and machine")
    told(NOTEBOOK, "choose another axis under What is varied")
    page = kept(made(ask=False))
    found, box = page.evaluate(ROWS), page.locator(".sv-stack canvas").bounding_box()
    x, y = box["x"] + found["left"] + 20, box["y"] + found["rows"]["rl"]
    page.mouse.click(x, y)
    story = page.locator(".sv-update").inner_text()
    for words in ("SPK block RL", "Seeds: 0: 77.0 %", "Command: python studies/ablation.py", "AMD"):
        assert words in story
    page.get_by_label("What is varied").select_option("branches of MBPL")
    page.locator(".sv-summary", has_text="branches of MBPL: 8 has the highest mean").wait_for()


def test_zoom_into_a_figure_point_at_a_dot_and_save_it(tmp_path, new_page, told):
    told("12_imagenet", "Zoom into the first steps.")
    explorer = AblationExplorer(results("cifar100"), axis="SPK block")
    bundle = explorer.to_plotly()._repr_mimebundle_()
    explorer.close()
    output = nbformat.v4.new_output("display_data", bundle, metadata={PLOTLY: {"alt": "Dots."}})
    cells = [nbformat.v4.new_markdown_cell(text) for text in ("# A study", "Look.")]
    cells.append(nbformat.v4.new_code_cell("figure", outputs=[output]))
    write_site(tmp_path, {tmp_path / "study.ipynb": nbformat.v4.new_notebook(cells=cells)})
    page = new_page()
    page.goto((tmp_path / "study.html").as_uri())
    plot = page.locator(".js-plotly-plot")
    plot.locator(".main-svg").first.wait_for()
    seed = plot.locator(".points").nth(1).locator("path").nth(0).bounding_box()
    page.mouse.move(seed["x"] + seed["width"] / 2, seed["y"] + seed["height"] / 2)
    page.locator(".hoverlayer", has_text="seed").wait_for()
    span = "(one) => one._fullLayout.yaxis.range[1] - one._fullLayout.yaxis.range[0]"
    before, box = plot.evaluate(span), plot.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 90, steps=5)
    page.mouse.up()
    page.wait_for_function(f"({span})(document.querySelector('.js-plotly-plot')) < {before} / 2")
    plot.hover()
    with page.expect_download() as download:
        plot.locator("[data-title^='Download']").click()
    assert download.value.suggested_filename.endswith(".svg")
