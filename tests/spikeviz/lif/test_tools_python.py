"""LIFExplorer's drawn input, mystery neuron, pins and overlays, as Python sees them."""

import re

import numpy as np
import pytest
import torch
import traitlets

from spikeatconv import simulate
from spikeviz import LIFExplorer
from spikeviz.lif import explorer as lif_explorer
from spikeviz.lif.mystery import hidden, judge

RAMP = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


@pytest.fixture
def explorer():
    explorer = LIFExplorer()
    yield explorer
    explorer.close()


# ---------------------------------------------------------------- drawn input


@pytest.mark.parametrize(
    "values",
    [
        RAMP,
        np.array(RAMP, "float32"),
        np.arange(12)[::2],
        torch.tensor(RAMP, requires_grad=True),
        torch.tensor([True, False, True]),
        torch.tensor(RAMP, dtype=torch.bfloat16),
    ],
    ids=[
        "list",
        "float32",
        "whole numbers, strided",
        "tensor with a gradient",
        "booleans",
        "bfloat16",
    ],
)
def test_an_array_is_the_input_and_its_length_the_duration(values):
    explorer = LIFExplorer(current=values, dt=0.5, tau=2.0)
    assert explorer.stimulus == "drawn"
    plain = np.array(values.tolist() if isinstance(values, torch.Tensor) else values, float)
    assert explorer.current.dtype == np.float64
    run, truth = explorer.trace(), simulate(plain, dt=0.5, tau=2.0)
    assert np.array_equal(run.current, plain)
    assert np.array_equal(run.membrane, truth.membrane)
    assert run.time.tolist() == [0.5 * (i + 1) for i in range(len(plain))]
    explorer.close()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, 2.0]], r"current has shape \[1, 2\]; give one value a time step, shape \[n\]"),
        (1.5, r"current has shape \[\]"),
        ([], "current holds 0 values; give 1 to 4,000"),
        (np.ones(4001), "current holds 4,001 values; give 1 to 4,000"),
        ([0.0, np.nan], r"current\[1\] is nan; give finite values from -1000 to 1000"),
        ([0.0, 1.0, -np.inf], r"current\[2\] is -inf"),
        ([1000.5], r"current\[0\] is 1000.5"),
        ([1.0, "much"], "current holds what is no number"),
        ([[1.0], [1.0, 2.0]], "current holds what is no number"),
        (object(), "current holds what is no number"),
    ],
)
def test_what_is_no_input_is_refused_and_the_last_one_stays(explorer, values, message):
    explorer.current = RAMP
    with pytest.raises(traitlets.TraitError, match=message):
        explorer.current = values
    assert explorer.current.tolist() == RAMP


def test_a_drawn_input_is_kept_beside_the_other_shapes(explorer):
    explorer.current = RAMP
    explorer.stimulus = "sine"
    assert len(explorer.trace().current) == 100
    explorer.stimulus = "drawn"
    assert explorer.trace().current.tolist() == RAMP


def test_before_anything_is_drawn_the_sheet_is_empty():
    explorer = LIFExplorer(stimulus="drawn", duration=40.0, dt=2.0)
    assert explorer.trace().current.tolist() == [0.0] * 20
    explorer.close()


def test_the_input_cannot_be_changed_in_place(explorer):
    mine = np.ones(5)
    explorer.current = mine
    mine[0] = 9.0
    assert explorer.current.tolist() == [1.0] * 5
    with pytest.raises(ValueError, match="read-only"):
        explorer.current[0] = 9.0


def test_observe_hears_a_new_input_once(explorer):
    heard = []
    explorer.observe(lambda change: heard.append(change["new"].tolist()), "current")
    explorer.current = [1.0]
    explorer.current = RAMP
    assert heard == [[1.0], RAMP]


def test_the_input_travels_as_eight_bytes_a_step_and_only_when_it_changes(explorer, monkeypatch):
    sent = []
    monkeypatch.setattr(explorer, "_send", lambda message, buffers=None: sent.append(message))
    explorer.current = RAMP
    assert explorer.get_state("current")["current"] == np.array(RAMP).tobytes()
    sent.clear()
    explorer.tau = 5.0
    assert [message["state"] for message in sent] == [{"tau": 5.0}]
    explorer.set_state({"current": memoryview(np.array([2.0, 3.0]).tobytes())})  # from the page
    assert explorer.current.tolist() == [2.0, 3.0]


# ---------------------------------------------------------------- the mystery neuron


def test_a_seed_hides_the_same_neuron_everywhere():
    """mulberry32 of 1 begins 0.6271, 0.0027: the 31st step of τ above 5, the first V_th."""
    assert hidden(1) == (20.5, 0.5)
    found = [hidden(seed) for seed in range(1, 1000)]
    assert {neuron.tau for neuron in found} == {5 + i / 2 for i in range(51)}
    thresholds = sorted({round(100 * neuron.v_threshold) for neuron in found})
    assert thresholds == [*range(50, 90, 5), *range(115, 145, 5)]  # never the explorer's own 1


def test_the_check_says_which_way_to_go():
    explorer = LIFExplorer(mystery=1)  # τ 20.5, V_th 0.5
    for guess, status, tau, threshold in [
        ((20.5, 0.5), "passed", "right, within 5 %", "right, within 5 %"),
        ((21.5, 0.525), "passed", "right", "right"),
        ((19.5, 0.475), "passed", "right", "right"),
        ((21.6, 0.5), "not right", "too high", "right"),
        ((20.5, 0.47), "not right", "right", "too low"),
        ((5.0, 1.5), "not right", "too low", "too high"),
    ]:
        answer = explorer.check_mystery(*guess)
        assert answer.status == status, guess
        first, second = answer.message.split("\n")
        assert first.startswith(f"τ = {guess[0]:g} ms is {tau}")
        assert second.startswith(f"V_th = {guess[1]:g} is {threshold}")
    explorer.tau, explorer.v_threshold = 20.5, 0.5
    assert explorer.check_mystery().status == "passed"  # the neuron on show
    assert explorer.check_mystery(tau=9.0).message.startswith("τ = 9 ms is too low")
    explorer.close()


def test_the_mystery_neuron_gets_the_readers_input_and_nothing_else():
    explorer = LIFExplorer(mystery=7, stimulus="sine", amplitude=4.0, dt=0.5)
    tau, v_threshold = hidden(7)
    truth = simulate(explorer.trace().current, tau=tau, v_threshold=v_threshold, dt=0.5).spikes
    assert truth.sum() > 3
    assert np.array_equal(explorer.mystery_spikes(), truth)
    explorer.tau, explorer.v_threshold, explorer.v_reset, explorer.t_ref = 30.0, 2.0, None, 5.0
    assert np.array_equal(explorer.mystery_spikes(), truth)
    explorer.close()


@pytest.mark.parametrize("times", [1.25, 1.5, 2.0, 2.5])
def test_whoever_measures_as_notebook_01_says_names_every_mystery(times):
    """An honest student: the weakest I that makes it fire, by steps of the slider; the time of the
    first spike at `times` as much; the formula. All neurons at once, by an own loop in NumPy."""
    dt, duration, step = 0.2, 200.0, LIFExplorer.ranges()["amplitude"][2]
    seeds = {hidden(seed): seed for seed in range(1, 1000)}
    tau, v_threshold = np.array(list(seeds)).T

    def first_spike(current):
        v, found = np.zeros(len(seeds)), np.full(len(seeds), np.inf)
        for k in range(1, round(duration / dt) + 1):
            v += (current - v) / (tau / dt)
            found[(v >= v_threshold) & np.isinf(found)] = k * dt
            v[v >= v_threshold] = 0
        return found

    silent, fires = np.zeros(len(seeds)), np.full(len(seeds), round(5 / step))
    while (fires - silent > 1).any():
        middle = (silent + fires) // 2
        found = np.isfinite(first_spike(middle * step))
        silent, fires = np.where(found, silent, middle), np.where(found, middle, fires)
    threshold = (silent + fires) / 2 * step
    current = (threshold * times).round(2)
    first = first_spike(current)
    estimate = (first / np.log(current / (current - threshold))).round(1)
    guesses = zip(seeds, estimate, threshold.round(3), strict=True)
    assert not [one for one, *guess in guesses if list(map(judge, guess, one)) != ["right"] * 2]
    for i in (0, 400, len(seeds) - 1):  # and these are the widget's own neurons
        explorer = LIFExplorer(
            mystery=list(seeds.values())[i], dt=dt, duration=duration, amplitude=current[i]
        )
        assert first[i] == pytest.approx(dt * (explorer.mystery_spikes().argmax() + 1))
        assert explorer.check_mystery(estimate[i], threshold[i]).status == "passed"
        explorer.close()


def test_the_answer_is_written_nowhere():
    explorer = LIFExplorer(mystery=33)
    answer = set(hidden(33))
    assert answer == {19.0, 1.25}
    values = [value for value in explorer.get_state().values() if isinstance(value, float)]
    assert answer.isdisjoint(values)
    said = repr(explorer) + explorer.check_mystery().message
    assert not re.search(r"\b(19|1\.25)\b", said)
    explorer.close()


def test_a_new_mystery_forgets_guess_and_answer():
    explorer = LIFExplorer(mystery=3, mystery_shows="answer", guess={"tau": 9.0})
    assert (explorer.mystery_shows, explorer.guess) == ("answer", {"tau": 9.0})  # as asked
    explorer.mystery = 4
    assert (explorer.mystery_shows, explorer.guess) == ("spikes", {})
    explorer.close()


def test_without_a_mystery_the_check_says_how_to_get_one(explorer):
    for ask in (explorer.check_mystery, explorer.mystery_spikes):
        with pytest.raises(ValueError, match="set mystery to a number from 1 to 999"):
            ask()


# ---------------------------------------------------------------- pins


def test_a_pin_is_a_whole_neuron_over_the_same_input():
    explorer = LIFExplorer(v_rest=0.2, stimulus="sine", amplitude=3.0)
    explorer.pins = [{"tau": 20.0}, {"v_reset": None, "v_threshold": 0.5}]
    own = {"tau": 10.0, "v_threshold": 1.0, "v_rest": 0.2, "v_reset": 0.0,
           "t_ref": 0.0, "resistance": 1.0}  # fmt: skip
    whole = [own | {"tau": 20.0}, own | {"v_reset": None, "v_threshold": 0.5}]
    assert explorer.pins == whole
    explorer.v_rest, explorer.amplitude = 0.0, 4.0
    assert explorer.pins == whole  # a pin stays as it is
    current = explorer.trace().current
    for pin, run in zip(whole, explorer.pin_traces(), strict=True):
        assert np.array_equal(run.membrane, simulate(current, **pin).membrane)
    explorer.close()


@pytest.mark.parametrize(
    ("pins", "message"),
    [
        ([{"tau": 99.0}], "tau is 99.0; give a value from 0.1 to 50.0"),
        ([{"amplitude": 2.0}], r"a pin has \['amplitude'\]; its parameters are \['tau'"),
        ([{"tau": "much"}], "tau"),
        ([{"tau": 0.5}], "of a pinned neuron, tau is 0.5 ms and dt is 1.0 ms"),
        ([{"v_reset": 1.0}], "of a pinned neuron, v_reset is 1.0 and v_threshold is 1.0"),
        ([{}] * 5, "pins"),
        ([3], "pins"),
    ],
)
def test_a_pin_that_cannot_be_is_refused(explorer, pins, message):
    with pytest.raises(traitlets.TraitError, match=message):
        explorer.pins = pins
    assert explorer.pins == []


def test_the_time_step_stays_below_every_pins_tau(explorer):
    explorer.pins = [{"tau": 3.0}]
    with pytest.raises(traitlets.TraitError, match=r"of a pinned neuron, tau is 3.0 .* dt is 4.0"):
        explorer.dt = 4.0
    explorer.dt = 3.0


def test_the_figure_shows_the_pins():
    explorer = LIFExplorer(pins=[{"tau": 20.0}, {"tau": 5.0}])
    _, middle, low = explorer.to_matplotlib().axes
    names = [text.get_text() for text in middle.get_legend().get_texts()]
    assert names[2:] == ["pinned: τ 20 ms, V_th 1", "pinned: τ 5 ms, V_th 1"]
    counts = [len(line.get_xdata()) for line in low.lines]
    runs = [explorer.trace(), *explorer.pin_traces()]
    assert counts == [run.spikes.sum() for run in runs]
    assert len(set(counts)) == 3
    explorer.close()


# ---------------------------------------------------------------- overlays


def answered(explorer, name):
    answer = explorer.answer[name]
    return np.frombuffer(answer["spikes"], "u1"), np.frombuffer(answer["potential"], "<f8")


@pytest.mark.parametrize("v_reset", [0.1, None])
def test_the_libraries_compute_the_same_neuron(v_reset):
    explorer = LIFExplorer(
        overlays=["norse", "spikeatconv"], stimulus="sine", amplitude=3.0, v_reset=v_reset,
        v_rest=0.2, resistance=1.5, dt=0.5,
    )  # fmt: skip
    explorer.tau = 7.0  # without an event loop the answer is there at once
    run = explorer.trace()
    assert 3 < run.spikes.sum() < len(run.spikes)
    for name in ("spikeatconv", "norse"):
        spikes, potential = answered(explorer, name)
        assert np.array_equal(spikes, run.spikes), name
        np.testing.assert_allclose(potential, run.potential, rtol=0, atol=1e-12)
    assert explorer.answer["of"]["tau"] == 7.0
    assert np.array_equal(np.frombuffer(explorer.answer["input"]), run.current)
    explorer.close()


def test_norse_fires_above_the_threshold_and_has_no_refractory_time():
    """τ = 2, I = 1: H = 0.5 at once, which meets V_th = 0.5 and does not pass it."""
    explorer = LIFExplorer(overlays=["norse"], tau=2.0, v_threshold=0.5, current=[1.0] * 8)
    assert explorer.trace().spikes.tolist() == [1.0] * 8
    assert answered(explorer, "norse")[0].tolist() == [0, 1] * 4
    explorer.current, explorer.t_ref = [4.0] * 8, 2.0
    assert explorer.trace().spikes.tolist() == [1, 0, 0] * 2 + [1, 0]
    assert answered(explorer, "norse")[0].tolist() == [1] * 8
    explorer.close()


def test_without_an_overlay_no_move_asks_python(explorer, monkeypatch):
    def refuse(*_names, **_parameters):
        raise AssertionError("nobody asked")

    monkeypatch.setattr(lif_explorer, "run_libraries", refuse)
    explorer.tau = 5.0
    assert (explorer.answer, explorer.problem) == ({}, "")


def test_the_last_tick_taken_off_clears_the_answer(explorer):
    explorer.overlays = ["spikeatconv"]
    assert "spikeatconv" in explorer.answer
    explorer.overlays = []
    assert explorer.answer == {}
    with pytest.raises(traitlets.TraitError, match="overlays"):
        explorer.overlays = ["brian"]


def test_a_library_that_fails_is_a_problem_on_show(explorer, monkeypatch):
    def missing(*_names, **_parameters):
        raise ModuleNotFoundError("No module named 'norse'")

    monkeypatch.setattr(lif_explorer, "run_libraries", missing)
    explorer.overlays = ["norse"]
    assert explorer.problem == "ModuleNotFoundError: No module named 'norse'"
