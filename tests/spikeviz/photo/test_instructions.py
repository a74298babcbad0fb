"""What notebook 02 tells a reader to do with PhotoExplorer, done with a mouse."""

from playwright.sync_api import expect

from spikeviz import PhotoExplorer

TIME = "02_spikes_in_time"


def slide(page, label, share):
    """Drag the thumb of a slider there, 0 at its left end and 1 at its right."""
    slider = page.get_by_role("slider", name=label, exact=True)
    box = slider.bounding_box()
    low, high, now = (float(slider.evaluate(f"(one) => one.{name}")) for name in
                      ("min", "max", "value"))  # fmt: skip
    at = lambda part: box["x"] + 8 + (box["width"] - 16) * part  # noqa: E731
    y = box["y"] + box["height"] / 2
    page.mouse.move(at((now - low) / (high - low)), y)
    page.mouse.down()
    page.mouse.move(at(share), y, steps=6)
    page.mouse.up()


def test_drag_t_choose_no_leak_play_and_point_at_a_pixel(told, opened):
    told(TIME, "Drag the slider of T from 4 to 16. Then choose soft, no leak under Neuron")
    told(TIME, "Press ▶ Play for all $T$. Point at a pixel: its train stands below.")
    page = opened(reduced_motion="reduce")
    summary = page.locator(".sv-summary")
    expect(summary).to_contain_text("hard reset, T = 4")
    slide(page, "T, time steps", 16 / 64)
    expect(summary).to_contain_text("hard reset, T = 16")
    error = PhotoExplorer(time_steps=16).trace().error
    expect(summary).to_contain_text(f"error {error:.3f}")
    page.get_by_label("Neuron", exact=True).select_option("soft, no leak")
    expect(summary).to_contain_text("soft, no leak, T = 16")
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".sv-clock")).not_to_have_text("T = 16")
    page.get_by_role("button", name="Pause").click()
    page.locator(".sv-photo-photo").hover(position={"x": 30, "y": 30})
    expect(page.locator(".sv-photo-pixel")).not_to_contain_text("Row 48, column 48")


def test_move_the_noise(told, opened):
    told(TIME, "$T = 16$, hard reset, and move Noise of the current from 0 to 0.1.")
    page = opened(PhotoExplorer(time_steps=16), reduced_motion="reduce")
    slide(page, "Noise of the current", 1 / 8)
    error = PhotoExplorer(time_steps=16, noise=0.1).trace().error
    expect(page.locator(".sv-summary")).to_contain_text(f"error {error:.3f}")
