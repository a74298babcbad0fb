"""Copy as Python: the line makes the same widget; Copy link: the page's address. A clipboard may be
refused."""

import json
import random
import runpy
from pathlib import Path

import pytest

import spikeviz
from spikeviz.gallery import explorers

ADDRESS = runpy.run_path(str(Path(__file__).with_name("test_address.py")))
disturb, shared = ADDRESS["disturb"], ADDRESS["shared"]
# The function of share.js, from what the page has loaded of it, on a model with these traits.
LINES = """async ([state, states]) => {
    const texts = [...globalThis[Symbol.for("spikeviz")].entries()];
    const [, address] = texts.find(([text]) => text.includes("export function pythonOf"));
    const { pythonOf } = await import(address);
    const floats = (values) => values && new DataView(Float64Array.from(values).buffer);
    const floating = (name) => state._kinds[name]?.[0].startsWith("floats");
    return states.map((values) => pythonOf({ get: (name) =>
        (floating(name) ? floats(values[name]) : name in values ? values[name] : state[name]) }));
}"""


@pytest.fixture(scope="module")
def any_page(opener, pages):
    """The page of some widget: share.js is the same in all."""
    with opener() as new_page:
        page = new_page(offline=True)
        page.goto(pages(spikeviz.SeedMachine).as_uri())
        page.locator(".spikeviz").wait_for()
        yield page


@pytest.mark.parametrize("cls", explorers(), ids=lambda cls: cls.__name__)
def test_the_line_of_python_makes_the_same_widget(cls, any_page):
    rng, widget = random.Random(3), cls()
    states = [shared(widget)]
    for _ in range(3):
        disturb(widget, rng)
        states.append(shared(widget))
    state = {"_kinds": widget._kinds, "defaults": widget.defaults,
             "_anywidget_id": f"spikeviz.{cls.__name__}"}  # fmt: skip
    widget.close()
    for line, expected in zip(any_page.evaluate(LINES, [state, states]), states, strict=True):
        again = eval(line, {cls.__name__: cls})
        assert shared(again) == expected, line
        again.close()


@pytest.fixture
def opened(new_page, tmp_path):
    page = new_page(offline=True, permissions=["clipboard-read", "clipboard-write"])
    page.goto(spikeviz.LIFExplorer(tau=5).save_html(tmp_path / "lif.html").as_uri())
    page.locator(".sv-summary").first.filter(has_text="spike").wait_for()
    return page


def test_a_link_is_copied_and_leads_to_the_same_state(opened):
    page = opened
    page.evaluate("document.getElementById('view').model.set('tau', 7.5)")
    page.get_by_role("button", name="Copy link").click()
    page.locator(".sv-told").get_by_text("Copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    assert "tau=7.5" in link
    page.goto("about:blank")
    page.goto(link)
    page.locator(".sv-summary").first.filter(has_text="spike").wait_for()
    assert page.evaluate("document.getElementById('view').model.get('tau')") == 7.5


def test_where_the_clipboard_is_refused_the_text_stands_there_selected(opened):
    page = opened
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.get_by_role("button", name="Copy link").click()
    field = page.locator(".sv-share input")
    assert field.input_value() == page.url
    assert page.evaluate("getSelection().toString()") == page.url
    page.locator(".sv-told").get_by_text("Ctrl+C").wait_for()


def test_a_heading_and_the_values_live_in_one_address(new_page, tmp_path):
    """As on a page of the site: two widgets of a kind, a heading that a link leads to."""
    from spikeviz.base.page import LIVE, script_json
    from spikeviz.base.widget import CODE

    widget = spikeviz.SurrogateExplorer()
    code = script_json({name: getattr(widget, name) for name in CODE})
    entry = {"kind": "SurrogateExplorer", "state": widget._public_state()}
    places = '<div data-model="a"></div><a href="#s">s</a><div data-model="b"></div>'
    states = script_json({"a": entry, "b": entry})
    (tmp_path / "page.html").write_text(
        f"<!doctype html>{places}<h2 id=s>Section</h2><div style='height: 3000px'></div>"
        f'<script type="application/json" id="widget-states">{states}'
        f"</script><script>{LIVE}; spikevizLive.kinds.SurrogateExplorer = {code};"
        "spikevizLive.start({ address: spikevizAddress() });</script>",
        encoding="utf-8",
    )
    widget.close()
    page = new_page()
    address = (tmp_path / "page.html").as_uri()
    tau = "[...document.querySelectorAll('[data-model] > div')].map((el) => el.model.get('tau'))"

    def go(hash_):
        page.goto("about:blank")
        page.goto(address + hash_)
        page.locator(".spikeviz").nth(1).wait_for()

    go("#s&SurrogateExplorer2.tau=5")
    assert page.evaluate(tau) == [2, 5]
    page.wait_for_function("Math.abs(document.getElementById('s').getBoundingClientRect().top) < 2")
    page.evaluate("document.querySelector('[data-model] > div').model.set('tau', 3)")
    page.wait_for_url(f"{address}#s&SurrogateExplorer.tau=3&SurrogateExplorer2.tau=5")
    go("#SurrogateExplorer.tau=4")
    page.get_by_role("link", name="s").click()
    page.wait_for_url(f"{address}#s&SurrogateExplorer.tau=4")
    assert page.evaluate(tau) == [4, 2]
    assert json.dumps(page.locator(".sv-address").count()) == "0"
