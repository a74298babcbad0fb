"""The cells of a notebook that has run, as pieces of HTML, and its widgets as they stood."""

import html
import json
import operator
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from nbconvert.filters import strip_ansi
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

import spikeviz
from spikeviz.base.page import LIVE, script_json
from spikeviz.base.widget import CODE, Explorer, line
from spikeviz.figure import PLOTLY
from spikeviz.micro.networks import PageExplorer, place_scripts
from spikeviz.predict.explorer import Prediction
from spikeviz.publish.markdown import Links, Markdown, colour, embed, keep_links, strip_tags

STATIC = Path(__file__).with_name("static")
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
GUESSES = {cls.__name__ for cls in Prediction.__subclasses__()}
LONG = 100  # letters of a line that may be broken
CAPTION = re.compile(r"\s*\*(Picture[^*]*)\*")  # of a picture, in the cell after it
NEEDS_PYTHON = (
    "This page holds what its model answered. For another image, drawing or model it needs Python: "
    "start the course, <code>python3 course.py lab</code>."
)


@dataclass
class Cell:
    """One cell. source: Markdown or a program.  page: the program as HTML, nothing of a question.
    outputs: as HTML."""

    kind: str
    name: str
    source: str
    page: str
    outputs: str
    slide: str  # slide_type, if the notebook says one
    tags: frozenset[str]

    @property
    def folded(self) -> str:
        """The program behind a line that opens it; nothing where there is none."""
        name = "How this is drawn" if "plot" in self.tags else "The program"
        fold = f'<details class="program"><summary>{name}</summary>{self.page}</details>'
        return fold if self.page else ""


class Document:
    """A notebook that has run, as pieces of a page.

    cells: in order; their Markdown is left to whoever lays out the page, and to `markdown`.
    title: the words of the first heading.
    scripts: {file: text} of what draws its widgets, in order.
    networks: those that its widgets show and the page itself runs; "weights.js" among the scripts
        says where a site has them.
    frozen: the classes of widgets that show only what a model in Python answered.
    shown: of each widget its class and its state.
    """

    def __init__(
        self, notebook: NotebookNode, links: Links = keep_links, folder: Path | None = None
    ) -> None:
        self.markdown = Markdown(links, folder)
        self._words = Markdown(links, folder)  # for outputs: their headings are none of the page's
        self.scripts = {"live.js": LIVE}
        self.networks: set[str] = set()
        self.frozen: set[str] = set()
        self.shown: dict[str, dict[str, Any]] = {}
        self._widgets = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
        # A page needs no set-up of Colab, which docs/make_badges.py may have put in.
        kept = [cell for cell in notebook.cells if "colab" not in cell.metadata.get("tags", [])]
        self.cells = [
            self._cell(cell, after) for cell, after in zip(kept, [*kept[1:], None], strict=True)
        ]

    @property
    def title(self) -> str:
        titles = (re.search(r"^# +(.+)$", cell.source, re.MULTILINE) for cell in self.cells)
        return next((strip_tags(Markdown().page(title[1])) for title in titles if title), "")

    def _cell(self, cell: NotebookNode, after: NotebookNode | None) -> Cell:
        page = outputs = ""
        tags = frozenset(cell.metadata.get("tags", []))
        if cell.cell_type == "code":
            told = cell.source.strip() and "predict" not in tags  # its widget asks the question
            page = colour(cell.source, "python") if told else ""
            caption = CAPTION.match(after.source) if after else None
            alt = strip_tags(self._words.page(caption[1])) if caption else "Drawn by the code above"
            CoalesceStreamsPreprocessor().preprocess_cell(cell, {}, 0)
            outputs = "\n".join(self._output(output, alt) for output in cell.outputs)
        slide = cell.metadata.get("slideshow", {}).get("slide_type", "")
        return Cell(cell.cell_type, cell.get("id", ""), cell.source, page, outputs, slide, tags)

    def _output(self, output: NotebookNode, caption: str) -> str:
        """One output. caption: the text for a picture that brings none."""
        if output.output_type == "stream":
            return show_text(output.text)
        if output.output_type == "error":
            return show_text("\n".join(output.traceback))
        data = output.data
        if VIEW in data:
            return self._widget(data[VIEW]["model_id"], data.get("text/plain", ""))
        if PLOTLY in data:
            return self._figure(data[PLOTLY], output.metadata.get(PLOTLY, {}).get("alt", caption))
        for mime in ("image/png", "image/jpeg", "image/svg+xml"):
            if mime in data:
                content = data[mime].encode() if "svg" in mime else data[mime]
                return embed(content, mime, output.metadata.get(mime, {}).get("alt", caption))
        if "sv-figure" in data.get("text/html", ""):
            return data["text/html"]
        if "text/html" in data and "<script" not in data["text/html"]:
            return f'<div class="scroll html">{data["text/html"]}</div>'
        if "text/markdown" in data:
            return self._words.page(data["text/markdown"])
        if "text/latex" in data:
            return f"<p>{self._words.block_math(data['text/latex'].strip('$ '))}</p>"
        return show_text(data.get("text/plain", ""))

    def _figure(self, figure: dict[str, Any], words: str) -> str:
        """A plotly figure, drawn by the page with the plotly.js of the package."""
        from plotly.offline import get_plotlyjs

        self.scripts |= {"plotly.js": get_plotlyjs(), "figures.js": read("figures.js")}
        return (
            f'<figure class="scroll plotly-figure" aria-label="{html.escape(words)}"><div></div>'
            f'<script type="application/json">{script_json(figure)}</script></figure>'
        )

    def _widget(self, model: str, otherwise: str) -> str:
        """A place where the page draws a widget of ours; of another one, its words."""
        inside = list(dict.fromkeys(self._ours(model)))
        if not inside:
            return show_text(self._said(model) or otherwise)
        return "\n".join(map(self._place, inside))

    def _state(self, model: str) -> dict[str, Any]:
        return self._widgets.get(model, {}).get("state", {})

    def _inside(self, model: str) -> list[str]:
        """The widgets in a box."""
        return [
            child.removeprefix("IPY_MODEL_") for child in self._state(model).get("children", [])
        ]

    def _ours(self, model: str) -> list[str]:
        """The widget, or those of ours in a box."""
        if set(CODE) <= self._state(model).keys():
            return [model]
        return [one for child in self._inside(model) for one in self._ours(child)]

    def _said(self, model: str) -> str:
        """What a progress bar or another small widget says."""
        state = self._state(model)
        said = [state.get("description", ""), *state.get("titles", ())]
        if isinstance(state.get("value"), str):
            said.append(state["value"])
        said += map(self._said, self._inside(model))
        return " ".join(word for one in said for word in strip_tags(one).split())

    def _place(self, model: str) -> str:
        state = self._state(model)
        kind = state["_anywidget_id"].rpartition(".")[2]
        cls = getattr(spikeviz, kind, Explorer)  # that of a notebook's own widget is not here
        code = script_json({trait: state[trait] for trait in CODE})
        self.scripts[f"{kind}.js"] = f"spikevizLive.kinds.{kind} = {code};\n"
        self.shown[model] = {"kind": kind, "state": self._public_state(model)}
        if kind in GUESSES:  # what this machine's learner guessed is not told
            self.shown[model]["state"] |= {"guess": None, "state": "open", "told": ""}
        if issubclass(cls, PageExplorer):
            self.scripts["weights.js"] = place_scripts()
            self.networks.update(cls.networks_in(state))
        about = html.escape(state.get("question") or line(cls))
        self.frozen |= {kind} if cls.needs_python else set()
        note = f'<p class="needs-python">{NEEDS_PYTHON}</p>' if cls.needs_python else ""
        return (
            f'<div class="widget" data-model="{model}">'
            f"<p>{kind}: {about} It needs a browser with JavaScript.</p></div>{note}"
        )

    def _public_state(self, model: str) -> dict[str, Any]:
        """Its traits, but for those that are the same for all widgets of its class."""
        state = {k: v for k, v in self._state(model).items() if k[0] != "_" and k != "layout"}
        state = json.loads(json.dumps(state))
        for buffer in self._widgets[model].get("buffers", []):
            *way, last = buffer["path"]
            with suppress(KeyError, IndexError, TypeError):  # left from an earlier state
                reduce(operator.getitem, way, state)[last] = {"$bytes": buffer["data"]}
        return state


def show_text(said: str) -> str:
    """What a program printed: without its colours, a line that it wrote again only once."""
    said = strip_ansi(said)
    lines = [line.rstrip("\r").split("\r")[-1].rstrip() for line in said.split("\n")]
    said = "\n".join(lines).strip("\n")
    style = "scroll output" + " long" * (max(map(len, lines)) > LONG)
    return f'<pre class="{style}">{html.escape(said, quote=False)}</pre>' if said else ""


def read(name: str) -> str:
    """A file of publish/static/."""
    return (STATIC / name).read_text(encoding="utf-8")
