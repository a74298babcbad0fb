"""MBPLExplorer from its saved page, moved as a hand would: the same numbers as spikeatconv."""

import random
import re

import numpy as np
import pytest

from spikeatconv import STIMULI
from spikeviz import MBPLExplorer
from spikeviz.mbpl.explorer import HIGHEST, IMAGE, IMAGES, LOWEST, MIXERS, READOUTS, ladder

LIMITS = MBPLExplorer.ranges()
READ = """(detail) => {
    const judged = (list) => list.map(({ information, error }) => [information, error]);
    const pictures = detail.isImage ? ["input", "sum", "read", "sends"] : [];
    return {
        x: [...detail.x], total: [...detail.total], levels: detail.levels,
        h: detail.runs.map((run) => [...run.h]), s: detail.runs.map((run) => [...run.s]),
        sent: [...detail.sent[detail.p.readout]], trains: detail.sent.trains,
        byBranches: judged(detail.byBranches), bySteps: judged(detail.bySteps),
        ...Object.fromEntries(pictures.map((name) => [name, [...detail[name]]])),
    };
}"""


def thresholds(page):
    return page.evaluate("document.getElementById('view').model.get('thresholds')")


def truth(**traits):
    explorer = MBPLExplorer(**traits)
    run = explorer.trace()
    explorer.close()
    return run


def says(page, text):
    page.locator(".sv-summary").filter(has_text=re.compile(text)).wait_for()


def random_traits(rng):
    chosen = {name: rng.uniform(low, high) for name, (low, high, _) in LIMITS.items()}
    for name in ("time_steps", "seed", "row", "column"):
        chosen[name] = rng.randint(*LIMITS[name][:2])
    return chosen | {
        "thresholds": [rng.uniform(LOWEST, HIGHEST) for _ in range(rng.randint(1, 8))],
        "tau": rng.choice([1.0, 2.0, rng.uniform(1, 20)]),
        "stimulus": rng.choice([*STIMULI, IMAGE, IMAGE, IMAGE]),
        "image": rng.choice(IMAGES),
        "mixer": (mixer := rng.choice(MIXERS)),
        "readout": "sum" if mixer == "none" else rng.choice(READOUTS),
        "cursor": rng.randrange(chosen["time_steps"]),
    }


def test_one_step_is_a_dot_in_the_colour_of_each_branch(opened, drawn):
    page = opened()
    page.evaluate("""() => {
        const paint = CanvasRenderingContext2D.prototype.fillRect;
        window.dots = [];
        CanvasRenderingContext2D.prototype.fillRect = function (...box) {
            if (box[2] === 4 && box[3] === 4) dots.push(this.fillStyle);
            paint.apply(this, box);
        };
    }""")
    quiet = {"time_steps": 1, "cursor": 0, "thresholds": [2.9, 3.0, 2.8], "stimulus": "constant"}
    drawn(page, quiet, "() => 0")
    assert page.evaluate("dots.slice(-3)") == ["#0072b2", "#c25100", "#00805e"]


def test_a_mouse_that_drags_a_threshold_selects_no_text(opened):
    page = opened()
    box = page.locator(".sv-grip").first.bounding_box()
    x, y = box["x"] + box["width"] - 12, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 20, y - 40, steps=10)
    page.mouse.up()
    assert page.locator(".sv-dragline").first.get_attribute("aria-valuenow") != "0.5"
    assert page.evaluate("getSelection().toString()") == ""


def test_60_random_settings_show_the_numbers_of_spikeatconv(opened, drawn):
    page, rng = opened(), random.Random(0)
    fired = pictures = spikes = 0
    for _ in range(60):
        p = random_traits(rng)
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
    assert fired > 30
    assert pictures > 10
    assert spikes > 10


def test_a_threshold_is_dragged_in_its_strip(opened):
    page = opened()
    line = page.get_by_role("slider", name="Threshold 2, drag up or down")
    box = line.bounding_box()
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 20, steps=4)
    page.mouse.up()
    page.wait_for_function("document.getElementById('view').model.get('thresholds')[1] > 1.2")
    moved = thresholds(page)
    assert (moved[0], moved[2:]) == (0.5, [1.5, 2.0])
    run = truth(thresholds=moved)
    says(page, rf"^4 branches, {run.total.sum():.0f} spikes .* tells {run.information:.2f}")
    field = page.get_by_label("Threshold 2, exact value")
    assert float(field.input_value()) == pytest.approx(moved[1], abs=1e-4)
    line.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        f"document.getElementById('view').model.get('thresholds')[1] < {moved[1] - 0.005}"
    )
    page.get_by_text("before the last change").wait_for()


def test_a_threshold_typed_out_of_range_is_limited_and_marked(opened):
    page = opened()
    field = page.get_by_label("Threshold 3, exact value")
    field.fill("9")
    field.press("Enter")
    page.get_by_text("V₃ limited to 4").wait_for()
    assert field.input_value() == "4"
    assert thresholds(page) == [0.5, 1.0, 4.0, 2.0]


def test_branches_come_and_go_by_buttons_and_slider(opened):
    page = opened()
    visible = page.locator(".sv-dragline:visible")
    page.get_by_role("button", name="One branch more").click()
    says(page, "^5 branches")
    assert thresholds(page) == ladder([0.5, 1.0, 1.5, 2.0], 5)
    assert visible.count() == 5
    page.get_by_role("slider", name="n, branches").press("End")
    says(page, "^8 branches")
    assert page.get_by_role("button", name="One branch more").is_disabled()
    page.get_by_role("button", name="one threshold").click()
    says(page, "^1 branch,")
    assert page.get_by_role("button", name="One branch fewer").is_disabled()
    page.get_by_role("button", name="4 branches").click()
    says(page, "^4 branches")
    page.get_by_role("button", name="8 branches").click()
    says(page, "^8 branches")
    assert thresholds(page) == ladder([0.5, 1.0, 1.5, 2.0])
    assert visible.count() == 8


def test_the_question_comes_before_its_answer(opened):
    page = opened()
    ask = page.locator(".sv-mbpl-ask")
    assert "takes the sum" not in ask.inner_text()
    ask.get_by_role("button", name="yes").click()
    ask.get_by_text("You said yes. It does not: the 8th, V₈ = 4").wait_for()
    told = truth().by_branches[:, 0]
    assert f"from {told[6]:.2f} to {told[7]:.2f} bits" in ask.inner_text()
    assert "it never fires" in ask.inner_text()
    page.get_by_label("amplitude of x, exact value").fill("8")
    page.keyboard.press("Enter")
    ask.get_by_text("It does: the 8th").wait_for()
    told = truth(amplitude=8.0).by_branches[:, 0]
    assert f"from {told[6]:.2f} to {told[7]:.2f} bits" in ask.inner_text()
    ask.get_by_role("button", name="Ask again").click()
    ask.get_by_text("Guess first").wait_for()


def test_the_best_thresholds_so_far_are_kept(opened, made):
    page = opened(made(thresholds=[1.0, 2.0]))
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
    page = opened(made(stimulus=IMAGE, row=0, column=0))
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
    run = truth(stimulus=IMAGE, row=row, column=column)
    says(page, rf"{run.total.sum():.0f} spikes in 20 steps: {run.levels} of 5 levels")
    step = page.evaluate("document.getElementById('view').model.get('cursor')")
    page.get_by_label("M, the mixer").select_option("mean")
    mixed = truth(stimulus=IMAGE, mixer="mean").outputs[step, row, column]
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
    assert page.evaluate("document.getElementById('view').model.get('cursor')") == 19


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


def test_the_curves_are_dragged_to_set_n_and_t(opened):
    page = opened()
    box = page.locator(".sv-mbpl-curves").bounding_box()
    page.mouse.click(box["x"] + 41, box["y"] + 100)
    says(page, "^1 branch,")
    page.mouse.click(box["x"] + box["width"] - 8, box["y"] + 100)
    says(page, "in 64 steps")


def test_play_walks_through_the_steps(opened, made):
    page = opened(made(cursor=0, time_steps=12, stimulus=IMAGE))
    page.get_by_role("button", name="Play").click()
    page.locator(".sv-clock", has_text="step 12 of 12").wait_for(timeout=20_000)
    page.get_by_role("button", name="Play").wait_for()
