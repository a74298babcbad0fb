"""AttentionExplorer from its saved page: Attend's numbers, the hand, the keys, the question."""

import random
import re

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from torch import nn

from spikeatconv import SpikeAtConv, mnist5k, preset
from spikeviz import AttentionExplorer

PLACE = ("layer", "head", "time_step", "group", "token", "key")
# Sets traits of the page's model; resolves with the numbers of the drawing that shows them.
DRAWN = """(change) => new Promise((resolve) => {
    const model = document.getElementById("view").model;
    const { image, ...place } = change;
    const done = ({ detail: { at, image: drawn, columns } }) => {
        if (drawn !== image || !Object.entries(place).every(([k, v]) => at[k] === v)) return;
        document.removeEventListener("spikeviz:drawn", done);
        resolve(columns.map((column) => Object.fromEntries(
            Object.entries(column).map(([k, v]) => [k, ArrayBuffer.isView(v) ? [...v] : v]))));
    };
    document.addEventListener("spikeviz:drawn", done);
    for (const [key, value] of Object.entries(change)) model.set(key, value);
    model.set("token", 1 - place.token); // so that something is new whatever stood there
    model.set("token", place.token);
})"""
# Shows a picture of one's own; resolves when the page's networks have answered.
OWN = """(bytes) => new Promise((resolve) => {
    const model = document.getElementById("view").model;
    const pixels = new DataView(Uint8Array.from(bytes).buffer);
    const done = ({ detail: { source, says } }) => {
        if (source !== pixels) return;
        document.removeEventListener("spikeviz:drawn", done);
        resolve(says);
    };
    document.addEventListener("spikeviz:drawn", done);
    model.set("pixels", pixels);
})"""
BYTES = """() => [...new Uint8Array(document.getElementById("view").model.get("pixels").buffer)]"""
GIVE = """(traits) => {
    const { model } = document.getElementById("view");
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
}"""
GET = "(name) => document.getElementById('view').model.get(name)"


@pytest.fixture
def saved(kept):
    """saved(explorer, trait=value, …): a saved explorer, in which these traits are set."""

    def show_saved(explorer=None, **given):
        page = kept(explorer)
        page.locator(".sv-summary").filter(has_text="Token").wait_for()
        page.evaluate(GIVE, given)
        return page

    return show_saved


@pytest.fixture
def alone(new_page, tmp_path):
    """alone(explorer): a page of its own, with the weights of its networks."""

    def open_saved(explorer):
        page = new_page(offline=True)
        page.goto(explorer.save_html(tmp_path / "attention.html").as_uri())
        page.locator(".sv-summary").filter(has_text="Token").wait_for()
        return page

    return open_saved


def text_of(element):
    """Its text, with plain spaces."""
    return element.inner_text().replace("\u00a0", " ")


def place(page):
    return {name: page.evaluate(GET, name) for name in PLACE}


def assert_same(shown, traces):
    assert [column["key"] for column in shown] == list(traces)
    for column, trace in zip(shown, traces.values(), strict=True):
        shape = trace.q.shape
        for name in ("q", "k", "v", "out"):
            assert column[name] == getattr(trace, name).ravel().astype(int).tolist(), name
        pairs = {
            "plain": "plain",
            "softmax": "softmax",
            "plainV": "plain_v",
            "softmaxV": "softmax_v",
        }
        for mine, theirs in pairs.items():
            expected = getattr(trace, theirs).ravel()
            np.testing.assert_allclose(column[mine], expected, rtol=0, atol=1e-9)
        assert (column["tokens"], column["d"]) == shape


def random_place(explorer, rng):
    explorer.layer = rng.randrange(len(explorer._shapes))
    for name in PLACE[1:]:
        setattr(explorer, name, rng.randint(0, explorer._highest(name)))
    return {name: getattr(explorer, name) for name in PLACE}


def test_the_numbers_are_attends_over_random_settings(saved):
    rng = random.Random(0)
    images = [item["image"] for item in AttentionExplorer().strip["items"]]
    page = saved()
    common = 0
    for image in images:
        explorer = AttentionExplorer(image=image)
        for _ in range(2):
            settings = random_place(explorer, rng)
            shown = page.evaluate(DRAWN, {"image": image, **settings})
            assert_same(shown, explorer.trace())
            common += sum(sum(column["shared"]) > 0 for column in shown)
        explorer.close()
    assert common > 20  # the draw is not one of silence


@pytest.mark.parametrize("partition", ["grid", "window", "full"])
def test_the_numbers_of_a_model_of_ones_own(saved, partition):
    torch.manual_seed(0)
    sizes = {"widths": (16, 16), "depths": (1, 1), "partition_size": (4, 2), "head_width": 8}
    model = SpikeAtConv(
        preset("micro", **sizes, spk="sl", time_steps=3, partition=partition, softmax=False)
    )
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        nn.init.constant_(norm.weight, 2.0)
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.rand(20, 3, 32, 48))  # so that there are spikes
    images = torch.rand(2, 3, 32, 48)
    page = saved(AttentionExplorer(model=model, images=images))
    explorer = AttentionExplorer(model=model, images=images)
    rng = random.Random(1)
    seen = 0
    for _ in range(5):
        settings = random_place(explorer, rng)
        shown = page.evaluate(DRAWN, {"image": 0, **settings})
        assert_same(shown, explorer.trace())
        seen += sum(shown[0]["q"])
    assert seen > 5
    page.locator(".sv-where p").filter(
        has_text="uses the plain product; the softmax here comes"
    ).wait_for()
    page.get_by_label("Map A in A·V").select_option("softmax")
    page.get_by_text("4 A·V with the softmax, for comparison only").wait_for()
    explorer.close()


def show_own(page, picture, task="digits"):
    """The picture in the page and in Python: what the networks say, in the page's words, and a
    widget. A new one answers at once: Playwright's loop runs here."""
    pixels = np.ascontiguousarray(picture).tobytes()
    return page.evaluate(OWN, list(pixels)), AttentionExplorer(task=task, pixels=pixels)


def assert_same_own(page, explorer, rng):
    """The networks in the page send Python's spikes: all of some places, in all layers."""
    spikes = 0
    for layer in range(3):
        explorer.layer = layer
        for name in PLACE[1:]:
            setattr(explorer, name, rng.randint(0, explorer._highest(name)))
        explorer.time_step = 1  # more spikes
        settings = {name: getattr(explorer, name) for name in PLACE}
        shown = page.evaluate(DRAWN, {"image": -1, **settings})
        assert_same(shown, explorer.trace())
        spikes += sum(sum(column["out"]) for column in shown)
    return spikes


def test_what_one_draws_is_answered_in_the_page_with_pythons_numbers(alone, monkeypatch):
    both = classmethod(lambda cls, state: ["micro_digits", "micro_bdsa_digits"])
    monkeypatch.setattr(AttentionExplorer, "networks_in", both)  # as on the site
    page, rng, spikes = alone(AttentionExplorer()), random.Random(3), 0
    digits = (mnist5k("test")[0][100:103, 0] * 255).round().byte().numpy()
    for digit in (*digits, 255 - digits[0], np.zeros((28, 28), np.uint8)):
        said, explorer = show_own(page, digit)
        scores = [column["scores"] for column in explorer.answer["columns"]]
        assert [int(words.split()[0]) for words in said] == [int(np.argmax(s)) for s in scores]
        spikes += assert_same_own(page, explorer, rng)
        explorer.close()
    assert spikes > 100  # not silence
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".sv-own [role=status]")).to_contain_text("This picture is black")
    pad = page.locator(".sv-nw-pad").bounding_box()
    start = [pad[side] + pad["width"] / 3 for side in "xy"]
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 40, start[1])
    page.mouse.move(start[0] + 10, start[1] + 50)
    page.mouse.up()
    page.locator(".sv-title", has_text="SISA (network says 7").wait_for()
    page.get_by_role("button", name="Digit 3, image 7").click()
    page.locator(".sv-title", has_text="BDSA (network says 3)").wait_for()


def test_a_photograph_of_ones_own_is_answered_in_the_page(alone, tmp_path):
    page, rng = alone(AttentionExplorer(task="photographs")), random.Random(4)
    assert page.get_by_label("Models", exact=True).is_hidden()
    noise = np.random.default_rng(1).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    smooth = np.stack(np.meshgrid(*[np.arange(0, 256, 8, dtype=np.uint8)] * 2), -1)[..., [0, 1, 1]]
    for picture in (noise[0], noise[1] // 3 + 100, smooth):
        (said,), explorer = show_own(page, picture, "photographs")
        classes, (column,) = explorer.strip["classes"], explorer.answer["columns"]
        shares = torch.tensor(column["scores"]).softmax(0)
        best = int(shares.argmax())
        assert said.startswith(f"{classes[best]} {100 * shares[best].item():.1f}".rstrip(".0"))
        assert_same_own(page, explorer, rng)
        explorer.close()
    title, note = page.locator(".sv-title").first, page.locator(".sv-own [role=status]")
    file = page.get_by_label("Your own picture from a file")
    for name, image in {
        "grey": Image.new("L", (1, 7), 90),
        "alpha": Image.new("RGBA", (5, 3), (200, 0, 0, 90)),
        "huge": Image.new("RGB", (5000, 3000), (10, 90, 200)),
    }.items():
        image.save(tmp_path / f"{name}.png")
        before = title.inner_text()
        file.set_input_files(tmp_path / f"{name}.png")
        expect(title).not_to_have_text(before)
        assert len(page.evaluate(BYTES)) == 3 * 32 * 32
        expect(note).to_have_text("")
    assert page.evaluate(BYTES)[:3] == [10, 90, 200]
    (tmp_path / "words.txt").write_text("no picture")
    for name in ("words.txt",):
        file.set_input_files(tmp_path / name)
        expect(note).to_have_text(
            f"{name} cannot be read as an image; choose a PNG, a JPEG or a WebP."
        )
    page.get_by_role("button", name="Image 0").click()
    expect(title).to_contain_text("network says")
    assert page.evaluate(BYTES) == []


def test_pointing_at_the_image_shows_a_token_and_a_click_keeps_it(saved):
    page = saved()
    image = page.locator(".sv-image")
    side = image.bounding_box()["width"]
    # Row 2, column 7 of the 8×8 map: group (0, 1) of the 2×2, token (1, 3) of the 4×4.
    at = {"x": side * 7.5 / 8, "y": side * 2.5 / 8}
    before = place(page)
    summary = page.locator(".sv-summary")
    image.hover(position=at)
    summary.filter(has_text="Token 7 of group 1,").wait_for()
    assert place(page) == before
    page.mouse.move(2, 2)
    summary.filter(has_text="Token 6 of group 2,").wait_for()
    image.click(position=at)
    page.mouse.move(2, 2)
    summary.filter(has_text="Token 7 of group 1,").wait_for()
    assert place(page) == {**before, "group": 1, "token": 7}


def test_a_cell_of_a_map_chooses_both_tokens(saved):
    explorer = AttentionExplorer()
    page = saved()
    maps = page.locator(".sv-maps").nth(1)  # BDSA's
    side = (min((maps.bounding_box()["width"] - 46) / 2, 280 / 2 - 24)) / 16
    maps.click(position={"x": 26 + 3.5 * side, "y": 20 + 12.5 * side})
    page.mouse.move(2, 2)
    page.locator(".sv-summary", has_text="Token 12").wait_for()
    assert (place(page)["token"], place(page)["key"]) == (12, 3)
    explorer.token, explorer.key = 12, 3
    for column, trace in zip(
        page.locator(".sv-column").all(), explorer.trace().values(), strict=True
    ):
        common = int((trace.q[12] * trace.k[3]).sum())
        lines = [line.split("\n")[-1] for line in column.locator(".sv-line").all_inner_texts()]
        assert lines[0].startswith(f"{common} spike")
        assert lines[1] == f"{common} / √32 = {round(trace.plain[12, 3], 3):g}"
        assert float(lines[2].split("= ")[1]) == pytest.approx(trace.softmax[12, 3], abs=6e-5)
        power, total = (float(part) for part in lines[2].split(" = ")[0].split(" / "))
        assert power == pytest.approx(np.exp(trace.plain[12, 3]), abs=6e-3)
        assert total == pytest.approx(np.exp(trace.plain[12]).sum(), abs=6e-3)


def test_a_row_of_spikes_chooses_a_token_and_a_key(saved):
    page = saved()
    spikes = page.locator(".sv-spikes").first
    box = spikes.bounding_box()
    row = (box["height"] - 22) / 16
    spikes.click(position={"x": box["width"] * 0.2, "y": 20 + 1.5 * row})
    spikes.click(position={"x": box["width"] * 0.5, "y": 20 + 14.5 * row})
    page.locator(".sv-summary", has_text="Token 1 ").wait_for()
    assert (place(page)["token"], place(page)["key"]) == (1, 14)
    merged = page.locator(".sv-merged").last
    merged.click(position={"x": box["width"] * 0.8, "y": 20 + 4.5 * row})
    page.locator(".sv-summary", has_text="Token 4 ").wait_for()


def test_the_keys_move_token_group_and_key(saved):
    page = saved(layer=0, head=0, group=0, token=0, key=0, time_step=1)
    summary = page.locator(".sv-summary")
    page.locator(".sv-image").focus()
    for key, says in [("ArrowRight", "Token 1 of group 0"), ("ArrowDown", "Token 5 of group 0"),
                      ("PageDown", "Token 5 of group 1"), ("ArrowUp", "Token 1 of group 1"),
                      ("ArrowUp", "Token 1 of group 1"), ("PageUp", "Token 1 of group 0"),
                      ("ArrowLeft", "Token 0 of group 0")]:  # fmt: skip
        page.keyboard.press(key)
        summary.filter(has_text=says).wait_for()
    page.locator(".sv-maps").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    summary.filter(has_text="Token 1 of").wait_for()
    assert (place(page)["token"], place(page)["key"]) == (1, 2)


def test_the_summary_tells_what_the_token_looks_at(saved):
    explorer = AttentionExplorer()
    text = text_of(saved().locator(".sv-summary"))
    for name, trace in explorer.trace().items():
        row = trace.softmax[explorer.token]
        most = int(row.argmax())
        who = "itself" if most == explorer.token else f"token {most}"
        common = int((trace.q[explorer.token] * trace.k[most]).sum())
        said = (
            f"{name.upper()}: looks most at {who}: {round(100 * row[most], 1):g} %, {common} spikes"
        )
        assert said in text


def test_a_token_without_spikes_looks_at_all_alike(saved):
    explorer = AttentionExplorer(image=2, time_step=0)
    (silent,) = np.flatnonzero(explorer.trace()["sisa"].plain.sum(1) == 0)[:1]
    explorer.token = int(silent)
    page = saved(explorer)
    summary = text_of(page.locator(".sv-summary"))
    assert "SISA: no spike in common with any, softmax gives all 6.3 %." in summary
    caption = text_of(page.locator(".sv-column .sv-caption").first)
    assert "6.3 % to 6.3 %; the plain product is 0 for 16." in caption


def test_the_question_comes_before_the_answer(saved):
    explorer = AttentionExplorer()
    page = saved()
    reply = page.locator(".sv-ask p")
    assert reply.inner_text() == ""
    page.get_by_role("button", name="both maps").click()
    reply.filter(has_text="Not quite.").wait_for()
    page.get_by_role("button", name="only the plain product").click()
    reply.filter(has_text="Right.").wait_for()
    numbers = [float(n) for n in re.findall(r"\d\.\d+|(?<=difference )\d", reply.inner_text())]
    bdsa, sisa = explorer.trace()["bdsa"], explorer.trace()["sisa"]
    away = [abs(a - a.T).max() for a in (bdsa.plain, bdsa.softmax, sisa.plain, sisa.softmax)]
    assert numbers == pytest.approx(away, abs=6e-4)
    page.get_by_label("Models", exact=True).select_option("sisa")
    page.locator(".sv-column").last.wait_for(state="hidden")
    assert "BDSA" not in page.locator(".sv-summary").inner_text()


def test_a_layer_has_its_own_heads_groups_and_tokens(saved):
    page = saved()
    page.get_by_label("Layer", exact=True).select_option("2")
    page.locator(".sv-summary", has_text="Token 3 of group 0,").wait_for()  # 4 tokens: the last
    enabled = "(e) => [...e.options].filter((o) => !o.disabled).length"
    assert page.get_by_label("Head", exact=True).evaluate(enabled) == 4
    assert page.get_by_label("Group", exact=True).evaluate(enabled) == 1
    page.get_by_label("Head", exact=True).select_option("3")
    page.get_by_label("Layer", exact=True).select_option("1")
    page.wait_for_function(f"({GET})('head') === 1")
    assert page.get_by_label("Head", exact=True).evaluate(enabled) == 2


def test_play_goes_from_token_to_token(saved):
    page = saved(AttentionExplorer(token=13))
    page.get_by_role("button", name="Play").click()
    page.locator(".sv-clock", has_text="token 15 of 16").wait_for()
    page.get_by_role("button", name="Play").wait_for()
    assert place(page)["token"] == 15
    page.get_by_label("Time step", exact=True).select_option("0")
    page.wait_for_function(f"({GET})('time_step') === 0")
    for _ in range(2):
        page.keyboard.press("Control+z")
    assert [place(page)[name] for name in ("time_step", "token")] == [0, 13]


def test_maps_side_by_side_have_one_scale(saved):
    """The brightest cell of all models is bright: the colour of a cell is its share of the most."""
    explorer = AttentionExplorer()
    page = saved()
    most = max(run.softmax.max() for run in explorer.trace().values())
    side, tokens = 280 / 2 - 24, 16
    colour = """([column, x, y]) => {
        const map = document.querySelectorAll(".sv-maps")[column];
        return [...map.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3);
    }"""
    for column, run in enumerate(explorer.trace().values()):
        row, key = divmod(int(run.softmax.argmax()), tokens)
        at = [column, 26 + (key + 0.5) * side / tokens, 20 + (row + 0.5) * side / tokens]
        shown, share = page.evaluate(colour, at), run.softmax.max() / most
        assert (shown == [254, 232, 56]) == (share == 1)  # cividis at 1


def test_a_saved_page_has_the_strip_and_says_that_others_need_python(saved):
    page = saved()
    page.get_by_text("Other images need Python").wait_for()
    page.get_by_text("In this page BDSA cannot answer: its weights are not in it.").wait_for()
    assert page.get_by_label("Image", exact=True).is_disabled()
    page.get_by_role("button", name="Digit 3, image 7").click()
    page.locator(".sv-title", has_text="SISA (network says 3)").wait_for()
    assert (
        page.get_by_role("button", name="Digit 3, image 7").get_attribute("aria-pressed") == "true"
    )


def test_a_saved_page_without_the_strips_answers_finds_them(alone, monkeypatch):
    monkeypatch.setattr("spikeviz.attention.explorer.MOST_BYTES", 0)
    page = alone(AttentionExplorer(image=2))
    page.get_by_role("button", name="both maps").click()  # asks about BDSA, which cannot answer
    page.get_by_role("button", name="Digit 3, image 7").click()
    page.locator(".sv-title", has_text="SISA (network says 3)").wait_for()
    assert page.get_by_text("1 BDSA").is_hidden()
    page.get_by_role("button", name="Digit 0, image 2").click()
    page.locator(".sv-title", has_text="BDSA (network says 0)").wait_for()


def test_a_saved_page_without_answers_and_networks_offers_one_image(alone, monkeypatch):
    monkeypatch.setattr("spikeviz.attention.explorer.MOST_BYTES", 0)
    monkeypatch.setattr(AttentionExplorer, "networks_in", classmethod(lambda cls, state: []))
    page = alone(AttentionExplorer(image=2))
    assert page.get_by_role("button", name="Digit 0, image 2").is_enabled()
    assert page.get_by_role("button", name="Digit 3, image 7").is_disabled()
    page.get_by_text("A picture of your own needs Python").wait_for()
    assert page.get_by_role("button", name="Clear").is_disabled()
