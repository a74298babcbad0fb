"""All widgets, each with one line: in a notebook, and as a folder of pages that work offline."""

import html
import os
from pathlib import Path

import ipywidgets

from spikeviz.base.page import fill_page, head
from spikeviz.base.widget import Explorer, line

ORDER = (  # of the course
    "CourseMap", "LIFExplorer", "SurrogateExplorer", "SpikeBlockExplorer", "MBPLExplorer",
    "SpikeRaster", "PartitionExplorer", "AttentionExplorer", "NetworkWalk", "EnergyExplorer",
    "TrainingMonitor", "AblationExplorer", "EventExplorer",
)  # fmt: skip

ABOUT = (  # title and description of the index
    "spikeviz: spiking neural networks under your hand",
    "Drag a threshold, fly pixels into their groups, watch a network compute: every page works "
    "offline and without Python.",
)


def explorers() -> list[type[Explorer]]:
    """The widget classes, in the order of the course."""
    import spikeviz

    return [getattr(spikeviz, name) for name in ORDER if hasattr(spikeviz, name)]


def gallery() -> ipywidgets.Accordion:
    """Every widget behind a line that says what it is for; opening the line makes the widget."""
    classes = explorers()
    titles = [f"{cls.__name__}: {line(cls)}" for cls in classes]
    shelf = ipywidgets.Accordion([ipywidgets.VBox() for _ in classes], titles=titles)

    def open_one(change: dict) -> None:
        if change["new"] is not None and not shelf.children[change["new"]].children:
            shelf.children[change["new"]].children = [classes[change["new"]]()]

    shelf.observe(open_one, "selected_index")
    return shelf


def save_gallery(folder: str | os.PathLike[str]) -> Path:
    """Write every widget as a page of its own, and index.html with a line and a link for each.

    Works offline and without a kernel. Makes the folder if it is missing; returns its path.
    Raises NotADirectoryError if the path is a file.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; name a folder for the pages")
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for cls in explorers():
        widget = cls()
        widget.save_html(folder / f"{cls.__name__}.html")
        widget.close()
        name, text = cls.__name__, html.escape(line(cls))
        rows.append(f'<li><a href="{name}.html">{name}</a><p>{text}</p></li>')
    page = fill_page(
        Path(__file__).with_name("gallery.html"), {"HEAD": head(*ABOUT), "ROWS": "\n".join(rows)}
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder
