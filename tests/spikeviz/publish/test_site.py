"""The site of the whole course in a browser, offline: widgets live, nothing cut off, accessible."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from spikeviz.course_map import course
from spikeviz.publish.running import NOTEBOOKS

PAGES = ["index", *sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))]
WAY = [n["file"] for n in course()["notebooks"] if "after" not in n]
AFTER = list(pairwise(WAY))  # no way leads on from a side trip
BEFORE = [(after, before) for before, after in AFTER]
AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")
FAULTS = """async (rules) => {
    const options = { resultTypes: ["violations"], preload: false };
    if (rules) options.runOnly = rules;
    const { violations } = await axe.run(document, options);
    return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => [id, ...nodes.map((node) => node.html.slice(0, 150))]);
}"""
THIN = """() => {  // of each kind of word in code one stays as it is, for axe looks at all
    const seen = new Set();
    for (const word of document.querySelectorAll("pre span[class]:not(:has(*))")) {
        const { color, fontWeight } = getComputedStyle(word);
        const around = [word.parentElement, word.closest("pre")].map((one) => one.className);
        const kind = [word.className, color, fontWeight, ...around].join("|");
        if (seen.has(kind)) word.replaceWith(word.textContent);
        seen.add(kind);
    }
    document.querySelectorAll("pre").forEach((one) => one.normalize());
}"""
DRAWN = """() => [...document.querySelectorAll("[data-model]")]
    .every((place) => place.querySelector(".spikeviz"))"""
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # all else is the same in the dark


@pytest.fixture(scope="module")
def opened(opener, course_site):
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
        page.evaluate("settled()")
        return page

    with opener() as new_page:
        yield open_page


@pytest.fixture(scope="module")
def neuron(opened):
    """The page of notebook 01, for several tests."""
    return opened("01_one_neuron")


def leads(page, way):
    """Where its links with this rel lead, one after the other."""
    links = page.locator(f"header a[rel={way}]")
    return [link.get_attribute("href") for link in links.all()]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_works_offline_in_both_schemes_and_widths(opened, name):
    page = opened(name, color_scheme="light")
    views = page.locator("[data-model]").count()
    assert page.locator("[data-model] .spikeviz").count() == views
    for width in (1400, 1366, 390):  # at 1366 code had widened its column
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("settled()")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    page.evaluate("document.querySelectorAll('main details').forEach((e) => (e.open = true))")
    page.evaluate("settled()")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(THIN)
    page.evaluate(AXE)
    assert page.evaluate(FAULTS) == []
    page.emulate_media(color_scheme="dark")
    page.evaluate("settled()")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert page.evaluate(FAULTS, OF_COLOURS) == []
    for way, steps in {"next": AFTER, "prev": BEFORE}.items():
        assert leads(page, way) == [f"{to}.html" for one, to in steps if one == name]
    assert page.get_by_role("link", name="Course map").count() == 1
    assert page.said == []
    page.close()


def test_a_widget_moves_by_hand_and_by_key(neuron):
    page = neuron
    widget = page.locator(".spikeviz").filter(has=page.locator(".sv-threshold")).first
    summary, line = widget.locator(".sv-summary").first, widget.locator(".sv-threshold")
    line.scroll_into_view_if_needed()
    before, box = summary.inner_text(), line.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 50, steps=5)
    page.mouse.up()
    page.evaluate("settled()")
    dragged = summary.inner_text()
    assert dragged != before
    line.focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    page.evaluate("settled()")
    assert summary.inner_text() != dragged
    assert re.match(r"\d+ spikes? in ", summary.inner_text())


def test_one_button_opens_and_folds_all_answers(neuron):
    page = neuron
    answers = "[...document.querySelectorAll('main .prose details')].filter((e) => e.open).length"
    button = page.get_by_role("button", name="Open or fold all answers")
    assert page.evaluate(answers) == 0
    button.click()
    assert page.evaluate(answers) == page.locator("main .prose details").count() > 3
    button.click()
    assert page.evaluate(answers) == 0


def test_the_keyboard_finds_the_text_first_and_what_scrolls(neuron):
    page = neuron
    page.set_viewport_size({"width": 390, "height": 1000})
    page.reload()
    page.wait_for_function(DRAWN)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the text"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    wide = (
        "[...document.querySelectorAll('.scroll')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
    )
    page.wait_for_function(f"{wide}.length > 0 && {wide}.every((e) => e.tabIndex === 0)")


def test_next_and_previous_walk_and_the_map_has_every_notebook(opened):
    page = opened(WAY[0])
    page.locator("header a[rel=next]").click()
    page.wait_for_url(f"**/{WAY[1]}.html")
    page.locator("header a[rel=prev]").click()
    page.wait_for_url(f"**/{WAY[0]}.html")
    page.get_by_role("link", name="Course map").click()
    page.get_by_role("heading", level=1).wait_for()
    assert page.locator(".map > li").count() == len(PAGES) - 1
    page.close()


def test_paper_shows_the_text_and_no_controls_of_the_page(neuron):
    page = neuron
    page.set_viewport_size({"width": 680, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not page.locator("header").is_visible()
    assert not page.locator(".contents").is_visible()
    assert page.locator("h1").is_visible()
    assert page.locator(".spikeviz").first.is_visible()
