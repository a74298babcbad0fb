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
            boxes: [...(detail.boxes[name] ?? [])], photo: detail.photo,
            waves: [...(detail.waves[name] ?? [])].map((at) => (at === Infinity ? 99 : at)),
            place: detail.place,
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
def saved(kept):
    """Show a saved explorer: saved(PartitionExplorer(...), **options of the page)."""

    def open_saved(explorer=None, **options):
        page = kept(explorer, **{"reduced_motion": "reduce"} | options)
        summary(page).wait_for()
        grey = f"new Set(({COLOUR})({middle(page)})).size === 1"
        page.wait_for_function(f"!({grey})")  # decoded
        return page

    return open_saved


def middle(page) -> list[float]:
    """The middle of the photograph on the large canvas."""
    width = page.locator(".sv-flight").bounding_box()["width"]
    return [width / 2, 22 + width / (4 if width < 600 else 6)]


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
    photo = start["photo"]
    for k, pixel in enumerate(start["order"]):  # at the start each copy lies on its pixel
        x, y, width, _ = start["boxes"][4 * k : 4 * k + 4]
        place = round((x - photo["x"]) / width), round((y - photo["y"]) / width)
        assert place == (pixel % 28, pixel // 28)
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
    flight = page.locator(".sv-flight")
    shown = show(page, {"flight": 1}, "window")
    photo, cell = shown["photo"], shown["photo"]["s"] / 28
    at = {"x": photo["x"] + 10.5 * cell, "y": photo["y"] + 20.5 * cell}
    flight.hover(position=at)
    summary(page, "pixel (20, 10) is token 45 of group 9.").wait_for()
    group, token = 13, 30
    for name in ("window", "grid"):  # both sides answer, whichever is in front
        run = PartitionExplorer(partition=name).trace()
        x, y, width, _ = show(page, {"flight": 1}, name)["boxes"][4 * (group * 49 + token) :][:4]
        flight.hover(position={"x": x + width / 2, "y": y + 5})
        row, column = divmod(int(run.order[group, token]), 28)
        summary(page, f"window, size 7: pixel ({row}, {column}) is").wait_for()


def test_both_sides_show_the_group_of_the_pixel_in_full_colour_and_all_else_paler(saved):
    explorer = PartitionExplorer(flight=1.0, pixel=(9, 12))
    page = saved(explorer)
    colours = average_colours(explorer.image, 28).reshape(-1, 3) * 255
    for name in ("window", "grid"):
        run = PartitionExplorer(partition=name).trace()
        boxes = np.reshape(show(page, {"flight": 1}, name)["boxes"], (16, 49, 4))
        own = int(run.group[9, 12])
        for group in (own, (own + 5) % 16):
            x, y, width, height = boxes[group, 44]
            seen = page.evaluate(COLOUR, [x + width / 3, y + height - 5])
            true = np.allclose(seen, colours[run.order[group, 44]], atol=6)
            assert true == (group == own), (name, group)


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
    view = page.locator(".sv-pixels").nth(1)
    width = view.bounding_box()["width"]
    view.tap(position={"x": width * 10.5 / 28, "y": width * 20.5 / 28})
    summary(page, "pixel (20, 10)").wait_for()


def test_a_click_on_a_side_puts_its_partition_in_front_for_the_numbers(saved):
    page = saved()
    flight = page.locator(".sv-flight")
    flight.click(position={"x": 60, "y": 30})
    summary(page, "window, size 7").wait_for()
    assert page.get_by_label("Partition", exact=True).input_value() == "window"
    width = flight.bounding_box()["width"]
    flight.click(position={"x": width - 60, "y": 30})
    summary(page, "grid, size 7").wait_for()
    page.get_by_label("Partition", exact=True).select_option("full")
    flight.click(position={"x": width / 2, "y": 60})  # the photograph belongs to all
    summary(page, "full: pixel (").wait_for()


def flight_of(page) -> float:
    return page.evaluate("document.getElementById('view').model.get('flight')")


def test_play_goes_into_token_order_and_back_and_can_be_paused(saved):
    page = saved(PartitionExplorer(flight=0.9), reduced_motion="no-preference")
    clock = page.locator(".sv-clock").first
    button = page.locator(".sv-play").first
    page.locator(".sv-flight").press("ArrowLeft")  # ends what plays by itself
    show(page, {"flight": 0.95})
    button.click()
    clock.get_by_text("merge …").wait_for()
    button.click()
    place = flight_of(page)
    assert 1 < place < 2
    scrub = page.get_by_label("Way into token order and back")
    assert float(scrub.input_value()) == pytest.approx(place, abs=0.01)
    show(page, {"flight": 1.9})
    button.click()
    clock.get_by_text("merged").wait_for()
    button.get_by_text("Play").wait_for()


def test_each_stop_is_clicked_and_lies_below_its_place_on_the_scrubber(saved):
    page = saved()
    track = page.get_by_label("Way into token order and back").bounding_box()
    for name, place in (("merged", 2), ("tokens", 1), ("image", 0), ("groups", 0.5)):
        stop = page.get_by_role("button", name=name, exact=True)
        box = stop.bounding_box()
        at = track["x"] + 8 + (track["width"] - 16) * place / 2
        assert box["x"] - 1 <= at <= box["x"] + box["width"] + 1
        assert box["height"] >= 24
        stop.click()
        page.locator(".sv-clock").first.get_by_text(name, exact=True).wait_for()
        assert flight_of(page) == place
        assert stop.get_attribute("aria-pressed") == "true"


def test_it_flies_once_by_itself_and_python_does_not_hear_of_it(saved):
    page = saved(PartitionExplorer(flight=0.25), reduced_motion="no-preference")
    clock = page.locator(".sv-clock").first
    clock.get_by_text("merge …").wait_for()
    clock.get_by_text("merged", exact=True).wait_for(timeout=20_000)
    assert flight_of(page) == 0.25
    page.locator(".sv-play").first.get_by_text("Play").wait_for()


def test_its_own_flight_ends_at_the_first_touch(saved):
    page = saved(reduced_motion="no-preference")
    button = page.locator(".sv-play").first
    button.get_by_text("Pause").wait_for()
    page.locator(".sv-update").first.click()
    button.get_by_text("Play").wait_for()
    before = page.locator(".sv-clock").first.inner_text()
    page.wait_for_timeout(300)
    assert page.locator(".sv-clock").first.inner_text() == before


def test_on_a_phone_both_sides_stay_in_sight_while_it_plays(saved):
    page = saved(width=390, height=800, has_touch=True, is_mobile=True)
    page.locator(".sv-play").first.scroll_into_view_if_needed()
    shown = show(page, {"flight": 1}, "window")
    canvas = page.locator(".sv-flight").bounding_box()
    top = page.locator(".sv-play").first.bounding_box()["y"]
    assert canvas["y"] + canvas["height"] - top < 800 - 60
    for name in ("window", "grid"):
        boxes = np.reshape(show(page, {"flight": 1}, name)["boxes"], (-1, 4))
        assert boxes[:, 0].min() >= 0
        assert (boxes[:, 0] + boxes[:, 2]).max() <= canvas["width"] + 1
        assert boxes[:, 1].min() >= shown["photo"]["y"] + shown["photo"]["s"]  # below the photo
        assert (boxes[:, 1] + boxes[:, 3]).max() <= canvas["height"] + 1


def test_the_wave_lights_in_each_layer_those_whom_python_says_it_reaches(saved):
    page = saved()
    rng = random.Random(3)
    for _ in range(6):
        name = rng.choice(["window", "grid"])
        p = random_settings(rng, name) | {"layers": 6}
        show(page, {"resolution": 56, "size": 7}, name)
        show(page, {"resolution": p["resolution"], "size": p["size"]}, name)
        show(page, p, name)
        page.evaluate("""() => {
            const scrub = document.querySelector("[aria-label=Layers]");
            scrub.value = 5.5;
            scrub.dispatchEvent(new Event("input"));
        }""")  # between two layers, the wave is drawn
        shown = show(page, {}, name)
        assert shown["place"] == 5.5
        waves = np.array(shown["waves"])
        run = PartitionExplorer(**p).trace()
        for k, reached in enumerate(run.reached):
            assert np.array_equal(waves <= k, reached.ravel()), (p, k)


def test_play_takes_600_ms_a_layer(saved):
    page = saved(PartitionExplorer(layers=0), reduced_motion="no-preference")
    page.locator(".sv-flight").press("ArrowLeft")
    took = page.evaluate("""() => new Promise((done) => {
        const model = document.getElementById("view").model;
        const times = [];
        model.on("change:layers", () => times.push(performance.now()));
        model.on("change:layers", () => model.get("layers") === 4 && done(times[3] - times[0]));
        document.querySelectorAll(".sv-play")[1].click();
    })""")
    assert took == pytest.approx(3 * 600, rel=0.15)


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


def drag(page, handle, *by) -> None:
    """Drag a handle with the mouse, by each [right, down] from where it was taken."""
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for right, down in by:
        page.mouse.move(x + right, y + down, steps=3)


def test_the_point_is_dragged_to_another_resolution_and_the_size_fits_it(saved):
    page = saved(PartitionExplorer(size=4, pixel=(14, 7)))
    point = page.get_by_label("Resolution, drag the point")
    octave = (page.locator(".sv-cost").bounding_box()["width"] - 66) / 5
    drag(page, point, [octave + 9, 0])
    summary(page, "grid, size 4: pixel (29, 15)").wait_for()  # its middle, in the same place
    page.mouse.up()
    drag(page, point, [-2 * octave - 9, 0])
    summary(page, "grid, size 2: pixel (7, 3)").wait_for()  # 4 does not divide 14
    page.mouse.up()
    prices = page.locator(".sv-prices .sv-line").all_inner_texts()
    for name, line in zip(NAMES, prices, strict=True):
        run = PartitionExplorer(partition=name, resolution=14, size=2).trace()
        assert f"= {run.entries:,} entries" in line
        number, unit = re.search(r"([\d.]+) (k?)B,", line).groups()
        assert float(number) * (1000 if unit else 1) == pytest.approx(run.memory, rel=0.005)


def against(page, side: int, size: int) -> None:
    """The line below the squares, for a map and a size, by Python's numbers."""
    entries = {}
    for name in ("full", "grid"):
        run = PartitionExplorer(partition=name, resolution=side, size=size, heads=1).trace()
        entries[name] = run.entries
    groups, tokens = run.order.shape
    text = f"{side**2:,}² = {entries['full']:,} against {groups} · {tokens}² = {entries['grid']:,}"
    page.locator(".sv-against", has_text=text).wait_for()


def test_the_sides_of_the_squares_are_dragged_and_the_areas_are_to_scale(saved):
    page = saved()
    against(page, 28, 7)
    group = page.get_by_label("Side of a group's square, drag")
    corner = page.get_by_label("Side of the map's square, drag")
    group.scroll_into_view_if_needed()
    ends = [one.bounding_box() for one in (group, corner)]
    left = page.locator(".sv-squares").bounding_box()["x"] + 18  # its axis
    small, large = (box["x"] + box["width"] / 2 - left for box in ends)
    assert small / large == pytest.approx(49 / 784, abs=0.01)
    drag(page, group, [large / 4 - small, 0])  # a quarter of the map's side: 196 tokens
    against(page, 28, 14)
    page.mouse.up()
    drag(page, corner, [36, 36])
    against(page, 56, 14)
    page.mouse.up()
    drag(page, corner, [-36, -36])
    page.mouse.up()
    against(page, 28, 14)
    group.press("ArrowDown")
    against(page, 28, 7)
    corner.press("Home")
    corner.press("ArrowDown")
    against(page, 14, 7)


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
    at = middle(page)
    before = page.evaluate(COLOUR, at)
    assert page.get_by_text("CC BY 2.0").is_visible()
    chosen = page.get_by_label("Your own picture")
    chosen.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": png((200, 30, 60))})
    page.wait_for_function(f"Math.abs(({COLOUR})({at})[0] - 200) < 4")
    np.testing.assert_allclose(page.evaluate(COLOUR, at), [200, 30, 60], atol=4)
    assert not page.get_by_text("CC BY 2.0").is_visible()
    page.get_by_role("button", name="Back to the first picture").click()
    page.wait_for_function(f"({COLOUR})({at}).join() === '{','.join(map(str, before))}'")
    assert page.get_by_text("CC BY 2.0").is_visible()
    chosen.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    page.get_by_text("This browser cannot read notes.txt as a picture.").wait_for()
    assert page.evaluate(COLOUR, at) == before
