"""SpikeBlockExplorer from its saved page: the numbers of the real blocks, and a hand on it."""

import random
import re
from pathlib import Path

import numpy as np
import pytest

import spikeatconv
from spikeviz import SpikeBlockExplorer
from spikeviz.blocks.blocks import KERNELS, MOST_BRANCHES, PLACES, PROJECTIONS

LIMITS = SpikeBlockExplorer.ranges()
SOURCES = [Path(spikeatconv.__file__).with_name(name) for name in ("blocks.py", "neuron.py")]

# What every box passes on.
READ = """({ here }) => Object.fromEntries(Object.entries(here).map(([name, value]) => [name, {
    data: [...value.data], membrane: value.membrane ? [...value.membrane] : null,
    shape: [value.steps, 1, value.channels, value.side, value.side],
}]))"""


@pytest.fixture
def opened(kept):
    return kept


def random_settings(rng: random.Random, block: str, number: int) -> dict:
    """Settings that the explorer allows; the number makes each drawing a new one."""
    within = lambda name: rng.uniform(*LIMITS[name][:2])  # noqa: E731
    return {
        "block": block,
        "mode": rng.choice(("image", "signal")),
        "digit": rng.randrange(10),
        "patch": rng.choice(("", rng.randbytes(256).hex())),
        "drive": [rng.random() for _ in range(rng.choice((0, 4)))],
        "stimulus": rng.choice(spikeatconv.STIMULI),
        "period": within("period"),
        "amplitude": rng.uniform(0.5, 6),
        "second": rng.choice(("same", "inverted", "smoothed")),
        "time_steps": 1 + number % 6,
        "tau": rng.choice((2.0, rng.uniform(1, 6))),
        "v_threshold": rng.choice((1.0, within("v_threshold"))),
        "second_threshold": within("second_threshold"),
        "thresholds": [within("v_threshold") for _ in range(rng.randint(1, MOST_BRANCHES))],
        "taus": [rng.uniform(1, 8), rng.uniform(1, 8)],
        "readout": (readout := rng.choice(("membrane", "spike", "sum"))),
        "projection": rng.choice(list(PROJECTIONS)),
        "mixer": rng.choice(("learned", *KERNELS, *["none"] * 5 * (readout == "sum"))),
        "fine": rng.choice(KERNELS),
        "wide": rng.choice(KERNELS),
    }


@pytest.mark.parametrize("block", PLACES)
def test_every_box_passes_on_what_the_real_block_does(opened, drawn, block):
    page, rng, fired, closed = opened(), random.Random(block), 0, set()
    for number in range(9):
        settings = random_settings(rng, block, number)
        shown = drawn(page, settings, READ)
        explorer = SpikeBlockExplorer(**settings)
        truth = explorer.trace()
        explorer.close()
        assert set(shown) == set(truth.values), settings
        for box, expected in truth.values.items():
            assert tuple(shown[box]["shape"]) == expected.shape, (box, settings)
            here = np.reshape(shown[box]["data"], expected.shape)
            np.testing.assert_allclose(
                here, expected, rtol=0, atol=1e-9, err_msg=f"{box} {settings}"
            )
            if box in truth.membranes:
                assert np.array_equal(here, expected), (box, settings)
                fired += expected.any()
                membrane = np.reshape(shown[box]["membrane"], expected.shape)
                np.testing.assert_allclose(membrane, truth.membranes[box], rtol=0, atol=1e-9)
        closed |= {settings["readout"]} if "closing" in shown else {len(shown)}
    assert fired > 4  # the draw is not one of silent blocks
    closes = {"rl": {"spike"}, "mbpl": {"spike", "sum"}}
    assert {"spike", "sum"} & closed == closes.get(block, set())


def described(value: np.ndarray) -> tuple[str, int]:
    """Share of values that are not 0, as the page writes it, and how many differ."""
    share = 100 * np.count_nonzero(value) / value.size
    return f"{float(f'{share:.1f}'):g}\u00a0%", len(np.unique(value.round(9)))


def rate_of(page, box: str) -> float:
    label = page.locator(f".sv-box[aria-label^='{box}:']").get_attribute("aria-label")
    return float(re.search(r"([\d.]+)\u00a0%", label)[1])


@pytest.mark.parametrize(
    ("block", "options"),
    [(block, {"readout": "spike"}) for block in PLACES]
    + [("mbpl", {"readout": "sum"}), ("mbpl", {"readout": "sum", "mixer": "none"})],
)
def test_each_box_opens_with_its_numbers_shape_and_code(opened, block, options):
    explorer = SpikeBlockExplorer(block=block, **options)
    truth = explorer.trace().values
    page = opened(explorer)
    code = " ".join("".join(path.read_text(encoding="utf-8") for path in SOURCES).split())
    boxes = page.locator(".sv-box")
    assert boxes.count() == len(truth)
    for i, (box, value) in enumerate(truth_in_order(truth)):
        boxes.nth(i).click()
        page.wait_for_function(f"document.getElementById('view').model.get('selected') === '{box}'")
        share, different = described(value)
        steps, _, channels, side, _ = value.shape
        facts = page.locator(".sv-look > p", has_text=f"[{steps}, 1, {channels}, {side}, {side}]")
        facts.filter(has_text=f"{share} ").filter(
            has_text=f"{different:,} different value"
        ).wait_for()
        for line in page.locator(".sv-code").text_content().splitlines():
            assert line in code, line  # nothing is shown that spikeatconv does not say
        assert len(page.locator(".sv-look .sv-formula").first.inner_text()) > 3


def truth_in_order(truth: dict) -> list:
    """Boxes in the order of the page, which follows the channels through HSL and DCL."""
    pairs = ("x1", "lifs.0", "x2", "lifs.1")
    names = [name for name in truth if name not in pairs]
    if "x1" in truth:
        names[1:1] = pairs
    return [(name, truth[name]) for name in names]


def test_all_five_run_on_the_same_input_and_a_click_opens_one(opened):
    page = opened(SpikeBlockExplorer(digit=7, second="smoothed", mixer="blur"))
    cards = page.locator(".sv-card")
    for i, block in enumerate(PLACES):
        explorer = SpikeBlockExplorer(block=block, digit=7, second="smoothed", mixer="blur")
        output = list(explorer.trace().values.values())[-1]
        explorer.close()
        share, different = described(output)
        said = cards.nth(i).inner_text()
        assert said.startswith(block.upper())
        assert f"{share} not 0, {different:,} value" in said
        cards.nth(i).click()
        page.locator(".sv-summary", has_text=f"{block.upper()} passes on").wait_for()
        assert cards.nth(i).get_attribute("aria-pressed") == "true"


def test_the_step_of_a_neuron_is_written_with_its_numbers(opened):
    explorer = SpikeBlockExplorer(block="sl", mode="signal", time_steps=12)
    run = explorer.trace()
    h, s = (a.ravel()[::2] for a in (run.membranes["lif"], run.values["lif"]))  # channel 1
    page = opened(explorer)
    for step in (3, 4, 5):
        page.locator(".sv-clock", has_text=f"step {step + 1} of 12").wait_for()
        charge, fire, _ = page.locator(".sv-line").all_inner_texts()
        before = 0 if s[step - 1] else h[step - 1]
        numbers = [float(n) for n in re.findall(r"[\d.]+", charge.split("\n")[-1])]
        assert [numbers[0], numbers[-1]] == [pytest.approx(v, abs=6e-4) for v in (before, h[step])]
        assert f"so S = {s[step]:.0f}" in fire
        page.get_by_role("slider", name="Time step", exact=True).press("ArrowRight")
    assert s[3:6].any()


def test_thresholds_are_moved_added_and_taken_away(opened):
    page = opened()
    assert page.locator(".sv-box").count() == 7
    before = rate_of(page, "LIF 1")
    page.get_by_label("V_th of branch 2", exact=True).press("ArrowUp")
    page.locator(".sv-box[aria-label^='LIF 1.01:']").wait_for()
    assert 0 < rate_of(page, "LIF 1.01") <= before
    page.get_by_role("button", name="+ branch").click()
    page.locator(".sv-box[aria-label^='LIF 2.5:']").wait_for()
    assert page.get_by_role("button", name="+ branch").is_disabled()
    for _ in range(4):
        page.get_by_role("button", name="− branch").click()
    page.locator(".sv-box").nth(3).wait_for()
    assert page.locator(".sv-box").count() == 4
    assert page.get_by_label("V_th of branch 2", exact=True).is_hidden()


def test_a_sum_is_sent_with_and_without_a_mixer(opened):
    page = opened()
    readout, mixer = page.get_by_label("Readout"), page.get_by_label("7×7 mixer M")
    summary, formula = page.locator(".sv-summary"), page.locator(".sv-head .sv-formula")
    summary.filter(has_text="MBPL passes on real values").wait_for()
    mixer.select_option("none")
    summary.filter(has_text="MBPL passes on 0 to 4 spikes, 4 trains on one wire").wait_for()
    assert readout.input_value() == "sum"
    assert page.locator(".sv-box").count() == 6  # x, 4 branches, their sum
    assert formula.inner_text() == "MBPL(x) = S = Σᵢ LIF(x; V_th,i)"
    assert page.get_by_label("V_th of the last LIF", exact=True).is_hidden()
    mixer.select_option("blur")
    formula.get_by_text("Σᵢ LIF(x + M(S); V_th,i)").wait_for()
    assert page.locator(".sv-box").count() == 13  # and M, x + M, 4 branches again, their sum
    page.get_by_role("button", name="+ branch").click()
    page.locator(".sv-box").nth(14).wait_for()
    inked = page.locator(".sv-thumb").last.evaluate(
        "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
        ".data.filter((v, i) => i % 4 === 3 && v).length / canvas.width / canvas.height"
    )
    assert inked > 0.5  # there is room for the maps of all boxes and blocks
    mixer.select_option("none")
    readout.select_option("spike")
    summary.filter(has_text="MBPL passes on only spikes").wait_for()
    assert mixer.input_value() == "learned"
    readout.select_option("sum")
    page.locator(".sv-card", has_text="RL").click()
    summary.filter(has_text="RL passes on real values").wait_for()
    assert readout.locator("option").count() == 2  # RL has no sum
    assert readout.input_value() == "membrane"


@pytest.mark.parametrize("block", PLACES)
def test_the_answer_to_each_question_is_true(opened, drawn, block):
    page = opened(SpikeBlockExplorer(block=block))
    page.locator(".sv-ask summary").click()
    answer = page.locator(".sv-ask p")
    answer.wait_for()
    page.get_by_role("button", name="Set it so and look").click()
    if block == "sl":
        page.locator(".sv-summary", has_text=": 0 % spikes").wait_for()
    elif block == "rl":
        page.locator(".sv-box[aria-label='LIF₂: 0\u00a0% spikes']").wait_for()
        assert rate_of(page, "LIF₁") > 0
    elif block == "mbpl":
        page.locator(".sv-look", has_text="5 different values").wait_for()  # 4 branches
    elif block == "hsl":
        page.locator(".sv-look", has_text="Box Concat").wait_for()
        assert 0 < rate_of(page, "LIF τ 4") < rate_of(page, "LIF τ 2")
    else:
        shown = drawn(page, {"patch": "c8" * 256, "mode": "image"}, READ)
        inside = np.reshape(shown["fine.0"]["data"], (16, 16, 16))[:, 1:-1, 1:-1]
        assert np.abs(inside).max() < 1e-9


def test_a_patch_is_drawn_by_hand_and_by_keys(opened, drawn):
    page = opened(SpikeBlockExplorer(selected="x", row=0, column=0))
    patch = "document.getElementById('view').model.get('patch')"
    assert page.evaluate(patch) == ""
    detail = page.locator(".sv-detail")
    detail.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"{patch}.startsWith('ff82')")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{patch}.startsWith('00')")
    at = drawn(page, {"row": 1}, "({ maps }) => maps[0]")
    box, unit = detail.bounding_box(), at[2] / 16
    page.mouse.move(box["x"] + at[0] + 1.5 * unit, box["y"] + at[1] + 14.5 * unit)
    page.mouse.down()
    page.mouse.move(box["x"] + at[0] + 4.5 * unit, box["y"] + at[1] + 14.5 * unit, steps=12)
    page.mouse.up()
    row = f"{patch}.slice({2 * 14 * 16}, {2 * 14 * 16 + 12})"
    page.wait_for_function(f"{row}.slice(2, 10) === 'ffffffff'")
    assert page.get_by_label("Digit", exact=True).input_value() == "own"
    page.get_by_label("Digit", exact=True).select_option("4")
    page.wait_for_function(f"{patch} === ''")


def test_a_signal_is_drawn_by_hand(opened):
    page = opened(SpikeBlockExplorer(mode="signal", selected="x", block="sl"))
    detail = page.locator(".sv-detail")
    box = detail.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 40, steps=8)
    page.mouse.up()
    drive = page.evaluate("document.getElementById('view').model.get('drive')")
    assert len(drive) == 16
    assert drive[12] > 0.8
    assert page.get_by_label("Signal", exact=True).input_value() == "own"
    detail.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        f"document.getElementById('view').model.get('drive').join() !== '{drive}'.replace()"
    )


# How many different diagrams are drawn while it plays from the first step to the last.
PICTURES = """(last) => new Promise((done) => {
    const seen = new Set();
    document.addEventListener("spikeviz:drawn", ({ detail: { step } }) => {
        seen.add(document.querySelector(".sv-diagram").toDataURL());
        if (step === last) done(seen.size);
    });
    document.querySelector(".sv-play").click();
})"""


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_sends_pulses_but_not_where_motion_is_unwelcome(opened, motion):
    page = opened(SpikeBlockExplorer(time_steps=6, cursor=0), reduced_motion=motion)
    pictures = page.evaluate(PICTURES, 5)
    assert pictures > 7 if motion == "no-preference" else pictures <= 6
    page.locator(".sv-clock", has_text="step 6 of 6").wait_for()
    page.get_by_role("button", name="Play").wait_for()


def test_on_a_narrow_page_the_diagram_runs_downwards(opened):
    page = opened(width=360)
    tops = [box.bounding_box()["y"] for box in page.locator(".sv-box").all()]
    assert tops[0] < tops[1] == tops[4] < tops[5] < tops[6]
    wide = opened(width=1400)
    lefts = [box.bounding_box()["x"] for box in wide.locator(".sv-box").all()]
    assert lefts[0] < lefts[1] == lefts[4] < lefts[5] < lefts[6]


# Which boxes show the next step, at each place while it plays.
FLOW = """() => new Promise((done) => {
    const seen = [];
    document.addEventListener("spikeviz:drawn", ({ detail: s }) => {
        seen.push({ place: s.place, step: s.step, cursor: s.p.cursor,
            picture: document.querySelector(".sv-diagram").toDataURL() });
        if (s.place === 2) done(seen);
    });
    document.querySelector(".sv-play").click();
})"""


def test_between_two_steps_the_next_one_flows_from_left_to_right(opened):
    page = opened(SpikeBlockExplorer(time_steps=3, cursor=0))
    seen = page.evaluate(FLOW)
    assert sum(one["place"] % 1 != 0 for one in seen) > 8  # so few frames has a busy machine
    assert len({one["picture"] for one in seen}) > 0.8 * len(seen)
    assert all(one["step"] == one["cursor"] == int(one["place"]) for one in seen)
    page.locator(".sv-clock", has_text="step 3 of 3").wait_for()


@pytest.mark.parametrize(
    ("block", "box", "trait", "number", "standard"),
    [
        ("mbpl", "branches.1", "thresholds", 1, 1.0),
        ("rl", "second", "second_threshold", None, 0.6),
        ("hsl", "lifs.0", "v_threshold", None, 1.0),
    ],
)
def test_a_threshold_is_dragged_over_the_membrane(opened, block, box, trait, number, standard):
    page = opened(SpikeBlockExplorer(block=block, selected=box))
    line = page.get_by_role("slider", name="Threshold of the chosen LIF, drag it")

    def held():
        value = page.evaluate("(name) => document.getElementById('view').model.get(name)", trait)
        return value if number is None else value[number]

    at = line.bounding_box()
    x, y = at["x"] + 40, at["y"] + at["height"] / 2
    page.mouse.move(x, y + 6)  # beside it
    page.mouse.down()
    assert held() == standard
    page.mouse.move(x, y - 6, steps=4)
    page.mouse.up()
    assert standard < held() < standard + 1.5
    assert round(held(), 2) == held()
    moved = line.bounding_box()
    assert abs(moved["y"] + moved["height"] / 2 - (y - 12)) < 3  # it follows the hand
    page.keyboard.press("Control+z")
    page.wait_for_function(f"Math.abs({line.get_attribute('aria-valuenow')}) > 0")
    assert held() == standard
    line.press("ArrowUp")
    assert held() == pytest.approx(standard + 0.01)
    line.dblclick(position={"x": 40, "y": 13})
    assert held() == standard


def test_bars_are_not_called_dashed(opened):
    page = opened(SpikeBlockExplorer(block="hsl", selected="concat"))
    place = page.locator(".sv-look .sv-caption")
    assert "in the upper lane" in place.inner_text()
    page.locator(".sv-box[aria-label^='LIF']").first.click()
    place.filter(has_text="Step").wait_for()
    page = opened(SpikeBlockExplorer(block="mbpl", selected="branches.0"))
    assert "others dashed" in page.locator(".sv-look .sv-caption").inner_text()


def test_a_finger_taps_a_pixel_and_draws_only_on_x(opened):
    page = opened(
        SpikeBlockExplorer(selected="branches.0"), width=390, height=800, has_touch=True,
        is_mobile=True,
    )  # fmt: skip
    detail = page.locator(".sv-detail")
    way = "(one) => getComputedStyle(one).touchAction"
    assert detail.evaluate(way) == "pan-y"
    detail.scroll_into_view_if_needed()
    box = detail.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.4, box["y"] + 60)
    row = page.evaluate("document.getElementById('view').model.get('row')")
    assert row != 5
    page.evaluate("document.getElementById('view').model.set('selected', 'x')")
    page.locator(".sv-look", has_text="Input x: draw on it").wait_for()
    assert detail.evaluate(way) == "none"
