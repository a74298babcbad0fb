"""PhotoExplorer in a page: the same numbers as Python, and what a hand does."""

import re

import pytest
from playwright.sync_api import expect

READ = """({ error, bits, counts, picture }) =>
    ({ error, bits, counts: [...counts], picture: [...picture] })"""


def test_the_page_and_python_read_the_same(opened, made, drawn):
    page = opened(reduced_motion="reduce")
    for neuron, time_steps, noise in [
        ("hard reset", 5, 0.0), ("soft reset", 16, 0.0), ("soft, no leak", 64, 0.0),
        ("hard reset", 8, 0.1), ("soft reset", 3, 0.8), ("hard reset", 0, 0.0),
    ]:  # fmt: skip
        change = {"neuron": neuron, "time_steps": time_steps, "noise": noise}
        shown, run = drawn(page, change, READ), made(**change).trace()
        assert shown["counts"] == run.counts.ravel().tolist(), change
        assert shown["picture"] == pytest.approx(run.picture.ravel(), abs=1e-12)
        assert (shown["error"], shown["bits"]) == pytest.approx((run.error, run.bits), abs=1e-9)


def test_the_slider_of_t_leaves_dots_which_can_be_cleared(opened, made):
    page = opened(reduced_motion="reduce")
    curve = page.locator(".sv-photo-curve")
    picture = "(one) => one.toDataURL()"
    one_dot = curve.evaluate(picture)
    scrub = page.get_by_label("T, time steps", exact=True)
    for _ in range(4):
        scrub.press("ArrowRight")
    different = len(set(made(time_steps=8).trace().counts.ravel()))
    expect(page.locator(".sv-summary")).to_contain_text(
        f"hard reset, T = 8: {different} different counts"
    )
    for _ in range(4):
        scrub.press("ArrowLeft")
    expect(page.locator(".sv-summary")).to_contain_text("T = 4")
    assert curve.evaluate(picture) != one_dot
    page.get_by_role("button", name="Clear the dots").click()
    page.wait_for_function(
        "(was) => document.querySelector('.sv-photo-curve').toDataURL() === was", arg=one_dot
    )


def test_a_pixel_that_is_pointed_at_tells_its_train(opened, made):
    page = opened(reduced_motion="reduce")
    box = page.locator(".sv-photo-read").bounding_box()
    page.mouse.move(box["x"] + 0.301 * box["width"], box["y"] + 0.502 * box["height"])
    told = page.locator(".sv-photo-pixel")
    expect(told).to_contain_text("Row 48, column 28:")
    run = made().trace()
    train = "".join("▲" if spike else "·" for spike in run.spikes[:, 48, 28])
    assert f"spikes {train}, count {run.counts[48, 28]}," in told.inner_text()
    assert re.search(r"read as 0\.\d+", told.inner_text())
