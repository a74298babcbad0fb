"""CourseMap in a page: its path and pictures, what is solved, its command, where a click goes."""

import pytest
from playwright.sync_api import expect

from spikeviz import CourseMap
from spikeviz.course_map import course

NOTEBOOKS = course()["notebooks"]
MINUTES = [notebook["minutes"] for notebook in NOTEBOOKS]
WAY = [n for n in NOTEBOOKS if "after" not in n]
STATION = ".sv-station >> nth={}"
PICTURES = "[...document.querySelectorAll('.sv-picture')].map((one) => one.toDataURL())"
HELD = "document.getElementById('view').model.get('notebook')"
GIVE = """(traits) => {
    const { model } = document.getElementById("view");
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
}"""
FRAMES = """async (count) => {
    const seen = [];
    for (let frame = 0; frame < count; frame++) {
        await new Promise(requestAnimationFrame);
        seen.push(LOOK);
    }
    return seen;
}"""


# Whether what `look` gives has `most` values within so many frames.
CHANGES = """async ([most, count]) => {
    const seen = new Set();
    for (let frame = 0; frame < count && seen.size < most; frame++) {
        await new Promise(requestAnimationFrame);
        seen.add(LOOK);
    }
    return seen.size === most;
}"""


def frames(page, look, count):
    """What `look` gives in each of so many frames."""
    return page.evaluate(FRAMES.replace("LOOK", look), count)


def changes(page, look, most, count):
    return page.evaluate(CHANGES.replace("LOOK", look), [most, count])


def give(page, **traits):
    """Set traits of the page's model."""
    page.evaluate(GIVE, traits)


def drawn(page, file):
    page.goto(file.as_uri())
    page.locator(".sv-summary").filter(has_text=" ").wait_for()
    return page


@pytest.fixture(scope="module")
def still(opener, pages):
    """A page of the map in which nothing moves by itself."""
    with opener() as new_page:
        yield drawn(new_page(reduced_motion="reduce"), pages(CourseMap))


@pytest.fixture
def page(still):
    """It, as it came."""
    still.set_viewport_size({"width": 1400, "height": 1000})
    still.mouse.move(5, 990)
    still.evaluate("document.activeElement.blur()")
    give(still, notebook=1)
    give(still, notebook=0, solved=[], told="")
    expect(still.locator(".sv-known")).to_have_count(0)
    return still


@pytest.fixture(scope="module")
def moving(opener, pages):
    """A page of the map in which a picture moves under a mouse; the map's own pass has ended."""
    with opener() as new_page:
        page = drawn(new_page(), pages(CourseMap))
        page.locator(".sv-command-line").first.press("Home")  # a key: it plays no longer
        give(page, notebook=1)
        give(page, notebook=0)
        yield page


# --- what a station and a line say


def test_a_station_says_what_the_notebook_is_for(page):
    expect(page.locator(".sv-known")).to_have_count(0)
    page.get_by_role("button", name="05 Many thresholds").click()
    assert page.evaluate(HELD) == 5
    page.mouse.move(5, 900)
    minutes = NOTEBOOKS[5]["minutes"]
    expect(page.locator(".sv-summary")).to_have_text(f"05 Many thresholds, about {minutes} minutes")
    expect(page.locator(".sv-update")).to_contain_text("MBPLExplorer")
    expect(page.locator(".sv-known")).to_have_count(5)
    expect(page.locator(".sv-command-line[aria-pressed=true]")).to_contain_text("thresholds=")


def test_a_line_leads_to_its_notebook(page):
    page.get_by_role("button", name="--set partition=grid").click()
    expect(page.locator(".sv-summary")).to_contain_text("08 Grid and window")
    page.get_by_role("button", name="--resume --yes").click()
    expect(page.locator(".sv-summary")).to_contain_text("12 ImageNet")
    expect(page.locator(".sv-known")).to_have_count(14)


@pytest.mark.parametrize(("width", "beside"), [(1366, True), (900, True), (700, False)])
def test_notes_stand_all_beside_the_lines_or_all_below(page, width, beside):
    page.set_viewport_size({"width": width, "height": 1000})
    places = """[...document.querySelectorAll(".sv-command-line")]
        .map(({ children: [code, note] }) =>
            [note.offsetLeft, note.offsetTop >= code.offsetTop + code.offsetHeight])"""
    found = page.evaluate(places)
    assert len({left for left, _ in found}) == 1
    assert {below for _, below in found} == {not beside}


def test_arrow_keys_walk_along_the_way(page):
    give(page, notebook=3)
    page.get_by_role("button", name="03 Surrogate").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="04 SPK blocks")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".sv-summary")).to_contain_text(NOTEBOOKS[-1]["title"])
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sv-summary")).to_contain_text(NOTEBOOKS[-1]["title"])
    page.keyboard.press("Home")
    expect(page.locator(".sv-summary")).to_contain_text("00 Start here")


def test_a_side_trip_says_where_it_leaves_the_way(page):
    page.get_by_role("button", name="A1 Converting").click()
    minutes = next(n["minutes"] for n in NOTEBOOKS if n["file"] == "A1_convert")
    expect(page.locator(".sv-summary")).to_have_text(
        f"A1 Converting a network, about {minutes} minutes; a side trip from 11"
    )
    expect(page.locator(".sv-known")).to_have_count(11)
    expect(page.locator(".sv-title")).to_contain_text("After 11 you can explain 11 of its 14")
    expect(page.locator(".sv-command-line[aria-pressed=true]")).to_have_count(0)
    expect(page.locator(".sv-clock")).to_have_text("11 of 12")


# --- what moves


def test_it_plays_once_when_it_is_seen_and_the_command_grows(new_page, pages):
    """A spike travels along the path; each picture has its pass, each line is written, as it comes.
    Python hears nothing of it."""
    page = drawn(new_page(), pages(CourseMap))
    known = "document.querySelectorAll('.sv-known').length"
    page.wait_for_function(f"{known} === 3")
    before = page.evaluate(PICTURES)
    page.wait_for_function(f"{known} === 5")
    changed = [a != b for a, b in zip(before, page.evaluate(PICTURES), strict=True)]
    assert 1 <= sum(changed) <= 3  # the one that has come to rest, the one that moves
    assert page.evaluate(HELD) == 0
    page.mouse.click(700, 990)  # anywhere on the map or off it: below, in the page
    page.wait_for_function(f"{known} === 14", timeout=30_000)
    assert page.evaluate(HELD) == 0
    assert len(set(frames(page, PICTURES, 5)[0])) == len(NOTEBOOKS)


def test_a_key_or_a_click_on_it_ends_the_pass(new_page, pages):
    page = drawn(new_page(), pages(CourseMap))
    page.wait_for_function("document.querySelectorAll('.sv-known').length === 1")
    page.locator(".sv-title").click()
    clock = page.locator(".sv-clock").inner_text()
    look = "document.querySelector('.sv-grow').value"
    assert len(set(frames(page, look, 20))) == 1
    assert page.locator(".sv-clock").inner_text() == clock
    page.get_by_role("button", name="Play").click()
    assert len(set(frames(page, look, 10))) > 5


def test_the_path_follows_its_slider(page):
    slider = page.get_by_role("slider", name="Way through the course")
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.52, y, steps=8)
    page.mouse.up()
    assert page.evaluate(HELD) == 6
    expect(page.locator(".sv-known")).to_have_count(6)
    line = page.locator(".sv-command-line:nth-child(10) code")
    written, whole = line.locator("b").text_content(), line.text_content()
    assert whole.startswith(written)
    assert 0 < len(written) < 0.7 * len(whole)  # the line of 07 is being written


@pytest.mark.parametrize("i", range(len(NOTEBOOKS)))
def test_each_picture_moves_under_a_mouse_and_comes_to_rest(moving, i):
    page = moving
    look = f"document.querySelectorAll('.sv-picture')[{i}].toDataURL()"
    while changes(page, look, 2, 10):
        pass  # it comes to rest
    rest = page.evaluate(look)
    box = page.locator(STATION.format(i)).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    assert changes(page, look, 5, 45)
    expect(page.locator(".sv-summary")).to_contain_text(NOTEBOOKS[i]["title"])
    assert page.evaluate(HELD) == 0  # to look is not to choose
    page.mouse.move(5, 990)
    page.wait_for_function(f"{look} === {rest!r}", timeout=10_000)
    expect(page.locator(".sv-summary")).to_contain_text("00 Start here")


def test_where_motion_is_unwelcome_nothing_moves(page):
    before = page.evaluate(PICTURES)
    page.locator(STATION.format(1)).hover()
    assert frames(page, PICTURES, 20) == [before] * 20
    expect(page.locator(".sv-summary")).to_contain_text("01 One neuron")


# --- what is solved, and where a click goes


def test_the_button_leads_to_the_first_notebook_with_an_exercise_left(page):
    expect(page.locator(".sv-onward")).to_have_text(f"Begin: 01 One neuron, {MINUTES[1]} min →")
    minutes = sum(n["minutes"] for n in WAY if n["checks"])
    hours = f"about {int(minutes / 30 + 0.5) / 2:g} hours"
    expect(page.locator(".sv-row .sv-caption").first).to_have_text(f"12 notebooks, {hours}")
    page.locator(".sv-onward").click()
    assert page.evaluate(HELD) == 1


def test_solved_exercises_mark_their_stations_and_shorten_the_way(page):
    give(page, solved=["lif_step", "bdsa", "reconstruct", "back_through_time", "mine"])
    expect(page.locator(".sv-onward")).to_have_text(
        f"Continue: 03 Surrogate gradients, {MINUTES[3]} min →"
    )
    left = sum(n["minutes"] for n in WAY if n["checks"] and n["file"][:2] not in ("01", "02", "09"))
    expect(page.locator(".sv-row .sv-caption").first).to_have_text(
        f"4 of 14 solved, about {int(left / 30 + 0.5) / 2:g} hours to go"
    )
    said = page.locator(".sv-station small").all_inner_texts()
    assert [said[i] for i in (0, 1, 2, 3, 4, 9)] == [
        f"{MINUTES[0]} min", "✓ solved", "✓ solved", "1 of 2 solved", f"{MINUTES[4]} min",
        "✓ solved",
    ]  # fmt: skip
    page.locator(STATION.format(3)).focus()
    expect(page.locator(".sv-summary")).to_contain_text("1 of 2 solved")


def test_when_all_is_solved_it_says_so(page):
    give(page, solved=[check for n in NOTEBOOKS for check in n["checks"]])
    expect(page.locator(".sv-onward")).to_contain_text("All exercises of the way are solved")
    expect(page.locator(".sv-row .sv-caption").first).to_have_text("14 of 14 solved")


def test_in_a_lone_page_nothing_is_a_link(page):
    assert page.locator(".sv-course a").count() == 0
    assert page.locator(".sv-course button.sv-station").count() == len(NOTEBOOKS)


def test_on_the_site_a_click_opens_the_page(new_page, tmp_path):
    (tmp_path / "08_grid_and_window.html").write_text("<title>eight</title>", encoding="utf-8")
    (tmp_path / "01_one_neuron.html").write_text("<title>one</title>", encoding="utf-8")
    widget = CourseMap()
    widget.set_trait("solved", [])
    widget.set_trait("pages", {n["file"]: f"{n['file']}.html" for n in NOTEBOOKS})
    page = drawn(new_page(reduced_motion="reduce"), widget.save_html(tmp_path / "map.html"))
    widget.close()
    page.get_by_role("link", name="08 Grid and window").click()
    page.wait_for_url("**/08_grid_and_window.html")
    page.go_back()
    page.get_by_role("link", name="Begin: 01 One neuron").press("Enter")
    page.wait_for_url("**/01_one_neuron.html")


def test_what_happened_to_the_file_is_told(page):
    give(page, told="progress.json could not be understood.")
    expect(page.locator(".sv-file")).to_have_text("progress.json could not be understood.")
