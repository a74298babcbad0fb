"""SpikeRaster in Python: what it takes, what it refuses, and that its numbers are `record`'s."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import traitlets
from torch import nn

from spikeatconv import LIF, MBPL, load_weights, mnist5k, record
from spikeatconv.data import shipped
from spikeviz import SpikeRaster
from spikeviz.raster.explorer import MOST_IN_A_LAYER


def noise(*shape, share=0.2, seed=0):
    """bool spikes, each 1 with probability `share`."""
    return np.random.default_rng(seed).random(shape) < share


# ---------------------------------------------------------------- the same numbers as `record`


def assert_same(raster, recording):
    rows = recording.summary().set_index("layer")
    for name in [layer["name"] for layer in raster.layers]:
        raster.layer = name
        run = raster.trace()
        assert run.rate == pytest.approx(recording.rates[name], rel=1e-12)
        assert np.array_equal(run.dead, recording.dead[name])
        assert np.array_equal(run.saturated, recording.saturated[name])
        assert (run.dead.sum(), run.saturated.sum()) == (rows.dead[name], rows.saturated[name])
        spikes = recording.spikes[name]  # [T, B, C, H, W]
        assert np.array_equal(run.spikes, spikes.transpose(0, 1).flatten(0, 1).flatten(1))
        assert np.array_equal(run.counts, spikes.sum((0, 1)))
        channels = spikes.double().mean((0, 1, 3, 4))
        np.testing.assert_allclose(run.channel_rates, channels, rtol=1e-12)


def test_the_shipped_recording_is_what_micro_does_on_the_digits(made):
    raster = made()
    images, labels = mnist5k("test")
    digits = len(raster.names)
    assert raster.names == [f"a {label}" for label in labels[:digits].tolist()]
    model = load_weights(shipped("micro_digits.safetensors")).eval()
    with torch.no_grad(), record(model) as recording:
        model(F.pad(images[:digits], [2] * 4))
    assert len(raster.layers) > 5
    assert_same(raster, recording)


def test_a_recording_of_your_own(made):
    torch.manual_seed(0)
    model = nn.Sequential(LIF(v_threshold=0.6), LIF(v_threshold=0.1))
    drive = torch.tensor([0.0, 1.0, 1.5, 5.0]).view(4, 1, 1)  # of the channels: silent to full
    with record(model) as recording:
        model(drive * torch.rand(6, 3, 4, 5, 2).clamp(min=0.3))
        model(drive * torch.rand(6, 1, 4, 5, 2).clamp(min=0.3))  # joined along the samples
    raster = made(recording)
    assert [layer["name"] for layer in raster.layers] == ["0", "1"]
    assert raster.layers[0]["samples"] == 4
    assert recording.dead["0"].any()
    assert recording.saturated["0"].any()
    assert_same(raster, recording)


def test_one_sample_counts_alone(made):
    spikes = noise(7, 3, 2, 4, 5)
    raster = made({"a": spikes})
    for sample in range(3):
        raster.sample = sample
        run, own = raster.trace(), spikes[:, sample]
        assert np.array_equal(run.spikes, own.reshape(7, 40))
        assert np.array_equal(run.counts, own.sum(0))
        assert np.array_equal(run.dead, ~own.any(0))
        assert np.array_equal(run.saturated, own.all(0))
        np.testing.assert_allclose(run.population, own.mean((1, 2, 3)))


@pytest.mark.parametrize(
    ("shape", "samples", "of_a_sample"),
    [
        ((9, 5), 1, [5, 1, 1]),
        ((9, 3, 5), 3, [5, 1, 1]),
        ((9, 3, 5, 2), 3, [5, 1, 2]),
        ((9, 3, 5, 2, 4), 3, [5, 2, 4]),
    ],
)
@pytest.mark.parametrize("kind", [bool, np.float32, np.int64, torch.bfloat16, torch.bool])
def test_arrays_and_tensors_of_every_rank(made, shape, samples, of_a_sample, kind):
    spikes = noise(*shape)
    given = torch.from_numpy(spikes).to(kind) if isinstance(kind, torch.dtype) else spikes
    raster = made(given if isinstance(kind, torch.dtype) else given.astype(kind))
    assert (raster.layers[0]["samples"], raster.layers[0]["shape"]) == (samples, of_a_sample)
    assert raster.layers[0]["steps"] == 9
    flat = spikes.reshape(9, samples, -1).swapaxes(0, 1).reshape(9 * samples, -1)
    assert np.array_equal(raster.trace().spikes, flat)


def test_the_orders_by_hand(made):
    spikes = np.zeros((3, 1, 2, 1, 2))  # two channels of two neurons, spikes 1 0 and 2 3
    spikes[:1, 0, 0, 0, 0] = spikes[:2, 0, 1, 0, 0] = spikes[:, 0, 1, 0, 1] = 1
    raster = made(spikes)
    expected = {"index": [0, 1, 2, 3], "rate": [3, 2, 0, 1], "channel": [2, 3, 0, 1]}
    for raster.order, order in expected.items():
        assert raster.trace().order.tolist() == order


def test_bits_travel_once_and_nothing_else_is_large(made):
    raster = made(noise(50, 1, 10, 20, 20))
    assert len(raster.bits) == 50 * 4000 / 8
    sent = []
    raster.comm.send = lambda *_, **__: None
    raster.observe(lambda change: sent.append(change["name"]))
    raster.order, raster.window, raster.highlight, raster.neuron = "rate", [0, 5, 0, 99], "dead", 3
    assert sorted(sent) == ["highlight", "neuron", "order", "window"]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        ({}, "no layer was recorded: run the model inside"),
        ({"a": np.zeros(5)}, r"layer 'a' has shape \[5\]; give \[T, N\].*spikes\[:, None\]"),
        (np.zeros((1, 1, 1, 1, 1, 1)), r"layer 'spikes' has shape \[1, 1, 1, 1, 1, 1\]"),
        ({"a": np.zeros((0, 5))}, r"shape \[0, 5\]: record a step or more"),
        ({"a": np.array([[0, 0.5]])}, r"layer 'a' holds 0.5; spikes are 0 or 1: .*rec.spikes"),
        ({"a": np.array([[1, np.nan]])}, "layer 'a' holds nan"),
        ({"a": torch.tensor([[0, 2]])}, "layer 'a' holds 2; "),
        ({"a": np.array([["0", "1"]])}, "layer 'a' holds <U1 values"),
        ({"a": np.broadcast_to(True, (17, 1_000_000))}, "17,000,000 values, more than 16,000,000"),
        (
            {str(k): np.broadcast_to(True, (13, 1_000_000)) for k in range(5)},
            "5 layers hold 65,000,000 values, more than 64,000,000; pass fewer images",
        ),
    ],
)
def test_what_is_no_recording_is_refused_with_a_way_out(recording, message):
    with pytest.raises(ValueError, match=message):
        SpikeRaster(recording)


def test_the_branches_of_a_sum_are_named(made):
    """A sum is several spike trains; each is a layer of its own."""
    model = MBPL(2, (0.5, 1.0, 1.5), readout="sum").eval()
    with record(model) as seen, torch.no_grad():
        model(torch.rand(3, 1, 2, 4, 4))
    assert [(layer["name"], layer["text"]) for layer in made(seen).layers] == [
        *((f"branches.{i}", f"branch {i + 1} of 3") for i in range(3)),
        *((f"closing.{i}", f"branch {i + 1} of 3 behind M") for i in range(3)),
    ]
    assert made({"closing": noise(4, 2)}).layers[0]["text"] == ""


def test_the_largest_layer_is_taken(made):
    assert MOST_IN_A_LAYER == 160 * 100_000  # 100,000 neurons at T = 50 are far inside
    assert made(noise(50, 100_000, share=0.01)).trace().counts.size == 100_000


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("layer", "b", r"layer is 'b'; choose one of \['a'\]"),
        ("sample", 3, "sample is 3; give 0 to 2, or None for all samples"),
        ("sample", -1, "sample is -1; give 0 to 2"),
        ("neuron", 40, "neuron is 40; give a flat index, 0 to 39, or None"),
        ("window", [0, 5], r"window is \[0, 5\]; give \[first step"),
        ("window", [3, 3, 0, 5], r"window is \[3, 3, 0, 5\]"),
        ("order", "size", "order"),
        ("highlight", "all", "highlight"),
    ],
)
def test_a_trait_out_of_its_range_names_the_range(made, name, value, message):
    raster = made({"a": noise(7, 3, 2, 4, 5)})
    before = getattr(raster, name)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(raster, name, value)
    assert getattr(raster, name) == before


def test_another_layer_lets_go_of_what_it_lacks(made):
    raster = made({"a": noise(7, 3, 40), "b": noise(7, 2, 10)}, sample=2, neuron=30, layer="a")
    assert (raster.sample, raster.neuron) == (2, 30)
    raster.window = [0, 7, 0, 40]
    raster.layer = "b"
    assert (raster.sample, raster.neuron, raster.window) == (None, None, [])
    raster.sample, raster.neuron, raster.window = 1, 9, [0, 7, 2, 4]
    raster.layer = "a"
    assert (raster.sample, raster.neuron, raster.window) == (1, 9, [0, 7, 2, 4])


# ---------------------------------------------------------------- figure, imports


def test_the_figure_shows_every_spike(made):
    spikes = noise(30, 20)
    raster = made(spikes, order="rate")
    picture, population, bars, histogram = raster.to_matplotlib().axes
    run = raster.trace()
    steps, places = picture.lines[0].get_data()
    shown = np.zeros((30, 20), bool)
    shown[steps - 1, run.order[places]] = True  # the first step is called 1
    assert np.array_equal(shown, spikes)
    assert population.lines[0].get_ydata().tolist() == run.population.tolist()
    assert [bar.get_height() for bar in bars.patches] == run.channel_rates.tolist()
    assert sum(bar.get_height() for bar in histogram.patches) == 20


def test_a_figure_of_many_spikes_shows_their_share(made):
    spikes = noise(500, 1000)
    (image,) = made(spikes).to_matplotlib().axes[0].images
    shares = image.get_array()
    assert shares.shape == (400, 400)
    first = spikes[: 500 // 400, : 1000 // 400]
    assert shares[0, 0] == first.mean()
    assert shares.mean() == pytest.approx(spikes.mean(), rel=0.02)
