"""Slides in a browser, offline: every step is reached, answers open, widgets take their keys."""

import pytest

from spikeviz.publish.running import NOTEBOOKS
from spikeviz.publish.slides import save_slides

LESSON = "01_one_neuron"
CALM = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SLIDE = "Reveal.getCurrentSlide()"
OUTCOME = "[data-model]:not(:has(.sv-predict))"
PLACE = "((at) => `${at.h} ${at.v}`)(Reveal.getIndices())"


@pytest.fixture(scope="module")
def slides(shared, cache, outcome):
    path = NOTEBOOKS / f"{LESSON}.ipynb"
    outcome(path)
    return save_slides(path, shared / "own slides" / "a.html", cache)


@pytest.fixture
def opened(new_page, slides):
    def open_slides(**options):
        page = new_page(offline=True, **options)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.goto(slides.as_uri())
        page.wait_for_function("Reveal.isReady()")
        return page

    return open_slides


def forward_until(page, condition):
    """Press the arrow to the right until an expression about the slide is true."""
    for _ in range(80):
        page.evaluate(CALM)
        if page.evaluate(condition):
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"no slide with {condition}")


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_the_arrow_reaches_every_step_and_nothing_is_cut_off(opened, width, scheme):
    page = opened(width=width, height=800, color_scheme=scheme)
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total > 15
    seen = set()
    for _ in range(3 * total):
        page.evaluate(CALM)
        seen.add(page.evaluate(PLACE))
        assert page.evaluate(f"{SLIDE}.scrollWidth <= {SLIDE}.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if page.evaluate("Reveal.isLastSlide() && !Reveal.availableFragments().next"):
            break
        page.keyboard.press("ArrowRight")
    assert len(seen) == total
    assert page.said == []


def test_the_question_comes_before_its_outcome_and_the_answer_after_it(opened):
    page = opened()
    forward_until(page, f"{SLIDE}.querySelector('.sv-predict') !== null")
    assert page.evaluate(f"{SLIDE}.querySelector('{OUTCOME}') === null")
    forward_until(page, f"{SLIDE}.querySelector('{OUTCOME}') !== null")
    forward_until(page, f"{SLIDE}.querySelector('.fragment details') !== null")
    answer = page.locator("section.present section.present .fragment details")
    assert not answer.is_visible()
    page.keyboard.press("ArrowRight")
    answer.locator("p, li").first.wait_for()
    assert page.evaluate(f"{SLIDE}.querySelector('.fragment details').open")
    answer.locator("summary").first.click()
    assert not page.evaluate(f"{SLIDE}.querySelector('.fragment details').open")


def test_a_widget_on_a_slide_keeps_its_keys_and_follows_the_pointer(opened):
    page = opened()
    forward_until(page, f"{SLIDE}.querySelector('.sv-threshold') !== null")
    widget = page.locator("section.present section.present .spikeviz")
    summary, line = widget.locator(".sv-summary").first, widget.locator(".sv-threshold")
    place, before = page.evaluate(PLACE), summary.inner_text()
    line.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("PageDown")
    page.evaluate(CALM)
    by_key = summary.inner_text()
    assert by_key != before
    assert page.evaluate(PLACE) == place
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=5)
    page.mouse.up()
    page.evaluate(CALM)
    assert summary.inner_text() != by_key
    scale = "(e) => e.getBoundingClientRect().width / e.offsetWidth"
    assert widget.evaluate(scale) == 1  # else the pointer would be taken for another place
