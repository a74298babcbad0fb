"""TrainingMonitor in the page: the numbers on show are the log's, and Stop ends a loop."""

import math
import random

import numpy as np

from spikeviz import TrainingMonitor


def test_hovering_says_what_each_run_had_there(opened, monitor_of, log_of):
    rng = random.Random(0)
    losses = [rng.random() for _ in range(50)]
    two = log_of([loss / 2 for loss in losses])
    monitor = monitor_of(one=log_of(losses, every=10), two=two)
    smoothed = monitor.logs["one"].smoothed("loss", monitor.smoothing)
    page = opened(monitor)
    canvas = page.locator("canvas").first
    box = canvas.bounding_box()
    plot = box["width"] - 14 - 46
    for place in (0, 12, 30, 49):
        canvas.hover(position={"x": 46 + plot * place / 49, "y": 60})
        words = page.locator(".sv-reading").nth(0)
        words.filter(has_text=f"step {4 * (place + 1)},").wait_for()
        assert f"loss {round(losses[place], 3):g} (smoothed {round(smoothed[place], 3):g})" in (
            words.inner_text()
        )
    page.get_by_role("checkbox", name="one").click()  # hide a run
    page.wait_for_function("document.querySelectorAll('.sv-reading').length === 1")
    assert page.locator(".sv-reading").inner_text().startswith("two")
    assert page.evaluate("document.getElementById('view').model.get('hidden')") == ["one"]


def test_the_axis_can_be_time_and_the_keys_move_through_the_run(opened, monitor_of, log_of):
    page = opened(monitor_of(one=log_of([1.0, 0.5, 0.25, 0.125])))
    page.get_by_label("Along").select_option("seconds")
    canvas = page.locator("canvas").first
    canvas.press("PageUp")  # a tenth of the way: still next to the first row
    page.locator(".sv-reading", has_text="step 4,").wait_for()
    for _ in range(9):
        canvas.press("PageUp")
    page.locator(".sv-reading", has_text="step 16,").wait_for()
    assert "loss 0.125" in page.locator(".sv-reading").inner_text()


def test_smoothing_in_the_page_is_that_of_python(opened, monitor_of, log_of):
    losses = [math.nan if i % 7 == 3 else 1 + math.sin(i) for i in range(60)]
    log = log_of(losses)
    page = opened(monitor_of(one=log))
    for smoothing in (1, 35, 200):
        page.get_by_role("spinbutton", name="Smoothing").fill(str(smoothing))
        page.get_by_role("spinbutton", name="Smoothing").press("Enter")
        last = np.float64(log.smoothed("loss", smoothing)[-1])
        page.locator(".sv-reading", has_text=f"(smoothed {round(last, 3):g})").wait_for()


def test_the_layer_under_the_pointer_is_named(opened):
    page = opened(TrainingMonitor())
    canvas = page.locator("canvas[aria-label^='firing rate']")
    canvas.press("ArrowDown")
    page.locator(".sv-reading", has_text="rate of stem_to_stream.0: ").wait_for()
    canvas.press("ArrowDown")
    page.locator(".sv-reading", has_text="rate of stages.0.0.0: ").wait_for()
    page.locator(".sv-title", has_text="rate of stages.0.0.0: 0.05").wait_for()  # its curve's


def test_each_plot_is_read_at_the_place_that_is_pointed_at(opened):
    page = opened()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Pause").click()
    for canvas in page.locator("canvas").all():  # they differ in width
        width = canvas.bounding_box()["width"]
        bars = round(0.16 * width) if "rate, layer" in canvas.get_attribute("aria-label") else 0
        canvas.hover(position={"x": 46 + 0.75 * (width - 60 - bars), "y": 60})
        words = page.locator(".sv-reading", has_text="spiking Micro")
        words.filter(has_text="step 360,").wait_for()
