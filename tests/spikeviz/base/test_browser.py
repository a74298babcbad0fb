"""What holds for every widget, from its saved page: offline, calm, all in sight, both themes."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest

from spikeviz.gallery import explorers
from spikeviz.micro.networks import PageExplorer

MOVES = (Path(__file__).parent / "moves.js").read_text(encoding="utf-8")
OUTSIDE = """() => {
    const hides = (e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
    const scrolled = (e) => e && e.closest(".spikeviz") && (hides(e) || scrolled(e.parentElement));
    const out = ({ left, right, width }) => width && (right > innerWidth + 0.5 || left < -0.5);
    return [...document.querySelectorAll(".spikeviz *")]
        .filter((e) => out(e.getBoundingClientRect()) && !scrolled(e.parentElement))
        .map((e) => e.outerHTML.slice(0, 80));
}"""
LOOK = """() => JSON.stringify([
    getComputedStyle(document.querySelector(".spikeviz")).backgroundColor,
    ...[...document.querySelectorAll("canvas")].map((c) => c.clientWidth && c.toDataURL()),
])"""
CONTROLS = "input, select, textarea, button, canvas, [tabindex]"
NAMELESS = f"""() => [...document.querySelectorAll(".spikeviz :is({CONTROLS})")]
    .filter((e) => !e.closest("[aria-hidden=true]"))
    .filter((e) => !e.getAttribute("aria-label") && !e.textContent.trim() && !e.labels?.length)
    .map((e) => e.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def opened(opener, pages):
    """opened(cls, **options): the saved page of a widget, offline, until the end of the block;
    nothing may be asked of a network."""

    @contextmanager
    def open_page(cls, **options):
        with opener() as new_page:
            page, said = new_page(offline=True, **options), []
            page.on("console", lambda message: said.append(message.text))
            page.on(
                "request",
                lambda request: (
                    said.append(request.url)
                    if not request.url.startswith(("file:", "blob:", "data:"))
                    else None
                ),
            )
            page.goto(pages(cls).as_uri())
            page.locator(".spikeviz").wait_for()
            page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
            page.wait_for_function("!document.querySelector('.spikeviz[aria-busy=true]')")
            yield page
            assert said == []

    return open_page


@pytest.fixture(scope="module")
def page(cls, opened):
    """One page of a widget for the tests below, in their order: a phone's, without motion."""
    with opened(cls, width=360, reduced_motion="reduce") as page:
        yield page


# scope: all tests of a widget come one after the other
each = pytest.mark.parametrize("cls", explorers(), ids=lambda cls: cls.__name__, scope="module")


@each
def test_nothing_moves_by_itself(page):
    page.set_viewport_size({"width": 1400, "height": 1000})
    drawn = """() => new Promise((done) => {
        let count = 0;
        document.addEventListener("spikeviz:drawn", () => count++);
        let frames = 0;
        const tick = () => (++frames < 30 ? requestAnimationFrame(tick) : done(count));
        requestAnimationFrame(tick);
    })"""
    page.evaluate(drawn)  # the first drawings after the page's layout
    assert page.evaluate(drawn) == 0


@each
def test_a_page_is_small_and_says_what_it_shows(cls, page, pages):
    most = 2_000_000 if issubclass(cls, PageExplorer) else 1_500_000  # with a network's weights
    assert pages(cls).stat().st_size < most
    assert page.locator(".sv-summary").first.get_attribute("role") == "status"


@each
def test_every_control_has_a_name_and_takes_the_focus(page):
    assert page.evaluate(NAMELESS) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.spikeviz') !== null")


@each
def test_it_follows_the_colour_scheme(page):
    light = page.evaluate(LOOK)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"({LOOK})() !== {json.dumps(light)}")
    background = "getComputedStyle(document.querySelector('.spikeviz')).backgroundColor"
    assert page.evaluate(background) == "rgb(17, 17, 17)"


@each
@pytest.mark.parametrize("width", [360, 700, 1600])
def test_nothing_stands_outside_the_page(page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    page.evaluate("document.querySelectorAll('.spikeviz details').forEach((e) => (e.open = true))")
    page.evaluate("settled()")
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@each
def test_a_move_that_is_taken_back_at_once_is_no_longer_shown(page):
    wrong = """async () => {
        const model = document.getElementById("view").model;
        const kinds = { number: "value", checkbox: "checked", "select-one": "value" };
        const fields = [...document.querySelectorAll(".sv-control :is(input, select)")]
            .filter((one) => kinds[one.type] && !one.disabled && one.getClientRects().length);
        const [set, bad] = [model.set, []];
        for (const field of fields) {
            const [is, old] = [kinds[field.type], []];
            const before = field[is];
            model.set = (name, value) => (old.unshift([name, model.get(name)]), set(name, value));
            if (field.type === "checkbox") field.checked = !before;
            else if (field.options) field.selectedIndex = (field.selectedIndex + 1) % field.length;
            else field.value = before === field.max ? field.min : field.max;
            field.dispatchEvent(new Event("change", { bubbles: true }));
            model.set = set;
            for (const [name, value] of old) model.set(name, value);
            for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
            if (field[is] !== before) bad.push(field.ariaLabel ?? field.labels[0].textContent);
        }
        return bad;
    }"""
    assert page.evaluate(wrong) == []


@each
def test_120_random_moves_leave_numbers_on_show(cls, opened):
    with opened(cls) as page:
        assert page.evaluate(MOVES) == []
