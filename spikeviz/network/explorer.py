"""NetworkWalk: an image on its way through a spiking network, box by box."""

import os
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.base.model_explorer import ModelExplorer
from spikeviz.base.widget import Whole, path_of
from spikeviz.figure import new_figure, new_plotly
from spikeviz.micro.networks import NETWORKS, PageExplorer
from spikeviz.network import tour as tours

if TYPE_CHECKING:  # importing spikeviz stays fast: torch loads when a widget is made
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

    from spikeatconv import SpikeAtConv
    from spikeviz.network.choices import Subject
    from spikeviz.network.run import Progress, Walk

VIEWS = ("spikes", "membrane", "output")
SOURCES = ("digit", "photo", "own")
WHICH = ("opened", "layer", "page")
ROOM = 450_000  # bytes of maps in an answer; what does not fit comes when its box is opened
PHOTOGRAPHS = "micro_photographs"  # the model that learned them; the others read digits
KEPT = 2  # walks, and models, that are remembered


def last_step(answer: dict[str, Any]) -> int:
    """The last time step of the networks on show, from 0."""
    return max(len(walk["logits"]) for walk in answer["walks"]) - 1


class NetworkWalk(PageExplorer, ModelExplorer):
    """An image flows through SpikeAtConv box by box: shapes, rates, energy, feature maps.

    It plays once by itself when it is first seen.

    NetworkWalk() walks through the Micro that ships, NetworkWalk(model, other) compares two. Each
    is a name in `choices` or a SpikeAtConv, of which a copy in eval mode is kept. Paper,
    "SpikeAtConv"; the numbers are those of `spikeatconv.record` and `spikeatconv.energy_report`.

    model, other: names in `choices`; other = "" compares with none.
    checkpoint: path of a file of `save_weights`; it is then the choice "checkpoint".
    source: "digit" (test digit number `image`), "photo", or "own", which is `pixels`: bytes, 28×28
    greys or side·side RGB, 0 to 255. Setting image or pixels sets source. names: of the classes.
    time_step: 0 for step 1; the last unless told.  opened: a box such as "stages.0.0", or "".
    show_code: its lines.
    view: "spikes" (how many neurons fire over one input), "membrane" (H, before the reset; of
    several branches that of the first), "output" (what leaves the box, `[T, B, C, H, W]`).
    layer, page: which neurons of the opened box, and which 64 of their channels.
    unfolded: the stages shown box by box, such as [0, 1]; None: as many as stay readable.
    tour: steps, see `spikeviz.network.tour.check_tour`.  tour_step: its index, -1 is closed.
    tour_done: the indices of the complete steps.
    """

    _folder = "network"
    large = ("_subjects", "_walks", "_own")
    asks = ("model", "other", "checkpoint", "source", "image", "pixels", *WHICH)

    model = t.Unicode("micro_digits").tag(sync=True)
    other = t.Unicode().tag(sync=True)
    checkpoint = t.Unicode().tag(sync=True)
    choices = t.Dict(read_only=True).tag(sync=True)
    source = t.Enum(SOURCES, "digit").tag(sync=True)
    image = Whole(0, 0, 999, 1)
    pixels = t.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))
    samples = t.List(read_only=True).tag(sync=True, large=True)
    names = t.List(t.Unicode()).tag(sync=True, passing=True)
    time_step = t.Int(1, min=0).tag(sync=True)
    opened = t.Unicode("stages.0.0").tag(sync=True)
    show_code = t.Bool(False).tag(sync=True)
    view = t.Enum(VIEWS, "spikes").tag(sync=True)
    layer = t.Int(0, min=0).tag(sync=True)
    page = t.Int(0, min=0).tag(sync=True)
    unfolded = t.List(t.Int(), None, allow_none=True)
    unfolded.tag(sync=True, kind=["wholes?", 0, None])
    tour = t.List().tag(sync=True, passing=True)
    tour_step = t.Int(-1, min=-1).tag(sync=True)
    tour_done = t.List(t.Int()).tag(sync=True, passing=True)

    def __init__(
        self,
        model: "SpikeAtConv | str" = "",
        other: "SpikeAtConv | str" = "",
        checkpoint: str | os.PathLike[str] = "",
        **traits: Any,
    ) -> None:
        from spikeviz.network.choices import Subject, offer, samples

        self._subjects: OrderedDict[tuple, Subject] = OrderedDict()
        self._walks: OrderedDict[tuple, Walk] = OrderedDict()
        self._own: dict[str, Subject] = {}
        path = path_of(checkpoint, "checkpoint")
        own = {}
        if not isinstance(model, str):
            self._own["yours"] = Subject(model, "model")
            model, own["yours"] = "yours", "your model"
        if not isinstance(other, str):
            self._own["yours_too"] = Subject(other, "other")
            other, own["yours_too"] = "yours_too", "your other model"
        if path:
            own["checkpoint"] = f"your file {os.path.basename(path)}"
            model = model or "checkpoint"
        if traits.get("pixels"):
            traits.setdefault("source", "own")
        elif model == PHOTOGRAPHS and "image" not in traits:
            traits.setdefault("source", "photo")
        tour = traits.pop("tour", tours.DEFAULT)
        self.set_trait("choices", own | offer())
        self.set_trait("samples", samples())
        super().__init__(checkpoint=path, model=model or "micro_digits", other=other, **traits)
        if "time_step" not in traits:
            self.time_step = last_step(self.answer)
        self.tour = tour  # now that there are boxes to compare with
        self._a_box({"value": self.opened})

    # ---- what a value may be

    @t.validate("model", "other")
    def _known(self, proposal: dict[str, Any]) -> str:
        name, value = proposal["trait"].name, proposal["value"]
        known = [*self.choices, *(["checkpoint"] if self.checkpoint else [])]
        if value not in known and not (name == "other" and value == ""):
            raise t.TraitError(
                f"{name} is {value!r}; choose one of {known}; for your own file set checkpoint"
            )
        return value

    @t.validate("pixels")
    def _square(self, proposal: dict[str, Any]) -> bytes:
        from spikeviz.network.choices import check_pixels

        return check_pixels(proposal["value"])

    @t.validate("opened")
    def _a_box(self, proposal: dict[str, Any]) -> str:
        value = proposal["value"]
        if value and self.answer and value not in self.boxes():
            raise t.TraitError(f"opened is {value!r}; choose one of {self.boxes()}, or ''")
        return value

    @t.validate("tour")
    def _a_tour(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            return tours.check_tour(proposal["value"], self.boxes())
        except ValueError as error:
            raise t.TraitError(str(error)) from None

    @t.observe("image", "pixels")
    def _this_image(self, change: dict[str, Any]) -> None:
        if self.answer:  # a new widget shows the source it was given
            self.source = "digit" if change["name"] == "image" else "own"

    @t.observe("checkpoint")
    def _offer_checkpoint(self, _change: Any) -> None:
        if self.checkpoint:
            name = os.path.basename(self.checkpoint)
            self.set_trait("choices", {**self.choices, "checkpoint": f"your file {name}"})

    @t.observe("model")
    def _its_kind_of_image(self, change: dict[str, Any]) -> None:
        """A digit says nothing to a network of photographs."""
        if self.answer and self.source != "own":
            if change["new"] == PHOTOGRAPHS:
                self.source = "photo"
            elif change["old"] == PHOTOGRAPHS:
                self.source = "digit"

    @t.observe("model")
    def _fold_again(self, _change: Any) -> None:
        if self.answer:  # a new widget is unfolded as it was given
            self.unfolded = None

    def _receive(self, answer: dict[str, Any] | None, problem: str) -> None:
        """Who saw the last step of one network sees the last step of the next."""
        at_the_end = self.time_step >= last_step(self.answer)
        super()._receive(answer, problem)
        if answer is not None and at_the_end:
            self.time_step = last_step(answer)

    @classmethod
    def networks_in(cls, state: dict[str, Any]) -> list[str]:
        return [name for name in (state["model"], state["other"]) if name in NETWORKS]

    def boxes(self) -> list[str]:
        """The names of the boxes on show, in the order of the run."""
        walks = self.answer.get("walks", [])
        return list(dict.fromkeys(box["box"] for walk in walks for box in walk["boxes"]))

    # ---- the answer

    def _ask(self, change: Any) -> None:
        if change["name"] in WHICH and all(walk["whole"] for walk in self.answer["walks"]):
            return  # the page has all maps
        super()._ask(change)

    def _compute(self, **asked: Any) -> dict[str, Any]:
        from spikeviz.network.answer import answer, weigh
        from spikeviz.network.choices import choose_image, names_of, pack_image, test_digits

        which = tuple(asked[name] for name in WHICH)
        room, walks = ROOM, []
        names = [name for name in (asked["model"], asked["other"]) if name]
        progress = self._progress(names, asked)
        for name in names:
            subject, walk = self._walk(name, asked, progress)
            of_classes = names_of(name, asked["checkpoint"])
            walks.append({**answer(walk, subject, which, room), "names": of_classes})
            room -= weigh(walk) if walks[-1]["whole"] else 0
        image = choose_image(asked["source"], asked["image"], asked["pixels"])
        known = asked["source"] == "digit" and not walks[0]["names"]
        truth = int(test_digits()[1][asked["image"]]) if known else None
        said = [asked["model"], asked["other"], asked["source"], asked["image"]]
        return {"walks": walks, "picture": pack_image(image), "truth": truth, "asked": said}

    def _keys(self, name: str, asked: dict[str, Any]) -> tuple[tuple, tuple]:
        """Under which a model and its walk are remembered."""
        path = asked["checkpoint"] if name == "checkpoint" else ""
        key = (name, path, os.path.getmtime(path) if os.path.isfile(path) else 0)
        source = asked["source"]
        of = {"digit": asked["image"], "photo": "", "own": asked["pixels"]}[source]
        return key, (key, source, of)

    def _progress(self, names: list[str], asked: dict[str, Any]) -> "Progress":
        """Of all that these models have yet to do."""
        from spikeviz.network.choices import UNTRAINED
        from spikeviz.network.run import Progress

        total = 0.0
        for name in names:
            model, walk = self._keys(name, asked)
            if name in UNTRAINED and model not in self._subjects:
                total += Progress.MAKE
            if walk not in self._walks:
                total += Progress.RUN + Progress.COUNT
        return Progress(total, self._tell)

    def _walk(
        self, name: str, asked: dict[str, Any], progress: "Progress | None" = None
    ) -> "tuple[Subject, Walk]":
        from spikeviz.network.choices import choose_image, fit_image, load
        from spikeviz.network.run import walk

        told = progress or self._progress([name], asked)
        key, whole = self._keys(name, asked)
        path = key[1]
        subject = self._own.get(name) or recall(self._subjects, key, lambda: load(name, path, told))

        def run() -> "Walk":
            image = choose_image(asked["source"], asked["image"], asked["pixels"])
            fitting = fit_image(image, subject.config)
            return walk(subject.model, subject.boxes, subject.folded, fitting, told)

        return subject, recall(self._walks, whole, run)

    # ---- for Python

    def trace(self) -> "pd.DataFrame":
        """A row for each box: box, title, shape `[T, B, C, H, W]`, rate (share of ones, NaN
        without neurons), parameters, snn_mj and ann_mj (mJ; the non-spiking twin's).
        With `other`, its columns too, named "other_rate" and so on."""
        asked = self._asked()
        table = self._walk(self.model, asked)[1].table()
        if not self.other:
            return table
        columns = {
            name: f"other_{name}" for name in ("shape", "rate", "parameters", "snn_mj", "ann_mj")
        }
        other = self._walk(self.other, asked)[1].table().rename(columns=columns).set_index("box")
        both = table.set_index("box").join(other.drop(columns="title"), how="outer")
        return both.loc[self.boxes()].reset_index()

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: the firing rate and the energy of each box, beside the twin's."""
        table = self.trace()
        figure, (top, low) = new_figure(2, 1, sharex=True, figsize=(max(6.5, 0.35 * len(table)), 5))
        place = range(len(table))
        bars = {"this model": ("rate", "snn_mj", "#0072B2")}
        if self.other:
            bars["the other"] = ("other_rate", "other_snn_mj", "#CC79A7")
        bars["its non-spiking twin"] = ("", "ann_mj", "#999999")
        width = 0.8 / len(bars)
        for index, (name, (rate, energy, colour)) in enumerate(bars.items()):
            at = [p + (index - (len(bars) - 1) / 2) * width for p in place]
            if rate:
                top.bar(at, 100 * table[rate].astype(float), width, color=colour)
            low.bar(at, table[energy], width, color=colour, label=name)
        top.set_ylabel("firing rate in %")
        low.set_ylabel("energy in mJ")
        low.legend(fontsize="small")
        low.set_xticks(list(place), table.box, rotation=90, fontsize="small")
        return figure

    def to_plotly(self) -> "go.Figure":
        """The firing rate and the energy of each box, beside the twin's, to be zoomed into."""
        table = self.trace()
        figure = new_plotly("firing rate in %", "energy in mJ", height=620, rows=2, cols=1,
                            shared_xaxes=True, vertical_spacing=0.08)  # fmt: skip
        bars = {"this model": ("rate", "snn_mj", "#0072B2")}
        if self.other:
            bars["the other"] = ("other_rate", "other_snn_mj", "#CC79A7")
        bars["its non-spiking twin"] = ("", "ann_mj", "#999999")
        for name, (rate, energy, colour) in bars.items():
            look = {"x": table.box, "name": name, "marker_color": colour, "legendgroup": name}
            if rate:
                percent = 100 * table[rate].astype(float)
                figure.add_bar(y=percent, row=1, col=1, showlegend=False, **look)
            figure.add_bar(y=table[energy].astype(float), row=2, col=1, **look)
        return figure.update_xaxes(automargin=True)


def recall(store: OrderedDict, key: tuple, make: Any) -> Any:
    """store[key], made if it is new; the oldest beyond KEPT is forgotten."""
    if key not in store:
        store[key] = make()
    store.move_to_end(key)
    while len(store) > KEPT:
        store.popitem(last=False)
    return store[key]
