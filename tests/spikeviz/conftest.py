"""What the tests of a widget share: the widget of their folder, its saved page, what that draws."""

import functools
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import traitlets
from filelock import FileLock

from spikeviz.base.front_end import PACKAGE, find_modules
from spikeviz.base.page import script_json
from spikeviz.base.widget import CODE
from spikeviz.gallery import explorers

DRAWN = """(change) => new Promise((resolve) => {
    const model = document.getElementById("view").model;
    const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
    const done = ({ detail }) => {
        if (!Object.entries(change).every(([name, is]) => same(detail.p[name], is))) return;
        document.removeEventListener("spikeviz:drawn", done);
        resolve((READ)(detail));
    };
    document.addEventListener("spikeviz:drawn", done);
    for (const [name, is] of Object.entries(change)) model.set(name, is);
})"""

# Runs before a page: what ends all that lives in it.
ENDING = """
    const { prototype } = CanvasRenderingContext2D;
    const [own, ends, heard] = [Object.getOwnPropertyDescriptors(prototype), [], []];
    window.AbortController = class extends AbortController {
        constructor() {
            super();
            ends.push(this);
        }
    };
    const listen = document.addEventListener;
    document.addEventListener = (...one) => (heard.push(one), listen.apply(document, one));
    window.endAll = () => {
        ends.splice(0).forEach((one) => one.abort());
        heard.splice(0).forEach((one) => document.removeEventListener(...one));
        Object.defineProperties(prototype, own);  // tests look on while it draws
    };
"""
ANEW = """async ([names, state, styles, first]) => {
    const view = document.getElementById("view");
    const code = Object.fromEntries(names.map((name) => [name, view.model.get(name)]));
    view.model.set("_large", []);  // which a saved page's has not
    endAll();
    view.replaceChildren();
    [...document.querySelectorAll("style")].slice(styles).forEach((one) => one.remove());
    scrollTo(0, 0);
    (0, eval)(first);
    await spikevizLive.widget(code, JSON.parse(state)).show(view);
}"""
STILL = """() => new Promise((done) => {
    let [last, frames, since] = [NaN, 0, 0];
    const look = (now) => {
        if (scrollY !== last) [frames, since] = [0, now];
        [last, frames] = [scrollY, frames + 1];
        if (frames < 10 || now < since + 500) requestAnimationFrame(look);
        else done(scrollY);
    };
    requestAnimationFrame(look);
})"""
PASSING = """(selector) => {
    const said = ((window.said ??= {})[selector] = new Set());
    const listen = () =>
        document.querySelectorAll(selector).forEach((one) => said.add(one.textContent));
    listen();
    new MutationObserver(listen).observe(document.body, {
        subtree: true, childList: true, characterData: true,
    });
}"""
MEDIA = {"reduced_motion": "no-preference", "color_scheme": "light"}


@pytest.fixture(scope="module")
def own_class(request):
    """The class of the widget of the test's folder."""
    (cls,) = [cls for cls in explorers() if cls._folder == request.path.parent.name]
    return cls


@pytest.fixture
def made(own_class):
    """made(*arguments, **traits): such a widget, closed at the end."""
    widgets = []

    def make(*arguments, **traits):
        widgets.append(own_class(*arguments, **traits))
        return widgets[-1]

    yield make
    for widget in widgets:
        widget.close()


@pytest.fixture
def explorer(made):
    """The widget as it comes."""
    return made()


@pytest.fixture
def refused():
    """refused(widget, name, value, message): the value is refused in these words, the old stays."""

    def check(widget, name, value, message):
        before = getattr(widget, name)
        with pytest.raises(traitlets.TraitError, match=message):
            setattr(widget, name, value)
        assert getattr(widget, name) == before

    return check


@pytest.fixture(scope="session")
def pages(shared):
    """pages(cls): the saved page of a widget as it comes, written once."""
    folder = shared / "pages"
    folder.mkdir(exist_ok=True)

    def save(cls):
        file = folder / f"{cls.__name__}.html"
        with FileLock(folder / f"{cls.__name__}.lock"):
            if not file.exists():
                widget = cls()
                widget.save_html(file)
                widget.close()
        return file

    return save


@pytest.fixture
def opened(new_page, tmp_path, own_class, pages):
    """opened(widget or the one as it comes, **options of the page): its saved page, drawn; the
    widget is closed."""

    def open_saved(widget=None, **options):
        page = new_page(offline=True, **options)
        file = widget.save_html(tmp_path / "widget.html") if widget else pages(own_class)
        page.goto(file.as_uri())
        page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
        if widget:
            widget.close()
        return page

    return open_saved


@pytest.fixture(scope="module")
def kept(opener, own_class, pages):
    """As `opened`, but in a page that the tests of a file share, where each widget is drawn anew:
    that costs a third. What a test leaves on `window` stays; not for addresses, sound or weights.
    first: JavaScript that runs before the widget is drawn."""
    with opener() as new_page:
        made = {}

        def state_of(widget):
            state = script_json(widget._public_state())
            widget.close()
            return state

        as_it_comes = functools.cache(lambda: state_of(own_class()))

        def show(widget=None, first="", width=1400, height=1000, **options):
            media = {name: options.pop(name, usual) for name, usual in MEDIA.items()}
            key = repr(sorted(options.items()))
            if key not in made:
                page = new_page(offline=True, **options)
                page.add_init_script(ENDING)
                page.goto(pages(own_class).as_uri())
                page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
                made[key] = page, page.locator("style").count()
            page, styles = made[key]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(**media)
            page.mouse.move(0, 0)
            state = state_of(widget) if widget else as_it_comes()
            page.evaluate(ANEW, [list(CODE), state, styles, first])
            page.locator(".sv-summary").first.filter(has_text=" ").wait_for()
            return page

        yield show


@pytest.fixture
def passing():
    """passing(page, selector): all that these say from now on; `.wait(text)` until one has said it.
    For what a play shows on its way: a busy machine looks too late."""

    def watch(page, selector):
        page.evaluate(PASSING, selector)
        has = "([selector, text]) => [...said[selector]].some((one) => one.includes(text))"
        wait = lambda text: page.wait_for_function(has, arg=[selector, text])  # noqa: E731
        return SimpleNamespace(wait=wait)

    return watch


@pytest.fixture
def swipe():
    """swipe(page, (x, y), right, down): a finger goes that far from there; how far the page has
    scrolled, once that has ended in the compositor too: a page that glides takes no tap."""

    def go(page, start, right=0, down=0):
        before, client = page.evaluate(STILL), page.context.new_cdp_session(page)
        way = [{"x": start[0] + k / 8 * right, "y": start[1] + k / 8 * down} for k in range(9)]
        kinds = ["touchStart", *["touchMove"] * 8, "touchEnd"]
        for kind, points in zip(kinds, [*([at] for at in way), []], strict=True):
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        client.detach()
        return page.evaluate(STILL) - before

    return go


@pytest.fixture(scope="module")
def modules(browser):
    """modules("lif/input", …): a page of its own, in which what these modules export is global."""
    pages = []

    def open_modules(*names):
        files = {}
        for name in names:
            find_modules(PACKAGE / f"{name}.js", files)
        page = browser.new_page()
        pages.append(page)
        page.route(
            "http://modules/**",
            lambda route: route.fulfill(
                body=files.get(route.request.url.removeprefix("http://modules/"), ""),
                content_type="text/javascript"
                if route.request.url.endswith(".js")
                else "text/html",
            ),
        )
        page.goto("http://modules/")
        page.evaluate(
            "async (names) => { for (const name of names) "
            "Object.assign(window, await import(`/${name}.js`)); }",
            names,
        )
        return page

    yield open_modules
    for page in pages:
        page.close()


@pytest.fixture
def drawn():
    """drawn(page, change, read): what read, in JavaScript, makes of the first drawing that shows
    the traits of `change`."""
    return lambda page, change, read: page.evaluate(DRAWN.replace("READ", read), change)


@pytest.fixture
def amount():
    """amount("the SNN needs 3.72 µJ"): an energy as the pages write it, in mJ."""

    def read(text):
        number, unit = re.search(r"([\d.,]+) (mJ|µJ|nJ)", text).groups()
        return float(number.replace(",", "")) * {"mJ": 1, "µJ": 1e-3, "nJ": 1e-6}[unit]

    return read


@pytest.fixture
def told():
    """told(notebook, words): these words stand in a text of that notebook, whatever its lines and
    marks, so that a test which follows them fails when they change."""

    def check(notebook, words):
        path = Path(__file__).parents[2] / "notebooks" / f"{notebook}.ipynb"
        cells = nbformat.read(path, 4).cells
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
        plain = " ".join(" ".join(texts).replace("*", "").replace("`", "").split())
        assert words in plain, f"{notebook} no longer says {words!r}"

    return check
