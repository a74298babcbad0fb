"""EnergyExplorer: the paper's sum of joules, layer by layer, under the reader's hand."""

import math
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Number, Whole, check_known, did_you_mean, short
from spikeviz.figure import new_plotly

if TYPE_CHECKING:  # importing spikeviz stays fast: torch, pandas, matplotlib load when needed
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.figure import Figure

    from spikeatconv import EnergyReport

E_MAC, E_A = 4.6, 0.9  # pJ, the paper's; as in spikeatconv.energy, which would import torch
MJ = 1e-9  # of a pJ
COUNTINGS = ("input", "merged", "paper")  # as in spikeatconv.energy
GUESSES = ("", "snn", "twin")
SPIKES = ("binary", "spike sum")
MOST_LAYERS = 2_000


class EnergyExplorer(Explorer):
    """Joules by layer, SNN against its twin: move E_MAC, E_A, T and R across the break-even line.

    `EnergyExplorer(report, data="CIFAR-100 test, 500 images")` shows what
    `spikeatconv.energy_report` measured (or a dict of several by name); `data` says on what R was
    measured. Without one: Micro on the digits, Tiny untrained, and the paper's three sizes at the
    rates of a trained network. Paper, "Energy consumption":
    E = E_MAC · FLOPs(first convolution) + E_A · T · R · Σ FLOPs(the rest).

    report: the name of the report on show.  e_mac, e_a: pJ.
    time_steps: T; None: as measured.  rate_factor: times each measured R.
    one_rate: one R for all layers that are fed with spikes; None: each its own.
    rates: {layer: R} of single layers, which neither of the two moves.
    counting: "input", "merged" or "paper", the three ways of `energy_report`; which convolutions
    are merged was decided at 4.6 and 0.9 pJ.
    guess: the reader's answer, "snn" or "twin", to which of them needs less energy; before it, "",
    the energies are hidden.
    layer: the one looked at.  by: bars for each "layer" or each "stage".  log: their scale.
    `trace()` is the table under these settings.
    """

    _folder = "energy"

    reports = t.List(t.Dict(), read_only=True).tag(sync=True, large=True)
    report = t.Unicode().tag(sync=True)
    e_mac = Number(E_MAC, 0.1, 20.0, 0.1)
    e_a = Number(E_A, 0.01, 20.0, 0.01)
    time_steps = Whole(None, 1, 64, 1, allow_none=True)
    rate_factor = Number(1.0, 0.0, 10.0, 0.05)
    one_rate = Number(None, 0.0, 4.0, 0.01, allow_none=True)
    rates = t.Dict().tag(sync=True)
    counting = t.Enum(COUNTINGS, "input").tag(sync=True)
    guess = t.Enum(GUESSES, "").tag(sync=True)
    layer = t.Unicode().tag(sync=True)
    by = t.Enum(("layer", "stage"), "layer").tag(sync=True)
    log = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        report: "EnergyReport | pd.DataFrame | Mapping[str, Any] | str | None" = None,
        data: str = "",
        **traits: Any,
    ) -> None:
        if not isinstance(data, str):
            raise TypeError(f"data is {short(data)}, a {type(data).__name__}; give a text")
        if report is None or isinstance(report, str):
            reports = _read_shipped()
        elif isinstance(report, Mapping):
            reports = [entry_of(str(name), one, data) for name, one in report.items()]
        else:
            reports = [entry_of("your network", report, data)]
            traits = {"counting": getattr(report, "counting", "input"), **traits}
        if not reports:
            raise ValueError("no report to show: pass energy_report(model, images)")
        name = report if isinstance(report, str) else reports[0]["name"]
        self.set_trait("reports", reports)
        super().__init__(report=name, **traits)

    @t.validate("report")
    def _a_report(self, proposal: dict[str, Any]) -> str:
        return check_known(proposal, [report["name"] for report in self.reports])

    @t.validate("layer")
    def _a_layer(self, proposal: dict[str, Any]) -> str:
        if proposal["value"]:
            self._check_layer(proposal["value"], f"layer is {proposal['value']!r}")
        return proposal["value"]

    @t.validate("rates")
    def _some_rates(self, proposal: dict[str, Any]) -> dict[str, float]:
        for layer, rate in proposal["value"].items():
            self._check_layer(layer, f"rates names {layer!r}")
            number = isinstance(rate, Real) and not isinstance(rate, bool)
            if not number or not 0 <= rate <= 64:  # a sum of 64 branches that always fire
                raise t.TraitError(f"rates[{layer!r}] is {rate!r}; give a value from 0 to 64")
        return {layer: float(rate) for layer, rate in proposal["value"].items()}

    def _check_layer(self, layer: Any, found: str) -> None:
        known = [row[0] for report in self.reports for row in report["rows"]]
        if layer not in known:
            raise t.TraitError(
                f"{found}, which is no layer; {did_you_mean(layer, known)}give a name from the "
                "column layer of trace()"
            )

    @property
    def _shown(self) -> dict[str, Any]:
        return next(report for report in self.reports if report["name"] == self.report)

    def trace(self) -> "pd.DataFrame":
        """The table of `energy_report` under the settings on show: layer, kind, flops, input,
        rate (NaN where E_MAC is charged), passes, snn_mj, ann_mj."""
        import pandas as pd

        return pd.DataFrame(self._priced())

    def _priced(self) -> Iterator[dict[str, Any]]:
        """The same operations in the same order as `price` in energy.js."""
        shown = self._shown
        measured, factor = shown["time_steps"], self.rate_factor
        paper = shown["paper_rate"] if self.counting == "paper" else None
        merged = shown["merged"] or {} if self.counting == "merged" else {}
        for layer, kind, flops, fed, own, passes, twin in shown["rows"]:
            ann_mj = (flops if twin else 0) * self.e_mac * MJ
            flops, fed, own = merged.get(layer, (flops, fed, own))
            rate = math.nan
            if layer in self.rates and fed != "image":
                rate = self.rates[layer]
            elif fed in SPIKES or (paper is not None and fed != "image"):
                own = own if paper is None else paper
                rate = own * factor if self.one_rate is None else self.one_rate
            still = fed == "image" and measured == 1  # a still image is computed once
            if passes == measured and self.time_steps is not None and not still:
                passes = self.time_steps
            per_flop = self.e_mac if math.isnan(rate) else self.e_a * rate
            yield {
                "layer": layer, "kind": kind, "flops": flops, "input": fed, "rate": rate,
                "passes": passes, "snn_mj": passes * flops * per_flop * MJ, "ann_mj": ann_mj,
            }  # fmt: skip

    def to_matplotlib(self) -> "Figure":
        """Bars by layer for the SNN and its twin, and each layer on the plane of T and R."""
        from matplotlib.figure import Figure

        rows = list(self._priced())
        figure = Figure(figsize=(10, 4), layout="constrained")
        bars, plane = figure.subplots(1, 2, width_ratios=(2, 1))
        places = range(len(rows))
        snn, ann = ([row[name] for row in rows] for name in ("snn_mj", "ann_mj"))
        bars.bar([p - 0.2 for p in places], snn, 0.4, color="#D55E00", label="SNN")
        bars.bar([p + 0.2 for p in places], ann, 0.4, color="#0072B2", label="its twin")
        bars.set(xlabel="layer", ylabel="mJ for an image", yscale="log" if self.log else "linear")
        title = f"{self.report}: {sum(snn):.4g} mJ, its twin {sum(ann):.4g} mJ"
        bars.set_title(f"{title}, counting={self.counting!r}")
        bars.legend()
        steps = [2 ** (k / 10) for k in range(61)]
        even = self.e_mac / self.e_a
        plane.plot(steps, [even / step for step in steps], "k--", label=f"T · R = {even:.3g}")
        fed = [row for row in rows if row["rate"] > 0 < row["flops"]]  # a logarithm has no 0
        plane.plot([row["passes"] for row in fed], [row["rate"] for row in fed], "o", alpha=0.5)
        plane.set(xscale="log", yscale="log", xlabel="T", ylabel="R", title="below: spikes win")
        plane.legend()
        return figure

    def to_plotly(self) -> "go.Figure":
        """Bars by layer for the SNN and its twin, and each layer on the plane of T and R."""
        rows = list(self._priced())
        names = [row["layer"] for row in rows]
        rates = [f"R = {row['rate']:.3g}, T = {row['passes']}" for row in rows]
        titles = "mJ for an image, layer by layer", "below the line spikes win"
        figure = new_plotly(*titles, height=460, column_widths=[0.65, 0.35])
        for kind, name, colour in (("snn", "SNN", "#D55E00"), ("ann", "its twin", "#0072B2")):
            figure.add_bar(x=names, y=[row[f"{kind}_mj"] for row in rows], name=name, text=rates,
                           marker_color=colour, textposition="none",
                           hovertemplate="%{x}: %{y:.3g} mJ, %{text}")  # fmt: skip
        steps = [2 ** (k / 10) for k in range(61)]
        even = self.e_mac / self.e_a
        figure.add_scatter(x=steps, y=[even / step for step in steps], row=1, col=2,
                           name=f"T · R = {even:.3g}", line={"color": "#000000", "dash": "dash"},
                           mode="lines")  # fmt: skip
        fed = [row for row in rows if row["rate"] > 0 < row["flops"]]  # a logarithm has no 0
        figure.add_scatter(
            x=[row["passes"] for row in fed], y=[row["rate"] for row in fed], mode="markers",
            text=[row["layer"] for row in fed], row=1, col=2, name="a layer",
            marker={"opacity": 0.5, "color": "#000000"},
            hovertemplate="%{text}: T = %{x}, R = %{y:.3g}",
        )  # fmt: skip
        figure.update_yaxes(type="log" if self.log else "linear", title="mJ", col=1)
        figure.update_xaxes(type="log", title="T", col=2)
        return figure.update_yaxes(type="log", title="R", col=2)


def rows_of(layers: "pd.DataFrame") -> list[list[Any]]:
    """The rows of an energy report's table as lists: layer, kind, flops, input, rate, passes, twin.
    twin: 1 for what the non-spiking twin has too. rate: -1 where none was measured."""
    missing = {"layer", "kind", "flops", "input", "rate", "passes", "ann_mj"} - set(layers)
    if missing:
        raise ValueError(f"the table has no column {sorted(missing)}; pass energy_report(...)")
    if not 0 < len(layers) <= MOST_LAYERS:
        raise ValueError(f"the table has {len(layers)} layers; 1 to {MOST_LAYERS} can be shown")
    rows = []
    for row in layers.to_dict("records"):
        rate = float(row["rate"]) if row["input"] in SPIKES else -1.0
        twin = int(row["ann_mj"] > 0 or row["flops"] == 0)
        name, kind, fed = (str(row[key]) for key in ("layer", "kind", "input"))
        rows.append([name, kind, int(row["flops"]), fed, rate, int(row["passes"]), twin])
    return rows


def entry_of(name: str, report: Any, data: str) -> dict[str, Any]:
    """What the page gets of a report, or of its table alone, which does not know what is merged.

    rows: counted by the inputs.  merged: {layer: [flops, input, rate]} of those that differ when
    merged.  paper_rate: the one R of the paper's formula; None where nothing is fed with spikes.
    """
    whole = hasattr(report, "counted")
    layers = report.counted("input").layers if whole else getattr(report, "layers", report)
    if not hasattr(layers, "to_dict"):
        raise TypeError(
            f"{name} is a {type(report).__name__}; pass energy_report(model, images) or its .layers"
        )
    rows = rows_of(layers)
    if any(row[3] == "merged" for row in rows):
        raise ValueError(f'{name} is a table counted "merged"; pass the report itself')
    outside = [passes for *_, passes, twin in rows if twin] or [row[5] for row in rows]
    spikes = [rate for _, _, _, fed, rate, _, _ in rows if fed in SPIKES]
    merged, paper = None, sum(spikes) / len(spikes) if spikes else None
    if whole:
        as_one = [row[:6] for row in rows_of(report.counted("merged").layers)]
        pairs = zip(rows, as_one, strict=True)
        merged = {new[0]: [new[2], new[3], new[4]] for row, new in pairs if new != row[:6]}
        found = report.counted("paper").layers.rate.dropna()
        paper = float(found.iloc[0]) if len(found) else None
    return {
        "name": name, "data": data, "note": "", "rows": rows, "merged": merged,
        "paper_rate": paper, "time_steps": int(getattr(report, "time_steps", max(outside))),
    }  # fmt: skip


def _read_shipped() -> list[dict[str, Any]]:
    """The reports that come with the package, written by studies/recorded/energy.py."""
    reports = read_data("energy")["results"]["reports"]
    for report in reports:
        report["rows"] = [_read_row(line) for line in report["rows"]]
    return reports


def _read_row(line: str) -> list[Any]:
    layer, kind, flops, fed, rate, passes, twin = line.split(";")
    return [layer, kind, int(flops), fed, float(rate), int(passes), int(twin)]
