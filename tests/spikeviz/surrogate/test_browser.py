"""SurrogateExplorer from its saved HTML: the numbers of spikeatconv, under a hand and by keys."""

import random
import re

import numpy as np
import pytest

from spikeviz import SurrogateExplorer

LIMITS = SurrogateExplorer.ranges()
# What a drawing shows, without the layer's values.
READ = """({ p, forward, primitive, derivative, survival: { left }, reached, run, steps, hill }) =>
    ({ p, forward, primitive, derivative, left, reached, run, steps, hill })"""


@pytest.fixture
def opened(kept):
    return kept


def value(page, name):
    return page.evaluate("(name) => document.getElementById('view').model.get(name)", name)


def drag(page, handle, by, steps=6):
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=steps)
    page.mouse.up()


def said(page, number):
    return page.locator(".sv-summary").nth(number)


def random_settings(rng: random.Random) -> dict:
    """Settings that the explorer allows, with both surrogates and all four resets."""
    chosen = {name: rng.uniform(low, high) for name, (low, high, _) in LIMITS.items()}
    chosen["alpha"] = 0.2 * 100 ** rng.random()
    chosen["at"] = rng.choice([0.0, chosen["at"]])
    chosen["time_steps"] = rng.randint(2, 12)
    chosen["target"] = rng.randint(0, chosen["time_steps"])
    chosen["descent_step"] = rng.randrange(61)
    chosen["v_reset"] = rng.choice([None, 0.0, chosen["v_reset"]])
    chosen["tau"] = rng.choice([1.0, rng.uniform(1, 5)])
    chosen["surrogate"] = rng.choice(["atan", "sigmoid"])
    chosen["detach_reset"] = rng.random() < 0.5
    chosen["surrogate_on"] = rng.random() < 0.8
    chosen["layer"] = rng.choice(list(SurrogateExplorer().layers))
    return chosen


def test_24_random_settings_are_the_same_in_the_page_and_in_python(opened, drawn):
    page = opened()
    rng = random.Random(0)
    close = {"rtol": 1e-9, "atol": 1e-9}
    moved = 0
    for _ in range(24):
        p = random_settings(rng)
        shown = drawn(page, p, READ)
        explorer = SurrogateExplorer(**p)
        truth = explorer.trace()
        explorer.close()
        assert shown["forward"] == truth.forward
        for name in ("primitive", "derivative"):
            np.testing.assert_allclose(shown[name], getattr(truth, name), **close)
        np.testing.assert_allclose(shown["left"], truth.survival, **close)
        assert shown["reached"]["count"] == truth.useful.sum(), p
        np.testing.assert_allclose(shown["reached"]["mean"], truth.mean_derivative, **close)
        assert shown["run"]["s"] == truth.spikes.tolist(), p
        np.testing.assert_allclose(shown["run"]["h"], truth.membrane, **close)
        names = {"weight": "weights", "count": "counts", "loss": "losses", "gradient": "gradients"}
        for one, many in names.items():
            walked = [step[one] for step in shown["steps"]]
            np.testing.assert_allclose(walked, getattr(truth, many), err_msg=str(p), **close)
        moved += truth.weights[0] != truth.weights[1]
    assert moved > 12


def test_the_hill_has_the_slope_that_descent_follows(opened, drawn):
    explorer = SurrogateExplorer(surrogate_on=True, alpha=3.0)
    weights = np.linspace(0, 8, 401)
    slopes = np.array([explorer.loss(w)[2] for w in weights])
    shown = drawn(opened(explorer), {"at": 0.5}, "({ hill }) => hill")
    risen = np.concatenate([[0], np.cumsum((slopes[1:] + slopes[:-1]) / 2 * 0.02)])
    np.testing.assert_allclose(shown, risen - risen.min(), rtol=0, atol=1e-9)
    assert np.ptp(shown) > 10


# ---------------------------------------------------------------- 1. the step


def test_the_point_is_dragged_across_the_threshold(opened):
    page = opened()
    point = page.get_by_role("slider", name="Distance to the threshold, u")
    said(page, 0).filter(has_text="u = −0.4: no spike, Θ = 0").wait_for()
    drag(page, point, 60)
    said(page, 0).filter(has_text="a spike, Θ = 1").wait_for()
    at = value(page, "at")
    assert 0 < at < 2
    run = SurrogateExplorer(at=at).trace()
    said(page, 0).filter(has_text=f"multiplied by {run.derivative:.3f}".rstrip("0")).wait_for()
    assert "nothing is left" in said(page, 0).inner_text()  # a hard reset lets nothing past
    assert float(point.get_attribute("aria-valuenow")) == at


def test_a_press_on_the_picture_and_the_keys_move_the_point(opened):
    page = opened()
    canvas = page.locator("canvas.sv-step").first
    canvas.click(position={"x": canvas.bounding_box()["width"] - 5, "y": 60})
    page.wait_for_function("document.getElementById('view').model.get('at') === 3")
    point = page.get_by_role("slider", name="Distance to the threshold, u")
    for key, at in [("ArrowLeft", 2.99), ("PageDown", 2.89), ("PageUp", 2.99), ("ArrowUp", 3)]:
        point.press(key)
        page.wait_for_function(
            "(at) => document.querySelector('.sv-point').ariaValueNow == at", arg=at
        )


@pytest.mark.parametrize("detach_reset", [True, False])
@pytest.mark.parametrize("v_reset", [None, 0.2])
def test_the_formula_holds_with_its_numbers(opened, v_reset, detach_reset):
    explorer = SurrogateExplorer(at=0.25, tau=4.0, time_steps=4, v_reset=v_reset)
    explorer.detach_reset = detach_reset
    left = explorer.trace().survival[-1]
    line = opened(explorer).locator(".sv-update").first.inner_text().replace("−", "-")
    slope, leak, reset, result = re.search(
        r"k = 4: (\S+) · \((\S+) · \(?([^()]+)\)?\)\^4 = (\S+)$", line
    ).groups()
    power = re.match(r"(\S+)·10⁻⁴", result)
    shown = float(power[1]) * 1e-4 if power else float(result)
    assert shown == pytest.approx(left, rel=0.05, abs=6e-4)
    assert float(slope) * (float(leak) * float(reset)) ** 4 == pytest.approx(left, abs=1e-3)


def test_the_other_surrogate_comes_with_the_same_peak(opened):
    page = opened()
    page.get_by_label("Surrogate", exact=True).select_option("sigmoid")
    assert value(page, "alpha") == 4
    page.get_by_label("Surrogate", exact=True).select_option("atan")
    assert value(page, "alpha") == 2


# ---------------------------------------------------------------- 2. the layer


def test_the_slope_is_dragged_over_the_layer(opened):
    page = opened()
    handle = page.get_by_role("slider", name="Slope α, drag the edge of the dead zone")
    for by in (18, -30):
        before = value(page, "alpha")
        drag(page, handle, by)
        alpha = value(page, "alpha")
        assert alpha > before if by > 0 else alpha < before
        run = SurrogateExplorer(alpha=alpha).trace()
        count = f"{run.useful.sum():,} of 2,000"
        page.locator(".sv-update").nth(1).filter(has_text=count).wait_for()
        assert f"α = {alpha:.3f}".rstrip("0") in said(page, 1).inner_text()
    handle.press("ArrowRight")
    assert value(page, "alpha") == pytest.approx(alpha + 0.1, abs=0.006)


def test_each_layer_can_be_chosen(opened):
    page = opened()
    for name in SurrogateExplorer().layers:
        page.get_by_label("Layer", exact=True).select_option(name)
        explorer = SurrogateExplorer(layer=name)
        count = f"{explorer.trace().useful.sum():,} of 2,000"
        page.locator(".sv-update").nth(1).filter(has_text=count).wait_for()
        assert "has learned digits" in page.locator(".sv-third").nth(1).inner_text()


def test_own_values_are_shown_first(opened):
    u = np.random.default_rng(0).normal(scale=30, size=5000)
    page = opened(SurrogateExplorer(u=u))
    assert page.get_by_label("Layer", exact=True).input_value() == "your values"
    text = page.locator(".sv-third").nth(1).inner_text()
    assert "5,000 values of H − V_th." in text
    assert "learned digits" not in text
    assert f"{(abs(u) < 3 / np.pi).sum()} of 5,000" in text


# ---------------------------------------------------------------- 3. the weight


def test_a_question_comes_before_the_answer(opened):
    page = opened()
    reply = page.locator(".sv-reply")
    assert reply.inner_text() == ""
    for answer, found in [("On the left", "No."), ("At the jumps", "leaps"), ("Nowhere", "Right")]:
        button = page.get_by_role("button", name=answer)
        button.click()
        reply.filter(has_text=found).wait_for()
        assert button.get_attribute("aria-pressed") == "true"


def test_by_hand_the_loss_falls_but_its_slope_stays_0(opened):
    page = opened()
    ball = page.get_by_role("slider", name="Weight, drag it along the loss")
    drag(page, ball, 55)
    weight = value(page, "weight")
    count, loss, _ = SurrogateExplorer().loss(weight)
    assert loss < 16
    text = f"w = {weight:g}: {count:.0f} spikes, 4 wanted, loss {loss:.0f}. True slope 0"
    said(page, 2).filter(has_text=text).wait_for()
    page.get_by_role("button", name="Step", exact=True).click()
    page.locator(".sv-clock").filter(has_text="step 1 of 60").wait_for()
    assert ball.get_attribute("aria-valuenow") == f"{weight:g}"


def test_with_the_surrogate_on_the_ball_walks_down(opened):
    page = opened()
    explorer = SurrogateExplorer(surrogate_on=True)
    truth = explorer.trace()
    rest = int(np.argmax(truth.gradients == 0))
    page.get_by_label("surrogate on").check()
    said(page, 2).filter(has_text="raise w").wait_for()
    ball = page.get_by_role("slider", name="Weight, drag it along the loss")
    for step in (1, 2):
        page.get_by_role("button", name="Step", exact=True).click()
        page.locator(".sv-clock").filter(has_text=f"step {step} of {rest}").wait_for()
        walked = float(ball.get_attribute("aria-valuenow"))
        assert walked == pytest.approx(truth.weights[step], abs=1e-9)
    page.get_by_role("button", name="Play").click()
    said(page, 2).filter(has_text=f"it rests after {rest} steps").wait_for()
    assert page.get_by_role("button", name="Step", exact=True).is_disabled()
    page.get_by_label("surrogate on").uncheck()  # it stays where it is, at the start of a new walk
    page.locator(".sv-clock").filter(has_text="step 0 of 60").wait_for()
    assert value(page, "weight") == pytest.approx(truth.weights[rest], abs=1e-9)


def test_a_hand_on_the_ball_stops_the_walk(opened):
    page = opened(SurrogateExplorer(surrogate_on=True, learning_rate=0.001))
    page.get_by_role("button", name="Play").click()
    page.locator(".sv-clock").filter(has_text=re.compile(r"step [1-9]")).wait_for()
    page.get_by_role("slider", name="Weight, drag it along the loss").press("PageUp")
    page.get_by_role("button", name="Play").wait_for()
    page.locator(".sv-clock").filter(has_text="step 0 of").wait_for()
    assert 0.7 <= value(page, "weight") < 1.2  # on from where the walk had come to


def test_spikes_wanted_and_steps_limit_each_other(opened):
    page = opened()
    page.locator("details > summary").click()
    page.get_by_label("T, time steps, exact value").fill("3")
    page.get_by_label("T, time steps, exact value").press("Enter")
    page.get_by_text("limited to 4").wait_for()
    page.get_by_label("Spikes wanted, exact value").fill("9")
    page.get_by_label("Spikes wanted, exact value").press("Enter")
    assert (value(page, "time_steps"), value(page, "target")) == (4, 4)
    page.get_by_label("soft reset").check()
    assert value(page, "v_reset") is None
    page.get_by_label("V_reset, exact value").wait_for(state="hidden")


def test_the_slope_has_a_handle_where_the_curve_is_half_as_high(opened):
    page = opened()
    handle = page.get_by_role("slider", name="Slope α, drag σ' wider or narrower")
    for by in (40, -20):
        drag(page, handle, by)
        alpha, box = value(page, "alpha"), handle.bounding_box()
        peak = SurrogateExplorer(alpha=alpha, at=0).trace().derivative
        canvas = page.locator("canvas.sv-step").first.bounding_box()
        unit = (canvas["width"] - 60) / 6  # of u, from −3 to 3, between the sides of the plot
        u = (box["x"] + box["width"] / 2 - canvas["x"] - 46) / unit - 3
        half = SurrogateExplorer(alpha=alpha, at=round(u, 2)).trace().derivative
        assert half == pytest.approx(peak / 2, rel=0.06)
    page.get_by_role("slider", name="Distance to the threshold, u").press("End")
    before = value(page, "alpha")
    drag(page, handle, 15)
    assert value(page, "alpha") < before


def test_the_ball_glides_from_step_to_step_while_the_trait_stays_whole(opened):
    page = opened(SurrogateExplorer(surrogate_on=True, learning_rate=0.003))
    seen = page.evaluate("""() => new Promise((done) => {
        const seen = [];
        document.addEventListener("spikeviz:drawn", ({ detail: s }) => {
            seen.push([s.place, s.here.weight, s.steps.map(({ weight }) => weight)]);
            if (s.place >= 4) done(seen);
        });
        document.querySelector(".sv-play").click();
    })""")
    page.get_by_role("button", name="Pause").click()
    assert len(seen) > 8
    for place, weight, steps in seen:
        done = int(place)
        between = steps[done] + (place - done) * (steps[done + 1] - steps[done])
        assert weight == pytest.approx(between, abs=1e-12)
    assert isinstance(value(page, "descent_step"), int)
