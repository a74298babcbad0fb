"""The paper's estimate of energy: E_MAC = 4.6 pJ, E_A = 0.9 pJ (paper, "Energy").

    FLOPs(convolution) = k² · h · w · c_in · c_out / groups        FLOPs(MLP) = n_in · n_out
    FLOPs(Q Kᵀ) = FLOPs(A V) = heads · groups · tokens² · d
    E = E_MAC · FLOPs(first convolution) + E_A · T · R · Σ FLOPs(the rest)

The FLOPs are multiply-accumulates. The text that we have lost its formulas; these are rebuilt
from its words, which leave open where R is measured, and what a layer costs that is not fed with
spikes [open choice R13]. So there are three ways of counting:

"input": by each layer's own input, over all time steps and images. Its values say the price:

    image       the first convolution's input                E_MAC
    binary      0 and 1 only                                 E_A · R
    spike sum   0 to n, as n spike trains give in MBPL       E_A · Σ Rᵢ, the mean of the sum
    real        anything else, such as a membrane            E_MAC

"merged": the same, but convolutions with nothing between them, no neuron, no GELU, no addition,
are linear, so they may be one, on the input of the first: MBPL's mixer and the convolution behind
it become one dense convolution on whole numbers of spikes. Counted is the cheaper of both:

    FLOPs(merged) = (k₁ + s₁ · (k₂ − 1))² · h · w · c_in of the first · c_out of the last / groups

Spike-driven Transformer V2 counts like this the depthwise 7×7 and the 1×1 that follow one neuron
in its SepConv, as its author says (BICLab/Spike-Driven-Transformer-V2, issue 11). The border of a
map, where the padding lay between the two, is passed over.

"paper": the formula as it stands, E_A · T · R for all but the first, whatever their inputs are.
R is "the ratio of non-zero elements present in the spike tensor", averaged over "various spike
tensors". Ours: these are the inputs that are binary or a spike sum, a sum of 3 is one non-zero
element, and each input weighs the same. A network without spikes pays E_MAC.

Other counters know no spike sum: syops takes an input for spikes if it holds two values at most,
0 and 1, so an MBPL that sends a sum would pay E_MAC there.

In attention, Q Kᵀ costs E_A · R of Q if Q and K are binary, A V costs E_A · R of V if V is;
otherwise E_MAC. An input that is all 0 counts as binary, R = 0: a silent layer costs nothing.

The layers that count are `nn.Conv2d`, `nn.Linear` and `Attend`. A convolution takes
`[T·B, C, H, W]`, a linear layer `[B, n_in]` or `[T, B, …, n_in]`, as everywhere in this package.

Not counted: reading and writing memory, the neurons' membrane updates, softmax, GELU, pooling,
residual additions. Each BatchNorm is folded first; one without a convolution in front of it is
then a 1×1 depthwise convolution, and counts as that.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from spikeatconv.attention import Attend
from spikeatconv.blocks import SPK_BLOCKS
from spikeatconv.chains import fan_in, find_chains, hooked
from spikeatconv.checks import (
    check_choice,
    check_finite,
    check_model,
    check_real,
    check_whole,
    check_wholes,
    short,
)
from spikeatconv.conv import fold, fold_itself
from spikeatconv.neuron import LIF, LIFSum

if TYPE_CHECKING:  # the library loads without pandas, which takes 47 MB
    import pandas as pd

E_MAC = 4.6  # pJ, a multiplication and an addition
E_A = 0.9  # pJ, an addition
MJ = 1e-9  # of a pJ
COUNTINGS = ("input", "merged", "paper")
RATES = ("layer", "average")
SPIKES = ("binary", "spike sum")
KINDS = (*SPIKES, "real", "image")
REAL = KINDS.index("real")  # from here on a product costs MACs
MOST_PIXELS = 2**20  # on a side
NOT_FINITE = "its weights or a layer are broken: train it again or load weights that are whole"


@dataclass(frozen=True, repr=False)
class EnergyReport:
    """Energy of one image, in millijoules.

    layers: a row for each layer with weights and each product of attention, in the order of
        the run:
        layer, kind ("conv", "linear", "attention QK", "attention AV"); flops of one pass;
        input ("image", "binary", "spike sum", "real"); rate (R, or Σ Rᵢ of a spike sum; NaN
        where E_MAC is paid); passes (T, or 1 where a still image is computed once);
        snn_mj = passes · flops · (E_MAC or E_A · rate);
        ann_mj = flops · E_MAC, one pass, for what the non-spiking twin has, as it stands: it
        has GELU for each SPK block, so 0 inside those.
        Counted "merged", flops, input and rate of a row are those of the merged convolution that
        ends there; what went into it has the input "merged", no flops and no cost of its own.
    time_steps: T, the most passes of a layer outside SPK blocks.
    counting: the way of counting; `counted("paper")` is the same run counted in another.
    """

    tables: dict[str, "pd.DataFrame"]
    time_steps: int
    counting: str = "input"

    @property
    def layers(self) -> "pd.DataFrame":
        return self.tables[self.counting]

    @property
    def snn_mj(self) -> float:
        return float(self.layers.snn_mj.sum())

    @property
    def ann_mj(self) -> float:
        return float(self.layers.ann_mj.sum())

    def counted(self, counting: str) -> "EnergyReport":
        """This report counted in another way. Raises ValueError for another word."""
        return replace(self, counting=check_choice(counting, "counting", self.tables))

    def __repr__(self) -> str:
        return f"{self._summary()}\n{self.layers.to_string()}"

    def _repr_html_(self) -> str:
        return f"<p>{self._summary()}</p>{self.layers.to_html()}"

    def _summary(self) -> str:
        return (
            f"Energy of an image: {self.snn_mj:.4g} mJ at T = {self.time_steps}, "
            f"{self.ann_mj:.4g} mJ in the non-spiking twin"
        )


def energy_report(
    model: nn.Module,
    images: Tensor,
    rates: str = "layer",
    batch_size: int = 32,
    counting: str = "input",
) -> EnergyReport:
    """Energy of an image in `model`, at the rates measured on `images`.

    images: `[B, C, H, W]` or `[T, B, C, H, W]`, run in pieces of batch_size; each image weighs
        the same, whatever the pieces. The model is folded as a copy and stays as it is.
    rates: "layer", each layer's own R; "average", one R for all layers that are fed with
        spikes: the mean of their rates, weighted by the elements of their inputs.
    counting: "input", "merged" or "paper", as above. "paper" has one R whatever `rates` says.
    Raises ValueError for a wrong shape, no images, a batch_size below 1, another word for
    rates or counting, a model without layers to count.
    """
    check_choice(counting, "counting", COUNTINGS)
    with torch.inference_mode(False):  # in which no graph could be read
        folded = fold(model)
        found = report(folded, images, rates, batch_size)
        merged = merge(folded, images.narrow(-4, 0, 1), found.layers)
    return EnergyReport({**found.tables, "merged": merged}, found.time_steps, counting)


def report(
    folded: nn.Module, images: Tensor, rates: str = "layer", batch_size: int = 32
) -> EnergyReport:
    """`energy_report` of a model that is asked again and again: `fold` it once, and give that.

    It stays as it is, and is not looked through for what may be merged. Errors as `energy_report`.
    """
    import pandas as pd

    check_choice(rates, "rates", RATES)
    batch_size = check_whole(batch_size, "batch_size")
    check_images(images)
    check_finite(images, "images", "leave those images out, or repair them")
    counts = count(folded, images, batch_size)
    table = tabulate(counts)
    fed = table.input.isin(SPIKES)
    inputs = [c for c in counts.values() if c.input in SPIKES]
    if rates == "average" and inputs:
        spikes = sum(int(c.spikes.sum()) for c in inputs)
        table.loc[fed, "rate"] = spikes / sum(c.elements for c in inputs)
    in_twin = pd.Series([not inside_spk_block(folded, c.module) for c in counts.values()])
    table = price(table).assign(ann_mj=table.flops.where(in_twin, 0) * E_MAC * MJ)
    paper = table
    if inputs:
        rate = sum(c.nonzero / c.elements for c in inputs) / len(inputs)
        paper = price(table.assign(rate=table.rate.where(table.input == "image", rate)))
    steps = table.passes[in_twin] if in_twin.any() else table.passes
    return EnergyReport({"input": table, "paper": paper}, int(steps.max()))


def price(table: "pd.DataFrame") -> "pd.DataFrame":
    """The table with what each row costs: E_MAC where it has no rate."""
    per_flop = (E_A * table.rate).fillna(E_MAC)
    return table.assign(snn_mj=table.passes * table.flops * per_flop * MJ)


def count_flops(model: nn.Module, image_shape: tuple[int, int, int]) -> "pd.DataFrame":
    """layer, kind, flops (of one pass) and passes for an image of shape `(C, H, W)`.

    Nothing is computed: the folded model runs on shapes alone. `(flops * passes).sum()` is
    what one image takes.
    """
    check_model(model)
    if len(check_wholes(image_shape, "image_shape", high=MOST_PIXELS)) != 3:
        raise ValueError(f"image_shape is {image_shape}; give (channels, height, width)")
    on_meta = fold_itself(copy.deepcopy(model).to("meta").float())
    for module in on_meta.modules():
        if isinstance(module, LIF | LIFSum):  # they keep the shape
            module.forward = lambda x, *_: x  # type: ignore[method-assign]
    counts = count(on_meta, torch.zeros(1, *image_shape, device="meta"), 1)
    return tabulate(counts)[["layer", "kind", "flops", "passes"]]


def check_images(images: Tensor) -> None:
    check_real(images, "images")
    if images.dim() not in (4, 5) or images.numel() == 0:
        raise ValueError(
            f"images have shape {list(images.shape)}; give [B, C, H, W] or [T, B, C, H, W] "
            "with at least one image"
        )


class Count:
    """What a layer was fed by a batch, for each of its images: inputs, the kind as a place in
    KINDS, and spikes, both `[images]`; and what all have in common. nonzero: count these."""

    def __init__(self, images: int, module: str, kind: str, nonzero: bool) -> None:
        self.images, self.module, self.kind = images, module, kind
        self.macs = self.runs = self.elements = self.nonzero = 0
        self.counts_nonzero = nonzero
        self.inputs, self.spikes = torch.tensor(0), torch.tensor(0.0).double()

    @property
    def input(self) -> str:
        """The kind of the whole batch."""
        return KINDS[int(self.inputs.max())]

    def add(self, macs: int, runs: int, *inputs: Tensor) -> None:
        """macs of the call; runs: T·B, of one image at one time step; inputs: that its kind hangs
        on, the first of which is counted."""
        self.macs += macs
        self.runs += runs
        self.elements += inputs[0].numel()
        if inputs[0].is_meta:
            return  # nobody knows what it holds
        sums = REAL if self.kind.startswith("attention") else 1  # there, as real as anything else
        for x in map(self._by_image, inputs):
            rest = (0, *range(2, x.dim()))
            whole = (x == x.round()).all(rest) & (x.amin(rest) >= 0)
            found = torch.where(x.amax(rest) <= 1, 0, sums)
            self.inputs = self.inputs.maximum(torch.where(whole, found, REAL))
        if self.counts_nonzero:
            self.nonzero += int(inputs[0].count_nonzero())
        x = self._by_image(inputs[0]).sum(2, dtype=torch.float32)  # as exact, and sooner
        self.spikes = self.spikes + x.sum((0, *range(2, x.dim())), dtype=torch.float64)

    def _by_image(self, x: Tensor) -> Tensor:
        """`[T, B, C, …]`, of `[T·B, C, …]` or itself."""
        return x if self.kind != "conv" and x.dim() > 2 else x.unflatten(0, (-1, self.images))

    def join(self, other: "Count") -> None:
        """Add another batch."""
        for name in ("images", "macs", "runs", "elements", "nonzero"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.inputs = torch.cat([self.inputs, other.inputs])
        self.spikes = torch.cat([self.spikes, other.spikes])


def count(
    model: nn.Module, images: Tensor, batch_size: int, nonzero: bool = True
) -> dict[str, Count]:
    """Runs the model; a Count for each product, in the order of the run."""
    counts: dict[str, Count] = {}
    for piece in images.split(min(batch_size, images.shape[-4]), dim=-4):
        for row, found in count_batch(model, piece, nonzero).items():
            counts[row].join(found) if row in counts else counts.update({row: found})
    if not counts:
        raise ValueError(
            f"model is {short(model)} and ran no Conv2d, Linear or Attend, so there is nothing "
            "to count; give a network with such layers"
        )
    if first := next((c for c in counts.values() if c.kind == "conv"), None):
        first.inputs = torch.full_like(first.inputs, KINDS.index("image"))
    return counts


def report_each(folded: nn.Module, images: Tensor) -> tuple[Tensor, float, int]:
    """What `report` gives for each image alone, of one run of all: snn_mj `[B]`, and the ann_mj and
    time_steps, which all have in common.

    folded: a network of this package, folded; it stays as it is.  images: `[B, C, H, W]`.
    Errors as `energy_report`.
    """
    check_images(images)
    snn_mj, ann_mj, steps = torch.zeros(len(images)).double(), 0.0, 1
    for c in count(folded, images, len(images), nonzero=False).values():
        flops, passes, elements = c.macs // c.runs, c.runs // c.images, c.elements / c.images
        per_flop = torch.where(c.inputs >= REAL, E_MAC, E_A * c.spikes / elements)
        snn_mj += passes * flops * MJ * per_flop
        if not inside_spk_block(folded, c.module):
            ann_mj, steps = ann_mj + flops * E_MAC * MJ, max(steps, passes)
    return snn_mj, ann_mj, steps


@torch.no_grad()
def count_batch(model: nn.Module, images: Tensor, nonzero: bool) -> dict[str, Count]:
    counts: dict[str, Count] = {}

    def see(name: str, kind: str) -> Count:
        row = name if kind in ("conv", "linear") else f"{name} {kind.split()[1]}"
        return counts.setdefault(row, Count(images.shape[-4], name, kind, nonzero))

    def conv(name: str, layer: nn.Conv2d, args: tuple, out: Tensor) -> None:
        macs = layer.weight[0].numel() * out.numel()  # k² · c_in / groups, for each output
        see(name, "conv").add(macs, len(out), args[0])

    def linear(name: str, layer: nn.Linear, args: tuple, out: Tensor) -> None:
        macs = layer.in_features * out.numel()
        runs = len(out) if out.dim() < 3 else out.shape[0] * out.shape[1]  # else [T, B, …, n_out]
        see(name, "linear").add(macs, runs, args[0])

    def attend(name: str, layer: Attend, args: tuple, out: Tensor) -> None:
        q, k, v = args
        tokens = layer.tokens(q)  # [T·B, groups, heads, tokens, d]
        macs = tokens.numel() * tokens.shape[-2]
        see(name, "attention QK").add(macs, len(tokens), q, k)
        see(name, "attention AV").add(macs, len(tokens), v)

    with hooked(model, {nn.Conv2d: conv, nn.Linear: linear, Attend: attend}):
        check_finite(model(images), "the model's output", NOT_FINITE)
    return counts


def tabulate(counts: dict[str, Count]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame([
        {
            "layer": row, "kind": c.kind, "flops": c.macs // c.runs, "input": c.input,
            "rate": int(c.spikes.sum()) / c.elements if c.input in SPIKES else float("nan"),
            "passes": c.runs // c.images,
        }
        for row, c in counts.items()
    ])  # fmt: skip


def inside_spk_block(model: nn.Module, name: str) -> bool:
    """Whether the module is part of an SPK block, where the twin has GELU."""
    parts = name.split(".")
    around = [model.get_submodule(".".join(parts[:depth])) for depth in range(len(parts))]
    return any(isinstance(module, tuple(SPK_BLOCKS.values())) for module in around)


def merge(folded: nn.Module, image: Tensor, table: "pd.DataFrame") -> "pd.DataFrame":
    """`table` with convolutions merged where that is cheaper.

    image: one, `[1, C, H, W]` or `[T, 1, C, H, W]`, which shows what flows where.
    """
    import pandas as pd

    rows = {row["layer"]: row for row in table.to_dict("records")}
    takers, needed = find_chains(folded, image)

    def as_one(chain: Sequence[str]) -> dict[str, Any]:
        """The row of these convolutions as one, at the place of the last."""
        first, last = rows[chain[0]], rows[chain[-1]]
        if len(chain) == 1:
            return last
        convs = [folded.get_submodule(name) for name in chain]
        flops = last["flops"] // fan_in(convs[-1:]) * fan_in(convs)
        return {**last, "flops": flops, "input": first["input"], "rate": first["rate"]}

    def cheapest(layer: str, before: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """The rows of the layer and of what takes its output.

        before: what is not computed in front of it, but merged into what follows.
        """
        chain, behind = (*before, layer), takers[layer]
        ways = [[as_one(chain), *(row for name in behind for row in cheapest(name))]]
        if behind and layer not in needed:
            ways.append([row for name in behind for row in cheapest(name, chain)])
        return min(ways, key=lambda way: float(price(pd.DataFrame(way)).snn_mj.sum()))

    followers = {name for names in takers.values() for name in names}
    found = [row for start in rows if start not in followers for row in cheapest(start)]
    gone = {"flops": 0, "input": "merged", "rate": math.nan}
    left = {name: {**row, **gone} for name, row in rows.items()}
    left.update({row["layer"]: row for row in found})
    return price(pd.DataFrame(left.values()))
