"""Cuts a notebook that has run into slides: what is seen and the words for it on one screen."""

import ast
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from spikeviz.publish.cells import Cell, Document

# In lines of its words, what a slide takes: with words alone, beside a picture, and above a
# question. The page makes them smaller where that is too much, so these need not be exact.
ALONE, BESIDE, ASKING = 16, 17, 9
LETTERS = {ALONE: 75, BESIDE: 48, ASKING: 75}  # in such a line
PROGRAM = 14  # lines of one that is not folded
NUMBERS = 8  # lines that are printed above a picture of them
HEADING = re.compile(r"#{1,2} +(.+)")
BEGINS = re.compile(r"### \d+\.|[^|]*\*\*Predict\b")
OBSERVE = re.compile(r"\*\*Observe\b")
CAPTION = re.compile(r"\*Picture\b")
FOLDED = re.compile(r"<details[^>]*>\s*<summary>(.*?)</summary>(.*?)</details>\s*", re.DOTALL)
EXPLAIN = re.compile(r"<details[^>]*>\s*<summary>\s*(?:<b>)?\s*(?:Explain|What you see)\b")
BADGES = re.compile(r"\[Open in Binder\]")  # of docs/make_badges.py
CHECK = re.compile(r"check_|\*\*Check it\b")  # it says nothing before somebody has answered
LABEL = re.compile(r"(?:[-*] |\d+\. )?\*\*[^*]+\*\*")  # bold words that only begin a sentence
UNSEEN = re.compile(r"\]\([^)]*\)|</?[a-z][^>]*>|[*`$\\{}]")
DRAWN = re.compile(r'<div class="widget"|<img |<svg |plotly-figure')
SENTENCE = re.compile(r"(?<=[.!?:])(?:\*\*)?\s+(?=[A-Z*$(])")


@dataclass
class Slide:
    """One screen, as pieces of HTML.

    title: the section's heading, or on a later slide its words again.  words and sight: beside
    each other; sight is what a cell shows.  folds: open by a click.  notes: for the speaker alone.
    """

    title: str = ""
    heading: str = ""  # in Markdown, on the first of a section
    words: list[str] = field(default_factory=list)
    sight: list[str] = field(default_factory=list)
    folds: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    source: list[str] = field(default_factory=list)  # of its words
    asks: bool = False  # a prediction; the answer to it is on the next one
    ran: bool = False  # it shows what a cell came to
    explained: bool = False
    program: Cell | None = None  # which stands above its outcome

    def lines(self, room: int, more: str = "") -> float:
        """About how many lines its words take, where there is so much room."""
        return sum(estimate_height(block, LETTERS[room]) for block in [*self.source, more])

    @property
    def empty(self) -> bool:
        return not (self.words or self.sight or self.folds)


class Cutter:
    """Puts cell after cell on slides. sections: of each heading its slides, as far as they are."""

    def __init__(self, document: Document) -> None:
        self.markdown = document.markdown
        self.sections: list[list[Slide]] = []
        self.waiting: list[str] = []  # notes for the next slide

    @property
    def slide(self) -> Slide:
        return self.sections[-1][-1]

    def turn(self, heading: str | None = None) -> None:
        """To a new section if it has a heading, else to a new slide, unless this one is empty."""
        if heading is not None or not self.sections:
            self.sections.append([Slide(heading or "")])
        elif self.slide.empty:
            return
        else:
            title = re.sub(r"<h.*?>|</h.>", "", self.slide.title).strip()
            again = f'<p class="again">{re.sub("</?p.*?>", "", title)}</p>' if title else ""
            self.sections[-1].append(Slide(again))
        self.slide.notes += self.waiting
        self.waiting = []

    def begin(self) -> None:
        if not self.sections:
            self.turn()

    def turn_with_words(self, room: int) -> None:
        """To a new slide, with the last words of this one if there is so much room for them."""
        last = self.slide
        self.turn()
        while len(last.words) > 1 and self.slide.lines(room, last.source[-1]) <= room:
            self.slide.words.insert(0, last.words.pop())
            self.slide.source.insert(0, last.source.pop())

    def say(self, block: str) -> None:
        page = self.markdown.page(block)
        if HEADING.match(block):
            self.turn(page.strip())
            self.slide.heading = block.lstrip("# ").strip()
            return
        self.slide.words.append(page)
        self.slide.source.append(block)
        self.slide.asks |= "**Predict" in block

    def explain(self, block: str) -> None:
        """A folded answer, open as it comes, whole; what is bold in it, if there is no room for
        more. The speaker has it in any case."""
        found = FOLDED.match(block)
        title, body = found.groups() if found else ("", block)
        brief = shorten(body)
        pages = [self.markdown.page(part) for part in (body, brief)]
        heading = f'<p class="explain"><strong>{strip(title) or "Explain"}</strong></p>'
        self.slide.words.append(
            f'<div class="fragment explained">{heading}<div class="whole">{pages[0]}</div>'
            f'<div class="brief" hidden>{pages[1]}</div></div>'
        )
        self.slide.notes.append(heading + self.markdown.page(body))
        self.slide.explained = True

    def show(self, cell: Cell) -> None:
        """What a code cell came to. Its program stands above it if it is short and nothing is
        drawn, else it is folded; what only draws is left out."""
        slide = self.slide
        if DRAWN.search(cell.outputs) and slide.program:  # numbers, and the picture of them
            self.fold(slide.program)
        program = "" if "plot" in cell.tags else cell.page
        if program and cell.outputs and (DRAWN.search(cell.outputs) or is_long(cell)):
            self.fold(cell)
        elif program:
            slide.sight.append(program)
            slide.program = cell
        slide.sight.append(cell.outputs)
        slide.ran = True

    def fold(self, cell: Cell) -> None:
        """A program goes behind a line that opens it, and to the notes."""
        self.slide.sight = [page for page in self.slide.sight if page != cell.page]
        self.slide.folds.append(cell.folded)
        self.slide.notes.append(cell.page)
        self.slide.program = None


def cut_by_metadata(document: Document) -> list[list[Slide]]:
    """Sections as the notebook's slide metadata cut it."""
    cutter = Cutter(document)
    for cell in document.cells:
        if cell.slide == "skip" or cell.kind == "raw":
            continue
        if cell.slide == "notes":
            page = cell.page if cell.kind == "code" else cutter.markdown.page(cell.source)
            (cutter.slide.notes if cutter.sections else cutter.waiting).append(page)
            continue
        if cell.slide == "slide":
            cutter.turn("")
        elif cell.slide == "subslide":
            cutter.turn()
        cutter.begin()
        at = cutter.slide
        before = len(at.words), len(at.sight)
        if cell.kind == "code":
            cutter.show(cell)
        else:
            put_blocks(cutter, cell)
        if cell.slide == "fragment":
            for pages, first in zip((at.words, at.sight), before, strict=True):
                pages[first:] = [f'<div class="fragment">{page}</div>' for page in pages[first:]]
    return cutter.sections


def put_blocks(cutter: Cutter, cell: Cell) -> None:
    """Markdown on the slide that is there."""
    for block in split_blocks(cell.source):
        if HEADING.match(block) and not cutter.slide.title:
            cutter.slide.title = cutter.markdown.page(block).strip()
        elif EXPLAIN.match(block):
            cutter.explain(block)
        else:
            cutter.slide.words.append(cutter.markdown.page(block))


def cut_by_words(document: Document) -> list[list[Slide]]:
    """Sections at the headings; in them a slide for each question, and one for each outcome with
    the words that tell what to see in it, and why."""
    cutter = Cutter(document)
    for number, cell in enumerate(document.cells):
        before, after = (neighbour(document.cells, number + step) for step in (-1, 1))
        if cell.kind == "code":
            put_code(cutter, cell)
        elif cell.kind == "markdown" and is_preparing(after) and is_one_block(cell.source):
            cutter.waiting.append(cutter.markdown.page(cell.source))
        elif cell.kind == "markdown":
            leads = bool(after and "plot" in after.tags and is_one_block(cell.source))
            if leads and cutter.sections and has_numbers(cutter.slide):
                cutter.say(cell.source)
            else:
                put_words(cutter, cell, bool(before and before.kind == "code"))
    return cutter.sections


def has_numbers(slide: Slide) -> bool:
    """Whether a slide shows what was computed, and has room for a picture of it."""
    seen = "".join(slide.sight)
    rows = "".join(re.findall(r'<pre class="scroll output">.*?</pre>', seen, re.DOTALL))
    return (
        slide.ran and not slide.explained and not DRAWN.search(seen)
        and 0 < rows.count("\n") + rows.count("<pre") <= NUMBERS
    )  # fmt: skip


def neighbour(cells: list[Cell], number: int) -> Cell | None:
    return cells[number] if 0 <= number < len(cells) else None


def put_code(cutter: Cutter, cell: Cell) -> None:
    asks = "predict" in cell.tags  # beside the words before it
    if is_preparing(cell):
        cutter.waiting.append(cell.page)
    elif CHECK.match(cell.source):
        cutter.begin()
        cutter.slide.notes.append("<p>The exercise: about 8 min.</p>")
    else:
        cutter.begin()
        slide = cutter.slide
        room = ASKING if asks else BESIDE
        joins = "plot" in cell.tags and has_numbers(slide)
        answers = slide.asks and (slide.sight or not asks)
        if answers or slide.explained or (slide.ran and not joins):
            cutter.turn()
        elif not joins and slide.lines(room) > room:
            cutter.turn_with_words(room)
        cutter.show(cell)
        cutter.slide.asks |= asks
        cutter.slide.ran = not asks


def put_words(cutter: Cutter, cell: Cell, follows: bool) -> None:
    """Markdown. follows: it comes directly after a code cell."""
    blocks = [piece for block in join(split_blocks(cell.source)) for piece in split_long(block)]
    # Words about the outcome above them, up to their Explain, belong on its slide.
    about = follows and any(
        EXPLAIN.match(block) or OBSERVE.match(block) or CAPTION.match(block) for block in blocks
    )
    for block in blocks:
        if HEADING.match(block):
            cutter.say(block)
            continue
        cutter.begin()
        if BADGES.match(block):
            continue
        looked_up = "lookup" in cell.tags and not cutter.slide.empty
        if CHECK.match(block) or looked_up:
            cutter.slide.notes.append(cutter.markdown.page(block))
        elif EXPLAIN.match(block):
            cutter.explain(block)
        elif is_fold(block):
            cutter.slide.folds.append(cutter.markdown.page(block))
        else:
            if begins_a_slide(cutter.slide, block, about):
                cutter.turn()
            cutter.say(block)


def begins_a_slide(slide: Slide, block: str, about: bool) -> bool:
    """Whether words go to a new slide. about: they speak of the outcome that is there."""
    if block.startswith("<details"):  # an answer to choose
        return False
    if slide.asks or slide.explained:
        return True
    if CAPTION.match(block):
        return False
    if slide.ran:
        at_it = about or OBSERVE.match(block)
        return not at_it or slide.lines(BESIDE, block) > BESIDE
    if BEGINS.match(block) or OBSERVE.match(block):
        return slide.lines(ALONE) > ALONE / 3
    return slide.lines(ALONE, block) > ALONE


def is_preparing(cell: Cell | None) -> bool:
    """Whether a cell only imports names and sets the numbers that were chosen: no slide."""
    if cell is None or cell.kind != "code" or cell.outputs:
        return False
    try:
        body = ast.parse(cell.source).body
    except SyntaxError:  # magic
        return False
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    chosen = [node for node in body if isinstance(node, ast.Assign) and is_constant(node)]
    others = [node for node in body if isinstance(node, ast.Expr)] if imports else []
    return bool(body) and len(imports) + len(chosen) + len(others) == len(body)


def is_constant(node: ast.Assign) -> bool:
    names = [name for target in node.targets for name in ast.walk(target)]
    return all(name.id.isupper() for name in names if isinstance(name, ast.Name))


def is_one_block(source: str) -> bool:
    return len([*split_blocks(source)]) == 1 and not HEADING.match(source)


def is_long(cell: Cell) -> bool:
    return cell.source.count("\n") >= PROGRAM


def is_fold(block: str) -> bool:
    """A hint, a solution: its name is bold; that of an answer to a quick question is not."""
    return bool(re.match(r"<details[^>]*>\s*<summary>\s*<b>", block))


def shorten(body: str) -> str:
    """Of some Markdown its first sentence, and each that has something bold in it."""
    told: list[str] = []
    for block in split_blocks(body):
        if block.startswith(("|", "```", "<")):
            continue
        said = [*split_sentences(block)]
        labels = [None, *(one if LABEL.fullmatch(one) else None for one in said)]
        kept = [one for one, label in zip(said, labels, strict=False) if "**" in one or label]
        if not told and not kept:
            kept = said[:1]
        told.append(re.sub(r" (?=[-*] |\d+\. )", "\n", " ".join(kept)))
    return "\n\n".join(filter(None, told))


def split_sentences(block: str) -> Iterator[str]:
    """Sentences; those of a list begin with its marks. No formula and no bold words are cut."""
    for part in re.split(r"\n(?=[-*] |\d+\. )", block):
        begin = 0
        for mark in SENTENCE.finditer(part):
            said = part[begin : mark.start() + part[mark.start() :].index(mark[0].lstrip("*")[:1])]
            if said.count("$") % 2 == 0 and said.count("**") % 2 == 0:
                yield said.strip()
                begin = begin + len(said)
        yield part[begin:].strip()


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


def join(blocks: Iterable[str]) -> Iterator[str]:
    """Words that end in a colon with what follows, a formula with the words around it, if both
    are short."""
    before = ""
    for block in blocks:
        leads = before.rstrip("*").endswith(":") or block.startswith("$$")
        goes_on = before.rsplit("\n", 1)[-1].endswith("$$") and block[0].islower()
        both = f"{before}\n\n{block}"
        short = estimate_height(both, LETTERS[ALONE]) <= ALONE / 2
        if before and not HEADING.match(before) and (leads or goes_on) and short:
            before = both
            continue
        if before:
            yield before
        before = block
    if before:
        yield before


def split_long(block: str) -> Iterator[str]:
    """A table or a list that is higher than a slide, in pieces; of a table each has the head."""
    lines = block.split("\n")
    head = lines[:2] if block.startswith("|") else []
    items = re.split(r"\n(?=[-*] |\d+\. )", block) if not head else lines[2:]
    if not head and not re.match(r"[-*] |\d+\. ", block):
        items = [block]
    piece: list[str] = []
    for item in items:
        if piece and estimate_height("\n".join([*head, *piece, item]), LETTERS[ALONE]) > ALONE:
            yield "\n".join([*head, *piece])
            piece = []
        piece.append(item)
    yield "\n".join([*head, *piece])


def estimate_height(block: str, letters: int) -> float:
    """About how many lines some Markdown takes, of so many letters each."""
    if block.startswith("<details"):
        return 1.6
    if block.startswith("$$"):
        return 2.5
    block = UNSEEN.sub("", re.sub(r"\\[a-z]+(\{[^{}]*\})?", "x", block))
    if not block:
        return 0
    each = 1.25 if block.startswith("|") else 1.0
    return 0.7 + sum(each * -(-len(line) // letters) for line in block.splitlines())


def strip(title: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", title)).strip()
