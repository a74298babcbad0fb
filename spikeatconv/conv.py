"""Convolution and BatchNorm at each time step, and their folded form for inference.

In training, BatchNorm stands before each SPK block [open choice R10] and sees all time steps
of a batch together. At inference it is an affine map per channel, so it folds into the
convolution in front of it.
"""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from spikeatconv import fast
from spikeatconv.checks import check_choice, check_model

Model = TypeVar("Model", bound=nn.Module)
NORMS = ("batch", "none")


class OverTime(nn.Sequential):
    """Layers for images, applied at each time step: `[T, B, C, H, W]` → `[T, B, C', H', W']`."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class Pointwise(nn.Conv2d):
    """A 1×1 convolution. Where it has a stride it takes its pixels first, then convolves with
    stride 1: the same numbers, sooner. And oneDNN, in torch 2.13 on a CPU with AVX2 and no AVX-512,
    writes out of bounds in the backward pass of one with a stride and fewer than 8 input channels.
    """

    def forward(self, x: Tensor) -> Tensor:
        down, across = self.stride
        x = x if down == across == 1 else x[..., ::down, ::across]
        return fast.pointwise_conv(x, self.weight, self.bias)


class Depthwise(nn.Conv2d):
    """A depthwise convolution with stride 1 that keeps H×W; its weights' gradient comes sooner."""

    def forward(self, x: Tensor) -> Tensor:
        return fast.depthwise_conv(x, self.weight, self.bias)


def conv_norm(
    c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1, norm: str = "batch"
) -> OverTime:
    """A convolution that keeps H×W (divided by the stride, rounded up), then BatchNorm.

    norm: "batch", or "none" for a convolution with a bias and nothing behind it.
    """
    bias = check_norm(norm) == "none"
    layer = nn.Conv2d
    if kernel == 1 and groups == 1:
        layer = Pointwise
    elif kernel > 1 and stride == 1 and groups == c_in == c_out:
        layer = Depthwise
    conv = layer(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=bias)
    return OverTime(conv, *norm_only(c_out, norm))


def norm_only(channels: int, norm: str = "batch") -> OverTime:
    """BatchNorm alone, where no convolution stands in front of a SPK block."""
    return OverTime(nn.BatchNorm2d(channels)) if check_norm(norm) == "batch" else OverTime()


def check_norm(norm: str) -> str:
    return check_choice(norm, "norm", NORMS)


def fold(model: Model) -> Model:
    """A copy of `model` for inference, each BatchNorm folded into its convolution.

    A BatchNorm without one becomes a 1×1 depthwise convolution. Outputs equal those of
    `model.eval()` within rounding, in the precision that the model has when it is folded. The copy
    is in eval mode; the model stays as it is. Raises TypeError for what is no module.
    """
    check_model(model)
    return fold_itself(copy.deepcopy(model))


def fold_itself(model: Model) -> Model:
    """`fold` of a model that nobody else needs: it is the one that is folded."""
    for module in model.eval().modules():
        if isinstance(module, OverTime):
            layers = _fold_layers(list(module))
            for name in list(module._modules):
                delattr(module, name)
            module.extend(layers)
    return model


def is_folded(model: nn.Module) -> bool:
    """Whether no BatchNorm is left in the model."""
    return not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def _fold_layers(layers: list[nn.Module]) -> list[nn.Module]:
    done: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d):
            in_front = done and isinstance(done[-1], nn.Conv2d)
            layer = _fuse(done.pop() if in_front else _make_identity(layer), layer)
        done.append(layer)
    return done


def _fuse(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """The convolution, with the BatchNorm behind it folded into it."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    if conv.weight.is_meta:  # there torch is slow, and nothing but the shape counts
        conv.bias = nn.Parameter(conv.weight.new_empty(len(mean)), requires_grad=False)
    else:
        conv.weight, conv.bias = fuse_conv_bn_weights(
            conv.weight, conv.bias, mean, variance, norm.eps, norm.weight, norm.bias
        )
    return conv


def _make_identity(norm: nn.BatchNorm2d) -> nn.Conv2d:
    """A 1×1 depthwise convolution that changes nothing, where `norm` lives."""
    c = norm.num_features  # meta: no random numbers are drawn
    conv = nn.Conv2d(c, c, 1, groups=c, bias=False, device="meta")
    conv.weight = nn.Parameter(torch.ones(conv.weight.shape))
    return conv.to(norm.weight).eval()
