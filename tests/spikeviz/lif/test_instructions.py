"""What the notebooks tell a reader to do with LIFExplorer, done with a real mouse on its saved
page."""

import math
import re

import pytest
from playwright.sync_api import expect

from spikeviz import LIFExplorer
from spikeviz.lif.mystery import hidden

START, NEURON = "00_start_here", "01_one_neuron"


def model(page, name):
    return page.evaluate(f"document.getElementById('view').model.get('{name}')")


def spikes(page):
    return int(re.match(r"(\d+) spike", page.locator(".sv-summary").inner_text())[1])


def middle(page, selector):
    element = page.locator(selector).first
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, selector, right, down):
    x, y = middle(page, selector)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=8)
    page.mouse.up()
    page.evaluate("settled()")


def slide(page, label, value):
    """Drag the thumb of a slider with the mouse to about a value; what it then holds."""
    slider = page.get_by_role("slider", name=label, exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    low, high, now = (float(slider.evaluate(f"(one) => one.{name}")) for name in
                      ("min", "max", "value"))  # fmt: skip
    at = lambda v: box["x"] + 8 + (box["width"] - 16) * (v - low) / (high - low)  # noqa: E731
    y = box["y"] + box["height"] / 2
    page.mouse.move(at(now), y)
    page.mouse.down()
    page.mouse.move(at(value), y, steps=6)
    page.mouse.up()
    page.evaluate("settled()")
    return float(slider.evaluate("(one) => one.value"))


def test_run_the_cell_and_press_play(told, opened):
    told(START, "It plays once by itself; press ▶ Play to see it again")
    told(NEURON, "The widget plays once by itself. Press ▶ Play to see it again")
    page = opened(LIFExplorer(duration=30.0, speed=60))
    play = page.get_by_role("button", name="Play")
    page.get_by_role("button", name="Pause").wait_for()
    play.wait_for(timeout=30_000)
    page.evaluate("""() => {
        window.places = [];
        document.addEventListener("spikeviz:drawn", ({ detail }) => places.push(detail.now.place));
    }""")
    page.mouse.click(*middle(page, ".sv-play"))
    play.wait_for(timeout=30_000)
    seen = page.evaluate("places")
    assert seen == sorted(seen)
    assert (seen[0] < 5, seen[-1]) == (True, 30)


@pytest.mark.parametrize(("down", "compare"), [(60, "more"), (-110, "none")])
def test_drag_the_dashed_line(told, opened, down, compare):
    told(START, "Drag the dashed line down. The neuron reaches it sooner and fires more often. "
         "Drag it far up, and the neuron never fires.")  # fmt: skip
    told(NEURON, "drag the dashed threshold line up, on the plot")
    told(NEURON, "The dashed grey line is the ghost: the run before your last move.")
    page = opened()
    before = spikes(page)
    drag(page, ".sv-threshold", 0, down)
    assert spikes(page) > before if compare == "more" else spikes(page) == 0
    page.get_by_text(f"last run, {before} spikes").wait_for()


def test_move_the_time_slider(told, opened):
    told(NEURON, "Move the time slider: below the plot stands the update of that step")
    page = opened(reduced_motion="reduce")
    step = int(slide(page, "Time step", 50))
    assert 45 < step < 55
    h = LIFExplorer().trace().membrane[step - 1]
    expect(page.locator(".sv-clock")).to_have_text(f"step {step}, {step} ms")
    assert float(page.locator(".sv-line").first.inner_text().split("=")[-1]) == pytest.approx(
        h, abs=6e-4
    )


def test_drag_your_neurons_dot_over_the_map(told, opened):
    told(NEURON, "The map below counts the spikes of every neuron with another $\\tau$ and "
         "$V_\\text{th}$: drag your neuron's dot over it.")  # fmt: skip
    page = opened()
    drag(page, ".sv-dot", -60, 10)
    assert model(page, "tau") < 7
    assert model(page, "v_threshold") < 0.95
    assert spikes(page) == LIFExplorer(
        tau=model(page, "tau"), v_threshold=model(page, "v_threshold")
    ).trace().spikes.sum()  # fmt: skip


def test_press_challenge_and_make_it_fire_5_times(told, opened):
    told(NEURON, "Then press Challenge, and make your neuron fire exactly 5 times.")
    page = opened(reduced_motion="reduce")
    page.mouse.click(*middle(page, ".sv-mode:last-child"))
    page.locator(".sv-challenge").get_by_text("Make it fire exactly 5 times.").wait_for()
    x, y = middle(page, ".sv-threshold")
    page.mouse.move(x, y)
    page.mouse.down()
    up = 0
    while spikes(page) > 5:
        up += 1
        page.mouse.move(x, y - up)
        page.evaluate("settled()")
    page.mouse.up()
    page.locator(".sv-challenge").get_by_text("✓ Done").wait_for()


def test_drag_the_green_tau_on_the_plot(told, opened):
    told(NEURON, "Drag the green τ on the plot and watch: it stands where the first charge has "
         "reached 63 % of $R \\cdot I$, about $\\tau$ after its start.")  # fmt: skip
    page = opened()
    first = LIFExplorer().trace().spikes.argmax()
    drag(page, ".sv-tau", 80, 0)
    tau = model(page, "tau")
    assert tau > 15
    assert LIFExplorer(tau=tau).trace().spikes.argmax() > 1.5 * first
    assert spikes(page) == LIFExplorer(tau=tau).trace().spikes.sum()


def test_with_sound_it_clicks_at_each_spike_and_never_before_a_press(told, opened):
    told(NEURON, "with Sound it clicks at each spike")
    page = opened(LIFExplorer(duration=40.0, speed=60), reduced_motion="reduce")
    page.evaluate("""() => {
        window.clicks = 0;
        const part = { connect: (next) => next, start: () => clicks++, stop() {}, frequency: {},
            gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} } };
        window.AudioContext = class {
            createOscillator = () => part;
            createGain = () => part;
            close() {}
        };
    }""")
    play = page.get_by_role("button", name="Play")
    sound = page.get_by_role("button", name="Sound")
    expect(sound).to_have_text("Sound: off")
    sound.click()
    expect(sound).to_have_text("Sound: a click a spike")
    page.evaluate("document.getElementById('view').model.set('cursor', 30)")
    page.evaluate("settled()")
    assert page.evaluate("clicks") == 0  # a jump is no play
    page.evaluate("document.getElementById('view').model.set('cursor', 5)")
    play.click()
    page.wait_for_function("clicks === 1")
    page.get_by_role("button", name="Pause").click()
    sound.click()
    play.click()
    page.wait_for_function("document.getElementById('view').model.get('cursor') >= 24")
    assert page.evaluate("clicks") == 1


def test_the_two_experiments_name_the_mystery_neuron(told, opened):
    told(NEURON, "Move the slider of $I$ until the neuron is only just silent; the arrow keys move")
    told(NEURON, "Take the middle. 2. Set $I$ to about one and a half times your $V_\\text{th}$.")
    told(NEURON, "Then set your $\\tau$ and $V_\\text{th}$ in the widget and press Check my τ and")
    told(NEURON, "Press New mystery. Stuck? Hint draws its membrane.")
    page = opened(
        LIFExplorer(mystery=5, dt=0.2, duration=200.0, amplitude=2.5, speed=60),
        reduced_motion="reduce",
    )  # fmt: skip
    panel = page.locator(".sv-mystery")
    silent = panel.get_by_text("It stays silent under this input.")
    amplitude = slide(page, "I, input current", 1.32)
    assert amplitude > hidden(5).v_threshold
    while not silent.is_visible():
        page.keyboard.press("ArrowLeft")
        page.evaluate("settled()")
    v_threshold = model(page, "amplitude") + 0.005
    current = round(1.5 * v_threshold, 2)

    def enter(label, value):
        field = page.get_by_label(f"{label}, exact value")
        field.fill(str(value))
        field.press("Enter")

    enter("I, input current", current)
    panel.get_by_text("the first at ").wait_for()
    first = float(re.search(r"the first at ([\d.]+) ms", panel.inner_text())[1])
    enter("τ, time constant", round(first / math.log(current / (current - v_threshold)), 1))
    enter("V_th, threshold", v_threshold)
    page.get_by_role("button", name="Hint").click()
    panel.get_by_text("Its membrane is drawn now").wait_for()
    page.get_by_role("button", name="Check my τ and V_th").click()
    panel.get_by_text("Found! ").wait_for()
    page.get_by_role("button", name="New mystery").click()
    panel.get_by_text("Mystery neuron 6").wait_for()
