"""Figures beside the widgets: matplotlib for paper, plotly to zoom, hover and export; in a notebook
with a text for those who cannot see them."""

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # importing spikeviz stays fast: these load when they are needed
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

PLOTLY = "application/vnd.plotly.v1+json"  # what JupyterLab draws by itself, offline
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666", "#000000")


def show(figure: "Figure | go.Figure", alt: str) -> None:
    """Shows the figure, of matplotlib or plotly, once. alt: what one would see, for screen readers
    and for the pages made from a notebook. Raises ValueError without a text."""
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty; say in a sentence what the picture shows")
    words = {"alt": " ".join(alt.split())}
    if hasattr(figure, "to_plotly_json"):
        bundle = plotly_bundle(cast("go.Figure", figure), words["alt"])
        display(bundle, raw=True, metadata={PLOTLY: words})
        return
    import matplotlib.pyplot as plt

    display(figure, metadata={"image/png": words})
    plt.close(cast("Figure", figure))


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
        margin={"l": 60, "r": 20, "t": 90, "b": 50}, font={"color": "#212121"},
        legend={"orientation": "h", "y": 1 + 50 / height, "yanchor": "bottom"},
    )  # fmt: skip
    return figure


def plotly_bundle(figure: "go.Figure", words: str) -> dict[str, Any]:
    """What a cell's output holds of a plotly figure."""
    import json

    content = json.loads(figure.to_json())
    content["config"] = {"displaylogo": False, "responsive": True,
                         "toImageButtonOptions": {"format": "svg"}}  # fmt: skip
    return {PLOTLY: content, "text/plain": words}
