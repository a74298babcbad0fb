"""What notebook 04 tells a reader to do with SpikeBlockExplorer, done with a real mouse."""

import re

from spikeviz import SpikeBlockExplorer


def press(page, locator, at=(0.5, 0.5)):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    page.mouse.click(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])


def value(page, name):
    return page.evaluate("(name) => document.getElementById('view').model.get(name)", name)


def test_press_play_click_a_pixel_and_move_amplitude(opened, told):
    told("04_spk_blocks", "Press ▶ Play.")
    told("04_spk_blocks", "Click a pixel of the picture at the right to see its membrane.")
    told("04_spk_blocks", "Then move Amplitude.")
    told("04_spk_blocks", "The five tiles at the bottom show the same input in all five blocks.")
    page = opened(SpikeBlockExplorer(block="sl", cursor=0))
    press(page, page.get_by_role("button", name="▶ Play"))
    page.locator(".sv-clock", has_text="step 3 of 16").wait_for()
    press(page, page.get_by_role("button", name="❚❚ Pause"))
    press(page, page.locator(".sv-detail"), (0.35, 0.2))
    place = page.locator(".sv-look .sv-caption").first
    place.filter(has_text=f"Row {value(page, 'row')}, column {value(page, 'column')}").wait_for()
    before = page.locator(".sv-summary").inner_text()
    press(page, page.get_by_label("Amplitude", exact=True), (0.2, 0.5))
    assert page.locator(".sv-summary").inner_text() != before
    assert page.locator(".sv-card").count() == 5


def test_drag_the_dashed_line_of_lif2_until_it_fires(opened, told):
    told("04_spk_blocks", "Drag the dashed line over its membrane, and look at box LIF₂.")
    told("04_spk_blocks", "Click the box 1×1 conv too.")
    page = opened(SpikeBlockExplorer(block="rl", second_threshold=1.0, selected="second", cursor=3))
    rate = lambda: float(  # noqa: E731
        re.search(
            r"([\d.]+)\u00a0%",
            page.locator(".sv-box[aria-label^='LIF₂']").get_attribute("aria-label"),
        )[1]
    )
    assert rate() == 0
    line = page.get_by_role("slider", name="Threshold of the chosen LIF, drag it").bounding_box()
    x, y = line["x"] + 40, line["y"] + line["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 0.4 * line["height"] * 2, steps=6)
    page.mouse.up()
    assert value(page, "second_threshold") < 0.9375
    assert rate() > 0
    press(page, page.locator(".sv-box[aria-label^='1×1 conv']"))
    page.locator(".sv-look", has_text="Box 1×1 conv").wait_for()
