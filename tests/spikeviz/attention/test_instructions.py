"""What notebook 09 tells a reader to do with AttentionExplorer, done with a real mouse."""

import pytest
from playwright.sync_api import expect

NOTEBOOK = "09_spiking_attention"
LAST_ROW = """(e) => String(
    e.getContext("2d").getImageData(0, e.height - 1, e.width, 1).data)"""


@pytest.fixture
def page(made, kept):
    return kept(made(task="pairs"))


def press(page, canvas, x, y):
    """Press at a point of a canvas, in pixels from its corner."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    page.mouse.up()


def press_token(page, row, column):
    image = page.locator(".sv-image")
    side = image.bounding_box()["width"] / 16  # of one of the 4 × 16 tokens
    press(page, image, (column + 0.5) * side, (row + 0.5) * side)


def test_a_token_of_the_left_shape_looks_at_the_other_one_which_a_window_does_not_hold(told, page):
    told(NOTEBOOK, "Click on a token of the left shape.")
    told(NOTEBOOK, "Under Models, choose window, then full: the token stays, its group changes.")
    for name in ("Layer", "Head"):  # there is one of each
        expect(page.get_by_label(name, exact=True)).to_be_hidden()
    press_token(page, 2, 2)
    summary, text = page.locator(".sv-summary"), page.locator(".sv-where p").first
    expect(summary).to_contain_text("Token 8 of group 2, step 2. grid:")
    expect(summary).to_contain_text("token 11 and token 15")  # both in column 14
    for name, tokens, place in (("window", 16, "Token 10 of group 0"), ("full", 64, "Token 34")):
        page.get_by_label("Models", exact=True).select_option(name)
        expect(summary).to_contain_text(f"{place}")
        expect(text).to_contain_text(f"The {tokens} framed ones are group 0 ({name})")
        expect(text).to_contain_text("row 2, column 2.")
    page.get_by_label("Models", exact=True).select_option("BDSA grid")
    expect(page.locator(".sv-title:visible").first).to_contain_text("no projections")


def test_a_token_and_a_key_are_chosen_and_their_common_spikes_shown(told, made, page):
    told(NOTEBOOK, "Choose a token and a key in the softmax map: the row AND shows")
    side = (280 / 2 - 24) / 16
    trace = made(task="pairs").trace()["grid"]
    for row, column in ((0, 11), (4, 3), (15, 15)):
        common = int(trace.q[row] @ trace.k[column])
        maps = page.locator(".sv-maps:visible")
        press(page, maps, 26 + (column + 0.5) * side, 20 + (row + 0.5) * side)
        says = f"Spikes of query {row} and key {column}; {common} in common"
        expect(page.locator(".sv-pair:visible")).to_have_attribute("aria-label", says)
    for canvas in page.locator(".sv-spikes:visible, .sv-merged:visible").all():
        assert not canvas.evaluate(LAST_ROW).strip("0,")  # the frames end above it


def test_another_strip_is_chosen(told, page):
    told(NOTEBOOK, "Try another strip, one with different shapes.")
    page.get_by_role("button", name="different, image 3").click()
    expect(page.locator(".sv-title:visible").first).to_contain_text("grid (network says different)")


def test_the_plain_product_hears_the_shape_that_is_asked_about_and_no_other(told, made, kept):
    told(NOTEBOOK, "take the lower one, plain. Which of the two shapes does the light reach?")
    told(NOTEBOOK, "Choose the seventh strip. The cue is a ring again.")
    told(NOTEBOOK, "Under Models, choose softmax. Whom does the token hear now?")
    explorer = made(task="cue")
    heard = []
    for explorer.image in (0, 6):
        row = explorer.trace()["plain"].plain[explorer.token].reshape(4, 4)
        heard.append(row.any(0).tolist())  # cue, between, and the two others
    assert heard == [[True, False, False, True], [True, False, True, False]]
    explorer.image = 0
    page = kept(explorer)
    summary, title = page.locator(".sv-summary"), page.locator(".sv-title:visible").first
    expect(summary).to_contain_text("Token 8 of group 2, step 2. plain: looks most at 6 tokens: 0.")
    strip = page.get_by_role("button", name="dark, image 6")
    strip.click()
    expect(strip).to_have_attribute("aria-pressed", "true")
    expect(title).to_contain_text("plain (network says dark)")
    page.get_by_label("Models", exact=True).select_option("softmax")
    expect(summary).to_contain_text("softmax: no spike in common with any, softmax gives all 6.3 %")
