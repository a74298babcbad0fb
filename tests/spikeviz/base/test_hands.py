"""What a real hand meets on every widget: a mouse, a finger, the keys, a printer. All events come
from the browser itself; what a script dispatches hides what a hand meets."""

import pytest

from spikeviz.gallery import explorers

# What a hand holds and what that changes: both stand on one screen of JupyterLab.
SCREEN: dict[str, list[str]] = {
    "AttentionExplorer": [".sv-image", ".sv-spikes", ".sv-update", ".sv-maps", ".sv-merged"],
    "CourseMap": [".sv-grow", ".sv-command"],
    "DigitReader": [".sv-nw-pad", ".sv-reader-flow", ".sv-summary"],
    "EnergyExplorer": [".sv-controls", ".sv-totals", ".sv-energy-bars", ".sv-plane", ".sv-update"],
    "NetworkWalk": [".sv-play", ".sv-nw-net", ".sv-nw-pad", ".sv-nw-maps", ".sv-nw-answer"],
    "PhotoExplorer": [".sv-controls", ".sv-plots", ".sv-summary"],
    "EventExplorer": [".sv-controls", ".sv-plots", ".sv-summary"],
    "AblationExplorer": [".sv-card:not([hidden])", ".sv-look", ".sv-stack canvas"],
    "SeedMachine": [".sv-controls", ".sv-seeds-draw", ".sv-seeds-stage", ".sv-summary"],
    "SpikeRaster": [".sv-head", ".sv-raster", ".sv-where", ".sv-looked"],
    "TrainingMonitor": [".sv-head", ".sv-film"],
    "LIFExplorer": ["[aria-label^='I,']", ".sv-tau", ".sv-dot", ".sv-traces", ".sv-fi"],
    "MBPLExplorer": [".sv-grip", ".sv-mbpl-pictures", ".sv-mbpl-traces", ".sv-mbpl-curve"],
    "PartitionExplorer": [".sv-controls", ".sv-flight", ".sv-update"],
    "SpikeBlockExplorer": [".sv-play", ".sv-diagram", ".sv-head", ".sv-detail", ".sv-update"],
    "SpikingPlayground": [".sv-pg-stage", ".sv-pg-plane", ".sv-pg-loss", ".sv-pg-panels"],
    "SurrogateExplorer": [".sv-top", ".sv-step", ".sv-back", ".sv-summary", ".sv-play"],
}
HEIGHT = 765  # pixels that JupyterLab leaves of a window of 1400 × 900
# Where a playhead stands: no gesture's work.
POSITIONS = {"cursor", "time_step", "step", "flight", "descent_step"}
STATE = """() => {
    const model = document.getElementById("view").model;
    const state = {};
    for (const name of Object.keys(model.get("defaults"))) state[name] = model.get(name);
    return state;
}"""
SET = """(state) => {
    const model = document.getElementById("view").model;
    for (const [name, value] of Object.entries(state)) model.set(name, value);
}"""
OPEN_POINT = """(canvas) => {
    canvas.scrollIntoView({ block: "center" });
    const box = canvas.getBoundingClientRect();
    if (box.width < 40 || box.height < 40) return null;
    for (const down of [0.5, 0.25, 0.75, 0.1, 0.9])
        for (const right of [0.5, 0.25, 0.75, 0.1, 0.9]) {
            const at = [box.left + right * box.width, box.top + down * box.height];
            if (document.elementFromPoint(...at) === canvas) return at;
        }
    return null;
}"""
HANDLES = """() => [...document.querySelectorAll(".spikeviz [role=slider]")]
    .filter((one) => one.checkVisibility() && !one.closest("details:not([open])"))
    .map((one) => {
        one.scrollIntoView({ block: "center" });
        const { width, height } = one.getBoundingClientRect();
        return [one.ariaLabel, Math.round(width), Math.round(height)];
    })"""


def draw(page, file):
    page.goto(file.as_uri())
    page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
    page.wait_for_function("!document.querySelector('.spikeviz[aria-busy=true]')")
    return page


@pytest.fixture(scope="module")
def calm(cls, opener, pages):
    """A page of a widget that does not play by itself, for all that a mouse does with it."""
    with opener() as new_page:
        yield draw(new_page(offline=True, reduced_motion="reduce"), pages(cls))


@pytest.fixture
def page(calm):
    """It, and after the test the widget as it came."""
    before = calm.evaluate(STATE)
    yield calm
    calm.evaluate(SET, before)
    settle(calm)


# scope: all tests of a widget come one after the other
each = pytest.mark.parametrize("cls", explorers(), ids=lambda cls: cls.__name__, scope="module")


def handles(page):
    """Each handle that a hand can take now, with a way for the mouse."""
    for name, width, height in page.evaluate(HANDLES):
        handle = page.get_by_role("slider", name=name, exact=True).last
        yield handle, name, width, height


def centre(handle):
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def take(page, handle, right, down):
    """Drag a handle with the mouse, from its middle."""
    x, y = centre(handle)
    page.mouse.move(x, y)
    page.mouse.down()
    for share in (0.3, 0.6, 1):
        page.mouse.move(x + share * right, y + share * down)
    page.mouse.up()


def settle(page):
    page.evaluate("settled()")


def moved(before, after):
    """The traits that a gesture changed, with what they hold now."""
    return {n: after[n] for n in after if after[n] != before[n] and n not in POSITIONS}


# ---------------------------------------------------------------- a finger


@each
def test_a_finger_scrolls_the_page_over_every_kind_of_picture(cls, new_page, pages, swipe):
    phone = {"width": 390, "height": 800, "has_touch": True, "is_mobile": True}
    page = draw(new_page(offline=True, reduced_motion="reduce", **phone), pages(cls))
    page.add_style_tag(content="body { padding: 500px 0 }")
    tried = set()
    for canvas in page.locator(".spikeviz canvas:visible").all():
        kind = canvas.evaluate("(one) => [one.className, one.parentElement.className].join()")
        if kind in tried or "sv-handle" in kind.split(",")[0]:  # a pad to draw on
            continue
        if canvas.evaluate(OPEN_POINT) is None:
            continue
        tried.add(kind)
        ways = (swipe(page, canvas.evaluate(OPEN_POINT), down=-220) for _ in range(3))
        assert any(way > 150 for way in ways), kind  # a picture that traps it never moves the page
    pictures = page.locator(".spikeviz canvas:visible").count()
    assert tried or not pictures


# ---------------------------------------------------------------- a mouse


@each
def test_a_handle_is_large_enough_for_a_finger(page):
    small = [one for one in page.evaluate(HANDLES) if min(one[1:]) < 24]
    assert small == []


@each
def test_a_handle_that_is_only_taken_moves_nothing(page):
    for handle, name, width, height in handles(page):
        before = page.evaluate(STATE)
        x, y = centre(handle)
        page.mouse.move(x + min(9, width / 2 - 2), y + min(9, height / 2 - 2))
        page.mouse.down()
        page.mouse.up()
        settle(page)
        assert moved(before, page.evaluate(STATE)) == {}, name


@each
def test_a_drag_selects_no_words_goes_by_steps_and_is_taken_back_by_keys_and_a_double_click(page):
    for handle, name, _, _ in handles(page):
        before = page.evaluate(STATE)
        take(page, handle, 17, -23)
        settle(page)
        assert page.evaluate("getSelection().toString()") == "", name
        after = page.evaluate(STATE)
        changed = moved(before, after)
        for value in changed.values():
            for number in value if isinstance(value, list) else [value]:
                assert not isinstance(number, float) or len(repr(abs(number))) <= 7, (name, value)
        if not changed:
            continue  # it stands at its end, or moves a playhead
        page.keyboard.press("Control+z")
        settle(page)
        assert moved(before, page.evaluate(STATE)) == {}, name
        page.keyboard.press("Control+Shift+z")
        settle(page)
        assert moved(after, page.evaluate(STATE)) == {}, name
        page.get_by_role("button", name="Undo").click()
        settle(page)
        assert moved(before, page.evaluate(STATE)) == {}, name
        page.keyboard.press("Control+Shift+z")  # the focus is still there
        settle(page)
        assert moved(after, page.evaluate(STATE)) == {}, name
        page.keyboard.press("Control+z")
        settle(page)
        assert moved(before, page.evaluate(STATE)) == {}, name
        take(page, handle, 17, -23)
        settle(page)
        page.mouse.dblclick(*centre(handle))
        settle(page)
        assert moved(before, page.evaluate(STATE)) == {}, name


@each
def test_a_handle_and_what_it_changes_share_a_screen(cls, page):
    page.set_viewport_size({"width": 1100, "height": 1000})
    settle(page)
    names = SCREEN[cls.__name__]
    boxes = [page.locator(f".spikeviz {one}").first.bounding_box() for one in names]
    top = min(box["y"] for box in boxes)
    assert max(box["y"] + box["height"] for box in boxes) - top <= HEIGHT


# ---------------------------------------------------------------- a printer


@each
def test_it_is_drawn_anew_at_the_width_of_a_sheet(page):
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.emulate_media(color_scheme="dark")
    settle(page)
    page.evaluate("""() => {
        const look = () => {
            const root = document.querySelector(".spikeviz");
            const edge = root.getBoundingClientRect().right + 0.5;
            const canvases = [...root.querySelectorAll("canvas")].filter((one) => one.clientWidth);
            const own = (one) => one.width === Math.round(one.clientWidth * devicePixelRatio);
            const size = (one) => `${one.className} ${one.width} in ${one.clientWidth}`;
            return {
                width: root.clientWidth,
                colour: getComputedStyle(root).backgroundColor,
                blurred: canvases.filter((one) => one.width > 100 && !own(one)).map(size),
                outside: [...root.querySelectorAll("*")]
                    .filter((one) => one.checkVisibility() && one.clientWidth)
                    .filter((one) => one.getBoundingClientRect().right > edge)
                    .map((one) => one.outerHTML.slice(0, 80)),
            };
        };
        window.before = look();
        addEventListener("beforeprint", () => (window.printed = look()));
    }""")
    page.pdf()
    printed = page.evaluate("printed")
    assert (printed["width"], printed["colour"]) == (680, "rgb(255, 255, 255)")
    assert printed["blurred"] == printed["outside"] == []
    assert page.evaluate("document.querySelector('.spikeviz').clientWidth === before.width")
