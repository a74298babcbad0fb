"""Look inside a spiking network while it runs, without touching its code.

with record(model) as rec:
    model(images)
rec.spikes["layer1.lif"]          # [T, B, ...]
rec.attention["layer1.attend"]    # [T, B, groups, heads, tokens, tokens]
rec.summary()                     # a table: rates, dead and saturated neurons of each layer

Spikes and membranes of many images fill gigabytes: `record(model, keep=())` only counts, which
is all that rates and the summary need.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from spikeatconv.attention import Attend
from spikeatconv.checks import check_model, check_names, short
from spikeatconv.neuron import LIF

if TYPE_CHECKING:  # the library loads without pandas, which takes 47 MB
    import pandas as pd

KEEP = ("spikes", "membranes", "attention")


class Call(NamedTuple):
    """One run of a LIF layer, as a `LIFTrace`; None for what was not to be kept."""

    spikes: Any
    membrane: Any
    final: Any


class Recording:
    """What the LIF and the attention layers of a model did, by layer name as in
    `model.named_modules()`; the branches of a `LIFSum` are the layers "name.0", "name.1", …

    Every tensor is detached and `[T, B, ...]`; a layer that ran several times has its
    calls joined along B. `calls` and `attention_calls` (q, k, v) keep them one by one.
    What `record` was not told to keep raises ValueError; rates, dead and saturated neurons and
    the summary are always there.
    """

    def __init__(self, layers: Collection[str], attends: dict[str, Attend], keep: tuple) -> None:
        self.keep = keep
        self.calls: dict[str, list[Call]] = {name: [] for name in layers}
        # How often each neuron fired, `[C, H, W]`, and how often it could, T · B in all; a pair for
        # all calls that follow each other and are of the same neurons.
        self.counts: dict[str, list[tuple[Tensor, int]]] = {name: [] for name in layers}
        self.attends = attends
        self.attention_calls: dict[str, list[tuple[Tensor, ...]]] = {name: [] for name in attends}

    @property
    def spikes(self) -> dict[str, Tensor]:
        """S, exactly 0 or 1."""
        self._check_kept("spikes")
        return {name: self._join(name, "spikes") for name in self._ran()}

    @property
    def membranes(self) -> dict[str, Tensor]:
        """H, the potential before the reset."""
        self._check_kept("membranes")
        return {name: self._join(name, "membrane") for name in self._ran()}

    @property
    def rates(self) -> dict[str, float]:
        """Share of ones among all spikes of a layer, 0 to 1; every sample weighs the same."""
        found = {}
        for name in self._ran():
            ones = sum(fired.cpu().double().sum().item() for fired, _ in self.counts[name])
            all_ = sum(fired.numel() * chances for fired, chances in self.counts[name])
            found[name] = ones / all_ if all_ else float("nan")
        return found

    @property
    def dead(self) -> dict[str, Tensor]:
        """Neurons that never fired, over all steps and samples: bool, `[C, H, W]` of the layer."""
        return {name: self._sum_counts(name)[0] == 0 for name in self._ran()}

    @property
    def saturated(self) -> dict[str, Tensor]:
        """Neurons that fired at every step of every sample: bool, `[C, H, W]` of the layer."""
        return {name: torch.eq(*self._sum_counts(name)) for name in self._ran()}

    def summary(self) -> "pd.DataFrame":
        """A row for each layer: neurons, rate (0 to 1), dead and saturated neurons as a number
        and as a share (0 to 1) of the layer's neurons."""
        import pandas as pd

        rates, dead, saturated = self.rates, self.dead, self.saturated
        columns = ["layer", "neurons", "rate", "dead", "dead_share", "saturated", "saturated_share"]
        rows = []
        for name in self._ran():
            n, off, on = dead[name].numel(), int(dead[name].sum()), int(saturated[name].sum())
            rows.append([name, n, rates[name], off, off / max(n, 1), on, on / max(n, 1)])
        return pd.DataFrame(rows, columns=columns)

    @property
    def qkv(self) -> dict[str, tuple[Tensor, Tensor, Tensor]]:
        """Q, K and V as they came into each `Attend`, each `[T, B, C, H, W]`."""
        self._check_kept("attention")
        place = "attention_calls"
        return {
            name: tuple(_join(name, list(parts), place) for parts in zip(*calls, strict=True))
            for name, calls in self.attention_calls.items()
            if calls
        }

    @property
    def attention(self) -> dict[str, Tensor]:
        """The attention map A(Q, K), `[T, B, groups, heads, tokens, tokens]`, computed again
        from Q and K each time it is asked for."""
        self._check_kept("attention")
        maps = {}
        with torch.no_grad():
            for name, calls in self.attention_calls.items():
                weights = self.attends[name].weights
                parts = [weights(q, k).unflatten(0, q.shape[:2]) for q, k, _ in calls]
                if parts:
                    maps[name] = _join(name, parts, "attention_calls")
        return maps

    def _see(self, name: str, lif: LIF, args: tuple, kwargs: dict, output: Tensor) -> None:
        """A hook of that layer, called after each run."""
        with torch.no_grad():
            self._count(name, output)
            trace = lif.run(*args, **kwargs) if "membranes" in self.keep else None
        # A copy: the model may go on in place.
        spikes = output.detach().clone() if "spikes" in self.keep else None
        self.calls[name].append(Call(spikes, *(trace[1:] if trace else (None, None))))

    def _see_attention(self, name: str, attend: Attend, args: tuple, kwargs: dict, _: Any) -> None:
        given = {**dict(zip("qkv", args, strict=False)), **kwargs}
        self.attention_calls[name].append(tuple(given[letter].detach() for letter in "qkv"))

    def _ran(self) -> list[str]:
        return [name for name, counts in self.counts.items() if counts]

    def _count(self, name: str, spikes: Tensor) -> None:
        """Add a call: `[T, B, ...]`; one without a batch, `[T]`, is one neuron. float32 counts
        exactly up to 16 million."""
        flat = spikes.flatten(0, min(1, spikes.dim() - 1))
        fired, chances, counts = flat.sum(0, dtype=torch.float32), len(flat), self.counts[name]
        if counts and counts[-1][0].shape == fired.shape:
            before, chances_before = counts.pop()
            fired, chances = before + fired, chances_before + chances
        counts.append((fired, chances))

    def _check_kept(self, what: str) -> None:
        if what not in self.keep:
            raise ValueError(
                f"the recording holds no {what}: it was made with keep={self.keep}; "
                f"name {what!r} there, as in record(model, keep={(*self.keep, what)})"
            )

    def _sum_counts(self, name: str) -> tuple[Tensor, int]:
        """How often each neuron fired over all calls, and how often it could."""
        fired, chances = zip(*self.counts[name], strict=True)
        shapes = [list(one.shape) for one in fired]
        if any(shape != shapes[0] for shape in shapes):
            raise ValueError(
                f"layer {name!r} ran with neurons {shapes}, which are not the same ones; "
                f"read them one by one from counts[{name!r}]"
            )
        return torch.stack(fired).sum(0), sum(chances)

    def _join(self, name: str, field: str) -> Tensor:
        return _join(name, [getattr(call, field) for call in self.calls[name]], "calls")


def _join(name: str, parts: list[Tensor], place: str) -> Tensor:
    if len(parts) == 1:
        return parts[0]
    shapes = [list(part.shape) for part in parts]
    if len({tuple(shape[:1] + shape[2:]) for shape in shapes}) > 1 or len(shapes[0]) < 2:
        raise ValueError(
            f"layer {name!r} ran {len(parts)} times with shapes {shapes}, which cannot be "
            f"joined along the batch; read them one by one from {place}[{name!r}]"
        )
    return torch.cat(parts, dim=1)


@contextmanager
def record(model: nn.Module, keep: Collection[str] = KEEP) -> Iterator[Recording]:
    """Record every `LIF` and every `Attend` in `model` while the block runs.

    keep: which tensors to hold, any of "spikes", "membranes" and "attention" (Q, K and V);
        `()` for rates, dead and saturated neurons and the summary alone. Spikes and membranes
        each take as much memory as all inputs of all LIF layers together.

    Membranes and attention maps are computed again from each layer's input, so the model runs
    as it would alone. The hooks are gone when the block ends, also after an error.
    Raises ValueError for a model with neither (the non-spiking twin has attention only).
    """
    if isinstance(keep, str) or not isinstance(keep, Collection):
        raise TypeError(f"keep is {short(keep)}; give a tuple of names, such as ('spikes',)")
    check_names(keep, KEEP, "record's keep")
    check_model(model)
    layers = {name or "lif": m for name, m in model.named_modules() if isinstance(m, LIF)}
    attends = {name or "attend": m for name, m in model.named_modules() if isinstance(m, Attend)}
    if not layers and not attends:
        raise ValueError(
            f"{type(model).__name__} has no LIF layer, so there is nothing to record; "
            "pass the spiking model itself"
        )
    recording = Recording(layers, attends, tuple(keep))
    # A LIFSum calls its branches one by one where they have hooks, so each call is seen once.
    watched: list[tuple[dict, Callable]] = [(layers, recording._see)]
    watched += [(attends, recording._see_attention)] if "attention" in keep else []
    handles = [
        module.register_forward_hook(partial(see, name), with_kwargs=True)
        for modules, see in watched
        for name, module in modules.items()
    ]
    try:
        yield recording
    finally:
        for handle in handles:
            handle.remove()
