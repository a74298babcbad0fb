"""What notebook 02 tells a reader to do with SpikeRaster, done with a mouse."""

import numpy as np

from spikeviz import SpikeRaster


def test_the_steps_go_by_in_both_layers_and_the_neurons_are_ordered(opened, told):
    told("02_spikes_in_time", "Press Play, change Layer and play again. Order the neurons by rate.")
    counts = np.arange(4) + 1  # how often each of four neurons fires in eight steps
    early = np.arange(8)[:, None] < counts
    page = opened(SpikeRaster({"early": early, "late": early[::-1].copy()}))
    page.locator(".sv-title").get_by_text("How many neurons have which rate").wait_for()
    page.evaluate("""() => document.addEventListener("spikeviz:drawn", () => {
        const told = document.querySelector(".sv-looked").innerText;
        if (told.startsWith("Step 1\\n")) window.first ??= told;
    })""")
    firing = {}
    for layer in ("early", "late"):
        page.get_by_label("Layer").select_option(layer)
        page.evaluate("window.first = null")
        page.get_by_role("button", name="Play").click()
        page.wait_for_function("window.first")
        firing[layer] = page.evaluate("first")
        page.get_by_role("button", name="Play").wait_for()  # it has come to its end
    assert "4 spikes: 100\u00a0%" in firing["early"]
    assert "0 spikes: 0\u00a0%" in firing["late"]
    page.get_by_label("Neurons from top to bottom").select_option("rate")
    box = page.locator(".sv-raster").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 30)  # the first row
    page.locator(".sv-looked", has_text="neuron 3").wait_for()
