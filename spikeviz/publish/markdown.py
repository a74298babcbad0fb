"""A notebook's Markdown as HTML, the way JupyterLab shows it: tables, raw HTML, formulas.

Formulas become MathML, which today's browsers draw by themselves.
"""

import base64
import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mistune
from latex2mathml.converter import convert
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

Links = Callable[[str], str | None]

# Code comes first: a dollar in it is none of a formula's.
PARTS = re.compile(
    r"(?P<fence>^ *(?P<ticks>```+|~~~+).*?^ *(?P=ticks) *$)"
    r"|(?P<code>(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`))"
    r"|(?P<end>^</details>)"
    r"|\$\$(?P<display>.+?)\$\$"
    r"|(?<![\\$])\$(?!\s)(?P<inline>(?:\\.|[^$\\\n]|\n(?!\s*\n))+?)(?<!\s)\$(?!\d)",
    re.DOTALL | re.MULTILINE,
)
PLACE = re.compile("\ue000(\\d+)\ue001")
STEP = re.compile(r"<p><strong>(Predict|Observe|Explain)\b")


def keep_links(target: str) -> str | None:
    """Links as they stand. A function like this one gives a link's new target, None for none."""
    return target


class Markdown:
    """Turns one notebook's cells into HTML; no heading gets an id that an earlier one has.

    links: what becomes of a link's target.  folder: where its pictures lie.
    headings: (level, id, HTML) of those met so far.
    """

    def __init__(self, links: Links = keep_links, folder: Path | None = None) -> None:
        self.headings: list[tuple[int, str, str]] = []
        self._formulas: list[str] = []
        renderer = _Renderer(self, links, folder)
        self._convert = mistune.create_markdown(
            renderer=renderer, plugins=["table", "strikethrough"]
        )

    def __call__(self, source: str) -> str:
        self._formulas = []
        page = str(self._convert(PARTS.sub(self._take_formula, source)))
        page = STEP.sub(lambda word: f'<p class="{word[1].lower()}"><strong>{word[1]}', page)
        return self.put_formulas(page)

    def _take_formula(self, part: re.Match) -> str:
        """Markdown must not see a formula: _ and | and \\ mean other things to it."""
        if part["fence"] or part["code"]:
            return part[0]
        if part["end"]:
            return "\n" + part[0]  # else it would fall into a list that ends just before it
        self._formulas.append(formula(part["display"] or part["inline"], bool(part["display"])))
        return f"\ue000{len(self._formulas) - 1}\ue001"

    def put_formulas(self, page: str) -> str:
        return PLACE.sub(lambda place: self._formulas[int(place[1])], page)

    def new_id(self, text: str) -> str:
        """An id for a heading, JupyterLab's; with a number where another one has the same."""
        name = "-".join(PLACE.sub("", text).split()) or "part"
        taken = {taken for _, taken, _ in self.headings}
        return next(word for word in _numbered(name) if word not in taken)


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, markdown: Markdown, links: Links, folder: Path | None) -> None:
        super().__init__(escape=False)
        self._markdown, self._links, self._folder = markdown, links, folder

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        name = self._markdown.new_id(plain(text))
        self._markdown.headings.append((level, name, self._markdown.put_formulas(text)))
        return f'<h{level} id="{html.escape(name)}">{text}</h{level}>\n'

    def block_code(self, code: str, info: str | None = None) -> str:
        return coloured(code, (info or "").split(" ")[0])

    def link(self, text: str, url: str, title: str | None = None) -> str:
        target = self._links(url)
        return text if target is None else super().link(text, target, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if self._folder is None or re.match(r"[a-z]+:", url):
            return super().image(text, url, title)
        return picture((self._folder / url).read_bytes(), Path(url).suffix[1:], plain(text))

    def table(self, text: str) -> str:
        text = text.replace("<th></th>", "<td></td>")  # no column's head
        return f'<div class="scroll"><table>\n{text}</table></div>\n'


def formula(latex: str, display: bool) -> str:
    """LaTeX as MathML; a long one on a line of its own scrolls."""
    page = convert(latex.strip(), display="block" if display else "inline")
    return f'<span class="display scroll">{page}</span>' if display else page


def coloured(code: str, language: str) -> str:
    """A program's text, its words marked for the style sheet."""
    try:
        page = highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    except ClassNotFound:
        page = html.escape(code, quote=False)
    return f'<pre class="scroll code"><code>{page.rstrip()}</code></pre>\n'


def picture(data: bytes | str, kind: str, alt: str) -> str:
    """A picture that stands in the page itself. data: its bytes, or base64."""
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    text = "".join(text.split())
    kind = {"svg": "svg+xml", "jpg": "jpeg"}.get(kind, kind)
    return f'<img src="data:image/{kind};base64,{text}" alt="{html.escape(alt)}">'


def plain(page: str) -> str:
    """The words of some HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", page)).strip()


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 1
    while True:
        number += 1
        yield f"{name}-{number}"
