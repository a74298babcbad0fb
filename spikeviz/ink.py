"""A matplotlib figure in the page's own colours: no background, its black is the page's text."""

import base64
import io
import re
import uuid
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

LEAST = 560  # pixels
DRAWN = 64  # colours at most; a photograph has more
TEXT = "currentColor"
PAPER = "var(--jp-layout-color0, var(--vscode-editor-background, Canvas))"
# The colours of the course, mixed with the text's so that they read on both grounds: their share.
SHARES = {"#0072b2": 68, "#d55e00": 82, "#009e73": 80, "#cc79a7": 85, "#e69f00": 80,
          "#56b4e9": 80, "#666666": 55}  # fmt: skip
MAPS = {"Greys": TEXT, "binary": TEXT, "Blues": f"color-mix(in oklab, #0072b2 68%, {TEXT})"}


def to_html(figure: "Figure", words: str) -> str:
    """The figure as SVG within HTML. words: what one would see. A PNG is hidden beside it: a viewer
    that lets no SVG through, such as GitHub's or JupyterLab's for a notebook that it does not
    trust, drops that word too."""
    import matplotlib as mpl

    png = draw_png(figure)
    inks = soak(figure)
    svg = io.StringIO()
    about = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context({"svg.fonttype": "path"}):
        figure.savefig(svg, format="svg", bbox_inches="tight", transparent=True, metadata=about)
    picture = recolour(inline(svg.getvalue(), inks))
    alt, data = escape(words), base64.b64encode(png).decode()
    return (
        f'<div class="sv-figure scroll" style="overflow-x: auto" role="img" aria-label="{alt}">'
        f"{picture}</div>"
        # In a <div>, since JupyterLab shows each <img> that stands alone, hidden or not.
        f'<div hidden><img alt="{alt}" src="data:image/png;base64,{data}"></div>'
    )


def draw_png(figure: "Figure") -> bytes:
    """The figure on white paper, in few colours: it is rarely seen."""
    from spikeatconv.images.decode import image_in

    file, small = io.BytesIO(), io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight", facecolor="white", dpi=80)
    image_in(file.getvalue()).convert("RGB").quantize(32).save(small, "png", optimize=True)
    return small.getvalue()


def soak(figure: "Figure") -> dict[str, str]:
    """Let the page through where a drawing, or a grey, blue or signed map, is white. A grey
    or blue map becomes a layer of ink, black until `inline` colours it. Returns {name of the image
    in the SVG: its ink}.
    """
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    layer = LinearSegmentedColormap.from_list("layer", [(0, 0, 0, 0), (0, 0, 0, 1)])
    signed = LinearSegmentedColormap.from_list("signed", ["#3a87c8ff", "#80808000", "#d3543cff"])
    inks: dict[str, str] = {}
    for image in (image for axes in figure.axes for image in axes.images):
        ink = MAPS.get(image.get_cmap().name)
        values = image.get_array()
        if values is not None and values.ndim == 3:
            image.set_data(clear_paper(np.asarray(values)))
        if image.get_cmap().name == "RdBu_r":
            image.set_cmap(signed)
        if ink and values is not None and values.ndim == 2:
            image.set_cmap(layer)
            image.set_gid(f"ink-{len(inks)}")
            inks[image.get_gid()] = ink
    return inks


def clear_paper(pixels: "np.ndarray") -> "np.ndarray":
    """Few colours [..., 3] on white as ink [..., 4] on nothing; a photograph as it is."""
    import numpy as np

    whole = 255 if pixels.dtype == np.uint8 else 1
    colours = np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0)
    if pixels.shape[-1] != 3 or len(colours) > DRAWN or not (colours == whole).all(1).any():
        return pixels
    share = pixels / whole
    alpha = 1 - share.min(-1, keepdims=True)
    ink = (share - (1 - alpha)) / np.where(alpha, alpha, 1)
    return np.concatenate([ink, alpha], -1).clip(0, 1)  # but for rounding they are


def inline(svg: str, inks: dict[str, str]) -> str:
    """The <svg> alone, as wide as it was meant or as the page, without the style that would
    reach out of it into the page."""
    svg = re.sub(r"(?s)^.*?(?=<svg)|<style.*?</style>|<metadata>.*?</metadata>|<!--.*?-->", "", svg)
    for name, ink in inks.items():
        dye = f'<feFlood style="flood-color: {ink}"/><feComposite operator="in" in2="SourceAlpha"/>'
        dye = f'<filter id="{name}" color-interpolation-filters="sRGB">{dye}</filter>'
        svg = re.sub(f'<image([^>]*) id="{name}"', rf'{dye}<image\1 filter="url(#{name})"', svg)
    svg = own_ids(svg, uuid.uuid4().hex[:8])
    ((points, box),) = re.findall(r'<svg[^>]*? width="([\d.]+)pt"[^>]*?(viewBox="[^"]*")', svg)
    width = float(points) * 4 / 3
    look = (  # narrower than LEAST its words could not be read: then it scrolls
        f"display: block; width: {width:.0f}px; max-width: 100%; "
        f"min-width: {min(width, LEAST):.0f}px; height: auto; "
        f"fill: {TEXT}; stroke-linejoin: round; stroke-linecap: butt"
    )
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return re.sub(r"<svg[^>]*>", f'<svg {box} style="{look}" {spaces} aria-hidden="true">', svg)


def own_ids(svg: str, mark: str) -> str:
    """Only the ids that the SVG uses, with a mark of their own: a page holds many figures."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{mark}-{m[1]}"' if m[1] in used else "", svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{mark}-", svg)


def recolour(svg: str) -> str:
    """matplotlib's colours as the page's: black is text, white is paper, the course's are mixed."""

    def page_colour(match: re.Match) -> str:
        colour = match[0].lower()
        if colour in ("#000000", "#ffffff"):
            return TEXT if colour == "#000000" else PAPER
        share = SHARES.get(colour)
        return f"color-mix(in oklab, {colour} {share}%, {TEXT})" if share else colour

    return re.sub(r"(?<=: )#[0-9a-fA-F]{6}\b", page_colour, svg)
