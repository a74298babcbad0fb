"""All widgets, each with one line: in a notebook, and as a folder of pages that work offline."""

import html
import json
import os
from pathlib import Path

import ipywidgets

from spikeviz.base.front_end import PACKAGE, find_modules, pack
from spikeviz.base.page import LIVE, fill_page, head, script_json
from spikeviz.base.widget import Explorer, line
from spikeviz.micro.networks import PageExplorer, shared_weights

STATIONS = {  # in the order of the course; the picture of this station stands for the widget
    "CourseMap": "00", "LIFExplorer": "01", "SurrogateExplorer": "03", "DigitReader": "03",
    "SpikeBlockExplorer": "04", "MBPLExplorer": "05", "SpikeRaster": "02", "PhotoExplorer": "02",
    "PartitionExplorer": "08", "AttentionExplorer": "09", "NetworkWalk": "10",
    "EnergyExplorer": "11", "TrainingMonitor": "12", "AblationExplorer": "06",
    "SeedMachine": "06", "EventExplorer": "A2", "SpikingPlayground": "03",
}  # fmt: skip
ORDER = tuple(STATIONS)

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
    """Write every widget as a page of its own, and index.html, which has for each a small picture
    that moves, a line and a link.

    Works offline and without a kernel. Makes the folder if it is missing; returns its path.
    Raises NotADirectoryError if the path is a file.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; name a folder for the pages")
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    assets: dict[str, str] = {}
    for cls in explorers():
        widget = cls()
        widget.save_html(folder / f"{cls.__name__}.html", shared=True)
        if isinstance(widget, PageExplorer):
            assets |= shared_weights()
        widget.close()
        name, text = cls.__name__, html.escape(line(cls))
        picture = f'<canvas data-station="{STATIONS[name]}" aria-hidden="true"></canvas>'
        rows.append(f'<li><a href="{name}.html">{picture}<b>{name}</b> {text}</a></li>')
    for name, script in assets.items():
        (folder / "assets").mkdir(exist_ok=True)
        (folder / "assets" / name).write_text(script, encoding="utf-8")
    modules = find_modules(PACKAGE / "gallery.js", {})
    sheet = (PACKAGE / "base" / "style.css").read_text(encoding="utf-8")
    code = {"_esm": Explorer._esm, "_code": pack(json.dumps(modules)), "_sheet": pack(sheet)}
    parts = {
        "HEAD": head(*ABOUT),
        "ABOUT": html.escape(ABOUT[1]),
        "ROWS": "\n".join(rows),
        "LIVE": LIVE,
        "CODE": script_json(code),
    }
    page = fill_page(PACKAGE / "gallery.html", parts)
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder
