"""Check of the exercise "normalise the weights of a layer".

The student's function gets hidden layers with their largest activations. Where its weight or bias
differs, both are compared with what the mistakes that we know would give.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    stop_at,
    tell_apart,
)
from spikeviz.exercises.tensors import find_wrong


class Layer(NamedTuple):
    """W, b, and the largest activations of what comes in and what goes out."""

    w: Tensor
    b: Tensor
    before: float
    after: float


Part = Callable[[Layer], Tensor]
RIGHT: dict[str, Part] = {
    "weight": lambda p: p.w * p.before / p.after,
    "bias": lambda p: p.b / p.after,
}
MISTAKES: dict[str, tuple[tuple[Part, str], ...]] = {
    "weight": (
        (lambda p: p.w,
         "Your weight is the old one. A rate of 1 stands for the largest activation, so the "
         "weight has to know what a 1 is worth, on both sides."),
        (lambda p: p.w / p.after,
         "`before` is missing from your weight. A spike that comes in is a 1, and stands for an "
         "activation of `before`."),
        (lambda p: p.w * p.before,
         "`after` is missing from your weight. With a threshold of 1 the largest activation of "
         "this layer has to become 1."),
        (lambda p: p.w * p.after / p.before,
         "Your weight is scaled the wrong way round: a larger `after` has to make it smaller."),
        (lambda p: p.w / (p.before * p.after),
         "You divide the weight by both. The spikes that come in are smaller than the activations "
         "they stand for, by the factor `before`: the weight has to make up for that."),
        (lambda p: p.w * p.before * p.after,
         "You multiply the weight by both. What goes out has to shrink from `after` to 1."),
        (lambda p: p.w / p.before,
         "Your weight is divided by `before`. A spike that comes in is a 1 and stands for an "
         "activation of `before`; and what goes out has to shrink from `after` to 1."),
        (lambda p: p.w / p.w.abs().max(),
         "You divide by the largest weight. What has to become 1 is the largest activation, which "
         "adds up many weights."),
    ),
    "bias": (
        (lambda p: p.b,
         "Your bias is the old one. It is added to what goes out, so it shrinks as that does."),
        (lambda p: p.b * p.before / p.after,
         "Your bias is scaled as the weight. But no spike is multiplied with the bias: what comes "
         "in does not matter to it."),
        (lambda p: p.b * p.after,
         "Your bias is multiplied by `after`. What goes out has to become smaller by that factor."),
        (lambda p: p.b / p.before,
         "Your bias is divided by `before`. Which of the two scales is that of what goes out?"),
        (lambda p: p.b * p.before,
         "Your bias is multiplied by `before`. No spike is multiplied with the bias; which scale "
         "is that of what goes out?"),
        (lambda p: torch.zeros_like(p.b),
         "Your bias is 0. It was a part of the layer's output, and still is."),
    ),
}  # fmt: skip


def check_normalise(normalise: Callable) -> Feedback:
    """Check a student's `normalise(weight, bias, before, after)`, which gives (weight, bias).

    Right is W · before / after and b / after. Never raises: the student's errors come back as
    feedback.
    """
    return judge(
        normalise,
        compare,
        "A rate of 1 now stands for the largest activation, at the input and at the output, in "
        "linear layers and in convolutions: every threshold may be 1.",
        "there is still a `...` in `normalise`, or no `return`. Put a_in = before · r_in into the "
        "layer, and divide what comes out by `after`.",
        "Try it with `torch.ones(2, 3)`, `torch.ones(2)`, 4.0 and 2.0 in a new cell.",
        named="The names are `weight`, `bias`, `before` and `after`.",
    )


def compare(normalise: Callable) -> None:
    for layer in hidden():
        handed = Layer(layer.w.clone(), layer.b.clone(), layer.before, layer.after)
        (answer,) = expect([normalise(*handed)])
        if not (torch.equal(handed.w, layer.w) and torch.equal(handed.b, layer.b)):
            stop(
                "Your function changes the tensors that it was given (`*=`, `/=`). Make new ones: "
                "the twin is still in use."
            )
        for name, part in form(answer, layer).items():
            place = find_wrong(part, RIGHT[name](layer).double())
            if place:
                stop(of_values(name, part, layer, place))


def hidden() -> list[Layer]:
    """A linear layer and a convolution."""
    made = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        for shape, before, after in (((3, 4), 4.0, 1.6), ((2, 3, 3, 3), 0.3, 2.5)):
            w, b = torch.rand(shape) + 0.2, torch.rand(shape[0]) + 0.2
            made.append(Layer(w, b, before, after))
    return made


def form(answer: object, layer: Layer) -> dict[str, Tensor]:
    """The new weight and the new bias as float64. Stops where they are something else."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        stop("Two tensors are needed: `return` the new weight and the new bias, in this order.")
    expect(answer)
    for part, old, name in zip(answer, layer[:2], RIGHT, strict=True):
        found = list(getattr(part, "shape", ()))
        stop_at([
            (not isinstance(part, Tensor | np.ndarray),
             f"Your new {name} is a {type(part).__name__}; a tensor is needed."),
            (found != list(old.shape),
             f"Your new {name} has the shape {found}. It has to keep the old one's, "
             f"{list(old.shape)}: the weight comes first, then the bias."),
        ])  # fmt: skip
    return {n: torch.as_tensor(v).detach().double() for n, v in zip(RIGHT, answer, strict=True)}


def of_values(name: str, part: Tensor, p: Layer, at: tuple[int, ...]) -> str:
    slips = ((like(p).double(), hint) for like, hint in MISTAKES[name])
    before = (p.w if name == "weight" else p.b)[at]
    old, yours, _ = tell_apart(before, part[at], RIGHT[name](p)[at])
    return find_hint((find_wrong(part, like) is None, hint) for like, hint in slips) or (
        f"At {list(at)} the old {name} is {old} and yours "
        f"is {yours}, with before = {p.before:g} and after = {p.after:g}. Put a_in = before "
        "· r_in into the layer, and divide what comes out by `after`."
    )
