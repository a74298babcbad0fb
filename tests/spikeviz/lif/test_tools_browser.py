"""LIFExplorer's drawn input, mystery neuron, pins and overlays, from its saved page: what a hand
does, and the same numbers as in Python."""

import random
import re

import numpy as np
import pytest

from spikeviz import LIFExplorer
from spikeviz.lif.explorer import NEURON
from spikeviz.lif.mystery import hidden

# Sets traits and resolves with the neurons that the drawing then shows, step by step.
SHOWN = """(change) => new Promise((resolve) => {
    const model = document.getElementById("view").model;
    const steps = ([start, ...values]) => values;
    const plain = (run) => run && { s: steps(run.s), h: steps(run.h), v: steps(run.v) };
    document.addEventListener("spikeviz:drawn", ({ detail }) => resolve({
        current: [...detail.current], run: plain(detail.run), pins: detail.pinRuns.map(plain),
        mystery: detail.mystery && { ...detail.mystery, run: plain(detail.mystery.run) },
    }), { once: true });
    for (const [key, value] of Object.entries(change)) model.set(key, value);
})"""
DRAWN = """() => { const view = document.getElementById("view").model.get("current");
    return [...new Float64Array(view.buffer, view.byteOffset, view.byteLength / 8)]; }"""


@pytest.fixture
def saved(kept):
    """Open a saved explorer, which does not play by itself: saved(**traits)."""

    def open_saved(**traits):
        page = kept(LIFExplorer(**traits), reduced_motion="reduce")
        page.locator(".sv-summary").get_by_text("spike").wait_for()
        return page

    return open_saved


def model(page, name):
    return page.evaluate(f"document.getElementById('view').model.get('{name}')")


def same(shown, run):
    assert shown["s"] == run.spikes.tolist()
    np.testing.assert_allclose(shown["h"], run.membrane, rtol=0, atol=1e-9)
    np.testing.assert_allclose(shown["v"], run.potential, rtol=0, atol=1e-9)


# ---------------------------------------------------------------- drawn input


def test_a_stroke_paints_every_step_it_crosses(saved):
    page = saved(stimulus="sine", amplitude=1.0)
    before = LIFExplorer(stimulus="sine", amplitude=1.0).trace().current
    page.get_by_role("button", name="Paint", exact=True).click()
    sheet = page.locator(".sv-brush")
    sheet.wait_for()
    assert page.evaluate(DRAWN) == pytest.approx(before, abs=1e-9)  # it begins from what is there
    box = sheet.bounding_box()
    at = lambda share, value: (  # noqa: E731 - the sheet reaches from −1 to 3
        box["x"] + box["width"] * share, box["y"] + box["height"] * (3 - value) / 4
    )  # fmt: skip
    page.mouse.move(*at(0.205, 0))
    page.mouse.down()
    page.mouse.move(*at(0.605, 2))  # one jump over forty steps
    page.mouse.up()
    page.evaluate("settled()")
    drawn = np.array(page.evaluate(DRAWN))
    assert np.array_equal(drawn[:20], before[:20])
    assert np.array_equal(drawn[61:], before[61:])
    np.testing.assert_allclose(drawn[20:61], np.linspace(0, 2, 41), rtol=0, atol=0.05)
    assert (np.diff(drawn[20:61]) > 0).all()
    run = LIFExplorer(current=drawn).trace()
    text = page.locator(".sv-summary").inner_text()
    assert text.startswith(f"{run.spikes.sum():.0f} spike")
    assert page.get_by_text("last run, 0 spikes").is_visible()  # the ghost: before the stroke
    same(page.evaluate(SHOWN, {"cursor": 3})["run"], run)


def test_the_input_is_painted_by_keyboard(saved):
    page = saved(current=[1.0] * 20, cursor=5)
    page.locator(".sv-brush").focus()
    for key in ("ArrowUp", "ArrowUp", "PageDown", "Shift+ArrowRight", "Shift+ArrowRight",
                "ArrowLeft", "ArrowDown", "ArrowRight", "ArrowRight", "PageUp"):  # fmt: skip
        page.keyboard.press(key)
        page.evaluate("settled()")
    expected = [1.0] * 4 + [0.2, 0.1, 0.2, 2.0] + [1.0] * 12  # from step 5 on
    assert page.evaluate(DRAWN) == pytest.approx(expected)
    assert page.locator(".sv-brush").get_attribute("aria-valuetext") == "I 2 in step 8"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0, 1.5 -2;3e-1\n4", [0, 1.5, -2, 0.3, 4]),
        ("[1, 2, 3]", [1, 2, 3]),
        ("array([0. , 1.5, 2. ], dtype=float32)", [0, 1.5, 2]),
        ("np.array([1,\n       2])", [1, 2]),
        ("tensor([1.0000, 2.5000], device='cuda:0', requires_grad=True)", [1, 2.5]),
        (" 7 ", [7]),
        ("1, two, 3", "“two” (value 2) is no number"),
        ("1 nan", "“nan” (value 2) is no number"),
        ("1 2000", "“2000” (value 2) is no number from −1000 to 1000"),
        ("inf", "“inf” (value 1)"),
        ("[[1, 2], [3, 4]]", "several rows"),
        ("array([0., 1., ..., 8., 9.])", "left out of the print"),
        ("  ", "no number yet"),
        ("[]", "no number yet"),
        ("1 " * 4001, "These are 4001 values; 4000 is the most"),
    ],
)
def test_pasted_numbers_are_the_input_or_the_reason_why_not(read_numbers, text, found):
    answer = read_numbers(text)
    if isinstance(found, list):
        assert answer == {"values": pytest.approx(found)}
    else:
        assert found in answer["problem"]


@pytest.fixture(scope="module")
def read_numbers(modules):
    """readNumbers of lif/input.js, in a page of its own."""
    page = modules("lif/input")
    return lambda text: page.evaluate("(text) => readNumbers(text)", text)


def test_pasted_numbers_reach_the_neuron(saved):
    page = saved(stimulus="drawn")
    field = page.get_by_label("Numbers of the input current")
    use = page.get_by_role("button", name="Use these numbers")
    field.fill("2, 2, x")
    use.click()
    page.get_by_text("“x” (value 3) is no number").wait_for()
    field.fill("array([" + "2., " * 30 + "0.])")
    use.click()
    page.locator(".sv-summary").get_by_text("in 31 ms").wait_for()
    page.get_by_text("is no number").wait_for(state="hidden")
    run = LIFExplorer(current=[2.0] * 30 + [0.0]).trace()
    assert page.locator(".sv-summary").inner_text().startswith(f"{run.spikes.sum():.0f} spike")
    page.get_by_role("button", name="Clear the input").click()
    page.locator(".sv-summary").get_by_text("0 spikes in 31 ms").wait_for()


def test_arrays_from_python_run_the_same_in_the_page(new_page, tmp_path):
    rng = np.random.default_rng(0)
    page = new_page()
    for n in (1, 7, 333):
        explorer = LIFExplorer(current=rng.normal(1, 2, n), dt=0.3, tau=3.0, v_reset=None)
        page.goto(explorer.save_html(tmp_path / f"{n}.html").as_uri())
        page.locator(".sv-summary").get_by_text("spike").wait_for()
        shown = page.evaluate(SHOWN, {"cursor": 0, "speed": 60})
        assert shown["current"] == explorer.current.tolist()  # to the bit
        same(shown["run"], explorer.trace())
        explorer.close()


# ---------------------------------------------------------------- the mystery neuron


def test_page_and_python_hide_the_same_neurons(saved):
    page = saved(stimulus="sine", amplitude=4.0)
    for seed in random.Random(0).sample(range(1, 1000), 15):
        shown = page.evaluate(SHOWN, {"mystery": seed})["mystery"]
        found = shown["neuron"]
        assert (found["tau"], found["v_threshold"]) == hidden(seed)
        explorer = LIFExplorer(mystery=seed, stimulus="sine", amplitude=4.0)
        assert shown["run"]["s"] == explorer.mystery_spikes().tolist()
        explorer.close()


def test_a_mystery_is_guessed_checked_hinted_at_and_shown(saved):
    page = saved()
    panel = page.locator(".sv-mystery")
    panel.wait_for(state="hidden")
    page.get_by_role("button", name="Mystery", exact=True).click()
    panel.wait_for()
    check = page.get_by_role("button", name="Check my τ and V_th")
    verdict = page.locator(".sv-verdict")
    tau, v_threshold = hidden(1)
    train = LIFExplorer(mystery=1, dt=0.2, duration=200.0).mystery_spikes()  # a clock to measure by
    spikes, first = train.sum(), round((train.argmax() + 1) * 0.2, 1)
    assert f"Its spikes: {spikes:.0f}, the first at {first:g} ms. Yours: 18." in panel.inner_text()
    verdict.wait_for(state="hidden")
    secret = re.compile(rf"\b({tau:g}|{v_threshold:g})\b")
    before = page.locator(".sv-traces").evaluate("canvas => canvas.toDataURL()")

    check.click()
    verdict.get_by_text("τ = 10 ms is too low. V_th = 1 is too high.").wait_for()
    assert not secret.search(page.locator(".spikeviz").inner_text())
    page.get_by_role("button", name="Hint").click()
    panel.get_by_text("Its membrane is drawn now").wait_for()
    assert page.locator(".sv-traces").evaluate("canvas => canvas.toDataURL()") != before
    assert not secret.search(panel.inner_text())

    for label, value in [("τ, time constant", tau - 0.5), ("V_th, threshold", v_threshold)]:
        field = page.get_by_label(f"{label}, exact value")
        field.fill(str(value))
        field.press("Enter")
    verdict.get_by_text("τ = 10 ms is too low").wait_for()  # it speaks of what was checked
    check.click()
    verdict.get_by_text("Found! τ = 20 ms is right, within 5 %. V_th = 0.5 is right").wait_for()
    page.get_by_role("button", name="Show it").click()
    panel.get_by_text("It has τ = 20.5 ms and V_th = 0.5.").wait_for()

    page.get_by_role("button", name="New mystery").click()
    panel.get_by_text("Mystery neuron 2").wait_for()
    verdict.wait_for(state="hidden")
    assert page.get_by_role("button", name="Hint").is_visible()
    page.get_by_role("button", name="Close").click()
    panel.wait_for(state="hidden")


def test_other_parameters_that_differ_from_the_mysterys_are_named(saved):
    page = saved(mystery=1, t_ref=3.0)
    assert "Yours has other values under “More”" in page.locator(".sv-mystery").inner_text()


# ---------------------------------------------------------------- pins


def test_pinned_neurons_stay_while_the_readers_own_moves(saved):
    page = saved()
    page.get_by_role("button", name="Pin", exact=True).click()
    pin = page.get_by_role("button", name="Pin this neuron")
    tau = page.get_by_label("τ, time constant, exact value")
    pin.click()
    chips = page.locator(".sv-chip:visible")
    chips.get_by_text("same as yours, 9 spikes").wait_for()
    pin.click()  # the same neuron is not pinned twice
    for value in ("20", "5", "30"):
        tau.fill(value)
        tau.press("Enter")
        pin.click()
    page.get_by_text("4 neurons are pinned, the most").wait_for()
    assert pin.is_disabled()
    counts = [run.spikes.sum() for run in LIFExplorer(pins=model(page, "pins")).pin_traces()]
    names = ["τ 10", "τ 20", "τ 5", "same as yours"]
    texts = [f"{i}{name}, {count:.0f} spikes×"
             for i, (name, count) in enumerate(zip(names, counts, strict=True), 1)]  # fmt: skip
    assert [text.replace("\n", "") for text in chips.all_inner_texts()] == texts
    assert len(set(counts)) == 4

    chips.nth(2).get_by_role("button").first.click()  # takes its values over
    assert tau.input_value() == "5"
    chips.nth(2).get_by_text("same as yours").wait_for()
    page.get_by_role("button", name="Remove pinned neuron 2").click()
    page.wait_for_function("document.getElementById('view').model.get('pins').length === 3")
    assert [pinned["tau"] for pinned in model(page, "pins")] == [10, 5, 30]


def test_pins_run_over_any_input_as_in_python(saved):
    page = saved()
    rng = random.Random(0)
    limits = LIFExplorer.ranges()
    for _ in range(15):
        pins = []
        for _ in range(rng.randint(1, 4)):
            neuron = {name: rng.uniform(*limits[name][:2]) for name in NEURON}
            neuron["tau"] = rng.uniform(2, 30)
            neuron["v_reset"] = rng.choice([None, min(1, neuron["v_threshold"]) - 0.1])
            neuron["t_ref"] = rng.choice([0, 4])
            pins.append(neuron)
        change = {"pins": pins, "stimulus": rng.choice(["noise", "sine", "ramp"]),
                  "amplitude": rng.uniform(0, 5), "dt": rng.choice([0.5, 1, 2])}  # fmt: skip
        page.evaluate(SHOWN, change)
        page.evaluate("settled()")
        shown = page.evaluate(SHOWN, {"cursor": rng.randrange(10**6)})
        explorer = LIFExplorer(**change)
        for run, truth in zip(shown["pins"], explorer.pin_traces(), strict=True):
            same(run, truth)
        explorer.close()


def test_the_time_step_is_limited_by_the_pins(saved):
    page = saved(pins=[{"tau": 2.5}])
    page.get_by_text("More: resting").click()
    field = page.get_by_label("Δt, time step, exact value")
    field.fill("4")
    field.press("Enter")
    assert field.input_value() == "2.5"
    page.get_by_text("limited to 2.5").wait_for()


# ---------------------------------------------------------------- overlays


def opened(page):
    page.get_by_text("Check with the libraries").click()
    return page.locator("details", has_text="Check with the libraries")


def test_a_saved_page_keeps_what_the_libraries_found_and_cannot_ask_again(saved):
    page = saved(overlays=["spikeatconv", "norse"], stimulus="sine", amplitude=3.0)
    panel = opened(page)
    assert "spikeatconv: same spikes, V the same to the last bit." in panel.inner_text()
    assert re.search(r"norse: same spikes, V the same within \de−1[5-7]\.", panel.inner_text())
    for box in panel.get_by_role("checkbox").all():
        assert box.is_disabled()
        assert box.is_checked()
    assert "run the widget's cell in a notebook" in panel.inner_text()
    page.locator(".sv-threshold").press("ArrowUp")
    panel.get_by_text("norse: not computed for these values: there is no Python").wait_for()
    page.locator(".sv-threshold").press("ArrowDown")
    panel.get_by_text("norse: same spikes").wait_for()


def test_where_norse_differs_the_page_says_why(saved):
    page = saved(overlays=["norse"], tau=2.0, v_threshold=0.5, current=[1.0] * 8)
    text = opened(page).inner_text()
    assert "norse: 4 spikes against 8, different from 1 ms on; V differs by up to 0.5." in text
    assert "There H meets V_th: Norse fires at H > V_th, we at H ≥ V_th." in text


def test_norses_missing_refractory_time_is_said(saved):
    page = saved(overlays=["spikeatconv", "norse"], t_ref=6.0)
    text = opened(page).inner_text()
    assert "spikeatconv: same spikes" in text
    assert re.search(r"norse: 9 spikes against 6, .* Norse has no refractory time\.", text)


# ---------------------------------------------------------------- the drawing


def test_only_what_the_playhead_moves_is_drawn_when_only_it_moves(saved):
    page = saved(pins=[{"tau": 20.0}], mystery=3)
    page.evaluate("""() => {
        window.points = 0;
        const lineTo = CanvasRenderingContext2D.prototype.lineTo;
        CanvasRenderingContext2D.prototype.lineTo = function (...rest) {
            points++;
            return lineTo.apply(this, rest);
        };
    }""")
    page.evaluate(SHOWN, {"cursor": 20})
    few = page.evaluate("points")
    page.evaluate("settled()")
    page.evaluate(SHOWN, {"tau": 11})
    assert page.evaluate("points") - few > 3 * few  # three membranes and an input of 100 steps
