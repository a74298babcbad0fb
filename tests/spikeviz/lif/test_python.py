"""LIFExplorer as Python sees it: its traits, its numbers, its picture, its file, its end."""

import gc
import json
import math
import os
import re
import weakref
from html.parser import HTMLParser

import ipywidgets
import numpy as np
import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import spikeatconv
from spikeatconv import simulate, stimulus
from spikeviz import LIFExplorer
from spikeviz.base.front_end import PACKAGE, unpack
from spikeviz.base.widget import Explorer
from spikeviz.lif.explorer import STIMULI

LIMITS = LIFExplorer.ranges()
ARRAYS = ("time", "current", "membrane", "spikes", "potential")
WHOLE = ("seed", "mystery")
OTHERS = {"v_threshold": 3.0, "v_reset": None, "dt": 0.1, "tau": 50.0}  # leave each its full range


@pytest.fixture
def explorer():
    explorer = LIFExplorer()
    yield explorer
    explorer.close()


def parameters(explorer):
    return {name: getattr(explorer, name) for name in (*LIMITS, "stimulus")}


# ---------------------------------------------------------------- traits


@pytest.mark.parametrize("name", LIMITS)
def test_each_parameter_takes_its_whole_range_and_nothing_outside(name):
    low, high, _ = LIMITS[name]
    explorer = LIFExplorer(**{key: value for key, value in OTHERS.items() if key != name})
    if name in ("v_threshold", "v_reset"):
        explorer.v_reset = None  # the two limit each other, which has its own test
    for value in (low, high):
        setattr(explorer, name, value)
        assert getattr(explorer, name) == value
    outside = [low - 1, high + 1]
    if name not in WHOLE:
        outside += [math.nextafter(low, -math.inf), math.inf, -math.inf, math.nan]
    for value in outside:
        with pytest.raises(traitlets.TraitError, match=rf"{name} .*from {low} to {high}$"):
            setattr(explorer, name, value)
        assert getattr(explorer, name) == high
        with pytest.raises(traitlets.TraitError, match=rf"{name} .*from {low} to {high}$"):
            LIFExplorer(**{name: value})
    explorer.close()


@pytest.mark.parametrize("name", [*LIMITS, "stimulus", "cursor", "speed"])
def test_what_is_no_number_is_refused(explorer, name):
    before = getattr(explorer, name)
    for value in ("much", None, [1.0]):
        if (name, value) == ("v_reset", None):
            continue  # the soft reset
        with pytest.raises(traitlets.TraitError, match=name):
            setattr(explorer, name, value)
        assert getattr(explorer, name) == before


def test_the_front_end_reads_the_same_limits(explorer):
    assert explorer.limits == LIMITS
    with pytest.raises(traitlets.TraitError):
        explorer.limits = {}
    assert set(explorer.get_state()) >= {*LIMITS, "limits", "stimulus", "cursor", "_esm", "_code"}
    for name, (low, high, step) in LIMITS.items():
        assert low < high, name
        assert 0 < step <= high - low, name
        assert low <= getattr(explorer, name) <= high, name


def test_a_reset_above_the_threshold_is_refused(explorer):
    message = r"v_reset is 0.5 and v_threshold is 0.5; .* keep v_reset below v_threshold"
    explorer.v_threshold = 0.5
    with pytest.raises(traitlets.TraitError, match=message):
        explorer.v_reset = 0.5
    with pytest.raises(traitlets.TraitError, match=message):
        LIFExplorer(v_reset=0.5, v_threshold=0.5)
    explorer.v_reset = 0.49
    with pytest.raises(traitlets.TraitError, match=r"v_reset is 0.49 and v_threshold is 0.2"):
        explorer.v_threshold = 0.2
    assert (explorer.v_reset, explorer.v_threshold) == (0.49, 0.5)
    explorer.v_reset = None
    explorer.v_threshold = 0.2  # the soft reset has no such limit


def test_a_time_constant_below_the_time_step_is_refused(explorer):
    message = r"tau is 1.9 ms and dt is 2.0 ms; .* until tau >= dt"
    explorer.dt = 2.0
    with pytest.raises(traitlets.TraitError, match=message):
        explorer.tau = 1.9
    with pytest.raises(traitlets.TraitError, match=message):
        LIFExplorer(dt=2.0, tau=1.9)
    explorer.tau = 2.0
    with pytest.raises(traitlets.TraitError, match=r"tau is 2.0 ms and dt is 2.1 ms"):
        explorer.dt = 2.1
    assert (explorer.tau, explorer.dt) == (2.0, 2.0)


def test_a_group_of_changes_is_judged_as_a_whole(explorer):
    explorer.v_reset = 0.5
    with explorer.hold_trait_notifications():  # the first of each two is wrong on its own
        explorer.tau = 0.2
        explorer.dt = 0.1
        explorer.v_threshold = 0.4
        explorer.v_reset = 0.3
    assert (explorer.tau, explorer.dt) == (0.2, 0.1)
    assert (explorer.v_threshold, explorer.v_reset) == (0.4, 0.3)

    def too_slow_a_clock():
        with explorer.hold_trait_notifications():
            explorer.tau = 3.0
            explorer.dt = 4.0

    with pytest.raises(traitlets.TraitError, match=r"tau is 3.0 ms and dt is 4.0 ms"):
        too_slow_a_clock()
    assert (explorer.tau, explorer.dt) == (0.2, 0.1)  # all or nothing


def test_what_the_front_end_sends_is_judged_too(explorer):
    explorer.set_state({"tau": 0.2, "dt": 0.1, "v_reset": None, "stimulus": "sine"})
    assert (explorer.tau, explorer.dt) == (0.2, 0.1)
    assert (explorer.v_reset, explorer.stimulus) == (None, "sine")
    with pytest.raises(traitlets.TraitError, match=r"tau is 99.0"):
        explorer.set_state({"tau": 99.0})
    assert explorer.tau == 0.2


def test_observe_hears_each_change_once(explorer):
    heard = []
    explorer.observe(lambda change: heard.append((change["old"], change["new"])), "tau")
    explorer.tau = 20.0
    explorer.tau = 20.0
    explorer.dt = 2.0
    with pytest.raises(traitlets.TraitError):
        explorer.tau = 1.0
    assert heard == [(10.0, 20.0)]


def test_two_explorers_linked(explorer):
    other = LIFExplorer(tau=30.0)
    link = ipywidgets.link((explorer, "tau"), (other, "tau"))
    assert other.tau == 10.0  # the source wins
    other.tau = 5.0
    assert explorer.tau == 5.0
    explorer.dt = 4.0
    assert other.dt == 1.0  # only what was linked
    link.unlink()
    other.tau = 7.0
    assert explorer.tau == 5.0
    in_the_page = ipywidgets.jslink((explorer, "tau"), (other, "tau"))
    assert in_the_page.source == (explorer, "tau")
    in_the_page.close()
    other.close()


def test_a_widget_has_its_own_pins_and_ghost(explorer):
    other = LIFExplorer(pins=[{"tau": 3.0}], ghost={"tau": 3.0})
    assert (explorer.pins, explorer.ghost) == ([], {})
    other.close()


# ---------------------------------------------------------------- numbers


@st.composite
def allowed(draw):
    """Any parameters that the explorer allows."""
    chosen = {
        name: draw(st.floats(low, high))
        for name, (low, high, _) in LIMITS.items()
        if name not in WHOLE
    }
    chosen["seed"] = draw(st.integers(*LIMITS["seed"][:2]))
    chosen["tau"] = draw(st.floats(chosen["dt"], LIMITS["tau"][1]))
    chosen["t_ref"] = draw(st.just(0.0) | st.floats(*LIMITS["t_ref"][:2]))
    below = min(LIMITS["v_reset"][1], math.nextafter(chosen["v_threshold"], -1))
    chosen["v_reset"] = draw(st.none() | st.floats(LIMITS["v_reset"][0], below))
    chosen["stimulus"] = draw(st.sampled_from(STIMULI))
    return chosen


@given(allowed())
def test_trace_is_the_simulation_of_the_parameters_on_show(p):
    explorer = LIFExplorer()
    with explorer.hold_trait_notifications():
        for name, value in p.items():
            setattr(explorer, name, value)
    run = explorer.trace()
    explorer.close()
    neuron = ("tau", "v_threshold", "v_rest", "v_reset", "resistance", "dt", "t_ref")
    source = ("duration", "dt", "period", "seed")
    current = stimulus(p["stimulus"], p["amplitude"], **{name: p[name] for name in source})
    expected = simulate(current, **{name: p[name] for name in neuron})
    for array in ARRAYS:
        assert np.array_equal(getattr(run, array), getattr(expected, array)), array
        assert np.isfinite(getattr(run, array)).all(), array
    assert run.dt == p["dt"]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [("noise", "seed", 7), ("sine", "period", 30.0), ("pulses", "period", 30.0)]
    + [(kind, "amplitude", 0.5) for kind in STIMULI],
)
def test_each_setting_of_the_input_reaches_the_trace(explorer, kind, name, value):
    explorer.stimulus = kind
    before = explorer.trace().current
    setattr(explorer, name, value)
    assert np.array_equal(explorer.trace().current, stimulus(kind, **{name: value}))
    assert not np.array_equal(explorer.trace().current, before)


def test_the_defaults_fire_every_eleven_steps(explorer):
    """τ = 10, I = 1.5: V = 1.5 (1 − 0.9ⁿ) passes 1 at n = 11, the step that ends at 11 ms."""
    run = explorer.trace()
    assert run.time[run.spikes == 1].tolist() == [11, 22, 33, 44, 55, 66, 77, 88, 99]


def test_no_v_reset_is_the_soft_reset(explorer):
    explorer.v_reset, explorer.amplitude = None, 4.0
    run = explorer.trace()
    fired = run.spikes == 1
    assert fired.sum() > 10
    assert np.array_equal(run.potential[fired], run.membrane[fired] - 1.0)
    assert (run.potential[fired] > 0).any()
    explorer.v_reset = 0.0
    hard = explorer.trace()
    assert (hard.potential[hard.spikes == 1] == 0).all()


def test_the_stimuli_are_the_same_everywhere():
    source = (PACKAGE / "base" / "neuron.js").read_text(encoding="utf-8")
    written = re.search(r"^export const STIMULI = (\[.*\]);$", source, flags=re.MULTILINE)[1]
    assert STIMULI == spikeatconv.STIMULI == tuple(json.loads(written))


# ---------------------------------------------------------------- to_matplotlib


@pytest.mark.parametrize("v_reset", [0.0, None])
def test_the_figure_shows_the_trace(explorer, v_reset):
    explorer.v_reset = v_reset
    explorer.stimulus = "sine"
    explorer.amplitude = 4.0
    mine = plt.figure()
    figure = explorer.to_matplotlib()
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == [mine.number]  # not shown a second time, and mine is still current
    plt.close(mine)
    run = explorer.trace()
    top, middle, low = figure.axes
    assert np.array_equal(top.lines[0].get_xdata(), [0, *run.time])
    assert np.array_equal(top.lines[0].get_ydata()[:-1], run.current)
    assert low.lines[0].get_xdata().tolist() == run.time[run.spikes == 1].tolist()
    assert run.spikes.sum() > 3
    membrane, threshold = middle.lines
    drawn = list(zip(*membrane.get_data(), strict=True))
    # The start, H at the end of each step, V after each spike.
    assert drawn[0] == (0, explorer.v_rest)
    assert len(drawn) == 1 + len(run.time) + run.spikes.sum()
    assert set(zip(run.time, run.membrane, strict=True)) <= set(drawn)
    assert threshold.get_ydata()[0] == explorer.v_threshold
    assert "ms" in low.get_xlabel()
    assert all(axis.get_ylabel() for axis in figure.axes)


def test_the_figure_can_be_saved_without_a_spike(explorer, tmp_path):
    explorer.amplitude = 0.0
    figure = explorer.to_matplotlib()
    figure.savefig(tmp_path / "figure.pdf")
    assert len(figure.axes[2].lines[0].get_xdata()) == 0
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")


# ---------------------------------------------------------------- save_html


class Page(HTMLParser):
    """The elements of a page and the text of its script."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.script = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] == "script":
            self.script += data

    def count(self, tag):
        return sum(element == tag for element, _ in self.elements)

    def json(self, before, after):
        """What the script holds as JSON between two pieces of its text."""
        return json.loads(re.search(re.escape(before) + "(.*)" + re.escape(after), self.script)[1])


def saved_state(path):
    return Page(path.read_text(encoding="utf-8")).json("const state = ", ";\n")


def test_the_saved_page_is_one_file_with_everything_in_it(explorer, tmp_path):
    explorer.tau, explorer.v_reset, explorer.stimulus = 12.5, None, "noise"
    path = explorer.save_html(str(tmp_path / "my explorer.html"))
    assert path == tmp_path / "my explorer.html"
    assert list(tmp_path.iterdir()) == [path]  # no draft is left
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|@import|\bsrc=|\bhref=|url\(|\{\{", text)
    page = Page(text)
    assert [page.count(tag) for tag in ("html", "style", "script", "title")] == [1, 1, 2, 1]
    assert (PACKAGE / "base" / "live.js").read_text(encoding="utf-8") in page.script
    assert page.json("const code = ", ";\n") == {
        "_esm": LIFExplorer._esm, "_code": explorer._code, "_sheet": explorer._sheet,
        "_kinds": explorer._kinds, "_anywidget_id": "spikeviz.lif.explorer.LIFExplorer",
    }  # fmt: skip
    assert not re.search(r"https?:|@import|url\(", unpack(explorer._sheet))


def test_the_saved_state_is_the_widgets(explorer, tmp_path):
    explorer.tau, explorer.v_reset, explorer.stimulus = 12.5, None, "noise"
    explorer.pins = [{"tau": 3.0, "v_threshold": 0.5}]
    state = saved_state(explorer.save_html(tmp_path / "a.html"))
    own = {*LIMITS, "limits", "defaults", "stimulus", "current", "cursor", "speed", "pins", "ghost"}
    own |= {"mystery_shows", "guess", "overlays", "answer", "busy", "progress", "problem"}
    assert set(state) == own  # and nothing of ipywidgets' or anywidget's
    limits = {name: tuple(limit) for name, limit in state.pop("limits").items()}
    assert limits == LIMITS
    assert state == {name: getattr(explorer, name) for name in own - {"limits"}}


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "</SCRIPT ><img src=x onerror=alert(1)>",
        "<!--<script>",
        "{{MODULE}} {{NOTHING}} \\1 \\g<0>",
        "quotes \" ' ` ${1} \\ and \u2028 and 🧠",
    ],
)
def test_text_cannot_break_out_of_the_page(explorer, tmp_path, text):
    explorer.ghost = {"note": text, text: 1}
    path = explorer.save_html(tmp_path / "a.html")
    assert saved_state(path)["ghost"] == {"note": text, text: 1}
    page, plain = (
        Page(p.read_text(encoding="utf-8")) for p in (path, LIFExplorer().save_html(path))
    )
    assert page.elements == plain.elements


def test_saving_into_a_missing_folder_is_an_error(explorer, tmp_path):
    (tmp_path / "file").touch()
    for folder in ("missing", "file"):
        with pytest.raises(FileNotFoundError, match=rf"{folder} is not a folder; make it"):
            explorer.save_html(tmp_path / folder / "a.html")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_saving_again_replaces_the_page_in_one_step(explorer, tmp_path, monkeypatch):
    path = explorer.save_html(tmp_path / "a.html")
    before, replace, seen = path.read_text(encoding="utf-8"), os.replace, []

    def watched(draft, target):
        assert path.read_text(encoding="utf-8") == before  # untouched until the very end
        assert draft.parent == path.parent  # one file system, so that it is one step
        seen.append(draft.read_text(encoding="utf-8"))
        return replace(draft, target)

    monkeypatch.setattr(os, "replace", watched)
    explorer.tau = 42.0
    assert explorer.save_html(path) == path
    assert seen == [path.read_text(encoding="utf-8")]
    assert saved_state(path)["tau"] == 42.0
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_last_page_as_it_was(explorer, tmp_path, monkeypatch):
    path = explorer.save_html(tmp_path / "a.html")
    before = path.read_bytes()

    def full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        explorer.save_html(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# ---------------------------------------------------------------- the end of a widget


def test_a_closed_explorer_and_its_layout_are_freed():
    def used_and_closed():
        explorer = LIFExplorer()
        explorer.tau = 5.0
        explorer.trace()
        explorer.close()
        explorer.close()  # twice does no harm
        return weakref.ref(explorer)

    references = [used_and_closed() for _ in range(20)]
    gc.collect()
    assert [reference() for reference in references] == [None] * 20


def test_a_refused_explorer_leaves_nothing_behind():
    from ipywidgets.widgets import widget

    gc.collect()
    before = len(widget._instances)
    for _ in range(5):
        with pytest.raises(traitlets.TraitError):
            LIFExplorer(tau=99.0)
    gc.collect()
    assert len(widget._instances) == before


class Notebook:
    """Stands in for a kernel's shell: `run` is a cell that is being run."""

    def __init__(self):
        self.parent, self.runs = {}, 0

    def get_parent(self):
        return self.parent

    def run(self, cell):
        self.runs += 1
        header = {"msg_id": f"run {self.runs}", "msg_type": "execute_request"}
        self.parent = {"header": header, "metadata": {"cellId": cell}}


@pytest.fixture
def notebook(monkeypatch):
    shell = Notebook()
    monkeypatch.setattr("spikeviz.base.widget.get_ipython", lambda: shell)
    monkeypatch.setattr(Explorer, "_made", {})
    return shell


def alive(*explorers):
    return [explorer.comm is not None for explorer in explorers]


def test_running_a_cell_again_closes_what_its_last_run_made(notebook):
    notebook.run("a")
    first, second = LIFExplorer(), LIFExplorer(tau=5.0)
    assert alive(first, second) == [True, True]  # two in one cell
    notebook.run("b")
    elsewhere = LIFExplorer()
    assert alive(first, second, elsewhere) == [True, True, True]
    notebook.run("a")
    third = LIFExplorer()
    assert alive(first, second, elsewhere, third) == [False, False, True, True]
    fourth = LIFExplorer()
    assert alive(elsewhere, third, fourth) == [True, True, True]
    notebook.run("a")
    fifth = LIFExplorer()
    assert alive(elsewhere, third, fourth, fifth) == [True, False, False, True]
    notebook.run("b")
    LIFExplorer()
    assert alive(elsewhere, fifth) == [False, True]


def test_a_widget_closed_by_hand_does_not_disturb_the_next_run(notebook):
    notebook.run("a")
    first, second = LIFExplorer(), LIFExplorer()
    first.close()
    third = LIFExplorer()
    assert alive(first, second, third) == [False, True, True]
    notebook.run("a")
    fourth = LIFExplorer()
    assert alive(first, second, third, fourth) == [False, False, False, True]


def test_twenty_runs_of_a_cell_leave_one_widget(notebook):
    references = []
    for _ in range(20):
        notebook.run("a")
        references.append(weakref.ref(LIFExplorer()))
    gc.collect()
    assert [reference() is not None for reference in references] == [False] * 19 + [True]


@pytest.mark.parametrize("parent", [{}, {"header": {"msg_id": "1"}}, {"metadata": {}}])
def test_without_a_cell_nothing_is_closed(notebook, parent):
    notebook.parent = parent  # a console, nbconvert, an old front end
    explorers = [LIFExplorer() for _ in range(3)]
    assert alive(*explorers) == [True, True, True]
    assert Explorer._made == {}


def test_a_closed_widget_of_a_cell_is_gone(notebook):
    notebook.run("a")
    explorer = LIFExplorer()
    gone = weakref.ref(explorer)
    explorer.close()
    del explorer
    gc.collect()
    assert gone() is None


def test_a_save_that_fails_leaves_nothing_behind(explorer, tmp_path):
    (tmp_path / "page").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        explorer.save_html(tmp_path / "page")
    assert list(tmp_path.iterdir()) == [tmp_path / "page"]
