"""Check of the exercise "write the backward pass of the Atan surrogate" (α = 2).

The student's function is asked for gradients at hidden values of u. Where they differ from
`spikeatconv.Atan`, the shape of the student's curve (height, width, symmetry) gives the hint.
"""

import math
import re

import torch
from torch import Tensor

from spikeatconv import Atan, Sigmoid
from spikeviz.exercises.cells import last_line
from spikeviz.exercises.feedback import Feedback
from spikeviz.exercises.judge import explain_error, judge, stop

REFERENCE = Atan(alpha=2.0)
TOLERANCE = 1e-4

NOT_YET = (
    "Nothing is wrong, it is just not finished: `backward` still holds a `...` or returns "
    "nothing. Start with `(u,) = ctx.saved_tensors`, then compute the slope at u."
)


def check_surrogate_backward(surrogate: type[torch.autograd.Function]) -> Feedback:
    """Check a student's `torch.autograd.Function` with `forward(ctx, u)` and `backward`.

    Right is an exact step forward and grad_output · σ'(u) backward, σ the Atan with α = 2.
    Never raises: the student's errors come back as feedback.
    """
    return judge(surrogate, _check, NOT_YET, explain)


def _check(surrogate: type[torch.autograd.Function]) -> Feedback:
    if not (isinstance(surrogate, type) and issubclass(surrogate, torch.autograd.Function)):
        return Feedback(
            "not right",
            "This check needs the class itself, made from `torch.autograd.Function`: "
            "keep its first line as it was given and pass its name without brackets.",
        )
    u = torch.tensor([0.0, 0.4, -0.4, 1.3, -0.1, -2.2, 0.05, 3.7])
    upstream = torch.tensor([1.0, 1.0, 1.0, -0.5, 2.0, 3.0, 0.25, -4.0])
    spikes = surrogate.apply(u)
    if not torch.equal(spikes, (u >= 0).to(u.dtype)):
        return Feedback("not right", forward_hint(spikes))
    gradient = ask(surrogate, u, upstream)
    if gradient is None:
        return Feedback("not yet", NOT_YET)
    wrong = ~torch.isclose(gradient, upstream * REFERENCE.derivative(u), TOLERANCE, TOLERANCE)
    if wrong.any():
        i = int(wrong.nonzero()[0])
        where = (
            f"The first gradient that differs: at u = {u[i]:.4g}, with {upstream[i]:.4g} coming "
            f"in as `grad_output`, your `backward` gives {gradient[i]:.4g}."
        )
        return Feedback("not right", f"{where}\n{backward_hint(surrogate)}")
    return Feedback(
        "passed",
        "Forward, your function is still the exact step. Backward, it hands on the Atan's slope "
        "times `grad_output`, at every u that we tried. That is all a spiking layer needs.",
    )


def ask(surrogate: type[torch.autograd.Function], u: Tensor, upstream: Tensor) -> Tensor | None:
    """The gradient that the student's function hands on for u; None if it hands on nothing."""
    u, handed = u.clone().requires_grad_(), upstream.clone()
    surrogate.apply(u).backward(handed)
    if not torch.equal(handed, upstream):
        stop(
            "Your `backward` changes `grad_output` in place (`*=`, `mul_`). PyTorch may still need "
            "it elsewhere: make a new tensor."
        )
    return u.grad


def explain(error: Exception) -> str:
    message = f"Your code stopped with an error: `{last_line(error)}`."
    if isinstance(error, TypeError) and re.search("tuple|sequence", str(error)):
        return (
            f"{message}\nPerhaps it is `ctx.saved_tensors`: that is a tuple, also of one tensor. "
            "Take it out: `(u,) = ctx.saved_tensors`."
        )
    if "invalid gradient" in str(error):
        return f"{message}\nThe gradient needs the shape of u: one number for each u."
    if "number of gradients" in str(error):
        return f"{message}\n`forward` takes one input, u, so `backward` returns one gradient."
    return explain_error(
        error,
        "Call it yourself in a new cell to see where it stops.",
        named="Is the name spelled right, and imported (`math` for pi)?",
        keep="Keep both lines that start with `def` as they were given.",
    )


def forward_hint(spikes: Tensor) -> str:
    if not isinstance(spikes, Tensor) or spikes.shape != (8,):
        return "`forward` no longer gives one number for each u: put it back as it was given."
    if not ((spikes == 0) | (spikes == 1)).all():
        return (
            "Your `forward` gives values between 0 and 1. A surrogate keeps the exact step "
            "forward; only the gradient is smooth. Put `forward` back as it was given."
        )
    return (
        "Your `forward` does not fire where it should: 1 for u ≥ 0, also at u = 0 exactly, "
        "and 0 below. Put it back as it was given."
    )


def backward_hint(surrogate: type[torch.autograd.Function]) -> str:
    u = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    ones = torch.ones_like(u)

    def slope(upstream: Tensor) -> Tensor:
        gradient = ask(surrogate, u, upstream)
        return torch.zeros_like(u) if gradient is None else gradient

    g = slope(ones)
    if not g.isfinite().all():
        at = int((~g.isfinite()).nonzero()[0])
        return f"At u = {u[at]:g} your slope is {g[at]:g}, no finite number. What do you divide by?"
    mixed = torch.tensor([1.0, -1.0, 2.0, -0.5, 3.0, -2.0, 0.5])
    if not torch.allclose(slope(mixed), mixed * g, TOLERANCE, TOLERANCE):
        return (
            "Your gradient does not scale with `grad_output`, number by number. By the chain rule, "
            "what comes in from the layer above is multiplied by the slope at u."
        )
    return shape_hint(u, g) or (
        f"Compare heights: for `grad_output` = 1 your slope is {g[3]:.3g} at u = 0 and "
        f"{g[5]:.3g} at u = 1. Work the formula out by hand at these two points."
    )


def shape_hint(u: Tensor, g: Tensor) -> str | None:
    """g is the student's slope at u = −2, −1, −½, 0, ½, 1, 2."""

    def is_like(values: Tensor) -> bool:
        return torch.allclose(g, values, 1e-3, 1e-4)

    centre, half, one, two = (float(value) for value in g[3:])
    if is_like(torch.zeros_like(g)):
        return (
            "Your gradient is 0 everywhere: that is the slope of the step itself, "
            "and nothing could learn from it."
        )
    if is_like(torch.full_like(g, centre)):
        return "Your slope is the same for every u. It should be highest at u = 0 and fade away."
    if is_like(torch.where(u >= 0, one, float(g[0]))):
        return (
            "Your slope knows only two values, one from u = 0 on and one below. It should follow u "
            "itself, how far the membrane is from its threshold."
        )
    if is_like(REFERENCE.primitive(u)):
        return "This is the smooth step σ(u) itself. `backward` needs its derivative σ'(u)."
    if is_like(Sigmoid(alpha=4.0).derivative(u)):
        return "This is the slope of the other surrogate, the Sigmoid. The exercise asks for Atan."
    if is_like(-REFERENCE.derivative(u)):
        return "Right size, wrong sign: the slope of a rising step is positive."
    if not torch.allclose(g, g.flip(0), 1e-3, 1e-4):
        at = 4 + int((g - g.flip(0)).abs()[4:].argmax())
        return (
            f"At u = {u[at]:g} your slope is {g[at]:.3g} and at u = {-u[at]:g} it is "
            f"{g[-1 - at]:.3g}. It differs between u and −u, but the Atan's is the same on both "
            "sides of the threshold. Perhaps something in the denominator is not squared."
        )
    if min(abs(value) for value in (centre, half, one, two)) == 0 or not math.isfinite(g.sum()):
        return None

    # Is it A / (1 + (k u)²)? Then half, one and two have to agree on k.
    fall = [centre / value - 1 for value in (half, one, two)]
    if abs(fall[2] / fall[1] - 2) < 0.01:
        return (
            "Far from the threshold your slope fades too slowly: it falls like 1/u, not like "
            "1/u². Is something in the denominator not squared?"
        )
    if fall[1] <= 0 or abs(fall[2] / fall[1] - 4) > 0.01:
        return None
    width, height = math.sqrt(fall[1]), centre
    if abs(width - 2 * math.pi) < 0.01 and abs(height - 2) < 0.01:
        return (
            "Your slope is that of α = 4: at u = 0 it is 2. Here α is 2, and each place of the "
            "formula takes the half of it."
        )
    if abs(width - math.pi) > 0.01:
        return width_hint(width)
    if abs(height - 2) < 0.01:
        return (
            "The shape is right, the height is not: at u = 0 your slope is 2, twice too high. "
            "Perhaps the whole α stands above the line."
        )
    return (
        f"The shape is right, the height is not: at u = 0 your slope is {height:.3g}. "
        "Put u = 0 into the formula and see what is left."
    )


def width_hint(width: float) -> str:
    if abs(width - 1) < 0.01 or abs(width - 2) < 0.01:
        return "Your bell is too wide. Perhaps a π is missing next to u."
    if abs(width - 2 * math.pi) < 0.01:
        return "Your bell is too narrow by half. Look at the fraction next to u: is it halved?"
    if abs(width - math.pi / 2) < 0.01:
        return "Your bell is twice too wide. Look at the fraction next to u: is α in it?"
    if abs(width - math.sqrt(math.pi)) < 0.01:
        return (
            "Your bell is too wide. Perhaps the square does not cover the whole fraction, with π "
            "in it."
        )
    return (
        f"Your bell has not the right width: it falls to half its height at u = {1 / width:.3g}. "
        "Look at what stands next to u inside the square."
    )
