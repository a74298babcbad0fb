"""A notebook as slides (reveal.js) in one file: its widgets live, offline, without Python."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spikeviz.base.page import fill_page, head, script_json
from spikeviz.course_map import about
from spikeviz.publish.cells import STATIC, Cell, Document, read
from spikeviz.publish.running import CACHE, execute

FULL = 20  # lines that a slide of 1400 × 900 pixels holds
LETTERS = 90  # in a line of it
HEADING = re.compile(r"#{1,2} +(.+)")
QUESTION = re.compile(r"[^|]*\*\*Predict\b|### \d+\.")
OBSERVE = re.compile(r"\*\*Observe\b")
ANSWER = re.compile(r"<details[^>]*>\s*<summary>\s*(?:<b>)?\s*Explain\b")
CAPTION = re.compile(r"\*Picture\b")


@dataclass
class Step:
    """One slide: one step of a section. title: the section's.  lines: how full it is."""

    title: str = ""
    parts: list[str] = field(default_factory=list)
    lines: float = 0
    predicts: bool = False  # what it asks is answered on the next one
    ran: bool = False  # it shows a cell's outcome
    answered: bool = False

    def add(self, page: str, lines: float = 0) -> None:
        self.parts.append(page)
        self.lines += lines


def save_slides(notebook: Path, out: Path, cache: Path = CACHE) -> Path:
    """Run the notebook, unless that is done already, and write its slides to one HTML file.

    Raises NotebookFailedError, FileNotFoundError, IsADirectoryError if `out` is a folder.
    """
    if not notebook.is_file():
        raise FileNotFoundError(f"{notebook} is no notebook")
    if out.is_dir():
        raise IsADirectoryError(f"{out} is a folder; name a file in it, such as slides.html")
    document = Document(execute(notebook, cache), keep_outside, notebook.parent)
    cut = cut_by_metadata if any(cell.slide for cell in document.cells) else cut_by_words
    parts = {
        "HEAD": head(document.title, about(notebook.stem)),
        "STYLE": read("reveal.css") + read("prose.css") + read("slides.css"),
        "SLIDES": "\n".join(make_section(steps) for steps in cut(document)),
        "STATES": script_json(document.shown),
        "SCRIPTS": "\n".join([read("reveal.js"), *document.scripts.values(), read("slides.js")]),
    }
    from spikeatconv.files import write_whole

    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, fill_page(STATIC / "slides.html", parts))
    return out


def keep_outside(target: str) -> str | None:
    """Slides are alone: a link to another notebook leads nowhere."""
    return target if re.match(r"https?:", target) else None


def cut_by_metadata(document: Document) -> list[list[Step]]:
    """Sections as the notebook's slide metadata cut it."""
    sections: list[list[Step]] = []
    for cell in document.cells:
        if cell.slide in ("skip", "notes") or cell.kind == "raw":
            continue
        heading = HEADING.match(cell.source) if cell.kind == "markdown" else None
        if cell.slide == "slide" or not sections:
            sections.append([Step()])
        elif cell.slide == "subslide":
            sections[-1].append(Step(sections[-1][-1].title))
        page = show_outcome(cell)[0] if cell.kind == "code" else document.markdown.page(cell.source)
        if ANSWER.match(cell.source) or cell.slide == "fragment":
            page = f'<div class="fragment">{page}</div>'
        sections[-1][-1].add(page)
        if heading:
            sections[-1][-1].title = heading[1]
    return sections


def cut_by_words(document: Document) -> list[list[Step]]:
    """Sections at the headings; in them a step for each Predict, each Observe, each cell."""
    sections: list[list[Step]] = []
    step = Step()

    def turn(title: str | None = None) -> None:
        """To a new section if it has a title, else to a new step, unless this one says nothing."""
        nonlocal step
        if title is None and sections and not step.lines:
            return
        step = Step(step.title if title is None else title)
        if title is None and sections:
            sections[-1].append(step)
        else:
            sections.append([step])

    for cell in document.cells:
        if cell.kind == "code":
            page, lines = show_outcome(cell)
            asks = "predict" in cell.tags  # beside the words before it
            full = step.lines + lines / 2 > FULL
            if not sections or step.ran or full or (step.predicts and not asks):
                turn()
            step.add(page, lines)
            step.ran |= not asks
            step.predicts |= asks
        for block in split_blocks(cell.source) if cell.kind == "markdown" else ():
            page, lines = document.markdown.page(block), estimate_height(block)
            if HEADING.match(block):
                turn(re.sub(r"^<h.*?>|</h.>$", "", page.strip()))
                lines = 0  # alone on a slide it says nothing yet
            elif not sections or begins_a_step(block, lines, step):
                turn()
            if ANSWER.match(block):
                page = f'<div class="fragment">{page}</div>'
                step.answered = True
            step.predicts |= "**Predict" in block
            step.add(page, lines)
    return sections


def begins_a_step(block: str, lines: float, step: Step) -> bool:
    """Whether a piece of Markdown, so many lines of it, goes to a new step, after this one."""
    if block.startswith("<details") or CAPTION.match(block):
        return False
    if QUESTION.match(block):
        return step.ran or step.predicts or step.lines > FULL / 2
    return bool(OBSERVE.match(block)) or step.ran or step.answered or step.lines + lines > FULL


def show_outcome(cell: Cell) -> tuple[str, float]:
    """A code cell; where it drew something, that is seen first and the program is folded, or left
    out where it only draws. Also how many lines that takes."""
    drawn = (
        (8 if "predict" in cell.tags else 24) * cell.outputs.count('<div class="widget"')
        + 13 * cell.outputs.count("<img ")
        + 18 * cell.outputs.count('<figure class="scroll plotly-figure"')
        + 8 * cell.outputs.count('<div class="scroll html"')
    )
    printed = 0.8 * "".join(re.findall(r"<pre.*?</pre>", cell.outputs, re.DOTALL)).count("\n")
    if drawn:
        program = "" if "plot" in cell.tags else cell.folded
        return cell.outputs + program, drawn + printed + 1
    program = "" if "plot" in cell.tags else cell.page
    return program + cell.outputs, 0.8 * program.count("\n") + printed + 1


def split_blocks(source: str) -> Iterator[str]:
    """The pieces of Markdown that stand between empty lines; folded answers and code stay whole."""
    block: list[str] = []
    depth, fence = 0, ""
    for line in source.splitlines():
        mark = re.match(r" *(```|~~~)", line)
        if mark and (not fence or fence == mark[1]):
            fence = "" if fence else mark[1]
        new_answer = not fence and not depth and line.startswith("<details")
        after_empty = block and not block[-1].strip() and line.strip() and line[0] != " "
        inside = depth or (fence and not mark)
        if block and (new_answer or (after_empty and not inside)):
            yield "\n".join(block).strip("\n")
            block = []
        block.append(line)
        if not fence:
            depth += line.count("<details") - line.count("</details>")
    if any(map(str.strip, block)):
        yield "\n".join(block).strip("\n")


def estimate_height(block: str) -> float:
    """About how many lines of a slide some Markdown takes."""
    if block.startswith("<details"):
        return 2
    if block.startswith("$$"):
        return 3
    each = 1.6 if block.startswith("|") else 1.0
    return 0.7 + sum(each * -(-len(line) // LETTERS) for line in block.splitlines())


def make_section(steps: list[Step]) -> str:
    """A section: its steps, each with the section's title."""
    pages = []
    for number, step in enumerate(steps):
        again = f'<p class="again">{step.title}</p>' if number and step.title else ""
        pages.append(f"<section>{again}\n" + "\n".join(step.parts) + "\n</section>")
    return "<section>" + "\n".join(pages) + "</section>"
