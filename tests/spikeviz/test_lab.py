"""The course in a real JupyterLab: open it, run notebook 01, move the neuron, reload, clean up."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from spikeviz.browser import Course

# Makes alive() count what code from a widget's module (a blob) holds on to: timers, frames,
# observers, and listeners on what outlives the widget.
WATCH = """
const held = {};
const hold = (kind, thing) => (held[kind] ??= new Set()).add(thing);
const drop = (kind, thing) => held[kind]?.delete(thing);
const ofAWidget = () => new Error().stack.includes("blob:");
window.alive = () => Object.fromEntries(Object.entries(held).map(([k, set]) => [k, set.size]));
for (const [start, stop] of [["setTimeout", "clearTimeout"], ["setInterval", "clearInterval"],
                             ["requestAnimationFrame", "cancelAnimationFrame"]]) {
    const [begin, end] = [window[start], window[stop]];
    window[start] = (callback, ...rest) => {
        const id = begin((...values) => {
            if (start !== "setInterval") drop(start, id);
            callback(...values);
        }, ...rest);
        if (ofAWidget()) hold(start, id);
        return id;
    };
    window[stop] = (id) => { drop(start, id); end(id); };
}
for (const name of ["MutationObserver", "ResizeObserver"])
    window[name] = class extends window[name] {
        observe(...rest) { if (ofAWidget()) hold(name, this); super.observe(...rest); }
        disconnect() { drop(name, this); super.disconnect(); }
    };
const add = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (type, listener, options) {
    const long = [window, document, document.body].includes(this) || this instanceof MediaQueryList;
    if (long && ofAWidget()) {
        const key = {};
        hold("listener", key);
        options?.signal?.addEventListener("abort", () => drop("listener", key));
    }
    return add.call(this, type, listener, options);
};
"""


@pytest.fixture(scope="module")
def page(opener, lab: Course):
    with opener() as new_page:
        page = new_page()
        lab.open(page, "01_one_neuron")
        lab.run_all(page)
        explorer(page).scroll_into_view_if_needed()
        yield page


def explorer(page):
    """The first widget of notebook 01; the second one shows the mystery neuron."""
    return page.locator(".sv-lif").first


def drag_threshold(page, by: float) -> float:
    """Drag the line on the plot and return where it then stands."""
    line = explorer(page).locator(".sv-threshold")
    line.scroll_into_view_if_needed()
    box = line.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + by, steps=5)
    page.mouse.up()
    page.evaluate("settled()")
    return float(line.get_attribute("aria-valuenow"))


def test_the_course_opens_where_it_starts_without_pop_ups(browser, lab: Course):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.goto(lab.address + "&reset")  # without what other tests left open
    lab.wait(page, "00_start_here")
    assert page.get_by_role("heading", name="Start here").is_visible()
    assert page.locator(".jp-mod-dirty").count() == 0  # only opened, it has nothing to save
    lab.run_all(page)
    assert page.get_by_text("All set.").is_visible()
    page.locator(".spikeviz .sv-summary").get_by_text("9 spikes").wait_for()
    assert page.get_by_text("Jupyter news").count() == 0
    context.close()


def test_every_cell_of_notebook_01_ran_without_error(page):
    assert page.locator(".jp-CodeCell").count() > 5
    assert page.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0
    assert page.locator(".jp-RenderedText[data-mime-type*=stderr]").count() == 0
    assert page.get_by_text("Not yet").is_visible()  # the exercise, untouched


def test_a_drag_of_the_threshold_reaches_python(page, lab: Course):
    shown = drag_threshold(page, 50)
    assert 0.2 < shown < 0.95
    page.wait_for_timeout(300)  # until Python has heard it
    assert lab.python("explorer.v_threshold") == pytest.approx(shown)
    count = lab.python("int(explorer.trace().spikes.sum())")
    explorer(page).locator(".sv-summary", has_text=f"{count} spikes").wait_for()
    assert lab.python("explorer.ghost['v_threshold']") == 1.0
    assert page.evaluate("getSelection().toString()") == ""


def test_ctrl_z_takes_a_drag_back_and_not_a_cell(page, lab: Course):
    before = lab.python("explorer.v_threshold")
    cells = page.locator(".jp-CodeCell").count()
    assert drag_threshold(page, -20) > before
    page.keyboard.press("Control+z")
    page.wait_for_timeout(300)  # until Python has heard it
    assert lab.python("explorer.v_threshold") == pytest.approx(before)
    assert page.locator(".jp-CodeCell").count() == cells


def test_python_moves_the_picture(page, lab: Course):
    explorer(page).locator(".sv-summary").get_by_text("100 ms").wait_for()
    assert lab.python("setattr(explorer, 'duration', 50.0)") is None
    explorer(page).locator(".sv-summary").get_by_text("in 50 ms").wait_for(timeout=5000)
    lab.python("setattr(explorer, 'duration', 100.0)")
    explorer(page).locator(".sv-summary").get_by_text("in 100 ms").wait_for(timeout=5000)


def test_strokes_on_the_input_reach_python_and_the_libraries_answer(page, lab: Course):
    explorer(page).get_by_text("Check with the libraries").click()
    explorer(page).get_by_label("norse").check()
    explorer(page).get_by_text("norse: same spikes").wait_for(timeout=60_000)  # it is imported now
    explorer(page).get_by_role("button", name="Paint", exact=True).click()
    sheet = explorer(page).locator(".sv-brush")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    for step in (20, 60):  # a second stroke is sent like the first
        x = box["x"] + box["width"] * (step + 0.5) / 100
        page.mouse.move(x, box["y"] + 1)
        page.mouse.down()
        page.mouse.move(x + box["width"] / 10, box["y"] + 1, steps=3)
        page.mouse.up()
        page.wait_for_timeout(300)
        drawn = lab.python("explorer.current.tolist()")
        assert min(drawn[step : step + 10]) > 2.9
        assert drawn[step + 12] == drawn[0] < 2
    explorer(page).get_by_text("norse: same spikes").wait_for(timeout=10_000)
    count = lab.python("int(explorer.trace().spikes.sum())")
    explorer(page).locator(".sv-summary", has_text=f"{count} spikes").wait_for()
    explorer(page).get_by_label("norse").uncheck()
    explorer(page).get_by_label("Shape of the input current").select_option("constant")
    explorer(page).locator(".sv-summary").get_by_text("100 ms").wait_for()


def test_arrow_keys_scrub_and_leave_the_notebook_alone(page, lab: Course):
    active = page.locator(".jp-Notebook .jp-mod-active")
    slider = explorer(page).get_by_role("slider", name="Time step")
    slider.click()  # it may stand between two steps
    page.keyboard.press("ArrowRight")
    cell, cells = active.get_attribute("data-windowed-list-index"), page.locator(".jp-Cell").count()
    before = int(slider.input_value())
    for key in ("ArrowRight", "ArrowRight", "d", "d", "a", "b", "ArrowDown"):
        page.keyboard.press(key)
    after = f"step {before + 1},"  # two up, one down
    explorer(page).locator(".sv-clock", has_text=after).wait_for()
    assert page.locator(".jp-Cell").count() == cells  # "dd" deletes a cell, "a" and "b" add one
    assert active.get_attribute("data-windowed-list-index") == cell


def test_no_echo_from_python_takes_a_move_back(page):
    """Of a hand's 100 moves, one a frame, each still stands when the next comes."""
    slider = explorer(page).get_by_role("slider", name="Time step")
    moves = """async (slider) => {
        let back = 0;
        for (let move = 1; move <= 100; move++) {
            slider.value = move % 90;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(requestAnimationFrame);
            await new Promise((later) => setTimeout(later, 7));
            back += Number(slider.value) !== move % 90;
        }
        return back;
    }"""
    assert slider.evaluate(moves) == 0


def test_the_state_is_there_again_after_a_reload(page, lab: Course):
    shown = drag_threshold(page, -20)
    summary = explorer(page).locator(".sv-summary").inner_text()
    page.keyboard.press("Control+s")
    page.locator(".jp-mod-dirty").wait_for(state="detached", timeout=10_000)
    page.wait_for_timeout(500)
    page.reload()
    explorer(page).locator(".sv-summary").wait_for(timeout=60_000)
    assert explorer(page).locator(".sv-summary").inner_text() == summary
    assert float(explorer(page).locator(".sv-threshold").get_attribute("aria-valuenow")) == shown
    assert explorer(page).get_by_text("last run,").is_visible()
    assert page.locator(".jp-mod-dirty").count() == 0
    drag_threshold(page, 20)
    page.locator(".jp-mod-dirty").first.wait_for(timeout=5000)  # the file would hold the new place


def test_it_follows_jupyterlabs_theme(page, lab: Course):
    look = """() => [getComputedStyle(document.querySelector('.sv-lif')).backgroundColor,
                     document.querySelector('.sv-traces').toDataURL()].join()"""

    def settled() -> str:
        """What is on show, once it has stayed for a second: the theme's style sheet loads late."""
        before = None
        while (now := page.evaluate(look)) != before:
            before = now
            page.wait_for_timeout(1000)
        return now

    explorer(page).scroll_into_view_if_needed()
    seen = {}
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.menu(page, "Settings", "Theme", theme)
        page.wait_for_function(f"document.body.dataset.jpThemeName === '{theme}'")
        seen[theme] = settled().split(",data:")
    lab.menu(page, "Settings", "Theme", "JupyterLab Light")
    (light, dark), again = seen.values(), settled().split(",data:")
    assert light[0] == again[0] != dark[0]

    def pixels(seen):
        raw = base64.b64decode(seen[1].partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(raw)).convert("RGBA"), float)

    assert np.abs(pixels(light) - pixels(again)).mean() < 0.5  # copied or drawn: edges differ
    assert np.abs(pixels(light) - pixels(dark)).mean() > 2


def test_10_runs_of_a_cell_leave_one_widget_and_nothing_else(browser, lab: Course):
    lab.write("again", "import ipywidgets\nfrom spikeviz import LIFExplorer", "LIFExplorer()")
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.add_init_script(WATCH)
    page = context.new_page()
    lab.open(page, "again")
    lab.run_all(page)
    page.locator(".sv-summary").wait_for()
    page.wait_for_function("!alive().requestAnimationFrame && !alive().setTimeout")
    before, widgets = (
        page.evaluate("alive()"),
        lab.python("len(ipywidgets.widgets.widget._instances)"),
    )
    assert before["ResizeObserver"] == before["MutationObserver"] == 1

    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").nth(1)
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    for run in range(10):
        page.keyboard.press("Control+Enter")
        prompt.get_by_text(f"[{run + 3}]:").wait_for()
    page.locator(".sv-summary").wait_for()
    page.wait_for_function("!alive().requestAnimationFrame && !alive().setTimeout")
    assert page.locator(".spikeviz").count() == 1
    assert page.evaluate("alive()") == before
    assert lab.python("len(ipywidgets.widgets.widget._instances)") == widgets

    assert lab.python("ipywidgets.Widget.close_all()") is None
    page.locator(".spikeviz").wait_for(state="detached")
    page.wait_for_function("Object.values(alive()).every((count) => count === 0)")
    context.close()
