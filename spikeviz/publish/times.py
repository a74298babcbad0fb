"""How many minutes each section of a notebook takes, by one rule; docs/make_times.py tells it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

LOOKED_UP = re.compile(r"```.*?```|\*\*References.*", re.DOTALL)
NO_WORD = re.compile(r"\]\([^)]*\)|<[^>]+>")  # where a link leads; HTML
QUESTION = re.compile(r"^(?:### \d+\. |## A quick question)", re.M)


def words(markdown: str) -> int:
    read = NO_WORD.sub(" ", LOOKED_UP.sub(" ", markdown))
    return sum(bool(re.search(r"\w", part)) for part in read.split())


def sections(cells: Iterable[Mapping[str, Any]], exercises: str) -> dict[str, float]:
    """{heading: the minutes of its section, not rounded}, at the end those of the exercises.

    cells: as in a notebook's file.  exercises: what they are, as in the map, with a semicolon
    between two.
    """
    minutes: defaultdict[str, float] = defaultdict(float)
    told, asked = Counter[str](), Counter[str]()  # told: predictions in words
    heading = ""
    for cell in cells:
        source, tags = "".join(cell["source"]), set(cell["metadata"].get("tags", []))
        if cell["cell_type"] == "markdown":
            new = re.search(r"^##? (.+)$", source, re.M)
            heading = new[1] if new else heading
            questions = len(QUESTION.findall(source)) if cell["id"] in ("quiz", "question") else 0
            told[heading] += source.count("**Predict")
            minutes[heading] += 0 if "lookup" in tags else words(source) / 180 + questions / 2
        else:
            lines = sum(bool(line.strip()) for line in source.splitlines())
            asked[heading] += "predict" in tags
            minutes[heading] += 0 if tags & {"plot", "predict"} else lines / 12
    for heading in list(minutes):
        minutes[heading] += max(told[heading], asked[heading])
    minutes["the exercises"] = 8 * len([one for one in exercises.split(";") if one])
    return dict(minutes)
