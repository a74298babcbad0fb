"""Check of the exercise "fold a BatchNorm into the convolution in front of it".

The student's function folds hidden convolutions, and the outputs are compared with those of
`spikeatconv.fold`. Where they differ, the weight and then the bias are compared with what the
mistakes that we know would give.
"""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from spikeatconv.conv import OverTime, fold
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

TOLERANCE = 1e-4


class Numbers:
    """What a convolution and its BatchNorm hold, and the scale γ / √(Var + ε)."""

    def __init__(self, conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        with torch.no_grad():
            self.w = conv.weight.clone()
            self.b = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.clone()
            self.gamma, self.beta, self.eps = norm.weight.clone(), norm.bias.clone(), norm.eps
        self.mean, self.var = (v.clone() for v in (norm.running_mean, norm.running_var))
        self.s = self.gamma / (self.var + self.eps).sqrt()

    def weight(self, scale: Tensor, axis: int = 0) -> Tensor:
        """The convolution's weight times a number for each channel, NaN where they do not fit."""
        if self.w.shape[axis] != len(scale):
            return self.w * torch.nan
        return self.w * scale.view([-1 if i == axis else 1 for i in range(4)])


Part = Callable[[Numbers], Tensor]
RIGHT: dict[str, Part] = {
    "weight": lambda p: p.weight(p.s),
    "bias": lambda p: (p.b - p.mean) * p.s + p.beta,
}
MISTAKES: dict[str, tuple[tuple[Part, str], ...]] = {
    "weight": (
        (lambda p: p.w,
         "Your weight is the convolution's own. BatchNorm multiplies each output channel by a "
         "number, so the weights of that channel have to change."),
        (lambda p: p.weight(p.gamma / p.var.sqrt()),
         "Your scale is nearly right: ε is missing. It stands below the root, beside the variance. "
         "With a small variance it matters."),
        (lambda p: p.weight(p.gamma / (p.var + 1e-5).sqrt()),
         "Your ε is the usual 0.00001, written into the code. Take `norm.eps`."),
        (lambda p: p.weight(p.gamma / (p.var.sqrt() + p.eps)),
         "Your ε stands outside the root. It is added to the variance, before the root is taken."),
        (lambda p: p.weight(p.gamma / (p.var + p.eps)),
         "You divide by the variance. BatchNorm divides by the standard deviation: which operation "
         "is between the two?"),
        (lambda p: p.weight(1 / (p.var + p.eps).sqrt()),
         "The learned scale γ (`norm.weight`) is missing from your weight."),
        (lambda p: p.weight(p.gamma * (p.var + p.eps).sqrt()),
         "You multiply by the standard deviation. A channel that varies much has to become "
         "smaller."),
        (lambda p: p.weight(p.s, axis=1),
         "Your scale goes along the second axis of the weight, the input channels. BatchNorm "
         "stands behind the convolution: its numbers belong to the output channels, the first "
         "axis."),
    ),
    "bias": (
        (lambda p: p.b,
         "Your bias is the convolution's own. The mean that is subtracted, and β, have to go into "
         "it."),
        (lambda p: p.beta - p.mean * p.s,
         "The bias of the convolution is forgotten. BatchNorm sees the convolution's output, and "
         "its bias is a part of that."),
        (lambda p: p.b * p.s + p.beta,
         "The mean μ (`norm.running_mean`) is not subtracted in your bias."),
        (lambda p: p.beta,
         "Your bias is β alone. What becomes of the mean, and of the convolution's own bias?"),
        (lambda p: p.b - p.mean * p.s + p.beta,
         "The convolution's own bias goes into your sum unscaled. BatchNorm scales all that comes "
         "out of the convolution."),
        (lambda p: (p.b - p.mean) * p.s,
         "The learned shift β (`norm.bias`) is missing from your bias."),
        (lambda p: p.b * p.s - p.mean + p.beta,
         "Your mean is subtracted after the scaling. BatchNorm subtracts it first, so it is scaled "
         "too."),
        (lambda p: (p.b + p.mean) * p.s + p.beta,
         "Your mean has the wrong sign: BatchNorm takes it away."),
        (lambda p: (p.b - p.mean + p.beta) * p.s,
         "Your β is scaled. It comes last, after the scale."),
        (lambda p: p.b - p.mean + p.beta,
         "There is no scale in your bias. The weight has it; the bias needs it too."),
    ),
}  # fmt: skip


def check_fold_batchnorm(fold_batchnorm: Callable) -> Feedback:
    """Check a student's `fold_batchnorm(weight, bias, norm)`, which gives (weight, bias).

    norm is a `BatchNorm2d` in eval mode, bias may be None. Never raises: the student's errors
    come back as feedback.
    """
    return judge(
        fold_batchnorm,
        compare,
        "One convolution now does the work of two layers, with and without a bias, dense and "
        "depthwise: its outputs equal those of `spikeatconv.fold`.",
        "there is still a `...` in `fold_batchnorm`, or no `return`. Start with the scale: one "
        "number for each output channel.",
        "Try it with `nn.Conv2d(2, 2, 3)` and `nn.BatchNorm2d(2)` in a new cell.",
        errors={
            "NoneType": "Most convolutions in front of a BatchNorm have no bias of their own: then "
            "`bias` is None, and counts as 0.",
            "size of tensor|broadcast": "The weight is [c_out, c_in / groups, k, k], and there is "
            "one scale for each c_out. Perhaps your scale still needs three axes of length 1, so "
            "that it stands along the first.",
            "Boolean value of Tensor": "Perhaps it is `if bias:` or `bias or 0`. They ask whether "
            "one number is 0, and `bias` holds many. Ask whether there is a bias at all: "
            "`if bias is None:`.",
            "^AttributeError": "A `BatchNorm2d` has `weight` (γ), `bias` (β), `running_mean` (μ), "
            "`running_var` (Var) and `eps` (ε).",
        },
    )


def compare(fold_batchnorm: Callable) -> None:
    for layers in hidden():
        conv, norm = layers
        bias = None if conv.bias is None else conv.bias.detach()
        given = {"weight": conv.weight.detach(), "bias": bias, "norm": norm}
        handed = copy.deepcopy(given)
        (answer,) = expect([fold_batchnorm(*handed.values())])
        for name in given:
            if not all(map(torch.equal, tensors(given[name]), tensors(handed[name]))):
                stop(
                    f"Your function changes the {name} that it was given (`*=`, `+=`). Make new "
                    "tensors: the model is still in use."
                )
        parts = form(answer, conv)
        numbers = Numbers(conv, norm)
        for name, part in parts.items():
            place = find_wrong(part, RIGHT[name](numbers).double())
            if place:
                stop(of_values(name, part, numbers, place))
        images = torch.linspace(-1, 1, 72 * conv.in_channels).view(2, 1, -1, 6, 6)
        with torch.no_grad():
            right = fold(layers)(images)
            conv.weight, conv.bias = (nn.Parameter(part.float()) for part in parts.values())
            if not torch.allclose(OverTime(conv)(images), right, atol=TOLERANCE):
                stop("The outputs differ from those of the two layers.")


def tensors(part: Tensor | nn.Module | None) -> list[Tensor]:
    if isinstance(part, nn.Module):
        return list(part.state_dict().values())
    return [] if part is None else [part]


def hidden() -> list[OverTime]:
    """Convolutions with a BatchNorm that has seen something, in eval mode."""
    made = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(7)
        for c_in, c_out, groups, bias, eps in (
            (4, 4, 1, True, 0.1),  # square, so that a scale on the wrong axis does not stop it
            (3, 5, 1, True, 0.1),
            (6, 6, 6, False, 1e-5),  # as in the block: depthwise, without a bias
        ):
            conv = nn.Conv2d(c_in, c_out, 3, padding=1, groups=groups, bias=bias)
            norm = nn.BatchNorm2d(c_out, eps=eps)
            for values in (norm.weight, norm.bias, norm.running_mean):
                values.uniform_(0.5, 2)
            norm.running_var.uniform_(0.2, 4)
            norm.running_var[0] = 0.001  # small: here ε matters
            if conv.bias is not None:
                conv.bias.uniform_(0.5, 2)
            made.append(OverTime(conv, norm).eval())
    return made


# --- from the answer to a hint


def form(answer: object, conv: nn.Conv2d) -> dict[str, Tensor]:
    """The new weight and the new bias as float64. Stops where they are something else."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        stop("Two tensors are needed: `return` the new weight and the new bias, in this order.")
    expect([part for part in answer if part is not None])
    shapes = {"weight": list(conv.weight.shape), "bias": [conv.out_channels]}
    for part, (name, shape) in zip(answer, shapes.items(), strict=True):
        found = list(getattr(part, "shape", ()))
        stop_at([
            (part is None,
             f"Your new {name} is None. BatchNorm subtracts μ and adds β, so the one convolution "
             "needs a bias, also where the old one had none."),
            (not isinstance(part, Tensor | np.ndarray),
             f"Your new {name} is a {type(part).__name__}; a tensor is needed."),
            (found != shape,
             f"Your new {name} has the shape {found}. It has to keep the shape of the "
             f"convolution's: {shape}, c_out first."),
        ])  # fmt: skip
    return {n: torch.as_tensor(v).detach().double() for n, v in zip(shapes, answer, strict=True)}


def of_values(name: str, part: Tensor, p: Numbers, at: tuple[int, ...]) -> str:
    told, _ = tell_apart(part[at], RIGHT[name](p)[at])
    c, slips = at[0], ((like(p).double(), hint) for like, hint in MISTAKES[name])
    return find_hint((find_wrong(part, like) is None, hint) for like, hint in slips) or (
        f"At {list(at)} your {name} is {told}. There γ = {p.gamma[c]:.4g}, β = "
        f"{p.beta[c]:.4g}, μ = {p.mean[c]:.4g}, Var = {p.var[c]:.4g}, ε = {p.eps:g}, the "
        f"convolution's weight is {p.w[at if name == 'weight' else (c, 0, 0, 0)]:.4g} and its bias "
        f"{p.b[c]:.4g}. Work it out by hand."
    )
