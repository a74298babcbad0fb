"""The minutes that each notebook promises, by one rule, written into all pages that name them.

    python docs/make_times.py              # after a notebook has changed
    python docs/make_times.py --sections   # prints the minutes of each section, with tenths

The rule: words / 180 + lines of code / 12 + 1 for a prediction + 8 for an exercise + 0.5 for a
quick question, rounded up to 5 minutes. Words are those of all Markdown, folded or not, formulas by
their parts; what is looked up and not read does not count: fenced code, references, cells with the
tag `lookup`. Empty lines of code do not count, nor do cells with the tag `plot` or `predict`.
A prediction is a **Predict** or a cell of its own; the exercises are named in the course's map.
"""

import json
import math
import re
import sys
from pathlib import Path

from spikeatconv.files import write_whole
from spikeviz.publish.times import sections

ROOT = Path(__file__).resolve().parents[1]
MAP = ROOT / "spikeviz" / "course_map" / "data.json"
README = ROOT / "README.md"
TEACHING = ROOT / "docs" / "teaching.md"
SECTIONS = re.compile(r"(?<=\| \| minutes by section \|\n\|---\|---\|\n)(\|.*\n)*")
BLOCK = re.compile(r"^(\| \d · )\d+( min \| )(.*?)( \|)", re.M)  # of the plan for a day


def notebooks() -> dict[Path, dict]:
    plan = json.loads(MAP.read_text(encoding="utf-8"))["notebooks"]
    return {ROOT / "notebooks" / f"{one['file']}.ipynb": one for one in plan}


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def row(name: str, found: dict[str, float]) -> str:
    """The sections of half a minute and more, for the page of teachers."""
    told = [f"{heading} {minutes:.0f}" for heading, minutes in found.items() if minutes >= 0.5]
    return f"| {name[:2]} | {' · '.join(told)} |\n"


def rounded(minutes: float) -> int:
    return 5 * math.ceil(minutes / 5)


def longest(words: str, minutes: dict[str, int]) -> int:
    """The minutes of "00, 01" are added; of "02 or 03" the larger ones count."""
    each = [[minutes[number] for number in re.findall(r"\w\d", one)] for one in words.split(", ")]
    return sum(max(choice) for choice in each)


def pages() -> dict[Path, str]:
    """{file: its text, with the minutes by the rule} of all that name them."""
    plan = notebooks()
    files = [MAP, README, TEACHING, *plan]
    found = {path: path.read_text(encoding="utf-8") for path in files}
    minutes, rows = {}, []

    def say(path: Path, before: str, after: str, number: int) -> None:
        found[path] = re.sub(rf"({before})\d+({after})", rf"\g<1>{number}\2", found[path], count=1)

    for path, one in plan.items():
        timed = sections(cells(path), one["exercise"])
        rows.append(row(path.stem, timed))
        number = rounded(sum(timed.values()))
        minutes[path.name[:2]] = number
        say(MAP, f'"{path.stem}", "title": "[^"]*", "minutes": ', ",", number)
        say(path, r"\*\*Time needed:\*\* about ", " minutes", number)
        for table in (README, files[3]):
            say(table, rf"\| {path.name[:2]} \| .* \| ", r" min \|", number)
    day = sum(longest(row[3], minutes) for row in BLOCK.finditer(found[TEACHING]))
    say(TEACHING, r"\*\*A day\*\* \(", " hours", math.ceil(day / 60))
    found[TEACHING] = BLOCK.sub(
        lambda row: f"{row[1]}{longest(row[3], minutes)}{row[2]}{row[3]}{row[4]}", found[TEACHING]
    )
    found[TEACHING] = SECTIONS.sub(lambda _: "".join(rows), found[TEACHING], count=1)
    return found


def outdated() -> dict[Path, str]:
    return {p: text for p, text in pages().items() if text != p.read_text(encoding="utf-8")}


if __name__ == "__main__":
    for path, text in outdated().items():
        write_whole(path, text)
        print(f"wrote {path.relative_to(ROOT)}")
    if "--sections" in sys.argv:
        for path, one in notebooks().items():
            found = sections(cells(path), one["exercise"])
            print(f"\n{path.stem}: {sum(found.values()):.1f}")
            print("".join(f"{minutes:6.1f}  {name}\n" for name, minutes in found.items()), end="")
