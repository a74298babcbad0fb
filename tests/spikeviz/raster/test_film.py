"""SpikeRaster as a film, its question, and a hand on the part in view."""

import math

import numpy as np
import pytest

from spikeviz import SpikeRaster

STEPS = (np.arange(60) % 6 == 0).reshape(10, 1, 6, 1, 1).astype(float)  # 6 channels of one neuron


def value(page, trait):
    return page.evaluate("(name) => document.getElementById('view').model.get(name)", trait)


def scrub(page, place):
    page.locator(".sv-head input").fill(str(place))
    page.evaluate("settled()")
    return page.evaluate("[...document.querySelectorAll('canvas')].map((c) => c.toDataURL())")


# ---------------------------------------------------------------- the question


@pytest.mark.parametrize(("said", "right"), [("under a tenth", False), ("more than half", True)])
def test_what_never_fires_is_hidden_until_a_guess_is_made(opened, said, right):
    raster = SpikeRaster()
    dead = raster.trace().dead
    page = opened(raster)
    whole = page.locator(".spikeviz")
    told = f"{dead.sum():,}"
    assert told not in whole.inner_text()
    assert page.locator(".sv-histogram").is_hidden()
    page.get_by_role("button", name=said).click()
    page.locator(".sv-histogram").wait_for()
    assert f"{told} dead" in page.get_by_role("button", name="dead: never fired").inner_text()
    verdict = f"{'Right' if right else 'No'}: you said {said}, it is {100 * dead.mean():.1f}\u00a0%"
    assert verdict in whole.inner_text()
    page.get_by_role("button", name="Ask again").click()
    page.locator(".sv-histogram").wait_for(state="hidden")


def test_a_recording_of_ones_own_is_shown_whole(opened):
    page = opened(SpikeRaster(STEPS))
    assert page.locator(".sv-histogram").is_visible()
    assert page.get_by_role("button", name="Ask again").count() == 0
    assert "dead" in page.locator(".sv-summary").inner_text()


# ---------------------------------------------------------------- the film


def test_play_goes_over_the_steps_and_the_map_shows_the_spikes_of_each(opened):
    rng = np.random.default_rng(0)
    spikes = rng.random((6, 1, 5, 4, 3)) < 0.4
    page = opened(SpikeRaster(spikes))
    seen = page.evaluate("""() => new Promise((done) => {
        const seen = [];
        document.addEventListener("spikeviz:drawn", ({ detail: s }) => {
            if (s.head === null) return seen.length > 8 && done(seen);
            seen.push([s.head, s.now.column, s.now.fired, [...s.now.values]]);
        });
        document.querySelector(".sv-head .sv-play").click();
    })""")
    assert sum(head % 1 != 0 for head, *_ in seen) > 0.8 * len(seen)
    assert [head for head, *_ in seen] == sorted(head for head, *_ in seen)
    for head, column, fired, values in seen:
        assert column == max(math.ceil(head) - 1, 0)
        assert fired == spikes[column].sum()
        if head - column > 0.5:  # what was before has faded
            assert values == spikes[column, 0].sum(0).ravel().tolist()


def test_the_picture_depends_on_the_place_alone(opened):
    page = opened(SpikeRaster(STEPS))
    pictures = [scrub(page, place) for place in (2.25, 7.5, 2.25)]
    assert pictures[0] == pictures[2] != pictures[1]
    page.locator(".sv-clock", has_text="step 3").wait_for()
    page.locator(".sv-head input").press("ArrowRight")  # to its end
    page.locator(".sv-head input").press("ArrowRight")
    page.locator(".sv-clock", has_text="step 4").wait_for()
    page.get_by_label("Neurons from top to bottom").select_option("rate")
    page.locator(".sv-looked", has_text="Step 4").wait_for()  # it stays where it is


# ---------------------------------------------------------------- a hand on the part in view


def test_the_part_in_view_is_dragged_with_its_offset_and_taken_back(opened):
    page = opened(SpikeRaster(np.zeros((100, 1000)), window=[20, 60, 400, 600]))
    handle = page.locator(".sv-view")
    box = handle.bounding_box()
    x, y = box["x"] + 3, box["y"] + 5
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.up()
    assert value(page, "window") == [20, 60, 400, 600]
    page.mouse.down()
    page.mouse.move(x, y + 0.4 * box["height"], steps=4)  # the part is a fifth high
    page.mouse.up()
    first, last, top, bottom = value(page, "window")
    assert (first, last, bottom - top) == (20, 60, 200)
    assert abs(top - 480) <= 8
    page.keyboard.press("Control+z")
    page.wait_for_function("document.getElementById('view').model.get('window')[2] === 400")
    handle.press("ArrowDown")
    page.wait_for_function("document.getElementById('view').model.get('window')[2] === 450")
    handle.dblclick()
    page.wait_for_function("!document.getElementById('view').model.get('window').length")
    handle.wait_for(state="hidden")


def test_a_finger_holds_the_part_in_view_and_scrolls_over_the_raster(opened, swipe):
    page = opened(
        SpikeRaster(np.zeros((100, 1000)), window=[20, 60, 400, 600]),
        width=390, height=800, has_touch=True, is_mobile=True,
    )  # fmt: skip
    page.add_style_tag(content="body { padding: 500px 0 }")

    def place(locator, share):
        locator.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
        box = locator.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + share * box["height"]

    assert swipe(page, place(page.locator(".sv-view"), 0.5), down=40) == 0
    after = value(page, "window")
    assert after[2] > 480
    for canvas in (".sv-raster", ".sv-overview"):
        assert swipe(page, place(page.locator(canvas), 0.9), down=-200) > 100  # under the view
        assert value(page, "window") == after
