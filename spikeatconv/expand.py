"""A network whose neurons send whole numbers, as one that sends spikes alone.

A sum of n spike trains crosses the next layer as well one by one, since that layer is linear
(I-LIF, Luo et al., ECCV 2024, "integer-valued training, spike-driven inference"):

    W · Σᵢ Sᵢ[t] + b = Σᵢ (W · Sᵢ[t] + b / n)

So each time step becomes n virtual ones. In the i-th of them each MBPL sends the spikes of its
i-th branch, and all that is linear works on these. A neuron is charged once, by all n together.
"""

from typing import TypeVar

import torch
from torch import Tensor, nn

from spikeatconv.attention import SpikeAttention
from spikeatconv.blocks import MBPL
from spikeatconv.checks import check_model, short
from spikeatconv.conv import fold
from spikeatconv.model import SpikeAtConv
from spikeatconv.neuron import LIF, LIFSum
from spikeatconv.resnet import SpikingResNet18

Model = TypeVar("Model", SpikeAtConv, SpikingResNet18)
# The parts of a network between which it runs over time: the first, the last.
ENDS = {SpikeAtConv: ("stem_to_stream", "stages"), SpikingResNet18: ("first", "blocks")}


class VirtualNeurons(nn.Module):
    """Neurons over one input, each of which has a virtual step of its own; n ≥ their number.

    `[T·n, ...]` → `[T·n, ...]`, 0 or 1.
    """

    def __init__(self, neurons: list[LIF], n: int) -> None:
        super().__init__()
        self.neurons, self.n = nn.ModuleList(neurons), n

    def forward(self, x: Tensor) -> Tensor:
        current = gather(x, self.n)
        return spread([lif(current) for lif in self.neurons], self.n)


class Spread(nn.Module):
    """Gives all of x in the first of n virtual steps, 0 in the others: `[T, …]` → `[T·n, …]`."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def forward(self, x: Tensor) -> Tensor:
        return spread([x], self.n)


class Gather(Spread):
    """The sum over the n virtual steps of each time step: `[T·n, …]` → `[T, …]`."""

    def forward(self, x: Tensor) -> Tensor:
        return gather(x, self.n)


def gather(x: Tensor, n: int) -> Tensor:
    return x.unflatten(0, (-1, n)).sum(1)


def spread(parts: list[Tensor], n: int) -> Tensor:
    """Each part `[T, ...]` in a virtual step of its own, silence in those left: `[T·n, ...]`."""
    silence = [torch.zeros_like(parts[0])] * (n - len(parts))
    return torch.stack([*parts, *silence], dim=1).flatten(0, 1)


def expand(model: Model) -> Model:
    """A copy of the network in which each layer behind an MBPL with readout "sum" (or within it)
    sees spikes, 0 or 1; n virtual steps for each time step. BatchNorm is folded.

    The logits are those of `fold(model)` but for the order in which numbers are added; where
    these add exactly, they are the same to the bit. It takes the same images. The model stays as
    it is; the copy is in eval mode.
    Raises TypeError for what is no SpikeAtConv or SpikingResNet18; ValueError for a network
    without sums, and for a mixer that is not linear or not shared (mlp_ratio, shared).
    """
    check_model(model)
    if type(model) not in ENDS:
        raise TypeError(f"model is {short(model)}; give a SpikeAtConv or a SpikingResNet18")
    model = fold(model)
    n = max((len(m) for m in model.modules() if isinstance(m, LIFSum)), default=0)
    if not n:
        raise ValueError(
            f"model is {type(model).__name__} and has no MBPL, so its neurons send 0 or 1 "
            'already, or none at all; give one with spk="mbpl"'
        )
    for name, block in model.named_modules():
        if isinstance(block, MBPL) and not block.once:
            raise ValueError(
                f"{name} is an MBPL whose mixer works on each branch alone, so it cannot see "
                "them one by one; build the model with mlp_ratio=0 and shared=True"
            )
    replace_neurons(model, n)
    whole: list[nn.Module] = [model.stem]  # what works on whole steps: also attention, the head
    for module in model.modules():
        if isinstance(module, SpikeAttention):
            for name in module.input_names:
                setattr(module, name, nn.Sequential(getattr(module, name), Gather(n)))
            module.out.insert(1, Spread(n))
            whole.append(module.out[0])
    first, last = ENDS[type(model)]
    setattr(model, first, nn.Sequential(Spread(n), getattr(model, first)))
    setattr(model, last, nn.Sequential(getattr(model, last), Gather(n)))
    not_shared = {layer for part in whole for layer in part.modules()}
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.bias is not None and layer not in not_shared:
            layer.bias.data /= n
    return model


def replace_neurons(model: nn.Module, n: int) -> None:
    for name, child in list(model.named_children()):
        if isinstance(child, LIFSum | LIF):
            neurons = list(child) if isinstance(child, LIFSum) else [child]
            setattr(model, name, VirtualNeurons(neurons, n))
        else:
            replace_neurons(child, n)
