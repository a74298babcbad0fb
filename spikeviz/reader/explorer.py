"""DigitReader: draw a digit and watch a small spiking network read it, step by step."""

import base64
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Whole
from spikeviz.figure import new_figure

if TYPE_CHECKING:  # importing spikeviz stays fast: torch, numpy load when they are needed
    import numpy as np
    from matplotlib.figure import Figure
    from torch import Tensor, nn

SIDE = 28  # pixels of a digit
DIGITS = read_data("events")["results"]["digits"]  # one test digit of each class
WANTED = (
    "give a network of convolutions with BatchNorm or without, each with a LIF behind it "
    "(V_rest = V_reset = 0), a linear layer at the end, and the mean of its scores over time"
)


class ReaderTrace(NamedTuple):
    """What DigitReader shows, computed in float64.

    image: as the network gets it, 0 to 1, moved to the middle, `[28, 28]`.
    spikes: of each layer, 0 or 1, `[T, C, H, W]`.
    scores: mean of the scores up to each step, `[T, 10]`.
    """

    image: "np.ndarray"
    spikes: list["np.ndarray"]
    scores: "np.ndarray"


class DigitReader(Explorer):
    """Draw a digit: a small network of spikes reads it while you draw, step by step.

    `DigitReader(net, time_steps=4)` shows your own network: convolutions, each with BatchNorm or
    without and a `LIF` behind it, then a linear layer; the same image `[1, 28, 28]` at each time
    step, and the mean of the scores over time. Without one it shows a network of that kind that
    learned from the digits of the course (studies/recorded/reader.py). The page computes all of it.

    digit: a test digit, one of each class, on show while nothing is drawn.
    pixels: what is drawn, 28 rows of 28 greys from 0 to 255 as bytes; b"" for nothing.
    whose: how the summary names the network.
    network: its layers as the page gets them, BatchNorm folded in.

    Raises TypeError for what is no network, ValueError for one of another kind.
    """

    _folder = "reader"

    digit = Whole(3, 0, 9, 1)
    pixels = t.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))
    whose = t.Unicode("the network that comes with the course").tag(sync=True, passing=True)
    digits = t.List(DIGITS, read_only=True).tag(sync=True, large=True)
    network = t.Dict(read_only=True).tag(sync=True, large=True)

    def __init__(self, net: "nn.Module | None" = None, time_steps: int = 4, **traits: Any) -> None:
        if net is not None:
            self.set_trait("network", pack_network(net, time_steps))
            traits = {"whose": "your network", **traits}
        super().__init__(**traits)

    @t.default("network")
    def _shipped(self) -> dict[str, Any]:
        network = read_data("reader")["results"]["network"]
        return {**network, "weights": unpack_weights(network["weights"])}

    @t.validate("pixels")
    def _a_picture(self, proposal: dict[str, Any]) -> bytes:
        value = proposal["value"]
        if len(value) not in (0, SIDE * SIDE):
            raise t.TraitError(
                f"pixels has {len(value)} bytes; give {SIDE * SIDE} (28 rows of 28 greys), or none"
            )
        return value

    def trace(self) -> ReaderTrace:
        """What is on show, computed by `spikeatconv` with torch."""
        import torch

        drawn = self.pixels or bytes.fromhex(DIGITS[self.digit])
        image = centre(torch.frombuffer(bytearray(drawn), dtype=torch.uint8).view(SIDE, SIDE) / 255)
        spikes, scores = run(self.network, image.double()[None, None])
        steps = torch.arange(1, len(scores) + 1)[:, None]
        mean = scores[:, 0].cumsum(0) / steps
        return ReaderTrace(image.numpy(), [s[:, 0].numpy() for s in spikes], mean.numpy())

    def to_matplotlib(self) -> "Figure":
        """How often each neuron fired, layer by layer, and the scores after the last step."""
        found = self.trace()
        figure, axes = new_figure(
            1, len(found.spikes) + 2, figsize=(2.3 * len(found.spikes) + 4, 3)
        )
        axes[0].imshow(found.image, cmap="Greys")
        axes[0].set_title("input")
        for number, (axis, spikes) in enumerate(zip(axes[1:], found.spikes, strict=False), 1):
            axis.imshow(lay_out(spikes.mean(0)), cmap="Greys", vmin=0, vmax=1)
            axis.set_title(f"layer {number}, rates")
        for axis in axes[:-1]:
            axis.set(xticks=[], yticks=[])
        axes[-1].bar(range(10), found.scores[-1], color="#0072B2")
        axes[-1].set(xticks=range(10), xlabel="digit", title="scores")
        return figure


def lay_out(maps: "np.ndarray") -> "np.ndarray":
    """Maps `[C, H, W]` beside and below each other in about a square, grey between them."""
    import numpy as np

    count, high, wide = maps.shape
    across = math.ceil(math.sqrt(count))
    sheet = np.full((-(-count // across) * (high + 1) - 1, across * (wide + 1) - 1), 0.3)
    for k, one in enumerate(maps):
        top, left = k // across * (high + 1), k % across * (wide + 1)
        sheet[top : top + high, left : left + wide] = one
    return sheet


def centre(image: "Tensor") -> "Tensor":
    """`[28, 28]` moved by whole pixels, so that the middle of its ink is the middle of the image,
    as MNIST's digits are. What leaves the image comes in at the other side."""
    ink = image.sum().item()
    if not ink:
        return image
    import torch

    places = torch.arange(SIDE, dtype=torch.float64)
    middle = [(image.double().sum(1 - axis) @ places).item() / ink for axis in (0, 1)]
    by = [math.floor((SIDE - 1) / 2 - place + 0.5) for place in middle]  # halves up, as in the page
    return image.roll(by, (0, 1))


# ---------------------------------------------------------------- networks


def pack_network(net: "nn.Module", time_steps: int) -> dict[str, Any]:
    """A network for the page: time_steps, layers (shape `[out, in, k, k]`, stride, padding, tau,
    threshold), and the weights of all as float32: kernel and bias of each, then of the readout."""
    import copy

    import torch
    from torch import nn

    if not isinstance(net, nn.Module):
        raise TypeError(f"net is a {type(net).__name__}; {WANTED}")
    copied = copy.deepcopy(net).cpu().double().eval()
    layers, weights = read_layers(copied)
    packed = torch.cat([part.detach().float().flatten() for part in weights])
    network = {"time_steps": time_steps, "layers": layers, "weights": packed.numpy().tobytes()}
    images = torch.tensor([list(bytes.fromhex(digit)) for digit in DIGITS]).view(10, 1, SIDE, SIDE)
    images = images.double() / 255
    with torch.no_grad():
        _, scores = run(network, images)
        theirs = copied(images)
    # A weight of float32 may move a membrane over its threshold: of ten digits one may differ.
    alike = theirs.shape == (10, 10) and ((scores.mean(0) - theirs).abs() < 1e-3).all(1).sum() >= 9
    if not alike:
        raise ValueError(
            f"net computes something else than its layers in a row, {time_steps} times the same "
            f"image and the mean of the scores; {WANTED}; check time_steps"
        )
    return network


def read_layers(net: "nn.Module") -> tuple[list[dict[str, Any]], list["Tensor"]]:
    """Its layers in words, and kernel and bias of each, BatchNorm folded in."""
    import torch
    from torch import nn
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    from spikeatconv import LIF

    parts = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d, LIF, nn.Linear))]
    layers: list[dict[str, Any]] = []
    weights: list[Tensor] = []
    while parts and isinstance(parts[0], nn.Conv2d):
        conv = parts.pop(0)
        if parts and isinstance(parts[0], nn.BatchNorm2d):
            conv = fuse_conv_bn_eval(conv, parts.pop(0))
        lif = parts.pop(0) if parts and isinstance(parts[0], LIF) else None
        square = conv.stride[0] == conv.stride[1] and conv.padding[0] == conv.padding[1]
        if lif is None or not square or conv.groups != 1:
            break
        bias = torch.zeros(len(conv.weight)) if conv.bias is None else conv.bias
        weights += [conv.weight, bias]
        layers.append({
            "shape": list(conv.weight.shape), "stride": conv.stride[0], "padding": conv.padding[0],
            "tau": lif.tau, "threshold": lif.v_threshold,
        })  # fmt: skip
    if not layers or len(parts) != 1 or not isinstance(parts[0], nn.Linear):
        raise ValueError(f"net has layers that this widget cannot draw; {WANTED}")
    readout = parts[0]
    bias = torch.zeros(len(readout.weight)) if readout.bias is None else readout.bias
    return layers, [*weights, readout.weight, bias]


def run(network: dict[str, Any], images: "Tensor") -> tuple[list["Tensor"], "Tensor"]:
    """Images `[B, 1, 28, 28]`, float64 → the spikes of each layer `[T, B, C, H, W]`, and the
    scores of each step `[T, B, 10]`."""
    import torch
    import torch.nn.functional as F

    from spikeatconv import LIF

    left = torch.frombuffer(bytearray(network["weights"]), dtype=torch.float32).double()

    def take(*shape: int) -> "Tensor":
        nonlocal left
        size = torch.Size(shape).numel()
        part, left = left[:size].view(shape), left[size:]
        return part

    found, x = [], images.expand(network["time_steps"], *images.shape)
    for layer in network["layers"]:
        kernel, bias = take(*layer["shape"]), take(layer["shape"][0])
        flat = F.conv2d(x.flatten(0, 1), kernel, bias, layer["stride"], layer["padding"])
        current = flat.unflatten(0, x.shape[:2])
        x = LIF(tau=layer["tau"], v_threshold=layer["threshold"]).run(current).spikes
        found.append(x)
    inputs = x.flatten(2)
    if len(left) != 10 * inputs.shape[-1] + 10:
        raise ValueError(f"net has a readout of another size; {WANTED}")
    return found, F.linear(inputs, take(10, inputs.shape[-1]), take(10))


def unpack_weights(text: str) -> bytes:
    """float16 in base64, as data.json holds them → float32."""
    import numpy as np

    return np.frombuffer(base64.b64decode(text), "<f2").astype("<f4").tobytes()
