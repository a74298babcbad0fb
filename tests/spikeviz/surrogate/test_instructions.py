"""What notebook 03 tells a reader to do with SurrogateExplorer, done with a real mouse."""

import re

from playwright.sync_api import expect

from spikeviz import SurrogateExplorer


def drag(page, name, by):
    box = page.get_by_role("slider", name=name, exact=True).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=5)
    page.mouse.up()


def press(page, locator):
    box = locator.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def value(page, name):
    return page.evaluate("(name) => document.getElementById('view').model.get(name)", name)


def hue(page, selector):
    """Of what stands there, in degrees: red 0, orange 15 to 45, blue 180 to 250."""
    colour = page.locator(selector).first.evaluate("(one) => getComputedStyle(one).backgroundColor")
    r, g, b = (int(part) for part in re.findall(r"\d+", colour)[:3])
    high, low = max(r, g, b), min(r, g, b)
    turn = {r: (g - b) / (high - low), g: 2 + (b - r) / (high - low), b: 4 + (r - g) / (high - low)}
    return 60 * turn[high] % 360


def test_play_the_descent_then_tick_the_surrogate_and_play_again(opened, told):
    told("03_surrogate_gradients", "Press ▶ Play: the descent, without the surrogate. Then tick")
    told("03_surrogate_gradients", "surrogate on and press ▶ Play again.")
    page = opened(SurrogateExplorer(parts=["loss"], time_steps=10, target=4, weight=0.6))
    assert page.get_by_role("button", name="Nowhere").count() == 0  # the notebook asks
    play = page.get_by_role("button", name=re.compile("Play|Pause"))
    press(page, play)
    page.get_by_text("step 1 of 60").wait_for()
    page.get_by_text("True slope 0: descent does not move it.").wait_for()
    press(page, page.get_by_text("surrogate on", exact=True))
    page.get_by_role("button", name="▶ Play").wait_for()  # the first walk has ended
    press(page, play)
    page.get_by_text("4 spikes, 4 wanted, loss 0. No error, no gradient: it rests").wait_for(
        timeout=20_000
    )


def test_drag_the_point_to_two_and_choose_the_other_surrogate(opened, told):
    told("03_surrogate_gradients", "drag the orange point to $u = 2$, then choose the other")
    page = opened(SurrogateExplorer(parts=["step"]))
    assert 15 < hue(page, ".sv-point:not(.sv-slope)") < 45
    handle, said = "Distance to the threshold, u", page.locator(".sv-summary:visible")
    drag(page, handle, 210)
    expect(said).to_contain_text("a spike, Θ = 1")
    assert 1.5 < value(page, "at") < 2.5
    before = said.inner_text()
    page.get_by_label("Surrogate", exact=True).select_option("Sigmoid")
    expect(said).not_to_have_text(before)
    expect(page.locator(".sv-third:visible")).to_have_count(1)


def test_drag_the_edge_of_the_dead_zone(opened, told):
    told("03_surrogate_gradients", "Drag the orange point, or move α, slope.")
    page = opened(SurrogateExplorer(parts=["layer"]))
    said = page.locator(".sv-summary:visible")
    before = said.inner_text()
    drag(page, "Slope α, drag the edge of the dead zone", 14)
    expect(said).not_to_have_text(before)
