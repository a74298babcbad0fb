"""How every widget answers a hand, in a real JupyterLab in headless Chromium.

    python benchmarks/widgets.py               # all, 80 re-runs each
    python benchmarks/widgets.py LIFExplorer   # some; the others keep their numbers in the file

For each widget, in a notebook of its own:
- 100 moves of the mouse on its handle: the time from the page's getting the event until the picture
  is drawn, and from the browser's getting the input (it holds mouse moves back until the next
  frame) until the frame with the picture is out; the bytes that go to Python for one move;
- for a handle that asks a model in Python: the time until its answer is drawn, move by move;
- the same moves in its saved page, as it is and with the CPU slowed to a quarter;
- while it plays: frames and new pictures a second; while SpikingPlayground trains: its steps and
  pictures a second, and what a picture's maps cost;
- the browser's heap after 20 re-runs of its cell and after RERUNS more, beside a plain IntSlider's;
- the time from running its cell until its first drawing, and the memory of its kernel, then and
  after all re-runs.
Once: the time of `import spikeviz` and the memory of a process that did nothing else.
Writes results/widgets.json.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import nbformat
from playwright.sync_api import TimeoutError
from report import cpu_kind, known, write

from spikeviz.browser import CHECKOUT, open_chromium, start_course
from spikeviz.gallery import ORDER

MOVES, RERUNS = 100, 60
SLOW = 4  # times, by Chromium's own brake
FEW = ("LIFExplorer",)  # of benchmarks/run_all.py


class Handle(NamedTuple):
    """What the benchmark moves: a CSS selector, from where in its box, and along which axis."""

    selector: str
    axis: str = "x"
    at: tuple[float, float] = (0.3, 0.5)
    hover: bool = False  # without a button pressed
    model: bool = False  # the answer comes from Python
    stride: int = 2  # pixels a move, 20 moves away and 20 back


HANDLES: dict[str, list[Handle]] = {
    "AblationExplorer": [
        Handle(".sv-card:not([hidden])", "y", stride=6),
    ],
    "AttentionExplorer": [
        Handle(".sv-image", at=(0.1, 0.4), hover=True),
        Handle(".sv-maps", "y", at=(0.2, 0.05), hover=True),
        Handle("[aria-label='Image']", model=True),
    ],
    "DigitReader": [
        Handle(".sv-nw-pad", at=(0.3, 0.2)),
    ],
    "EnergyExplorer": [
        Handle("[aria-label='R × factor']"),
        Handle("[aria-label='E_MAC']"),
        Handle(".sv-energy-bars", at=(0.1, 0.8), hover=True),
    ],
    "EventExplorer": [
        Handle("[aria-label='Contrast of an event']"),
        Handle(".sv-plots > div:nth-child(3) canvas", "y", at=(0.5, 0.1)),
    ],
    "LIFExplorer": [
        Handle(".sv-threshold", "y"),
        Handle(".sv-tau"),
        Handle(".sv-dot", "y"),
        Handle("[aria-label='τ, time constant']"),
        Handle(".sv-map", hover=True),
    ],
    "MBPLExplorer": [
        Handle("[aria-label^='Threshold 4, drag']", "y", stride=1),
        Handle("[aria-label='τ, in steps']"),
    ],
    "SeedMachine": [
        Handle("[aria-label='Seeds a draw']"),
    ],
    "SpikingPlayground": [
        Handle("[aria-label='τ, in steps']"),
        Handle("[aria-label='Threshold of neuron 1.1']", "y", at=(0.8, 0.5)),
        Handle(".sv-pg-plane", hover=True),
    ],
    "SurrogateExplorer": [
        Handle(".sv-third:nth-child(1) .sv-point"),
        Handle("[aria-label='α, slope']"),
        Handle(".sv-third:nth-child(3) .sv-point"),
    ],
    "SpikeBlockExplorer": [
        Handle("[aria-label='Amplitude']"),
        Handle("[aria-label='V_th of branch 2']"),
        Handle("[aria-label='τ, in time steps']"),
    ],
    "SpikeRaster": [
        Handle(".sv-raster", "y", at=(0.3, 0.2), hover=True),
        Handle(".sv-overview", "y", at=(0.5, 0.2)),
        Handle(".sv-raster", at=(0.2, 0.3)),
    ],
    "PhotoExplorer": [
        Handle("[aria-label='T, time steps']"),
        Handle("[aria-label='Noise of the current']"),
    ],
    "PartitionExplorer": [
        Handle(".sv-flight", at=(0.36, 0.4), hover=True, stride=16),
        Handle("[aria-label='Way into token order and back']"),
        Handle("[aria-label^='Side of a group']", at=(0.5, 0.5), stride=4),
    ],
    "NetworkWalk": [
        Handle(".sv-nw-maps", at=(0.05, 0.1), hover=True, stride=4),
        Handle("[aria-label='Test digit']", model=True),
    ],
    "TrainingMonitor": [
        Handle("canvas", hover=True),
        Handle("[aria-label='Smoothing in steps']"),
    ],
}
STARTS = {"EnergyExplorer": "EnergyExplorer(guess='snn')"}  # before a guess nothing is drawn
WATCH = """() => {
    window.moves = [];
    window.answers = [];
    let [input, asked] = [null, null];
    const receive = (event) => {
        input = { arrived: event.timeStamp, received: performance.now() };
        asked = input.received;
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
    document.addEventListener("spikeviz:answered", () => answers.push(performance.now() - asked));
}"""
# JupyterLab's sockets are open already: what goes through them is counted at their `send`.
COUNT_BYTES = """() => {
    window.sent = 0;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        window.sent += data.byteLength ?? data.length ?? data.size;
        return send.call(this, data);
    };
}"""
FIRST = """() => document.addEventListener(
    "spikeviz:drawn", () => (window.first ??= performance.now()),
)"""
PLAYING = """(count) => new Promise((done) => {
    let [drawn, start] = [0, 0];
    document.addEventListener("spikeviz:drawn", () => drawn++);
    const tick = (now) => {
        start ||= now;
        if (--count > 0) return requestAnimationFrame(tick);
        done({ seconds: (now - start) / 1000, drawn });
    };
    requestAnimationFrame(tick);
})"""
# What SpikingPlayground tells of each picture: the steps taken, what its maps and numbers cost.
TRAINING = """(frames) => new Promise((done) => {
    document.getElementById("view").model.set("speed", 40); // as many as 8 ms of a frame hold
    document.querySelector(".sv-play").click();
    const seen = [];
    document.addEventListener("spikeviz:drawn", ({ detail: { steps, measured } }) => {
        seen.push({ steps, measured, at: performance.now() });
        if (seen.length === frames) done(seen);
    });
})"""
FRAMES = """(count) => new Promise((done) => {
    const times = [];
    const tick = (now) => {
        if (times.push(now) <= count) requestAnimationFrame(tick);
        else done((times[count] - times[0]) / count);
    };
    requestAnimationFrame(tick);
})"""


def run_all(names: list[str]) -> dict:
    """The results of the file, of these widgets, printed as they come."""
    found = {}
    with (
        open_chromium() as browser,
        tempfile.TemporaryDirectory() as folder,
        start_course(Path(folder)) as lab,
    ):
        for name in names:
            found[name] = widget(browser, lab, name)
            print(name, json.dumps(found[name], indent=1, ensure_ascii=False), flush=True)
        slider = notebook(browser, lab, "IntSlider", "ipywidgets")
        plain = heap_growth(slider)
        slider.context.close()
        version = browser.version
    return {"browser": version, "import": importing(), "IntSlider": plain, "widgets": found}


def save(results: dict, kind: str) -> None:
    """The widgets that were not measured this time keep their numbers of this machine."""
    all_of_them = known("widgets", kind).get("widgets", {}) | results["widgets"]
    results = {**results, "widgets": {n: all_of_them[n] for n in ORDER if n in all_of_them}}
    versions = ("jupyterlab", "ipywidgets", "ipykernel", "anywidget", "playwright", "spikeatconv")
    print(f"written to {write('widgets', results, versions, kind=kind)}")


def notebook(browser, lab, name: str, package: str):
    """Open a notebook that shows one widget, and run it."""
    cells = [f"from {package} import {name}\nimport psutil", STARTS.get(name, f"{name}()")]
    metadata = nbformat.read(CHECKOUT / "notebooks/01_one_neuron.ipynb", 4).metadata
    content = nbformat.v4.new_notebook(
        cells=[*map(nbformat.v4.new_code_cell, cells), nbformat.v4.new_markdown_cell("The end.")],
        metadata=metadata,
    )
    nbformat.write(content, lab.folder / f"notebooks/bench_{name}.ipynb")
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    lab.open(page, f"bench_{name}")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-CodeCell .jp-InputPrompt").first.get_by_text("[1]:").wait_for()
    return page


def widget(browser, lab, name: str) -> dict:
    """All that is measured of one widget."""
    page = notebook(browser, lab, name, "spikeviz")
    page.evaluate(FIRST)
    start = page.evaluate("performance.now()")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("window.first", timeout=60_000)
    found: dict = {"first_drawing_ms": round(page.evaluate("first") - start)}
    page.wait_for_timeout(1500)
    kernel = lab.python("psutil.Process().memory_info().rss")
    found["kernel_mb"] = round(kernel / 1e6, 1)
    frame = page.evaluate(FRAMES, 60)
    found["frame_ms"] = round(frame, 2)
    page.evaluate(COUNT_BYTES)
    page.evaluate(WATCH)
    found["moves"] = {
        f"{'hover' if h.hover else 'drag'} {h.axis} {h.selector}": measure(page, h, frame)
        for h in HANDLES.get(name, [])
    }
    if playing := watch_play(page):
        found["playing"] = playing
    found["saved_page"] = saved_page(browser, name)
    found["saved_page_slowed"] = saved_page(browser, name, SLOW)
    found["heap"] = heap_growth(page)
    kernel = lab.python("psutil.Process().memory_info().rss")
    found["kernel_after_all_runs_mb"] = round(kernel / 1e6, 1)
    page.context.close()
    return found


def watch_play(page, frames: int = 120) -> dict[str, float]:
    """What a page shows while its widget plays; {} for a widget that does not."""
    play = page.locator(".spikeviz .sv-play:visible")
    if not play.count():
        return {}
    play.first.scroll_into_view_if_needed()
    if "Pause" in play.first.inner_text():  # it plays its first pass by itself
        play.first.click()
    play.first.click()
    seen = page.evaluate(PLAYING, frames)
    play.first.click()
    return {
        "frames_per_s": round((frames - 1) / seen["seconds"], 1),
        "pictures_per_s": round(seen["drawn"] / seen["seconds"], 1),
    }


def saved_page(browser, name: str, slowed: int = 1) -> dict[str, dict]:
    """The moves and the play in the widget's saved page, on a CPU slowed so many times."""
    import spikeviz

    explorer = getattr(spikeviz, name)()
    page = browser.new_context(viewport={"width": 1400, "height": 1000}, offline=True).new_page()
    with tempfile.TemporaryDirectory() as folder:
        page.goto(explorer.save_html(Path(folder) / "widget.html").as_uri())
        page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
    explorer.close()
    brake = page.context.new_cdp_session(page)
    brake.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    frame = page.evaluate(FRAMES, 60)
    page.evaluate("window.sent = 0")
    page.evaluate(WATCH)
    found = {
        f"{'hover' if h.hover else 'drag'} {h.axis} {h.selector}": measure(page, h, frame)
        for h in HANDLES.get(name, [])
        if not h.model
    }
    found["playing"] = watch_play(page)
    if name == "SpikingPlayground":
        found["training"] = watch_training(page)
    page.context.close()
    return found


def watch_training(page, frames: int = 120) -> dict[str, float]:
    """Training steps and pictures a second, and the ms of a picture's maps and numbers."""
    seen = page.evaluate(TRAINING, frames)
    page.locator(".sv-play").first.click()
    seconds = (seen[-1]["at"] - seen[0]["at"]) / 1000
    maps = [one["measured"] for one in seen]
    return {
        "steps_per_s": round((seen[-1]["steps"] - seen[0]["steps"]) / seconds),
        "pictures_per_s": round((frames - 1) / seconds, 1),
        "maps_median_ms": round(statistics.median(maps), 2),
    }


def measure(page, handle: Handle, frame: float) -> dict[str, float]:
    """Move `handle` to and fro in MOVES moves; times in ms, and in frames for the screen. Where a
    model is asked, each move waits for the answer to the last."""
    element = page.locator(f".spikeviz {handle.selector}").first
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    x, y = box["x"] + box["width"] * handle.at[0], box["y"] + box["height"] * handle.at[1]
    page.mouse.move(x, y)
    page.wait_for_timeout(500)
    if not handle.hover:
        page.mouse.down()
    page.evaluate("moves.length = answers.length = sent = 0")
    seen = 0
    for move in range(MOVES):
        away = 3 + abs(move % 40 - 20) * handle.stride
        page.mouse.move(*((x, y + away) if handle.axis == "y" else (x + away, y)))
        with suppress(TimeoutError):  # a move that stays on its step draws nothing
            page.wait_for_function(f"moves.length > {seen}", timeout=200)
        before, seen = seen, page.evaluate("moves.length")
        if handle.model and seen > before:
            page.wait_for_function(f"answers.length >= {seen}", timeout=30_000)
    page.wait_for_timeout(300)  # the last message of a gesture
    if not handle.hover:
        page.mouse.up()
    moves = page.evaluate("moves")[:MOVES]
    drawn = [move["drawn"] - move["received"] for move in moves]
    shown = [move["shown"] - move["arrived"] for move in moves]
    answers = page.evaluate("answers") if handle.model else []
    asked = {"answered_median_ms": round(statistics.median(answers))} if answers else {}
    return {
        **asked,
        "drawn_median_ms": round(statistics.median(drawn), 2),
        "drawn_p95_ms": round(statistics.quantiles(drawn, n=20)[-1], 2),
        "shown_median_frames": round(statistics.median(shown) / frame, 2),
        "shown_p95_frames": round(statistics.quantiles(shown, n=20)[-1] / frame, 2),
        "bytes_per_move": round(page.evaluate("sent") / MOVES),
    }


def heap_growth(page) -> dict[str, float]:
    """The heap of the page, in MB, after 20 runs of the cell and after RERUNS more."""
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt").nth(1)
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    client = page.context.new_cdp_session(page)

    def used_after(runs: int) -> float:
        for _ in range(runs):
            before = prompt.inner_text()
            page.keyboard.press("Control+Enter")
            page.wait_for_function(
                """(before) => {
                    const all = document.querySelectorAll(".jp-CodeCell .jp-InputPrompt");
                    const now = all[1].innerText;
                    return /\\d/.test(now) && now !== before;
                }""",
                arg=before,
            )
        page.wait_for_timeout(1000)
        for _ in range(3):
            client.send("HeapProfiler.collectGarbage")
        return client.send("Runtime.getHeapUsage")["usedSize"] / 1e6

    first, last = used_after(20), used_after(RERUNS)
    return {
        "after_20_runs_mb": round(first, 1),
        f"after_{RERUNS}_more_mb": round(last, 1),
        "kb_per_run": round((last - first) / RERUNS * 1000, 1),
    }


def importing() -> dict[str, float]:
    """Seconds of `import spikeviz` in a fresh process (median of 5), and the memory it then has."""
    look = (
        "import time; start = time.perf_counter(); import spikeviz; "
        "took = time.perf_counter() - start; import psutil; "
        "print(took, psutil.Process().memory_info().rss / 1e6)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", look], capture_output=True, encoding="utf-8", check=True
        )
        for _ in range(5)
    ]
    seconds, memory = zip(*(map(float, run.stdout.split()) for run in runs), strict=True)
    return {
        "seconds": round(statistics.median(seconds), 2),
        "memory_mb": round(statistics.median(memory), 1),
    }


if __name__ == "__main__":
    save(run_all(sys.argv[1:] or list(ORDER)), cpu_kind())
