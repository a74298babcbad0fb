"""A network for the page: float16 of its folded weights, and what the page says of it.

A packed network is the header's length (4 bytes), the header (JSON) and the weights: of each layer,
in the order of the run, its weights as `[in, y, x, out of its group]`, then its bias. float16 keeps
eleven binary digits of a weight. `page_model` gives the network with exactly these weights, so that
Python and the page run the same one.

The page runs what has an SL, or an MBPL that sends the sum without a mixer, wherever a SPK block
stands. Its own side is engine.js.
"""

import copy
import json
import struct
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from spikeatconv import LIF, MBPL, SL, LIFSum, SpikeAtConv, fold
from spikeatconv.attention import SpikeAttention
from spikeatconv.checks import check_finite, check_kind
from spikeatconv.energy import E_A, E_MAC, count
from spikeatconv.model import Residual
from spikeviz.network.boxes import find_boxes
from spikeviz.network.choices import side_of, title
from spikeviz.network.code import code_of
from spikeviz.network.run import walk

WHOLE = "train it again, or load weights that are whole"
OF_AN_IMAGE = ("rate", "rates", "snn_mj")  # what of a box is another with each image


def page_model(model: SpikeAtConv) -> SpikeAtConv:
    """The network as the page runs it: a folded copy, its weights rounded to float16, in float32.

    Raises TypeError for another kind of model, ValueError for weights that are not finite, or too
    large for float16.
    """
    check_kind(model, "model", SpikeAtConv, "a SpikeAtConv, such as load_weights gives")
    rounded = copy.deepcopy(fold(model)).cpu().float()
    for name, weights in rounded.state_dict().items():
        check_finite(weights, name, WHOLE)
        weights.copy_(weights.half().float())
        check_finite(weights, f"{name} as float16", "its numbers are over 65,504; scale them down")
    return rounded


def pack_network(
    model: SpikeAtConv,
    name: str,
    note: dict[str, Any] | None = None,
    image_shape: tuple[int, int, int] | None = None,
) -> bytes:
    """A network for the page. name: for a reader, such as "micro_digits". note: what is known of
    its training. image_shape: (channels, height, width), if it is not the usual square.

    Raises ValueError that names the part which the page cannot run, otherwise as `page_model`.
    """
    folded = page_model(model)
    config = folded.config
    shape = image_shape or (config.in_channels, side_of(config), side_of(config))
    boxes = find_boxes(folded)
    counted = count(folded, torch.zeros(1, *shape), 1)
    flops = {row: its.macs // its.runs for row, its in counted.items()}
    runs = [run_of(box.module, box.id, flops) for box in boxes]
    facts = walk(folded, boxes, folded, torch.zeros(1, *shape)).boxes
    code, drawn = {}, []
    for box, its, run in zip(boxes, facts, runs, strict=True):
        lines = code_of(box)
        code.update({one["name"]: {k: one[k] for k in ("file", "first", "text")} for one in lines})
        mean = [{"kind": "mean"}] if box.id == "head" else []
        drawn.append({
            **{key: value for key, value in its.items() if key not in OF_AN_IMAGE},
            "code": [{key: one[key] for key in ("name", "from", "to")} for one in lines],
            "run": [*mean, *run],
        })  # fmt: skip
    header = {
        "name": name, "title": title(config), "note": note or {}, "image": shape,
        "steps": config.time_steps, "classes": config.classes, "boxes": drawn, "code": code,
        "attention": config.attention.upper(), "widths": config.widths, "depths": config.depths,
        "joules": {"mac": E_MAC, "addition": E_A},
    }  # fmt: skip
    text = json.dumps(header, ensure_ascii=False).encode()
    weights = b"".join(part.half().numpy().tobytes() for part in weights_of(folded))
    return struct.pack("<I", len(text)) + text + weights


def run_of(module: nn.Module, name: str, flops: dict[str, int]) -> list[dict[str, Any]]:
    """The steps that engine.js takes for a module; ValueError for one that it does not know."""

    def inside(part: str = "") -> list[dict[str, Any]]:
        return run_of(module.get_submodule(part), f"{name}.{part}", flops)

    def through() -> list[dict[str, Any]]:
        return [step for child, _ in module.named_children() for step in inside(child)]

    if isinstance(module, Residual):
        return [{"kind": "residual", "run": through()}]
    if isinstance(module, nn.Sequential):
        return through()
    if isinstance(module, SL):
        return inside("lif")
    if isinstance(module, MBPL) and not module.mixers:
        return inside("branches")
    if isinstance(module, LIF | LIFSum):
        return [neurons_of(module, name)]
    if isinstance(module, nn.Conv2d | nn.Linear):
        return [weights_step(module, name, flops[name])]
    if isinstance(module, SpikeAttention):
        attend, letters = module.attend, ("q", "k", "v")
        projected = {letter: inside(letter) for letter in letters if hasattr(module, letter)}
        return [{
            "kind": "attention", "name": f"{name}.attend", **(projected or {"q": inside("s")}),
            "heads": attend.heads, "partition": attend.partition, "size": attend.size,
            "softmax": attend.softmax, "flops": flops[f"{name}.attend QK"], "out": inside("out"),
        }]  # fmt: skip
    known = "convolutions, SL, MBPL with readout='sum' and mixer=False, SISA and BDSA"
    raise ValueError(
        f"the page cannot run {name}, which is a {type(module).__name__}; it has {known}"
    )


def neurons_of(module: LIF | LIFSum, name: str) -> dict[str, Any]:
    branches = list(module) if isinstance(module, LIFSum) else [module]
    rest = [{key: getattr(lif, key) for key in ("tau", "v_rest", "v_reset")} for lif in branches]
    if any(one != rest[0] for one in rest):
        raise ValueError(f"the page cannot run {name}, whose neurons differ in more than V_th")
    return {
        "kind": "neurons", "name": name, **rest[0],
        "thresholds": [lif.v_threshold for lif in branches],
    }  # fmt: skip


def weights_step(module: nn.Conv2d | nn.Linear, name: str, flops: int) -> dict[str, Any]:
    """A layer with weights; a linear one is a convolution of one pixel."""
    step: dict[str, Any] = {
        "kind": "linear", "name": name, "kernel": 1, "stride": 1, "padding": 0, "groups": 1,
        "out": len(module.weight), "flops": flops,
        "sizes": [module.weight.numel(), len(module.weight)],
    }  # fmt: skip
    if isinstance(module, nn.Conv2d):
        square = {len(set(way)) for way in (module.kernel_size, module.stride, module.padding)}
        if square != {1} or module.dilation != (1, 1) or module.padding_mode != "zeros":
            raise ValueError(f"the page cannot run {name}, {module}; give a square one with zeros")
        step |= {
            "kind": "conv", "kernel": module.kernel_size[0], "stride": module.stride[0],
            "padding": module.padding[0], "groups": module.groups,
        }  # fmt: skip
    return step


def weights_of(model: nn.Module) -> Iterator[Tensor]:
    """Of each layer its weights as `[in, y, x, out of its group]` and its bias, as engine.js
    reads them."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.detach()
            weight = weight.reshape(*weight.shape, *[1] * (4 - weight.dim()))
            groups = getattr(module, "groups", 1)
            parts = weight.unflatten(0, (groups, -1))  # [group, out, in, y, x]
            yield parts.permute(0, 2, 3, 4, 1).contiguous()
            bias = module.bias
            yield torch.zeros(len(weight)) if bias is None else bias.detach()
