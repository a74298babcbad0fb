"""The site of the whole course in a browser, offline: widgets live, nothing cut off, accessible."""

import re
from pathlib import Path

import pytest

from spikeviz.course_map import course
from spikeviz.publish.running import NOTEBOOKS

PAGES = ["index", *sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))]
WAY = [n["file"] for n in course()["notebooks"] if "after" not in n]
AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
FAULTS = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
    return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => [id, ...nodes.map((node) => node.html.slice(0, 150))]);
}"""
DRAWN = """() => [...document.querySelectorAll("[data-model]")]
    .every((place) => place.querySelector(".spikeviz"))"""
CALM = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def opened(new_page, course_site):
    """Open a page of the site; whatever is not a file of it is refused and remembered."""

    def open_page(name, **options):
        page = new_page(**options)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))

        def decide(route):
            if route.request.url.startswith(("file:", "data:", "blob:")):
                return route.continue_()
            page.said.append(route.request.url)
            return route.abort()

        page.route("**/*", decide)
        page.goto((course_site / f"{name}.html").as_uri())
        page.wait_for_function(DRAWN, timeout=60_000)
        page.evaluate(CALM)
        return page

    return open_page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_works_offline_in_both_schemes_and_widths(opened, name):
    page = opened(name, color_scheme="light")
    views = page.locator("[data-model]").count()
    assert page.locator("[data-model] .spikeviz").count() == views
    for width in (1400, 1366, 390):  # at 1366 code had widened its column
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(CALM)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    page.evaluate("document.querySelectorAll('main details').forEach((e) => (e.open = true))")
    page.evaluate(CALM)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE)
    assert page.evaluate(FAULTS) == []
    page.emulate_media(color_scheme="dark")
    page.evaluate(CALM)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert page.evaluate(FAULTS) == []
    assert page.said == []


def test_a_widget_moves_by_hand_and_by_key(opened):
    page = opened("01_one_neuron")
    widget = page.locator(".spikeviz").filter(has=page.locator(".sv-threshold")).first
    summary, line = widget.locator(".sv-summary").first, widget.locator(".sv-threshold")
    line.scroll_into_view_if_needed()
    before, box = summary.inner_text(), line.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 50, steps=5)
    page.mouse.up()
    page.evaluate(CALM)
    dragged = summary.inner_text()
    assert dragged != before
    line.focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    page.evaluate(CALM)
    assert summary.inner_text() != dragged
    assert re.match(r"\d+ spikes? in ", summary.inner_text())


def test_one_button_opens_and_folds_all_answers(opened):
    page = opened("01_one_neuron")
    answers = "[...document.querySelectorAll('main .prose details')].filter((e) => e.open).length"
    button = page.get_by_role("button", name="Open or fold all answers")
    assert page.evaluate(answers) == 0
    button.click()
    assert page.evaluate(answers) == page.locator("main .prose details").count() > 3
    button.click()
    assert page.evaluate(answers) == 0


def test_the_keyboard_finds_the_text_first_and_what_scrolls(opened):
    page = opened("01_one_neuron", width=390)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the text"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    wide = (
        "[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
    )
    page.wait_for_function(f"{wide}.length > 0 && {wide}.every((e) => e.tabIndex === 0)")


def test_next_and_previous_walk_through_the_course(opened):
    page = opened(WAY[0])
    for name in WAY[1:]:
        page.locator("header a[rel=next]").click()
        page.wait_for_url(f"**/{name}.html")
    assert page.locator("a[rel=next]").count() == 0
    page.get_by_role("link", name="Course map").click()
    page.get_by_role("heading", level=1).wait_for()
    assert page.locator(".map > li").count() == len(PAGES) - 1


def test_no_way_leads_on_from_a_side_trip(opened):
    for name in {*PAGES[1:]} - {*WAY}:
        page = opened(name)
        assert page.locator("a[rel=next], a[rel=prev]").count() == 0
        assert page.get_by_role("link", name="Course map").count() == 1


def test_paper_shows_the_text_and_no_controls_of_the_page(opened):
    page = opened("01_one_neuron", width=680, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.locator("header").is_visible()
    assert not page.locator(".contents").is_visible()
    assert page.locator("h1").is_visible()
    assert page.locator(".spikeviz").first.is_visible()
