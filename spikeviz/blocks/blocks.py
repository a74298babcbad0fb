"""The SPK blocks of SpikeBlockExplorer: the real ones of spikeatconv, with the weights on show."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets as t

if TYPE_CHECKING:  # torch loads when it is needed
    from torch import Tensor, nn

    from spikeviz.blocks.explorer import SpikeBlockExplorer

KERNELS = ("identity", "blur", "centre-surround", "vertical edges", "horizontal edges")
PROJECTIONS = {  # the weights of LIF₂(h) and of h in RL's 1×1 convolution
    "sum": (1, 1), "difference": (-1, 1), "LIF₂ alone": (1, 0), "LIF₁ alone": (0, 1),
}  # fmt: skip
MOST_BRANCHES = 5


def _out(*modules: str) -> dict[str, tuple[str, str]]:
    return {module: (module, "out") for module in modules}


# Where each box is seen: {box: (module, what goes "in" or comes "out")}, in the order shown.
PLACES = {
    "sl": _out("lif"),
    "rl": _out("first", "second") | {"concat": ("project", "in")} | _out("project", "closing"),
    "mbpl": _out(*(f"branches.{i}" for i in range(MOST_BRANCHES)), "branches", "mixers.0")
    | {"residual": ("closing", "in")}
    | _out(*(f"closing.{i}" for i in range(MOST_BRANCHES)), "closing"),
    "hsl": {"x1": ("lifs.0", "in"), "x2": ("lifs.1", "in")}
    | _out("lifs.0", "lifs.1")
    | {"concat": ("", "out")},
    "dcl": _out("fine.0", "fine.1", "wide.0", "wide.1") | {"concat": ("", "out")},
}


class BlockTrace(NamedTuple):
    """What SpikeBlockExplorer shows, computed by spikeatconv in float64.

    values: {box: what leaves it, `[T, 1, C, H, W]`}, "x" first and the output last; a box is
        named after its module in the block.
    membranes: {LIF's box: H before the reset, `[T, 1, C, H, W]`}.
    """

    values: dict[str, np.ndarray]
    membranes: dict[str, np.ndarray]


def run(explorer: "SpikeBlockExplorer", x: np.ndarray) -> BlockTrace:
    """What every box of the explorer's block passes on, recorded while the real block runs."""
    import torch

    from spikeatconv import record

    block, places = build(explorer), PLACES[explorer.block]
    modules = {
        name: module
        for name, module in block.named_modules()
        if not isinstance(module, torch.nn.Identity)  # RL's closing LIF where there is none
    }
    seen: dict[str, Tensor] = {}
    for box, (module, end) in places.items():
        if module in modules:
            modules[module].register_forward_hook(_keep(seen, box, end))
    with torch.no_grad(), record(block, ("membranes",)) as recording:
        block(torch.from_numpy(x))
    boxes = [box for box in places if box in seen]
    return BlockTrace(
        {"x": x, **{box: seen[box].numpy() for box in boxes}},
        {box: recording.membranes[box].numpy() for box in boxes if box in recording.membranes},
    )


def build(explorer: "SpikeBlockExplorer") -> "nn.Module":
    """The explorer's block with the weights on show, float64, in eval mode."""
    import torch

    from spikeatconv import SPK_BLOCKS

    options = {
        "rl": ("tau", "second_threshold"), "mbpl": ("tau", "thresholds", "readout"),
        "hsl": ("taus",),
    }.get(explorer.block, ("tau",))  # fmt: skip
    given = {name: getattr(explorer, name) for name in ("v_threshold", *options)}
    if explorer.block == "mbpl":
        given["mixer"] = explorer.mixer != "none"
    if explorer.block == "rl" and explorer.readout == "spike":  # it has no sum
        given["readout"] = "spike"
    block = SPK_BLOCKS[explorer.block](2, **given).double().eval()
    state = block.state_dict()
    for name, value in weights(explorer).items():
        state[name] = torch.from_numpy(np.asarray(value)).view_as(state[name])
    block.load_state_dict(state)
    return block


def weights(explorer: "SpikeBlockExplorer") -> dict[str, Any]:
    """All convolutions of the explorer's block, by their name in it, and learned BatchNorms."""
    if explorer.block == "rl":
        second, first = (weight * np.eye(2) for weight in PROJECTIONS[explorer.projection])
        return {"project.0.weight": np.concatenate([second, first], axis=1)}  # LIF₂(h), then h
    if explorer.block == "dcl":  # both channels weigh half, so that a kernel sees their mean
        fine, wide = kernel(explorer.fine, 3) / 2, kernel(explorer.wide, 5) / 2
        return {"fine.0.0.weight": np.stack([fine] * 2), "wide.0.0.weight": np.stack([wide] * 2)}
    if explorer.block != "mbpl" or explorer.mixer == "none":
        return {}
    if explorer.mixer != "learned":
        return {"mixers.0.0.weight": np.stack([kernel(explorer.mixer, 7)] * 2)}
    learned = explorer.recorded["learned"]
    return {
        "mixers.0.0.weight": learned["kernels"],
        "mixers.0.1.weight": learned["weight"],
        "mixers.0.1.bias": learned["bias"],
        "mixers.0.1.running_mean": learned["mean"],
        "mixers.0.1.running_var": learned["variance"],
    }


def check_mixer(explorer: Any, proposal: dict[str, Any]) -> str:
    """The value proposed for readout or mixer; only a sum can be sent without a mixer."""
    given = {"readout": explorer.readout, "mixer": explorer.mixer}
    given[proposal["trait"].name] = proposal["value"]
    if given["mixer"] == "none" and given["readout"] != "sum":
        raise t.TraitError(
            f'mixer is "none" and readout is "{given["readout"]}", which is read from the '
            'mixer; set readout="sum" or give another mixer'
        )
    return proposal["value"]


def kernel(name: str, size: int) -> np.ndarray:
    """A kernel of `KERNELS`, `[size, size]`: what it weighs positively sums to 1."""
    reach = size // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    middle = (x == 0) & (y == 0)
    return {
        "identity": np.where(middle, 1.0, 0.0),
        "blur": np.full((size, size), 1 / size**2),
        "centre-surround": np.where(middle, 1.0, -1 / (size**2 - 1)),
        "vertical edges": np.sign(x) / (size * reach),
        "horizontal edges": np.sign(y) / (size * reach),
    }[name]


def _keep(seen: dict[str, "Tensor"], box: str, end: str) -> Any:
    """A forward hook that keeps what goes into a module or comes out of it."""

    def hook(_module: "nn.Module", given: tuple, output: "Tensor") -> None:
        seen[box] = given[0] if end == "in" else output

    return hook
