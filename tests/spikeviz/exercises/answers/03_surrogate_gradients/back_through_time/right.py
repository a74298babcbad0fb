"""Right answers in other styles; each public function is one."""

import itertools
import math

import numpy as np
import torch


def filled_from_the_end(spikes, slopes, tau):
    out = torch.empty_like(slopes)
    gradient = slopes[-1].clone()
    for t in range(len(spikes) - 1, -1, -1):
        if t < len(spikes) - 1:
            gradient *= (1 - 1 / tau) * (1 - spikes[t])
        out[t] = gradient / tau
    return out


def flipped_product(spikes, slopes, tau):
    steps = torch.cat([(1 - 1 / tau) * (1 - spikes[:-1]), torch.ones(1)])
    return slopes[-1] / tau * steps.flip(0).cumprod(0).flip(0)


def by_autograd(spikes, slopes, tau):
    x = torch.zeros_like(spikes, requires_grad=True)
    v = 0
    with torch.enable_grad():
        for t in range(len(x)):
            h = v + (x[t] - v) / tau
            v = (1 - spikes[t]) * h
        (h * slopes[-1]).backward()
    return x.grad


def numpy_loop(spikes, slopes, tau):
    s, out = spikes.numpy(), np.zeros(len(spikes))
    out[-1] = float(slopes[-1]) / tau
    for t in range(len(s) - 2, -1, -1):
        out[t] = out[t + 1] * (tau - 1) / tau * (1 - s[t])
    return out


def stops_at_the_last_reset(spikes, slopes, tau):
    out = torch.zeros(len(spikes))
    for back in range(len(spikes)):
        t = len(spikes) - 1 - back
        if back and spikes[t]:
            break
        out[t] = slopes[-1] / tau * (1 - 1 / tau) ** back
    return out


def recursion(spikes, slopes, tau):
    if len(spikes) == 1:
        return slopes[-1:] / tau
    rest = recursion(spikes[1:], slopes[1:], tau)
    return torch.cat([rest[:1] * (1 - 1 / tau) * (1 - spikes[:1]), rest])


def plain_numbers(spikes, slopes, tau):
    way = [slopes[-1].item() / tau]
    for spike in spikes.tolist()[-2::-1]:
        way.insert(0, 0.0 if spike else way[0] * (1 - 1 / tau))
    return torch.tensor(way)


def accumulated(spikes, slopes, tau):
    factors = [(1 - 1 / tau) * (1 - s) for s in spikes[:-1].flip(0)]
    steps = itertools.accumulate(factors, lambda g, f: g * f, initial=slopes[-1] / tau)
    return torch.stack(list(steps)).flip(0)


def matrix_of_steps(spikes, slopes, tau):
    passes = (1 - 1 / tau) * (1 - spikes)
    found = [slopes[-1] * torch.prod(passes[t:-1]) / tau for t in range(len(spikes))]
    return torch.stack(found)


def logarithms(spikes, slopes, tau):
    steps = torch.arange(len(spikes) - 1, -1, -1)
    fired = spikes.clone()
    fired[-1] = 0
    after = fired.flip(0).cumsum(0).flip(0)
    return torch.where(after == 0, slopes[-1] / tau * (steps * math.log(1 - 1 / tau)).exp(), 0.0)


def a_column_for_a_vector(spikes, slopes, tau):
    gradient, path = slopes[-1:], []
    for t in range(len(spikes))[::-1]:
        path = [gradient / tau, *path]
        gradient = gradient * (1 - 1 / tau) * (1 - spikes[t - 1 : t] if t else 0)
    return torch.cat(path)


def doubles_by_index(spikes, slopes, tau):
    last, found = len(spikes) - 1, torch.zeros(len(spikes), dtype=torch.float64)
    g = slopes[last].double()
    for t in range(last, -1, -1):
        found[t] = g / tau
        if t:
            g = g * (1 - spikes[t - 1].double()) * (1 - 1 / tau)
    return found
