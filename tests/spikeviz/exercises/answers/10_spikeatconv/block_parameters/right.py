"""Right answers in other styles; each public function is one."""

import math

import numpy as np
import torch
from torch import nn


def polynomial(channels, mixer=False):
    return 19 * channels**2 + (79 + 16 * 51 * mixer) * channels


def lists(channels, mixer=False):
    c = channels
    layers = [(7, 1, c), (1, c, 4 * c), (1, 4 * c, c), *[(1, c, c)] * 3, (1, c, 4 * c), (1, 4 * c, c)]
    total = sum(k * k * c_in * c_out + 2 * c_out for k, c_in, c_out in layers) + 2 * c
    widths = [c, c, 4 * c, c, c, c, c, c, c, 4 * c]
    return total + (sum(49 * width + 2 * width for width in widths) if mixer else 0)


def by_numpy(channels, mixer=False):
    c = np.int64(channels)
    outs = np.array([c, 4 * c, c, c, c, c, 4 * c, c])
    ins = np.array([49, c, 4 * c, c, c, c, c, 4 * c])
    total = ins @ outs + 2 * outs.sum() + 2 * c
    return total + mixer * 51 * 16 * c


def by_torch(channels, mixer=False):
    outs = torch.tensor([1, 4, 1, 1, 1, 1, 4, 1]) * channels
    ins = torch.tensor([0, 1, 4, 1, 1, 1, 1, 4]) * channels + torch.tensor([49] + [0] * 7)
    total = (ins * outs + 2 * outs).sum() + 2 * channels
    return total + (816 * channels if mixer else 0)


def a_float(channels, mixer=False):
    c = float(channels)
    return 49 * c + 2 * c + 2 * (8 * c**2 + 10 * c) + 3 * (c**2 + 2 * c) + 2 * c + mixer * 816 * c


def real_layers(channels, mixer=False):
    def count(*modules):
        return sum(p.numel() for m in modules for p in m.parameters())

    def layer(c_in, c_out, k=1, groups=1):
        conv = nn.Conv2d(c_in, c_out, k, groups=groups, bias=False)
        return count(conv, nn.BatchNorm2d(c_out))

    c = channels
    with torch.device("meta"):
        total = layer(c, c, 7, c) + 2 * layer(c, 4 * c) + 2 * layer(4 * c, c) + 3 * layer(c, c)
        total += count(nn.BatchNorm2d(c))
        mixers = 8 * layer(c, c, 7, c) + 2 * layer(4 * c, 4 * c, 7, 4 * c)
    return total + mixers if mixer else total


def loop(channels, mixer=False):
    total = 2 * channels
    for kernel, per_output, c_out in (
        (7, 1, channels), (1, channels, 4 * channels), (1, 4 * channels, channels),
        (1, channels, channels), (1, channels, channels), (1, channels, channels),
        (1, channels, 4 * channels), (1, 4 * channels, channels),
    ):
        for _ in range(c_out):
            total += math.prod((kernel, kernel, per_output)) + 2
    if mixer:
        for width in [channels] * 8 + [4 * channels] * 2:
            total += (7 * 7 + 2) * width
    return total


def other_names(c, mixer=0):
    if mixer:
        return other_names(c) + 51 * (8 * c + 2 * 4 * c)
    return c * (19 * c + 79)


def as_text(channels, mixer=False):
    formula = "49*c+2*c + 4*c*c+8*c + 4*c*c+2*c + 3*(c*c+2*c) + 2*c + 4*c*c+8*c + 4*c*c+2*c"
    return eval(formula, {"c": channels}) + (eval("51*c*8 + 51*4*c*2", {"c": channels}) if mixer else 0)


def tensors(channels, mixer=False):
    c = torch.tensor(channels)
    bottleneck = 2 * 4 * c**2 + 2 * (4 * c) + 2 * c
    total = 51 * c + 2 * bottleneck + 3 * c * (c + 2) + 2 * c
    return total + 51 * 16 * c * int(mixer)


def recursive(channels, mixer=False):
    if mixer:
        return recursive(channels) + sum((49 + 2) * n * channels for n in (1, 1, 4, 1, 1, 1, 1, 1, 1, 4))
    conv = lambda i, o, k=1, g=1: i * o * k * k // g + 2 * o  # noqa: E731
    c = channels
    there_and_back = conv(c, 4 * c) + conv(4 * c, c)
    return conv(c, c, 7, c) + 2 * there_and_back + sum(conv(c, c) for _ in "qkv") + c + c


def a_round_float(channels, mixer=False):
    return round(19.0 * channels**2 + 79.0 * channels + (816.0 * channels if mixer else 0.0))
