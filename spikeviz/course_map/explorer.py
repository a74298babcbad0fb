"""CourseMap: the way through the course, and the one command that it leads to."""

from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Whole
from spikeviz.course_map.progress import read_solved
from spikeviz.figure import new_figure

if TYPE_CHECKING:  # importing spikeviz stays fast: matplotlib loads when it is needed
    from matplotlib.figure import Figure


def course() -> dict[str, Any]:
    """The notebooks, and the command: what data.json says. First those of the way, 00 to 12, in the
    order of reading; then the side trips, each with the number `after` which it can be read."""
    return read_data("course_map")


def command(upto: int = 12) -> str:
    """The command as far as the notebooks 01 to `upto` explain it; all of it with 12."""
    plan = course()
    earned = sorted(
        (n["line"] for n in plan["notebooks"][: upto + 1] if n["line"]),
        key=lambda line: not line.startswith("--model"),  # before what it is set to
    )
    return " \\\n    ".join([*plan["start"], *earned, *plan["end"]])


def about(file: str) -> str:
    """What a notebook of the course is good for, in a sentence; nothing for another one."""
    found = [n for n in course()["notebooks"] if n["file"] == file]
    line = "{widget} under your hand; afterwards you can {afterwards}. About {minutes} minutes."
    return line.format(**found[0]) if found else ""


LAST = len(course()["notebooks"]) - 1


class CourseMap(Explorer):
    """The course, from one neuron to ImageNet, and the command that it explains line by line.

    notebook: the one on show, 0 to 12; behind these the side trips A1, A2, …
    solved: the exercises whose checks were passed, as progress.json beside the notebooks says.
    """

    _folder = "course_map"

    plan = t.Dict(read_only=True).tag(sync=True)
    notebook = Whole(0, 0, LAST, 1)
    solved = t.List(t.Unicode(), read_only=True).tag(sync=True)
    told = t.Unicode(read_only=True).tag(sync=True)  # about the file of what is solved
    pages = t.Dict(read_only=True).tag(sync=True)  # of the site, by the notebooks' names

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._look()
        self.on_msg(self._look)

    @t.default("plan")
    def _plan(self) -> dict[str, Any]:
        return course()

    def _look(self, *_message: Any) -> None:
        """Read what is solved: now, and whenever a page shows the map again."""
        solved, told = read_solved()
        self.set_trait("solved", list(solved))
        self.set_trait("told", told or self.told)

    def to_matplotlib(self) -> "Figure":
        """The notebooks and their time, for a handout."""
        notebooks = self.plan["notebooks"]
        names = [f"{n['file'][:2]} {n['title']}" for n in notebooks]
        colours = ["#D55E00" if i == self.notebook else "#0072B2" for i in range(len(names))]
        figure, axis = new_figure(figsize=(7, 4.2))
        bars = axis.barh(names, [n["minutes"] for n in notebooks], color=colours)
        axis.bar_label(bars, [n["afterwards"] for n in notebooks], padding=4, fontsize=7)
        axis.invert_yaxis()
        axis.set(xlabel="minutes", xlim=(0, 190))
        return figure
