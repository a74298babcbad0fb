"""DigitReader from its saved page: the same spikes as Python, and a hand that draws."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from playwright.sync_api import expect

from spikeviz import DigitReader

READ = """({ image, steps }) => ({
    image: [...image], scores: steps.map(({ scores }) => scores),
    spikes: steps.map(({ spikes }) => spikes.map((layer) => [...layer])),
})"""


def test_the_page_computes_what_python_does(opened, drawn):
    page = opened()
    for digit in range(10):
        found = drawn(page, {"digit": digit}, READ)
        widget = DigitReader(digit=digit)
        run = widget.trace()
        widget.close()
        assert_allclose(np.array(found["image"]) / 255, run.image.ravel(), atol=1e-7)
        for step, layers in enumerate(found["spikes"]):
            for mine, theirs in zip(layers, run.spikes, strict=True):
                assert_array_equal(mine, theirs[step].ravel())
        assert_allclose(found["scores"], run.scores, atol=1e-9)


def stroke(page, *points):
    """Draw with the mouse through these places of the pad, in shares of its side."""
    box = page.locator(".sv-nw-pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def test_a_hand_draws_a_seven_wherever_and_it_is_read(opened):
    page = opened()
    said = page.locator(".sv-summary")
    page.get_by_role("button", name="Clear").click()
    expect(said).to_have_text("Nothing is drawn yet: drag on the pad.")
    stroke(page, (0.15, 0.1), (0.55, 0.1), (0.35, 0.75))
    expect(said).to_contain_text("reads 7,")
    page.get_by_role("button", name="Clear").click()
    expect(said).to_contain_text("Nothing is drawn")
    stroke(page, (0.7, 0.2), (0.7, 0.8))
    expect(said).to_contain_text("reads 1,")
    page.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text("Nothing is drawn")
    page.get_by_role("button", name="A test digit").click()
    expect(said).to_contain_text("reads 4,")
    expect(said).to_contain_text("it is a test digit, a 4")
