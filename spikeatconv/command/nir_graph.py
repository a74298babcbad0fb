"""A network in NIR, the exchange format of neuromorphic tools, as far as its primitives go.

NIR has convolutions, LIF neurons, sums (several edges into one node) and no product of what two
layers give, so no attention. What it holds is a SpikingResNet18 with these SPK blocks:

    sl      LIF                        hsl     LIF, τ by channel
    mbpl    without a mixer: n LIF, whose edges meet

The head's mean over the map and its linear layer are one convolution of the whole map. NIR runs a
network step by step; the answer is the mean of its output over T, which the reader takes.
"""

import io
import json
from collections.abc import Sequence
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor, nn

from spikeatconv.blocks import HSL, MBPL, SL
from spikeatconv.command.graphs import Run
from spikeatconv.neuron import LIF
from spikeatconv.resnet import SpikingResNet18

SECONDS = 1e-3  # of a time step: NIR's τ is in seconds, and norse's step this long
KNOWN = "SpikingResNet18 with the spk sl, hsl, or mbpl without a mixer (readout sum)"


class Graph:
    """Nodes and edges, grown layer by layer. shape: `[C, H, W]` of what the last layer gives."""

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)
        self.nodes: dict[str, Any] = {"input": nir.Input({"input": np.array(self.shape)})}
        self.edges: list[tuple[str, str]] = []

    def add(self, name: str, node: Any, sources: Sequence[str]) -> list[str]:
        """The node behind the sources, whose values it takes the sum of."""
        self.nodes[name] = node
        self.edges += [(source, name) for source in sources]
        return [name]

    def conv(self, name: str, conv: nn.Conv2d, sources: Sequence[str]) -> list[str]:
        _, h, w = self.shape
        weight, bias = array(conv.weight), array(conv.bias)
        rest = (conv.stride, conv.padding, conv.dilation, conv.groups)
        node = nir.Conv2d((h, w), weight, *rest, bias)
        self.shape = tuple(int(n) for n in node.output_type["output"])
        return self.add(name, node, sources)

    def spikes(self, name: str, block: nn.Module, sources: Sequence[str]) -> list[str]:
        """An SPK block: as many nodes as it has neurons over one input."""
        nodes = [self.lif(lifs) for lifs in neurons(block)]
        names = [f"{name}_{i}" if i else name for i in range(len(nodes))]
        return [self.add(n, node, sources)[0] for n, node in zip(names, nodes, strict=True)]

    def lif(self, lifs: Sequence[LIF]) -> Any:
        """One node for neurons that share the channels between them, in order."""
        sizes = [self.shape[0] // len(lifs)] * len(lifs)
        sizes[-1] += self.shape[0] - sum(sizes)

        def each(values: Sequence[float]) -> np.ndarray:
            channels = np.repeat(np.array(values, np.float32), sizes)
            return np.broadcast_to(channels[:, None, None], self.shape).copy()

        resets = [lif.v_reset for lif in lifs if lif.v_reset is not None]
        if len(resets) < len(lifs):
            raise cannot("the soft reset of its neurons (v_reset is None)")
        return nir.LIF(
            tau=each([lif.tau * SECONDS for lif in lifs]), r=each([1] * len(lifs)),
            v_leak=each([lif.v_rest for lif in lifs]), v_reset=each(resets),
            v_threshold=each([lif.v_threshold for lif in lifs]),
        )  # fmt: skip


def neurons(block: nn.Module) -> list[list[LIF]]:
    """Those over one input, each a list of what shares the channels."""
    if isinstance(block, SL):
        return [[block.lif]]
    if isinstance(block, HSL):
        return [list(block.lifs)]
    if isinstance(block, MBPL) and not block.mixers:
        return [[lif] for lif in block.branches]
    raise cannot(f"its blocks of the kind {type(block).__name__}")


def array(x: Tensor | None) -> np.ndarray:
    assert x is not None  # a folded convolution has a bias
    return x.detach().contiguous().numpy()


def cannot(what: str) -> ValueError:
    return ValueError(f"NIR has no primitive for {what}; it holds a {KNOWN}. Give a .onnx or .pt2")


def write_nir(network: nn.Module, images: Tensor, about: dict) -> bytes:
    if not isinstance(network, SpikingResNet18):
        raise cannot(f"what attends in a {type(network).__name__}")
    graph = Graph(images.shape[-3:])
    at = graph.conv("stem", network.stem[0], ["input"])
    at = graph.spikes("first", network.first, at)
    for number, block in enumerate(network.blocks):
        shape, here = graph.shape, f"block{number}"
        before = at if isinstance(block.shortcut, nn.Identity) else None
        if before is None:
            before = graph.conv(f"{here}_shortcut", block.shortcut[0], at)
        graph.shape = shape
        at = graph.conv(f"{here}_conv1", block.body[0][0], at)
        at = graph.spikes(f"{here}_spikes", block.body[1], at)
        at = graph.conv(f"{here}_conv2", block.body[2][0], at)
        at = graph.spikes(f"{here}_last", block.last, [*at, *before])
    _, h, w = graph.shape
    mean = (network.head.weight / (h * w))[..., None, None].expand(-1, -1, h, w)
    head = nir.Conv2d((h, w), array(mean), 1, 0, 1, 1, array(network.head.bias))
    graph.add("head", head, at)
    graph.add("output", nir.Output(head.output_type), ["head"])
    told = {name: json.dumps(value) for name, value in about.items()}
    told |= {"dt": str(SECONDS), "time_steps": str(network.config.time_steps)}
    file = io.BytesIO()
    nir.write(file, nir.NIRGraph(graph.nodes, graph.edges, told))
    return file.getvalue()


class Cell(nn.Module):
    """A NIR LIF as PyTorch, one step a call. It fires at the threshold, as ours; NIR above it."""

    def __init__(self, node: Any) -> None:
        super().__init__()
        for name in ("tau", "r", "v_leak", "v_reset", "v_threshold"):
            self.register_buffer(name, torch.from_numpy(getattr(node, name)))

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        v = self.v_leak.expand_as(x) if state is None else state
        h = v + (self.v_leak - v + self.r * x) / (self.tau / SECONDS)
        spikes = h >= self.v_threshold
        return spikes.to(x.dtype), torch.where(spikes, self.v_reset, h)


def open_nir(content: bytes) -> Run:
    """By nirtorch, which reads the graph and takes its sums."""
    import nirtorch

    graph = nir.read(io.BytesIO(content))
    time_steps = int(graph.metadata["time_steps"])
    network = nirtorch.nir_to_torch(graph, {nir.LIF: Cell})

    @torch.no_grad()
    def run(images: Tensor) -> Tensor:
        frames = images if images.dim() == 5 else images.expand(time_steps, *images.shape)
        state, steps = None, []
        for frame in frames:
            logits, state = network(frame, state)
            steps.append(logits.flatten(1))
        return torch.stack(steps).mean(0)

    return run
