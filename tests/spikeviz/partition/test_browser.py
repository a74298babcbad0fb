"""PartitionExplorer in its saved page: the numbers of spikeatconv, hands, flight, own pictures."""

import io
import json
import random
import re

import numpy as np
import pytest
from PIL import Image

from spikeviz import PartitionExplorer
from spikeviz.partition.explorer import NAMES, RESOLUTIONS, average_colours

SHOWN = """([change, name]) => new Promise((resolve) => {
    const model = document.getElementById("view").model;
    const same = ({ detail }) => Object.entries(change).every(([key, value]) => ({
        partition: detail.name, resolution: detail.side, size: detail.size, heads: detail.heads,
        pixel: JSON.stringify([detail.row, detail.column]), layers: detail.layers,
        convolution: detail.convolution, flight: detail.flight,
    })[key] === (key === "pixel" ? JSON.stringify(value) : value));
    const done = (event) => {
        if (!same(event)) return;
        document.removeEventListener("spikeviz:drawn", done);
        const { detail } = event;
        const part = detail.parts[name];
        resolve(JSON.stringify({
            order: [...part.order], group: [...part.group], token: [...part.token],
            reached: detail.reached[name].map((one) => one.join("")), costs: detail.costs[name],
            boxes: [...detail.boxes], row: detail.row, column: detail.column,
        }));
    };
    document.addEventListener("spikeviz:drawn", done);
    for (const [key, value] of Object.entries(change)) model.set(key, value);
    model.set("guess", { of: String(Math.random()) }); // a drawing even if nothing else is new
})"""
# The colour of the flight's canvas at a point of it.
COLOUR = """([x, y]) => {
    const canvas = document.querySelector(".sv-flight");
    const [kx, ky] = [canvas.width / canvas.clientWidth, canvas.height / canvas.clientHeight];
    const at = [x * kx, y * ky].map(Math.round);
    return [...canvas.getContext("2d").getImageData(...at, 1, 1).data.slice(0, 3)];
}"""


def show(page, change: dict, name: str = "grid") -> dict:
    """Set traits in the page; what its next drawing shows of partition `name`."""
    return json.loads(page.evaluate(SHOWN, [change, name]))


@pytest.fixture
def saved(new_page, tmp_path):
    """Open a saved explorer: saved(PartitionExplorer(...), **options of the page)."""

    def open_saved(explorer=None, **options):
        path = (explorer or PartitionExplorer()).save_html(tmp_path / "partition.html")
        page = new_page(offline=True, **options)
        page.goto(path.as_uri())
        summary(page).wait_for()
        page.wait_for_function(f"({COLOUR})([100, 200]).join() !== '128,128,128'")  # decoded
        return page

    return open_saved


def summary(page, text=" "):
    return page.locator(".sv-summary", has_text=text)


def random_settings(rng: random.Random, name: str) -> dict:
    side = rng.choice(RESOLUTIONS)
    return {
        "partition": name,
        "resolution": side,
        "size": rng.choice([n for n in range(2, side + 1) if side % n == 0]),
        "pixel": [rng.randrange(side), rng.randrange(side)],
        "layers": rng.randrange(7),
        "convolution": rng.random() < 0.7,
        "heads": rng.randrange(1, 17),
    }


@pytest.mark.parametrize("name", NAMES)
def test_groups_reach_and_costs_are_those_of_python(saved, name):
    page = saved()
    rng = random.Random(name)
    explorer = PartitionExplorer()
    spread = set()
    for _ in range(16):
        p = random_settings(rng, name)
        if p["resolution"] % page.evaluate("document.getElementById('view').model.get('size')"):
            show(page, {"resolution": 56, "size": 7}, name)  # each step must be allowed
        shown = show(page, p, name)
        with explorer.hold_trait_notifications():
            for key, value in p.items():
                setattr(explorer, key, value)
        truth = explorer.trace()
        assert shown["order"] == truth.order.ravel().tolist(), p
        assert shown["group"] == truth.group.ravel().tolist(), p
        assert shown["token"] == truth.token.ravel().tolist(), p
        reached = ["".join(map(str, one.astype(int).ravel())) for one in truth.reached]
        assert shown["reached"] == reached, p
        assert shown["costs"] == {
            "entries": truth.entries, "bytes": truth.memory, "flops": truth.flops,
        }  # fmt: skip
        spread.add(truth.reached[-1].mean() if p["layers"] else 0)
    assert len(spread) > 3 or name == "full"  # the draw was not one of the same case


def test_the_way_back_is_the_way_there(saved):
    """At each place of the flight, boxes on the way there equal those on the way back."""
    page = saved()
    for place in (0, 0.2, 0.5, 0.77):
        there, back = (show(page, {"flight": at})["boxes"] for at in (place, 2 - place))
        np.testing.assert_allclose(there, back, atol=1e-3)
    start, end = (show(page, {"flight": at}, "grid") for at in (0, 1))
    assert not np.allclose(start["boxes"], end["boxes"])
    for k, pixel in enumerate(start["order"]):  # at the start each copy lies on its pixel
        x, y, width, _ = start["boxes"][4 * k : 4 * k + 4]
        assert (round(x / width), round((y - 22) / width)) == (pixel % 28, pixel // 28)
    rows = np.reshape(end["boxes"], (16, 49, 4))  # [group, token]
    assert (np.diff(rows[:, :, 0], axis=1) > 0).all()  # a token stands right of the one before
    assert (np.diff(rows[:, :, 1], axis=0) > 0).all()  # a group below the one before
    assert (np.ptp(rows[:, :, 1], axis=1) == 0).all()


def test_the_tokens_have_the_photographs_average_colours(saved):
    explorer = PartitionExplorer(flight=1.0, pixel=(9, 12))
    page = saved(explorer)
    boxes = np.reshape(show(page, {"flight": 1})["boxes"], (16, 49, 4))
    colours = average_colours(explorer.image, 28).reshape(-1, 3) * 255
    order = explorer.trace().order
    for token in (0, 10, 24, 40):
        x, y, width, height = boxes[4, token]  # the group of pixel (9, 12), so in full colour
        shown = page.evaluate(COLOUR, [x + width / 3, y + height / 3])
        np.testing.assert_allclose(shown, colours[order[4, token]], atol=6)


def test_a_pixel_under_the_pointer_lights_its_group_in_the_map_and_among_the_tokens(saved):
    page = saved(PartitionExplorer(flight=1.0, partition="window"))
    boxes = show(page, {"flight": 1}, "window")["boxes"]
    flight = page.locator(".sv-flight")
    cell = boxes[2]
    in_the_map = show(page, {"flight": 0}, "window")["boxes"][2]
    show(page, {"flight": 1}, "window")
    flight.hover(position={"x": 10.5 * in_the_map, "y": 22 + 20.5 * in_the_map})
    summary(page, "pixel (20, 10) is token 45 of group 9.").wait_for()
    run = PartitionExplorer(partition="window").trace()
    group, token = 13, 30
    x, y = boxes[4 * (group * 49 + token) :][:2]
    flight.hover(position={"x": x + cell / 2, "y": y + 5})
    row, column = divmod(int(run.order[group, token]), 28)
    summary(page, f"pixel ({row}, {column}) is token {token} of group {group}.").wait_for()


def test_arrow_keys_choose_the_pixel_and_the_formula_has_its_numbers(saved):
    page = saved(PartitionExplorer(pixel=(0, 27)))
    flight = page.locator(".sv-flight")
    flight.press("ArrowRight")  # at the edge already
    flight.press("ArrowUp")
    for _ in range(3):
        flight.press("ArrowDown")
    flight.press("ArrowLeft")
    summary(page, "pixel (3, 26)").wait_for()
    for name in NAMES:
        page.get_by_label("Partition", exact=True).select_option(name)
        run = PartitionExplorer(partition=name).trace()
        group, token = run.group[3, 26], run.token[3, 26]
        kind = name if name == "full" else f"{name}, size 7"
        summary(page, f"{kind}: pixel (3, 26) is token {token} of group {group}.").wait_for()
        lines = page.locator(".sv-update").first.locator(".sv-line").all_inner_texts()
        pixel, in_group, in_token = (line.split("\n")[-1] for line in lines[:3])
        assert int(in_group.split("=")[-1]) == group
        for text, value in ((in_token, token), (in_group, group)):
            if "=" in text:
                assert eval(text.split("=")[0].replace("·", "*")) == value
        if "=" in pixel:
            assert eval(pixel.split("=")[0].replace("·", "*")) == (3, 26)
        assert f"{name}_partition(x, 7)" in lines[3]


def test_a_finger_chooses_too(saved):
    page = saved(has_touch=True, width=400)
    view = page.locator(".sv-pixels").nth(3)
    width = view.bounding_box()["width"]
    view.tap(position={"x": width * 10.5 / 28, "y": width * 20.5 / 28})
    summary(page, "pixel (20, 10)").wait_for()


def test_the_small_view_that_is_clicked_becomes_the_large_one(saved):
    page = saved()
    page.locator(".sv-pick").nth(1).click()
    summary(page, "window, size 7").wait_for()
    assert page.get_by_label("Partition", exact=True).input_value() == "window"


def test_play_goes_into_token_order_and_back_and_can_be_paused(saved):
    page = saved(PartitionExplorer(flight=0.9))
    clock = page.locator(".sv-clock").first
    button = page.locator(".sv-play").first
    button.click()
    clock.get_by_text("merge …").wait_for()
    button.click()
    place = page.evaluate("document.getElementById('view').model.get('flight')")
    assert 1 < place < 2
    scrub = page.get_by_label("Way into token order and back")
    assert float(scrub.input_value()) == pytest.approx(place, abs=0.01)
    show(page, {"flight": 1.9})
    button.click()
    clock.get_by_text("merged: the image").wait_for()
    button.get_by_text("Play").wait_for()


@pytest.mark.parametrize(
    ("traits", "guess", "verdict"),
    [
        ({}, "yes", "Not so: it never will."),
        ({}, "no", "Right: it never will."),
        ({"convolution": True}, "yes", "Right: it does after layer 1."),
        ({"partition": "window", "convolution": True}, "no", "Right: it does after layer 4."),
        ({"partition": "full"}, "no", "Not so: it does after layer 1."),
    ],
)
def test_the_question_is_answered_for_the_present_settings(saved, traits, guess, verdict):
    page = saved(PartitionExplorer(**traits))
    page.get_by_role("button", name=guess, exact=True).click()
    page.get_by_text(f"You said {guess}. {verdict}").wait_for()
    summary(page, "pixel (0, 0)").wait_for()
    page.locator(".sv-clock").nth(1).get_by_text("after 2 layers").wait_for()
    name = traits.get("partition", "grid")
    run = PartitionExplorer(pixel=(0, 0), layers=2, **traits).trace()
    count = int(run.reached[-1].sum())
    page.get_by_text(f"{name}: {count} of 784,").wait_for()
    assert run.reached[-1][-1, -1] == ("after layer 1" in verdict)
    page.get_by_label("a 7×7 convolution").click()  # another question
    page.get_by_text("Your guess for").wait_for()


def test_the_point_is_dragged_to_another_resolution_and_the_size_fits_it(saved):
    page = saved(PartitionExplorer(size=4, pixel=(14, 7)))
    plot = page.locator(".sv-cost").first
    box = plot.bounding_box()
    left, right = box["x"] + 60, box["x"] + box["width"] - 12
    place = {side: left + (right - left) * np.log2(side / 7) / 5 for side in (14, 28, 56)}
    y = box["y"] + 100
    page.mouse.move(place[28], y)
    page.mouse.down()
    page.mouse.move(place[56] + 9, y)
    summary(page, "grid, size 4: pixel (29, 15)").wait_for()  # its middle, in the same place
    page.mouse.move(place[14] - 9, y)
    page.mouse.up()
    summary(page, "grid, size 2: pixel (7, 3)").wait_for()  # 4 does not divide 14
    prices = page.locator(".sv-prices .sv-line").all_inner_texts()
    for name, line in zip(NAMES, prices, strict=True):
        run = PartitionExplorer(partition=name, resolution=14, size=2).trace()
        assert f"= {run.entries:,} entries" in line
        number, unit = re.search(r"([\d.]+) (k?)B,", line).groups()
        assert float(number) * (1000 if unit else 1) == pytest.approx(run.memory, rel=0.005)


def test_the_size_slider_has_only_sizes_that_fit(saved):
    page = saved(PartitionExplorer(resolution=56, size=7))
    slider = page.get_by_label("Size of a group")
    slider.press("Home")
    for size in (2, 4, 7, 8, 14, 28, 56, 56):
        summary(page, f"grid, size {size}:").wait_for()
        assert slider.get_attribute("aria-valuetext") == f"{size} × {size} tokens"
        slider.press("ArrowRight")


def png(colour) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_readers_own_picture_is_shown_and_can_be_taken_back(saved):
    page = saved(PartitionExplorer(partition="full"))
    before = page.evaluate(COLOUR, [100, 200])
    assert page.get_by_text("CC BY 2.0").is_visible()
    chosen = page.get_by_label("Your own picture")
    chosen.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": png((200, 30, 60))})
    page.wait_for_function(f"Math.abs(({COLOUR})([100, 200])[0] - 200) < 4")
    np.testing.assert_allclose(page.evaluate(COLOUR, [100, 200]), [200, 30, 60], atol=4)
    assert not page.get_by_text("CC BY 2.0").is_visible()
    page.get_by_role("button", name="Back to the first picture").click()
    page.wait_for_function(f"({COLOUR})([100, 200]).join() === '{','.join(map(str, before))}'")
    assert page.get_by_text("CC BY 2.0").is_visible()
    chosen.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    page.get_by_text("This browser cannot read notes.txt as a picture.").wait_for()
    assert page.evaluate(COLOUR, [100, 200]) == before
