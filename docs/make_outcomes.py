"""What shows that somebody can do what a notebook promises: docs/outcomes.md, a table.

    python docs/make_outcomes.py           # after a notebook's promises or questions have changed

The promises are those under *What you can do afterwards* of each notebook; outcomes.json says what
shows each of them: an exercise by its name (graded by its check), a task without a check in words,
`question N` of the quick ones, `idea N` of the two tests before and after, the question `for the
curious` (graded by hand), a prediction by its name.
"""

import json
import re
from pathlib import Path

import nbformat

from spikeatconv.files import write_whole

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "outcomes.md"
TASKS = ("the mystery neuron", "a block within a budget", "an image in few spikes")
PROMISES = re.compile(r"^## What you can do afterwards\n+((?:- .+\n?)+)", re.M)
KINDS = ("exercises", "quick questions", "by hand", "before and after", "predictions")
HEAD = """# What shows what

What each notebook promises (*What you can do afterwards*), and what shows that somebody can: its
exercises, graded by their checks, or tasks that the notebook itself judges; the quick questions at
its end; the question for the curious, graded by hand; the ideas of the two tests, before and after;
the predictions, of which a class's are written to a table. Written by `docs/make_outcomes.py` from
the notebooks and `docs/outcomes.json`; do not edit.
"""


def kind(item: str, notebook: str) -> int:
    """The column in which an item stands."""
    patterns = ("for the curious", r"question \d", r"idea \d+", rf"{notebook[:2]}-[\w-]+")
    found = [bool(re.fullmatch(pattern, item)) for pattern in patterns]
    return (2, 1, 3, 4, 0)[[*found, True].index(True)]


def read_promises(path: Path) -> list[str]:
    title = nbformat.read(path, as_version=4).cells[0].source
    found = PROMISES.search(title)
    return re.findall(r"^- (.+)$", found[1], re.M) if found else []


def read_map() -> dict[Path, list[tuple[str, list[str]]]]:
    """{notebook: [(promise, what shows it)]}. Raises ValueError where one has no place."""
    given = json.loads((DOCS / "outcomes.json").read_text(encoding="utf-8"))
    found = {}
    for path in sorted((DOCS.parent / "notebooks").glob("*.ipynb")):
        promises, known = read_promises(path), given.get(path.stem, {})
        found[path] = []
        for promise in promises:
            begins = [begin for begin in known if promise.startswith(begin)]
            if len(begins) != 1:
                raise ValueError(f"{path.stem}: outcomes.json has {len(begins)} for {promise!r}")
            found[path].append((promise, known[begins[0]]))
        if len(known) != len(promises):
            raise ValueError(f"{path.stem}: outcomes.json has {len(known)} of {len(promises)}")
    return found


def page() -> str:
    lines = [HEAD, f"| | can | {' | '.join(KINDS)} |", "|---|---|" + "---|" * len(KINDS)]
    for path, promises in read_map().items():
        for promise, items in promises:
            columns: list[list[str]] = [[] for _ in KINDS]
            for item in items:
                columns[kind(item, path.stem)].append(item)
            shown = [", ".join(shorten(item) for item in column) for column in columns]
            lines.append(f"| {path.stem[:2]} | {promise} | {' | '.join(shown)} |")
    return "\n".join([*lines, ""])


def shorten(item: str) -> str:
    """An item as its column shows it."""
    short = item.removeprefix("question ").removeprefix("idea ")
    return (
        short if short in TASKS or short == "for the curious" or short.isdecimal() else f"`{short}`"
    )


if __name__ == "__main__":
    write_whole(PAGE, page())
    print(f"wrote {PAGE.name}")
