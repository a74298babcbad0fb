"""What notebook 09 tells a reader to do with AttentionExplorer, done with a real mouse."""

from playwright.sync_api import expect


def at_cell(page, canvas, row, column):
    """Where a cell of the first map of a column stands on the page."""
    box, side = canvas.bounding_box(), (280 / 2 - 24) / 16
    page.mouse.move(box["x"] + 26 + (column + 0.5) * side, box["y"] + 20 + (row + 0.5) * side)


def test_a_token_and_a_key_are_chosen_and_their_common_spikes_shown(told, opened):
    told("09_spiking_attention", "Choose a token and a key: the row AND shows their common spikes.")
    page = opened()
    for row, column, common in ((6, 10, 8), (10, 7, 7)):
        at_cell(page, page.locator(".sv-maps").first, row, column)
        page.mouse.down()
        page.mouse.up()
        expect(page.locator(".sv-summary")).to_contain_text(f"Token {row} of group 2")
        says = f"Spikes of query {row} and key {column}; {common} in common"
        expect(page.locator(".sv-pair").first).to_have_attribute("aria-label", says)


def test_map_a_and_another_digit_are_chosen(told, opened):
    told("09_spiking_attention", "Map A in A·V says which of them multiplies")
    told("09_spiking_attention", "Try another digit.")
    page = opened()
    page.get_by_label("Map A in A·V").select_option("plain product")
    expect(page.get_by_text("4 A·V with the plain product").first).to_be_visible()
    page.get_by_role("button", name="Digit 3, image 7").click()
    expect(page.locator(".sv-title").first).to_contain_text("SISA (network says 3)")
