"""Slides in a browser, offline: every step is reached, answers open, widgets take their keys."""

import pytest

from spikeviz.publish.running import NOTEBOOKS
from spikeviz.publish.slides import save_slides

LESSON = "01_one_neuron"
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
        page.evaluate("settled()")
        if page.evaluate(condition):
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"no slide with {condition}")


FITS = f"""() => {{
    const {{ isCut, unit }} = spikevizFit;
    const words = {SLIDE}.querySelector(".words");
    const letters = words ? parseFloat(getComputedStyle(words).fontSize) / unit() : 22;
    return [isCut({SLIDE}), {SLIDE}.scrollHeight > innerHeight, letters >= 13];
}}"""


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 720, "light"), (390, 800, "dark")])
def test_the_arrow_reaches_every_step_and_nothing_is_cut_off(opened, width, height, scheme):
    page = opened(width=width, height=height, color_scheme=scheme)
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total > 15
    seen = set()
    for _ in range(3 * total):
        page.evaluate("settled()")
        seen.add(page.evaluate(PLACE))
        assert page.evaluate(f"{SLIDE}.scrollWidth <= {SLIDE}.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert width < 700 or page.evaluate(FITS) == [False, False, True], page.evaluate(PLACE)
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
    forward_until(page, f"{SLIDE}.querySelector('.explained') !== null")
    assert page.evaluate(f"{SLIDE}.querySelector('{OUTCOME}') !== null")  # it is still there
    answer = page.locator("section.present section.present .explained")
    assert not answer.is_visible()
    page.keyboard.press("ArrowRight")
    answer.locator("p, li").first.wait_for()


def test_a_widget_on_a_slide_keeps_its_keys_and_follows_the_pointer(opened):
    page = opened(width=1280, height=720)
    forward_until(page, f"{SLIDE}.querySelector('.sv-threshold') !== null")
    widget = page.locator("section.present section.present .spikeviz")
    summary, line = widget.locator(".sv-summary").first, widget.locator(".sv-threshold")
    place, before = page.evaluate(PLACE), summary.inner_text()
    line.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("PageDown")
    page.evaluate("settled()")
    by_key = summary.inner_text()
    assert by_key != before
    assert page.evaluate(PLACE) == place
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=5)
    page.evaluate("settled()")
    assert summary.inner_text() != by_key
    box = line.bounding_box()  # the widget is scaled, and the line is where the hand is
    assert box["y"] + box["height"] / 2 == pytest.approx(y + 20, abs=3)
    page.mouse.up()
    page.emulate_media(media="print")  # a handout: all slides, no answer left out
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.evaluate("settled()")
    assert page.locator(".explained:visible").count() == page.locator(".explained").count() > 3
    grip = page.locator(".sv-tau").first.bounding_box()
    assert max(grip["width"], grip["height"]) < 40  # a widget's parts stand where they belong


def test_the_speaker_sees_two_slides_and_the_notes(opened):
    page = opened()
    with page.expect_popup() as opening:
        page.keyboard.press("s")
    speaker = opening.value
    speaker.get_by_text("What students often believe").wait_for()
    for name in ("current", "upcoming"):
        frame = speaker.frame_locator(f"#{name}-slide iframe")
        frame.locator("section.present section.present h2, h1").first.wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    speaker.get_by_text("This section: about").wait_for()
