"""A notebook as slides (reveal.js) in one file: its widgets live, offline, without Python."""

import re
from collections.abc import Mapping
from pathlib import Path

from spikeviz.base.page import fill_page, head, script_json
from spikeviz.browser import CHECKOUT
from spikeviz.course_map import about
from spikeviz.micro.networks import weights_script
from spikeviz.publish.cells import STATIC, Document, read
from spikeviz.publish.cutting import Slide, cut_by_metadata, cut_by_words
from spikeviz.publish.markdown import Markdown
from spikeviz.publish.running import CACHE, execute
from spikeviz.publish.times import sections

LIBRARIES, OURS = ("reveal.js", "reveal-notes.js"), ("fit.js", "slides.js")
PAPER = re.compile(r"@media print\{html:not.*?\}\}")  # it takes every <div> out of its place
TEACHING = CHECKOUT / "docs" / "teaching.md"
BELIEFS = re.compile(r"^\| (\w\d) \| (.+?) \| (.+?) \|$", re.M)


def save_slides(notebook: Path, out: Path, cache: Path = CACHE) -> Path:
    """Run the notebook, unless that is done already, and write its slides to one HTML file.

    Raises NotebookFailedError, FileNotFoundError, IsADirectoryError if `out` is a folder.
    """
    if not notebook.is_file():
        raise FileNotFoundError(f"{notebook} is no notebook")
    if out.is_dir():
        raise IsADirectoryError(f"{out} is a folder; name a file in it, such as slides.html")
    content = execute(notebook, cache)
    document = Document(content, keep_outside, notebook.parent)
    cut = cut_by_metadata if any(cell.slide for cell in document.cells) else cut_by_words
    slides = cut(document)
    add_notes(slides, notebook.stem, sections(content.cells, ""))
    weights = {"weights.js": "".join(map(weights_script, sorted(document.networks)))}  # in the file
    scripts = (document.scripts | weights).values()
    parts = {
        "HEAD": head(document.title, about(notebook.stem)),
        "STYLE": PAPER.sub("", read("reveal.css")) + read("prose.css") + read("slides.css"),
        "SLIDES": "\n".join(map(make_section, slides)),
        "STATES": script_json(document.shown),
        "SCRIPTS": "\n".join([*map(read, LIBRARIES), *scripts, *map(read, OURS)]),
    }
    from spikeatconv.files import write_whole

    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, fill_page(STATIC / "slides.html", parts))
    return out


def keep_outside(target: str) -> str | None:
    """Slides are alone: a link to another notebook leads nowhere."""
    return target if re.match(r"https?:", target) else None


def add_notes(slides: list[list[Slide]], name: str, minutes: Mapping[str, float]) -> None:
    """For the speaker: how long each section takes, and at the beginning what students believe."""
    for section in slides:
        time = minutes.get(section[0].heading)
        if time:
            told = f"<p><strong>This section: about {max(1, round(time))} min.</strong></p>"
            section[0].notes.insert(0, told)
    beliefs = BELIEFS.findall(TEACHING.read_text(encoding="utf-8")) if TEACHING.is_file() else []
    rows = [(believed, act) for number, believed, act in beliefs if name.startswith(f"{number}_")]
    if rows and slides:
        said = "\n".join(f"- *{believed}*: {act}" for believed, act in rows)
        slides[0][0].notes.append(Markdown().page(f"**What students often believe**\n\n{said}"))


def make_section(slides: list[Slide]) -> str:
    """A section with its slides."""
    return "<section>" + "\n".join(map(make_slide, slides)) + "</section>"


def make_slide(slide: Slide) -> str:
    """A slide: its title, its words and what is seen, what opens by a click, the notes."""

    def part(tag: str, style: str, pages: list[str]) -> str:
        inside = "\n".join(pages)
        return f'<{tag} class="{style}">\n{inside}\n</{tag}>' if inside.strip() else ""

    stage = part("div", "stage", slide.sight)
    body = part("div", "words", slide.words) + part("div", "sight", [stage])
    kind = " asks" if slide.asks else ""
    return "\n".join(
        [
            f'<section><div class="slide">{slide.title}',
            part("div", f"body{kind}", [body]),
            part("div", "folds", slide.folds),
            "</div>",
            part("aside", "notes", arrange(slide.notes)),
            "</section>",
        ]
    )


def arrange(notes: list[str]) -> list[str]:
    """For the speaker's window, which has a style of its own: words first, then programs."""
    style = '<pre style="white-space: pre-wrap; font-size: 70%">'
    found = sorted(notes, key=lambda page: page.startswith("<pre"))
    return [page.replace('<pre class="scroll code">', style) for page in found]
