"""AblationExplorer: the results of a study, each with its command, its seeds and its spread."""

import itertools
import json
import math
import os
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, check_index, check_known, path_of, short
from spikeviz.figure import COLOURS, new_figure, new_plotly
from spikeviz.results import results, standard_error, verdict

if TYPE_CHECKING:  # importing spikeviz stays fast: matplotlib loads when it is needed
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

HOW = ("command", "commit", "date", "machine", "scale", "measure", "test_images", "file")


class AblationExplorer(Explorer):
    """Shows what a study found: seed by seed a ranking, your own order and the paper's beside it.

    AblationExplorer("results.json", …) shows results files as studies/ablation.py writes them:
    "results" holds "scale", "measure", "test_images" (how many) and "points", each with "axis"
    (what was varied), "value", "options", "network" and "runs", [{"seed", "accuracy", "seconds",
    …}]. Without one it shows the study that comes with the widget: the paper's choices on the
    shipped digits. The paper's own figures (Tables 1 to 3) stand apart and are named the paper's.

    axis: what is varied on show, one of `axes`.  ask: whether an axis is hidden until the reader
    has put its values into an order, or skipped that.  guess: these orders, {axis: values, the
    best first}.  looked: the axes that are open.  selected: the number of a point in `points`, or
    None.  show_paper: the paper's order beside ours.  points: what is on show, one dict each.
    studies: how each results file came about.  orderings(): what the paper says is better, and
    what ours says to that.
    """

    _folder = "ablation"

    points = t.List(read_only=True).tag(sync=True, large=True)
    studies = t.List(read_only=True).tag(sync=True)
    paper = t.Dict(read_only=True).tag(sync=True)
    verdicts = t.List(read_only=True).tag(sync=True)
    pairs = t.List(read_only=True).tag(sync=True)
    axis = t.Unicode().tag(sync=True)
    selected = t.Int(None, allow_none=True).tag(sync=True)
    show_paper = t.Bool(True).tag(sync=True)
    ask = t.Bool(True).tag(sync=True)
    guess = t.Dict().tag(sync=True)
    looked = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, *files: str | os.PathLike[str], **traits: Any) -> None:
        points: list[dict] = []
        studies = []
        for number, file in enumerate(files or [results("ablation")]):
            found, how = read(Path(path_of(file, "file")))
            points += [{**point, "study": number} for point in found]
            studies.append(how)
        self.set_trait("points", points)
        self.set_trait("studies", studies)
        paper = read_data("ablation")
        orders = {order["axis"]: rank(paper, order["axis"]) for order in paper["orderings"]}
        self.set_trait("paper", {**paper, "orders": orders})
        self.set_trait("verdicts", self.orderings())
        self.set_trait("pairs", list(self._pairs()))
        super().__init__(**traits)

    @property
    def axes(self) -> list[str]:
        """What was varied, in the order of the files."""
        return list(dict.fromkeys(point["axis"] for point in self.points))

    @t.default("axis")
    def _first_axis(self) -> str:
        return "SPK block" if "SPK block" in self.axes else self.axes[0]

    @t.validate("axis")
    def _known_axis(self, proposal: dict[str, Any]) -> str:
        return check_known(proposal, self.axes)

    @t.validate("selected")
    def _known_point(self, proposal: dict[str, Any]) -> int | None:
        last = len(self.points) - 1
        return check_index(proposal, last, f"a point from 0 to {last}, or None")

    @t.validate("looked")
    def _known_axes(self, proposal: dict[str, Any]) -> list[str]:
        value = proposal["value"]
        if not set(value) <= set(self.axes):
            raise t.TraitError(f"looked is {short(value)}; choose of {self.axes}")
        return value

    @t.validate("guess")
    def _whole_orders(self, proposal: dict[str, Any]) -> dict[str, list]:
        guess = proposal["value"]
        for axis, order in guess.items():
            values = [point["value"] for point in self.points if point["axis"] == axis]
            if axis not in self.axes:
                raise t.TraitError(f"guess names {axis!r}; choose of {self.axes}")
            given = order if isinstance(order, list | tuple) else []
            if len(given) != len(values) or any(given.count(v) != values.count(v) for v in values):
                raise t.TraitError(
                    f"guess has {short(order)} for {axis!r}; give each of {values} once"
                )
        return guess

    def orderings(self) -> list[dict[str, Any]]:
        """What the paper says is better, with the `verdict` of ours: over the seeds that both have,
        and by the test images of their study. "differences": by seed; "two_se": 2 SE of their mean,
        None where the study does not say how many images it tests on. "ours": at how many time
        steps ours was measured, where the paper's order is about another number, else None."""
        found = []
        for order in self.paper["orderings"]:
            axis = order["axis"]
            better, worse = (self._accuracies(axis, order[side]) for side in ("better", "worse"))
            ours = self._time_steps(axis, order["better"]) if "time_steps" in order else None
            found.append({
                **order, **judge(better, worse, self._test_images(axis)),
                "ours": None if ours == order.get("time_steps") else ours,
            })  # fmt: skip
        return found

    def _pairs(self) -> Iterator[tuple[int, int, str]]:
        """Each two points of an axis, by number: the verdict on "the first is above the second"."""
        scores = [{run["seed"]: run["accuracy"] for run in point["runs"]} for point in self.points]
        for a, b in itertools.combinations(range(len(scores)), 2):
            axis = self.points[a]["axis"]
            if axis == self.points[b]["axis"]:
                yield a, b, judge(scores[a], scores[b], self._test_images(axis))["verdict"]

    def _test_images(self, axis: str) -> float:
        """Of the first study with that axis; infinitely many where its file does not say."""
        numbers = (point["study"] for point in self.points if point["axis"] == axis)
        study = self.studies[next(numbers, 0)]
        return study.get("test_images", math.inf)

    def _time_steps(self, axis: str, value: Any) -> int | None:
        """Of the first point at that place, None where its options do not say it."""
        there = (p["options"] for p in self.points if (p["axis"], p["value"]) == (axis, value))
        return next(there, dict[str, Any]()).get("time_steps")

    def _accuracies(self, axis: str, value: Any) -> dict[int, float]:
        """By seed, of the first point at that place."""
        for point in self.points:
            if (point["axis"], point["value"]) == (axis, value):
                return {run["seed"]: run["accuracy"] for run in point["runs"]}
        return {}

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: every axis, the mean of the seeds, each seed, ± one sd."""
        axes = self.axes
        rows = -(-len(axes) // 3)
        figure, places = new_figure(rows, 3, figsize=(9, 2.6 * rows), sharey=True, squeeze=False)
        for axis, place in zip(axes, places.flat, strict=False):
            points = [point for point in self.points if point["axis"] == axis]
            labels = [str(point["value"]) for point in points]
            means = [100 * point["accuracy_mean"] for point in points]
            spread = [100 * (point["accuracy_sd"] or 0) for point in points]
            place.errorbar(labels, means, spread, fmt="o", color="#0072B2", capsize=3)
            for label, point in zip(labels, points, strict=True):
                scores = [100 * run["accuracy"] for run in point["runs"]]
                place.plot([label] * len(scores), scores, ".", color="#0072B2", alpha=0.4)
            place.set(title=axis, ylabel="accuracy in %")
            place.tick_params(axis="x", labelsize="x-small")
        for place in places.flat[len(axes) :]:
            place.set_visible(False)
        return figure

    def to_plotly(self) -> "go.Figure":
        """The axis on show, each seed under the hand; all points against the time that they took,
        where the study says it."""
        shown = [point for point in self.points if point["axis"] == self.axis]
        names = [str(point["value"]) for point in shown]
        timed = [p for p in self.points if all(run["seconds"] for run in p["runs"])]
        titles = ["Accuracy by " + self.axis, "All points by the time of a run"]
        figure = new_plotly(*titles[: 1 + bool(timed)])
        figure.add_scatter(
            x=names, y=[100 * point["accuracy_mean"] for point in shown], mode="markers",
            error_y={"array": [100 * (point["accuracy_sd"] or 0) for point in shown]},
            marker={"symbol": "line-ew-open", "size": 24, "line_width": 2}, name="mean ± sd",
            hovertemplate="%{x}: %{y:.1f} %",
        )  # fmt: skip
        seeds = [(str(p["value"]), run) for p in shown for run in p["runs"]]
        figure.add_scatter(
            x=[name for name, _ in seeds], y=[100 * run["accuracy"] for _, run in seeds],
            mode="markers", marker={"size": 9, "opacity": 0.6, "color": "#0072B2"}, name="a seed",
            text=[run["seed"] for _, run in seeds], hovertemplate="seed %{text}: %{y:.1f} %",
        )  # fmt: skip
        figure.update_xaxes(type="category", title=self.axis, col=1)
        for i, axis in enumerate(dict.fromkeys(point["axis"] for point in timed)):
            there = [point for point in timed if point["axis"] == axis]
            seconds = [statistics.mean(run["seconds"] for run in p["runs"]) for p in there]
            means = [100 * point["accuracy_mean"] for point in there]
            figure.add_scatter(
                x=seconds, y=means, mode="markers", row=1, col=2,
                text=[str(p["value"]) for p in there], name=axis,
                marker={"size": 9, "symbol": i, "color": COLOURS[i % len(COLOURS)]},
                hovertemplate=axis + " %{text}: %{y:.1f} % in %{x:.1f} s<extra></extra>",
            )  # fmt: skip
        if timed:
            kinds = {run["cpu"] for point in timed for run in point["runs"]}
            several = ", on several kinds of CPU" if len(kinds) > 1 else ""
            figure.update_xaxes(title=f"seconds of one core{several}", rangemode="tozero", col=2)
        return figure.update_yaxes(title="accuracy in %")


def judge(better: dict[int, float], worse: dict[int, float], n_test: float) -> dict[str, Any]:
    """Two accuracies by seed, of the seeds that both have: the `verdict`, the differences, 2 SE."""
    seeds = [seed for seed in better if seed in worse]
    one, other = ([scores[seed] for seed in seeds] for scores in (better, worse))
    sure = not seeds or math.isinf(n_test)
    return {
        "verdict": verdict(one, other, n_test),
        "differences": [b - w for b, w in zip(one, other, strict=True)],
        "two_se": None if sure else 2 * standard_error(one + other, n_test),
    }


def rank(paper: dict[str, Any], axis: str) -> list[Any]:
    """What the paper ranks on an axis, the best first: by its figures; where it gives none, by how
    many it holds to be better."""
    orders = [order for order in paper["orderings"] if order["axis"] == axis]
    figures = {p["value"]: p["accuracy"] for p in paper["points"] if p["axis"] == axis}
    worse = [order["worse"] for order in orders]
    values = dict.fromkeys([*figures, *(order["better"] for order in orders), *worse])
    return sorted(values, key=lambda value: (-figures.get(value, 0), worse.count(value)))


def read(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The points of a results file, and how it came about. Raises FileNotFoundError, and
    ValueError that says what is missing where."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["results"]
        how = {**content, **found, "file": path.name}
        if not how.get("test_images", 1) > 0:
            raise ValueError(f"test_images is {how['test_images']}")
        points = [check_point(point) for point in found["points"]]
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path}: there is no such file; give a results file of a study"
        ) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise ValueError(
            f"{path} is no results file of a study: {type(error).__name__} {error}; it needs "
            '"results" with "points", each with "axis", "value" and "runs" ("seed", "accuracy" '
            "from 0 to 1)"
        ) from None
    if not points:
        raise ValueError(f"{path} holds no points; run the study to its first results")
    return points, {name: how[name] for name in HOW if name in how}


def check_point(point: dict[str, Any]) -> dict[str, Any]:
    """A point of a results file, checked, with the mean and the spread of its runs."""
    runs = [
        {
            "seed": run["seed"], "accuracy": float(run["accuracy"]),
            "seconds": run.get("seconds"), "cpu": run.get("cpu"),
        }
        for run in point["runs"]
    ]  # fmt: skip
    scores = [run["accuracy"] for run in runs]
    if not all(0 <= score <= 1 for score in scores):
        raise ValueError(f"accuracies are {scores} at {point['axis']} {point['value']}")
    return {
        "axis": str(point["axis"]), "value": point["value"], "runs": runs,
        "network": point.get("network", ""), "options": point.get("options", {}),
        "accuracy_mean": statistics.mean(scores),
        "accuracy_sd": statistics.stdev(scores) if len(scores) > 1 else None,
    }  # fmt: skip
