"""The site and the slides, without a browser: what stands in them, and that nothing is lacking.

Every notebook of the course is run here from top to bottom, once; the site is made of the outcome.
"""

import base64
import json
import re
import xml.etree.ElementTree as xml
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import nbformat
import pytest

from spikeviz import LIFExplorer, SpikeRaster, predict
from spikeviz.publish import running
from spikeviz.publish.__main__ import main
from spikeviz.publish.cells import STATE, VIEW, Document, show_text
from spikeviz.publish.cutting import split_blocks
from spikeviz.publish.markdown import Markdown
from spikeviz.publish.running import NOTEBOOKS, NotebookFailedError, execute
from spikeviz.publish.site import save_site
from spikeviz.publish.slides import save_slides

FILES = sorted(NOTEBOOKS.glob("*.ipynb"))
LARGEST_PAGE = 3_000_000
PICTURE = {"image/png": "iVBORw0KGgo="}
LOADED = {"src", "srcset", "data", "poster", "action"}  # attributes that fetch
VOID = {"meta", "link", "img", "br", "hr", "input", "wbr", "col", "source"}

every = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


class Page(HTMLParser):
    """What a page holds: tags with attributes, ids, headings, links, what it fetches."""

    def __init__(self, source):
        super().__init__()
        self.ids, self.headings, self.links, self.fetched = [], [], [], []
        self.images, self.open, self.unclosed, self.math = [], [], [], []
        self.words = ""
        self.feed(source)
        self.unclosed += self.open

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        self.fetched += [value for name, value in pairs if name in LOADED]
        if tag == "a":
            self.links.append(attributes["href"])
        elif tag == "img":
            self.images.append(attributes)
        elif "href" in attributes:
            self.fetched.append(attributes["href"])

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        while self.open and self.open[-1] != tag:
            self.unclosed.append(self.open.pop())
        if self.open:
            self.open.pop()

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.words += data


def fetches(page):
    """What a page, or a style sheet, would fetch; what it holds itself does not count."""
    styles = "".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL)) or page
    found = re.findall(r"url\(\s*['\"]?([^)'\"]+)|@import\s+([^;]+)", styles)
    found = [*Page(page).fetched, *filter(None, sum(found, ()))]
    return [target for target in found if not target.startswith(("data:", "#"))]


# --- Markdown


def test_folded_answers_tables_and_code():
    page = Markdown().page(
        "Press <kbd>Shift</kbd>.\n\n"
        "<details><summary>A. *Yes* | no</summary>\n\n"
        "1. one\n2. **two**\n\n```python\nx = 1  # <b>\n```\n</details>\n"
        "<details><summary>B</summary>\n\n- No.\n</details>\n\n"
        "| | $|x|$ |\n|---|---|\n| a | `b` |\n"
    )
    assert Page(page).unclosed == []
    assert page.count("<details>") == page.count("</details>") == 2
    assert "<li><strong>two</strong></li>" in page
    assert page.index("No.</li>\n</ul>") < page.rindex("</details>")  # after the list, not in it
    assert '<span class="c1"># &lt;b&gt;</span>' in page
    assert '<div class="scroll"><table>' in page
    assert "<td></td>" in page  # no empty head of a column
    assert page.count("<math") == 1
    assert page.count("<td>a</td>") == 1


def test_a_dollar_in_code_or_before_a_price_is_no_formula():
    source = "`$a$` costs \\$5, and $ 5 is less than 6$.\n\n```\n$b$\n```\n\n~~~\n$c$\n~~~\n"
    page = Markdown().page(source)
    assert "<math" not in page
    for part in ("<code>$a$</code>", "costs $5, and $ 5 is", "$b$", "$c$"):
        assert part in page


def test_formulas_are_mathml():
    assert Markdown().inline_math(r"V_\text{th}") == (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow>'
        "<msub><mi>V</mi><mtext>th</mtext></msub></mrow></math>"
    )
    page = Markdown().page("Then $a_1*b_2*c$ and\n\n$$\nx^2\n$$\n")
    assert "<em>" not in page
    assert 'display="block"' in page
    assert "$" not in page


def test_headings_have_jupyterlabs_ids_and_no_id_comes_twice():
    markdown = Markdown()
    page = "".join(
        map(markdown.page, ("# Title\n\n## 1. One $x$ more\n", "## Title\n\n## Title\n"))
    )
    assert re.findall(r'id="([^"]+)"', page) == ["Title", "1.-One-more", "Title-2", "Title-3"]
    assert [level for level, _, _ in markdown.headings] == [1, 2, 2, 2]


def test_links_go_where_they_are_told_and_pictures_come_along(tmp_path):
    (tmp_path / "a.png").write_bytes(b"picture")
    markdown = Markdown({"b.ipynb": "b.html"}.get, tmp_path)
    page = markdown.page('[b](b.ipynb) [c](c.ipynb) ![what "it" shows](a.png)')
    assert '<a href="b.html">b</a> c ' in page
    assert f'base64,{base64.b64encode(b"picture").decode()}"' in page
    assert 'alt="what &quot;it&quot; shows"' in page


@every
def test_every_formula_of_the_course_is_drawn(path):
    cells = nbformat.read(path, as_version=4).cells
    markdown = Markdown()
    page = "".join(markdown.page(cell.source) for cell in cells if cell.cell_type == "markdown")
    for found in re.findall(r"<math.*?</math>", page, re.DOTALL):
        words = "".join(xml.fromstring(found).itertext())
        unknown = re.findall(r"[\\$&]|mathbf|frac\b", words)
        assert words.strip(), found
        assert not unknown, found
    outside = re.sub(r"<(math|code|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert re.findall(r".{0,40}\$.{0,40}", outside) == []


# --- a notebook, small


CODE = (
    "from spikeviz import LIFExplorer, SpikeRaster, show\nimport ipywidgets, sys",
    "explorer = LIFExplorer(tau=7.0)\nexplorer",
    "explorer.v_threshold = 0.5\nipywidgets.VBox([explorer, SpikeRaster()])",
    "from tqdm.auto import tqdm\nfor _ in tqdm(range(3), desc='go', leave=True): pass",
    "import matplotlib.pyplot as plt\nfigure, axis = plt.subplots()\n"
    "show(figure, 'An empty\\n  plot.')",
    "fig = plt.figure()\nplt.plot([1, 2])\nplt.show()",
    "print('a')\nprint('\\x1b[31mb\\x1b[0m <c>')\nsys.stderr.write('1\\r2\\r3\\n')",
    "from IPython.display import HTML, Markdown, display\n"
    "display(HTML('<p>bold <b>word</b></p>'), Markdown('# Big $x$'), HTML('<script>no</script>'))",
)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a notebook that has a bit of everything, and its cache."""
    folder = tmp_path_factory.mktemp("small")
    v4 = nbformat.v4
    cells = [v4.new_markdown_cell("# Small & quick\n\n**Time needed:** about 3 minutes.\n")]
    cells += [v4.new_markdown_cell("## What you can do afterwards\n\n- Move $x$.\n- Rest.\n")]
    cells += [v4.new_markdown_cell("## 1. A neuron\n\n**Predict.** Will it fire?\n")]
    cells += [v4.new_code_cell(code) for code in CODE]
    answer = "<details>\n<summary><b>Explain</b></summary>\n\nIt does.\n</details>"
    cells.insert(5, v4.new_markdown_cell(answer))
    caption = "*Picture: a line goes up.*\n\nSee [the same](small.ipynb#x), [none](none.ipynb)."
    cells.insert(10, v4.new_markdown_cell(caption))
    notebook = v4.new_notebook(cells=cells)
    nbformat.write(notebook, folder / "small.ipynb")
    return folder


@pytest.fixture(scope="module")
def document(small):
    return Document(execute(small / "small.ipynb", small / "cache"))


def test_a_notebook_runs_once_for_each_of_its_texts(small, document, monkeypatch):
    def refuse(notebook, client):
        raise AssertionError("it runs again")

    monkeypatch.setattr(running, "run_notebook", refuse)
    execute(small / "small.ipynb", small / "cache")
    changed = small / "other" / "small.ipynb"
    changed.parent.mkdir()
    changed.write_text((small / "small.ipynb").read_text().replace("Small", "Tiny"))
    with pytest.raises(AssertionError, match="runs again"):
        execute(changed, small / "cache")


def test_a_failing_cell_is_named_and_nothing_is_kept(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "bad.ipynb")
    with pytest.raises(NotebookFailedError, match=r"(?s)bad.ipynb: .*1 / 0.*ZeroDivisionError"):
        save_site(tmp_path / "site", tmp_path, tmp_path / "cache")
    assert not (tmp_path / "site").exists()
    assert not (tmp_path / "cache").exists()


def test_a_failing_notebook_leaves_the_other_pages(tmp_path, capsys, monkeypatch):
    v4 = nbformat.v4
    words = "# Good\n\nRead [the other](bad.ipynb)."
    good = v4.new_notebook(cells=[v4.new_markdown_cell(words), v4.new_code_cell("6 * 7")])
    nbformat.write(good, tmp_path / "good.ipynb")
    (tmp_path / "bad.ipynb").write_text("no notebook")
    raises = v4.new_notebook(cells=[v4.new_code_cell("1 / 0")])
    nbformat.write(raises, tmp_path / "worse.ipynb")
    monkeypatch.setattr("spikeviz.publish.__main__.save_site", lambda out: save_site(
        out, tmp_path, tmp_path / "cache"))  # fmt: skip
    assert main(["site", str(tmp_path / "site")]) == 1
    told = capsys.readouterr()
    assert re.search(r"bad: failed after \d+ s", told.out)
    assert "ZeroDivisionError" in told.err
    assert f"Missing: bad.ipynb, worse.ipynb. The other pages are in {tmp_path}" in told.err
    page = (tmp_path / "site" / "good.html").read_text("utf-8")
    assert ">42</pre>" in page
    assert "Read the other." in page  # no link to a page that is not there
    index = Page((tmp_path / "site" / "index.html").read_text("utf-8"))
    assert [link for link in index.links if link in ("good.html", "bad.html", "worse.html")] == [
        "good.html"
    ]


def test_a_folder_that_may_not_be_written_keeps_no_outcome(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")])
    nbformat.write(notebook, tmp_path / "good.ipynb")
    assert execute(tmp_path / "good.ipynb", tmp_path / "cache").cells[0].execution_count == 1


def test_a_notebook_finds_nothing_that_only_the_tests_install(tmp_path, installed):
    """Nor does a program that it starts."""
    code = "import subprocess, sys\nassert subprocess.call([sys.executable, '-c', 'import pytest'])"
    cell = nbformat.v4.new_code_cell(f"{code}\nimport hypothesis")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    with installed("course") as absent:
        assert {"pytest", "hypothesis", "playwright", "spikingjelly", "mypy"} <= absent
        assert not {"torch", "kornia", "accelerate", "datasets", "nbgrader", "voila"} & absent
        with pytest.raises(NotebookFailedError, match="No module named 'hypothesis'"):
            execute(tmp_path / "a.ipynb", tmp_path / "cache")


def test_widgets_come_as_they_were_left(document):
    by_kind = {entry["kind"]: entry["state"] for entry in document.shown.values()}
    assert set(by_kind) == {"LIFExplorer", "SpikeRaster"}
    assert set(document.scripts) == {"live.js", "LIFExplorer.js", "SpikeRaster.js"}
    assert (by_kind["LIFExplorer"]["tau"], by_kind["LIFExplorer"]["v_threshold"]) == (7.0, 0.5)
    assert not any(key.startswith("_") for state in by_kind.values() for key in state)
    for cls in (LIFExplorer, SpikeRaster):
        widget = cls()
        own = widget._public_state()
        assert own.keys() <= by_kind[cls.__name__].keys()
        assert f'"_code": "{widget._code}"' in document.scripts[f"{cls.__name__}.js"]
        widget.close()


def test_bytes_of_a_widget_come_along(document):
    raster = SpikeRaster()
    (state,) = [e["state"] for e in document.shown.values() if "bits" in e["state"]]
    expected = raster._public_state()["bits"]
    raster.close()

    def compare(mine, truth):
        if isinstance(truth, (bytes, bytearray, memoryview)):
            assert base64.b64decode(mine["$bytes"]) == bytes(truth)
        elif isinstance(truth, dict):
            for name, value in truth.items():
                compare(mine[name], value)
        elif isinstance(truth, list | tuple):
            for one, other in zip(mine, truth, strict=True):
                compare(one, other)

    compare(state["bits"], expected)
    assert "$bytes" in json.dumps(state)


def test_outputs_are_readable(document):
    outputs = [cell.outputs for cell in document.cells if cell.kind == "code"]
    assert outputs[1].count("data-model=") == 1
    assert outputs[2].count("data-model=") == 2  # those in the box, no box
    assert re.search(r"<pre[^>]*>go: 100% 3/3 ", outputs[3])
    assert 'alt="An empty plot."' in outputs[4]
    assert 'alt="Picture: a line goes up."' in outputs[5]
    assert "a\nb &lt;c&gt;</pre>" in outputs[6]
    assert ">3</pre>" in outputs[6]
    assert "<b>word</b>" in outputs[7]
    assert "<script" not in outputs[7]


def test_the_text_of_a_figure_is_in_the_notebook_and_the_picture_comes_once(small, document):
    (cell,) = [c for c in execute(small / "small.ipynb", small / "cache").cells
               if "An empty" in c.source]  # fmt: skip
    (data,) = [o.data for o in cell.outputs if "data" in o]
    assert data["text/plain"] == "An empty plot."
    assert data["text/html"].count('aria-label="An empty plot."') == 1
    assert data["text/html"].count('<div hidden><img alt="An empty plot."') == 1


def test_a_line_that_is_written_again_is_shown_once():
    assert show_text("10 %\r100 %\r\nend") == '<pre class="scroll output">100 %\nend</pre>'
    assert show_text("\n\n") == ""


# --- the site, small


@pytest.fixture(scope="module")
def small_site(small):
    save_site(small / "site", small, small / "cache")
    return small / "site"


def test_the_index_says_what_a_notebook_is_for(small_site):
    index = (small_site / "index.html").read_text("utf-8")
    assert '<a href="small.html">Small &amp; quick</a>' in index
    assert "3 minutes" in index
    assert "<li>Rest.</li>" in index
    assert "<math" in index


def test_a_surrogate_gradient_lets_a_network_read_and_the_true_slope_does_not(outcome):
    cells = outcome(NOTEBOOKS / "03_surrogate_gradients.ipynb").cells
    words = "".join(o.get("text", "") for c in cells for o in c.get("outputs", []))
    (shares,) = re.findall(r"true slope: ([\d.]+)%, the library's Atan: ([\d.]+)%", words)
    rival, reads = map(float, shares)
    assert reads >= 96
    assert rival < reads - 10


def test_a_page_says_its_title_and_what_it_is_about(small_site, course_site):
    said = re.compile(r'<title>(.*?)</title>\n<meta name="description" content="(.*?)">')
    (small,) = said.findall((small_site / "small.html").read_text("utf-8"))
    assert small[0] == "Small &amp; quick · SpikeAtConv"
    for page in course_site.glob("*.html"):
        (found,) = said.findall(page.read_text("utf-8"))
        assert len(found[1]) > 20, page.name


def test_the_map_of_the_course_leads_to_the_pages_and_tells_nothing_of_its_maker(tmp_path):
    code = (
        "from spikeviz import CourseMap\nway = CourseMap()\nway.set_trait('solved', ['bdsa'])\nway"
    )
    for name, source in {"00_start_here": code, "01_one_neuron": "1"}.items():
        cells = [nbformat.v4.new_code_cell(source)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"{name}.ipynb")
    save_site(tmp_path / "site", tmp_path, tmp_path / "cache")
    for name in ("00_start_here", "index"):
        page = (tmp_path / "site" / f"{name}.html").read_text("utf-8")
        (states,) = re.findall(r'id="widget-states">(.*?)</script>', page)
        (shown,) = json.loads(states).values()
        assert shown["kind"] == "CourseMap"
        assert shown["state"]["pages"] == {
            "00_start_here": "00_start_here.html", "01_one_neuron": "01_one_neuron.html",
        }  # fmt: skip
        assert shown["state"]["solved"] == []
        assert 'src="assets/CourseMap.js"' in page


def test_index_and_page_name_the_widgets_that_need_python(tmp_path, small_site, monkeypatch):
    for name in ("index", "small"):
        assert "but for" not in (small_site / f"{name}.html").read_text("utf-8")
    monkeypatch.setattr(LIFExplorer, "needs_python", True)  # of ours, none does
    cell = nbformat.v4.new_code_cell("from spikeviz import LIFExplorer\nLIFExplorer()")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "a.ipynb")
    save_site(tmp_path / "site", tmp_path, tmp_path / "cache")
    for name in ("index", "a"):
        page = (tmp_path / "site" / f"{name}.html").read_text("utf-8")
        assert "but for LIFExplorer, which can only show what" in page


def test_a_page_has_its_widgets_once_and_links_that_lead_somewhere(small_site):
    page = (small_site / "small.html").read_text("utf-8")
    assert page.count('src="assets/LIFExplorer.js"') == 1
    assert '<a href="small.html#x">the same</a>, none.' in page
    scripts = re.findall(r'src="assets/([^"]+)"', page)
    assert {path.name for path in (small_site / "assets").iterdir()} == {*scripts, "site.css"}


# --- a question, a cell that only draws


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    """A folder with a notebook that asks, and its outcome in the cache, as a kernel would leave
    it."""
    folder = tmp_path_factory.mktemp("asking")
    v4 = nbformat.v4
    asked = predict("01-pages", "Is it <b>?", ["yes", "no"])
    asked.guess, asked.state = "yes", "committed"  # by whoever makes the pages
    picture = v4.new_output("display_data", PICTURE)
    view = v4.new_output("display_data", {VIEW: {"model_id": "asked"}})
    cells = [
        v4.new_markdown_cell("# Asking\n\n## 1. A neuron\n\n**Predict.** The current is 2."),
        v4.new_code_cell("predict('01-pages')", metadata={"tags": ["predict"]}, outputs=[view]),
        v4.new_code_cell("answer('01-pages', 0)"),
        v4.new_code_cell("draw_it()", metadata={"tags": ["plot"]}, outputs=[picture]),
    ]
    notebook = v4.new_notebook(cells=cells)
    notebook.metadata["widgets"] = {STATE: {"state": {"asked": {"state": asked.get_state()}}}}
    asked.close()
    path = folder / "asking.ipynb"
    nbformat.write(notebook, path)
    (folder / "cache").mkdir()
    nbformat.write(notebook, folder / "cache" / f"asking-{running.key_of(path)}.ipynb")
    return path


def test_on_the_site_a_question_has_no_code_and_what_only_draws_is_folded(asking):
    save_site(asking.parent / "site", asking.parent, asking.parent / "cache")
    page = (asking.parent / "site" / "asking.html").read_text("utf-8")
    question, result, drawing = page.split('<div class="cell"')[1:]
    assert "Is it &lt;b&gt;?" in question
    assert "<pre" not in question
    (states,) = re.findall(r'id="widget-states">(.*?)</script>', page)
    (shown,) = json.loads(states).values()
    assert (shown["state"]["guess"], shown["state"]["state"]) == (None, "open")
    assert "<pre" in result
    assert re.search(r"<img.*<details class=\"program\"><summary>How this is drawn", drawing, re.S)


def test_on_slides_a_question_stands_beside_its_words_and_what_only_draws_has_no_code(asking):
    out = save_slides(asking, asking.parent / "a.html", asking.parent / "cache")
    slides = slides_of(out.read_text("utf-8"))
    (question,) = [slide for slide in slides if "The current is 2." in slide]
    assert "data-model" in question
    (drawing,) = [slide for slide in slides if "<img" in slide]
    assert "draw_it" not in "".join(slides)
    assert drawing is not question


# --- the slides, small


def slides_of(page):
    found = re.findall(r"<section>(?!<section>)(.*?)</section>", page, re.DOTALL)
    return [part for part in found if part.strip()]


def test_slides_are_one_file_that_fetches_nothing(small, tmp_path):
    out = save_slides(small / "small.ipynb", tmp_path / "new" / "a.html", small / "cache")
    page = out.read_text("utf-8")
    assert fetches(page) == []
    assert Page(page).unclosed == []
    assert [path.name for path in out.parent.iterdir()] == ["a.html"]


def test_sections_predictions_outcomes_and_answers_are_steps(small, tmp_path):
    page = save_slides(small / "small.ipynb", tmp_path / "a.html", small / "cache").read_text()
    slides = slides_of(page)
    assert "<h1" in slides[0]
    assert "What you can do afterwards" in slides[1]
    assert "Will it fire?" in slides[2]
    assert "data-model" not in slides[2]
    first = next(slide for slide in slides if "data-model" in slide)
    assert '<p class="again">1. A neuron</p>' in first
    assert re.search(r'class="words">.*class="fragment explained">.*class="sight">', first, re.S)
    assert '<details class="program"><summary>The program</summary>' in first
    picture = next(slide for slide in slides if "a line goes up.</em>" in slide)
    assert "<img" in picture  # a caption stays with its picture


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    """The slides of a notebook as the course has them, which nobody has to run."""
    v4, folder = nbformat.v4, tmp_path_factory.mktemp("lesson")
    explain = "It is **twice** as late. The rest is long.\n\nMore. And **more**."
    numbers, picture = v4.new_output("stream", text="5"), v4.new_output("display_data", PICTURE)
    table = "\n".join(f"| row {number} | {'word ' * 9}|" for number in range(30))
    cells = [
        ("# Lesson\n\n[Open in Binder](https://a) · [in Colab](https://b)\n\nAbout time.", []),
        ('"google.colab"', None),
        ("The next cell loads what is used.", []),
        ("import math\nSIDE = 3", None),
        ("## 1. Late\n\nHow late is it?", []),
        ("late = 5\nprint(late)", [numbers]),
        ("As a picture:", []),
        ("draw()", [picture]),
        (f"<details>\n<summary><b>Explain</b></summary>\n\n{explain}\n</details>", []),
        (f"## 2. Your turn\n\n| a | b |\n|---|---|\n{table}", []),
        ("**Check it.** Often.", []),
        ("check_it(later)", [v4.new_output("stream", text="Not yet")]),
        ("<details>\n<summary><b>A hint</b></summary>\n\nThink.\n</details>", []),
    ]
    code = {
        '"google.colab"',
        "import math\nSIDE = 3",
        "late = 5\nprint(late)",
        "draw()",
        "check_it(later)",
    }
    notebook = v4.new_notebook()
    for source, outputs in cells:
        cell = v4.new_code_cell(source, outputs=outputs or []) if source in code else (
            v4.new_markdown_cell(source)
        )  # fmt: skip
        tags = {"draw()": ["plot"], '"google.colab"': ["colab"]}
        cell.metadata["tags"] = tags.get(source, [])
        notebook.cells.append(cell)
    path = folder / "99_lesson.ipynb"
    nbformat.write(notebook, path)
    (folder / "cache").mkdir()
    nbformat.write(notebook, folder / "cache" / f"99_lesson-{running.key_of(path)}.ipynb")
    return slides_of(save_slides(path, folder / "a.html", folder / "cache").read_text("utf-8"))


def seen(slide):
    """Its HTML without what only the speaker sees."""
    return re.sub(r'<aside class="notes">.*?</aside>', "", slide, flags=re.DOTALL)


def test_a_picture_its_numbers_and_what_explains_them_are_on_one_slide(lesson):
    (slide,) = [slide for slide in lesson if "<img" in slide]
    for part in (">5</pre>", "How late is it?", "As a picture:", "The rest is long."):
        assert part in seen(slide)
    assert '<details class="program">' in slide
    (brief,) = re.findall(r'<div class="brief" hidden>(.*?)</div>', slide, re.DOTALL)
    assert ("twice" in brief, "more" in brief, "The rest" in brief) == (True, True, False)


def test_what_only_prepares_is_no_slide_and_the_speaker_has_it(lesson):
    assert "import" not in "".join(map(seen, lesson))
    assert re.findall("Binder|google", "".join(lesson)) == []
    assert "Not yet" not in "".join(map(seen, lesson))
    notes = "".join(re.findall(r'<aside class="notes">(.*?)</aside>', "".join(lesson), re.DOTALL))
    for told in ("loads what is used", "math", "This section: about", "The rest is long", "Often."):
        assert told in notes


def test_a_long_table_goes_on_with_its_head_and_a_hint_stands_below(lesson):
    pages = [slide for slide in lesson if "row " in slide]
    assert len(pages) > 1
    assert all("<th>a</th>" in page for page in pages)
    assert re.findall(r"row (\d+)<", "".join(pages)) == [str(number) for number in range(30)]
    assert re.search(r'class="folds">.*A hint', pages[-1], re.DOTALL)


def test_slide_metadata_rules_where_there_is_some(small, tmp_path):
    notebook = execute(small / "small.ipynb", small / "cache")
    kinds = ["slide", "skip", "subslide", "fragment", "notes", "-", "slide"]
    for cell, kind in zip(notebook.cells, kinds, strict=False):
        cell.metadata["slideshow"] = {"slide_type": kind}
    path = tmp_path / "small.ipynb"
    nbformat.write(notebook, path)
    nbformat.write(notebook, tmp_path / f"small-{running.key_of(path)}.ipynb")  # as if it had run
    page = save_slides(path, tmp_path / "a.html", tmp_path).read_text()
    slides = slides_of(page)
    assert len(slides) == 3
    assert "What you can do afterwards" not in page
    assert '<div class="fragment">' in slides[1]
    assert '<aside class="notes">' in slides[1]


def test_blocks_keep_answers_code_and_lists_whole():
    answer = "<details>\n<summary>S</summary>\n\n```\n</details> no\n\nx\n```\n\nend\n</details>"
    source = f"one\nline\n\n{answer}\n{answer}\n\n- a\n\n  more of a\n\n```\nx\n\ny\n```\n"
    found = list(split_blocks(source))
    assert found[:3] == ["one\nline", answer, answer]
    assert found[3].endswith("more of a")
    assert found[4] == "```\nx\n\ny\n```"


# --- the command line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["site", "FILE"], "is a file; name a folder for the site"),
        (["slides", "01", "FOLDER"], "is a folder; name a file in it"),
    ],
)
def test_a_place_that_is_taken_is_an_error(tmp_path, capsys, arguments, message):
    (tmp_path / "FILE").write_text("mine")
    (tmp_path / "FOLDER").mkdir()
    assert main([*arguments[:-1], str(tmp_path / arguments[-1])]) == 1
    assert message in capsys.readouterr().err
    assert (tmp_path / "FILE").read_text() == "mine"


@pytest.mark.parametrize("name", ["99", "0", "none.ipynb"])
def test_an_unknown_notebook_is_told_the_known_ones(capsys, name):
    with pytest.raises(SystemExit, match="2"):
        main(["slides", name])
    assert "01_one_neuron" in capsys.readouterr().err


# --- the course: each notebook runs, and becomes a page


@every
def test_a_notebook_runs_from_top_to_bottom(path, outcome):
    notebook = outcome(path)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@every
def test_a_page_of_the_course_is_whole(path, course_site):
    source = (course_site / f"{path.stem}.html").read_text("utf-8")
    page = Page(source)
    assert len(source.encode()) < LARGEST_PAGE
    assert page.unclosed == []
    assert len(page.ids) == len(set(page.ids))
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps), page.headings
    assert '<html lang="en">' in source
    assert all(image.get("alt", "").strip() for image in page.images)
    views = source.count('class="widget"')
    assert views == source.count("data-model=")
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    shown = [c for c in cells if c.source.strip() and "predict" not in c.metadata.get("tags", [])]
    assert source.count('<pre class="scroll code">') >= len(shown)
    assert "Error</pre>" not in source


def test_the_site_is_complete_and_asks_nothing_of_a_network(course_site):
    files = {str(path.relative_to(course_site)) for path in course_site.rglob("*")}
    pages = {
        name: Page((course_site / name).read_text("utf-8")) for name in files if ".html" in name
    }
    assert {f"{path.stem}.html" for path in FILES} <= pages.keys()
    for name, page in pages.items():
        for target in page.fetched:
            assert target.startswith("data:") or target in files, f"{name} fetches {target}"
        for link in page.links:
            target, _, anchor = link.partition("#")
            if re.match(r"https?:|mailto:", link):
                continue
            assert not target or target in pages, f"{name} links to {link}"
            if anchor:
                there = pages[target or name].ids
                assert unquote(anchor) in there, f"{name} links to {link}; there are {there}"
    style = (course_site / "assets" / "site.css").read_text("utf-8")
    assert fetches(style) == []
    in_order = [f"{path.stem}.html" for path in FILES if path.stem[0].isdigit()]
    for before, after in pairwise(in_order):
        assert after in pages[before].links
        assert before in pages[after].links
    assert {f"{path.stem}.html" for path in FILES} <= set(pages["index.html"].links)


@every
def test_slides_lose_nothing(path, outcome, shared, cache, course_site):
    out = save_slides(path, shared / "slides" / f"{path.stem}.html", cache)
    slides, page = (f.read_text("utf-8") for f in (out, course_site / f"{path.stem}.html"))
    found, expected = Page(slides), Page(page)
    assert found.unclosed == []
    assert fetches(slides) == []
    assert found.headings == expected.headings
    assert len(found.images) == len(expected.images)
    views = re.compile(r'data-model="\w+"')
    assert views.findall(slides) == views.findall(page)
    assert slides.count("<math") >= page[page.index("<main") :].count("<math")
