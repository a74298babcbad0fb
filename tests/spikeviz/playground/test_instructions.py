"""What notebook 03 tells a reader to do with SpikingPlayground, done with a real mouse."""

import re

from playwright.sync_api import expect

from spikeviz import SpikingPlayground


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def test_see_the_silent_learn_click_the_plane_and_put_thresholds_out_of_reach(opened, told):
    told("03_surrogate_gradients", "Press ↺ Reset and ▶ Train to see the beginning again. Click")
    told("03_surrogate_gradients", "into the plane: below, that point drives every membrane.")
    told("03_surrogate_gradients", "Thresholds out of reach. Predict: do they wake up? Then choose")
    told("03_surrogate_gradients", "Atan, and train on.")
    page = opened(SpikingPlayground(thresholds=[[1.0]]), width=1400, height=1000)
    said = page.locator(".sv-summary").first
    expect(said).to_contain_text(re.compile(r"After .* 9\d\s% of"), timeout=60_000)  # by itself
    if page.get_by_role("button", name="❚❚ Pause").count():
        press(page, "❚❚ Pause")
    press(page, "↺ Reset")
    expect(said).to_contain_text("8 dead")
    page.locator(".sv-pg-plane").click(position={"x": 40, "y": 30})
    expect(page.get_by_text(re.compile(r"Point \(−0\.\d+, 0\.\d+\)"))).to_be_visible()

    press(page, "Thresholds out of reach")
    press(page, "All neurons stay dead")
    page.get_by_text("Dead neurons: 8 of 8 with V_th = 4").wait_for(timeout=60_000)
    page.get_by_label("Surrogate", exact=True).select_option("Atan")
    press(page, "▶ Train")
    expect(said).not_to_contain_text("8 dead", timeout=60_000)
