"""LIFExplorer in motion: what the playhead moves between two steps, the tank, and what a hand drags
on the picture. All by a real mouse, finger or key."""

import math
import random
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from spikeviz import LIFExplorer

# Every drawing: where the playhead stands, and what is drawn there.
WATCH = """
    window.seen = [];
    document.addEventListener("spikeviz:drawn", ({ detail: { now } }) => seen.push({ ...now }));
"""

# A change from Python in the very moment in which the pass has begun.
AT_PAUSE = """
    window.changed = false;
    const begun = new MutationObserver(() => {
        if (!document.querySelector(".sv-play")?.textContent.includes("Pause")) return;
        begun.disconnect();
        seen.length = 0;
        document.getElementById("view").model.set("tau", 12);
        window.changed = true;
    });
    begun.observe(document.getElementById("view"), { subtree: true, childList: true });
"""


@pytest.fixture
def shown(kept):
    """shown(options of the page, **traits): a saved explorer, calm unless asked."""

    def show(options=None, **traits):
        usual = {"first": WATCH, "reduced_motion": "reduce"}
        page = kept(LIFExplorer(**traits), **usual | (options or {}))
        page.locator(".sv-summary").get_by_text("spike").wait_for()
        return page

    return show


MOVING = {"reduced_motion": "no-preference"}


def model(page, name):
    return page.evaluate(f"document.getElementById('view').model.get('{name}')")


def middle(page, selector):
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, start, *ways):
    """From `start` along these points, and let go."""
    page.mouse.move(*start)
    page.mouse.down()
    for way in ways:
        page.mouse.move(*way, steps=4)
    page.mouse.up()
    page.evaluate("settled()")


# ---------------------------------------------------------------- one pass, between the steps


def test_it_plays_once_by_itself_between_the_steps_and_nobody_is_told(shown):
    page = shown(MOVING, duration=30.0, speed=60, cursor=7)
    page.get_by_role("button", name="Pause").wait_for()
    page.get_by_role("button", name="Play").wait_for(timeout=20_000)
    seen = page.evaluate("seen")
    between = [now for now in seen if now["between"]]
    assert len(between) > 10
    assert seen[-1]["place"] == 30
    assert model(page, "cursor") == 7  # an untouched notebook stays as it is
    count = len(seen)
    page.wait_for_timeout(300)
    assert page.evaluate("seen.length") == count  # then it waits


@pytest.mark.parametrize(
    "touch",
    [
        lambda page: page.mouse.click(*middle(page, ".sv-summary")),
        lambda page: page.keyboard.press("Tab"),
        lambda page: page.evaluate("document.getElementById('view').model.set('tau', 12)"),
    ],
    ids=["pointer", "key", "python"],
)
def test_its_own_pass_stops_at_a_touch_a_key_and_a_change_from_elsewhere(shown, touch):
    page = shown(MOVING, speed=5)
    page.get_by_role("button", name="Pause").wait_for()
    page.evaluate("document.querySelector('.sv-grow').focus()")
    touch(page)
    page.get_by_role("button", name="Play").wait_for(timeout=5000)
    assert page.evaluate("seen.at(-1).place") < 99


def test_its_own_pass_stops_at_a_change_before_its_first_frame(shown):
    page = shown(MOVING | {"first": WATCH + AT_PAUSE}, speed=5)
    page.wait_for_function("window.changed")
    page.get_by_role("button", name="Play").wait_for()
    assert set(page.evaluate("seen.map(({ place }) => place)")) == {0}


def test_the_drawn_point_lies_between_the_steps_that_python_computes(shown):
    explorer = LIFExplorer(stimulus="sine", amplitude=3.0, speed=60)
    run = explorer.trace()
    spikes, membrane, potential = (  # at the end of each step; at 0 the start
        np.insert(values, 0, 0.0) for values in (run.spikes, run.membrane, run.potential)
    )
    page = shown(MOVING, stimulus="sine", amplitude=3.0, speed=60)
    page.get_by_role("button", name="Play").wait_for(timeout=30_000)
    seen = page.evaluate("seen")
    assert run.spikes.sum() > 3
    falls = 0
    for now in seen:
        step, at = now["step"], now["x"]
        if now["fallen"] is not None:  # straight down, from H to the reset
            assert spikes[step]
            assert at == step
            low, high = sorted([potential[step], membrane[step]])
            assert low <= now["v"] <= high
            falls += now["between"]
        elif now["between"]:  # on the line from V to the next H
            share = at - step
            line = potential[step] + share * (membrane[step + 1] - potential[step])
            assert now["v"] == pytest.approx(line, abs=1e-9)
        else:
            assert now["v"] == pytest.approx(membrane[step], abs=1e-9)
    assert falls > 3
    explorer.close()


def test_what_is_to_come_is_hidden_while_it_plays_and_pale_at_rest(shown):
    page = shown(MOVING, speed=20)
    page.wait_for_function("seen.at(-1).place > 12")
    blue = """() => {  // pixels of the membrane right of the playhead, left of the tank
        const canvas = document.querySelector(".sv-traces");
        const [width, height] = [canvas.width, canvas.height];
        const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
        let found = 0;
        for (let y = 100; y < 300; y++)
            for (let x = Math.round(width * 0.5); x < Math.round(width * 0.75); x++) {
                const at = 4 * (y * width + x);
                found += data[at + 3] > 60 && data[at + 2] - data[at] > 60;
            }
        return found;
    }"""
    hidden = page.evaluate(blue)
    page.get_by_role("button", name="Pause").click()
    page.evaluate("settled()")
    assert page.evaluate("seen.at(-1).place") < 45
    pale = page.evaluate(blue)
    assert pale > hidden + 300


def test_the_same_place_is_the_same_picture(shown):
    page = shown(MOVING, speed=20)
    page.wait_for_function("""() => {  // a hand that is near a whole step goes to it
        const { place } = seen.at(-1);
        if (place < 11 || Math.abs((place % 1) - 0.5) > 0.35) return false;
        document.querySelector(".sv-play").click();
        return true;
    }""")
    page.evaluate("settled()")
    picture = "document.querySelector('.sv-traces').toDataURL()"
    place, before = page.evaluate("seen.at(-1).place"), page.evaluate(picture)
    page.wait_for_timeout(400)  # nothing but the playhead hears the clock
    assert page.evaluate(picture) == before
    scrub = page.get_by_label("Time step", exact=True)
    scrub.press("ArrowRight")
    page.evaluate("settled()")
    assert page.evaluate(picture) != before
    page.wait_for_function(  # a hand goes there, until the picture follows
        """(place) => {
            const scrub = document.querySelector("[aria-label='Time step']");
            scrub.step = "any";
            scrub.value = place;
            scrub.dispatchEvent(new Event("input"));
            return Math.abs(seen.at(-1).place - place) < 1e-9;
        }""",
        arg=place,
        polling=100,
    )
    assert page.evaluate(picture) == before


# ---------------------------------------------------------------- the pace


@pytest.fixture(scope="module")
def pace(modules):
    """What lif/pace.js makes of neurons, in a page of its own: pace(JavaScript of paceOf, …)."""
    page = modules("lif/pace", "lif/charge", "lif/clock", "base/neuron")
    page.evaluate("""() => {
        window.made = (p) => {
            const current = stimulus(p);
            return { p, current, run: onClock(simulate(p, current), p), speed: p.speed };
        };
    }""")
    return page.evaluate


def neuron(rng):
    return {
        "tau": rng.uniform(1, 30), "v_threshold": rng.uniform(0.2, 1.4), "v_rest": 0, "t_ref": 0,
        "v_reset": rng.choice([0, None]), "resistance": 1, "dt": 1, "duration": 60, "seed": 1,
        "stimulus": rng.choice(["constant", "sine", "noise"]), "period": 20, "speed": 20,
        "amplitude": rng.uniform(0.5, 4),
    }  # fmt: skip


def test_a_reset_falls_in_120_ms_and_time_slows_before_it(pace):
    p = neuron(random.Random(0)) | {"tau": 10, "v_threshold": 1, "amplitude": 1.5, "v_reset": 0,
                                    "stimulus": "constant"}  # fmt: skip
    fall, before, far = pace(
        """(p) => {
            const all = made(p);
            const { seconds } = paceOf(all);
            const t = all.run.s.indexOf(1);
            const fallen = (at) => momentAt({ ...all, pace: paceOf(all) }, at, false).fallen;
            let end = t;
            while (fallen(end) !== null) end += 0.001;
            const long = (from, to) => seconds(to) - seconds(from);
            return [long(t, end), long(t - 1, t), long(2, 3)];
        }""",
        p,
    )
    assert fall == pytest.approx(0.12, abs=0.001)
    assert far == pytest.approx(1 / 20)
    assert before > 2 * far


def test_rate_and_seconds_are_of_one_clock(pace):
    rng = random.Random(1)
    for _ in range(20):
        most, longest, crossings = pace(
            """(p) => {
                const all = made(p);
                const { rate, seconds, crossings } = paceOf(all);
                let [time, off] = [0, 0];
                const [end, fine] = [all.current.length, 1 / 500];
                for (let place = 0; place < end; place += fine) {
                    time += fine / rate(place + fine / 2);
                    off = Math.max(off, Math.abs(time - seconds(place + fine)));
                }
                const met = crossings.map(({ step, x, at }) => [step, x, at - seconds(step)]);
                return [off, seconds(end), met];
            }""",
            neuron(rng),
        )
        assert most < 0.02
        assert longest < 60 / 20 * 4  # a pass ends, however often it fires
        for step, x, late in crossings:
            assert step - 1 <= x <= step
            assert late <= 1e-12


def test_a_charge_comes_to_63_percent_where_the_steps_of_python_do(pace):
    rng = random.Random(2)
    found = 0
    for _ in range(40):
        p = neuron(rng) | {"stimulus": rng.choice(["constant", "step"]), "dt": rng.choice([0.1, 1]),
                           "v_rest": rng.choice([0, -0.5]), "v_threshold": 50}  # fmt: skip
        charge = pace("(p) => firstCharge(made(p))", p)
        run = LIFExplorer(**p | {"v_threshold": 3.0, "resistance": 0.1, "amplitude": 1.0}).trace()
        shape = (run.membrane - p["v_rest"]) / 0.1  # of R·I, which starts it
        reached = np.flatnonzero(shape >= 1 - 1 / math.e) + 1  # steps
        if charge is None:  # not before the input changes
            assert not len(reached) or p["stimulus"] == "step"
            continue
        found += 1
        assert charge["place"] <= reached[0] + 1e-6
        assert charge["place"] > reached[0] - 1 or reached[0] == charge["start"] + 1
        level = p["v_rest"] + (1 - 1 / math.e) * p["amplitude"]
        if charge["place"] > charge["start"] + 1:
            assert charge["level"] == pytest.approx(level)
    assert found > 10


# ---------------------------------------------------------------- the tank


def test_the_tank_says_the_flows_of_the_update_and_its_water_stands_at_v(shown):
    page = shown(cursor=4)
    run = LIFExplorer(cursor=4).trace()
    page.evaluate("""() => {
        window.words = [];
        const fill = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
            words.push(text);
            return fill.call(this, text, ...rest);
        };
    }""")
    for step in (5, 11, 12):
        page.evaluate("words.length = 0")
        page.get_by_label("Time step", exact=True).press(
            "ArrowRight"
        ) if step == 5 else page.evaluate(
            f"document.getElementById('view').model.set('cursor', {step})"
        )
        page.evaluate("settled()")
        words = " ".join(page.evaluate("words")).replace("−", "-")
        into, out = re.search(r"in ([+-]?[\d.]+).* out ([+-]?[\d.]+)", words).groups()
        before = run.potential[step - 2]
        assert float(into) == pytest.approx(1.5 / 10, abs=6e-4)
        assert float(out) == pytest.approx(-before / 10, abs=6e-4)
        assert before + float(into) + float(out) == pytest.approx(run.membrane[step - 1], abs=2e-3)
    # Where the water begins, from above, in a column near the tank's left wall.
    surface, at = page.evaluate("""() => new Promise((done) => {
        document.addEventListener("spikeviz:drawn", ({ detail: { y, tank, now } }) => {
            const canvas = document.querySelector(".sv-traces");
            const [left, top] = [Math.round(tank.left) + 5, Math.round(y.range[1])];
            const { data } = canvas.getContext("2d").getImageData(left, top, 1, 200);
            let row = 0;
            while (row < 199 && !(data[4 * row + 2] - data[4 * row] > 60)) row++;
            done([top + row, y(now.v)]);
        }, { once: true });
        document.getElementById("view").model.set("cursor", 8);
    })""")
    assert surface == pytest.approx(at, abs=3)


def test_the_brim_is_the_threshold_and_is_dragged(shown):
    page = shown()
    box = page.locator(".sv-traces").bounding_box()
    _, y = middle(page, ".sv-threshold")
    x = box["x"] + box["width"] - 120  # over the tank
    drag(page, (x, y + 4), (x, y + 44))
    assert 0.5 < model(page, "v_threshold") < 0.9


# ---------------------------------------------------------------- handles


@pytest.mark.parametrize("calm", ["reduce", "no-preference"])
def test_a_threshold_dragged_upwards_stays_in_the_plot_and_the_axis_follows(shown, calm):
    page = shown({"reduced_motion": calm})
    stage = page.locator(".sv-traces").bounding_box()
    x, y = middle(page, ".sv-threshold")
    page.mouse.move(x, y + 9)  # beside the line: the grab keeps its distance
    page.mouse.down()
    heights, values = [], []
    for up in range(0, 160, 8):
        page.mouse.move(x, y + 9 - up)
        page.evaluate("settled()")
        heights.append(middle(page, ".sv-threshold")[1])
        values.append(model(page, "v_threshold"))
    assert values[0] == 1
    assert values == sorted(values)
    assert values[-1] == 3  # the largest
    assert all(v == round(v, 2) for v in values)
    assert heights == sorted(heights, reverse=True)
    assert all(stage["y"] + 60 < at < stage["y"] + stage["height"] for at in heights)
    assert np.diff(values).max() < 0.4
    page.mouse.up()
    page.wait_for_timeout(500)
    rest = middle(page, ".sv-threshold")[1]
    assert rest > heights[-1] + 10  # eased back: room above it again
    page.keyboard.press("Control+z")
    page.evaluate("settled()")
    assert model(page, "v_threshold") == 1


def test_tau_is_dragged_where_the_first_charge_reaches_63_percent(shown):
    page = shown()
    handle = page.locator(".sv-tau")
    x, y = middle(page, ".sv-tau")
    drag(page, (x + 6, y - 5), (x + 90, y - 5))
    tau = model(page, "tau")
    assert 15 < tau < 30
    assert tau == round(tau, 1)
    assert middle(page, ".sv-tau")[0] == pytest.approx(x + 84, abs=2)  # it stays under the hand
    page.mouse.dblclick(*middle(page, ".sv-tau"))
    page.evaluate("settled()")
    assert model(page, "tau") == 10
    for stimulus in ("sine", "ramp", "noise"):
        page.get_by_label("Shape of the input current").select_option(stimulus)
        expect(handle).to_be_hidden()
    page.get_by_label("Shape of the input current").select_option("step")
    expect(handle).to_be_visible()
    page.get_by_label("I, input current, exact value").fill("0")
    page.keyboard.press("Enter")
    expect(handle).to_be_hidden()


def test_the_dot_of_the_map_drags_tau_and_the_threshold_together_and_pins_nothing(shown):
    page = shown()
    page.locator(".sv-dot").scroll_into_view_if_needed()
    x, y = middle(page, ".sv-dot")
    drag(page, (x + 5, y + 5), (x + 45, y - 25))
    assert model(page, "tau") > 12
    assert model(page, "v_threshold") > 1.2
    assert model(page, "pins") == []
    assert middle(page, ".sv-dot") == pytest.approx((x + 40, y - 30), abs=2)
    page.mouse.dblclick(*middle(page, ".sv-dot"))
    page.evaluate("settled()")
    assert (model(page, "tau"), model(page, "v_threshold")) == (10, 1)


def test_a_finger_drags_the_threshold_and_the_page_stays(shown, swipe):
    page = shown({"width": 390, "height": 800, "has_touch": True, "is_mobile": True})
    page.locator(".sv-threshold").scroll_into_view_if_needed()
    assert swipe(page, middle(page, ".sv-threshold"), down=55) == 0
    assert model(page, "v_threshold") < 0.8


# ---------------------------------------------------------------- modes and challenges


def test_one_mode_at_a_time_and_a_second_press_leaves_it(shown):
    page = shown()
    pressed = page.locator(".sv-mode[aria-pressed=true]")
    panels = page.locator(".sv-lif > .sv-panel:visible")
    expect(pressed).to_have_count(0)
    for name in ("Pin", "Paint", "Mystery", "Challenge"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(pressed).to_have_text([name])
        expect(panels).to_have_count(1)
    assert model(page, "stimulus") == "drawn"  # what was painted stays
    assert model(page, "mystery") == 1
    page.get_by_role("button", name="Challenge", exact=True).click()
    expect(panels).to_have_count(0)
    page.get_by_role("button", name="Mystery", exact=True).click()
    page.get_by_role("button", name="Close").click()
    expect(panels).to_have_count(0)
    assert model(page, "mystery") == 0


@pytest.mark.parametrize(
    ("traits", "name"),
    [({"mystery": 2}, "Mystery"), ({"current": [1.0] * 9}, "Paint")],
)
def test_what_python_sets_opens_its_mode(shown, traits, name):
    page = shown(**traits)
    expect(page.locator(".sv-mode[aria-pressed=true]")).to_have_text([name])


# Each challenge: what is set by hand, and what it must not be met by.
CHALLENGES = [
    ({"V_th, threshold": "1.26"}, {"V_th, threshold": "1.4"}),
    ({"τ, time constant": "17"}, {"τ, time constant": "10"}),
    ({"V_th, threshold": "1.52"}, {"V_th, threshold": "1.7"}),
    ({"τ, time constant": "31", "V_th, threshold": "1.3"}, {"V_th, threshold": "1.2"}),
    ({"I, input current": "2.2"}, {"I, input current": "1"}),
]


@pytest.mark.parametrize("number", range(len(CHALLENGES)))
def test_each_challenge_is_checked_live_and_can_be_done(shown, number):
    page = shown()
    page.get_by_role("button", name="Challenge", exact=True).click()
    for _ in range(number):
        page.get_by_role("button", name="Another challenge").click()
    panel = page.locator(".sv-challenge")
    panel.get_by_text(f"{number + 1}. ").wait_for()
    if number == 4:
        page.get_by_label("Shape of the input current").select_option("sine")
    right, wrong = CHALLENGES[number]
    for values, done in ((wrong, False), (right, True)):
        for label, value in values.items():
            field = page.get_by_label(f"{label}, exact value")
            field.fill(value)
            field.press("Enter")
        if done:  # it counts what rests
            panel.get_by_text("✓ Done").wait_for()
        else:
            page.wait_for_timeout(700)
            assert not panel.get_by_text("✓ Done").is_visible(), panel.inner_text()
    expect(panel.locator(".sv-done")).to_have_count(1)


def test_a_challenge_that_a_hand_only_passes_is_not_done(shown):
    page = shown()
    page.get_by_role("button", name="Challenge", exact=True).click()
    page.evaluate("settled()")
    x, y = middle(page, ".sv-threshold")
    page.mouse.move(x, y)
    page.mouse.down()
    counts = set()
    for up in range(0, 60, 2):
        page.mouse.move(x, y - up)
        page.evaluate("settled()")
        counts.add(page.locator(".sv-stand").inner_text())
    page.mouse.up()
    assert "Now: 5 spikes." in counts
    page.wait_for_timeout(700)
    assert page.locator(".sv-done").count() == 0
    assert model(page, "v_threshold") > 1.3
