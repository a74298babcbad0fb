"""The course as a static site: one page a notebook, its widgets live, offline, without Python."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from nbformat import NotebookNode

from spikeviz.base.page import fill_page, head, script_json
from spikeviz.browser import CHECKOUT
from spikeviz.course_map import about, course
from spikeviz.micro.networks import shared_weights
from spikeviz.publish.cells import STATIC, Document, read
from spikeviz.publish.markdown import Links, Markdown, first_words, strip_tags
from spikeviz.publish.running import CACHE, NOTEBOOKS, NotebookFailedError, execute_all

NAME = "SpikeAtConv: learn spiking neural networks by touching them"
READ_ONLY = (
    "This page is for reading; its widgets work{but}. To run and change the code, and to do the "
    "exercises, start the course: <code>python3 course.py lab</code>."
)
UNFOLD = '<button type="button" id="unfold">Open or fold all answers</button>'
ABOUT = (
    "<p>Drag a threshold and see a neuron fire. Read the notebooks in this order; each uses only "
    "what the earlier ones explained. Those whose number begins with an A are side trips. The "
    "widgets work here, without Python{but}.</p>"
)
BUT = ", but for {}, which can only show what a model in Python answered when the page was made"
TIME = re.compile(r"\*\*Time[^*]*\*\*\s*(?:about )?([^.\n]*)")
GOALS = re.compile(r"^## What you can do[^\n]*\n+((?:- [^\n]*\n?)+)", re.MULTILINE)


@dataclass
class Chapter:
    """A page of the site: a file's name, its title as HTML, what stands in it."""

    file: str
    title: str
    body: str
    contents: str = ""
    scripts: Sequence[str] = ("live.js",)
    states: str = "{}"


class Site:
    """Where the links of notebooks and texts lead, once they are pages.

    stems: the notebooks that become pages.  texts: Markdown files that they link to, with the
    names of their pages; they become pages too.
    """

    def __init__(self, notebooks: list[Path]) -> None:
        self.notebooks = {path.resolve(): f"{path.stem}.html" for path in notebooks}
        self.texts: dict[Path, str] = {}

    def links(self, folder: Path) -> Links:
        """For a file in this folder; None where a link leads nowhere in the site."""

        def target(url: str) -> str | None:
            if re.match(r"[a-z]+:|#", url):
                return url
            path, hash_sign, anchor = url.partition("#")
            file = (folder / unquote(path)).resolve()
            if file.suffix == ".md" and file.is_file() and file.is_relative_to(CHECKOUT):
                words = file.relative_to(CHECKOUT).with_suffix("").parts
                self.texts[file] = "-".join(words).lower() + ".html"
            page = self.notebooks.get(file) or self.texts.get(file)
            return page and page + hash_sign + anchor

        return target

    def text_pages(self) -> list[Chapter]:
        """The pages of the texts, and of those that these link to."""
        pages: dict[Path, Chapter] = {}
        while waiting := [file for file in self.texts if file not in pages]:
            for file in waiting:
                markdown = Markdown(self.links(file.parent), file.parent)
                body = f'<div class="prose">{markdown.page(file.read_text(encoding="utf-8"))}</div>'
                title = strip_tags(markdown.headings[0][2]) if markdown.headings else file.stem
                title = html.escape(title)
                pages[file] = Chapter(self.texts[file], title, body, link_sections(markdown))
        return list(pages.values())


def save_site(folder: Path, notebooks: Path = NOTEBOOKS, cache: Path = CACHE) -> Path:
    """Run every notebook of a folder, unless that is done already, and write the site.

    Nothing is written before all notebooks have run. Returns the path of index.html. If some fail
    the others are written, and NotebookFailedError says which are missing and why. Raises
    FileNotFoundError without notebooks, NotADirectoryError for a file.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; name a folder for the site")
    found = sorted(notebooks.glob("*.ipynb"))
    if not found:
        raise FileNotFoundError(f"{notebooks} holds no notebooks")
    outcomes = dict(zip(found, execute_all(found, cache), strict=True))
    failed = {path.name: str(why) for path, why in outcomes.items() if isinstance(why, Exception)}
    done = {path: node for path, node in outcomes.items() if not isinstance(node, Exception)}
    if done:
        write_site(folder, done)
    if failed:
        reasons = "\n\n".join(failed.values())
        written = f"The other pages are in {folder}." if done else "Nothing is written."
        raise NotebookFailedError(f"{reasons}\n\nMissing: {', '.join(failed)}. {written}")
    return folder / "index.html"


def write_site(folder: Path, outcomes: dict[Path, NotebookNode]) -> None:
    """Write the site of notebooks that have run. outcomes: by the notebooks' paths, in order."""
    from spikeatconv.files import write_whole

    site = Site(list(outcomes))
    documents = [
        Document(content, site.links(path.parent), path.parent)
        for path, content in outcomes.items()
    ]
    found = lead_to_pages(site, documents)
    chapters = [make_chapter(*pair) for pair in zip(outcomes, documents, strict=True)]
    files = {"site.css": read("prose.css") + read("site.css"), "site.js": read("site.js")}
    for document in documents:
        files |= document.scripts
        if "weights.js" in document.scripts:
            files |= shared_weights()
    pages = {text.file: make_page(text) for text in site.text_pages()}
    side = {f"{n['file']}.html" for n in course()["notebooks"] if "after" in n}
    pages |= {chapter.file: make_page(chapter) for chapter in chapters}
    way = [chapter for chapter in chapters if chapter.file not in side]
    around = zip([None, *way], way, [*way[1:], None], strict=False)
    pages |= {chapter.file: make_page(chapter, before, after) for before, chapter, after in around}
    index = make_index(chapters, documents, found)
    pages[index.file] = make_page(index)  # the last to be written: where it is, all is
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_whole(folder / "assets" / name, text)
    for name, text in pages.items():
        write_whole(folder / name, text)


def lead_to_pages(site: Site, documents: list[Document]) -> dict[str, Any]:
    """Give the course's map, wherever it is shown, the pages; what this machine's learner has
    solved is not told. Returns one map, as `Document.shown`; an empty dict if there is none."""
    pages = {path.stem: page for path, page in site.notebooks.items()}
    maps = [
        {model: shown}
        for document in documents
        for model, shown in document.shown.items()
        if shown["kind"] == "CourseMap"
    ]
    for found in maps:
        for shown in found.values():
            shown["state"] |= {"pages": pages, "solved": [], "told": ""}
    return maps[0] if maps else {}


def make_chapter(path: Path, document: Document) -> Chapter:
    """The page of a notebook."""
    parts = []
    for cell in document.cells:
        if cell.kind == "markdown":
            style, page = "prose", document.markdown.page(cell.source)
        else:
            drawn = "plot" in cell.tags
            style, page = "cell", cell.outputs + cell.folded if drawn else cell.page + cell.outputs
        parts.append(f'<div class="{style}" id="cell-{cell.name}">\n{page}</div>')
    parts.insert(1, f'<p class="note">{READ_ONLY.format(but=name_frozen([document]))} {UNFOLD}</p>')
    return Chapter(
        f"{path.stem}.html", html.escape(document.title), "\n".join(parts),
        link_sections(document.markdown), [*document.scripts], script_json(document.shown),
    )  # fmt: skip


def link_sections(markdown: Markdown) -> str:
    """Links to the sections of a page."""
    rows = [
        f'<li><a href="#{quote(name)}">{text}</a></li>'
        for level, name, text in markdown.headings
        if level == 2
    ]
    if not rows:
        return ""
    return f'<nav class="contents" aria-label="On this page"><ul>{"".join(rows)}</ul></nav>'


def make_index(
    chapters: list[Chapter], documents: list[Document], found: dict[str, Any]
) -> Chapter:
    """The first page: the live map, if one was found, and of each notebook its title, its time and
    what one can do afterwards."""
    rows = []
    for chapter, document in zip(chapters, documents, strict=True):
        source = "\n\n".join(c.source for c in document.cells[:5] if c.kind == "markdown")
        time, goals = TIME.search(source), GOALS.search(source)
        rows.append(
            f'<li><h2><a href="{chapter.file}">{chapter.title}</a></h2>'
            f"<p>{time[1].strip() if time else ''}</p>"
            f"{Markdown().page(goals[1]) if goals else ''}</li>"
        )
    said = ABOUT.format(but=name_frozen(documents))
    live = "".join(f'<div class="widget" data-model="{model}"></div>' for model in found)
    body = f'<h1>{NAME}</h1>\n{said}\n{live}\n<ul class="map">{"".join(rows)}</ul>'
    scripts = ["live.js", *(f"{shown['kind']}.js" for shown in found.values())]
    return Chapter("index.html", "Course map", body, "", scripts, script_json(found))


def name_frozen(documents: list[Document]) -> str:
    """Which widgets do not fully work without Python; empty if all do."""
    frozen = sorted(set().union(*(document.frozen for document in documents)))
    return BUT.format(" and ".join(frozen)) if frozen else ""


def make_page(page: Chapter, before: Chapter | None = None, after: Chapter | None = None) -> str:
    """A whole page, with the ways to the one before and the one after."""
    steps = ""
    if before:
        steps += f'<a rel="prev" href="{before.file}">← {before.title}</a>'
    if after:
        steps += f'<a rel="next" class="next" href="{after.file}">{after.title} →</a>'
    scripts = [*page.scripts, "site.js"]
    parts = {
        "HEAD": head(
            f"{strip_tags(page.title)} · SpikeAtConv",
            about(Path(page.file).stem) or first_words(page.body),
        ),
        "STEPS": steps,
        "CONTENTS": page.contents,
        "BODY": page.body,
        "STATES": page.states,
        "SCRIPTS": "\n".join(f'<script src="assets/{name}" defer></script>' for name in scripts),
    }
    return fill_page(STATIC / "site.html", parts)
