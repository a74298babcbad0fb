"""Surrogate gradients: an exact step forward, a smooth slope backward.

The step Θ(u) has derivative 0 almost everywhere, so nothing behind it would learn.
A surrogate keeps Θ in the forward pass and puts the derivative of a smooth step
in its place in the backward pass. The paper ("Ablation study") names Atan and Sigmoid;
their slopes are an open choice (R2).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from spikeatconv.checks import check_number, check_real, short


class _Step(torch.autograd.Function):
    """Θ(u) forward, grad_output · σ'(u) backward. Where u is not finite, u − u and so Θ is NaN."""

    @staticmethod
    def forward(ctx, u: Tensor, derivative: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(u)
        ctx.derivative = derivative
        return (u >= 0).to(u.dtype).add(u - u)  # on MPS alpha=0 adds nothing, not even NaN

    @staticmethod
    def backward(ctx, grad_output: Tensor) -> tuple[Tensor, None]:
        (u,) = ctx.saved_tensors
        return grad_output * ctx.derivative(u), None


@dataclass(frozen=True)
class Surrogate:
    """Base of the surrogates. Calling one with u = H − V_th (any shape) gives spikes 0 or 1,
    and NaN where u is NaN or infinite.

    alpha: slope, a positive number without unit; larger is steeper and narrower.
    Raises ValueError for an alpha that is not positive and finite, TypeError for no number and
    for a u that is no real tensor.
    """

    alpha: float

    def __post_init__(self) -> None:
        example = f", for example {type(self).__name__}(alpha=2.0)"
        vars(self)["alpha"] = check_number(self.alpha, "alpha", example)
        if self.alpha <= 0:
            raise ValueError(f"alpha is {self.alpha}; give a slope above 0{example}")

    def __call__(self, u: Tensor) -> Tensor:
        check_real(u, "u")
        return _Step.apply(u, self.derivative)

    def primitive(self, u: Tensor) -> Tensor:
        """The smooth step σ(u), from 0 to 1, same shape as u. For pictures; never used to train."""
        raise NotImplementedError

    def derivative(self, u: Tensor) -> Tensor:
        """The slope σ'(u) that stands in for Θ'(u), same shape as u."""
        raise NotImplementedError


@dataclass(frozen=True)
class Atan(Surrogate):
    """σ(u) = arctan(π α u / 2) / π + 1/2 ;  σ'(u) = (α / 2) / (1 + (π α u / 2)²)."""

    alpha: float = 2.0

    def primitive(self, u: Tensor) -> Tensor:
        return torch.atan(math.pi * self.alpha * u / 2) / math.pi + 0.5

    def derivative(self, u: Tensor) -> Tensor:
        return (self.alpha / 2) / (1 + (math.pi * self.alpha / 2 * u) ** 2)


@dataclass(frozen=True)
class Sigmoid(Surrogate):
    """σ(u) = s(α u) ;  σ'(u) = α · s(α u) · (1 − s(α u)), s the logistic function."""

    alpha: float = 4.0

    def primitive(self, u: Tensor) -> Tensor:
        return torch.sigmoid(self.alpha * u)

    def derivative(self, u: Tensor) -> Tensor:
        z = self.alpha * u
        return self.alpha * torch.sigmoid(z) * torch.sigmoid(-z)  # 1 − s(z), without its rounding


SURROGATES: dict[str, Surrogate] = {"atan": Atan(), "sigmoid": Sigmoid()}


def as_surrogate(surrogate: "str | Surrogate") -> Surrogate:
    """The surrogate named "atan" or "sigmoid", with its default slope; an object passes through."""
    if isinstance(surrogate, Surrogate):
        return surrogate
    if isinstance(surrogate, str) and surrogate in SURROGATES:
        return SURROGATES[surrogate]
    raise ValueError(
        f"surrogate is {short(surrogate)}; choose one of {sorted(SURROGATES)} "
        "or pass an object with its slope, for example Atan(alpha=2.0)"
    )
