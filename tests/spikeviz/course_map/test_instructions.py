"""What notebook 00 tells its reader to do with the map, done with a real mouse: in the lab, where a
click opens a notebook and what is solved is marked, and in a page."""

import json

from playwright.sync_api import expect

from spikeviz import CourseMap
from spikeviz.browser import Course
from spikeviz.course_map import course

START = "00_start_here"
SOLVE = """exec('''
from spikeviz.exercises import check_lif_step
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset
assert check_lif_step(lif_step).status == "passed"
''')"""


def middle(element):
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def saved(new_page, path, **options):
    widget = CourseMap()
    widget.set_trait("pages", {n["file"]: f"{n['file']}.html" for n in course()["notebooks"]})
    page = new_page(**options)
    page.goto(widget.save_html(path).as_uri())
    widget.close()
    page.locator(".sv-summary").filter(has_text=" ").wait_for()
    return page


def test_in_the_lab_it_begins_with_one_key_and_leads_on(browser, lab: Course, told):
    told(START, "Click into the next one and press <kbd>Shift</kbd> + <kbd>Enter</kbd>: it runs.")
    told(START, "Click a station to open its notebook.")
    told(START, "the blue button leads to the first notebook that has one left")
    told(START, "What is solved stands in the file progress.json beside the notebooks")
    minutes = [n["minutes"] for n in course()["notebooks"]]
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    lab.open(page, START)
    page.evaluate("window.same = true")  # a page that is loaded anew would lose it
    page.mouse.click(*middle(page.locator(".jp-CodeCell .cm-content").first))
    told(START, "again and again. A text is a cell, too: there it only takes you on.")
    for _ in range(12):  # through seven texts: the check, the reader, a question, a neuron, the map
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(100)
    onward = page.locator(".sv-course .sv-onward")
    expect(onward).to_have_text(f"Begin: 01 One neuron, {minutes[1]} min →", timeout=60_000)
    page.mouse.click(*middle(page.locator(".sv-station").nth(1)))
    page.get_by_role("heading", name="01 · One neuron").wait_for(timeout=60_000)
    busy = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator"
    page.locator(f"{busy}[data-status=idle]").wait_for(timeout=60_000)
    lab.python(SOLVE)
    solved = json.loads((lab.folder / "notebooks" / "progress.json").read_text(encoding="utf-8"))
    assert list(solved) == ["lif_step"]
    page.get_by_role("tab", name=f"{START}.ipynb").click()
    expect(onward).to_have_text(f"Continue: 02 Spikes in time, {minutes[2]} min →", timeout=20_000)
    page.mouse.click(*middle(onward))
    page.get_by_role("heading", name="02 · Spikes in time").wait_for(timeout=60_000)
    assert page.evaluate("window.same")
    assert page.get_by_role("dialog").count() == 0
    context.close()


def test_the_slider_fills_the_command(new_page, tmp_path, told):
    told(START, "Drag the slider along the path and watch the command fill.")
    page = saved(new_page, tmp_path / "map.html", reduced_motion="reduce")
    slider = page.get_by_role("slider", name="Way through the course")
    box, known = slider.bounding_box(), page.locator(".sv-known")
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    counts = [known.count()]
    for share in (0.3, 0.6, 1):
        page.mouse.move(box["x"] + 4 + (box["width"] - 4) * share, box["y"] + box["height"] / 2)
        page.evaluate("new Promise((done) => requestAnimationFrame(done))")
        counts.append(known.count())
    page.mouse.up()
    assert counts[0] == 0
    assert counts == sorted(set(counts))
    assert counts[-1] == page.locator(".sv-command-line").count()


def test_a_station_shows_what_one_can_do_and_opens_and_a_line_tells_its_notebook(
    new_page, tmp_path, told
):
    told(START, "Move the pointer over a station: its picture moves, and below stands what you can")
    told(START, "Click a line to see which notebook explains it.")
    page = saved(new_page, tmp_path / "map.html")
    page.mouse.click(*middle(page.get_by_role("button", name="--set softmax=true")))
    expect(page.locator(".sv-summary")).to_contain_text("09 Spiking attention")
    station = page.locator(".sv-station").nth(8)
    before = station.locator(".sv-picture").evaluate("(one) => one.toDataURL()")
    page.mouse.move(*middle(station))
    expect(page.locator(".sv-update")).to_contain_text("say what each partition sees and costs")
    picture = "document.querySelectorAll('.sv-picture')[8].toDataURL()"
    page.wait_for_function(f"{picture} !== {before!r}")
    (tmp_path / "08_grid_and_window.html").write_text("<title>08</title>", encoding="utf-8")
    page.mouse.click(*middle(station))
    page.wait_for_url("**/08_grid_and_window.html")
