"""A depthwise convolution that trains fast on a CPU.

torch computes the output. In the backward pass, the gradient of the input is the convolution of
the output's gradient with the kernel turned by 180°, and that of the weights comes from
depthwise.c: oneDNN takes many times as long for it.
"""

import ctypes

import torch
import torch.nn.functional as F
from torch import Tensor, channels_last

from spikeatconv.fast.library import load_library
from spikeatconv.fast.ways import asked_way, device_of, is_image_on_cpu, is_in_memory

LEAST = 16  # channels: depthwise.c takes up to 16 at once


def depthwise_conv(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`F.conv2d` of a K×K kernel for each channel, K odd, stride 1, and zeros around x.

    x: `[N, C, H, W]`, weight: `[C, 1, K, K]` → `[N, C, H, W]`. Where `is_fast` says no, all is
    torch's own.
    """
    if torch.is_grad_enabled() and weight.requires_grad and is_fast(x, weight):
        return _Depthwise.apply(x, weight, bias)
    return convolve(x, weight, bias)


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=len(weight))


def is_fast(x: Tensor, weight: Tensor) -> bool:
    """Whether depthwise.c can compute the gradient of these weights."""
    return (
        is_image_on_cpu(x)
        and is_in_memory(weight)
        and device_of(weight) == "cpu"
        and weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and x.shape[1] >= LEAST
        and x.numel() > 0
        and asked_way() in ("auto", "compiled")
        and load_library() is not None
    )


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return convolve(x, weight, bias)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        grad = grad.contiguous(memory_format=channels_last)
        if torch.is_grad_enabled() or not is_fast(grad, weight):
            return plain_backward(x, weight, grad, ctx.needs_input_grad)
        return (
            convolve(grad, weight.flip(2, 3)) if ctx.needs_input_grad[0] else None,
            weight_gradient(x, grad, weight.shape[-1]),
            grad.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None,
        )


def plain_backward(
    x: Tensor, weight: Tensor, grad: Tensor, wanted: tuple[bool, ...]
) -> tuple[Tensor | None, ...]:
    """torch's own gradients, which can be differentiated again."""
    c, k = len(weight), weight.shape[-1] // 2
    return torch.ops.aten.convolution_backward(
        grad, x, weight, [c], [1, 1], [k, k], [1, 1], False, [0, 0], c, wanted
    )


class _Shape(ctypes.Structure):
    """`Shape` of depthwise.c."""

    _fields_ = (
        *((name, ctypes.c_long) for name in "NHWC"),
        *((name, ctypes.c_int) for name in ("K", "threads")),
    )


def weight_gradient(x: Tensor, grad: Tensor, k: int) -> Tensor:
    """The gradient of K×K weights, `[C, 1, K, K]`. x and grad: `[N, C, H, W]`, channels last."""
    n, c, h, w = x.shape
    threads = torch.get_num_threads()
    out = x.new_empty(threads, k, k, c)
    pointers = [ctypes.c_void_p(tensor.data_ptr()) for tensor in (x, grad, out)]
    shape = _Shape(n, h, w, c, k, threads)
    library = load_library()
    assert library is not None  # is_fast said so
    if library.depthwise_weights(*pointers, ctypes.byref(shape)):
        raise MemoryError(f"depthwise_weights found no memory for {threads} × {[k, k, c]} numbers")
    return out.sum(0).permute(2, 0, 1).unsqueeze(1).contiguous()
