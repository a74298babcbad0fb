"""Right answers in other styles; each public class is one."""

import math

import numpy as np
import torch


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u.dtype)


class Short(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return grad_output / (1 + (math.pi * u) ** 2)


class First(_Step):
    @staticmethod
    def backward(ctx, grad):
        u = ctx.saved_tensors[0]
        return grad * (1 + (torch.pi * u).square()).reciprocal()


class ByNumpy(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        slope = 1 / (1 + (np.pi * u.numpy()) ** 2)
        return grad_output * torch.from_numpy(slope)


class OneByOne(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        slopes = [1 / (1 + (math.pi * float(value)) ** 2) for value in u]
        return torch.tensor([float(g) * s for g, s in zip(grad_output, slopes)])


class Doubles(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        slope = 1 / (1 + (torch.pi * u.double()) ** 2)
        return (grad_output.double() * slope).float()


class InPlaceOnACopy(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        gradient = grad_output.clone()
        gradient *= 1 / (1 + (math.pi * u) ** 2)
        return gradient


class ByAutograd(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        with torch.enable_grad():
            u = u.detach().requires_grad_()
            smooth = torch.atan(math.pi * u) / math.pi + 0.5
        return torch.autograd.grad(smooth, u, grad_output)[0]


class Einsum(_Step):
    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return torch.einsum("i,i->i", grad_output, 1 / (1 + math.pi**2 * u * u))


class KeptOnCtx(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.u = u
        return torch.heaviside(u, torch.ones_like(u))

    @staticmethod
    def backward(ctx, grad_output):
        alpha = 2
        return grad_output * alpha / 2 / (1 + (math.pi / 2 * alpha * ctx.u) ** 2)


class SlopeKept(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(1 / (1 + (math.pi * u) ** 2))
        return torch.where(u < 0, 0.0, 1.0)

    @staticmethod
    def backward(ctx, grad_output):
        (slope,) = ctx.saved_tensors
        return slope.mul(grad_output)


class NewStyle(torch.autograd.Function):
    @staticmethod
    def forward(u):
        return (u >= 0).float()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (u,) = ctx.saved_tensors
        return (grad_output / (1 + (math.pi * u) ** 2),)


class Pow(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return torch.heaviside(u, torch.ones_like(u))

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * torch.pow(1 + torch.square(torch.pi * ctx.saved_tensors[0]), -1)
