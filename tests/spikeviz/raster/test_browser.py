"""SpikeRaster from its saved page: exact counts at any zoom, and every hand on the picture."""

import random
import re

import numpy as np
import pytest

from spikeviz import SpikeRaster

# Resolves with what the next drawing that shows `until` shows, once `change` has run in the page.
DRAWN = """([change, until]) => new Promise((resolve) => {
    const model = document.getElementById("view").model;
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    const done = ({ detail: s }) => {
        if (!Object.entries(until).every(([key, value]) => same(s[key], value))) return;
        document.removeEventListener("spikeviz:drawn", done);
        const lists = { cells: s.cells, xEdges: s.xEdges, yEdges: s.yEdges, counts: s.counts,
            order: s.order, byChannel: s.byChannel, map: s.map.values };
        const { rate, dead, saturated, window, bins, columns } = s;
        const plain = Object.entries(lists).map(([key, list]) => [key, [...list]]);
        resolve({ ...Object.fromEntries(plain), rate, dead, saturated, window, bins, columns });
    };
    document.addEventListener("spikeviz:drawn", done);
    for (const [key, value] of Object.entries(change)) model.set(key, value);
})"""


def noise(*shape, seed=0):
    """bool spikes at a rate for each neuron; a tenth of them is silent, a tenth fires always."""
    rng = np.random.default_rng(seed)
    rates = rng.beta(1, 4, shape[1:])
    kind = rng.random(shape[1:])
    rates[kind < 0.1], rates[kind > 0.9] = 0, 1
    return rng.random(shape) < rates


def binned(run, window, x_edges, y_edges):
    """Spikes in each bin of the raster, by numpy."""
    first, last, top, bottom = window
    part = run.spikes[first:last, run.order[top:bottom]].astype(int)
    over_time = np.add.reduceat(part, np.array(x_edges[:-1]) - first, axis=0)
    return np.add.reduceat(over_time, np.array(y_edges[:-1]) - top, axis=1).T


def value(page, trait):
    return page.evaluate("(name) => document.getElementById('view').model.get(name)", trait)


def becomes(page, trait, expected):
    """Wait until a trait has this value."""
    page.wait_for_function(
        "([name, value]) => JSON.stringify(document.getElementById('view').model.get(name))"
        " === JSON.stringify(value)",
        arg=[trait, expected],
    )


# ---------------------------------------------------------------- numbers


def test_every_number_is_that_of_the_trace_at_any_zoom(opened):
    spikes = {"wide": noise(40, 3, 6, 10, 10), "long": noise(900, 70), "deep": noise(2, 5, 900, 1)}
    raster = SpikeRaster(spikes)
    page = opened(SpikeRaster(spikes), width=400)
    rng = random.Random(0)
    zoomed_out = 0
    for _ in range(40):
        layer = raster.layer = rng.choice(list(spikes))
        samples = raster.layers[list(spikes).index(layer)]["samples"]
        raster.sample = rng.choice([None, *range(samples)])
        raster.order = rng.choice(["index", "rate", "channel"])
        raster.highlight = rng.choice(["", "dead", "saturated"])
        run = raster.trace()
        steps, neurons = run.spikes.shape
        first, top = rng.randrange(steps), rng.randrange(neurons)
        last, bottom = rng.randint(first + 1, steps), rng.randint(top + 1, neurons)
        window = rng.choice([[first, last, top, bottom], [0, steps, 0, neurons]])
        change = {"layer": layer, "window": window, "sample": raster.sample}
        change |= {"order": raster.order, "highlight": raster.highlight}
        until = {"name": layer, "window": window, "sample": raster.sample, "kind": raster.order}
        shown = page.evaluate(DRAWN, [change, until | {"highlight": raster.highlight}])

        assert shown["rate"] == pytest.approx(run.rate, rel=1e-12)
        assert (shown["dead"], shown["saturated"]) == (run.dead.sum(), run.saturated.sum())
        assert shown["counts"] == run.counts.ravel().tolist()
        assert shown["order"] == run.order.tolist()
        by_channel = run.counts.reshape(len(run.channel_rates), -1).sum(1)
        assert shown["byChannel"] == by_channel.tolist()
        expected = binned(run, window, shown["xEdges"], shown["yEdges"])
        assert shown["cells"] == expected.ravel().tolist()
        assert (shown["xEdges"][0], shown["xEdges"][-1]) == (window[0], window[1])
        zoomed_out += expected.size < (window[1] - window[0]) * (window[3] - window[2])

        bins = shown["bins"]
        assert (bins[0]["count"], bins[-1]["count"]) == (shown["dead"], shown["saturated"])
        for bar in bins:
            inside = (run.counts >= bar["low"]) & (run.counts <= bar["high"])
            assert bar["count"] == inside.sum()
        assert sum(bar["count"] for bar in bins) == neurons

        places = {"": run.counts, "dead": run.dead, "saturated": run.saturated}[raster.highlight]
        on_map = places.sum(0) if places[0].size > 1 else places
        assert shown["map"] == on_map.ravel().tolist()
    raster.close()
    assert zoomed_out > 5  # some pictures hold more neurons than pixels


def test_the_summary_says_the_numbers(opened):
    raster = SpikeRaster(guess="none")
    run = raster.trace()
    page = opened(raster)
    text = page.locator(".sv-summary").inner_text()
    assert f"{run.counts.size:,} neurons" in text
    assert f"{int(run.counts.sum()):,} spikes" in text
    assert f"rate {run.rate:.4f}" in text
    assert f"{run.dead.sum():,} ({100 * run.dead.mean():.1f}\u00a0%) dead" in text
    page.get_by_label("Sample", exact=True).select_option("0")
    one = SpikeRaster(sample=0)
    page.locator(".sv-summary").filter(has_text=f"rate {one.trace().rate:.4f}").wait_for()
    assert page.locator(".sv-summary").inner_text().startswith("Sample 0 (a ")
    one.close()


# ---------------------------------------------------------------- under the pointer


def place(page, column, row, columns, rows):
    """Where a cell of the whole raster is on the page."""
    box = page.locator(".sv-raster").bounding_box()
    x = box["x"] + 56 + (box["width"] - 72) * (column + 0.5) / columns
    return x, box["y"] + 22 + (box["height"] - 172) * (row + 0.5) / rows


def test_a_neuron_under_the_pointer_is_named_with_its_spikes(opened):
    spikes = noise(12, 1, 3, 4, 5)
    page = opened(SpikeRaster(spikes))
    flat = spikes.reshape(12, 60)
    rng = random.Random(1)
    for _ in range(8):
        step, neuron = rng.randrange(12), rng.randrange(60)
        page.mouse.move(*place(page, step, neuron, 12, 60))
        channel, y, x = np.unravel_index(neuron, (3, 4, 5))
        name = f"neuron {neuron} = (channel {channel}, y {y}, x {x}), step {step + 1}: "
        told = page.locator(".sv-looked").filter(has_text=name)
        told.filter(has_text="fires" if flat[step, neuron] else "silent").wait_for()
        train, rate = "".join(str(int(s)) for s in flat[:, neuron]), flat[:, neuron].mean()
        own = f"rate {float(f'{rate:.4f}'):g}, {flat[:, neuron].sum()} spike"
        assert own in told.inner_text()
        assert told.inner_text().endswith(train)


def test_a_bin_says_how_many_of_how_many(opened):
    spikes = noise(10, 20_000)
    page = opened(SpikeRaster(spikes))
    page.mouse.move(*place(page, 3, 10_000, 10, 20_000))
    told = page.locator(".sv-looked").filter(has_text=" possible")
    told.wait_for()
    neurons, step, fired, cells = map(
        int,
        re.search(r"(\d+) neurons, step (\d+): (\d+) spikes? of (\d+)", told.inner_text()).groups(),
    )
    first = int(re.search(r"The first is neuron (\d+)", told.inner_text())[1])
    assert (step, cells) == (4, neurons)
    assert abs(first + neurons / 2 - 10_000) < 2 * neurons
    assert fired == spikes[3, first : first + neurons].sum()


def test_a_click_keeps_a_neuron_and_escape_lets_it_go(opened):
    page = opened(SpikeRaster(noise(12, 60)))
    page.mouse.click(*place(page, 5, 17, 12, 60))
    becomes(page, "neuron", 17)
    page.mouse.move(2, 2)
    page.locator(".sv-looked").filter(has_text="The neuron that you clicked: neuron 17").wait_for()
    page.locator(".sv-raster").press("Escape")
    becomes(page, "neuron", None)


# ---------------------------------------------------------------- zoom and pan


def test_box_double_click_wheel_and_buttons(opened):
    page = opened(SpikeRaster(noise(100, 1000)))
    page.mouse.move(*place(page, 20, 300, 100, 1000))
    page.mouse.down()
    page.mouse.move(*place(page, 59, 499, 100, 1000), steps=3)
    page.mouse.up()
    page.wait_for_function("document.getElementById('view').model.get('window').length")
    first, last, top, bottom = value(page, "window")
    assert (first, last) == (20, 60)
    assert abs(top - 300) <= 3
    assert abs(bottom - 500) <= 3
    assert value(page, "neuron") is None  # a drag is no click
    page.locator(".sv-raster").dblclick()
    becomes(page, "window", [])
    page.mouse.move(*place(page, 50, 500, 100, 1000))
    page.mouse.wheel(0, -200)
    page.wait_for_function("document.getElementById('view').model.get('window')[1] === 75")
    assert value(page, "window")[:2] == [25, 75]  # half as long, around the pointer
    page.get_by_role("button", name="Zoom out").click()
    becomes(page, "window", [])
    page.get_by_role("button", name="Zoom in").click()
    becomes(page, "window", [25, 75, 250, 750])
    page.get_by_role("button", name="Show all of the raster").click()
    becomes(page, "window", [])


def test_the_wheel_stays_the_pages_until_the_pointer_moves_on_the_raster(opened):
    page = opened(SpikeRaster(noise(100, 1000)), height=500)
    before = page.evaluate("document.documentElement.scrollTop")
    page.mouse.move(*place(page, 50, 500, 100, 1000))
    page.mouse.wheel(0, 150)  # all is in view: there is nothing to zoom out of
    page.wait_for_function(f"document.documentElement.scrollTop > {before}")
    assert value(page, "window") == []


def test_the_keys_walk_zoom_and_move_the_view(opened):
    page = opened(SpikeRaster(noise(100, 1000), window=[0, 20, 0, 100]))
    raster = page.locator(".sv-raster")
    raster.press("ArrowDown")  # enters at the top
    raster.press("ArrowDown")
    raster.press("ArrowRight")
    told = page.locator(".sv-looked")
    told.filter(has_text="neuron 1, step 2:").wait_for()
    raster.press("Enter")
    becomes(page, "neuron", 1)
    for _ in range(10):
        raster.press("PageDown")
    told.filter(has_text="neuron 101, step 2:").wait_for()
    becomes(page, "window", [0, 20, 2, 102])  # it follows
    raster.press("Shift+ArrowRight")
    becomes(page, "window", [5, 25, 2, 102])
    raster.press("-")
    becomes(page, "window", [0, 40, 0, 200])
    raster.press("0")
    becomes(page, "window", [])


def test_the_overview_moves_the_view(opened):
    page = opened(SpikeRaster(noise(100, 1000)))
    box = page.locator(".sv-overview").bounding_box()
    high = box["height"] - 172
    page.mouse.move(box["x"] + 32, box["y"] + 22 + 0.5 * high)
    page.mouse.down()
    page.wait_for_function("document.getElementById('view').model.get('window').length")
    first, last, top, bottom = value(page, "window")
    assert (first, last, bottom - top) == (0, 100, 125)  # a first look: an eighth
    assert abs((top + bottom) / 2 - 500) < 5
    page.mouse.move(box["x"] + 32, box["y"] + 22 + 0.8 * high)
    page.mouse.up()
    page.wait_for_function("document.getElementById('view').model.get('window')[2] > 700")
    assert abs(sum(value(page, "window")[2:]) / 2 - 800) < 5
    page.locator(".sv-overview").press("ArrowUp")
    page.wait_for_function("document.getElementById('view').model.get('window')[2] < 710")


# ---------------------------------------------------------------- channels, dead, saturated


@pytest.mark.parametrize("order", ["index", "rate", "channel"])
def test_a_channel_is_clicked_to_see_its_neurons(opened, order):
    spikes = noise(30, 1, 8, 4, 4)
    raster = SpikeRaster(spikes, order=order)
    page = opened(raster)
    bars = page.locator(".sv-bars")
    box = bars.bounding_box()
    bars.click(position={"x": 56 + (box["width"] - 72) * 5.5 / 8, "y": 100})
    rank = np.argsort(-spikes.sum((0, 1, 3, 4)), kind="stable").tolist().index(5)
    place = {"index": 5, "rate": 5, "channel": rank}[order]
    becomes(page, "window", [0, 30, 16 * place, 16 * place + 16])
    assert value(page, "order") == ("index" if order == "rate" else order)
    page.locator(".sv-looked").filter(has_text="Channel 5: rate").wait_for()
    bars.press("ArrowLeft")
    page.locator(".sv-looked").filter(
        has_text=f"Channel 4: rate {float(f'{spikes[:, :, 4].mean():.4f}'):g}"
    ).wait_for()
    bars.press("Enter")
    rank = np.argsort(-spikes.sum((0, 1, 3, 4)), kind="stable").tolist().index(4)
    place = {"index": 4, "rate": 4, "channel": rank}[order]
    becomes(page, "window", [0, 30, 16 * place, 16 * place + 16])


def test_dead_and_saturated_are_counted_and_shown_where_they_are(opened):
    spikes = noise(30, 1, 8, 4, 4)
    page = opened(SpikeRaster(spikes))
    dead, full = ~spikes.any((0, 1)), spikes.all((0, 1))
    title = page.locator(".sv-title").filter(has_text=" at each place")
    assert "Rate" in title.inner_text()
    buttons = {
        name: page.get_by_role("button", name=f" {name}: ") for name in ("dead", "saturated")
    }
    assert buttons["dead"].inner_text() == f"{dead.sum()} dead: never fired"
    assert buttons["saturated"].inner_text() == f"{full.sum()} saturated: fired at every step"
    histogram = page.locator(".sv-histogram")
    width = histogram.bounding_box()["width"]
    for name, x, where in (("saturated", width - 20, full), ("dead", 60, dead)):
        histogram.click(position={"x": x, "y": 100})
        becomes(page, "highlight", name)
        title.filter(has_text=f"Where: {name}").wait_for()
        assert buttons[name].get_attribute("aria-pressed") == "true"
        bright = f"bright: {where.sum(0).max()} of 8."
        page.locator(".sv-caption").filter(has_text=bright).wait_for()
        page.locator(".sv-where").hover(position={"x": 20, "y": 20})
        text = f"Place (y 0, x 0): {where[:, 0, 0].sum()} of 8 {name}."
        page.locator(".sv-looked").filter(has_text=text).wait_for()
    buttons["dead"].click()
    becomes(page, "highlight", "")


def test_100_000_neurons_over_50_steps_show_and_move(opened):
    spikes = np.random.default_rng(0).random((50, 1, 64, 40, 40)) < 0.05
    page = opened(SpikeRaster(spikes))
    total = f"102,400 neurons, 50 steps, {spikes.sum():,} spikes"
    page.locator(".sv-summary").filter(has_text=total).wait_for()
    page.get_by_label("Neurons from top to bottom").select_option("rate")
    page.mouse.move(*place(page, 0, 100, 50, 102_400))
    busiest = spikes.reshape(50, -1).sum(0).max()
    page.locator(".sv-looked").filter(has_text=f"{busiest} spikes in 50 steps").wait_for()
