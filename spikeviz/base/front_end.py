"""What lies beside a widget's class in its folder: ES modules, a style sheet, data."""

import base64
import functools
import gzip
import json
import re
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
IMPORTS = re.compile(r"(\s*import\b[^;]*;)*")  # how a module begins, without its comments


@functools.cache
def front_end(folder: str, entry: str = "explorer.js") -> tuple[str, str]:
    """The packed modules and style sheet of a widget's folder: its entry with all that this
    imports, as JSON {file: text}; base/style.css and the folder's own, a form feed between."""
    modules = find_modules(PACKAGE / folder / entry, {})
    sheets = [PACKAGE / place / "style.css" for place in ("base", folder)]
    style = "\f".join(map(read_sheet, sheets))
    return pack(json.dumps(modules, ensure_ascii=False)), pack(style)


def read_sheet(file: Path) -> str:
    """The text of a style sheet without comments and what blanks it can spare."""
    return re.sub(r"\s+", " ", re.sub(r"(?s)/\*.*?\*/", "", file.read_text(encoding="utf-8")))


def read_data(folder: str) -> Any:
    """What a widget's data.json holds."""
    return json.loads((PACKAGE / folder / "data.json").read_text(encoding="utf-8"))


def find_modules(file: Path, found: dict[str, str]) -> dict[str, str]:
    """Add a module and all that it imports to `found`, each after those that it imports."""
    text = read_module(file)
    begin = IMPORTS.match(text)
    for path in re.findall(r'"(\..*?)"', begin[0] if begin else ""):
        neighbour = (file.parent / path).resolve()
        if name_of(neighbour) not in found:
            find_modules(neighbour, found)
    found[name_of(file)] = text
    return found


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


@functools.cache
def read_module(file: Path) -> str:
    """The text of a module without comments and what blanks it can spare, since every saved
    notebook holds it once a widget."""
    from pygments.lexers.javascript import JavascriptLexer  # it knows a string from a comment
    from pygments.token import Comment, Operator, Punctuation, Whitespace

    parts, tight = [""], True  # tight: no blank need stand here
    for kind, part in JavascriptLexer().get_tokens(file.read_text(encoding="utf-8")):
        if kind in Comment:
            continue
        if part == "$":  # the lexer takes a brace within ${…} for its end, and text for code
            raise ValueError(f"{file}: a template has braces within ${{…}}; name them before it")
        if kind in Whitespace:
            part = "\n" if "\n" in part else " "
            if parts[-1] in ("", "\n") or (tight and (part == " " or parts[-1] in ";,{([")):
                continue
        tight = kind in Punctuation or (kind is Operator and part not in "++--/")
        if parts[-1] == " " and (tight or kind in Whitespace):
            parts.pop()
        parts.append(part)
    return "".join(parts)


def pack(text: str) -> str:
    """A text as a saved notebook holds it: gzip, base64."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def unpack(packed: str) -> str:
    """The text again."""
    return gzip.decompress(base64.b64decode(packed)).decode()
