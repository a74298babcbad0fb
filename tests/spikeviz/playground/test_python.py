"""SpikingPlayground as Python sees it: its traits, its numbers by hand, its figure."""

import math

import numpy as np
import pytest
import traitlets

# One neuron that gets 2x, and a readout 3 s − 1.
ONE = {"layers": [1], "thresholds": [[1.0]], "weights": [2.0, 0.0, 0.0, 3.0, -1.0]}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("data", "rings", "data is 'rings'"),
        ("layers", [4, 9], r"layers is \[4, 9\]; give 1 to 3 layers of 1 to 8 neurons"),
        ("layers", [], "layers is"),
        ("thresholds", [[]], r"thresholds\[0\] is \[\]; give 1 to 4 thresholds"),
        ("thresholds", [[1.0], [0.0]], r"thresholds\[1\] is \[0.0\]; .* from 0.05 to 4"),
        ("own", {"0.1": [5]}, r"own\['0.1'\] is \[5\]"),
        ("own", {"0-1": [1.0]}, r"own names '0-1'; give neurons as 'layer.neuron'"),
        ("silent", ["00.1"], "silent names '00.1'"),
        ("points", [[0.5, 2, 1]], r"points\[0\] is \[0.5, 2, 1\]; give \[x, y, class\]"),
        ("points", [[0, 0, 0.5]], r"points\[0\] is"),
        ("points", [[0, 0, 1]] * 201, "points holds 201; give at most 200"),
        ("point", (0.5, -1.5), "point is"),
        ("weights", [math.inf], "weights holds inf; give finite numbers"),
        ("history", [[1.0, 2.0]], "history is"),
    ],
)
def test_what_is_no_value_is_refused(explorer, refused, name, value, message):
    refused(explorer, name, value, message)


def test_settings_have_thresholds_for_each_layer_and_only_neurons_that_are_there(made):
    settings = made(
        layers=[2, 3, 1], thresholds=[[0.5, 1.0]], own={"1.2": [2.0], "0.2": [3.0]},
        silent=["2.0", "2.1"],
    ).settings()  # fmt: skip
    assert settings["thresholds"] == [[0.5, 1.0]] * 3
    assert settings["own"] == {"1.2": [2.0]}
    assert settings["silent"] == ["2.0"]


def test_a_neuron_by_hand(made):
    """τ = 2, x = 1: H = 0 + (2 − 0) / 2 = 1 fires at each step, so the logit is 3 − 1 = 2."""
    run = made(**ONE, point=(1.0, 0.3), time_steps=3).trace()
    assert run.inputs.tolist() == [[1.0, 0.3]] * 3
    assert run.membranes[0].tolist() == [[1.0]] * 3
    assert run.spikes[0].tolist() == [[1.0]] * 3
    assert run.logits.tolist() == [2.0] * 3
    assert run.probability == pytest.approx(1 / (1 + math.exp(-2)))


def test_a_soft_reset_by_hand(made):
    """x = 3/4 gives 1.5: H = 0.75, 1.125 (fires, V = 0.125), 0.8125, 1.15625 (fires)."""
    run = made(**ONE, point=(0.75, 0.0), time_steps=4, v_reset=None).trace()
    assert run.membranes[0][:, 0].tolist() == [0.75, 1.125, 0.8125, 1.15625]
    assert run.spikes[0][:, 0].tolist() == [0, 1, 0, 1]
    assert run.probability == pytest.approx(1 / (1 + math.exp(-0.5)))


def test_thresholds_of_ones_own_silence_and_the_twin_by_hand(made):
    several = made(**ONE | {"thresholds": [[0.5, 1.0]]}, point=(0.5, 0.0), time_steps=2).trace()
    assert several.spikes[0][:, 0].tolist() == [1, 1]  # H = 0.5 of the first branch, 0.75 then
    own = made(**ONE, own={"0.0": [2.0]}, point=(1.0, 0.0)).trace()
    assert own.spikes[0].sum() == 0
    silent = made(**ONE, silent=["0.0"], point=(1.0, 0.0)).trace()
    assert silent.membranes[0].max() == 1
    assert silent.spikes[0].sum() == 0
    twin = made(**ONE, spiking=False, point=(0.5, 0.0)).trace()
    gelu = 1.0 * (1 + math.erf(1 / math.sqrt(2))) / 2
    np.testing.assert_allclose(twin.logits, [3 * gelu - 1], rtol=1e-12)


def test_weights_of_another_network_are_told(made):
    explorer = made(**ONE)
    explorer.layers = [2]
    with pytest.raises(ValueError, match=r"weights holds 5 values and the network has 9; give as"):
        explorer.trace()
    explorer.weights = []
    assert explorer.trace().spikes[0].shape == (8, 2)


def test_a_name_that_no_neuron_has_changes_nothing(made):
    explorer = made(own={"2.7": [0.5]})
    np.testing.assert_array_equal(explorer.trace().logits, made().trace().logits)
    with pytest.raises(traitlets.TraitError, match="experiment is 3"):
        explorer.experiment = 3


def test_the_figure_shows_the_plane_the_losses_and_the_raster(made):
    history = [[0.0, 0.7, 0.75], [50.0, 0.4, -1.0], [99.0, 0.3, 0.5]]
    explorer = made(**ONE, point=(1.0, 0.0), history=history)
    plane, losses, raster = explorer.to_matplotlib().axes
    blue = plane.images[0].get_array()
    right = 1 / (1 + math.exp(-0.5))  # just below x = 1 it fires at every second step
    np.testing.assert_allclose(blue[:, -1], right)
    np.testing.assert_allclose(blue[:, 0], 1 / (1 + math.exp(1)))
    training, test = losses.lines
    assert training.get_ydata().tolist() == [0.7, 0.4, 0.3]
    assert test.get_xdata().tolist() == [0, 99]
    assert raster.lines[0].get_xdata().tolist() == list(range(1, 9))
