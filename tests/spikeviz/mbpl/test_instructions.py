"""What notebook 05 and the page tell a reader to do with MBPLExplorer, done with a real mouse."""

import re

import pytest
from playwright.sync_api import expect

from spikeviz import MBPLExplorer

NOTEBOOK = "05_many_thresholds"
PLAIN = {"mixer": "none", "readout": "sum"}  # as in all its widgets
MODEL = "document.getElementById('view').model"


@pytest.fixture
def steady(opened, made):
    """The widget of section 2, once it has played by itself."""
    page = opened(made(stimulus="constant", amplitude=1.8, cursor=2, **PLAIN))
    played(page)
    return page


def played(page):
    page.locator(".sv-clock", has_text="step 12 of 12").wait_for(timeout=30_000)
    page.get_by_role("button", name="Play").wait_for(timeout=30_000)


def press(page, name):
    box = page.get_by_role("button", name=name, exact=True).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def middle(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def carry(page, locator, right, down):
    x, y = middle(locator)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=6)
    page.mouse.up()


def says(page, text):
    page.locator(".sv-summary").filter(has_text=re.compile(text)).wait_for()


def told_bits(page):
    return float(re.search(r"tells ([\d.]+)", page.locator(".sv-summary").inner_text())[1])


BLOCKS = """() => {
    const { arc } = CanvasRenderingContext2D.prototype;
    window.rings = new Set();
    CanvasRenderingContext2D.prototype.arc = function (x, y, radius, ...angles) {
        if (radius > 4.5) rings.add(this.strokeStyle);
        arc.call(this, x, y, radius, ...angles);
    };
}"""


def test_press_play_and_walk_through_the_steps(steady, told):
    told(NOTEBOOK, "Press Play: each membrane that crosses its dashed threshold drops a block")
    steady.evaluate(BLOCKS)
    steady.emulate_media(color_scheme="light")
    press(steady, "▶ Play")
    played(steady)
    assert steady.evaluate("[...rings].sort()") == ["#0072b2", "#00805e", "#c25100"]  # not V₄
    steady.locator(".sv-line", has_text="Sum").get_by_text("1 + 1 + 1 + 0 = 3").wait_for()
    slider = steady.get_by_role("slider", name="Time step")
    box = slider.bounding_box()
    x, y = box["x"] + 8 + (box["width"] - 16) * 3 / 12, box["y"] + box["height"] / 2
    steady.mouse.click(x, y)
    steady.locator(".sv-clock", has_text="step 3 of 12").wait_for()
    steady.locator(".sv-line", has_text="Sum").get_by_text("1 + 0 + 1 + 0 = 2").wait_for()


def test_strips_part_the_membranes(steady, told):
    told(NOTEBOOK, "Strips parts the membranes.")
    grips = steady.locator(".sv-grip:visible")
    before = [middle(grip)[1] for grip in grips.all()]
    assert before == sorted(before, reverse=True)  # on one axis the lowest threshold is below
    press(steady, "Strips")
    steady.wait_for_timeout(800)
    after = [middle(grip)[1] for grip in grips.all()]
    assert after == sorted(after)  # branch by branch, from the top


def test_answer_the_widgets_own_question(steady, told):
    told(NOTEBOOK, "Then answer the widget's own question about an 8th threshold")
    assert "takes the sum" not in steady.locator(".sv-mbpl-ask").inner_text()
    x, y = middle(steady.get_by_role("button", name="no, an 8th threshold adds nothing"))
    steady.mouse.click(x, y)
    steady.get_by_text("You said no. It does not: the 8th").wait_for()


def test_the_image_plays_by_itself_and_its_lowest_threshold_is_dragged_down(opened, told):
    told(NOTEBOOK, "Run the cell: it plays once by itself.")
    told(NOTEBOOK, "Then drag $V_1$, the lowest of the grips, down to 0.1, and watch the error")
    told(NOTEBOOK, "The bits fall, and the error grows.")
    told(NOTEBOOK, "A quarter of them, the dark leaves, lie below $x = 0.5$")
    explorer = MBPLExplorer(**PLAIN)
    x = explorer.trace().picture
    assert 0.2 < (x < 0.5).mean() < 0.3
    page = opened(explorer)
    played(page)
    bits = told_bits(page)
    grip = page.locator(".sv-grip").first
    plot = page.locator(".sv-mbpl-traces").bounding_box()
    carry(page, grip, 0, 10)
    per_pixel = (0.5 - page.evaluate(f"{MODEL}.get('thresholds')[0]")) / 10
    carry(page, grip, 5, 0.3 / per_pixel)
    value = page.evaluate(f"{MODEL}.get('thresholds')[0]")
    assert 0.05 <= value < 0.2
    assert middle(grip)[0] > plot["x"] + plot["width"] - 86
    assert told_bits(page) < bits - 0.3
    explorer = MBPLExplorer(thresholds=[value, 1.0, 1.5, 2.0])
    run = explorer.trace()
    explorer.close()
    assert told_bits(page) == pytest.approx(run.information, abs=0.006)
    assert run.error > 0.15


def test_the_task_is_reached_by_hand_and_scored(opened, made, told):
    told(NOTEBOOK, "Drag the grips of the thresholds, and move T and n.")
    told(NOTEBOOK, "Each design that you try leaves a dot; the goal is the green part.")
    told(NOTEBOOK, "At most 2 earn a star, at most 1.5 two, at most 1.2 three.")
    told(NOTEBOOK, "Four branches in one step: [0.4, 0.7, 1.0, 1.4].")
    ways = {(0.4, 0.7, 1.0, 1.4): (1, 3), (0.7, 1.55, 1.85): (2, 3), (0.85, 2.0): (4, 1)}
    for thresholds, (steps, stars) in ways.items():
        run = made(thresholds=list(thresholds), time_steps=steps).trace()
        assert run.error <= 0.2
        assert [run.mean_spikes <= most for most in (2, 1.5, 1.2)].count(True) == stars
    alone = [made(thresholds=[v / 20], time_steps=t).trace().error
             for v in range(1, 41) for t in (1, 3, 12)]  # fmt: skip
    assert min(alone) > 0.2  # "One branch alone never gets there"
    page = opened(made(task=True, **PLAIN), reduced_motion="reduce")
    score = page.locator(".sv-mbpl-task")
    expect(score).to_contain_text("13.3 spikes a pixel (at most 2: too many)")
    box = page.get_by_label("T, in steps", exact=True).bounding_box()
    page.mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)  # T = 1
    expect(score).to_contain_text("T = 1: error 0.25 (at most 0.2: too large)")
    page.keyboard.press("ArrowRight")
    expect(score).to_contain_text("T = 2: error 0.152 (at most 0.2: ✓)")
    expect(score).to_contain_text("Reached: ★.")
    carry(page, page.locator(".sv-grip:visible").first, 0, -12)  # fewer pixels reach it
    expect(score).to_contain_text(re.compile(r"Your fewest: 1\.[0-8]\d? spikes"))


def test_drag_the_pixel_the_ring_and_the_thresholds(opened):
    page = opened()
    played(page)
    carry(page, page.locator(".sv-mbpl-pixel"), -30, -60)
    says(page, r"^Pixel \((?!44, 56)\d+, \d+\)")
    page.get_by_text("Drag the ring to set n; drag the thresholds: how much can 4 tell?").wait_for()
    curve = page.locator(".sv-mbpl-curve").bounding_box()
    carry(page, page.get_by_role("slider", name="Branches, drag"), curve["width"] / 6, 0)
    page.get_by_text("how much can 5 tell?").wait_for()
