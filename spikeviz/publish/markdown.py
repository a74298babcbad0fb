"""A notebook's Markdown as HTML, the way JupyterLab shows it: tables, raw HTML, formulas.

nbconvert reads it; here formulas become MathML, which today's browsers draw by themselves.
"""

import base64
import html
import mimetypes
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath, MathInlineParser
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

Links = Callable[[str], str | None]

# A price is no formula: no space follows the first dollar, no digit the last.
FORMULA = r"(?<![\\$])\$(?!\s)(?P<math_inline_tex>(?:\\.|[^$\\\n]|\n(?!\s*\n))+?)(?<!\s)\$(?!\d)"
BAR = "\ue000"  # one in a formula, which would end a table's cell
STEP = re.compile(r"<strong>(Predict|Observe|Explain)\b")


def keep_links(target: str) -> str | None:
    """Links as they stand. A function like this one gives a link's new target, None for none."""
    return target


class Inline(MathInlineParser):
    SPECIFICATION = MathInlineParser.SPECIFICATION | {"inline_math_tex": FORMULA}


class Markdown(IPythonRenderer):
    """Turns one notebook's cells into HTML; no heading gets an id that an earlier one has.

    links: what becomes of a link's target.  folder: where its pictures lie.
    headings: (level, id, HTML) of those met so far.
    """

    def __init__(self, links: Links = keep_links, folder: Path | None = None) -> None:
        super().__init__(escape=False)
        self.headings: list[tuple[int, str, str]] = []
        self._links, self._folder = links, folder
        self._parser = MarkdownWithMath(self, inline=Inline(hard_wrap=False))

    def page(self, source: str) -> str:
        """Some Markdown as HTML."""
        # Else the end of an answer would fall into a list that ends just before it.
        source = re.sub(r"^(?=</details>)", "\n", source, flags=re.MULTILINE)
        source = re.sub(r"^\|.*", hide_bars, source, flags=re.MULTILINE)
        return self._parser.render(source).replace(BAR, "|")

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """With JupyterLab's id; with a number where another one has the same."""
        name = "-".join(strip_tags(re.sub("<math.*?</math>", "", text)).split()) or "part"
        taken = {taken for _, taken, _ in self.headings}
        names = (f"{name}-{number}" if number > 1 else name for number in count(1))
        name = next(one for one in names if one not in taken)
        self.headings.append((level, name, text))
        return f'<h{level} id="{html.escape(name)}">{text}</h{level}>\n'

    def paragraph(self, text: str) -> str:
        step = STEP.match(text)
        return f'<p class="{step[1].lower()}">{text}</p>\n' if step else super().paragraph(text)

    def block_code(self, code: str, info: str | None = None) -> str:
        return colour(code, (info or "").split(" ")[0])

    def block_html(self, page: str) -> str:
        return re.sub(FORMULA, lambda found: self.inline_math(found[1]), page)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        target = self._links(url)
        return text if target is None else super().link(text, target, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if self._folder is None or re.match(r"[a-z]+:", url):
            return super().image(text, url, title)
        mime = mimetypes.guess_type(url)[0] or ""
        return embed((self._folder / url).read_bytes(), mime, strip_tags(text))

    def table(self, text: str) -> str:
        text = text.replace("<th></th>", "<td></td>")  # no column's head
        return f'<div class="scroll"><table>\n{text}</table></div>\n'

    def inline_math(self, body: str) -> str:
        return convert(body.strip().replace(BAR, "|"), display="inline")

    def block_math(self, body: str) -> str:
        """On a line of its own; a long one scrolls."""
        return f'<span class="display scroll">{convert(body.strip(), display="block")}</span>'


def hide_bars(row: re.Match) -> str:
    return re.sub(FORMULA, lambda found: found[0].replace("|", BAR), row[0])


def colour(code: str, language: str) -> str:
    """A program's text, its words marked for the style sheet."""
    try:
        page = highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    except ClassNotFound:
        page = html.escape(code, quote=False)
    return f'<pre class="scroll code"><code>{page.rstrip()}</code></pre>\n'


def embed(data: bytes | str, mime: str, alt: str) -> str:
    """A picture that stands in the page itself. data: its bytes, or base64."""
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    return f'<img src="data:{mime};base64,{"".join(text.split())}" alt="{html.escape(alt)}">'


def strip_tags(page: str) -> str:
    """The words of some HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", page)).strip()


def first_words(page: str, most: int = 200) -> str:
    """The first paragraph of some HTML, in words: whole sentences, as many as there is room for."""
    paragraphs = re.findall(r"<p>(.*?)</p>", page, re.DOTALL)
    words = (" ".join(strip_tags(one).split()) for one in paragraphs)
    told = next((one for one in words if one[:1].isupper()), "")
    while len(told) > most and ". " in told:
        told = told[: told.rindex(". ", 0, -1) + 1]
    return told
