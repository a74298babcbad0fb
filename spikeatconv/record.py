"""Look inside a spiking network while it runs, without touching its code.

with record(model) as rec:
    model(images)
rec.spikes["layer1.lif"]     # [T, B, ...]
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from spikeatconv.neuron import LIF, LIFTrace


class Recording:
    """What the LIF layers of a model did, by layer name as in `model.named_modules()`.

    Every tensor is detached and `[T, B, ...]`; a layer that ran several times has its
    calls joined along B. `calls` keeps them one by one.
    """

    def __init__(self, layers: list[str]) -> None:
        self.calls: dict[str, list[LIFTrace]] = {name: [] for name in layers}

    @property
    def spikes(self) -> dict[str, Tensor]:
        """S, exactly 0 or 1."""
        return {name: self._joined(name, "spikes") for name in self._ran()}

    @property
    def membranes(self) -> dict[str, Tensor]:
        """H, the potential before the reset."""
        return {name: self._joined(name, "membrane") for name in self._ran()}

    @property
    def rates(self) -> dict[str, float]:
        """Share of ones among all spikes of a layer, 0 to 1; every sample weighs the same."""
        return {
            name: spikes.mean(dtype=torch.float64).item() for name, spikes in self.spikes.items()
        }

    def _ran(self) -> list[str]:
        return [name for name, calls in self.calls.items() if calls]

    def _joined(self, name: str, field: str) -> Tensor:
        parts = [getattr(trace, field) for trace in self.calls[name]]
        if len(parts) == 1:
            return parts[0]
        shapes = [list(part.shape) for part in parts]
        if len({tuple(shape[:1] + shape[2:]) for shape in shapes}) > 1 or len(shapes[0]) < 2:
            raise ValueError(
                f"layer {name!r} ran {len(parts)} times with shapes {shapes}, which cannot be "
                f"joined along the batch; read them one by one from calls[{name!r}]"
            )
        return torch.cat(parts, dim=1)


@contextmanager
def record(model: nn.Module) -> Iterator[Recording]:
    """Record spikes and membranes of every `LIF` in `model` while the block runs.

    The membranes are computed again from each layer's input, so the model runs as it
    would alone. The hooks are gone when the block ends, also after an error.
    Raises ValueError for a model without LIF layers.
    """
    layers = {name or "lif": m for name, m in model.named_modules() if isinstance(m, LIF)}
    if not layers:
        raise ValueError(
            f"{type(model).__name__} has no LIF layer, so there is nothing to record; "
            "pass the spiking model itself"
        )
    recording = Recording(list(layers))

    def observe(name: str):
        def hook(lif: LIF, args: tuple, kwargs: dict, output: Tensor) -> None:
            with torch.no_grad():
                recording.calls[name].append(lif.run(*args, **kwargs))

        return hook

    handles = [
        lif.register_forward_hook(observe(name), with_kwargs=True) for name, lif in layers.items()
    ]
    try:
        yield recording
    finally:
        for handle in handles:
            handle.remove()
