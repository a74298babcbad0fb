"""Widgets in a real JupyterLab: what their kernel answers; when it is busy, restarted or stopped.
Nothing comes from another place. The tour on a laptop."""

import functools
import json
import time

import pytest

from spikeviz.browser import Course
from spikeviz.gallery import ORDER

LOST = "Python no longer hears this widget"
SAVED = "application/vnd.jupyter.widget-state+json"
FIGURES = (
    'spikeviz.show(AblationExplorer.to_plotly(), "Six points.")',
    "LIFExplorer.to_plotly()",
)
LOOP = """closed = []
def loop():
    try:
        for step in range(1, 100_000):
            time.sleep(0.002)
            yield {"step": step, "loss": 1 / step, "images": 8 * step}
    finally:
        closed.append(step)
for metrics in TrainingMonitor.watch(loop(), "mine", steps=100_000):
    pass"""


def open_notebook(new_page, lab, name, *cells):
    """A page with a new notebook of these cells, on a laptop's screen, its file in .file; whatever
    is not of the lab is refused."""

    def decide(route):
        own = route.request.url.startswith((lab.address.split("/lab")[0], "data:", "blob:"))
        return route.continue_() if own else route.abort()

    page = new_page(1366, 768)
    page.file = lab.write(name, *cells, end="The end.\n\n" * 40)
    page.route("**/*", decide)
    lab.open(page, name)
    return page


@pytest.fixture(scope="module")
def opened(opener, lab: Course):
    """opened(name, *cells): such a notebook, until the last test of the file."""
    with opener() as new_page:
        yield functools.partial(open_notebook, new_page, lab)


def made(name):
    """The cell that makes this widget, which then has the name of its class."""
    return f"{name} = spikeviz.{name}()\n{name}"


@pytest.fixture(scope="module")
def every(opened, lab):
    """A notebook with every widget, and two figures of plotly."""
    page = opened("every", "import spikeviz", *map(made, ORDER), *FIGURES)
    lab.run_all(page)
    page.locator(".spikeviz").nth(len(ORDER) - 1).wait_for()
    return page


@pytest.fixture(scope="module")
def few(opened, lab):
    """A notebook with a network, a monitor, a question; then a cell that waits and one that trains,
    which have not run."""
    ask = 'asked = spikeviz.predict("01-lost", "Which?", ["one", "another"])\nasked'
    shown = [made("NetworkWalk"), made("TrainingMonitor"), ask]
    page = opened("few", "import spikeviz, time", *shown, "time.sleep(60)", LOOP)
    run(page, 0, 1, 2, 3)
    page.locator(".spikeviz").nth(2).wait_for(timeout=60_000)
    return page


def run(page, *cells):
    for cell in cells:
        page.locator(".jp-CodeCell .cm-content").nth(cell).click()
        page.keyboard.press("Control+Enter")


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


def states(page):
    """The widgets that the notebook's file holds, with their layouts."""
    return json.loads(page.file.read_text(encoding="utf-8"))["metadata"]["widgets"][SAVED]["state"]


def widget(page, name):
    return page.locator(".jp-CodeCell", has_text=f"spikeviz.{name}()").locator(".spikeviz")


def python_has(page, lab, code, expected):
    """Once the front end's last message is there."""
    for _ in range(100):
        if (has := lab.python(code)) == expected:
            return
        page.wait_for_timeout(100)
    assert has == expected


# First: JupyterLab draws what is far down when it is idle, and pages share a process.
def test_reopened_without_its_kernel_a_notebook_shows_every_widget(new_page, lab):
    cells = (f"spikeviz.{name}()" for name in ORDER)
    page = open_notebook(new_page, lab, "reopened", "import spikeviz", *cells)
    lab.run_all(page)
    page.locator(".spikeviz").nth(len(ORDER) - 1).wait_for()
    save(page)
    assert len(states(page)) == 2 * len(ORDER)
    assert page.file.stat().st_size < 2_000_000
    assert page.get_by_text(LOST).count() == 0
    shut_down(page, lab)
    page.get_by_text(LOST).nth(len(ORDER) - 1).wait_for()
    page.reload()
    page.locator(".spikeviz").nth(len(ORDER) - 1).wait_for(timeout=120_000)
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


def test_with_every_widget_and_figures_a_notebook_stays_small(every):
    page = every
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length === 2")
    page.locator(".js-plotly-plot .legend").first.wait_for()
    save(page)
    assert len(states(page)) == 2 * len(ORDER)
    cells = json.loads(page.file.read_text(encoding="utf-8"))["cells"]
    figures = sum(len(json.dumps(cell)) for cell in cells if "to_plotly" in "".join(cell["source"]))
    assert 10_000 < figures < 500_000  # plotly alone has 5,000,000
    assert page.file.stat().st_size - figures < 2_000_000


def test_a_choice_is_answered_by_the_kernel(every, lab):
    walk = widget(every, "NetworkWalk")
    summary = walk.locator(".sv-summary")
    summary.filter(has_text="the network says 5").wait_for()
    walk.get_by_label("Test digit, exact value").fill("7")
    walk.get_by_label("Test digit, exact value").press("Enter")
    summary.filter(has_text="the network says 3").wait_for()
    walk.get_by_role("button", name="Clear").click()
    walk.locator(".sv-nw-pad").press("Space")
    walk.get_by_label("Compare with").select_option("micro_untrained")
    summary.filter(has_text="The other model says").wait_for()
    has = "[(w.source, len(w.pixels), max(w.pixels), w.other, w.problem) for w in [NetworkWalk]][0]"
    python_has(every, lab, has, ("own", 784, 255, "micro_untrained", ""))


def test_another_image_is_asked_of_the_models(every, lab):
    attention = widget(every, "AttentionExplorer")
    attention.get_by_label("Image, exact value").fill("9")  # a two
    attention.get_by_label("Image, exact value").press("Enter")
    attention.locator(".sv-title", has_text="BDSA (network says 2)").wait_for()
    attention.get_by_text("The models run").wait_for(state="hidden")
    attention.get_by_label("Layer", exact=True).select_option("2")
    attention.locator(".sv-summary", has_text="Token 3 of group 0,").wait_for()
    has = "[(w.image, w.layer, w.token, w.problem, w.answer['image']) for w in [AttentionExplorer]]"
    python_has(every, lab, has, [(9, 2, 3, "", 9)])


def test_an_order_reaches_python(every, lab):
    ablation = widget(every, "AblationExplorer")
    ablation.get_by_role("slider", name="MBPL").press("Home")
    ablation.get_by_role("button", name="This is my order").click()
    ablation.locator(".sv-summary", has_text="highest mean").wait_for(timeout=20_000)
    python_has(every, lab, "AblationExplorer.guess['SPK block'][0]", "mbpl")


def test_the_tour_and_its_code_stay_in_view(few):
    page = few

    def click(target):
        box = target.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert 95 < y < 735, (x, y)  # between JupyterLab's bars
        page.mouse.click(x, y)
        page.wait_for_timeout(300)

    begin = widget(page, "NetworkWalk").get_by_role("button", name="Start the tour")
    begin.scroll_into_view_if_needed()
    click(begin)
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


def test_stop_ends_a_loop_that_keeps_its_cell_busy(few, lab):
    summary = widget(few, "TrainingMonitor").locator(".sv-summary")
    summary.filter(has_text="spiking Micro: 480 steps").wait_for(timeout=60_000)
    run(few, 5)
    summary.filter(has_text="mine: running").wait_for(timeout=30_000)
    summary.filter(has_text="left").wait_for()
    few.get_by_role("button", name="Stop").click()
    summary.filter(has_text="mine: stopped").wait_for(timeout=30_000)
    state, closed, length = lab.python(
        "(TrainingMonitor.state, closed, len(TrainingMonitor.logs['mine']))"
    )
    assert state == "stopped"
    assert closed == [length]
    assert length < 90_000


def test_a_restarted_kernel_is_not_waited_for(few, lab):
    """No training runs on, and no guess is lost."""
    walk, monitor = widget(few, "NetworkWalk"), widget(few, "TrainingMonitor")
    number, lost = walk.get_by_label("Test digit, exact value"), walk.get_by_text(LOST)
    endless = "({'loss': 1.0} for _ in iter(int, 1))"
    lab.python(f"TrainingMonitor.start({endless}, steps=10**9) and None")
    monitor.get_by_text("run: running").wait_for()
    lab.python("setattr(NetworkWalk, 'busy', True)")
    walk.get_by_text("running in Python").wait_for()
    run(few, 4)  # a busy kernel answers nobody
    number.fill("7")
    number.press("Enter")
    assert few.get_by_text(LOST).count() == 0
    restart(few, lab)
    lost.wait_for()
    assert walk.get_by_text("running in Python").count() == 0
    assert number.input_value() == "0"  # the image on show
    assert number.is_disabled()
    monitor.get_by_text("run: not seen since").wait_for()
    assert few.get_by_role("button", name="Stop").count() == 0
    few.get_by_text("another", exact=True).click()
    few.get_by_role("button", name="Commit").click()
    unheard = few.get_by_text("Python has not heard it")
    unheard.wait_for()
    run(few, 0, 3, 1)
    few.locator(".sv-predict").get_by_text("Kept. Run the cell below.").wait_for(timeout=60_000)
    assert unheard.count() == 0
    lost.wait_for(state="detached")
    walk.wait_for(timeout=60_000)
    number.fill("7")
    number.press("Enter")
    python_has(few, lab, "NetworkWalk.image", 7)
    python_has(few, lab, "(asked.guess, asked.state)", ("another", "committed"))
    save(few)
    kept = [state for state in states(few).values() if state["model_name"] == "AnyModel"]
    assert len(kept) == 3  # the widgets before are let go
