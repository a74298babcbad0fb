"""The playground's engine in a page: the weights that PyTorch gets with spikeatconv."""

import contextlib
import functools
import io
import itertools
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from spikeatconv import energy_report
from spikeviz.playground import reference

SETTINGS = {
    "data": "moons", "noise": 0.1, "share": 0.5, "points": [], "coding": "constant",
    "thresholds": [[0.5], [0.4]], "layers": [3, 2], "own": {}, "silent": [], "tau": 2.0,
    "v_reset": 0.0, "time_steps": 3, "surrogate": "atan", "alpha": 2.0, "learning_rate": 0.05,
    "batch": 16, "optimizer": "adamw", "spiking": True, "seed": 1,
}  # fmt: skip
LIF, MBPL = [[0.5], [0.4]], [[0.25, 0.5], [0.2, 0.6]]
SETS = ("moons", "circles", "xor", "spiral", "gaussians")
OWN = {"own": {"0.1": [0.3], "1.0": [0.7, 0.2]}, "silent": ["0.2"]}
CLICKED = [[round(random.Random(k).uniform(-1, 1), 3), k / 20 - 1, k % 3 % 2] for k in range(40)]

TRAIN = """(cases) => cases.map((settings) => {
    const trainer = makeTrainer(settings);
    const values = () => trainer.layers.map(({ weights, bias }) => [[...weights], [...bias]]);
    const before = values();
    const losses = Array.from({ length: 50 }, () => trainer.step().loss);
    return { before, losses, after: values(), points: trainer.points, found: trainer.evaluate() };
})"""


def all_cases() -> dict[str, dict]:
    """Every block, reset, surrogate and coding with every other; data and optimizer in turn."""
    cases = {}
    parts = itertools.product((LIF, MBPL), (0.0, None), ("atan", "sigmoid"),
                              ("constant", "rate", "latency"))  # fmt: skip
    for k, (thresholds, v_reset, surrogate, coding) in enumerate(parts):
        block, reset = "LIF" if thresholds is LIF else "MBPL", "soft" if v_reset is None else "hard"
        cases[f"{block} {reset} {surrogate} {coding}"] = {
            "thresholds": thresholds, "v_reset": v_reset, "surrogate": surrogate, "coding": coding,
            "data": SETS[k % 5], "optimizer": ("adamw", "sgd")[k // 3 % 2], "seed": k,
        }  # fmt: skip
    return cases | {
        "off": {"surrogate": "off", "coding": "rate"},
        "twin": {"spiking": False},
        "twin sgd, coded": {"spiking": False, "optimizer": "sgd", "coding": "rate", **OWN},
        "own thresholds, a silent neuron": OWN,
        "own in MBPL": {"thresholds": MBPL, "v_reset": -0.5, "coding": "latency", **OWN},
        "clicked points, one layer": {
            "data": "points", "points": CLICKED, "layers": [5], "thresholds": [[0.5]], "tau": 1.0,
            "time_steps": 1, "batch": 128,
        },
        "three layers": {"layers": [4, 3, 2], "thresholds": [[0.3], [0.2, 0.5], [0.3]], "tau": 3.0},
    }  # fmt: skip


CASES = {name: {**SETTINGS, **changes} for name, changes in all_cases().items()}


@pytest.fixture(scope="module")
def page(modules):
    return modules("playground/training", "playground/script")


@pytest.fixture(scope="module")
def trained(page):
    """What the page makes of each case in 50 steps."""
    return dict(zip(CASES, page.evaluate(TRAIN, list(CASES.values())), strict=True))


@functools.cache
def pytorch(name):
    """The network that PyTorch makes of a case in 50 steps, and its losses."""
    return reference.train(CASES[name], 50)


def weights_of(network):
    return [(linear.weight.flatten().tolist(), linear.bias.tolist()) for linear in network.linears]


def flat(layers):
    return np.array([value for layer in layers for part in layer for value in part])


@pytest.mark.parametrize("name", CASES)
def test_50_steps_in_the_page_are_50_steps_of_pytorch(trained, name):
    settings, found = CASES[name], trained[name]
    fresh = flat(weights_of(reference.Playground(settings)))
    assert flat(found["before"]).tolist() == fresh.tolist()
    network, losses = pytorch(name)
    after = flat(found["after"])
    np.testing.assert_allclose(after, flat(weights_of(network)), rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-9)
    assert np.abs(after - flat(found["before"])).max() > 0.01
    for side, points in zip(("train", "test"), reference.make_points(settings), strict=True):
        here = [[point["x"], point["y"], point["label"]] for point in found["points"][side]]
        there = torch.cat([points[0], points[1][:, None]], 1)
        np.testing.assert_allclose(here, there, rtol=0, atol=1e-14)
        loss, accuracy = reference.evaluate(network, points, settings)
        assert found["found"][side] == {
            "loss": pytest.approx(loss, rel=1e-6), "accuracy": pytest.approx(accuracy)
        }  # fmt: skip


def test_without_a_surrogate_only_the_readout_learns(trained):
    before, after = trained["off"]["before"], trained["off"]["after"]
    decay = (1 - 0.05 * 0.01) ** 50  # of AdamW, which needs no gradient
    for layer in (0, 1):
        np.testing.assert_allclose(flat([after[layer]]), flat([before[layer]]) * decay, rtol=1e-12)
    assert after[2] != before[2]


class Images(nn.Module):
    """The playground's network as `energy_report` asks a model: currents as images."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images.flatten(-3))


@pytest.mark.parametrize("name", ["LIF hard atan constant", "MBPL soft sigmoid rate", "twin"])
def test_additions_and_energy_are_those_of_the_energy_report(trained, name):
    settings, found = CASES[name], trained[name]["found"]
    network, _ = pytorch(name)
    (places, _), _ = reference.make_points(settings)
    currents = reference.code(places, settings, reference.LOOK)
    report = energy_report(Images(network), currents[..., None, None], batch_size=len(places))
    assert found["snn_pj"] == pytest.approx(report.snn_mj * 1e9)
    assert found["ann_pj"] == pytest.approx(report.ann_mj * 1e9)
    fed = report.layers[report.layers.input.isin(["binary", "spike sum"])]
    assert found["additions"] == pytest.approx((fed.flops * fed.passes * fed.rate).sum())
    assert found["twin"] == report.layers.flops.sum()


def test_dead_and_saturated_neurons_are_found(page):
    """One that no current reaches, one whose current is always high; a silent one is neither."""
    settings = {**SETTINGS, "thresholds": MBPL, "silent": ["0.2"]}
    found = page.evaluate("""(settings) => {
        const trainer = makeTrainer(settings);
        const [first, second] = trainer.layers;
        first.bias.set([-50, 50, 50]);
        second.bias.set([0.3, 0.3]);
        second.weights.fill(0);
        const { dead, saturated, rates } = trainer.evaluate();
        return { dead, saturated, rates };
    }""", settings)  # fmt: skip
    assert found["dead"] == ["0.0"]
    assert found["saturated"] == ["0.1"]
    assert found["rates"] == [[0, 2, 0], [1 / 3, 1 / 3]]  # H: 0.15, 0.225, then 0.15 again


def test_a_step_without_a_finite_loss_is_named_and_leaves_the_weights(page):
    found = page.evaluate("""(cases) => cases.map((settings) => {
        const trainer = makeTrainer(settings);
        const values = () => trainer.layers.flatMap(({ weights, bias }) => [...weights, ...bias]);
        for (let k = 0; k < 200; k++) {
            const before = values();
            try { trainer.step(); } catch (error) {
                const same = values().every((value, i) => value === before[i]);
                return { name: error.name, message: error.message, steps: trainer.steps, same };
            }
        }
    })""", [{**SETTINGS, "optimizer": "sgd", "learning_rate": 1e308, "spiking": spiking}
            for spiking in (True, False)])  # fmt: skip
    for error in found:
        assert error["name"] == "RangeError"
        assert error["message"].startswith(f"step {error['steps'] + 1} has no finite loss")
        assert "1e+308" in error["message"]
        assert error["same"]


def test_a_setting_that_is_no_number_is_refused_by_name(page):
    numbers = [name for name, value in SETTINGS.items() if type(value) in (int, float)]
    bad = [(name, name, "NaN") for name in numbers] + [
        ("thresholds", "thresholds", [[0.5], ["NaN"]]), ("own", "own", {"0.0": ["NaN"]}),
        ("points", "points", [["NaN", 0, 1]]),
    ]  # fmt: skip
    said = page.evaluate("""([settings, bad]) => bad.map(([name, , value]) => {
        const text = JSON.stringify({ ...settings, [name]: value });
        const broken = JSON.parse(text, (_, v) => (v === "NaN" ? NaN : v));
        const good = makeTrainer(settings);
        const tried = (act) => { try { act(); } catch (error) { return error.message; } };
        return [tried(() => makeTrainer(broken)), tried(() => good.change(broken))];
    })""", [SETTINGS, bad])  # fmt: skip
    for (name, word, _), messages in zip(bad, said, strict=True):
        assert messages == [f"{word} has the value NaN; give a finite number"] * 2, name
    empty = {**SETTINGS, "data": "points"}
    with pytest.raises(Exception, match="there is no point to train on; click some first"):
        page.evaluate("(settings) => { makeTrainer(settings).step(); }", empty)


def test_what_fits_is_kept_when_settings_change(page):
    """Nothing is lost by a change that changes nothing; a new neuron leaves the others as they
    are; other currents leave all but the first layer; a new seed begins anew."""
    found = page.evaluate("""(settings) => {
        const after = (steps, ...changes) => {
            const trainer = makeTrainer(settings);
            for (let k = 0; k < 10; k++) trainer.step();
            for (const change of changes) trainer.change({ ...settings, ...change });
            for (let k = 0; k < steps; k++) trainer.step();
            const layers = trainer.layers.map(({ weights, bias }) => [[...weights], [...bias]]);
            return { layers, steps: trainer.steps };
        };
        return { plain: after(10), same: after(10, { tau: 3 }, {}), was: after(0),
            wider: after(0, { layers: [4, 2] }), coded: after(0, { coding: "rate" }),
            deeper: after(0, { layers: [3, 2, 2], thresholds: [[0.5], [0.4], [0.4]] }),
            seed: after(0, { seed: 7 }) };
    }""", SETTINGS)  # fmt: skip
    assert found["same"] == found["plain"]
    was = found["was"]["layers"]
    (weights, bias), (second, _), readout = found["wider"]["layers"]
    assert (weights[:6], bias[:3]) == tuple(was[0])
    assert [second[0:3], second[4:7]] == [was[1][0][:3], was[1][0][3:]]
    assert readout == was[2]
    assert len(found["coded"]["layers"][0][0]) == 4 * 3
    assert found["coded"]["layers"][1:] == was[1:]
    assert [found["deeper"]["layers"][k] for k in (0, 1, 3)] == was
    assert found["seed"]["steps"] == 0
    fresh = reference.Playground({**SETTINGS, "seed": 7})
    assert flat(found["seed"]["layers"]).tolist() == flat(weights_of(fresh)).tolist()


def test_a_neuron_that_comes_later_has_an_adamw_of_its_own(page):
    """As in torch, where the weights that come with it are another parameter: 10 steps, a neuron
    more, 10 steps. The old weights keep their optimizer."""
    wider = {**SETTINGS, "layers": [4, 2]}
    first, wide, after = page.evaluate("""([narrow, wide]) => {
        const trainer = makeTrainer(narrow);
        const train = () => { for (let k = 0; k < 10; k++) trainer.step(); };
        const values = () => [...trainer.network.values];
        train();
        const first = values();
        trainer.change(wide);
        const before = values();
        train();
        return [first, before, values()];
    }""", [SETTINGS, wider])  # fmt: skip
    narrow, _ = reference.train(SETTINGS, 10)
    np.testing.assert_allclose(first, flat(weights_of(narrow)), rtol=1e-6)
    values = torch.tensor(wide, dtype=torch.float64)
    was = torch.isin(values, torch.tensor(first, dtype=torch.float64))
    assert (len(first), len(values) - was.sum()) == (was.sum(), 3 + 2)  # its own weights, two more

    old = torch.tensor(flat(weights_of(reference.Playground(SETTINGS)))).requires_grad_()
    new = values[~was].clone().requires_grad_()
    options = {"lr": SETTINGS["learning_rate"], "weight_decay": 0.01}
    optimizers = [torch.optim.AdamW([one], **options) for one in (old, new)]
    (places, labels), _ = reference.make_points(SETTINGS)
    for step in range(20):
        settings, mine = (SETTINGS, optimizers[:1]) if step < 10 else (wider, optimizers)
        network = reference.Playground(settings)
        whole = old if step < 10 else torch.zeros(len(values), dtype=torch.float64)
        if step >= 10:
            whole = whole.masked_scatter(was, old).masked_scatter(~was, new)
        parts = whole.split([part.numel() for part in network.parameters()])
        named = dict(network.named_parameters())
        shaped = {n: one.reshape(named[n].shape) for n, one in zip(named, parts, strict=True)}
        batch = reference.pick(settings, step, len(labels))
        logits = torch.func.functional_call(network, shaped, places[batch])
        loss = nn.functional.binary_cross_entropy_with_logits(logits, labels[batch])
        for optimizer in mine:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in mine:
            optimizer.step()
    expected = torch.zeros(len(values), dtype=torch.float64)
    expected = expected.masked_scatter(was, old).masked_scatter(~was, new).detach()
    np.testing.assert_allclose(after, expected, rtol=1e-6)


def test_the_surface_and_a_point_are_the_networks_own(page):
    """A pixel, the point in its middle, and PyTorch say the same."""
    settings = {**SETTINGS, "thresholds": MBPL, **OWN}
    found = page.evaluate("""(settings) => {
        const trainer = makeTrainer(settings);
        for (let k = 0; k < 50; k++) trainer.step();
        const { probability, rates } = trainer.surface(20);
        return { probability: [...probability], rates: rates.map((layer) => layer.map((map) =>
            [...map])), point: trainer.probe(0.75, 0.85) };
    }""", settings)  # fmt: skip
    network, _ = reference.train(settings, 50)
    point, pixel = found["point"], 1 * 20 + 17
    logits = network(torch.tensor([[0.75, 0.85], [-0.95, -0.95]], dtype=torch.float64))
    here, corner = logits.sigmoid().tolist()
    assert point["probability"] == pytest.approx(here, rel=1e-6)
    assert found["probability"][pixel] == pytest.approx(here, rel=1e-6)
    assert found["probability"][19 * 20] == pytest.approx(corner, rel=1e-6)
    currents = network.linears[0](torch.tensor([0.75, 0.85], dtype=torch.float64)).tolist()
    for layer, maps in zip(point["layers"], found["rates"], strict=True):
        rates = np.mean(layer["spikes"], 0)
        np.testing.assert_allclose([rate[pixel] for rate in maps], rates, rtol=1e-6)
    np.testing.assert_allclose(point["layers"][0]["currents"], [currents] * 3, rtol=1e-6)
    assert point["inputs"] == [[0.75, 0.85]] * 3
    np.testing.assert_allclose(
        point["layers"][0]["h"][0], [current / 2 for current in currents], rtol=1e-6
    )  # τ = 2, from rest


@pytest.mark.parametrize("name", ["MBPL soft sigmoid rate", "own in MBPL", "twin"])
def test_the_script_of_the_page_trains_the_same_network(page, trained, name):
    text = Path(reference.__file__).read_text(encoding="utf-8")
    code = page.evaluate("([settings, text]) => script(settings, 50, text)", [CASES[name], text])
    said, names = io.StringIO(), {"__name__": "__main__"}
    with contextlib.redirect_stdout(said):
        exec(compile(code, "playground.py", "exec"), names)
    np.testing.assert_allclose(
        flat(weights_of(names["network"])), flat(trained[name]["after"]), rtol=1e-6, atol=1e-12
    )
    found = trained[name]
    assert f"loss of the last batch: {found['losses'][-1]:.6f}" in said.getvalue()
    test = found["found"]["test"]
    line = f"test points: loss {test['loss']:.6f}, accuracy {test['accuracy']:.3f}"
    assert line in said.getvalue()
