"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import math

import torch


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)


class AlphaOf4(_Step):
    """hint: That is the Atan with α = 4"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        alpha = 4.0
        return grad_output * (alpha / 2) / (1 + (torch.pi * alpha * u / 2) ** 2)


class ATuple(_Step):
    """hint: is a tuple, also of one tensor"""

    @staticmethod
    def backward(ctx, grad_output):
        u = ctx.saved_tensors
        return grad_output / (1 + (torch.pi * u) ** 2)


class InPlace(_Step):
    """hint: changes `grad_output` in place"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        grad_output *= 1 / (1 + (torch.pi * u) ** 2)
        return grad_output


class Gauss(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output * torch.exp(-((math.pi * u) ** 2))


class Triangle(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output * (1 - u.abs()).clamp(min=0)


class Rectangle(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output * (u.abs() < 0.5)


class ReluSlope(_Step):
    """hint: At u = 2 your slope is 1 and at u = -2 it is 0"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output * (u > 1)


class RootForgotten(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output / (1 + (math.pi * u) ** 2).sqrt()


class TooWide(_Step):
    """hint: falls to half of it at u"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output / (1 + (3 * u) ** 2)


class Degrees(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output / (1 + (180 * u) ** 2)


class Cut(_Step):
    """hint: does not scale with `grad_output`, number by number"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return (grad_output / (1 + (math.pi * u) ** 2)).clamp(min=0)


class Summed(_Step):
    """hint: does not scale with `grad_output`, number by number"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output.sum() / (1 + (math.pi * u) ** 2)


class TwoGradients(_Step):
    """hint: `backward` returns one gradient"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output / (1 + (math.pi * u) ** 2), grad_output


class NoArgument(_Step):
    @staticmethod
    def backward(ctx):
        (u,) = ctx.saved_tensors
        return 1 / (1 + (math.pi * u) ** 2)


class NoNumber(_Step):
    """hint: no finite number"""

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output * (0 * u / 0)


class AList(_Step):
    """hint: no longer gives one number for each u"""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).tolist()
