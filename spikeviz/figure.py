"""Matplotlib figures: new ones, and in a notebook with a text for those who cannot see them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # importing spikeviz stays fast: matplotlib loads when it is needed
    from matplotlib.figure import Figure


def show(figure: "Figure", alt: str) -> None:
    """Shows the figure and closes it, so that nothing is drawn twice. alt: what one would see, for
    screen readers and for the pages made from a notebook. Raises ValueError without a text."""
    import matplotlib.pyplot as plt
    from IPython.display import display

    if not alt.strip():
        raise ValueError("alt is empty; say in a sentence what the picture shows")
    display(figure, metadata={"image/png": {"alt": " ".join(alt.split())}})
    plt.close(figure)


def new_figure(rows: int = 1, columns: int = 1, **options: Any) -> "tuple[Figure, Any]":
    """A figure with its axes, as of `plt.subplots`. The caller shows it; nothing is drawn twice."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(rows, columns, layout="constrained", **options)
    plt.close(figure)
    return figure, axes
