"""What notebook 03 tells a reader to do with SurrogateExplorer, done with a real mouse."""

import re

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


def test_walk_the_descent_then_switch_the_surrogate_on(opened, told):
    told("03_surrogate_gradients", "Walk the descent, then switch the surrogate on and walk again.")
    told(
        "03_surrogate_gradients", "Then move α and look at the histogram.".replace("α", "$\\alpha$")
    )
    page = opened(SurrogateExplorer(time_steps=10, target=4, weight=0.6))
    press(page, page.get_by_role("button", name="Step", exact=True))
    page.get_by_text("True slope 0: descent does not move it.").wait_for()
    press(page, page.get_by_text("surrogate on", exact=True))
    press(page, page.get_by_role("button", name="▶ Play"))
    page.get_by_text("4 spikes, 4 wanted, loss 0. No error, no gradient: it rests").wait_for(
        timeout=20_000
    )
    before = page.locator(".sv-summary").nth(1).inner_text()
    drag(page, "Slope α, drag the edge of the dead zone", 14)
    assert page.locator(".sv-summary").nth(1).inner_text() != before


def test_drag_the_orange_point_open_more_and_make_alpha_large(opened, told):
    told("03_surrogate_gradients", "Drag the orange point to both sides of 0.")
    told("03_surrogate_gradients", "Then open More at the top, untick leave the reset out of the")
    told("03_surrogate_gradients", "make α large (drag the small blue point).")
    for scheme in ("light", "dark"):
        page = opened(SurrogateExplorer(time_steps=8, at=-0.1), color_scheme=scheme)
        assert 15 < hue(page, ".sv-point:not(.sv-slope)") < 45
        assert 180 < hue(page, ".sv-slope") < 250
    said = page.locator(".sv-summary").first
    drag(page, "Distance to the threshold, u", 40)
    said.filter(has_text="a spike, Θ = 1").wait_for()
    drag(page, "Distance to the threshold, u", -60)
    said.filter(has_text="no spike, Θ = 0").wait_for()
    press(page, page.locator("summary"))
    press(page, page.get_by_text("leave the reset out of the gradient"))
    assert value(page, "detach_reset") is False
    drag(page, "Slope α, drag σ' wider or narrower", -11)
    assert value(page, "alpha") > 3
