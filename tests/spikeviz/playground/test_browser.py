"""SpikingPlayground from its saved HTML: it learns in the page, under mouse, keys and a finger."""

import random
import re
from pathlib import Path

import numpy as np
import pytest

from spikeviz import SpikingPlayground
from spikeviz.playground import reference

MODEL = "document.getElementById('view').model"
AXE = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
    return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 150))]);
}"""


def value(page, name):
    return page.evaluate(f"(name) => {MODEL}.get(name)", name)


def middle(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, x, y, right, down):
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=5)
    page.mouse.up()


@pytest.fixture
def calm(kept):
    """calm(widget): its page, in which nothing moves by itself."""
    return lambda widget=None, **more: kept(widget, reduced_motion="reduce", **more)


# ---------------------------------------------------------------- numbers


def random_settings(rng: random.Random) -> dict:
    layers = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
    return {
        "layers": layers, "thresholds": [rng.choice([[0.5], [0.25, 0.75]]) for _ in layers],
        "own": rng.choice([{}, {"0.0": [0.3]}]), "silent": rng.choice([[], ["0.0"]]),
        "coding": rng.choice(["constant", "rate", "latency"]), "v_reset": rng.choice([None, 0.0]),
        "tau": rng.uniform(1, 4), "time_steps": rng.randint(1, 6), "spiking": rng.random() < 0.8,
        "point": [round(rng.uniform(-1, 1), 2) for _ in "xy"], "seed": rng.randint(0, 99),
    }  # fmt: skip


def test_what_a_point_does_is_the_same_in_python(calm, drawn):
    """Random networks, from their seeds and with weights that Python gave."""
    page, rng = calm(), random.Random(0)
    read = "({ run, values }) => ({ ...run, values })"
    for _ in range(8):
        settings = random_settings(rng)
        shown = drawn(page, settings, read)
        explorer = SpikingPlayground(**settings)
        weights = [rng.gauss(0, 1.5) for _ in shown["values"]]
        for given in ([], weights):
            if given:
                page.evaluate(f"(weights) => {MODEL}.set('weights', weights)", given)
                shown = drawn(page, {"time_step": (value(page, "time_step") + 1) % 2}, read)
                explorer.weights = weights
            truth = explorer.trace()
            close = {"rtol": 1e-9, "atol": 1e-9, "err_msg": str(settings)}
            np.testing.assert_allclose(shown["inputs"], truth.inputs, **close)
            np.testing.assert_allclose(shown["logits"], truth.logits, **close)
            for layer, membranes, spikes in zip(
                shown["layers"], truth.membranes, truth.spikes, strict=True
            ):
                np.testing.assert_allclose(layer["spikes"], spikes, **close)
                np.testing.assert_allclose(layer["h"], membranes, **close)
        explorer.close()


def test_it_learns_while_one_watches_and_python_gets_what_it_learned(calm):
    page = calm(SpikingPlayground(speed=40))
    train = page.get_by_role("button", name="▶ Train")
    assert "Untrained" in page.locator(".sv-summary").inner_text()
    train.click()
    page.wait_for_function(f"{MODEL}.get('steps') > 150", timeout=60_000)
    page.get_by_role("button", name="circles").click()  # changed while it trains
    page.get_by_role("button", name="moons").click()
    page.get_by_role("button", name="Pause").click()
    steps = value(page, "steps")
    weights, history = value(page, "weights"), value(page, "history")
    assert history[0][0] == 0
    assert history[-1][0] == steps
    assert history[-1][1] < 0.6 < history[0][1]
    accuracy = re.search(r"(\d+)\u00a0% of 125 test", page.locator(".sv-summary").inner_text())
    assert int(accuracy[1]) > 75
    page.get_by_role("button", name="Step", exact=True).click()
    assert value(page, "steps") == steps + 1
    assert value(page, "weights") != weights
    page.get_by_role("button", name="Reset").first.click()
    assert (value(page, "steps"), value(page, "weights")) == (0, [])
    page.evaluate(f"([weights, steps]) => {{ {MODEL}.set('weights', weights); "
                  f"{MODEL}.set('steps', steps); }}", [weights, steps])  # fmt: skip
    page.locator(".sv-summary").get_by_text(f"After {steps:,} steps").wait_for()


def test_in_sight_it_trains_by_itself_and_a_key_ends_that(kept):
    page = kept(SpikingPlayground(speed=1))
    page.locator(".sv-summary").get_by_text("After").wait_for()
    page.locator(".spikeviz").press("Shift")
    page.get_by_role("button", name="▶ Train").wait_for()
    assert value(page, "steps") > 0


def test_a_loss_that_explodes_is_told_and_the_page_lives_on(calm):
    page = calm(SpikingPlayground(learning_rate=1000.0, spiking=False, speed=40))
    page.get_by_role("button", name="▶ Train").click()
    told = page.locator(".sv-pg-problem")
    told.get_by_text("has no finite loss; lower the learning rate").wait_for()
    assert re.match(r"step \d+ ", told.inner_text())
    page.get_by_role("button", name="▶ Train").wait_for()  # it rests
    page.get_by_role("button", name="Reset").last.click()
    page.wait_for_function("!document.querySelector('.sv-pg-problem').textContent")
    page.get_by_label("Learning rate").select_option("0.03")
    page.get_by_role("button", name="Step", exact=True).click()
    assert value(page, "steps") == 1


def test_an_experiment_asks_trains_answers_and_leads_back(calm):
    page = calm(SpikingPlayground(speed=40, noise=0.25))
    page.get_by_role("button", name="Four thresholds in one neuron").click()
    page.get_by_text("Guess first.").wait_for()
    page.get_by_role("button", name="A border that bends").click()
    reply = page.locator(".sv-pg-panel-ask [role=status] .sv-title")
    reply.get_by_text("No: “Degrees between yes and no”. Loss: ").wait_for()
    shown = page.locator(".sv-summary").inner_text()
    tried = re.search(r"Loss: ([\d.]+) with four", reply.inner_text())[1]
    assert f"loss {float(tried):g}" in shown
    assert "After 300 steps" in shown
    page.get_by_role("button", name="Back to my own settings").click()
    assert (value(page, "noise"), value(page, "layers")) == (0.25, [4, 4])
    assert page.locator(".sv-pg-panel-ask").is_hidden()
    page.locator(".sv-summary").get_by_text("Untrained").wait_for()


def test_the_training_script_runs_elsewhere(calm, tmp_path):
    page = calm(SpikingPlayground(layers=[2], time_steps=2, coding="rate"))
    page.get_by_role("button", name="Step", exact=True).click()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    with page.expect_download() as download:
        page.get_by_role("button", name="Copy training script").click()
    assert download.value.suggested_filename == "playground.py"
    names: dict = {"__name__": "script"}
    exec(download.value.path().read_text(encoding="utf-8"), names)
    trained = [p.detach().numpy().ravel() for p in names["network"].parameters()]
    np.testing.assert_allclose(np.concatenate(trained), value(page, "weights"), rtol=1e-9)


# ---------------------------------------------------------------- hands


def test_a_threshold_is_dragged_on_its_membrane(calm):
    page = calm()
    grip = page.get_by_role("slider", name="Threshold of neuron 1.2")
    x, y = middle(grip.locator(".sv-grip"))
    drag(page, x, y, 0, -25)
    (higher,) = value(page, "own")["0.1"]
    assert higher > 0.7
    grip.press("ArrowDown")
    assert value(page, "own")["0.1"] == [pytest.approx(higher - 0.05)]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert value(page, "own") == {}
    grip.press("PageUp")
    assert value(page, "own") == {"0.1": [1.0]}
    page.mouse.dblclick(*middle(grip.locator(".sv-grip")))
    assert value(page, "own") == {}


def test_a_neuron_is_silenced_by_mouse_and_keys(calm):
    page = calm()
    neuron = page.get_by_role("button", name="Silence neuron 1.1")
    neuron.click()
    assert value(page, "silent") == ["0.0"]
    assert neuron.get_attribute("aria-pressed") == "true"
    assert "silenced" in neuron.get_attribute("title")
    neuron.press("Enter")
    assert value(page, "silent") == []
    page.get_by_text("Firing rate of neuron 1.1").wait_for()


def test_a_weight_is_dragged_on_its_line_and_set_by_keys(calm):
    page = calm()
    box = page.locator(".sv-pg-wires").bounding_box()
    nodes = [page.get_by_role("button", name=f"Silence neuron {name}").bounding_box()
             for name in ("1.1", "2.1")]  # fmt: skip
    left, right = nodes
    x, y = (left["x"] + left["width"] + right["x"]) / 2, left["y"] + left["height"] / 2
    assert box["x"] < x < box["x"] + box["width"]
    drag(page, x, y, 0, -50)
    assert value(page, "weight") == "1.0.0"
    knob = page.get_by_role("slider", name="Weight in hand")
    moved = float(knob.get_attribute("aria-valuenow"))
    at = 4 * 3  # behind the first layer's weights and biases
    assert value(page, "weights")[at] == moved
    assert moved - SpikingPlayground().network().linears[1].weight[0, 0].item() > 0.9
    page.keyboard.press("Control+z")
    assert value(page, "weights") == []  # untouched
    page.keyboard.press("Control+Shift+z")
    assert value(page, "weights")[at] == moved
    knob.press("ArrowUp")
    assert value(page, "weights")[at] == pytest.approx(moved + 0.01)
    page.get_by_label("Weight", exact=True).select_option(label="bias of output")
    field = page.get_by_label("its value, exact value")
    field.fill("2.5")
    field.press("Enter")
    assert value(page, "weights")[-1] == 2.5


def test_ctrl_z_brings_back_the_network_from_before_a_hand(calm):
    page = calm(SpikingPlayground(weight="1.0.0"))
    page.get_by_role("button", name="▶ Train").click()
    knob = page.get_by_role("slider", name="Weight in hand")
    drag(page, *middle(knob), 0, 60)  # while it trains
    page.get_by_role("button", name="Pause").click()
    steps = value(page, "steps")
    page.keyboard.press("Control+z")
    before = value(page, "steps")
    assert 0 < before < steps
    network, _ = reference.train(SpikingPlayground().settings(), before)
    trained = [part.detach().numpy().ravel() for part in network.parameters()]
    np.testing.assert_allclose(np.concatenate(trained), value(page, "weights"), rtol=1e-6)

    learned = {name: value(page, name) for name in ("weights", "steps", "own", "layers")}
    hands = {
        "a weight": lambda: drag(page, *middle(knob), 0, -40),
        "a threshold": lambda: drag(page, *middle(page.locator(".sv-grip").first), 0, -25),
        "a neuron": page.get_by_role("button", name="Neurons of layer 2: one fewer").click,
    }
    for name, move in hands.items():
        move()
        assert {one: value(page, one) for one in learned} != learned, name
        page.keyboard.press("Control+z")
        assert {one: value(page, one) for one in learned} == learned, name
        assert page.get_by_role("button", name="Undo").is_disabled()


def test_points_of_ones_own_come_and_go(calm):
    page = calm()
    plane = page.locator(".sv-pg-plane")
    box = plane.bounding_box()
    page.get_by_role("button", name="add blue").click()
    plane.click(position={"x": 0.25 * box["width"], "y": 0.25 * box["height"]})
    page.get_by_role("button", name="add red").click()
    plane.click(position={"x": 0.75 * box["width"], "y": 0.75 * box["height"]})
    assert value(page, "data") == "points"
    (x, y, blue), (_, _, red) = value(page, "points")
    assert (x, y) == (pytest.approx(-0.5, abs=0.02), pytest.approx(0.5, abs=0.02))
    assert (blue, red) == (1, 0)
    plane.click(position={"x": 0.75 * box["width"], "y": 0.75 * box["height"]})
    assert len(value(page, "points")) == 1
    spot = page.get_by_role("slider", name="Point on show")
    spot.press("ArrowRight")
    spot.press("Enter")
    assert value(page, "point") == [0.35, 0.4]
    assert value(page, "points")[1] == [0.35, 0.4, 0]
    page.get_by_role("button", name="clear", exact=True).click()
    page.locator(".sv-summary").get_by_text("No points yet").wait_for()
    page.get_by_role("button", name="▶ Train").click()
    page.locator(".sv-pg-problem").get_by_text("there is no point to train on").wait_for()


def test_the_pointer_shows_its_point_and_a_click_keeps_it(calm):
    page = calm()
    box = page.locator(".sv-pg-plane").bounding_box()
    at = box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"]
    page.mouse.move(*at)
    page.get_by_text(re.compile(r"Point \(−0\.8\d*, −0\.8\d*\)")).wait_for()
    assert value(page, "point") == [0.3, 0.4]
    page.mouse.click(*at)
    page.mouse.move(5, 5)
    page.get_by_text(re.compile(r"Point \(−0\.8\d*, −0\.8\d*\)")).wait_for()


def test_layers_neurons_and_thresholds_come_and_go(calm):
    page = calm()
    press = lambda name: page.get_by_role("button", name=name).click()  # noqa: E731
    press("Hidden layers: one more")
    press("Neurons of layer 3: one fewer")
    press("Thresholds of layer 1: one more")
    assert value(page, "layers") == [4, 4, 3]
    assert value(page, "thresholds") == [[0.5, 1], [0.5], [0.5]]
    page.get_by_role("slider", name="Threshold 2 of neuron 1.1").wait_for()
    press("Thresholds of layer 1: one fewer")
    press("Hidden layers: one fewer")
    press("Hidden layers: one fewer")
    assert value(page, "layers") == [4]
    assert page.get_by_role("button", name="Hidden layers: one fewer").is_disabled()


def test_a_finger_points_adds_and_silences(calm):
    page = calm(width=390, height=800, has_touch=True, is_mobile=True)
    plane = page.locator(".sv-pg-plane")
    plane.tap(position={"x": 40, "y": 40})
    x, y = value(page, "point")
    assert x < -0.6
    assert y > 0.6
    page.get_by_role("button", name="add red").tap()
    plane.tap(position={"x": 100, "y": 200})
    assert len(value(page, "points")) == 1
    page.get_by_role("button", name="Silence neuron 2.2").tap()
    assert value(page, "silent") == ["1.1"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(calm, scheme):
    page = calm(SpikingPlayground(weight="1.0.0"), color_scheme=scheme)
    axe = Path(__file__).parents[1] / "publish" / "axe.min.js"
    page.evaluate(axe.read_text(encoding="utf-8"))
    assert page.evaluate(AXE) == []
