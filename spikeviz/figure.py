"""A matplotlib figure in a notebook, with a text for those who cannot see it."""

from typing import TYPE_CHECKING

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
