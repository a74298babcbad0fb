"""What notebook 08 tells a reader to do with PartitionExplorer, done with a real mouse."""

import numpy as np

from spikeviz import PartitionExplorer

NOTEBOOK = "08_grid_and_window"
TOP = 22  # pixels of a title above a picture


def says(page, selector, text):
    page.locator(selector).filter(has_text=text).first.wait_for()


def press(page, name, which=0):
    """Click on a button's middle."""
    button = page.get_by_role("button", name=name, exact=True).nth(which)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def drag(page, name, right, down):
    """Drag the slider of this name from its middle."""
    handle = page.get_by_role("slider", name=name)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def test_copies_fly_by_themselves_and_stop_at_the_stops(kept, made, told):
    told(NOTEBOOK, "Run the cell: copies of the pixels fly into token order")
    told(NOTEBOOK, "Click on the stops image, groups, tokens, merged, or press ▶ Play.")
    page = kept(made(partition="grid", size=7, resolution=28))
    says(page, ".sv-play", "Pause")
    for stop in ("image", "groups", "tokens", "merged"):
        press(page, stop)
        says(page, ".sv-clock", stop)
    press(page, "▶ Play")
    says(page, ".sv-clock", "partition …")


def test_both_groups_of_the_pixel_under_the_pointer_light_up(kept, made, told):
    told(
        NOTEBOOK, "both groups of the pixel under your pointer light up, and beams go to their keys"
    )
    told(NOTEBOOK, "Click on a side: the numbers below are that side's.")
    page = kept(made(partition="grid"), reduced_motion="reduce")
    box = page.locator(".sv-flight").bounding_box()
    side = (box["width"] - 52) / 3
    left = box["x"] + (box["width"] - side) / 2
    row, column = 20, 5
    cell = side / 28
    look = """([x, y]) => {
        const canvas = document.querySelector(".sv-flight");
        const k = canvas.width / canvas.clientWidth;
        return [...canvas.getContext("2d").getImageData(x * k, y * k, 1, 1).data.slice(0, 3)];
    }"""

    def at(r, c):
        return [left - box["x"] + (c + 0.2) * cell, TOP + (r + 0.8) * cell]

    mates = {"window": (15, 1), "grid": (4, 25)}  # of (20, 5), and not of (9, 12)
    for name, mate in mates.items():
        run = PartitionExplorer(partition=name).trace()
        assert run.group[mate] == run.group[row, column] != run.group[9, 12]
    before = {name: page.evaluate(look, at(*mate)) for name, mate in mates.items()}
    page.mouse.move(left + (column + 0.5) * cell, box["y"] + TOP + (row + 0.5) * cell)
    says(page, ".sv-summary", "grid, size 7: pixel (20, 5)")
    for name, mate in mates.items():
        now = page.evaluate(look, at(*mate))
        assert np.abs(np.subtract(now, before[name])).max() > 40, name  # no longer pale
    page.mouse.click(box["x"] + 50, box["y"] + TOP + 50)
    says(page, ".sv-summary", "window, size 7")


def test_a_map_of_7_is_one_group_on_both_sides(kept, made, told):
    told(NOTEBOOK, "Now choose a map of 7 × 7. Both sides show the same: one group, the whole map.")
    page = kept(made(), reduced_motion="reduce")
    page.get_by_label("Map of pixels").select_option("7")
    for name in ("grid", "window"):
        page.get_by_label("Partition", exact=True).select_option(name)
        says(page, ".sv-summary", "1 group of 49 tokens")


def test_with_the_convolution_the_news_spreads_as_a_wave(kept, made, told, passing):
    told(NOTEBOOK, "tick the convolution and press ▶ Play: the news of any pixel spreads as a wave")
    page = kept(made(layers=0))
    box = page.get_by_label("a 7×7 convolution")
    box.scroll_into_view_if_needed()
    box.click()
    run = PartitionExplorer(partition="window", convolution=True, layers=2).trace()
    clock, caption = passing(page, ".sv-clock"), passing(page, "figcaption")
    press(page, "▶ Play", which=1)
    clock.wait("on the way to")
    caption.wait(f"window: {run.reached[2].sum()} of 784")
    caption.wait("grid: 784 of 784, 100")


def test_the_squares_are_dragged_and_are_to_scale(kept, made, told):
    told(NOTEBOOK, "drag the side of an orange square, or the corner of the blue one")
    page = kept(made(), reduced_motion="reduce")
    says(page, ".sv-against", "784² = 614,656 against 16 · 49² = 38,416")
    drag(page, "Side of a group's square", 60, 0)
    says(page, ".sv-against", "784² = 614,656 against 4 · 196² = 153,664")
    drag(page, "Side of the map's square", 40, 40)
    says(page, ".sv-against", "3,136² = 9,834,496 against 16 · 196² = 614,656")
