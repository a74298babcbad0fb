"""CourseMap in a page: stations, lines, keys."""

from playwright.sync_api import expect

from spikeviz import CourseMap
from spikeviz.course_map import course


def opened(new_page, tmp_path, **traits):
    page = new_page()
    page.goto(CourseMap(**traits).save_html(tmp_path / "map.html").as_uri())
    page.locator(".sv-summary").filter(has_text=" ").wait_for()
    return page


def test_a_station_says_what_the_notebook_is_for(new_page, tmp_path):
    page = opened(new_page, tmp_path)
    expect(page.locator(".sv-known")).to_have_count(0)
    page.get_by_role("button", name="05 Many thresholds").click()
    expect(page.locator(".sv-summary")).to_have_text("05 Many thresholds, about 60 minutes")
    expect(page.locator(".sv-update")).to_contain_text("MBPLExplorer")
    expect(page.locator(".sv-known")).to_have_count(5)
    expect(page.locator(".sv-command-line[aria-pressed=true]")).to_contain_text("thresholds=")


def test_a_line_leads_to_its_notebook(new_page, tmp_path):
    page = opened(new_page, tmp_path)
    page.get_by_role("button", name="--set partition=grid").click()
    expect(page.locator(".sv-summary")).to_contain_text("08 Grid and window")
    page.get_by_role("button", name="--resume --yes").click()
    expect(page.locator(".sv-summary")).to_contain_text("12 ImageNet")
    expect(page.locator(".sv-known")).to_have_count(14)


def test_what_explains_the_lines_stands_in_one_column(new_page, tmp_path):
    page = opened(new_page, tmp_path)
    lefts = (
        "[...document.querySelectorAll('.sv-command-line .sv-caption')].map((e) => e.offsetLeft)"
    )
    for width in (1366, 960, 390):
        page.set_viewport_size({"width": width, "height": 768})
        assert len(set(page.evaluate(lefts))) == 1, width


def test_arrow_keys_walk_along_the_way(new_page, tmp_path):
    page = opened(new_page, tmp_path, notebook=3)
    page.get_by_role("button", name="03 Surrogate").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="04 SPK blocks")).to_be_focused()
    last = course()["notebooks"][-1]["title"]
    page.keyboard.press("End")
    expect(page.locator(".sv-summary")).to_contain_text(last)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".sv-summary")).to_contain_text(last)


def test_a_side_trip_says_where_it_leaves_the_way(new_page, tmp_path):
    page = opened(new_page, tmp_path)
    page.get_by_role("button", name="A1 Converting").click()
    expect(page.locator(".sv-summary")).to_have_text(
        "A1 Converting a network, about 40 minutes; a side trip from 11"
    )
    expect(page.locator(".sv-done")).to_have_count(12)
    expect(page.locator(".sv-known")).to_have_count(11)
    expect(page.locator(".sv-caption").last).to_contain_text("After 11 you can explain 11 of its")
    expect(page.locator(".sv-command-line[aria-pressed=true]")).to_have_count(0)
