"""SeedMachine: draws of a few seeds from many real runs, and how often another draw disagrees."""

import math
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import traitlets as t

from spikeviz.ablation.explorer import judge, read
from spikeviz.base.chance import mulberry
from spikeviz.base.widget import Explorer, Whole, check_known, path_of
from spikeviz.figure import new_figure
from spikeviz.results import results

if TYPE_CHECKING:  # importing spikeviz stays fast: matplotlib loads when it is needed
    from matplotlib.figure import Figure

MOST = 500  # draws
LEVEL = 1e-9  # a mean difference below it is none
COLOURS = {"agree": "#0072B2", "disagree": "#D55E00"}  # of the first and the second network


class Draw(NamedTuple):
    """One draw: what somebody who trained these seeds alone would report.

    seeds: that were drawn.  differences: first minus second network, as shares, seed by seed.
    mean: of them.  winner: the value whose mean is higher, None where they are equal.
    verdict: the course's rule on "the first is above the second", of `spikeviz.results.verdict`.
    """

    seeds: tuple[int, ...]
    differences: tuple[float, ...]
    mean: float
    winner: Any
    verdict: str


class SeedMachine(Explorer):
    """A slot machine of seeds: draw a few from many real runs of two networks, see who wins.

    SeedMachine("results.json") draws from a results file as studies/seeds.py writes it, of which it
    takes each axis with two values. Without one it takes results("seeds"), two pairs of networks.
    Nothing is made up: a draw picks runs of the file, each seed once, the same for both networks.

    axis: the comparison on show, one of `axes`.  seeds: how many are drawn at once, 1 to 10.
    draws: how many draws were made, 0 to 500.  chance: what decides which seeds come.
    rule: whether a draw counts by the course's rule (every seed, and 2 SE) or by its mean alone.
    runs: the runs of each axis.  study: how the file came about.  drawn(): the draws, for Python.
    """

    _folder = "seeds"

    runs = t.List(read_only=True).tag(sync=True, large=True)
    study = t.Dict(read_only=True).tag(sync=True)
    axis = t.Unicode().tag(sync=True)
    seeds = Whole(3, 1, 10, 1)
    draws = Whole(0, 0, MOST, 1)
    chance = Whole(0, 0, 999, 1)
    rule = t.Bool(False).tag(sync=True)

    def __init__(self, file: str | os.PathLike[str] | None = None, **traits: Any) -> None:
        path = results("seeds") if file is None else Path(path_of(file, "file"))
        points, study = read(path)
        runs = find_pairs(points)
        if not runs:
            raise ValueError(
                f"{path} has no axis with two values and one seed of both; give a results file of "
                "a comparison, as studies/seeds.py writes it"
            )
        self.set_trait("runs", runs)
        self.set_trait("study", study)
        super().__init__(**traits)

    @property
    def axes(self) -> list[str]:
        """What can be compared, in the order of the file."""
        return [pair["axis"] for pair in self.runs]

    @t.default("axis")
    def _first_axis(self) -> str:
        return self.axes[0]

    @t.validate("axis")
    def _known_axis(self, proposal: dict[str, Any]) -> str:
        return check_known(proposal, self.axes)

    def drawn(self, draws: int | None = None) -> list[Draw]:
        """The first draws, as many as are on show if none are said: what the page shows too."""
        pair = self.runs[self.axes.index(self.axis)]
        n_test = self.study.get("test_images", math.inf)
        found = []
        for number in range(self.draws if draws is None else draws):
            picked = pick(len(pair["seeds"]), self.seeds, self.chance, number)
            one, other = (
                {pair["seeds"][i]: scores[i] for i in picked} for scores in pair["accuracies"]
            )
            said = judge(one, other, n_test)
            mean = statistics.fmean(said["differences"])
            sides = [*pair["values"], None]
            winner = sides[2 if abs(mean) < LEVEL else 0 if mean > 0 else 1]
            found.append(
                Draw(tuple(one), tuple(said["differences"]), mean, winner, said["verdict"])
            )
        return found

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: the mean differences of the draws on show (of 100, if there are
        none yet), coloured by what the rule says of each."""
        found = self.drawn(self.draws or 100)
        first, second = self.runs[self.axes.index(self.axis)]["values"]
        figure, axis = new_figure(1, 1, figsize=(6.5, 3))
        groups = {
            "undecided": "#999999", **COLOURS,
        }  # fmt: skip
        means = [[100 * d.mean for d in found if d.verdict == says] for says in groups]
        axis.hist(means, 25, stacked=True, color=list(groups.values()), label=list(groups))
        axis.axvline(0, color="black", linewidth=1)
        axis.set(
            xlabel=f"{self.axis}: {first} minus {second}, mean of {self.seeds} seeds, in points",
            ylabel=f"of {len(found)} draws",
        )
        axis.legend(title="by the rule")
        return figure


def find_pairs(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each axis with two values: these, the seeds that both have, their accuracies."""
    found = []
    for axis in dict.fromkeys(point["axis"] for point in points):
        two = [point for point in points if point["axis"] == axis]
        if len(two) != 2:
            continue
        scores = [{run["seed"]: run["accuracy"] for run in point["runs"]} for point in two]
        seeds = [seed for seed in scores[0] if seed in scores[1]]
        if seeds:
            found.append({
                "axis": axis, "values": [point["value"] for point in two], "seeds": seeds,
                "accuracies": [[score[seed] for seed in seeds] for score in scores],
            })  # fmt: skip
    return found


def pick(there: int, count: int, chance: int, number: int) -> list[int]:
    """Which of `there` runs the draw of that number takes, each once: the first `count` places of a
    shuffle, all where there are fewer."""
    uniform = mulberry(1000 * chance + number)
    order = list(range(there))
    for i in range(min(count, there)):
        j = i + int(uniform() * (there - i))
        order[i], order[j] = order[j], order[i]
    return order[:count]
