"""MBPLExplorer from its saved page, moved as a hand would: the same numbers as spikeatconv."""

import random
import re
from itertools import pairwise

import numpy as np
import pytest

from spikeatconv import STIMULI
from spikeviz import MBPLExplorer
from spikeviz.mbpl.explorer import HIGHEST, IMAGE, IMAGES, LOWEST, MIXERS, READOUTS, ladder

LIMITS = MBPLExplorer.ranges()
MODEL = "document.getElementById('view').model"
READ = """(detail) => {
    const judged = (list) => list.map(({ information, error }) => [information, error]);
    const { isImage, shades, inputs, sums, totals, bySteps, cursor } = detail;
    const { slope, offset } = bySteps[cursor];
    const each = (of) => Array.from(shades, (g) => of(g, 256 * cursor + g));
    const pictures = isImage && {
        input: each((g) => inputs[g]), sum: each((_, at) => sums[at]),
        read: each((_, at) => slope * totals[at] + offset), sends: [...detail.maps().sends],
    };
    return {
        x: [...detail.x], total: [...detail.total], levels: detail.levels,
        h: detail.runs.map((run) => [...run.h]), s: detail.runs.map((run) => [...run.s]),
        sent: [...detail.sent[detail.p.readout]], trains: detail.sent.trains,
        byBranches: judged(detail.byBranches), bySteps: judged(detail.bySteps),
        ...pictures,
    };
}"""


@pytest.fixture
def opened(kept):
    """As everywhere, but calm: it does not play by itself."""
    return lambda widget=None, **options: kept(widget, **{"reduced_motion": "reduce"} | options)


def trait(page, name):
    return page.evaluate(f"{MODEL}.get('{name}')")


def thresholds(page):
    return trait(page, "thresholds")


def truth(**traits):
    explorer = MBPLExplorer(**traits)
    run = explorer.trace()
    explorer.close()
    return run


def says(page, text):
    page.locator(".sv-summary").filter(has_text=re.compile(text)).wait_for()


def random_traits(rng, stimulus, mixer):
    chosen = {name: rng.uniform(low, high) for name, (low, high, _) in LIMITS.items()}
    for name in ("time_steps", "seed", "row", "column"):
        chosen[name] = rng.randint(*LIMITS[name][:2])
    if stimulus == IMAGE:
        chosen["time_steps"] = rng.randint(1, 16)  # of all pixels
    return chosen | {
        "thresholds": [rng.uniform(LOWEST, HIGHEST) for _ in range(rng.randint(1, 8))],
        "tau": rng.choice([1.0, 2.0, rng.uniform(1, 20)]),
        "stimulus": stimulus,
        "image": rng.choice(IMAGES),
        "mixer": mixer,
        "readout": "sum" if mixer == "none" else rng.choice(READOUTS),
        "cursor": rng.randrange(chosen["time_steps"]),
    }


def test_the_tip_of_each_membrane_is_a_dot_in_the_colour_of_its_branch(opened, drawn):
    page = opened()
    page.evaluate("""() => {
        const { arc } = CanvasRenderingContext2D.prototype;
        window.dots = [];
        CanvasRenderingContext2D.prototype.arc = function (x, y, radius, ...angles) {
            if (radius === 3.5) dots.push(this.fillStyle);
            arc.call(this, x, y, radius, ...angles);
        };
    }""")
    quiet = {"time_steps": 1, "cursor": 0, "thresholds": [2.9, 3.0, 2.8], "stimulus": "constant"}
    drawn(page, quiet, "() => 0")
    assert page.evaluate("dots.slice(-3)") == ["#0072b2", "#c25100", "#00805e"]


def test_24_random_settings_show_the_numbers_of_spikeatconv(opened, drawn):
    page, rng = opened(), random.Random(0)
    fired = pictures = spikes = 0
    stimuli = [*STIMULI, *[IMAGE] * 6]
    for stimulus, mixer in zip([*stimuli, *stimuli], [*MIXERS * 3, *reversed(MIXERS)], strict=True):
        p = random_traits(rng, stimulus, mixer)
        shown, run = drawn(page, p, READ), truth(**p)
        assert shown["s"] == run.spikes.tolist(), p
        assert shown["total"] == run.total.tolist(), p
        assert shown["levels"] == run.levels, p
        fired += run.total.any()
        if p["readout"] == "membrane":
            assert run.trains is None
        else:
            assert shown["sent"] == run.sent.tolist(), p
            spikes += run.sent.any() and p["mixer"] != "none"
        if p["readout"] == "sum":
            assert shown["trains"] == run.trains.tolist(), p
        compared = {
            "x": run.input, "h": run.membranes, "sent": run.sent,
            "byBranches": run.by_branches, "bySteps": run.by_steps,
        }  # fmt: skip
        if p["stimulus"] == IMAGE:
            t, pictures = p["cursor"], pictures + 1
            assert shown["sum"] == run.sums[t].ravel().tolist(), p
            compared |= {
                "input": run.picture.ravel(), "read": run.reconstructions[t].ravel(),
                "sends": run.outputs[t].ravel(),
            }  # fmt: skip
        for name, expected in compared.items():
            np.testing.assert_allclose(shown[name], expected, rtol=0, atol=1e-9, err_msg=str(p))
    assert fired > 10
    assert pictures == 12  # with each mixer twice
    assert spikes > 3


@pytest.mark.parametrize("strips", [False, True])
def test_a_threshold_is_dragged_on_one_axis_and_in_its_strip(opened, strips):
    page = opened()
    if strips:
        page.get_by_role("button", name="Strips").click()
    line = page.get_by_role("slider", name="Threshold 2, drag up or down")
    box = line.bounding_box()
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 20, steps=4)
    page.mouse.up()
    page.wait_for_function(f"{MODEL}.get('thresholds')[1] > 1.1")
    moved = thresholds(page)
    assert (moved[0], moved[2:]) == (0.5, [1.5, 2.0])
    run = truth(thresholds=moved)
    spikes, told = f"{run.total.sum():.0f} spikes", f"tells {run.information:.2f}"
    says(page, rf"^Pixel \(44, 56\), 4 branches, {spikes} .* {told}")
    more(page)
    field = page.get_by_label("Threshold 2, exact value")
    assert float(field.input_value()) == pytest.approx(moved[1], abs=1e-4)
    line.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        f"document.getElementById('view').model.get('thresholds')[1] < {moved[1] - 0.005}"
    )
    page.get_by_text("before the last change").wait_for()


def more(page):
    page.get_by_text("More: exact thresholds").click()


def test_a_threshold_typed_out_of_range_is_limited_and_marked(opened):
    page = opened()
    more(page)
    field = page.get_by_label("Threshold 3, exact value")
    field.fill("9")
    field.press("Enter")
    page.get_by_text("V₃ limited to 4").wait_for()
    assert field.input_value() == "4"
    assert thresholds(page) == [0.5, 1.0, 4.0, 2.0]


def test_branches_come_and_go_by_buttons_and_slider(opened):
    page = opened()
    more(page)
    visible = page.locator(".sv-dragline:visible")
    page.get_by_role("button", name="One branch more").click()
    says(page, " 5 branches")
    assert thresholds(page) == ladder([0.5, 1.0, 1.5, 2.0], 5)
    assert visible.count() == 5
    page.get_by_role("slider", name="n, branches").press("End")
    says(page, " 8 branches")
    assert page.get_by_role("button", name="One branch more").is_disabled()
    page.get_by_role("button", name="one threshold").click()
    says(page, " 1 branch,")
    assert page.get_by_role("button", name="One branch fewer").is_disabled()
    page.get_by_role("button", name="4 branches").click()
    says(page, " 4 branches")
    page.get_by_role("button", name="8 branches").click()
    says(page, " 8 branches")
    assert thresholds(page) == ladder([0.5, 1.0, 1.5, 2.0])
    assert visible.count() == 8


def test_the_question_comes_before_its_answer(opened, made):
    page = opened(made(stimulus="sine"))
    ask = page.locator(".sv-mbpl-ask")
    assert "takes the sum" not in ask.inner_text()
    ask.get_by_role("button", name="yes").click()
    ask.get_by_text("You said yes. It does not: the 8th, V₈ = 4").wait_for()
    told = truth(stimulus="sine").by_branches[:, 0]
    assert f"from {told[6]:.2f} to {told[7]:.2f} bits" in ask.inner_text()
    assert "it never fires" in ask.inner_text()
    page.get_by_label("amplitude, exact value").fill("8")
    page.keyboard.press("Enter")
    ask.get_by_text("It does: the 8th").wait_for()
    told = truth(stimulus="sine", amplitude=8.0).by_branches[:, 0]
    assert f"from {told[6]:.2f} to {told[7]:.2f} bits" in ask.inner_text()
    ask.get_by_role("button", name="Ask again").click()
    ask.get_by_text("Guess first").wait_for()


def test_the_best_thresholds_so_far_are_kept(opened, made):
    page = opened(made(thresholds=[1.0, 2.0]))
    more(page)
    best = page.locator(".sv-mbpl-best")
    field = page.get_by_label("Threshold 2, exact value")
    told = {}
    for value in (2.0, 4.0, 1.9):
        told[value] = truth(thresholds=[1.0, value]).information
        field.fill(str(value))
        field.press("Enter")
        says(page, f"tells {told[value]:.2f}".rstrip("0"))
        most = max(told, key=told.get)
        best.get_by_text(f"with 1, {most:g}.").wait_for()
    assert told[4.0] < told[2.0]  # so that a worse one came in between
    page.get_by_role("button", name="One branch more").click()
    best.get_by_text("how much can 3 tell").wait_for()


def test_the_papers_numbers_are_named_as_the_papers(opened):
    text = opened().locator(".spikeviz").inner_text()
    assert "are our choice (R5)" in text
    assert re.search(r"The paper, .*CIFAR-100: 4 branches 74.4 %.* 8 branches 59.0 %", text)


def test_a_pixel_is_chosen_by_hand_and_by_key(opened, made):
    page = opened(made(image="digit 5", row=0, column=0))
    pictures = page.locator(".sv-mbpl-pictures")
    says(page, r"^Pixel \(0, 0\)")
    pictures.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    says(page, r"^Pixel \(1, 1\)")
    pictures.click(position={"x": 60, "y": 80})
    page.locator(".sv-summary").filter(has_not_text="(1, 1)").wait_for()
    row, column = (
        page.evaluate(f"document.getElementById('view').model.get('{name}')")
        for name in ("row", "column")
    )
    says(page, rf"^Pixel \({row}, {column}\)")
    run = truth(image="digit 5", row=row, column=column)
    says(page, rf"{run.total.sum():.0f} spikes in 12 steps: {run.levels} of 5 levels")
    step = page.evaluate("document.getElementById('view').model.get('cursor')")
    page.get_by_label("M, the mixer").select_option("mean")
    mixed = truth(image="digit 5", mixer="mean").outputs[step, row, column]
    value = f"{mixed:.3f}".rstrip("0").rstrip(".")
    page.locator(".sv-line", has_text="M(S)").get_by_text(f": {value} here").wait_for()


def test_what_is_sent_is_shown_in_each_way_and_chosen_by_hand(opened, made):
    page = opened(made(mixer="identity", stimulus="constant", amplitude=2.4, cursor=1))
    sends = page.locator(".sv-line", has_text="Send")
    sends.get_by_text("3: the next layer multiplies by it").wait_for()  # M(S) = S = 3
    says(page, "Sent: real values")
    readout, mixer = page.get_by_label("Readout"), page.get_by_label("M, the mixer")
    readout.select_option("sum")
    # x + M(S) = 4.4, then 5.4: H = 2.2 reaches all four, and so does 2.7 after the reset
    sends.get_by_text("S′: 1 + 1 + 1 + 1 = 4: the next layer adds its weight 4 times").wait_for()
    says(page, "Sent: 0 to 4 spikes")
    mixer.select_option("none")
    sends.get_by_text("1 + 1 + 1 + 0 = 3: the next layer adds its weight 3 times").wait_for()
    picture = page.locator(".sv-mbpl-sent")
    assert picture.get_attribute("aria-label").endswith("at step 2. sum: S = 3 of 4 trains.")
    readout.select_option("spike")  # which needs a mixer
    says(page, "Sent: spikes, 0 or 1")
    assert mixer.input_value() == MIXERS[-2]
    mixer.select_option("identity")
    sends.get_by_text("1: the next layer adds its weight 1 time").wait_for()
    box = picture.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 30, box["y"] + 60)
    assert trait(page, "cursor") == 11


def test_a_whole_number_of_spikes_is_asked_about_before_it_is_explained(opened):
    page = opened()
    answer = page.get_by_text("of its n trains three fire at this step")
    assert answer.is_hidden()
    page.get_by_text("The block sends 3. Is that a spike?").click()
    answer.wait_for()


def test_the_update_is_written_with_the_numbers_of_the_step(opened, made):
    page = opened(made(cursor=1, stimulus="constant", amplitude=2.4, time_steps=3))
    lines = page.locator(".sv-line")
    lines.nth(0).get_by_text(
        "x = 2.4, V = 0, 0, 1.2, 1.2: H = 1.2, 1.2, 1.8, 1.8", exact=True
    ).wait_for()
    assert "S = 1, 1, 1, 0" in lines.nth(1).inner_text()
    assert "1 + 1 + 1 + 0 = 3" in lines.nth(2).inner_text()


def test_the_number_of_branches_is_dragged_along_the_curve(opened):
    page = opened()
    ring = page.get_by_role("slider", name="Branches, drag along the curve")
    box, curve = ring.bounding_box(), page.locator(".sv-mbpl-curve").bounding_box()
    x, y = box["x"] + box["width"] / 2 + 6, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + curve["width"] / 7 * 1.9, y, steps=4)
    page.mouse.up()
    says(page, " 6 branches")
    assert thresholds(page) == ladder([0.5, 1.0, 1.5, 2.0], 6)
    page.keyboard.press("ArrowLeft")
    says(page, " 5 branches")


def test_the_pixel_is_dragged_over_the_image_and_set_back_by_a_double_click(opened):
    page = opened()
    box = page.locator(".sv-mbpl-pixel").bounding_box()
    at = [box["x"] + box["width"] / 2 + 5, box["y"] + box["height"] / 2 - 5]
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] + 3, at[1] - 40, steps=5)  # the grab keeps its 5 pixels
    page.mouse.up()
    row, column = trait(page, "row"), trait(page, "column")
    assert (row < 30, abs(column - 57) <= 2) == (True, True)
    says(page, rf"^Pixel \({row}, {column}\)")
    page.mouse.dblclick(at[0] + 3, at[1] - 40)
    says(page, r"^Pixel \(44, 56\)")


def test_the_pixel_stays_at_its_place_when_the_image_has_fewer(opened):
    page = opened()
    page.get_by_label("Image", exact=True).select_option("digit 5")
    says(page, r"^Pixel \(12, 16\)")  # 44.5 and 56.5 of 96, in 28ths
    page.get_by_label("Image", exact=True).select_option("digit 0")
    says(page, r"^Pixel \(12, 16\)")


def test_the_ghost_of_another_input_is_dropped(opened):
    page = opened()
    ghost = page.get_by_text("before the last change")
    page.get_by_role("slider", name="Threshold 2, drag").press("ArrowUp")
    ghost.wait_for()
    page.get_by_label("Image", exact=True).select_option("digit 0")
    ghost.wait_for(state="detached")


# ---------------------------------------------------------------- in motion

SCRUB = """(place) => {
    const scrub = document.querySelector(".sv-mbpl input[aria-label='Time step']");
    scrub.value = place;
    scrub.dispatchEvent(new Event("input", { bubbles: true }));
    return settled();
}"""
STAGE = "[...document.querySelectorAll('.sv-mbpl-stage canvas')].map((c) => c.toDataURL())"


def test_what_is_drawn_between_two_steps_depends_on_the_place_alone(opened):
    page = opened(reduced_motion="no-preference")
    page.keyboard.press("Tab")  # it stops playing
    looks = {}
    for place in (2.4, 7, 2.8, 0, 2.4, 12, 2.8, 0, 7):
        page.evaluate(SCRUB, place)
        look = page.evaluate(STAGE)
        assert looks.setdefault(place, look) == look, place
    assert len(set(map(tuple, looks.values()))) == 5
    assert trait(page, "cursor") == 6


COLOURED = """([from, to]) => {
    const canvas = document.querySelector(".sv-mbpl-traces");
    const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const [left, right] = [48, canvas.width - 86].map((edge, i) => edge - 2 * i);
    const at = (place) => Math.round(left + ((right - left) * place) / 12);
    let ink = 0;
    for (let y = 0; y < canvas.height * 0.6; y++)
        for (let x = at(from); x < at(to); x++) {
            const [r, g, b] = image.data.subarray(4 * (y * canvas.width + x));
            ink += Math.max(r, g, b) - Math.min(r, g, b) > 20;
        }
    return ink;
}"""


def test_it_plays_once_by_itself_and_python_hears_nothing_of_it(opened, made):
    page = opened(made(time_steps=4, cursor=3), reduced_motion="no-preference")
    page.evaluate(f"""() => {{
        window.heard = [];
        const {{ set }} = {MODEL};
        {MODEL}.set = (...change) => (heard.push(change), set(...change));
        window.places = new Set();
        document.addEventListener("spikeviz:drawn", () =>
            places.add(document.querySelector("[aria-label='Time step']").value));
    }}""")
    page.wait_for_function("places.size > 1")
    page.get_by_role("button", name="Play").wait_for()
    assert page.locator(".sv-clock").inner_text() == "step 4 of 4"
    assert page.evaluate("heard") == []
    assert page.evaluate("places.size") > 3 * 4  # it moves between the steps
    assert trait(page, "cursor") == 3


def clock_comes_to(page, least):
    """Wait until it stands there or later: a busy machine leaves steps out."""
    page.wait_for_function(
        "(least) => document.querySelector('.sv-clock').textContent.match(/\\d+/)[0] >= least",
        arg=least,
    )


def test_a_touch_stops_what_plays_by_itself(opened, made):
    page = opened(made(time_steps=64), reduced_motion="no-preference")
    page.get_by_role("button", name="Pause").wait_for()
    clock_comes_to(page, 1)
    page.mouse.click(600, 20)
    page.get_by_role("button", name="Play").wait_for()
    stands = page.locator("[aria-label='Time step']").input_value()
    assert 0 < float(stands) < 64
    page.wait_for_timeout(300)
    assert page.locator("[aria-label='Time step']").input_value() == stands


def test_nothing_plays_by_itself_where_motion_is_unwelcome_and_play_goes_step_by_step(opened):
    page = opened()
    page.wait_for_timeout(500)
    assert page.locator("[aria-label='Time step']").input_value() == "12"
    page.evaluate("""() => {
        window.places = [];
        document.addEventListener("spikeviz:drawn", () =>
            places.push(Number(document.querySelector("[aria-label='Time step']").value)));
    }""")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("new Set(places).size > 2")
    assert all(map(float.is_integer, map(float, page.evaluate("places"))))


def test_the_future_is_hidden_while_it_plays_and_pale_when_it_rests(opened, made):
    page = opened(made(time_steps=24), reduced_motion="no-preference")
    page.get_by_role("button", name="Pause").wait_for()
    clock_comes_to(page, 1)
    thresholds_alone = page.evaluate(COLOURED, [6, 12])
    page.get_by_role("button", name="Pause").click()
    pale = f"({COLOURED})([6, 12]) > 1.5 * {thresholds_alone}"
    page.wait_for_function(pale)


def test_play_walks_through_the_steps(opened, made):
    page = opened(made(cursor=0, time_steps=3), reduced_motion="no-preference")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Play").click()
    page.locator(".sv-clock", has_text="step 3 of 3").wait_for()
    page.get_by_role("button", name="Play").wait_for()
    assert trait(page, "cursor") == 2


# ---------------------------------------------------------------- a hand on the plot


def test_a_threshold_that_is_dragged_out_of_the_plot_takes_the_axis_along(opened):
    page = opened(reduced_motion="no-preference")
    page.keyboard.press("Tab")
    canvas = page.locator(".sv-mbpl-traces").bounding_box()
    line = page.get_by_role("slider", name="Threshold 4, drag up or down")
    box = line.bounding_box()
    x, y = box["x"] + box["width"] - 30, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(x, max(5, y - 4 * step))
        page.wait_for_timeout(16)
        assert line.bounding_box()["y"] > canvas["y"] - 30
    page.wait_for_timeout(400)
    top = line.bounding_box()["y"]
    page.mouse.up()
    page.wait_for_timeout(400)
    assert thresholds(page)[3] > 2.5
    assert abs(line.bounding_box()["y"] - top) < 3  # nothing jumps on release


def test_a_finger_drags_a_grip_and_the_page_stays(opened, swipe):
    page = opened(width=390, height=800, has_touch=True, is_mobile=True)
    page.add_style_tag(content="body { padding: 300px 0 }")
    grip = page.locator(".sv-grip").nth(3)
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert swipe(page, at, down=40) == 0
    page.wait_for_function(f"{MODEL}.get('thresholds')[3] < 1.9")


def test_crowded_grips_stand_apart(opened, made):
    page = opened(made(thresholds=[1.0, 1.01, 1.02, 2.0]))
    boxes = [grip.bounding_box() for grip in page.locator(".sv-grip:visible").all()]
    tops = sorted(box["y"] for box in boxes)
    assert min(b - a for a, b in pairwise(tops)) >= 24
    plot = page.locator(".sv-mbpl-traces").bounding_box()
    assert all(box["x"] > plot["x"] + plot["width"] - 86 for box in boxes)  # beside the last step


def test_a_finger_that_scrolls_over_the_plot_moves_no_playhead_and_its_tap_does(opened, swipe):
    page = opened(width=390, height=800, has_touch=True, is_mobile=True)
    page.add_style_tag(content="body { padding: 300px 0 }")
    box = page.locator(".sv-mbpl-traces").bounding_box()
    page.evaluate(f"scrollTo(0, {box['y'] - 200})")
    x, y = box["x"] + 120, 200 + box["height"] - 70
    assert swipe(page, (x, y), down=-190) > 100
    assert trait(page, "cursor") == 11
    box = page.locator(".sv-mbpl-traces").bounding_box()
    page.touchscreen.tap(box["x"] + 120, box["y"] + box["height"] - 70)
    page.wait_for_function(f"{MODEL}.get('cursor') < 6")
