"""A prediction in a page: by mouse, finger and keys; nothing of the result before the commit."""

import numpy as np
import pytest
from playwright.sync_api import expect

from spikeviz import SpikeRaster, answer, predict
from spikeviz.base.widget import CODE

OUTSIDE = """() => [...document.querySelectorAll(".spikeviz *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
    .map((one) => one.outerHTML.slice(0, 80))"""
LONG = "it never comes: the neuron is too slow to reach its threshold"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The saved page of each kind, with its result known."""
    folder = tmp_path_factory.mktemp("predict")
    asked = {
        "choice": predict("01-page-choice", "The spike comes …", ["sooner", "later", LONG]),
        "number": predict("01-page-number", "How many?", number="spikes", low=0, high=50),
        "curve": predict("01-page-curve", "Draw it.",
                         curve={"x": (0, 20, "time, ms"), "y": (0, 1, "membrane")}),
    }  # fmt: skip
    answer("01-page-choice", "later")
    answer("01-page-number", 13)
    answer("01-page-curve", np.linspace(0.875, 0.375, 50))
    return {kind: widget.save_html(folder / f"{kind}.html") for kind, widget in asked.items()}


@pytest.fixture
def opened(new_page, saved):
    def open_page(kind, **options):
        page = new_page(offline=True, **options)
        page.goto(saved[kind].as_uri())
        page.locator(".sv-summary").filter(has_text="commit").wait_for()
        return page

    return open_page


def say(page):
    return expect(page.locator(".sv-summary"))


def commit(page):
    page.get_by_role("button", name="Commit").click()


RESULT = {"choice": "what comes out", "number": "13", "curve": "0.375"}


@pytest.mark.parametrize("kind", RESULT)
def test_nothing_of_the_result_is_there_before_the_commit(kind, opened):
    page = opened(kind)
    assert RESULT[kind] not in page.locator("body").aria_snapshot()
    assert RESULT[kind] not in page.inner_text("body")
    expect(page.get_by_role("button", name="Commit")).to_be_disabled()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Skip").wait_for(state="hidden")
    assert RESULT[kind] in page.locator("body").aria_snapshot()
    assert "redict" not in page.locator(".sv-summary").inner_text()


def test_a_choice_by_mouse_is_marked_beside_what_comes_out(opened):
    page = opened("choice")
    page.get_by_text("sooner").click()
    commit(page)
    say(page).to_have_text("You predicted “sooner”; it is “later”.")
    expect(page.locator(".sv-choice").nth(0)).to_contain_text("your prediction")
    expect(page.locator(".sv-choice").nth(1)).to_contain_text("what comes out")
    expect(page.get_by_role("radio").nth(2)).to_be_disabled()  # there is no way back


def test_a_choice_by_keys(opened):
    page = opened("choice")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    say(page).to_have_text("As you predicted: later.")
    expect(page.locator(".sv-summary")).to_be_focused()


def test_a_number_stands_on_a_line_with_the_result(opened):
    page = opened("number")
    page.get_by_label("Your prediction, exact value").fill("20")
    page.keyboard.press("Tab")
    commit(page)
    say(page).to_have_text("You predicted 20 spikes; it is 13 spikes, 7 less.")
    line, mine, out = (
        page.locator(name).bounding_box() for name in (".sv-rule", ".sv-at-guess", ".sv-at-result")
    )
    assert (mine["x"] - line["x"]) / line["width"] == pytest.approx(20 / 50, abs=0.01)
    assert (out["x"] - line["x"]) / line["width"] == pytest.approx(13 / 50, abs=0.01)


@pytest.mark.parametrize("hand", ["mouse", "keys"])
def test_the_number_that_stands_there_can_be_meant(opened, hand):
    page = opened("number")
    slider = page.get_by_role("slider")
    if hand == "mouse":
        slider.click()  # in its middle, where the thumb is
    else:
        slider.press("Enter")
    commit(page)
    say(page).to_have_text("You predicted 25 spikes; it is 13 spikes, 12 less.")


@pytest.mark.parametrize("hand", ["mouse", "finger", "keys"])
def test_a_curve_is_drawn_by_hand_and_compared(opened, swipe, hand):
    page = opened("curve", has_touch=True)
    canvas = page.locator("canvas")
    box = canvas.bounding_box()
    level = box["y"] + 24 + (box["height"] - 66) * (1 - 0.625)  # TOP and BELOW of curve.js
    left, right = box["x"] + 50, box["x"] + box["width"] - 14
    if hand == "mouse":
        page.mouse.move(left, level)
        page.mouse.down()
        page.mouse.move(right, level, steps=5)
        page.mouse.up()
    elif hand == "finger":
        swipe(page, (left, level), right - left)
    else:
        canvas.focus()
        for key, times in [("PageUp", 1), ("ArrowUp", 3), ("ArrowRight", 40)]:
            for _ in range(times):
                page.keyboard.press(key)
        # From the middle up: a tenth, three hundredths.
        expect(canvas).to_have_attribute("aria-valuetext", "time, ms 20: membrane 0.63")
    commit(page)
    # It falls from 0.25 above 0.625 to 0.25 below: 0.125 off on average.
    apart = page.locator(".sv-summary")
    expect(apart).to_contain_text("On average your curve is 0.1")
    assert float(apart.inner_text().split()[-2]) == pytest.approx(0.125, abs=0.004)
    assert "ends at 0.375" in canvas.get_attribute("aria-label")
    assert canvas.get_attribute("aria-valuetext") is None  # a picture has no value


def test_it_looks_the_same_beside_a_widget_that_comes_later(opened):
    page = opened("choice")
    look = "getComputedStyle(document.querySelector('.sv-predict'))"
    before = page.evaluate(f"[{look}.maxWidth, {look}.padding]")
    later = SpikeRaster()
    code = {name: getattr(later, name) for name in CODE}
    page.evaluate("([code, state]) => spikevizLive.widget(code, state)"
                  ".show(document.body.appendChild(document.createElement('div')))",
                  [code, later._public_state()])  # fmt: skip
    page.locator(".sv-spike-raster").wait_for()
    assert page.evaluate(f"[{look}.maxWidth, {look}.padding]") == before


def test_a_finger_scrolls_over_all_but_an_open_pad(opened):
    page = opened("curve")
    touch = "getComputedStyle(document.querySelector('canvas')).touchAction"
    assert page.evaluate(touch) == "none"
    page.get_by_role("button", name="Skip").click()
    page.wait_for_function(f"{touch} === 'pan-y'")


def test_before_the_result_it_is_kept_and_a_skip_can_be_taken_back(new_page, tmp_path):
    asked = predict("01-page-open", "Which?", ["a", "b"])
    page = new_page(offline=True)
    page.goto(asked.save_html(tmp_path / "open.html").as_uri())
    page.get_by_role("button", name="Skip").click()
    say(page).to_have_text("Skipped. Run the cell below.")
    page.get_by_role("button", name="Predict after all").click()
    page.get_by_text("b", exact=True).click()
    commit(page)
    say(page).to_have_text("Kept. Run the cell below.")
    page.evaluate("document.getElementById('view').model.set('result', 'b')")
    say(page).to_have_text("As you predicted: b.")


@pytest.mark.parametrize("kind", RESULT)
def test_nothing_stands_outside_a_narrow_page(kind, opened):
    page = opened(kind, width=360)
    assert page.evaluate(OUTSIDE) == []
    page.get_by_role("button", name="Skip").click()
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
