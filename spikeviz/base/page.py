"""What a page that works offline is made of: a template, the widgets' states, what draws them."""

import base64
import html
import json
import re
from pathlib import Path
from typing import Any

from spikeviz.base.front_end import PACKAGE

LIVE = "\n".join(
    (PACKAGE / "base" / name).read_text(encoding="utf-8") for name in ("address.js", "live.js")
)


def fill_page(template: Path, parts: dict[str, str]) -> str:
    """The template's text with each part in the place {{NAME}}."""
    text = template.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], text)


def head(title: str, about: str) -> str:
    """What a page says of itself: to a browser, a search, and a message that links to it."""
    title, about = (html.escape(" ".join(text.split())) for text in (title, about))
    return "\n".join(
        [
            f"<title>{title}</title>",
            f'<meta name="description" content="{about}">',
            f'<meta property="og:title" content="{title}">',
            f'<meta property="og:description" content="{about}">',
            '<meta property="og:type" content="website">',
        ]
    )


def script_json(value: Any) -> str:
    """JSON that may stand inside a script element; bytes as live.js reads them back."""
    return json.dumps(value, default=_as_text).replace("<", "\\u003c")


def _as_text(value: Any) -> dict[str, str]:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError(f"{type(value).__name__} cannot be saved in a page: sync numbers or bytes")
    return {"$bytes": base64.b64encode(value).decode()}
