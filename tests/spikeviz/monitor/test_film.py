"""The film of TrainingMonitor: its playhead, its chapters, the guess that comes first."""

import base64
import math

import numpy as np
import pytest

from spikeviz import TrainingMonitor
from spikeviz.monitor.explorer import PLACES
from spikeviz.training_log import Log

PLOT = (46, 14, 12, 40)  # room at the left, right, top and below the plots


def rows(*metrics):
    log = Log()
    for i, row in enumerate(metrics, 1):
        log.append({"step": 10 * i, **row}, seconds=i)
    return log


def chapters(page):
    page.locator(".sv-chapters li").first.wait_for()
    return page.locator(".sv-chapters li").all_inner_texts()


def value(page, name):
    return page.evaluate("(name) => document.getElementById('view').model.get(name)", name)


def on_plot(page, name, share, height):
    """Where a share of the axis and of the height is in a plot, on the page."""
    canvas = page.locator(f"canvas[aria-label^='{name}']")
    canvas.scroll_into_view_if_needed()
    box, (left, right, top, below) = canvas.bounding_box(), PLOT
    x = box["x"] + left + share * (box["width"] - left - right)
    return x, box["y"] + top + (1 - height) * (box["height"] - top - below)


# ---------------------------------------------------------------- chapters: what the log shows

RATES = [{"a": 0.0, "b": 0.0}, {"a": 0.2, "b": 0.0}, {"a": 0.3, "b": 0.1}, {"a": 0.2, "b": 0.0}]


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ({"a": [{"loss": 1.0}]}, []),  # nothing changes in one row
        ({"a": [{"loss": 1.0}] * 3}, ["30 the end"]),
        ({"a": [{"loss": loss} for loss in (4.0, 3.0, 1.9, 1.8)]},
         ["30 loss halved", "40 the end"]),
        ({"a": [{"rates": rates} for rates in RATES]},
         ["20 the first spikes", "30 every layer fires", "30 the layers fire most",
          "40 layers fall silent", "40 the end"]),
        ({"a": [{"rates": {"a": 0.1, "b": 0.2}}] * 3}, ["30 the end"]),  # they fire from the start
        ({"a": [{"learning_rate": rate} for rate in (0.1, 1.0, 0.5, 0.009, 0.001)]},
         ["20 learning rate at its peak", "40 learning rate spent", "50 the end"]),
        ({"a": [{"learning_rate": rate} for rate in (0.1, 0.2, 0.3)]}, ["30 the end"]),  # it climbs
        ({"a": [{"test_accuracy": right} for right in (0.1, 0.5, 0.5, 0.6)],
          "b": [{"test_accuracy": right} for right in (0.2, 0.4, 0.6, 0.6)]},
         ["20 a overtakes", "30 b overtakes", "40 the end"]),
        ({"a": [{"test_accuracy": right} for right in (0.1, 0.9, 0.7)]},
         ["20 best on test", "30 the end"]),
    ],
)  # fmt: skip
def test_a_chapter_stands_where_the_log_shows_a_change(opened, logs, expected, monitor_of):
    monitor = monitor_of(**{name: rows(*metrics) for name, metrics in logs.items()})
    monitor.smoothing = 1
    page = opened(monitor)
    if expected:
        assert chapters(page) == expected
    else:
        assert page.locator(".sv-chapters").is_hidden()


def test_a_loss_is_halved_where_python_says_so(opened, monitor_of, log_of):
    losses = [2.3 * math.exp(-i / 20) + 0.1 * math.sin(5 * i) for i in range(60)]
    monitor = monitor_of(one=log_of(losses))
    smoothed = monitor.logs["one"].smoothed("loss", 35)
    monitor.smoothing = 35
    step = 4 * (1 + int(np.argmax(smoothed <= smoothed[0] / 2)))
    assert f"{step} loss halved" in chapters(opened(monitor))


def test_a_click_on_a_chapter_goes_there_and_says_more(opened):
    page = opened(reduced_motion="reduce")
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="240 spiking Micro overtakes").click()
    page.locator(".sv-clock", has_text="step 240 of 480").wait_for()
    said = page.locator(".sv-chapter").inner_text()
    assert said.endswith(
        "95.8\u00a0% on test, against 85.7\u00a0% of its twin (GELU)."
    )  # the log's two tests
    assert page.locator(".sv-chapters [aria-current=step]").inner_text().startswith("240")
    page.locator(".sv-reading", has_text="test accuracy 95.8\u00a0%").wait_for()


# ---------------------------------------------------------------- the playhead


def look(page):
    return page.evaluate("[...document.querySelectorAll('canvas')].map((c) => c.toDataURL())")


def scrub(page, place):
    page.get_by_role("slider", name="Playhead").fill(str(place))
    page.evaluate("settled()")
    return look(page)


def test_play_moves_between_the_steps_and_the_picture_depends_on_the_place_alone(
    opened, monitor_of, log_of
):
    page = opened(monitor_of(one=log_of([1 / i for i in range(1, 40)], every=5)))
    places = page.evaluate("""() => new Promise((done) => {
        const places = new Set();
        document.addEventListener("spikeviz:drawn", ({ detail }) => {
            places.add(detail.head);
            if (places.size === 40) done([...places]);
        });
        document.querySelector(".sv-head .sv-play").click();
    })""")
    assert places == sorted(places)
    assert sum(place % 1 != 0 for place in places) > 30
    page.get_by_role("button", name="Pause").click()
    page.mouse.move(0, 0)
    pictures = {place: scrub(page, place) for place in (20.5, 31.25, 60)}
    assert pictures[20.5] != pictures[31.25] != pictures[60]
    assert scrub(page, 20.5) == pictures[20.5]


def test_what_lies_ahead_is_pale_when_paused_and_hidden_while_it_plays(opened, monitor_of, log_of):
    page = opened(monitor_of(one=log_of([1.0] * 40)))  # a level line, at 1 of 1.05
    ink = """() => {
        const canvas = document.querySelector("canvas");
        const { height, clientWidth } = canvas;
        const x = Math.round((46 + 0.8 * (clientWidth - 60)) * devicePixelRatio);
        const column = canvas.getContext("2d").getImageData(x - 2, 0, 4, height).data;
        let most = 0; // of blue against red
        for (let i = 0; i < column.length; i += 4)
            most = Math.max(most, (column[i + 2] - column[i]) * column[i + 3] / 255);
        return most;
    }"""
    whole = page.evaluate(ink)
    scrub(page, 20)
    pale = page.evaluate(ink)
    assert 0 < pale < 0.5 * whole
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"({ink})() === 0", timeout=4000)


def test_a_hand_drags_the_playhead_and_keeps_its_offset(opened, monitor_of, log_of):
    page = opened(monitor_of(one=log_of([1.0] * 41, every=5)))
    clock = page.locator(".sv-clock")
    page.mouse.click(*on_plot(page, "loss", 0.5, 0.5))
    clock.filter(has_text="step 84 of 164").wait_for()  # the middle of 4 and 164
    x, y = on_plot(page, "loss", 0.5, 0.5)
    page.mouse.move(x + 9, y)
    page.mouse.down()
    page.mouse.up()
    clock.filter(has_text="step 84 of 164").wait_for()
    page.mouse.down()
    end, y = on_plot(page, "loss", 0.25, 0.5)
    page.mouse.move(end + 9, y, steps=4)
    page.mouse.up()
    clock.filter(has_text="step 44 of 164").wait_for()
    page.mouse.dblclick(end + 40, y)
    clock.filter(has_text="step 164 of 164").wait_for()


def test_a_run_under_way_is_followed_until_the_playhead_is_drawn_back(opened, monitor_of, log_of):
    losses = [1 / i for i in range(1, 41)]
    page = opened(monitor_of())
    more = """([log, step]) => {
        const model = document.getElementById("view").model;
        const bytes = Uint8Array.from(atob(log.values), (c) => c.charCodeAt(0));
        model.offline = false; // as in JupyterLab
        model.set("progress", { run: "mine", step, steps: 160 });
        model.set("state", "running");
        model.set("present", { mine: { ...log, values: new DataView(bytes.buffer) } });
    }"""

    def send(n):
        packed = log_of(losses[:n]).pack(1000)
        packed["values"] = base64.b64encode(packed["values"]).decode()
        page.evaluate(more, [packed, 4 * n])

    clock = page.locator(".sv-clock")
    for n in (10, 20):
        send(n)
        clock.filter(has_text=f"step {4 * n} of {4 * n}").wait_for()
    assert page.get_by_role("button", name="Stop").is_visible()
    page.mouse.click(*on_plot(page, "loss", 0.5, 0.5))
    clock.filter(has_text="step 42 of 80").wait_for()
    send(30)
    clock.filter(has_text="step 42 of 120").wait_for()
    page.mouse.dblclick(*on_plot(page, "loss", 0.9, 0.5))
    send(40)
    clock.filter(has_text="step 160 of 160").wait_for()


# ---------------------------------------------------------------- first a guess


def miss_of(guess, log):
    """Mean distance of a guess from the tests of a log, in points."""
    steps, there = log["step"], np.isfinite(log["test_accuracy"])
    xs = np.linspace(steps[0], steps[-1], PLACES)
    drawn = np.array([share is not None for share in guess])
    shares = np.array([share or 0.0 for share in guess])
    there &= (steps >= xs[drawn][0]) & (steps <= xs[drawn][-1])
    guessed = np.interp(steps[there], xs[drawn], shares[drawn])
    return 100 * np.abs(guessed - log["test_accuracy"][there]).mean()


def test_the_accuracy_is_hidden_until_a_curve_is_drawn(opened):
    monitor = TrainingMonitor()
    log = monitor.logs["spiking Micro"]
    page = opened(monitor)
    whole = page.locator(".spikeviz")
    assert "on test" not in whole.inner_text()
    assert "test accuracy 9" not in whole.inner_text()
    assert "overtakes" not in whole.inner_text()
    page.mouse.move(*on_plot(page, "Your guess", 0, 0.1))
    page.mouse.down()
    page.mouse.move(*on_plot(page, "Your guess", 0.4, 0.8), steps=4)
    page.mouse.move(*on_plot(page, "Your guess", 1, 0.9), steps=9)
    page.mouse.up()
    guess = value(page, "guess")
    assert len(guess) == PLACES
    assert guess[0] == pytest.approx(0.105, abs=0.01)  # the axis ends at 105 %
    assert guess[16] == pytest.approx(0.84, abs=0.01)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Pause").wait_for()  # the true one is drawn over it
    assert "on test" not in page.locator(".sv-summary").inner_text()
    page.get_by_role("button", name="Pause").click()
    title = f"your guess, {round(miss_of(guess, log), 1):g} points off"
    page.locator(".sv-title", has_text=title).wait_for()
    page.locator(".sv-summary", has_text="98.3\u00a0% on test").wait_for()
    page.get_by_role("button", name="Guess first").click()
    page.locator(".sv-title", has_text="First a guess").wait_for()
    assert (value(page, "ask"), value(page, "guess")) == (True, [])


def test_the_guess_is_drawn_by_keys_and_taken_back(opened):
    page = opened(reduced_motion="reduce")
    canvas = page.locator("canvas[aria-label^='Your guess']")
    canvas.press("ArrowRight")
    canvas.press("PageUp")
    for _ in range(3):
        canvas.press("ArrowRight")
    assert value(page, "guess")[:5] == [0.6, 0.6, 0.6, 0.6, None]
    page.keyboard.press("Control+z")
    page.wait_for_function("!document.getElementById('view').model.get('guess').length")
    canvas.press("ArrowUp")
    canvas.press("Enter")
    page.locator(".sv-summary", has_text="98.3\u00a0% on test").wait_for()
    assert page.get_by_role("button", name="Play").is_visible()  # calm: it is there at once


def test_a_finger_draws_the_guess_and_the_page_stands_still(opened, swipe):
    page = opened(width=390, height=800, has_touch=True, is_mobile=True, reduced_motion="reduce")
    page.add_style_tag(content="body { padding: 500px 0 }")
    on_plot(page, "Your guess", 0, 0)  # in sight
    assert swipe(page, on_plot(page, "Your guess", 0.1, 0.05), 10, -100) == 0
    page.wait_for_function(
        "document.getElementById('view').model.get('guess').some((s) => s > 0.7)"
    )


def test_logs_of_ones_own_are_shown_at_once(opened, monitor_of, log_of):
    page = opened(monitor_of(one=log_of([1.0, 0.5], every=1)))
    assert "100\u00a0% on test" in page.locator(".sv-summary").inner_text()
    for name in ("Skip", "Guess first"):  # what a notebook asks about them, it asks itself
        assert page.get_by_role("button", name=name).count() == 0


def test_a_finger_takes_the_playhead_along_a_plot(opened, monitor_of, log_of, swipe):
    page = opened(
        monitor_of(one=log_of([1.0] * 41, every=5)),
        width=390, height=800, has_touch=True, is_mobile=True,
    )  # fmt: skip
    (x, y), (end, _) = (on_plot(page, "loss", share, 0.5) for share in (0.9, 0.25))
    swipe(page, (x, y), end - x)
    page.locator(".sv-clock", has_text="step 44 of 164").wait_for()
