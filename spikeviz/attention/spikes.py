"""What AttentionExplorer asks of a model: the spikes of its attention layers on one image."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from spikeviz.base.widget import short

if TYPE_CHECKING:  # importing spikeviz stays fast: torch loads when a widget is made
    import numpy as np
    from torch import Tensor, nn

    from spikeatconv import Attend

MOST_TOKENS = 256  # in a group: a map of more is neither quick nor legible
FILES = {  # of the networks that ship, by task and name
    "digits": {"sisa": "micro_digits", "bdsa": "micro_bdsa_digits"},
    "pairs": {"grid": "pairs_grid", "window": "pairs_window", "full": "pairs_full",
              "bdsa grid": "pairs_bdsa_grid"},
    "cue": {"plain": "cue_plain", "softmax": "cue_softmax"},
    "photographs": {"sisa": "micro_photographs"},
}  # fmt: skip
_running = Lock()  # two widgets may share a model, and each watches it while it runs


class Layer(NamedTuple):
    """An attention layer on one image: Q, K, V and the output, spikes `[T, C, H, W]`.
    kind: "sisa", or "bdsa", where Q, K and V are one and the same."""

    name: str
    kind: str
    attend: "Attend"
    q: "Tensor"
    k: "Tensor"
    v: "Tensor"
    out: "Tensor"


class AttentionTrace(NamedTuple):
    """One group of tokens in one head at one time step, float64; d = C / heads.

    q, k, v, out: spikes `[tokens, d]`.  plain: QKᵀ/√d.  softmax: softmax(QKᵀ/√d), both
    `[tokens, tokens]`.  plain_v, softmax_v: these times V, `[tokens, d]`.
    """

    q: "np.ndarray"
    k: "np.ndarray"
    v: "np.ndarray"
    out: "np.ndarray"
    plain: "np.ndarray"
    softmax: "np.ndarray"
    plain_v: "np.ndarray"
    softmax_v: "np.ndarray"


@lru_cache(maxsize=len(FILES))
def shipped_models(task: str = "digits") -> dict[str, "nn.Module"]:
    """The trained networks of a task that ship, by name, loaded once; those that the page runs by
    itself exactly as it does."""
    from spikeatconv import load_weights, shipped
    from spikeviz.micro.networks import NETWORKS, load_page_model

    return {
        name: load_page_model(file) if file in NETWORKS
        else load_weights(shipped(f"{file}.safetensors"))
        for name, file in FILES[task].items()
    }  # fmt: skip


def look(model: "nn.Module", image: "Tensor") -> tuple["Tensor", list[Layer]]:
    """Run a model on one image `[C, H, W]` in eval mode: what it gives, its attention layers.

    Raises ValueError for a model without SISA and BDSA, for one that attends to real values, and
    for groups of more than MOST_TOKENS tokens.
    """
    import torch

    from spikeatconv import BDSA, SISA

    if not isinstance(model, torch.nn.Module):
        raise TypeError(
            f"model or other is {short(model)}, a {type(model).__name__}; give a SpikeAtConv, or a "
            "module that holds SISA or BDSA layers"
        )
    places = {n: m for n, m in model.named_modules() if isinstance(m, SISA | BDSA)}
    if not places:
        raise ValueError(
            f"{type(model).__name__} has no SISA and no BDSA layer, so it attends to nothing; "
            "give a SpikeAtConv, or a module that holds such layers"
        )
    seen: dict[str, list[Tensor]] = {name: [] for name in places}

    def watch(name: str, layer: Any) -> list:
        def out(_module: Any, _inputs: Any, given: "Tensor") -> None:
            seen[name] += [given]

        def qkv(_module: Any, inputs: tuple, _given: Any) -> None:
            seen[name] += [*inputs]

        return [layer.attend.register_forward_hook(qkv), layer.register_forward_hook(out)]

    with _running:
        handles = [handle for place in places.items() for handle in watch(*place)]
        modes = [(module, module.training) for module in model.modules()]
        try:
            some = next(model.parameters())
            with torch.no_grad():
                given = model.eval()(image.unsqueeze(0).to(some.device, some.dtype))
        finally:
            for handle in handles:
                handle.remove()
            for module, training in modes:
                module.training = training
    return given.cpu(), [_layer(name, places[name], seen[name]) for name in places]


def _layer(name: str, module: Any, seen: "Sequence[Tensor]") -> Layer:
    spikes = [x[:, 0].float().cpu() for x in seen[:4]]
    if not all(((x == 0) | (x == 1)).all() for x in spikes):
        raise ValueError(
            f"{name} attends to values that are not 0 or 1; give a spiking model, not its twin"
        )
    layer = Layer(name, type(module).__name__.lower(), module.attend, *spikes)
    if shape_of(layer)["tokens"] > MOST_TOKENS:
        raise ValueError(
            f"{name} has groups of {shape_of(layer)['tokens']} tokens and the widget shows at "
            f'most {MOST_TOKENS}; give a smaller image, or a model with partition="grid"'
        )
    return layer


def shape_of(layer: Layer) -> dict[str, Any]:
    """What one can choose in a layer, and how it attends: heads, steps, groups and tokens."""
    (steps, _, height, width), attend = layer.q.shape, layer.attend
    tokens = height * width if attend.partition == "full" else attend.size**2
    return {
        "shape": list(layer.q.shape), "heads": attend.heads, "partition": attend.partition,
        "size": attend.size, "steps": steps, "tokens": tokens, "groups": height * width // tokens,
        "softmax": attend.softmax,
    }  # fmt: skip


def pack_layer(layer: Layer) -> dict[str, Any]:
    """A layer for the front end: its shape, its spikes 8 to a byte; BDSA's Q, K, V are one."""
    import numpy as np

    names = ("q", "out") if layer.kind == "bdsa" else ("q", "k", "v", "out")
    bits = {name: np.packbits(getattr(layer, name).numpy() > 0).tobytes() for name in names}
    return {"name": layer.name, "kind": layer.kind, **shape_of(layer), **bits}


def trace(layer: Layer, head: int, time_step: int, group: int) -> AttentionTrace:
    """The arrays of one group, by `Attend.weights` in float64."""
    from spikeatconv import Attend

    q, k, v, out = (x[time_step, None, None].double() for x in layer[3:])  # [1, 1, C, H, W]
    where = (0, group, head)

    def maps(softmax: bool) -> tuple["np.ndarray", "np.ndarray"]:
        attend = Attend(layer.attend.heads, layer.attend.partition, layer.attend.size, softmax)
        merged = attend.tokens(attend(q, k, v))
        return attend.weights(q, k)[where].numpy(), merged[where].numpy()

    names = ("q", "k", "v", "out")
    spikes = {
        name: layer.attend.tokens(x)[where].numpy()
        for name, x in zip(names, (q, k, v, out), strict=True)
    }
    (plain, plain_v), (softmax, softmax_v) = maps(False), maps(True)
    return AttentionTrace(
        **spikes, plain=plain, softmax=softmax, plain_v=plain_v, softmax_v=softmax_v
    )


def as_images(images: Any) -> "Tensor":
    """Images `[N, C, H, W]`, `[C, H, W]` or `[H, W]` as `[N, C, H, W]` float; whole numbers are
    taken as 0 to 255. Raises ValueError for other shapes and for values that are not finite."""
    import torch

    try:
        x = torch.as_tensor(images)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            f"images is {short(images)}, a {type(images).__name__}; give numbers, "
            "[N, C, H, W], [C, H, W] or [H, W]"
        ) from None
    x = x / 255 if not x.is_floating_point() else x
    if not 2 <= x.dim() <= 4 or x.numel() == 0:
        raise ValueError(
            f"images have shape {list(x.shape)}; give [N, C, H, W], [C, H, W] or [H, W]"
        )
    if not x.isfinite().all():
        raise ValueError("images hold NaN or infinity; give finite numbers, best from 0 to 1")
    return x.detach().cpu().reshape((1,) * (4 - x.dim()) + tuple(x.shape)).float()


def pack_image(image: "Tensor") -> dict[str, Any]:
    """An image `[C, H, W]` to draw: 8 bits a colour, grey or red, green, blue."""
    shown = image if len(image) in (1, 3) else image.mean(0, keepdim=True)
    low, high = min(0.0, shown.min().item()), max(1.0, shown.max().item())
    levels = ((shown - low) / (high - low) * 255).round().byte().permute(1, 2, 0)
    return {"side": list(image.shape[1:]), "pixels": levels.contiguous().numpy().tobytes()}
