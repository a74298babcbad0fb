"""EnergyExplorer in Python: measured tables unchanged, what-ifs by hand, the paper's formula."""

import math
import re

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
import traitlets
from pandas.testing import assert_frame_equal
from torch import nn

from spikeatconv import (
    MBPL,
    SpikeAtConv,
    count_flops,
    energy,
    energy_report,
    load_weights,
    mnist5k,
    preset,
)
from spikeatconv.conv import OverTime
from spikeatconv.data import shipped
from spikeviz import EnergyExplorer
from spikeviz.base.front_end import PACKAGE, read_data
from spikeviz.browser import CHECKOUT
from spikeviz.energy import explorer as module


def table(*rows):
    columns = ["layer", "kind", "flops", "input", "rate", "passes", "ann_mj"]
    return pd.DataFrame(rows, columns=columns)


BY_HAND = table(  # a still image, T = 2; the mixer is inside an SPK block
    ("stem", "conv", 1000, "image", math.nan, 1, 4600e-9),
    ("mixer", "conv", 100, "spike sum", 0.5, 2, 0.0),
    ("body", "conv", 400, "binary", 0.1, 2, 1840e-9),
    ("head", "linear", 10, "real", math.nan, 2, 46e-9),
)


def joules(explorer):
    """snn_mj of each layer in units of 1e-9 mJ: pJ."""
    return (explorer.trace().snn_mj * 1e9).round(9).tolist()


# ---------------------------------------------------------------- the measured tables


def test_the_shipped_tables_of_micro_are_those_of_energy_report(made):
    images = F.pad(mnist5k("test")[0], [2] * 4)
    report = energy_report(load_weights(shipped("micro_digits.safetensors")), images)
    explorer = made("Micro, MBPL, trained")
    shown = explorer._shown
    assert (shown["time_steps"], shown["data"]) == (2, "1,000 test digits of mnist5k")
    assert shown["ann_mj"] == pytest.approx(report.ann_mj)
    for counting in energy.COUNTINGS:
        explorer.counting = counting
        found = report.counted(counting)
        assert_frame_equal(explorer.trace(), found.layers, rtol=1e-12)
        assert shown["snn_mj"][counting] == pytest.approx(found.snn_mj)


def test_every_shipped_total_is_the_sum_of_its_table(made):
    explorer = made()
    for shown in explorer.reports:
        explorer.report = shown["name"]
        for counting, snn_mj in shown["snn_mj"].items():
            explorer.counting = counting
            found = explorer.trace()[["snn_mj", "ann_mj"]].sum()
            assert found.tolist() == pytest.approx([snn_mj, shown["ann_mj"]], rel=1e-12)
    words = [
        (shown["name"].split(", ")[-1], shown["note"].split(",")[0])
        for shown in explorer.reports
        if "accuracy" not in shown
    ]
    assert words == [("untrained", "random weights")] * 2 + [("estimated", "an estimate")] * 3


def test_an_estimate_is_the_flops_of_the_preset_at_recorded_rates(made):
    rates = read_data("energy")["results"]["rates"]["places"]
    kinds = {  # what each kind of place is in the model
        "entry": r"stages\.\d\.0\.1\.0", "conv.3.0": r"stages\.\d\.[1-9]\d*\.conv\.3\.0",
        "feed_forward.1.0": r"stages\.\d\.[1-9]\d*\.feed_forward\.1\.0", "head": "head",
    }  # fmt: skip
    with torch.device("meta"):
        model = SpikeAtConv(preset("base"))
    flops = count_flops(model, (3, 224, 224)).set_index("layer").flops
    trace = made("Base, MBPL, estimated").trace().set_index("layer")
    assert trace.flops.sum() == flops.sum()
    for place, pattern in kinds.items():
        name = "0.1.0" if place == "entry" else place
        rows = trace[trace.index.str.endswith(name)]
        _, rate = rates[place]
        price = 4.6 if rate is None else 0.9 * rate
        work = flops[flops.index.str.fullmatch(pattern)].sum()
        assert rows.snn_mj.sum() == pytest.approx(4 * work * price * 1e-9), place


@pytest.mark.parametrize("images", [(3, 1, 32, 32), (3, 2, 1, 32, 32)])
def test_a_report_of_your_own_stays_as_it_is(made, images):
    torch.manual_seed(0)
    model = SpikeAtConv(preset("micro", spk="sl", in_channels=1, time_steps=3)).eval()
    report = energy_report(model, torch.rand(images))
    for explorer in (made(report), made(report.layers), made({"mine": report})):
        explorer.counting = "input"
        assert_frame_equal(explorer.trace(), report.layers, rtol=1e-12)
        explorer.time_steps = 3
        assert_frame_equal(explorer.trace(), report.layers, rtol=1e-12)
    assert made(report, data="noise")._shown["data"] == "noise"
    assert made(report)._shown["time_steps"] == 3


def test_the_constants_and_the_list_are_the_librarys():
    assert (module.E_MAC, module.E_A) == (energy.E_MAC, energy.E_A)
    assert module.COUNTINGS == energy.COUNTINGS
    source = (PACKAGE / "energy" / "explorer.js").read_text(encoding="utf-8")
    listed = re.search(r'NOT_COUNTED = "(.*?)";', source, re.DOTALL)[1].replace('" +\n  "', "")
    documented = " ".join(re.search(r"Not counted: (.*?)\.", energy.__doc__, re.DOTALL)[1].split())
    assert listed == documented
    source = (PACKAGE / "energy" / "energy.js").read_text(encoding="utf-8")
    measured = re.search(r"MEASURED = \{ e_mac: ([\d.]+), e_a: ([\d.]+)", source)
    assert tuple(map(float, measured.groups())) == (energy.E_MAC, energy.E_A)


def test_table_4_is_the_papers():
    source = (PACKAGE / "energy" / "draw.js").read_text(encoding="utf-8")
    rows = re.findall(r'name: "(\w+)", energy: ([\d.]+), accuracy: ([\d.]+)', source)
    fidelity = (CHECKOUT / "docs" / "fidelity.md").read_text(encoding="utf-8")
    assert [name for name, _, _ in rows] == ["Tiny", "Base", "Large"]
    for name, joules, accuracy in rows:
        assert f"| {name.lower()} | {accuracy} % | {joules} mJ |" in fidelity


# ---------------------------------------------------------------- what if, by hand


def test_as_measured(made):
    assert joules(made(BY_HAND)) == [4600, 2 * 100 * 0.9 * 0.5, 2 * 400 * 0.9 * 0.1, 2 * 10 * 4.6]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"e_mac": 2.0}, [2000, 90, 72, 40]),
        ({"e_a": 1.8}, [4600, 180, 144, 92]),
        ({"time_steps": 1}, [4600, 45, 36, 46]),
        ({"time_steps": 8}, [4600, 360, 288, 368]),  # the still image is computed once
        ({"rate_factor": 2.0}, [4600, 180, 144, 92]),
        ({"one_rate": 0.2}, [4600, 36, 144, 92]),
        ({"one_rate": 0.2, "rate_factor": 5.0}, [4600, 36, 144, 92]),
        ({"rates": {"body": 0.3, "stem": 0.1}}, [4600, 90, 216, 92]),
        ({"rates": {"body": 0.3}, "rate_factor": 0.0}, [4600, 0, 216, 92]),
        ({"rates": {"head": 0.5}}, [4600, 90, 72, 9]),  # as if it were fed with spikes
        ({"counting": "paper"}, [4600, 54, 216, 5.4]),  # R: the mean of 0.5 and 0.1
        ({"counting": "paper", "rate_factor": 0.5}, [4600, 27, 108, 2.7]),
        ({"counting": "paper", "one_rate": 0.5}, [4600, 90, 360, 9]),
        ({"counting": "paper", "one_rate": 0.5, "rates": {"head": 0.1}}, [4600, 90, 360, 1.8]),
        ({"counting": "merged"}, [4600, 90, 72, 92]),  # a table alone: nothing is known
    ],
)
def test_each_setting(made, change, expected):
    assert joules(made(BY_HAND, **change)) == pytest.approx(expected)


def test_the_twin_has_no_mixer_and_knows_no_time(made):
    explorer = made(BY_HAND, time_steps=8, e_mac=2.0)
    assert (explorer.trace().ann_mj * 1e9).tolist() == pytest.approx([2000, 0, 800, 20])


def test_what_is_merged_moves_with_the_rest(made):
    """A mixer and what it feeds, as `energy_report` merges them; the twin stays as it is."""
    mixer = MBPL(2, thresholds=(1.0, 9.0), tau=1.0)
    convs = OverTime(nn.Conv2d(2, 2, 1)), mixer, OverTime(nn.Conv2d(2, 4, 1))
    x = torch.zeros(2, 1, 2, 4, 4)
    x[:, 0, :, 0, 0] = 1.0
    nn.init.dirac_(convs[0][0].weight)
    nn.init.zeros_(convs[0][0].bias)
    report = energy_report(nn.Sequential(*convs), x, counting="merged")
    assert report.layers.input.tolist() == ["image", "merged", "binary"]
    explorer = made(report)
    assert explorer.counting == "merged"
    assert_frame_equal(explorer.trace(), report.layers, rtol=1e-12)
    explorer.rate_factor = 3.0
    explorer.time_steps = 4
    spikes = 4 * 49 * 16 * 2 * 4 * 0.9 * 3 / 16
    assert joules(explorer) == pytest.approx([4 * 64 * 4.6, 0, spikes])
    assert (explorer.trace().ann_mj * 1e9).tolist() == pytest.approx([64 * 4.6, 0, 128 * 4.6])
    explorer.counting = "input"
    assert joules(explorer)[2] == pytest.approx(4 * 128 * 4.6)
    with pytest.raises(ValueError, match='counted "merged"; pass the report itself'):
        EnergyExplorer(report.layers)


def test_a_network_without_spikes_pays_macs_in_every_way(made):
    explorer = made(BY_HAND[BY_HAND.input.isin(["image", "real"])])
    for counting in energy.COUNTINGS:
        explorer.counting = counting
        assert joules(explorer) == [4600, 92]


def test_with_one_rate_it_is_the_papers_formula(made):
    """E = E_MAC · FLOPs(first convolution) + E_A · T · R · Σ FLOPs(the rest)."""
    rate, steps = 0.13, 5
    explorer = made(counting="paper", one_rate=rate, time_steps=steps)
    for shown in explorer.reports:
        explorer.report = shown["name"]
        flops = [row[2] for row in shown["rows"]]
        expected = 4.6 * flops[0] + 0.9 * steps * rate * sum(flops[1:])
        assert explorer.trace().snn_mj.sum() == pytest.approx(expected * 1e-9, rel=1e-12)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("report", "error", "message"),
    [
        (5, TypeError, r"your network is a int; pass energy_report\(model, images\)"),
        ({"a": "b"}, TypeError, "a is a str; pass energy_report"),
        ({}, ValueError, "no report to show"),
        (BY_HAND[:0], ValueError, "the table has 0 layers; 1 to 2000 can be shown"),
        (BY_HAND.drop(columns=["rate", "input"]), ValueError, r"no column \['input', 'rate'\]"),
        ("Micro", traitlets.TraitError, r"report is 'Micro'; choose one of \['Micro, MBPL, tr"),
    ],
)
def test_what_is_no_report_is_refused_with_a_way_out(report, error, message):
    with pytest.raises(error, match=message):
        EnergyExplorer(report)


@pytest.mark.parametrize("rate", [-0.1, 65, math.nan, "much", None, True])
def test_a_rate_out_of_its_range_names_the_range(made, rate):
    explorer = made(BY_HAND, rates={"body": 0.5})
    with pytest.raises(
        traitlets.TraitError, match=r"rates\['body'\] is .*; give a value from 0 to"
    ):
        explorer.rates = {"body": rate}
    assert explorer.rates == {"body": 0.5}


# ---------------------------------------------------------------- figure, imports


def test_the_figure_shows_the_table(made):
    explorer = made(BY_HAND, time_steps=4)
    bars, plane = explorer.to_matplotlib().axes
    heights = [bar.get_height() for bar in bars.patches]
    rows = explorer.trace()
    assert heights == [*rows.snn_mj, *rows.ann_mj]
    line, points = plane.lines
    assert (line.get_xdata() * line.get_ydata()).tolist() == pytest.approx([4.6 / 0.9] * 61)
    assert list(zip(*points.get_data(), strict=True)) == [(4, 0.5), (4, 0.1)]
