"""What of a widget stands in an address: it comes back as it was, and no address breaks a page."""

import json
import random
import re

import pytest
import traitlets

from spikeviz.base.page import LIVE
from spikeviz.gallery import explorers

each = pytest.mark.parametrize("cls", explorers(), ids=lambda cls: cls.__name__, scope="module")
NO_NUMBERS = re.compile(r"NaN|Infinity|undefined|\bnull\b|\[object")
SAID = """() => [...document.querySelectorAll('.spikeviz, .spikeviz [aria-label]')]
    .map((one) => one.ariaLabel ?? one.innerText).join('\\n')"""
SHARED = """(names) => Object.fromEntries(names.map((name) => {
    const value = document.getElementById("view").model.get(name);
    return [name, value instanceof DataView
        ? [...new Float64Array(value.buffer.slice(value.byteOffset))] : value];
}))"""

# What random numbers and texts seldom hit: values of traits that hold a name, a list or a dict.
VALUES = {
    "LIFExplorer": lambda w: {
        "pins": [[], [{"tau": 20.0}, {"v_threshold": 0.5, "v_reset": None}]],
        "overlays": [[], ["norse"], ["spikeatconv", "norse"]],
        "current": [None, [0.5, -1.25, 1e-7, 3.0] * 10],
        "guess": [{}, {"tau": 3.0, "v_threshold": 0.75}],
    },
    "SurrogateExplorer": lambda w: {"layer": list(w.layers)},
    "SpikeBlockExplorer": lambda w: {
        "taus": [[2.0, 4.0], [3.5, 1.0]], "thresholds": [[0.5], [0.5, 1.25, 2.0]],
        "drive": [[], [0.0, 1.0, 0.25]], "patch": ["", "0f" * 256], "selected": ["", "x"],
    },
    "MBPLExplorer": lambda w: {"thresholds": [[0.5], [0.25, 1.0, 2.5], [0.5, 1.0, 1.5, 2.0]]},
    "SpikeRaster": lambda w: {
        "layer": [layer["name"] for layer in w.layers], "window": [[], [0, 1, 3, 40]],
    },
    "PartitionExplorer": lambda w: {
        "pixel": [(0, 0), (3, 11)], "credit": ["", "A. B., CC-BY"],
        "guess": [{}, {"answer": "yes", "of": "grid 7 28 false"}],
    },
    "AttentionExplorer": lambda w: {"attention": ["both", "sisa", "bdsa"]},
    "NetworkWalk": lambda w: {"opened": ["", *w.boxes()], "unfolded": [None, [], [0, 1]],
                              "model": [w.model], "other": [""], "checkpoint": [""]},
    "EnergyExplorer": lambda w: {
        "report": [report["name"] for report in w.reports], "layer": ["", w.trace().layer[3]],
        "rates": [{}, {w.trace().layer[3]: 0.5}],
    },
    "TrainingMonitor": lambda w: {
        "hidden": [[], ["accuracy & more, =#+%"]],
        "guess": [[], [None, *[k / 40 for k in range(40)]]],
    },
    "AblationExplorer": lambda w: {"axis": list(w.axes)},
    "SpikingPlayground": lambda w: {
        "layers": [[1], [8, 8], [3, 2, 1]], "thresholds": [[[0.5]], [[0.5, 1.25], [1.0]]],
        "own": [{}, {"0.1": [0.3], "1.1": [0.5, 2.0]}], "silent": [[], ["0.0", "1.3"]],
        "points": [[], [[0.25, -1.0, 1], [0.0, 0.5, 0]]], "point": [[0.0, -0.75]],
        "experiment": [""],
    },
    "SeedMachine": lambda w: {"axis": list(w.axes)},
}  # fmt: skip


def draw(rng, kind, before):
    """A random value of a kind, as spikeviz/base/kinds.py names them; of others, the one before."""
    (name, *more) = kind
    if name.endswith("?") and rng.random() < 0.3:
        return None
    if name.startswith("one of"):
        return rng.choice(more)
    if name.startswith("flag"):
        return rng.random() < 0.5
    if not name.startswith(("whole", "number")):
        return before
    if name.startswith(("wholes", "numbers")):
        lowest, highest, least, most = more
        return [draw(rng, [name.replace("s", ""), lowest, highest], 0)
                for _ in range(rng.randint(least, most))]  # fmt: skip
    low, high = (default if bound is None else bound
                 for bound, default in zip(more, (0, 12), strict=True))  # fmt: skip
    return rng.randint(low, high) if name.startswith("whole") else rng.uniform(low, high)


def disturb(widget, rng):
    """Set about half of what may be shared to random values that Python takes."""
    values = VALUES.get(type(widget).__name__, lambda _: {})(widget)
    for name, kind in widget._kinds.items():
        if rng.random() < 0.5:
            try:
                setattr(widget, name, rng.choice(values[name]) if name in values
                        else draw(rng, kind, getattr(widget, name)))  # fmt: skip
            except traitlets.TraitError:  # does not go with the others
                continue


def shared(widget):
    """What may be shared, as JavaScript has it."""
    found = {name: getattr(widget, name) for name in widget._kinds}
    return json.loads(json.dumps(found, default=lambda array: array.tolist()))


@pytest.fixture(scope="module")
def widget(cls):
    """One widget for the tests below, in their order: as it comes until the second disturbs it."""
    made = cls()
    yield made
    made.close()


@pytest.fixture(scope="module")
def blank(opener, tmp_path_factory):
    """A page that holds the scripts of a live page, and no widget."""
    file = tmp_path_factory.mktemp("blank") / "blank.html"
    file.write_text(f"<script>{LIVE}</script>", encoding="utf-8")
    with opener() as new_page:
        page = new_page(offline=True)
        page.goto(file.as_uri())
        yield page


@each
def test_every_trait_that_can_be_set_is_shared_or_passing(cls, widget):
    for name, trait in cls._own_traits().items():
        hidden = trait.read_only or trait.metadata.get("large") or trait.metadata.get("passing")
        # raw bytes, of a drawing or a picture, are no text
        assert (name in widget._kinds) != bool(hidden or isinstance(trait, traitlets.Bytes)), name


ROUND = """([kinds, saved, states]) => states.map((state) => {
    const floats = (values) => values && new DataView(Float64Array.from(values).buffer);
    const list = (view) => view && [...new Float64Array(view.buffer)];
    const each = (values, change) => Object.fromEntries(Object.entries(values).map(
        ([name, value]) => [name, kinds[name][0].startsWith("floats") ? change(value) : value]));
    location.hash = "";
    const one = spikevizAddress();
    const there = each(saved, floats);
    one.join("LIF.", kinds, there);
    Object.assign(there, each(state, floats));
    const link = one.link();
    const other = spikevizAddress();
    const back = each(saved, floats);
    other.join("LIF.", kinds, back);
    return [link, each(back, list), [...other.left]];
})"""


def test_an_address_is_short_and_readable(blank):
    kinds = {"tau": ["number", 0.1, 50.0], "v_reset": ["number?", -1, 1], "stimulus": ["text"],
             "pixel": ["list"], "dark": ["flag"]}  # fmt: skip
    saved = {"tau": 10, "v_reset": 0, "stimulus": "sine", "pixel": [9, 12], "dark": False}
    state = {"tau": 5.5, "v_reset": None, "stimulus": "digit 5", "pixel": [3, 4], "dark": True}
    link, _, _ = blank.evaluate(ROUND, [kinds, saved, [state]])[0]
    values = "LIF.tau=5.5&LIF.v_reset=none&LIF.stimulus=digit+5&LIF.pixel=3,4&LIF.dark=true"
    assert link.partition("#")[2] == values


@pytest.fixture(scope="module")
def at(opener):
    """at(file, hash): a saved page at this address, drawn; it takes the place of the one before."""
    with opener() as new_page:
        page = new_page(offline=True)

        def open_at(file, hash_):
            page.goto("about:blank")  # another hash alone would load nothing
            page.goto(f"{file.as_uri()}#{hash_}")
            page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
            page.evaluate("new Promise((done) => setTimeout(done, 100))")
            return page

        yield open_at


@each
def test_a_page_opened_again_stands_as_it_was(cls, widget, at, blank, pages):
    rng, before = random.Random(1), shared(widget)
    for _ in range(2):
        disturb(widget, rng)
        link, _, _ = blank.evaluate(ROUND, [widget._kinds, before, [shared(widget)]])[0]
        page = at(pages(cls), link.partition("#")[2].replace("LIF.", ""))
        alone = set(getattr(cls, "asks", ()))  # what waits for an answer
        names = [name for name in widget._kinds if name not in alone]
        expected = {name: shared(widget)[name] for name in names}
        assert page.evaluate(SHARED, names) == expected, page.url
        assert page.locator(".sv-address").count() == 0
        assert page.locator("section").count() == 0  # reveal.js takes it for a slide
        assert not NO_NUMBERS.search(page.evaluate(SAID))


@each
def test_what_an_address_holds_comes_back_exactly(cls, widget, blank):
    rng, saved, states = random.Random(cls.__name__), shared(widget), []
    for _ in range(6):
        disturb(widget, rng)
        states.append(shared(widget))
    for state, (link, back, left) in zip(
        states, blank.evaluate(ROUND, [widget._kinds, saved, states]), strict=True
    ):
        assert (back, left) == (state, []), link
        told = re.findall(r"LIF\.(\w+)=", link)
        assert told == [name for name in widget._kinds if state[name] != saved[name]]
        assert re.fullmatch(r"[\w%.,:+&=~!*'()-]*", link.partition("#")[2])


JUNK = ["", "x", "-5", "1e999", "NaN", "none", "null", "[", "1,2", "0,0,0,0", "-1,99999", "{}", "%",
        "%7B%7D", "%22x%22", "true", "%5B1%5D", "%7B%22tau%22:-3%7D", "1e-30", "99999999",
        "0.30000001"]  # fmt: skip


@each
def test_no_address_breaks_a_page(cls, widget, at, pages):
    """Junk in some and in all of what is shared: no error, no NaN, at most one calm line."""
    rng = random.Random(cls.__name__)

    def junk(share):
        values = {name: "x" if kind == ["text"] else rng.choice(JUNK)  # a text may be "null"
                  for name, kind in widget._kinds.items() if rng.random() < share}  # fmt: skip
        return "&".join(map("=".join, values.items()))

    others = ["a-heading", "/3/1"] if cls is explorers()[0] else []  # of a page, of slides
    for hash_ in (*others, f"=&foreign=1&tau&%E0%A4%A&{junk(0.3)}", junk(1)):
        page = at(pages(cls), hash_)
        assert not NO_NUMBERS.search(page.evaluate(SAID)), hash_
        assert page.locator(".sv-address").count() <= 1
        assert "could not be drawn" not in page.locator("body").inner_text()
        for name, (low, high, _) in cls.ranges().items():
            value = page.evaluate(SHARED, [name])[name]
            assert value is None or low <= value <= high
