"""Check of the exercise "write the backward pass of the Atan surrogate" (α = 2).

The student's function is asked for gradients at hidden values of u. Where they differ from
`spikeatconv.Atan`, the shape of the student's curve (height, width, symmetry) gives the hint.
"""

import math

import torch
from torch import Tensor

from spikeatconv import Atan, Sigmoid
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

REFERENCE = Atan(alpha=2.0)
Surrogate = type[torch.autograd.Function]


def check_surrogate_backward(surrogate: Surrogate) -> Feedback:
    """Check a student's `torch.autograd.Function` with `forward(ctx, u)` and `backward`.

    Right is an exact step forward and grad_output · σ'(u) backward, σ the Atan with α = 2.
    Never raises: the student's errors come back as feedback.
    """
    return judge(
        surrogate,
        differentiate,
        "Forward, your function is still the exact step. Backward, it hands on the Atan's slope "
        "times `grad_output`, at every u that we tried. That is all a spiking layer needs.",
        "`backward` still holds a `...` or returns nothing. Start with `(u,) = ctx.saved_tensors`, "
        "then compute the slope at u.",
        "Call it yourself in a new cell to see where it stops.",
        named="Is the name spelled right, and imported (`math` for pi)?",
        keep="Keep both lines that start with `def` as they were given.",
        errors={
            "tuple|sequence": "`ctx.saved_tensors` is a tuple, also of one tensor, and nothing can "
            "be computed with a tuple. Take the tensor out of it: `(u,) = ctx.saved_tensors`.",
            "invalid gradient": "The gradient needs the shape of u: one number for each u.",
            "number of gradients": "`forward` takes one input, u, so `backward` returns one "
            "gradient.",
        },
    )


def differentiate(surrogate: Surrogate) -> None:
    if not (isinstance(surrogate, type) and issubclass(surrogate, torch.autograd.Function)):
        stop(
            "This check needs the class itself, made from `torch.autograd.Function`: keep its "
            "first line as it was given and pass its name without brackets."
        )
    u = torch.tensor([0.0, 0.4, -0.4, 1.3, -0.1, -2.2, 0.05, 3.7])
    upstream = torch.tensor([1.0, 1.0, 1.0, -0.5, 2.0, 3.0, 0.25, -4.0])
    spikes = surrogate.apply(u)
    shaped = isinstance(spikes, Tensor) and spikes.shape == u.shape
    wrong = not shaped or not torch.equal(spikes, (u >= 0).to(u.dtype))
    stop_at([
        (not shaped,
         "`forward` no longer gives one number for each u: put it back as it was given."),
        (lambda: wrong and not ((spikes == 0) | (spikes == 1)).all(),
         "Your `forward` gives values between 0 and 1. A surrogate keeps the exact step forward; "
         "only the gradient is smooth. Put `forward` back as it was given."),
        (wrong,
         "Your `forward` does not fire where it should: 1 for u ≥ 0, also at u = 0 exactly, and 0 "
         "below. Put it back as it was given."),
    ])  # fmt: skip
    gradient = expect(ask(surrogate, u, upstream))
    right = upstream * REFERENCE.derivative(u)
    place = find_wrong(gradient, right)
    if place:
        told, _ = tell_apart(gradient[place], right[place])
        stop(
            f"The first gradient that differs: at u = {u[place]:.4g}, with {upstream[place]:.4g} "
            f"coming in as `grad_output`, your `backward` gives {told}.\n"
            f"{behaviour(surrogate)}"
        )


def ask(surrogate: Surrogate, u: Tensor, upstream: Tensor) -> Tensor | None:
    """The gradient that the student's function hands on for u; None if it hands on nothing."""
    u, handed = u.clone().requires_grad_(), upstream.clone()
    surrogate.apply(u).backward(handed)
    if not torch.equal(handed, upstream):
        stop(
            "Your `backward` changes `grad_output` in place (`*=`, `mul_`). PyTorch may still need "
            "it elsewhere: make a new tensor."
        )
    return u.grad


# --- from behaviour to a hint


def behaviour(surrogate: Surrogate) -> str | None:
    u = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    mixed = torch.tensor([1.0, -1.0, 2.0, -0.5, 3.0, -2.0, 0.5])

    def slope(upstream: Tensor) -> Tensor:
        gradient = ask(surrogate, u, upstream)
        return torch.zeros_like(u) if gradient is None else gradient

    g = slope(torch.ones_like(u))
    odd = (~g.isfinite()).nonzero().flatten().tolist()
    return find_hint([
        (odd,
         lambda: f"At u = {u[odd[0]]:g} your slope is {g[odd[0]]:g}, no finite number. What do you "
         "divide by?"),
        (lambda: not torch.allclose(slope(mixed), mixed * g, 1e-4, 1e-4),
         "Your gradient does not scale with `grad_output`, number by number. By the chain rule, "
         "what comes in from the layer above is multiplied by the slope at u."),
        (True, lambda: of_kind(u, g) or of_bell(*g[3:].tolist())),
    ])  # fmt: skip


def of_kind(u: Tensor, g: Tensor) -> str | None:
    """g is the student's slope at u = −2, −1, −½, 0, ½, 1, 2."""

    def is_like(values: Tensor) -> bool:
        return torch.allclose(g, values, 1e-3, 1e-4)

    at = 4 + int((g - g.flip(0)).abs()[4:].argmax())
    here, there = tell_apart(g[at], g[-1 - at], digits=3)
    return find_hint([
        (is_like(torch.zeros_like(g)),
         "Your gradient is 0 everywhere: that is the slope of the step itself, and nothing could "
         "learn from it."),
        (is_like(g[3].expand(7)),
         "Your slope is the same for every u. It should be highest at u = 0 and fade away."),
        (is_like(torch.where(u >= 0, g[5], g[0])),
         "Your slope knows only two values, one from u = 0 on and one below. It should follow u "
         "itself, how far the membrane is from its threshold."),
        (is_like(REFERENCE.primitive(u)),
         "This is the smooth step σ(u) itself. `backward` needs its derivative σ'(u)."),
        (is_like(Sigmoid(alpha=4.0).derivative(u)),
         "This is the slope of the other surrogate, the Sigmoid. The exercise asks for Atan."),
        (is_like(-REFERENCE.derivative(u)),
         "Right size, wrong sign: the slope of a rising step is positive."),
        (not is_like(g.flip(0)),
         f"At u = {u[at]:g} your slope is {here} and at u = {-u[at]:g} it is "
         f"{there}. It differs between u and −u, but the Atan's is the same on both sides "
         "of the threshold. Perhaps something in the denominator is not squared."),
    ])  # fmt: skip


SLIPS = (  # height, what is squared for u = 1, and what makes such a bell
    (1, 1, "Your bell is too wide. A π is missing next to u."),
    (1, 2, "Your bell is too wide. A π is missing next to u; and is the fraction there halved?"),
    (1, 2 * math.pi,
     "Your bell is too narrow by half. Look at the fraction next to u: is it halved?"),
    (1, math.pi / 2, "Your bell is twice too wide. Look at the fraction next to u: is α in it?"),
    (1, math.sqrt(math.pi),
     "Your bell is too wide. Perhaps the square does not cover the whole fraction, with π in it."),
    (2, math.pi,
     "The shape is right, the height is not: at u = 0 your slope is 2, twice too high. Perhaps the "
     "whole α stands above the line."),
    (0.5, math.pi,
     "The shape is right, the height is not: at u = 0 your slope is 0.5. Put u = 0 into the "
     "formula and see what is left."),
)  # fmt: skip


def of_bell(centre: float, half: float, one: float, two: float) -> str | None:
    """The slopes at u = 0, ½, 1, 2, as of A / (1 + (k u)²)."""
    other = (
        f"Compare heights: for `grad_output` = 1 your slope is {centre:.3g} at u = 0 and {one:.3g} "
        "at u = 1. Work the formula out by hand at these two points."
    )
    if min(abs(centre), abs(half), abs(one), abs(two)) == 0:
        return other
    fall_1, fall_2 = centre / one - 1, centre / two - 1
    width = math.sqrt(fall_1) if fall_1 > 0 else math.nan

    def near(value: float, wanted: float) -> bool:
        return abs(value - wanted) < 0.003 * wanted

    seen = (
        f"Your slope is a bell of height {centre:.4g} at u = 0 that falls to half of it at u = "
        f"{1 / width:.4g}."
    )
    return find_hint([
        (near(fall_2 / fall_1, 2),
         "Far from the threshold your slope fades too slowly: it falls like 1/u, not like 1/u². "
         "Perhaps something in the denominator is not squared."),
        (not (fall_1 > 0 and near(fall_2 / fall_1, 4) and near(half, centre / (1 + fall_1 / 4))),
         other),
        (near(width, math.pi * centre),
         f"{seen} That is the Atan with α = {tell_apart(2 * centre, 2)[0]}; here α is 2."),
        *((near(centre, height) and near(width, across), hint) for height, across, hint in SLIPS),
        (near(width, math.pi),
         f"{seen} The width is right, the height is not. Put u = 0 into the formula and see what "
         "is left."),
        (near(centre, 1),
         f"{seen} The height is right, the width is not: half of it should be left at u = "
         f"{1 / math.pi:.4g}, where what is squared is 1."),
        (True,
         f"{seen} Neither is that of α = 2: compare both places where α stands in the formula."),
    ])  # fmt: skip
