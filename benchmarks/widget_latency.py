"""How fast LIFExplorer answers a hand, in a real JupyterLab in headless Chromium.

    python benchmarks/widget_latency.py

100 moves each of the mouse on the threshold line and on the τ slider. For each move: the time
from the page's getting the event until the picture is drawn; and from the browser's getting the
input (it holds mouse moves back until the next frame) until the frame with the picture is out.
The slider's `input` event is made by the page itself, so its second time has no such wait in it.
Writes results/widget_latency.json.
"""

import statistics
import tempfile
from pathlib import Path

from report import write

from spikeviz.browser import chromium, course

MOVES = 100
WATCH = """() => {
    window.moves = [];
    let input = null;
    const receive = (event) => {
        if (event.type === "input" || event.buttons)
            input = { arrived: event.timeStamp, received: performance.now() };
    };
    for (const type of ["pointermove", "input"]) document.addEventListener(type, receive, true);
    document.addEventListener("spikeviz:drawn", () => {
        if (input === null) return;
        const move = { ...input, drawn: performance.now() };
        input = null;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel(); // its task runs once the frame is out
            port1.onmessage = () => moves.push({ ...move, shown: performance.now() });
            port2.postMessage(0);
        });
    });
}"""
FRAME = """() => new Promise((done) => {
    const times = [];
    const tick = (now) => {
        if (times.push(now) < 61) requestAnimationFrame(tick);
        else done((times[60] - times[0]) / 60);
    };
    requestAnimationFrame(tick);
})"""


def main() -> None:
    with (
        chromium() as browser,
        tempfile.TemporaryDirectory() as folder,
        course(Path(folder)) as lab,
    ):
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        lab.open(page, "01_one_neuron")
        lab.run_all(page)
        page.locator(".sv-summary").scroll_into_view_if_needed()
        page.wait_for_timeout(1000)
        frame = page.evaluate(FRAME)
        page.evaluate(WATCH)
        results = {
            "frame_ms": round(frame, 2),
            "threshold line": measure(page, ".sv-threshold", frame, vertical=True),
            "τ slider": measure(page, "[aria-label='τ, time constant']", frame, vertical=False),
        }
        versions = ("jupyterlab", "ipywidgets", "anywidget", "playwright", "spikeatconv")
        path = write("widget_latency", {"browser": browser.version, **results}, versions)
    for name, numbers in results.items():
        print(f"{name}: {numbers}")
    print(f"written to {path}")


def measure(page, selector: str, frame: float, vertical: bool) -> dict[str, float]:
    """Drag `selector` to and fro in MOVES moves; times in ms, and in frames for the screen."""
    element = page.locator(selector)
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2
    page.evaluate("moves.length = 0")
    page.mouse.move(x, y)
    page.mouse.down()
    for move in range(MOVES):
        away = 3 + abs(move % 40 - 20) * 2
        page.mouse.move(*((x, y + away) if vertical else (x + away, y)))
        page.wait_for_function(f"moves.length > {move}", timeout=5000)
    page.mouse.up()
    moves = page.evaluate("moves")
    drawn = [move["drawn"] - move["received"] for move in moves]
    shown = [move["shown"] - move["arrived"] for move in moves]
    return {
        "moves": len(moves),
        "drawn_median_ms": round(statistics.median(drawn), 2),
        "drawn_p95_ms": round(statistics.quantiles(drawn, n=20)[-1], 2),
        "shown_median_frames": round(statistics.median(shown) / frame, 2),
        "shown_p95_frames": round(statistics.quantiles(shown, n=20)[-1] / frame, 2),
    }


if __name__ == "__main__":
    main()
