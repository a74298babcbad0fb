"""The gallery's index: for each widget a picture that moves under a hand, a sentence, a link."""

import pytest

from spikeviz.course_map import course
from spikeviz.gallery import ORDER, STATIONS, save_gallery

PICTURES = "[...document.querySelectorAll('canvas')].map((one) => one.toDataURL())"
BLANK = """[...document.querySelectorAll("canvas")].map((one) => {
    const { data } = one.getContext("2d").getImageData(0, 0, one.width, one.height);
    return data.every((byte) => byte === 0);
})"""
FRAMES = """async () => {
    const seen = new Set();
    for (let frame = 0; frame < 40; frame++) {
        await new Promise(requestAnimationFrame);
        seen.add(JSON.stringify(PICTURES));
    }
    return seen.size;
}""".replace("PICTURES", PICTURES)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return save_gallery(tmp_path_factory.mktemp("gallery")) / "index.html"


def test_every_widget_has_a_picture_of_a_station():
    numbers = {one["file"][:2] for one in course()["notebooks"]}
    assert set(STATIONS.values()) <= numbers


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_drawn_and_one_moves_under_the_mouse(new_page, index, scheme):
    page = new_page(color_scheme=scheme, offline=True)
    page.goto(index.as_uri())
    page.wait_for_function(f"{BLANK}.every((blank) => !blank)")
    before = page.evaluate(PICTURES)
    assert len(set(before)) == len(set(STATIONS.values()))  # two of a notebook share its picture
    assert page.evaluate(FRAMES) == 1  # none moves by itself
    page.get_by_role("link", name="MBPLExplorer").hover()
    assert page.evaluate(FRAMES) > 5
    changed = [a != b for a, b in zip(before, page.evaluate(PICTURES), strict=True)]
    assert [ORDER[i] for i, moved in enumerate(changed) if moved] == ["MBPLExplorer"]
    page.get_by_role("heading").hover()
    page.wait_for_function(f"{PICTURES}.join() === {','.join(before)!r}")
    page.get_by_role("link", name="LIFExplorer").click()
    page.wait_for_url("**/LIFExplorer.html")


def test_it_follows_the_colour_scheme_and_unwelcome_motion(new_page, index):
    page = new_page(width=360, reduced_motion="reduce", offline=True)
    page.goto(index.as_uri())
    page.wait_for_function(f"{BLANK}.every((blank) => !blank)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("CourseMap")
    assert page.evaluate(FRAMES) == 1
    before = page.evaluate(PICTURES)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{PICTURES}.join() !== {','.join(before)!r}")
