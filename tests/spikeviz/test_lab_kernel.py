"""Widgets in a real JupyterLab whose kernel is restarted or stopped; the tour on a laptop."""

import json
import time

import pytest

from spikeviz.browser import Course
from spikeviz.gallery import ORDER

LOST = "Python no longer hears this widget"
SAVED = "application/vnd.jupyter.widget-state+json"


@pytest.fixture
def opened(browser, lab: Course):
    """opened(*cells): a notebook of these cells, run, on a laptop's screen; see .file."""
    contexts, errors = [], []

    def run(*cells):
        name = f"kernel{len(list(lab.folder.glob('notebooks/kernel*')))}"
        file = lab.write(name, "import spikeviz", *cells, end="The end.\n\n" * 40)
        contexts.append(browser.new_context(viewport={"width": 1366, "height": 768}))
        page = contexts[0].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.file = file
        lab.open(page, name)
        lab.run_all(page)
        page.locator(".spikeviz").nth(sum("spikeviz" in cell for cell in cells) - 1).wait_for()
        return page

    yield run
    for context in contexts:
        context.close()
    assert not errors


def restart(page, lab):
    lab.menu(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()


def shut_down(page, lab):
    """Until the server has done it as well: a page opened before would meet a dying kernel."""
    alive = set((lab.folder / "runtime").glob("kernel-*.json"))
    lab.menu(page, "Kernel", "Shut Down Kernel")
    begin = time.monotonic()
    while alive <= set((lab.folder / "runtime").glob("kernel-*.json")):
        assert time.monotonic() < begin + 60, "the kernel still runs"
        page.wait_for_timeout(100)


def save(page):
    page.locator(".jp-MarkdownCell").last.click()
    page.keyboard.press("Control+s")
    page.locator(".jp-mod-dirty").wait_for(state="detached", timeout=20_000)


def reload(page):
    page.reload()
    page.locator(".spikeviz").nth(len(ORDER) - 1).wait_for(timeout=120_000)


def states(page):
    """The widgets that the notebook's file holds, with their layouts."""
    return json.loads(page.file.read_text(encoding="utf-8"))["metadata"]["widgets"][SAVED]["state"]


def widget(page, name):
    return page.locator(".jp-CodeCell", has_text=f"spikeviz.{name}()").locator(".spikeviz")


def test_reopened_without_its_kernel_a_notebook_shows_every_widget(opened, lab):
    page = opened(*(f"spikeviz.{name}()" for name in ORDER))
    save(page)
    assert len(states(page)) == 2 * len(ORDER)
    assert page.file.stat().st_size < 2_000_000
    assert page.get_by_text(LOST).count() == 0
    shut_down(page, lab)
    page.get_by_text(LOST).nth(len(ORDER) - 1).wait_for()
    reload(page)
    assert page.get_by_text(LOST).count() == len(ORDER)
    assert page.get_by_text("Error displaying").count() == 0
    neuron = widget(page, "LIFExplorer")
    before = neuron.locator(".sv-summary").inner_text()
    neuron.locator(".sv-threshold").press("PageDown")
    neuron.locator(".sv-summary").filter(has_not_text=before).wait_for()
    assert widget(page, "NetworkWalk").locator(".sv-nw-thumb").first.is_visible()
    assert widget(page, "NetworkWalk").get_by_text("Another image needs Python").is_visible()
    assert widget(page, "AttentionExplorer").get_by_text("Other images need Python").is_visible()
    save(page)  # JupyterLab alone would now drop what no kernel holds
    assert len(states(page)) == 2 * len(ORDER)


def test_a_restarted_kernel_is_not_waited_for(opened, lab):
    page = opened("spikeviz.NetworkWalk()", "walk = _\nimport time\ntime.sleep(2)")
    number = page.get_by_label("Test digit, exact value")
    lab.python("setattr(walk, 'busy', True)")
    page.get_by_text("running in Python").wait_for()
    page.locator(".jp-CodeCell .cm-content").nth(2).click()
    page.keyboard.press("Control+Enter")  # a busy kernel answers nobody
    number.fill("7")
    number.press("Enter")
    assert page.get_by_text(LOST).count() == 0
    restart(page, lab)
    page.get_by_text(LOST).wait_for()
    assert page.get_by_text("running in Python").count() == 0
    assert number.input_value() == "0"  # the image on show
    assert number.is_disabled()
    page.locator(".jp-CodeCell .cm-content").nth(0).click()
    for _ in range(2):
        page.keyboard.press("Shift+Enter")
    page.get_by_text(LOST).wait_for(state="detached")
    number.fill("7")
    number.press("Enter")
    page.wait_for_timeout(500)
    assert lab.python("spikeviz.network.explorer.NetworkWalk and _.image") == 7
    save(page)
    kept = [state for state in states(page).values() if state["model_name"] == "AnyModel"]
    assert len(kept) == 1  # the widget before is let go


def test_without_the_kernel_no_training_runs_on_and_no_guess_is_lost(opened, lab):
    ask = 'spikeviz.predict("01-lost", "Which?", ["one", "another"])'
    page = opened("spikeviz.TrainingMonitor()", "monitor = _", ask)
    lab.python("monitor.start(({'loss': 1.0} for _ in iter(int, 1)), steps=10**9) and None")
    page.get_by_text("run: running").wait_for()
    restart(page, lab)
    page.get_by_text("run: not seen since").wait_for()
    assert page.get_by_role("button", name="Stop").count() == 0
    page.get_by_text("another", exact=True).click()
    page.get_by_role("button", name="Commit").click()
    unheard = page.get_by_text("Python has not heard it")
    unheard.wait_for()
    for cell in (0, 3):
        page.locator(".jp-CodeCell .cm-content").nth(cell).click()
        page.keyboard.press("Control+Enter")
    unheard.wait_for(state="detached")
    page.locator(".sv-predict").get_by_text("Kept. Run the cell below.").wait_for()
    page.wait_for_timeout(300)  # until Python has heard it
    assert lab.python("(_.guess, _.state)") == ("another", "committed")


def test_the_tour_and_its_code_stay_in_view(opened):
    page = opened("spikeviz.NetworkWalk()")

    def click(target):
        box = target.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert 95 < y < 735, (x, y)  # between JupyterLab's bars
        page.mouse.click(x, y)
        page.wait_for_timeout(300)

    click(page.get_by_role("button", name="Start the tour"))
    card = page.get_by_role("region", name="Guided tour")
    follow = card.get_by_role("button").nth(1)
    for step in range(1, 8):
        assert card.get_by_text(f"Step {step} of 8").is_visible()
        box = page.locator(".sv-nw-framed")
        if step in (2, 3, 4, 6):
            click(box.locator(".sv-nw-open"))
        if step == 7:
            click(box.get_by_text("</>"))
            code = page.locator(".sv-nw-code pre").first.bounding_box()
            assert card.bounding_box()["y"] + card.bounding_box()["height"] < code["y"] < 500
            assert page.locator(".sv-nw-marked").first.bounding_box()["y"] < 720
        if step in (2, 3, 4, 6, 7):
            card.get_by_text("✓ done").wait_for()
        click(follow)
    card.get_by_text("Step 8 of 8").wait_for()
