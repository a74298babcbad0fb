"""EnergyExplorer from its saved page: the sums of energy_report, and every hand on them."""

import math
import random
import re

import pandas as pd
import pytest

from spikeviz import EnergyExplorer

LIMITS = EnergyExplorer.ranges()
# Resolves with what the next drawing shows, once `change` has run in the page.
DRAWN = """([change, all]) => new Promise((resolve) => {
    const model = document.getElementById("view").model;
    const done = ({ detail: s }) => {
        const { settings, report } = s;
        const same = (key) => JSON.stringify(settings[key]) === JSON.stringify(change[key]);
        if (report.name !== change.report || !Object.keys(settings).every(same)) return;
        document.removeEventListener("spikeviz:drawn", done);
        resolve({ snn: s.snn, ann: s.ann, rows: all ? s.priced : [] });
    };
    document.addEventListener("spikeviz:drawn", done);
    for (const [key, value] of Object.entries(change)) model.set(key, value);
    model.set("layer", String(Math.random())); // so that each change is drawn
})"""
BY_HAND = pd.DataFrame(
    [
        ("stem.0", "conv", 1000, "image", math.nan, 1, 4600e-9),
        ("stages.0.mixer", "conv", 100, "spike sum", 0.5, 2, 0.0),
        ("stages.0.body", "conv", 400, "binary", 0.1, 2, 1840e-9),
        ("head", "linear", 10, "real", math.nan, 2, 46e-9),
    ],
    columns=["layer", "kind", "flops", "input", "rate", "passes", "ann_mj"],
)


def answered(*arguments, **traits):
    """An explorer whose question has been answered: nothing is hidden."""
    return EnergyExplorer(*arguments, **{"guess": "snn"} | traits)


MEMBRANE = "Micro, MBPL with a membrane, trained"


def value(page, trait):
    return page.evaluate("(name) => document.getElementById('view').model.get(name)", trait)


def says(page, selector, text):
    page.locator(selector).filter(has_text=text).first.wait_for()


def random_settings(rng, explorer):
    """Any settings that the explorer allows, some as they come."""
    shown = rng.choice(explorer.reports)
    layers = rng.sample([row[0] for row in shown["rows"]], 3)

    def within(name, digits=3):
        return round(rng.uniform(*LIMITS[name][:2]), digits)

    return {
        "report": shown["name"],
        "e_mac": rng.choice([4.6, within("e_mac")]),
        "e_a": rng.choice([0.9, within("e_a")]),
        "time_steps": rng.choice([None, rng.randint(1, 64)]),
        "rate_factor": rng.choice([1.0, within("rate_factor")]),
        "one_rate": rng.choice([None, None, within("one_rate")]),
        "rates": rng.choice([{}, {layer: rng.random() for layer in layers}]),
        "counting": rng.choice(["input", "merged", "paper"]),
    }


# ---------------------------------------------------------------- the sums


def test_120_random_settings_cost_the_same_in_the_page_and_in_python(opened):
    explorer = EnergyExplorer()
    page = opened(answered())
    rng = random.Random(0)
    for k in range(120):
        change = random_settings(rng, explorer)
        shown = page.evaluate(DRAWN, [change, k % 10 == 0])
        for name, setting in change.items():
            setattr(explorer, name, setting)
        table = explorer.trace()
        assert shown["snn"] == pytest.approx(table.snn_mj.sum(), rel=1e-9), change
        assert shown["ann"] == pytest.approx(table.ann_mj.sum(), rel=1e-9), change
        if k % 10 == 0:
            for row, (_, truth) in zip(shown["rows"], table.iterrows(), strict=True):
                assert (row["layer"], row["passes"]) == (truth.layer, truth.passes)
                assert row["snn"] == pytest.approx(truth.snn_mj, rel=1e-9)
                assert row["rate"] == (None if math.isnan(truth.rate) else truth.rate)
    explorer.close()


def test_as_it_comes_the_page_says_what_energy_report_measured(opened):
    explorer = answered()
    shown = explorer._shown
    table = explorer.trace()
    page = opened(explorer)
    text = page.locator(".sv-summary").inner_text()
    snn_mj, ann_mj = shown["snn_mj"]["input"], shown["ann_mj"]
    assert f"SNN {1000 * snn_mj:.3g} µJ, its twin {1000 * ann_mj:.3g} µJ" in text
    share = snn_mj / ann_mj
    words = f"{share:.2f} times" if share >= 1 else f"{100 * share:.1f}\u00a0% of"
    assert f"{words} what its twin needs" in text
    twins = table[table.ann_mj > 0]
    wins = (twins.snn_mj < twins.ann_mj).sum()
    assert f"it wins in {wins} of {len(twins)} layers" in text
    source = page.locator(".sv-source").inner_text()
    assert "R was measured on 1,000 test digits of mnist5k" in source
    assert f"{100 * shown['accuracy']:.1f}\u00a0% right, at T = 2" in source
    says(page, ".sv-what-if", "As measured.")
    assert "memory" in page.locator(".sv-not-counted").inner_text()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ("", "a data set that was not named: EnergyExplorer(report, data=…)"),
        ("CIFAR-100 test, 500 images", "measured on CIFAR-100 test, 500 images, at T = 2"),
    ],
)
def test_the_data_set_is_named_or_its_lack_is_said(opened, data, named):
    says(opened(answered(BY_HAND, data=data)), ".sv-source", named)


def test_untrained_is_marked(opened):
    page = opened(answered())
    assert page.locator(".sv-warn").count() == 0
    page.get_by_label("Network", exact=True).select_option("Tiny, MBPL, untrained")
    says(page, ".sv-warn", "random weights, so its R says little")


def test_one_network_is_counted_in_three_ways(opened, amount):
    explorer = answered(report=MEMBRANE, layer="stem_to_stream.1.0")
    totals = explorer._shown["snn_mj"]
    page = opened(explorer)
    words = {
        "input": "Counted by each layer's own input",
        "merged": "merged into the next, with nothing between",
        "paper": "all but the first layer pay E_A · T · R",
    }
    for counting, text in words.items():
        page.get_by_label("Count", exact=True).select_option(counting)
        says(page, ".sv-counting", text)
        says(page, ".sv-what-if", "As measured.")  # it is no what if
        found = page.locator(".sv-summary").inner_text()
        assert amount(found.split(",")[0]) == pytest.approx(totals[counting], rel=6e-3)
        assert value(page, "counting") == counting
    page.get_by_label("Count", exact=True).select_option("merged")
    # 9×9 in place of 3×3, fed with the mixer's own input; the twin stays 3×3
    says(page, ".sv-update", "fed with a sum of spike trains")
    says(page, ".sv-update", f"SNN: 2 × {81 * 256 * 32 * 32:,} FLOPs × 0.9 pJ × Σ R")
    says(page, ".sv-update", f"Twin: 1 × {9 * 256 * 32 * 32:,} FLOPs × 4.6 pJ")
    page.locator(".sv-energy-bars").press("ArrowLeft")
    says(page, ".sv-update", "stem_to_stream.0.mixers.0.0 (conv), merged into what it feeds")


def test_where_all_hand_on_spikes_nothing_is_merged(opened):
    page = opened(answered(counting="merged"))
    says(page, ".sv-counting", "Nothing to merge")


# ---------------------------------------------------------------- the formula of a bar


def test_a_bar_says_its_formula_with_its_numbers(opened, amount):
    explorer = answered(report=MEMBRANE)
    table = explorer.trace()
    page = opened(explorer)
    bars = page.locator(".sv-energy-bars")
    wide = bars.bounding_box()["width"]
    seen = set()
    for k in (0, 1, 2, 18, 30, 40, 72):
        row = table.loc[k]
        seen.add(row.input)
        bars.hover(position={"x": 56 + (wide - 72) * (k + 0.5) / len(table), "y": 150})
        says(page, ".sv-update", f"{row.layer} ({row.kind})")
        _, snn, twin = page.locator(".sv-update").inner_text().split("\n")
        passes, flops = re.search(r"SNN: (\d+) × ([\d,]+) FLOPs", snn).groups()
        assert (int(passes), int(flops.replace(",", ""))) == (row.passes, row.flops)
        if math.isnan(row.rate):
            assert "FLOPs × 4.6 pJ = " in snn
        else:
            sign = "Σ R" if row.input == "spike sum" else "R"
            assert re.search(rf"FLOPs × 0.9 pJ × {sign} ([\d.]+) = ", snn), snn
            assert float(re.search(r"R ([\d.]+)", snn)[1]) == pytest.approx(row.rate, rel=1e-3)
        assert amount(snn.split("=")[1]) == pytest.approx(row.snn_mj, rel=6e-3)
        if row.ann_mj:
            assert amount(twin.split("=")[1]) == pytest.approx(row.ann_mj, rel=6e-3)
            assert twin.endswith("wins" if row.snn_mj < row.ann_mj else "loses")
        else:
            assert "none: the twin has a GELU" in twin
    assert seen == {"image", "spike sum", "real", "binary"}


def test_the_keys_walk_along_the_bars(opened):
    page = opened(answered(BY_HAND))
    bars = page.locator(".sv-energy-bars")
    for _ in range(3):
        bars.press("ArrowRight")
    says(page, ".sv-update", "stages.0.body (conv), fed with binary spikes")
    assert value(page, "layer") == "stages.0.body"
    bars.press("ArrowLeft")
    says(page, ".sv-update", "SNN: 2 × 100 FLOPs × 0.9 pJ × Σ R 0.5 = 0.09 nJ")


def test_on_a_narrow_page_the_bars_are_stages(opened):
    page = opened(answered(report=MEMBRANE), width=360)
    page.locator(".sv-energy-bars").hover(position={"x": 62, "y": 100})
    says(page, ".sv-update", "stem: 3 layers")
    page = opened(answered(by="stage"))
    page.locator(".sv-energy-bars").hover(position={"x": 62, "y": 100})
    says(page, ".sv-update", "stem: 2 layers")


# ---------------------------------------------------------------- what if


def plane_place(page, steps, rate):
    """Where (T, R) is on the plane."""
    box = page.locator(".sv-plane").bounding_box()

    def along(value, low, high, first, last):
        share = math.log(value / low) / math.log(high / low)
        return first + share * (last - first)

    x = along(steps, 0.7, 32 * 1.4, 56, box["width"] - 16)
    y = along(rate, 0.003, 12, box["height"] - 40, 22)
    return box["x"] + x, box["y"] + y


def test_a_layer_is_dragged_to_another_rate_and_taken_back(opened):
    page = opened(answered(BY_HAND))
    spread = (2 / 3 - 0.5) * 0.08 * page.locator(".sv-plane").bounding_box()["width"]
    x, y = plane_place(page, 2, 0.1)
    page.mouse.move(x + spread, y)
    says(page, ".sv-update", "stages.0.body")
    page.mouse.down()
    page.mouse.move(*plane_place(page, 2, 1.0), steps=4)
    page.mouse.up()
    says(page, ".sv-what-if", "What if, not measured: R of 1 layer moved by hand.")
    rate = value(page, "rates")["stages.0.body"]
    assert rate == pytest.approx(1.0, rel=0.03)
    says(page, ".sv-update", f"SNN: 2 × 400 FLOPs × 0.9 pJ × R {rate:g}")
    says(page, ".sv-update", "0.072 nJ as measured")
    assert value(page, "layer") == "stages.0.body"
    page.get_by_role("button", name="Back to what was measured").click()
    says(page, ".sv-what-if", "As measured.")
    assert value(page, "rates") == {}


def test_a_layer_is_moved_by_the_keys_past_the_line(opened):
    page = opened(answered(BY_HAND, layer="stages.0.body"))
    plane = page.locator(".sv-plane")
    says(page, ".sv-update", "the SNN wins")
    for _ in range(5):
        plane.press("PageUp")  # R doubles each time
    says(page, ".sv-update", "× R 3.2 =")  # T · R = 6.4 > 5.11
    says(page, ".sv-update", "the SNN loses")
    plane.press("ArrowDown")
    says(page, ".sv-update", "× R 2.91 =")
    plane.press("Delete")
    says(page, ".sv-what-if", "As measured.")
    plane.press("ArrowRight")
    says(page, ".sv-update", "head (linear), fed with real values")
    plane.press("ArrowDown")  # as if it were fed with spikes, from R = 5.11 on
    says(page, ".sv-update", "priced as if they were spikes")


def test_every_control_changes_what_it_says(opened):
    page = opened(answered(BY_HAND))
    page.get_by_label("T, time steps", exact=True).fill("8")
    says(page, ".sv-what-if", "T 8 at the R of T = 2")
    page.get_by_label("E_MAC", exact=True).fill("9.2")
    page.get_by_label("E_A", exact=True).fill("1.8")
    says(page, ".sv-what-if", "E_MAC 9.2 pJ, E_A 1.8 pJ, T 8")
    says(page, ".sv-caption", "T · R < 5.11")
    page.get_by_label("R × factor", exact=True).fill("2")
    says(page, ".sv-what-if", "R × 2")
    page.get_by_label("one R for all layers").check()
    says(page, ".sv-what-if", "R 0.18 everywhere")  # 180 spikes in 1,000 FLOPs
    assert value(page, "one_rate") == 0.18
    page.get_by_label("Count", exact=True).select_option("paper")
    says(page, ".sv-counting", "all but the first layer pay E_A · T · R")
    says(page, ".sv-counting", "R = 0.3:")  # the mean of 0.5 and 0.1
    page.get_by_label("T, time steps", exact=True).fill("2")
    assert value(page, "time_steps") is None  # as measured
    page.get_by_role("button", name="Back to what was measured").click()
    says(page, ".sv-what-if", "As measured.")


def test_the_papers_numbers_and_ours_are_named(opened):
    page = opened(answered())
    paper = page.locator(".sv-paper").get_attribute("aria-label")
    assert paper.startswith("The paper's Table 4")
    assert "Tiny 3.8 mJ 76.58 %" in paper
    ours = page.locator(".sv-ours").get_attribute("aria-label")
    for name in ("MBPL", "MBPL with a membrane", "MBPL with BDSA", "SL"):
        shown = next(r for r in EnergyExplorer().reports if r["name"] == f"Micro, {name}, trained")
        mj, right = shown["snn_mj"]["input"], 100 * shown["accuracy"]
        name = re.sub("with (a )?", "", name)
        assert f" {name} {1000 * mj:.3g} µJ, {right:.3g}\u00a0%" in ours
    page = opened(answered(BY_HAND))  # its accuracy is not known
    assert page.locator(".sv-ours").count() == 0


# ---------------------------------------------------------------- guess, then look


def hidden(page):
    """Whether nothing on the page tells the answer."""
    inks = page.evaluate("""() => ["totals", "energy-bars", "plane", "ours"].map((name) => {
        const canvas = document.querySelector(`.sv-${name}`);
        const { data } = canvas.getContext("2d").getImageData(2, 2, canvas.width - 4, 9);
        return new Set(new Uint32Array(data.buffer)).size;
    })""")
    words = page.locator(".spikeviz").inner_text()
    labels = page.evaluate("[...document.querySelectorAll('[aria-label]')].map((e) => e.ariaLabel)")
    tells = re.search("needs [0-9.]+|µJ,|SNN wins", " ".join([words, *labels]))
    return set(inks) == {1} and not tells


@pytest.mark.parametrize(
    ("report", "guess", "reply"),
    [
        ("Micro, MBPL, trained", "the spiking network", "You said the spiking network. Right"),
        ("Micro, MBPL, trained", "its twin", "You said its twin. No"),
        (MEMBRANE, "its twin", "You said its twin. Right"),
    ],
)
def test_the_answer_is_hidden_until_the_reader_has_guessed(opened, report, guess, reply):
    page = opened(EnergyExplorer(report=report))
    says(page, ".sv-summary", "Guess first")
    assert hidden(page)
    page.get_by_label("T, time steps", exact=True).fill("4")
    page.locator(".sv-energy-bars").click(position={"x": 100, "y": 100})
    assert hidden(page)
    page.get_by_role("button", name=guess, exact=True).click()
    says(page, ".spikeviz", reply)
    says(page, ".sv-summary", "what its twin needs")
    assert not hidden(page)
    page.get_by_role("button", name="Ask again").click()
    says(page, ".sv-summary", "Guess first")
    assert hidden(page)


# ---------------------------------------------------------------- a handle for a finger


def test_a_finger_chooses_a_layer_and_drags_its_handle_past_the_line(opened, swipe):
    page = opened(answered(BY_HAND), width=390, height=800, has_touch=True, is_mobile=True)
    plane = page.locator(".sv-plane")
    plane.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
    spread = (2 / 3 - 0.5) * 0.08 * plane.bounding_box()["width"]
    x, y = plane_place(page, 2, 0.1)
    page.touchscreen.tap(x + spread, y)
    says(page, ".sv-update", "stages.0.body")
    handle = page.get_by_role("slider", name="R of the chosen layer, drag it")
    box = handle.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert centre == pytest.approx((x + spread, y), abs=1)
    _, to = plane_place(page, 2, 4)
    scrolled = swipe(page, (centre[0] + 8, centre[1] + 6), down=to - centre[1])
    says(page, ".sv-update", "the SNN loses")  # 2 · 4 > 5.11
    assert value(page, "rates")["stages.0.body"] == pytest.approx(4, rel=0.03)
    assert abs(scrolled) < 30  # the words above: a line more
    assert handle.get_attribute("aria-valuetext").startswith("R ")


def test_a_double_click_takes_a_layer_back_and_ctrl_z_the_last_drag(opened):
    page = opened(answered(BY_HAND, layer="stages.0.body"))
    handle = page.get_by_role("slider", name="R of the chosen layer, drag it")
    handle.press("PageUp")
    says(page, ".sv-update", "× R 0.2 =")
    page.wait_for_timeout(800)  # what follows at once is the same gesture
    handle.dblclick()
    says(page, ".sv-what-if", "As measured.")
    page.keyboard.press("Control+z")
    says(page, ".sv-update", "× R 0.2 =")


@pytest.mark.parametrize("width", [390, 900, 1100, 1400])
def test_no_name_of_a_point_covers_another(opened, width):
    page = opened(answered(report=MEMBRANE), width=width)
    boxes = page.evaluate("""() => {
        const found = [];
        const own = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (words, x, y, ...room) {
            const kind = this.canvas.className;
            const align = { left: 0, center: 0.5, right: 1 }[this.textAlign];
            const wide = this.measureText(words).width;
            if (kind.includes("ours")) found.push([words, x - align * wide, y, wide]);
            own.call(this, words, x, y, ...room);
        };
        document.getElementById("view").model.set("e_a", 0.8);
        return settled().then(() => found.filter(([words]) => /MBPL|SL|twin/.test(words)));
    }""")
    assert len(boxes) >= 5
    for i, (name, x, y, wide) in enumerate(boxes):
        for other, x2, y2, wide2 in boxes[:i]:
            apart = x + wide <= x2 or x2 + wide2 <= x or abs(y - y2) >= 12
            assert apart, (name, other)
