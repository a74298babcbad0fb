"""What notebooks 07 and 10 tell a reader to do with NetworkWalk, done with a real mouse."""

import ast
from pathlib import Path

import nbformat

from spikeviz import NetworkWalk

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


def tour_of(notebook, cell):
    """The steps that a cell of a notebook writes down."""
    cells = nbformat.read(NOTEBOOKS / f"{notebook}.ipynb", 4).cells
    (source,) = [one.source for one in cells if one.id == cell]
    names = {"NetworkWalk": dict}  # what the cell makes of them is not looked at
    for node in ast.parse(source).body:
        exec(compile(ast.Module([node], []), cell, "exec"), names)
    return names["tour"]


def click(page, locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_tour_of_notebook_07_is_followed_step_by_step(kept, told):
    told("07_spiking_convnext", "Do what each step asks, then press Next.")
    tour = tour_of("07_spiking_convnext", "tour")
    page = kept(NetworkWalk(tour=tour, tour_step=0, opened="stem"))
    card = page.get_by_role("region", name="Guided tour")
    for number, step in enumerate(tour, 1):
        card.get_by_text(f"Step {number} of {len(tour)}.").wait_for()
        ((condition, value),) = step["complete"].items()
        if condition == "opened":
            click(page, page.locator(".sv-nw-framed .sv-nw-open"))
        elif condition == "view":
            page.get_by_label("View").select_option(value)
        elif condition == "show_code":
            assert "</>" in step["out"]
            click(page, page.locator(".sv-nw-framed").get_by_text("</>"))
        if condition != "next":
            card.get_by_text("✓ done").wait_for()
        click(page, card.get_by_role("button", name="Finish" if number == len(tour) else "Next"))
    card.wait_for(state="hidden")
    rates = page.locator(".sv-nw-box").filter(has_text="Convolution").locator(".sv-nw-share")
    assert [text[-1] for text in rates.all_inner_texts()] == ["%"] * 3  # below the three boxes


def test_a_box_that_is_clicked_shows_its_maps_in_sight(kept):
    page = kept(NetworkWalk(opened=""), width=1100, height=765)
    page.get_by_text("Click a box to see its feature maps,").first.wait_for()
    for name in ("Stem", "Attention", "Feed-forward"):
        click(page, page.locator(".sv-nw-open").filter(has_text=name).first)
        page.locator(".sv-nw-panel .sv-title").filter(has_text=name).wait_for()
        maps = page.locator(".sv-nw-maps:visible").bounding_box()
        flow = page.locator(".sv-nw-net").bounding_box()
        assert flow["y"] >= 0
        assert maps["y"] + maps["height"] <= 765


def test_the_whole_row_stands_in_sight_in_jupyterlab_beside_its_files(kept):
    page = kept(NetworkWalk(), width=968)
    assert page.locator(".sv-nw-net").evaluate("(row) => row.scrollWidth <= row.clientWidth")
