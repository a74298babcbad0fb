"""EventExplorer from its saved page: the same numbers as Python, the game, hands and keys."""

import random

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from playwright.sync_api import expect

from spikeviz import EventExplorer
from spikeviz.events.explorer import DIRECTIONS, STEPS

READ = """({ film, frames, tracks, now }) => ({
    film: film.map((map) => [...map]), now: [...now], tracks: tracks.map((sums) => [...sums]),
    frames: frames.map(({ on, off }) => [[...on], [...off]]),
})"""


def test_the_page_computes_what_python_does(opened, drawn):
    page, rng = opened(), random.Random(0)
    for _ in range(25):
        traits = {
            "digit": rng.randrange(10), "direction": rng.choice(DIRECTIONS),
            "dark": rng.random() < 0.5, "contrast": rng.uniform(0.1, 2.5),
            "time_steps": rng.choice(STEPS), "step": rng.randrange(8),
        }  # fmt: skip
        found = drawn(page, traits, READ)
        explorer = EventExplorer(**traits)
        run = explorer.trace()
        explorer.close()
        frames = run.frames.reshape(*run.frames.shape[:2], -1)
        assert_allclose(np.array(found["film"]), run.film.reshape(9, -1), atol=1e-12)
        assert_array_equal(np.array(found["frames"]), frames)
        steps = traits["time_steps"]
        now = (min(traits["step"], steps - 1) + 1) * 8 // steps
        assert_array_equal(found["now"], found["film"][now])
        summed = 1 if traits["direction"] in ("right", "left") else 2  # over rows, or columns
        assert_array_equal(found["tracks"], (run.frames[:, 0] - run.frames[:, 1]).sum(summed))


def test_a_hidden_digit_is_told_by_a_guess(opened):
    page = opened(EventExplorer(direction="left", dark=True, hidden=True))
    reply = page.locator(".sv-row [role=status]")
    digit, ways = page.get_by_label("Digit, exact value"), ("right", "left", "down", "up")
    expect(digit).to_be_hidden()
    expect(page.locator(".sv-events-board").first).to_have_attribute(
        "aria-label", "The digit is hidden"
    )
    page.get_by_role("button", name="right", exact=True).click()
    expect(reply).to_have_text("No, not right: a dark digit moves left.")
    expect(digit).to_be_visible()
    page.get_by_role("button", name="Hide another digit").click()
    expect(digit).to_be_hidden()
    expect(reply).to_have_text("")
    for way in ways:
        expect(page.get_by_role("button", name=way, exact=True)).to_be_visible()


def test_a_hand_on_all_frames_chooses_one(opened):
    page = opened()
    box = page.locator(".sv-events-board").nth(2).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 5)
    page.mouse.down()
    expect(page.locator(".sv-summary")).to_contain_text("Frame 1 of 4")
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] - 5)
    expect(page.locator(".sv-summary")).to_contain_text("Frame 4 of 4")
    page.mouse.up()


def test_in_one_frame_nothing_tells_two_motions_apart(opened):
    page = opened()
    partner = page.locator(".sv-caption")
    expect(partner).to_have_text(
        "A dark digit that moves left gives the same 4 frames, in reverse order."
    )
    page.get_by_label("T, frames").select_option("1")
    expect(partner).to_contain_text("the very same frame: nothing tells the two apart")


def test_a_finger_that_taps_a_frame_chooses_it(opened):
    page = opened(width=390, height=800, has_touch=True, is_mobile=True)
    board = page.locator(".sv-events-board").nth(2)
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    page.touchscreen.tap(box["x"] + 30, box["y"] + 0.88 * box["height"])
    expect(page.locator(".sv-summary")).to_contain_text("Frame 4 of 4:")


def test_the_line_is_dragged_from_frame_to_frame_by_hand_and_keys(opened):
    page = opened()
    line = page.get_by_role("slider", name="Frame, drag it")
    board = page.locator(".sv-events-board").nth(2).bounding_box()
    box = line.bounding_box()
    x, y = box["x"] + 100, box["y"] + box["height"] / 2
    page.mouse.move(x, y + 8)  # beside it
    page.mouse.down()
    page.mouse.move(x, y + 8 + board["height"] * 0.3)  # more than a frame, of four
    page.mouse.up()
    expect(page.locator(".sv-summary")).to_contain_text("Frame 3 of 4:")
    line.press("ArrowUp")
    expect(page.locator(".sv-summary")).to_contain_text("Frame 4 of 4:")
    line.dblclick()
    expect(page.locator(".sv-summary")).to_contain_text("Frame 2 of 4:")


# Between two frames the digit lies between two whole moves, and fewer events have come than are in
# the frame: what is drawn at every place while it plays.
PLAY = """() => new Promise((done) => {
    const seen = [];
    document.addEventListener("spikeviz:drawn", ({ detail: s }) => {
        seen.push({ place: s.place, moved: s.moved, step: s.step, sum: s.counts.on + s.counts.off,
            picture: document.querySelector(".sv-events-board").toDataURL() });
        if (s.place === s.p.time_steps) done(seen);
    });
    document.querySelector(".sv-play").click();
})"""


def test_play_goes_smoothly_from_before_the_first_frame_to_the_last(opened):
    page = opened(EventExplorer(step=3, contrast=0.3))
    run = EventExplorer(contrast=0.3).trace()
    seen = page.evaluate(PLAY)
    assert sum(one["place"] % 1 != 0 for one in seen) > 8  # so few frames has a busy machine
    assert len({one["picture"] for one in seen}) > 0.8 * len(seen)
    assert seen[0]["place"] < 0.2
    whole = [float(frame.sum()) for frame in run.frames]
    for one in seen:
        assert one["moved"] == one["place"] * 2
        begun = int(one["moved"]) - 2 * one["step"]  # moves of this frame that are over
        share = one["sum"] / whole[one["step"]]
        assert (share == 0, share == 1) == (begun == 0, begun == 2)
    assert page.evaluate("document.getElementById('view').model.get('step')") == 3


def test_where_motion_is_unwelcome_play_shows_whole_frames(opened):
    page = opened(EventExplorer(step=3), reduced_motion="reduce")
    seen = page.evaluate(PLAY)
    assert {one["place"] for one in seen} <= {0, 1, 2, 3, 4}
