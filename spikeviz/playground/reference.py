"""The network of SpikingPlayground in PyTorch, with `spikeatconv`'s neurons.

The same points, weights, batches and steps as in the page, in float64. `settings` are the traits of
the widget, by name.
"""

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from spikeatconv.neuron import LIF, LIFSum
from spikeatconv.simulate import draw_gaussian, draw_uniform
from spikeatconv.surrogate import Atan, Sigmoid, Surrogate

Settings = dict[str, Any]
Points = tuple[Tensor, Tensor]  # places [n, 2], labels [n]

POINTS = 256
DATA, NOISE, SPLIT, WEIGHTS, ORDER, CODING, LOOK = range(1, 8)  # what is drawn


# ---------------------------------------------------------------- random numbers


def seed_of(settings: Settings, what: int, count: int = 0) -> int:
    """The seed of one thing that is drawn; count: how often it was drawn before."""
    mixed = settings["seed"] * 0x9E3779B1 + what * 0x85EBCA6B + count * 0xC2B2AE35
    return mixed % 2**32


def uniform(n: int, settings: Settings, what: int, count: int = 0) -> Tensor:
    """n numbers in [0, 1)."""
    return torch.from_numpy(draw_uniform(n, seed_of(settings, what, count)))


# ---------------------------------------------------------------- points and currents


def make_points(settings: Settings) -> tuple[Points, Points]:
    """The points that train, and those that test. Each is drawn for one of the two by itself."""
    places, labels = place(settings)
    trains = uniform(len(labels), settings, SPLIT) < settings["share"]
    trains[:1] = True
    return (places[trains], labels[trains]), (places[~trains], labels[~trains])


def place(settings: Settings) -> Points:
    """All points of a set, from −1 to 1, the two classes in turn."""
    name, noise = settings["data"], settings["noise"]
    if name == "points":
        clicked = torch.tensor(settings["points"], dtype=torch.float64).reshape(-1, 3)
        return clicked[:, :2], clicked[:, 2]
    index = torch.arange(POINTS, dtype=torch.float64)
    label, side = index % 2, index // 2 % 2
    u, w = uniform(2 * POINTS, settings, DATA).reshape(POINTS, 2).T
    if name == "moons":
        x, y = torch.cos(math.pi * u) - 0.5, torch.sin(math.pi * u) - 0.25
        x, y = 0.55 * x * (1 - 2 * label), 0.55 * y * (1 - 2 * label)
    elif name == "circles":
        radius = 0.8 - 0.5 * label
        x, y = radius * torch.cos(2 * math.pi * u), radius * torch.sin(2 * math.pi * u)
    elif name == "xor":
        x, y = (0.1 + 0.8 * u) * (2 * side - 1), 0.1 + 0.8 * w
        y = torch.where(side == label, -y, y)
    elif name == "spiral":
        radius, angle = 0.1 + 0.8 * u, 2 * math.pi * (u + label / 2)
        x, y = radius * torch.cos(angle), radius * torch.sin(angle)
    else:  # two Gaussians
        x = y = 0.4 * (2 * label - 1)
        noise = 0.15 + noise
    shift = draw_gaussian(2 * POINTS, seed_of(settings, NOISE)).reshape(POINTS, 2)
    places = torch.stack([x, y], 1) + noise * torch.from_numpy(shift)
    return places.clamp(-1, 1), label


def code(places: Tensor, settings: Settings, what: int, count: int = 0) -> Tensor:
    """Places `[B, 2]` as currents: `[B, F]` if they are the same at each step, else `[T, B, F]`.

    Constant: x and y. Otherwise four channels, p = (1 + x) / 2 and 1 − p, and so for y: spikes of
    that rate, or one spike each, the sooner the larger p. The twin without spikes gets the four p.
    """
    if settings["coding"] == "constant":
        return places
    steps = settings["time_steps"]
    p = (1 + places[:, [0, 0, 1, 1]] * torch.tensor([1, -1, 1, -1])) / 2
    if not settings["spiking"]:
        return p
    if settings["coding"] == "rate":
        draws = uniform(steps * p.numel(), settings, what, count).reshape(len(p), steps, 4)
        return (draws < p[:, None]).double().transpose(0, 1)
    at = ((1 - p) * steps).floor().clamp(max=steps - 1)
    return (at == torch.arange(steps)[:, None, None]).double()


# ---------------------------------------------------------------- the network


class Off(Surrogate):
    """No surrogate: the derivative of the step, 0."""

    def derivative(self, u: Tensor) -> Tensor:
        return torch.zeros_like(u)


SURROGATES = {"atan": Atan, "sigmoid": Sigmoid, "off": Off}


class Neurons(nn.ModuleList):
    """A layer in which each neuron may have thresholds of its own: `[T, B, n]` → spikes."""

    def __init__(self, thresholds: list[list[float]], **options: Any) -> None:
        super().__init__(spiking_neuron(own, **options) for own in thresholds)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([lif(x[..., i]) for i, lif in enumerate(self)], -1)


def spiking_neuron(thresholds: list[float], **options: Any) -> nn.Module:
    """One threshold: LIF. Several: MBPL without its mixer, which sends the sum of their spikes."""
    if len(thresholds) == 1:
        return LIF(v_threshold=thresholds[0], **options)
    return LIFSum(thresholds, **options)


class Playground(nn.Module):
    """Currents → hidden layers of a Linear and its neurons → Linear → one logit, mean over T."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.steps = settings["time_steps"] if settings["spiking"] else 1
        sizes = [2 if settings["coding"] == "constant" else 4, *settings["layers"], 1]
        pairs = enumerate(pairwise(sizes))
        self.linears = nn.ModuleList(make_linear(*pair, settings, layer) for layer, pair in pairs)
        hidden = range(len(settings["layers"]))
        self.neurons = nn.ModuleList(make_neurons(settings, layer) for layer in hidden)
        self.heard = [
            torch.tensor([f"{layer}.{i}" not in settings["silent"] for i in range(neurons)])
            for layer, neurons in enumerate(settings["layers"])
        ]

    def forward(self, x: Tensor) -> Tensor:
        """x: `[B, F]` or `[T, B, F]` → logits `[B]`."""
        for linear, neurons, heard in zip(self.linears, self.neurons, self.heard, strict=False):
            x = linear(x)
            x = x.expand(self.steps, -1, -1) if x.dim() == 2 else x
            x = neurons(x) * heard
        return self.linears[-1](x).squeeze(-1).mean(0)


def make_linear(inputs: int, outputs: int, settings: Settings, layer: int) -> nn.Linear:
    """Weights within ±1 / √inputs, as PyTorch's own begin, from the page's generator."""
    linear = nn.Linear(inputs, outputs, dtype=torch.float64)
    draws = uniform((inputs + 1) * outputs, settings, WEIGHTS, layer)
    values = (2 * draws - 1) / math.sqrt(inputs)
    with torch.no_grad():
        linear.weight.copy_(values[:-outputs].reshape(outputs, inputs))
        linear.bias.copy_(values[-outputs:])
    return linear


def make_neurons(settings: Settings, layer: int) -> nn.Module:
    """The neurons of one hidden layer; GELU in the twin."""
    if not settings["spiking"]:
        return nn.GELU()
    options = {
        "tau": settings["tau"],
        "v_reset": settings["v_reset"],
        "surrogate": SURROGATES[settings["surrogate"]](settings["alpha"]),
    }
    alike = settings["thresholds"][layer]
    names = [f"{layer}.{i}" for i in range(settings["layers"][layer])]
    if not set(names) & set(settings["own"]):
        return spiking_neuron(alike, **options)
    return Neurons([settings["own"].get(name, alike) for name in names], **options)


# ---------------------------------------------------------------- the training


def make_optimizer(network: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    rate = settings["learning_rate"]
    if settings["optimizer"] == "adamw":
        return torch.optim.AdamW(network.parameters(), rate, weight_decay=0.01)
    return torch.optim.SGD(network.parameters(), rate, momentum=0.9)


def pick(settings: Settings, step: int, n: int) -> Tensor:
    """Which of the n training points are in the batch of a step; each epoch has its own order."""
    batch = min(settings["batch"], n)
    places = range(step * batch, step * batch + batch)
    orders = {epoch: shuffled(settings, epoch, n) for epoch in {place // n for place in places}}
    return torch.tensor([orders[place // n][place % n] for place in places])


def shuffled(settings: Settings, epoch: int, n: int) -> list[int]:
    """0 … n − 1 in a random order (Fisher and Yates)."""
    order = list(range(n))
    draws = uniform(n, settings, ORDER, epoch).tolist()
    for i, draw in zip(range(n - 1, 0, -1), draws, strict=False):
        j = math.floor(draw * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def train(settings: Settings, steps: int) -> tuple[Playground, list[float]]:
    """The network after these steps, and the loss of each batch before its step."""
    network = Playground(settings)
    optimizer = make_optimizer(network, settings)
    (places, labels), _ = make_points(settings)
    losses = []
    for step in range(steps):
        batch = pick(settings, step, len(labels))
        logits = network(code(places[batch], settings, CODING, step))
        loss = binary_cross_entropy_with_logits(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return network, losses


@torch.no_grad()
def evaluate(network: Playground, points: Points, settings: Settings) -> tuple[float, float]:
    """Loss and accuracy on points."""
    places, labels = points
    logits = network(code(places, settings, LOOK))
    loss = binary_cross_entropy_with_logits(logits, labels)
    return loss.item(), ((logits >= 0) == (labels == 1)).double().mean().item()
