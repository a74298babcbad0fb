"""Figures beside the widgets: matplotlib for paper, plotly to zoom, hover and export; in a notebook
with a text for those who cannot see them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # importing spikeviz stays fast: these load when they are needed
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

TEXTS = Path(__file__).parent / "alternative"  # a file for each notebook
PLOTLY = "application/vnd.plotly.v1+json"  # what JupyterLab draws by itself, offline
# plotly draws on any page: its ground shows through. No grey reads well on white and on black: this
# one does on white, and on black the style sheets give it the page's own.
CLEAR, FAINT, GREY = "rgba(0,0,0,0)", "rgba(128,128,128,0.3)", "rgb(118, 118, 118)"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666", "#000000")


def show(figure: "Figure | go.Figure", alt: str) -> None:
    """Shows the figure, of matplotlib or plotly, once, with a text for screen readers and for the
    pages made from a notebook.

    alt: the name of a text in `alternative/`, such as "01-reset", where it does not tell a reader
    what comes out; for a figure of your own a sentence: what would one see? Raises ValueError for
    one word that names no text, and where there is none.
    """
    from IPython.display import display

    words = find_text(alt)
    if hasattr(figure, "to_plotly_json"):
        bundle = plotly_bundle(cast("go.Figure", figure), words)
        display(bundle, raw=True, metadata={PLOTLY: {"alt": words}})
        return
    import matplotlib.pyplot as plt

    from spikeviz.ink import to_html

    figure = cast("Figure", figure)
    display({"text/html": to_html(figure, words), "text/plain": words}, raw=True)
    plt.close(figure)


def find_text(alt: str) -> str:
    """The text of that name, or the sentence itself, in one line."""
    sentence = " ".join(alt.split())
    if " " in sentence:
        return sentence
    texts = alternative_texts()
    if sentence not in texts:
        from spikeatconv.checks import nearest, short

        near = nearest(sentence, texts)
        asked = f"did you mean {near!r}? " if near else ""
        raise ValueError(
            f"alt is {short(alt)}, which names no text of a picture; {asked}"
            "for a figure of your own, say in a sentence what the picture shows"
        )
    return texts[sentence]


def alternative_texts() -> dict[str, str]:
    """By the names that notebooks give to `show`: what one would see, a result included."""
    files = sorted(TEXTS.glob("*.json"))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {name: text for texts in found for name, text in texts.items()}


def new_figure(rows: int = 1, columns: int = 1, **options: Any) -> "tuple[Figure, Any]":
    """A figure with its axes, as of `plt.subplots`. The caller shows it; nothing is drawn twice."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, layout="constrained", **options)
    plt.close(figure)
    return figure, axes


def new_plotly(*titles: str, height: int = 380, **options: Any) -> "go.Figure":
    """A plotly figure with a plot for each title: side by side, or as `options` of plotly's
    `make_subplots` say. As the last line of a cell it draws itself, without a network."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    class Drawn(go.Figure):
        """Hands JupyterLab the figure alone: plotly's own way puts its 5 MB into the notebook."""

        _ipython_display_ = None

        def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, Any]:
            return plotly_bundle(self, "A plotly figure: " + ", ".join(titles))

    shape = {"rows": 1, "cols": len(titles)} | options
    figure = make_subplots(figure=Drawn(), subplot_titles=titles, **shape)
    figure.update_layout(
        template="plotly_white", colorway=COLOURS, height=height, hovermode="closest",
        margin={"l": 60, "r": 20, "t": 90, "b": 50}, font={"color": GREY},
        paper_bgcolor=CLEAR, plot_bgcolor=CLEAR, hoverlabel={"font_color": "#212121"},
        legend={"orientation": "h", "y": 1 + 50 / height, "yanchor": "bottom"},
    )  # fmt: skip
    lines = {"gridcolor": FAINT, "zerolinecolor": FAINT, "linecolor": FAINT}
    return figure.update_xaxes(**lines).update_yaxes(**lines)


def plotly_bundle(figure: "go.Figure", words: str) -> dict[str, Any]:
    """What a cell's output holds of a plotly figure."""
    content = json.loads(figure.to_json())
    content["config"] = {"displaylogo": False, "responsive": True,
                         "toImageButtonOptions": {"format": "svg"}}  # fmt: skip
    return {PLOTLY: content, "text/plain": words}
