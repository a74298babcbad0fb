"""Make docs/lab.png, the picture in the README, from the course in a real JupyterLab.

python docs/make_picture.py
"""

import tempfile
from pathlib import Path

from spikeviz.browser import open_chromium, start_course

PICTURE = Path(__file__).with_name("lab.png")


def main() -> None:
    with (
        open_chromium() as browser,
        tempfile.TemporaryDirectory() as folder,
        start_course(Path(folder)) as lab,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 830})
        lab.open(page, "01_one_neuron")
        lab.run_all(page)
        page.keyboard.press("Control+b")  # hides the file browser
        line = page.locator(".sv-threshold").first
        line.scroll_into_view_if_needed()
        box = line.bounding_box()
        page.mouse.move(box["x"] + 120, box["y"] + 11)
        page.mouse.down()
        page.mouse.move(box["x"] + 120, box["y"] + 50, steps=5)
        page.mouse.up()
        page.locator(".jp-CodeCell", has=line).first.evaluate("cell => cell.scrollIntoView()")
        page.get_by_role("button", name="Play").first.click()
        page.wait_for_timeout(2500)  # amid a play
        page.screenshot(path=PICTURE)
    print(f"written to {PICTURE}")


if __name__ == "__main__":
    main()
