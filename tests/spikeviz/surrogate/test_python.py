"""SurrogateExplorer as Python sees it: its traits, its numbers, the recorded layer, its file."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from spikeatconv import LIF, Atan, Sigmoid
from spikeviz import SurrogateExplorer
from spikeviz.surrogate.explorer import OWN, drive

sys.path.insert(0, str(Path(__file__).parents[3] / "studies" / "recorded"))

CLASSES = {"atan": Atan, "sigmoid": Sigmoid}


def atan_slope(u, alpha):
    return (alpha / 2) / (1 + (math.pi * alpha * u / 2) ** 2)


# ---------------------------------------------------------------- traits


@pytest.mark.parametrize(
    ("name", "value"),
    [("surrogate", "relu"), ("alpha", "steep"), ("at", None), ("time_steps", 2.5), ("layer", 3)],
)
def test_what_is_no_value_is_refused(explorer, refused, name, value):
    refused(explorer, name, value, name)


def test_an_unknown_layer_is_refused_with_those_that_are_there(explorer, refused):
    refused(explorer, "layer", "stem", r"layer is 'stem'; choose one of \['Trained: ")
    for name in explorer.layers:
        explorer.layer = name
        assert explorer.u.shape == (2000,)


def test_more_spikes_than_steps_cannot_be_wanted(explorer, refused):
    refused(explorer, "target", 11, r"target is 11 and time_steps is 10; .* lower")
    refused(explorer, "time_steps", 3, "target is 4 and time_steps is 3")
    with explorer.hold_trait_notifications():  # judged as a whole
        explorer.target, explorer.time_steps = 20, 32
    assert (explorer.target, explorer.time_steps) == (20, 32)
    assert SurrogateExplorer(target=3, time_steps=3).trace().spikes.shape == (3,)


# ---------------------------------------------------------------- numbers


def test_the_three_numbers_at_a_point():
    """By hand: Atan, α = 2, u = −0.5: 1 / (1 + (π/2)²); σ = 1/2 − arctan(π/2)/π."""
    run = SurrogateExplorer(at=-0.5).trace()
    assert run.forward == 0
    assert run.derivative == pytest.approx(1 / (1 + (math.pi / 2) ** 2), abs=1e-12)
    assert run.primitive == pytest.approx(0.5 - math.atan(math.pi / 2) / math.pi, abs=1e-12)
    fires = SurrogateExplorer(at=0.0, surrogate="sigmoid", alpha=4.0).trace()
    assert (fires.forward, fires.primitive, fires.derivative) == (1, 0.5, 1)  # H = V_th fires


@pytest.mark.parametrize("at", [-0.7, 0.0, 0.4])
@pytest.mark.parametrize("tau", [1.0, 2.0, 3.3])
def test_what_survives_is_leak_times_reset_to_the_power_of_k(at, tau):
    k, spike, slope, leak = np.arange(7), float(at >= 0), atan_slope(at, 2.0), 1 - 1 / tau
    resets = {
        (0.0, True): 1 - spike,
        (None, True): 1.0,
        (0.3, False): 1 - spike + (0.3 - (at + 1)) * slope,
        (None, False): 1 - slope,
    }
    for (v_reset, detach_reset), reset in resets.items():
        run = SurrogateExplorer(
            at=at, tau=tau, time_steps=6, v_reset=v_reset, detach_reset=detach_reset
        ).trace()
        np.testing.assert_allclose(run.survival, slope * (leak * reset) ** k, rtol=1e-9, atol=1e-15)


def test_the_useful_ones_stand_near_the_threshold(explorer):
    """σ' ≥ c σ'(0) means |u| ≤ (2/(πα)) √(1/c − 1) for Atan."""
    explorer.alpha, explorer.dead_below = 3.0, 0.2
    run = explorer.trace()
    assert np.array_equal(run.useful, abs(explorer.u) <= 2 / (math.pi * 3) * 2)
    assert 0.1 < run.useful.mean() < 0.9
    assert run.mean_derivative == pytest.approx(atan_slope(explorer.u.astype(float), 3.0).mean())


def test_a_steep_surrogate_leaves_nearly_all_in_the_dead_zone(explorer):
    shares = []
    for alpha in (0.2, 2.0, 20.0):
        explorer.alpha = alpha
        shares.append(explorer.trace().useful.mean())
    assert shares[0] == 1
    assert 0.3 < shares[1] < 0.6
    assert shares[2] < 0.05


def test_without_memory_the_gradient_is_a_sum_over_the_steps(explorer):
    """τ = 1: H = w x, so the count's gradient is Σ σ'(w x − 1) x, whatever the reset."""
    x = drive(10).numpy()
    explorer.tau, explorer.surrogate_on = 1.0, True
    count, loss, gradient = explorer.loss(1.5)
    assert count == (1.5 * x >= 1).sum() == 3
    assert loss == (3 - 4) ** 2
    assert gradient == pytest.approx(2 * (3 - 4) * (atan_slope(1.5 * x - 1, 2.0) * x).sum())
    explorer.surrogate_on = False
    assert explorer.loss(1.5) == (3, 1, 0)


def test_the_true_gradient_moves_nothing_and_the_surrogates_arrives(explorer):
    stays = explorer.trace()
    assert set(stays.weights) == {0.6}
    assert set(stays.gradients) == {0}
    explorer.surrogate_on = True
    walks = explorer.trace()
    assert walks.losses[0] == 16
    assert walks.losses[-1] == walks.gradients[-1] == 0
    assert walks.counts[-1] == explorer.target
    step = walks.weights[0] - 0.02 * walks.gradients[0]
    assert walks.weights[1] == pytest.approx(step, abs=1e-12)
    explorer.descent_step = 60
    lif = LIF(surrogate=Atan(2.0))
    expected = lif.run(walks.weights[-1] * drive(10)).spikes
    assert np.array_equal(explorer.trace().spikes, expected.numpy())


def test_the_loss_is_a_staircase(explorer):
    """Between jumps nothing changes; each count from 0 to 8 has a tread."""
    counts = [explorer.loss(w)[0] for w in np.linspace(0, 8, 161)]
    assert sorted(set(counts)) == list(range(9))
    assert counts == sorted(counts)


def test_a_descent_stays_in_the_range_of_the_weight(explorer):
    explorer.weight, explorer.target, explorer.learning_rate = 1.0, 0, 0.5
    explorer.surrogate_on = True
    explorer.weight = 6.0
    weights = explorer.trace().weights
    assert weights.min() >= 0
    explorer.target, explorer.weight = 10, 0.5
    assert explorer.trace().weights.max() == 8


# ---------------------------------------------------------------- the layer's values


def test_the_recorded_values_are_those_of_the_shipped_model(explorer):
    from surrogate import values

    found = values()
    assert [f"Trained: {title}" for title in found] == list(explorer.layers)
    for title, layer in found.items():
        explorer.layer = f"Trained: {title}"
        np.testing.assert_allclose(explorer.u, np.array(layer["u"].split(), np.float32), atol=2e-3)


@pytest.mark.parametrize(
    "u",
    [[[0.5, -1.0], [2.0, 0.0]], np.array([0.5, -1, 2, 0]), torch.tensor([0.5, -1.0, 2.0, 0.0])],
)
def test_own_values_come_first(u):
    if isinstance(u, torch.Tensor):
        u.requires_grad_()
    explorer = SurrogateExplorer(u=u)
    assert explorer.layer == OWN == next(iter(explorer.layers))
    assert len(explorer.layers) == 4
    assert explorer.u.tolist() == [0.5, -1, 2, 0]
    assert explorer.trace().useful.tolist() == [True, False, False, True]
    explorer.to_matplotlib()
    assert SurrogateExplorer(u=u, layer="Trained: a layer halfway").u.shape == (2000,)


@pytest.mark.parametrize(
    ("u", "message"),
    [
        ([], r"u holds 0 values; give 1 to 100,000"),
        (np.zeros(100_001), r"u holds 100,001 values; .*u.ravel\(\)\[::10\]"),
        ([1.0, math.nan, math.inf], r"u holds 2 values that are no finite numbers; leave them out"),
        (["much"], r"u is a list that holds no numbers"),
        ({"u": 1}, r"u is a dict that holds no numbers"),
    ],
)
def test_what_no_histogram_holds_is_refused(u, message):
    with pytest.raises(ValueError, match=message):
        SurrogateExplorer(u=u)


# ---------------------------------------------------------------- its figure


def test_the_figure_shows_the_trace(explorer):
    explorer.surrogate_on, explorer.descent_step = True, 5
    run = explorer.trace()
    left, right = explorer.to_matplotlib().axes
    slope = left.lines[0]
    assert slope.get_ydata().max() == pytest.approx(1.0)  # α / 2
    loss, walk = right.lines
    assert walk.get_xdata().tolist() == run.weights[:6].tolist()
    assert walk.get_ydata().tolist() == run.losses[:6].tolist()
    assert set(loss.get_ydata()) == {0, 1, 4, 9, 16}
