"""What notebook A2 tells a reader to do with EventExplorer, done with a real mouse."""

from playwright.sync_api import expect

from spikeviz import EventExplorer


def press(page, name):
    box = page.get_by_role("button", name=name, exact=True).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_guess_hide_another_digit_and_play(opened, told):
    told("A2_events", "ON is blue, OFF is orange")
    told("A2_events", "Make your guess, and look at what was hidden.")
    told("A2_events", "Then press Hide another digit and play, a few times.")
    page = opened(EventExplorer(digit=5, direction="left", dark=True, step=0, hidden=True))
    expect(page.get_by_text("ON event")).to_contain_text("(blue)")
    press(page, "left")
    expect(page.locator("[role=status]").first).to_have_text("Right: a dark digit moves left.")
    expect(page.locator(".sv-caption")).to_have_text(
        "A bright digit that moves right gives the same 4 frames, in reverse order."
    )
    press(page, "Hide another digit")
    expect(page.get_by_text("A frame alone fits two motions")).to_be_visible()
    press(page, "▶ Play")
    expect(page.locator(".sv-clock")).to_have_text("frame 4 of 4", timeout=10_000)
