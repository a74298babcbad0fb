"""Right answers in other styles; each public function is one."""

import numpy as np
import torch
from torch import nn


def one_scale(weight, bias, before, after):
    scale = before / after
    return scale * weight, bias / after


def a_list(weight, bias, before, after):
    return [weight.mul(before).div(after), bias.div(after)]


def by_the_output(weight, bias, before, after):
    return torch.div(before * weight, after), torch.true_divide(bias, after)


def copies_in_place(weight, bias, before, after):
    weight, bias = weight.clone(), bias.clone()
    weight *= before
    weight /= after
    bias /= after
    return weight, bias


def numpy_arrays(weight, bias, before, after):
    return weight.numpy() * (before / after), np.divide(bias.numpy(), after)


def one_row_at_a_time(weight, bias, before, after):
    rows = [row * before / after for row in weight]
    return torch.stack(rows), torch.stack([b / after for b in bias])


def parameters(weight, bias, before, after):
    return nn.Parameter(weight * before / after), nn.Parameter(bias / after)


def in_double(weight, bias, before, after):
    return weight.double() * before / after, bias.double() / after


def other_names(weight, bias, largest_in, largest_out):
    r_in, r_out = 1 / largest_in, 1 / largest_out
    return weight / r_in * r_out, bias * r_out


choose = lambda weight, bias, before, after: tuple(  # noqa: E731
    part * scale / after for part, scale in ((weight, before), (bias, 1))
)


def by_einsum(weight, bias, before, after):
    new = torch.einsum("...,->...", weight, torch.tensor(before / after))
    return new, torch.div(bias, after)


def by_numpy_scalars(weight, bias, before, after):
    before, after = np.float32(before), np.float32(after)
    return weight * float(before) / float(after), bias * float(1 / after)


def stacked(weight, bias, before, after):
    both = torch.cat([weight.flatten(1) * before, bias[:, None]], 1) / after
    return both[:, :-1].reshape(weight.shape), both[:, -1]
