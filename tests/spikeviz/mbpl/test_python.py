"""MBPLExplorer as Python sees it: its traits, its numbers against spikeatconv and by hand."""

import json
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from spikeatconv import MBPL, SpikeAtConv, mnist5k, preset, shipped, stimulus
from spikeatconv.neuron import LIFSum
from spikeviz import MBPLExplorer
from spikeviz.base.front_end import PACKAGE, read_data
from spikeviz.mbpl.explorer import (
    HIGHEST,
    IMAGE,
    IMAGES,
    LARGEST,
    LONGEST,
    LOWEST,
    MIXERS,
    MOST,
    READOUTS,
    RECORDED,
    SHADES,
    SPACING,
    ladder,
)  # fmt: skip

# ---------------------------------------------------------------- traits


def test_the_default_thresholds_are_those_of_the_block(explorer):
    assert explorer.thresholds == [lif.v_threshold for lif in MBPL(1).branches]


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ([], "thresholds has 0 values; give 1 to 8 of them"),
        ([1.0] * 9, "thresholds has 9 values; give 1 to 8 of them"),
        ([1.0, 4.01], r"thresholds\[1\] is 4.01; give a value from 0.05 to 4.0"),
        ([0.0], r"thresholds\[0\] is 0.0; give a value from 0.05 to 4.0"),
        ([1.0, math.nan], r"thresholds\[1\] is nan"),
        (["high"], "thresholds"),
        (1.0, "thresholds"),
    ],
)
def test_thresholds_out_of_range_are_refused_with_the_range(explorer, refused, thresholds, message):
    refused(explorer, "thresholds", thresholds, message)


def test_thresholds_may_come_in_any_order_and_as_a_tuple(explorer):
    explorer.thresholds = (2, 0.05, 4.0)
    assert explorer.thresholds == [2.0, 0.05, 4.0]


def test_only_a_sum_is_sent_without_a_mixer(made, refused):
    refused(made(), "mixer", "none", 'mixer is "none" and readout is "membrane", .* readout="sum"')
    explorer = made(mixer="none", readout="sum")
    refused(explorer, "readout", "spike", 'readout is "spike"')
    explorer.set_state({"readout": "spike", "mixer": "mean"})  # as a page sends both
    assert (explorer.mixer, explorer.readout) == ("mean", "spike")


@pytest.mark.parametrize("name", ["stimulus", "image", "mixer", "readout", "guess"])
def test_a_choice_that_is_none_is_refused(explorer, refused, name):
    refused(explorer, name, "another", name)


def test_the_constants_are_the_same_in_the_page():
    source = (PACKAGE / "mbpl" / "mbpl.js").read_text(encoding="utf-8")
    same = {"SHADES": SHADES, "LONGEST": LONGEST, "MOST": MOST, "SPACING": SPACING}
    for name, value in same.items():
        assert float(re.search(rf"const {name} = ([\d.]+)", source)[1]) == value
    low, high, _ = json.loads(re.search(r"const THRESHOLDS = (\[.*?\])", source)[1])
    assert (low, high) == (LOWEST, HIGHEST)


# ---------------------------------------------------------------- one input


def test_the_sum_of_a_step_by_hand(explorer):
    """τ = 2, x = 4 from rest: H = 2 at the first step, which reaches all of 0.5, 1, 1.5 and 2."""
    explorer.stimulus, explorer.amplitude, explorer.time_steps = "constant", 4.0, 3
    run = explorer.trace()
    assert run.total.tolist() == [4, 4, 4]
    assert run.levels == 1
    assert run.membranes.tolist() == [[2.0] * 3] * 4
    explorer.amplitude = 2.4  # H = 1.2, then 1.2 + 0.6 = 1.8, then 1.8 + 0.3 = 2.1 for the highest
    run = explorer.trace()
    assert run.spikes.tolist() == [[1, 1, 1], [1, 1, 1], [0, 1, 0], [0, 0, 1]]
    assert run.membranes[3] == pytest.approx([1.2, 1.8, 2.1])
    assert (run.total.tolist(), run.levels) == ([2, 3, 3], 2)


parameters = st.fixed_dictionaries(
    {
        "thresholds": st.lists(st.floats(LOWEST, HIGHEST), min_size=1, max_size=MOST),
        "tau": st.floats(1, 20),
        "time_steps": st.integers(1, LONGEST),
        "stimulus": st.sampled_from(["constant", "step", "pulses", "ramp", "sine", "noise"]),
        "amplitude": st.floats(0, 8),
        "period": st.floats(2, 64),
        "seed": st.integers(0, 999),
    }
)


@settings(max_examples=25)
@given(parameters)
def test_the_trace_is_lif_sum_over_the_stimulus(p):
    explorer = MBPLExplorer(**p)
    run = explorer.trace()
    explorer.close()
    x = stimulus(
        p["stimulus"], p["amplitude"],
        duration=p["time_steps"], dt=1.0, period=p["period"], seed=p["seed"],
    )  # fmt: skip
    assert np.array_equal(run.input, x)
    total = LIFSum(p["thresholds"], tau=p["tau"])(torch.from_numpy(x)).numpy()
    assert np.array_equal(run.total, total)
    assert np.array_equal(run.spikes.sum(0), total)
    assert np.array_equal(run.spikes, run.membranes >= np.array(p["thresholds"])[:, None])
    assert run.levels == len(np.unique(total)) <= len(p["thresholds"]) + 1


# ---------------------------------------------------------------- what the sum tells


def test_one_step_and_one_threshold_by_hand(explorer):
    """τ = 1, T = 1: fires where x ≥ 0.5. Of 0 … 1 in 256 steps 128 lie there: one bit; the best
    guess is the mean of each half."""
    explorer.stimulus, explorer.time_steps, explorer.amplitude = "constant", 1, 1.0
    explorer.thresholds, explorer.tau = [0.5], 1.0
    run = explorer.trace()
    assert run.information == pytest.approx(1.0, abs=1e-12)
    half = np.arange(128) / 255
    assert run.error == pytest.approx(half.std(), abs=1e-12)


def test_without_input_or_without_spikes_nothing_is_told(explorer):
    explorer.stimulus, explorer.amplitude = "constant", 0.0
    run = explorer.trace()
    assert (run.information, run.error) == (0.0, 0.0)
    explorer.amplitude, explorer.thresholds = 1.0, [4.0]
    run = explorer.trace()
    assert run.information == 0.0
    assert run.error == pytest.approx((np.arange(256) / 255).std())


def bits(values):
    """The entropy of what occurs in the rows of `values`."""
    shares = np.unique(values, axis=0, return_counts=True)[1] / len(values)
    return -(shares * np.log2(shares)).sum()


@pytest.mark.parametrize("image", [None, *IMAGES[:2]])
def test_information_and_error_are_found_another_way_too(explorer, image):
    """I = H(X) + H(Y) − H(X, Y), counted pair by pair; the line by numpy's least squares."""
    explorer.thresholds, explorer.tau, explorer.time_steps = [0.4, 1.3, 0.9], 2.7, 6
    x = 4.0 * np.arange(SHADES) / (SHADES - 1)
    explorer.stimulus = "constant"
    if image:
        explorer.stimulus, explorer.image = IMAGE, image
        x = explorer.trace().picture.ravel()
    for n in (1, 2, 3):
        for steps in (1, 6, 64):
            y = LIFSum(explorer.thresholds[:n], tau=2.7)(torch.from_numpy(x).expand(steps, -1))
            y = y.sum(0).numpy()
            design = np.stack([y, np.ones_like(y)], axis=1)
            missed = x - design @ np.linalg.lstsq(design, x)[0]
            told = bits(x) + bits(y) - bits(np.stack([x, y], axis=1))
            expected = [told, np.sqrt((missed**2).mean())]
            explorer.time_steps = steps
            run = explorer.trace()
            assert run.by_branches[n - 1] == pytest.approx(expected, abs=1e-9)
            if n == 3:
                assert run.by_steps[steps - 1] == pytest.approx(expected, abs=1e-9)
                assert [run.information, run.error] == pytest.approx(expected, abs=1e-9)


def test_the_8th_threshold_adds_nothing_until_an_input_reaches_it(explorer):
    """x stays below 4, and so does H, since it goes towards x and never past it."""
    assert ladder(explorer.thresholds)[-1] == 4.0
    told = explorer.trace().by_branches[:, 0]
    assert told[7] == told[6]
    explorer.amplitude = 8.0
    told = explorer.trace().by_branches[:, 0]
    assert told[7] > told[6] + 0.1


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ([0.5, 1, 1.5, 2], [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]),
        ([3.6], [3.6, 1.8, 0.9, 2.7, 0.45, 1.35, 2.25, 3.15]),  # the widest gap, the lowest first
        ([2, 1], [2, 1, 2.5, 3, 3.5, 4, 0.5, 1.5]),
        ([0.333], [0.333, 0.83, 1.33, 1.83, 2.33, 2.83, 3.33, 3.83]),
    ],
)
def test_where_more_thresholds_go(thresholds, expected):
    assert ladder(thresholds) == pytest.approx(expected, abs=1e-12)
    assert ladder(thresholds, 1) == thresholds[:1]


# ---------------------------------------------------------------- pictures


def test_the_recorded_photograph_is_the_shipped_one(explorer):
    """In grey as defined for television, 0.299 R + 0.587 G + 0.114 B, averaged over each pixel."""
    colours = np.asarray(Image.open(shipped("photo.jpg")), float) / 255
    grey = colours @ [0.299, 0.587, 0.114]
    explorer.amplitude = 1.0
    mine = explorer.trace().picture
    assert mine.shape == (LARGEST, LARGEST)
    coarse = [each.reshape(32, -1, 32, len(each) // 32).mean((1, 3)) for each in (grey, mine)]
    assert coarse[1] == pytest.approx(coarse[0], abs=0.03)


def test_a_pixel_beyond_a_smaller_image_is_its_last(made):
    run, last = made(image="digit 5"), made(image="digit 5", row=27, column=27)
    assert (run.row, run.column) == (44, 56)
    assert np.array_equal(run.trace().total, last.trace().total)


def test_the_recorded_digits_are_the_shipped_ones(explorer):
    images, labels = mnist5k("test")
    for name in IMAGES[1:]:
        explorer.stimulus, explorer.image, explorer.amplitude = IMAGE, name, 1.0
        first = int((labels == int(name.split()[1])).nonzero()[0])
        assert explorer.trace().picture == pytest.approx(images[first, 0].numpy(), abs=1e-6)


def test_the_learned_mixers_are_those_of_the_other_widget(explorer):
    """SpikeBlockExplorer has BatchNorm apart from the kernel; both give the same M of the same
    sums."""
    theirs, same = read_data("blocks")["results"]["learned"], 0
    assert [RECORDED[name] for name in ("module", "seed", "accuracy")] == [
        theirs[name] for name in ("module", "seed", "accuracy")
    ]
    sums = torch.randint(5, (1, 1, 16, 16), generator=torch.Generator().manual_seed(0)).double()
    for i, channel in enumerate(theirs["channels"]):
        assert f"learned {channel}" in MIXERS
        kernel = torch.tensor(theirs["kernels"][i]).double().view(1, 1, 7, 7)
        numbers = [theirs[name][i : i + 1] for name in ("mean", "variance", "weight", "bias")]
        weighed = torch.nn.functional.conv2d(sums, kernel, padding=3)
        expected = torch.nn.functional.batch_norm(weighed, *map(torch.DoubleTensor, numbers))
        explorer.mixer = f"learned {channel}"
        with torch.no_grad():
            mine = explorer.block().mixers[0](sums[None])[0]
        assert mine.numpy() == pytest.approx(expected.numpy(), abs=2e-4)
        same += 1
    assert same == 2


@pytest.mark.parametrize("mixer", RECORDED["mixers"])
def test_a_learned_mixer_began_as_its_seed_makes_it(mixer):
    """Training moves a kernel, but of all of the layer's it stays nearest to where it began."""
    torch.manual_seed(RECORDED["seed"])
    options = {"readout": "membrane"}
    config = preset("micro", in_channels=1, time_steps=2, spk_options=options)
    conv, _ = SpikeAtConv(config).get_submodule(RECORDED["module"])
    learned = RECORDED["mixers"][mixer]["kernel"]
    near = [np.corrcoef(learned, one)[0, 1] for one in conv.weight.detach().flatten(1).numpy()]
    assert np.argmax(near) == int(mixer.split()[1])
    assert 0.5 < max(near) < 0.99


# ---------------------------------------------------------------- what is sent


@pytest.mark.parametrize("readout", READOUTS)
def test_what_is_sent_by_hand(explorer, readout):
    """M doubles nothing: with "identity" M(S) = S. x = 2.4 for three steps: S = 2, 3, 3 (above);
    x + S = 4.4, 5.4, 5.4, so H = 2.2 and 2.7 and 2.7 after each reset: all four fire."""
    explorer.stimulus, explorer.amplitude, explorer.time_steps = "constant", 2.4, 3
    explorer.mixer, explorer.readout = "identity", readout
    run = explorer.trace()
    sent = {"membrane": [2, 3, 3], "spike": [1, 1, 1], "sum": [4, 4, 4]}[readout]
    assert run.sent.tolist() == sent
    if readout == "membrane":
        assert run.trains is None
    else:
        assert run.trains.sum(0).tolist() == sent
        assert set(np.unique(run.trains)) <= {0, 1}


def test_without_a_mixer_the_sum_of_the_branches_is_sent(made):
    run = made(readout="sum", mixer="none", stimulus="sine", time_steps=20).trace()
    assert run.sent.tolist() == run.total.tolist()
    assert np.array_equal(run.trains, run.spikes)
    assert run.levels == 5


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("mixer", MIXERS)
def test_a_picture_goes_through_the_block(made, mixer, readout):
    readout = "sum" if mixer == "none" else readout
    explorer = made(stimulus=IMAGE, mixer=mixer, readout=readout, time_steps=5)
    run = explorer.trace()
    assert np.array_equal(run.outputs[:, explorer.row, explorer.column], run.sent)
    if mixer == "none":
        assert np.array_equal(run.outputs, run.sums)
    assert np.array_equal(run.input, np.full(5, run.picture[explorer.row, explorer.column]))
    assert np.array_equal(run.sums[:, explorer.row, explorer.column], run.total)
    patch = run.sums[3, 10:17, 10:17]
    expected = {"identity": patch[3, 3], "mean": patch.mean()}
    if mixer in expected and readout == "membrane":
        assert run.outputs[3, 13, 13] == pytest.approx(expected[mixer], abs=1e-12)
    error = np.sqrt(((run.picture - run.reconstructions[-1]) ** 2).mean())
    assert error == pytest.approx(run.error, abs=1e-9)


def test_only_a_picture_has_pictures(explorer):
    explorer.stimulus = "sine"
    assert explorer.trace().picture is None


# ---------------------------------------------------------------- figure


@pytest.mark.parametrize("n", [1, 8])
def test_the_figure_shows_the_trace(explorer, n):
    explorer.thresholds = ladder(explorer.thresholds, n)
    figure, run = explorer.to_matplotlib(), explorer.trace()
    assert len(figure.axes) == 2 + n + 1 + 4
    assert figure.axes[2 + n].lines[0].get_ydata().tolist() == run.sent.tolist()
    assert figure.axes[0].lines[0].get_ydata().tolist() == run.input.tolist()
    assert [bar.get_height() for bar in figure.axes[1].patches] == run.total.tolist()
    for i in range(n):
        membrane, threshold, spikes = figure.axes[2 + i].lines
        assert membrane.get_ydata().tolist() == run.membranes[i].tolist()
        assert threshold.get_ydata()[0] == explorer.thresholds[i]
        assert len(spikes.get_xdata()) == run.spikes[i].sum()
    told, told_over_time, error, error_over_time = figure.axes[-4:]
    assert told.lines[0].get_ydata().tolist() == run.by_branches[:, 0].tolist()
    assert error.lines[0].get_ydata().tolist() == run.by_branches[:, 1].tolist()
    for axis, now in ((told_over_time, run.information), (error_over_time, run.error)):
        assert axis.lines[1].get_ydata() == [now]
