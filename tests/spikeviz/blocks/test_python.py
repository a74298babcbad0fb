"""SpikeBlockExplorer as Python sees it: its settings, the real blocks behind it, its figure."""

import re

import numpy as np
import pytest
import torch

from spikeatconv import LIF, SPK_BLOCKS, SpikeAtConv, mnist5k, preset, stimulus
from spikeviz.base.front_end import PACKAGE
from spikeviz.blocks.blocks import KERNELS, PLACES, PROJECTIONS, build, kernel
from spikeviz.blocks.explorer import recorded

SCALE = 1 / np.sqrt(1 + 1e-5)  # BatchNorm before training


@pytest.fixture
def explorer(made):
    return made(time_steps=8)


def lif(x: np.ndarray, **options) -> np.ndarray:
    return LIF(**options)(torch.from_numpy(x)).numpy()


# ---------------------------------------------------------------- traits


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("thresholds", [], r"thresholds is \[\]; give 1 to 5 numbers, each from 0.05 to 3.0"),
        ("thresholds", [1.0] * 6, "give 1 to 5 numbers"),
        ("thresholds", [1.0, 0.0], "each from 0.05 to 3.0"),
        ("thresholds", [float("nan")], "each from 0.05 to 3.0"),
        ("taus", [2.0], r"taus is \[2.0\]; give 2 numbers, each from 1.0 to 20.0"),
        ("taus", [2.0, 0.5], "each from 1.0 to 20.0"),
        ("drive", [0.5, 1.5], "give 0 to 32 numbers, each from 0.0 to 1.0"),
        ("patch", "00ff", r"patch is '00ff'…, 4 letters; give 16×16 bytes in hexadecimal"),
        ("patch", "zz" * 256, "give 16×16 bytes in hexadecimal"),
        ("selected", "nothing", "selected is 'nothing'; give \"\" for the output, or one of"),
        ("block", "xl", "block"),
        ("mixer", "sharpen", "mixer"),
        ("mixer", "none", 'mixer is "none" and readout is "membrane", .* set readout="sum" or'),
    ],
)
def test_a_wrong_setting_is_refused_and_the_old_one_stays(explorer, refused, name, value, message):
    refused(explorer, name, value, message)


def test_every_registered_block_is_there_and_each_box_can_be_selected(explorer):
    assert list(PLACES) == list(SPK_BLOCKS)
    for block, boxes in PLACES.items():
        for box in ("x", *boxes):
            explorer.block, explorer.selected = block, box
    explorer.selected = ""


def test_the_page_has_the_same_choices():
    source = (PACKAGE / "blocks" / "blocks.js").read_text(encoding="utf-8")
    kernels = re.search(r"KERNELS =\s*\[(.*)\];", source)[1]
    assert kernels == ", ".join(f'"{k}"' for k in KERNELS)
    written = re.search(r"PROJECTIONS = \{(.*?)\};", source, re.DOTALL)[1]
    pairs = re.findall(r'"?([^",]+?)"?: \[(-?\d), (-?\d)\]', written)
    assert {name.strip(): (int(a), int(b)) for name, a, b in pairs} == PROJECTIONS


# ---------------------------------------------------------------- what is fed and mixed with


def test_the_digits_are_those_of_the_shipped_file():
    images, labels = mnist5k("test")
    edges = [(i * 3 // 2, -(-(i + 1) * 3 // 2)) for i in range(16)]  # 24 pixels make 16
    for digit in range(10):
        middle = 255 * images[labels == digit][0, 0, 2:26, 2:26].numpy()
        means = [middle[a:b, c:d].mean() for a, b in edges for c, d in edges]
        patch = list(bytes.fromhex(recorded()["digits"][str(digit)]))
        np.testing.assert_allclose(patch, means, atol=0.51)


def test_the_learned_mixer_began_as_its_seed_makes_it_and_has_been_trained():
    """Training moves a kernel, but of all of the layer's it stays nearest to where it began."""
    learned = recorded()["learned"]
    torch.manual_seed(learned["seed"])
    options = {"readout": "membrane"}
    config = preset("micro", in_channels=1, time_steps=2, spk_options=options)
    conv, _ = SpikeAtConv(config).get_submodule(learned["module"])
    first = conv.weight.detach().flatten(1).numpy()
    assert learned["of"] == len(first)
    for found, channel in zip(np.array(learned["kernels"]), learned["channels"], strict=True):
        near = [np.corrcoef(found, one)[0, 1] for one in first]
        assert np.argmax(near) == channel
        assert 0.5 < near[channel] < 0.99
    assert learned["accuracy"] > 0.97  # on the test digits


@pytest.mark.parametrize("size", [3, 5, 7])
def test_what_a_kernel_weighs_positively_sums_to_one(size):
    for name in KERNELS:
        weights = kernel(name, size)
        assert weights.shape == (size, size)
        assert weights[weights > 0].sum() == pytest.approx(1)
        balance = 1 if name in ("identity", "blur") else 0
        assert weights.sum() == pytest.approx(balance, abs=1e-12)
    assert (kernel("vertical edges", size) == kernel("horizontal edges", size).T).all()
    assert kernel("vertical edges", size)[0, 0] < 0 < kernel("vertical edges", size)[0, -1]


def test_the_input_is_what_was_chosen(explorer):
    digit = np.frombuffer(bytes.fromhex(recorded()["digits"]["2"]), np.uint8).reshape(16, 16)
    x = explorer.input()
    assert x.shape == (8, 1, 2, 16, 16)
    assert (x == 3.5 * (digit / 255)).all()  # at every step, in both channels
    explorer.second = "inverted"
    assert (explorer.input()[:, :, 1] == 3.5 - x[:, :, 0]).all()
    explorer.second = "smoothed"
    smooth = explorer.input()[3, 0, 1]
    assert smooth[5, 5] == pytest.approx(x[0, 0, 0, 4:7, 4:7].mean())
    assert smooth[0, 0] == pytest.approx(x[0, 0, 0, :2, :2].sum() / 9)  # zeros outside
    explorer.patch = "ff" + "00" * 255
    assert explorer.input()[0, 0, 0].sum() == 3.5
    explorer.mode, explorer.stimulus, explorer.second = "signal", "ramp", "smoothed"
    one, other = explorer.input()[:, 0, :, 0, 0].T
    assert (one == stimulus("ramp", 3.5, duration=8, dt=1)).all()
    assert other[4] == pytest.approx(one[2:5].mean())
    explorer.drive = [1.0, 0.5]
    assert explorer.input()[:, 0, 0, 0, 0].tolist() == [3.5, 1.75, 0, 0, 0, 0, 0, 0]


# ---------------------------------------------------------------- the blocks


def test_sl_is_one_lif(explorer):
    explorer.block, explorer.tau, explorer.v_threshold = "sl", 3.0, 0.7
    values = explorer.trace().values
    assert list(values) == ["x", "lif"]
    assert (values["lif"] == lif(values["x"], tau=3.0, v_threshold=0.7)).all()


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_rl_weighs_both_spike_trains(explorer, projection):
    explorer.block, explorer.projection = "rl", projection
    values = explorer.trace().values
    h, second = values["first"], values["second"]
    assert (second == lif(h, v_threshold=0.6)).all()
    assert second.any()
    assert (values["concat"] == np.concatenate([second, h], axis=2)).all()
    a, b = PROJECTIONS[projection]
    np.testing.assert_allclose(values["project"], (a * second + b * h) * SCALE, atol=1e-12)


def test_a_second_threshold_of_one_silences_rl(explorer):
    explorer.block, explorer.second_threshold, explorer.time_steps = "rl", 1.0, 32
    values = explorer.trace().values
    assert values["first"].any()
    assert not values["second"].any()


def test_mbpl_counts_the_thresholds_that_are_reached(explorer):
    explorer.thresholds, explorer.mixer = [0.4, 1.2, 2.0], "identity"
    values = explorer.trace().values
    branches = [lif(values["x"], v_threshold=v) for v in explorer.thresholds]
    for i, branch in enumerate(branches):
        assert (values[f"branches.{i}"] == branch).all()
    assert (values["branches"] == sum(branches)).all()
    np.testing.assert_allclose(values["mixers.0"], sum(branches) * SCALE, atol=1e-12)


def test_the_learned_mixer_brings_its_batch_norm(explorer):
    learned, values = recorded()["learned"], explorer.trace().values
    counts = np.pad(values["branches"], [(0, 0)] * 3 + [(3, 3)] * 2)
    for c in range(2):
        weights = np.reshape(learned["kernels"][c], (7, 7))
        weighed = (counts[3, 0, c, 5:12, 6:13] * weights).sum()  # around row 5, column 6
        spread = np.sqrt(learned["variance"][c] + 1e-5)
        normed = (weighed - learned["mean"][c]) / spread * learned["weight"][c]
        assert values["mixers.0"][3, 0, c, 5, 6] == pytest.approx(normed + learned["bias"][c])


def test_hsl_gives_each_half_its_own_tau(explorer):
    explorer.block, explorer.taus = "hsl", [1.5, 6.0]
    values = explorer.trace().values
    for i, tau in enumerate(explorer.taus):
        half = values["x"][:, :, i : i + 1]
        assert (values[f"x{i + 1}"] == half).all()
        assert (values["concat"][:, :, i : i + 1] == lif(half, tau=tau)).all()


def test_dcl_sees_the_mean_of_both_channels(explorer):
    explorer.block, explorer.fine, explorer.wide = "dcl", "identity", "blur"
    explorer.second = "inverted"
    values = explorer.trace().values
    mean = values["x"].mean(axis=2, keepdims=True)
    np.testing.assert_allclose(values["fine.0"], mean * SCALE, atol=1e-12)
    wide = values["x"][0, 0, :, 3:8, 4:9].mean() * SCALE
    assert values["wide.0"][0, 0, 0, 5, 6] == pytest.approx(wide)
    assert (values["concat"] == np.concatenate([values["fine.1"], values["wide.1"]], axis=2)).all()


def test_a_mixer_may_be_missing_only_where_a_sum_is_sent(made, refused):
    explorer = made(mixer="none", readout="sum")
    for readout in ("membrane", "spike"):
        refused(explorer, "readout", readout, f'mixer is "none" and readout is "{readout}"')
    explorer.mixer, explorer.readout = "blur", "spike"
    explorer.set_state({"mixer": "none", "readout": "sum"})  # as a page sends both
    assert (explorer.mixer, explorer.readout) == ("none", "sum")


@pytest.mark.parametrize("block", PLACES)
@pytest.mark.parametrize("readout", ["membrane", "spike", "sum"])
def test_the_last_box_is_the_output_of_the_block(explorer, block, readout):
    explorer.block, explorer.readout = block, readout
    run = explorer.trace()
    output = build(explorer)(torch.from_numpy(run.values["x"])).detach().numpy()
    *_, (last, value) = run.values.items()
    assert (value == output).all()
    closes = {"rl": ["spike"], "mbpl": ["spike", "sum"]}
    assert (last == "closing") == (readout in closes.get(block, []))
    for box, membrane in run.membranes.items():
        spikes = run.values[box]
        assert membrane.shape == spikes.shape
        assert set(np.unique(spikes)) <= {0, 1}
    closing = {"spike": "closing", "sum": "closing.0"}.get(readout)
    assert "closing" not in run.values or closing in run.membranes


def test_the_closing_lif_of_mbpl_sees_the_input_too(explorer):
    explorer.readout, explorer.v_threshold = "spike", 0.8
    values = explorer.trace().values
    assert (values["residual"] == values["x"] + values["mixers.0"]).all()
    assert (values["closing"] == lif(values["residual"], v_threshold=0.8)).all()


def test_a_sum_counts_the_branches_over_a_membrane_that_the_mixer_has_changed(explorer):
    explorer.readout, explorer.mixer = "sum", "blur"
    values = explorer.trace().values
    membrane = values["x"] + values["mixers.0"]
    again = [lif(membrane, v_threshold=v) for v in explorer.thresholds]
    for i, branch in enumerate(again):
        assert (values[f"closing.{i}"] == branch).all()
    assert (values["closing"] == sum(again)).all()
    assert set(np.unique(values["closing"])) == {0, 1, 2, 3, 4}


def test_without_a_mixer_the_sum_of_the_branches_is_sent(explorer):
    explorer.readout = "sum"
    explorer.mixer = "none"
    values = explorer.trace().values
    assert list(values) == ["x", *(f"branches.{i}" for i in range(4)), "branches"]
    branches = [lif(values["x"], v_threshold=v) for v in explorer.thresholds]
    assert (values["branches"] == sum(branches)).all()


# ---------------------------------------------------------------- the figure


@pytest.mark.parametrize("mode", ["image", "signal"])
def test_the_figure_has_a_picture_for_each_box(explorer, mode):
    explorer.mode, explorer.cursor = mode, 50  # beyond the last step, which is shown
    values = explorer.trace().values
    figure = explorer.to_matplotlib()
    assert [axis.get_title() for axis in figure.axes] == list(values)
    for axis, value in zip(figure.axes, values.values(), strict=True):
        if mode == "image":
            assert (axis.images[0].get_array() == value[-1, 0, 0]).all()
        else:
            assert (axis.lines[0].get_ydata() == value[:, 0, 0, 0, 0]).all()
