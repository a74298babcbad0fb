"""NetworkWalk's code lines: where the installed `spikeatconv` makes and runs each box."""

import inspect
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

import spikeatconv
from spikeatconv import MBPL, SPK_BLOCKS
from spikeatconv.attention import ATTENTIONS
from spikeatconv.model import Block, SpikeAtConv
from spikeviz.network.boxes import Box

PACKAGE = Path(spikeatconv.__file__).parent.parent
MADE = {  # where a box is made: the function, and how the line begins
    "stem": (SpikeAtConv.__init__, "self.stem ="),
    "stem_to_stream": (SpikeAtConv.after_stem, "second ="),
    "entry": (SpikeAtConv.__init__, "entry ="),
    "conv": (Block.__init__, "self.conv ="),
    "attention": (Block.__init__, "self.attention ="),
    "feed_forward": (Block.__init__, "self.feed_forward ="),
    "head": (SpikeAtConv.forward, "return self.head"),
}


def code_of(box: Box) -> list[dict[str, Any]]:
    """Where the box is made, then how its attention and its SPK blocks run: see `lines`. Of MBPL
    the line is marked that sends."""
    last = box.id.rsplit(".", 1)[-1]
    found = [lines(*MADE["entry" if last == "0" else last])]
    parts = list(box.module.modules())
    for kind in [*ATTENTIONS.values(), *SPK_BLOCKS.values()]:
        its = [part for part in parts if type(part) is kind]
        marks = {"def ": None} if kind is not MBPL else {sending(part): None for part in its}
        found += [lines(kind.forward, mark) for mark in (marks if its else ())]
    return found


def sending(block: MBPL) -> str:
    """How the line of MBPL's `forward` begins that gives what this block sends."""
    if not block.mixers:
        return "return self.branches"
    return "return membrane" if block.closing is None else "return self.closing"


@cache
def lines(function: Any, mark: str) -> dict[str, Any]:
    """file, name, text and first line number of the function; and from, to: the line numbers of
    the statement that begins with `mark`."""
    source, first = inspect.getsourcelines(function)
    begin = next((i for i, line in enumerate(source) if line.strip().startswith(mark)), 0)
    end = begin
    while unbalanced("".join(source[begin : end + 1])) and end + 1 < len(source):
        end += 1
    path = Path(inspect.getsourcefile(function) or "")
    return {
        "file": path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else path.name,
        "name": function.__qualname__, "text": textwrap.dedent("".join(source)).rstrip(),
        "first": first, "from": first + begin, "to": first + end,
    }  # fmt: skip


def unbalanced(text: str) -> bool:
    return sum(map(text.count, "([{")) > sum(map(text.count, ")]}"))
