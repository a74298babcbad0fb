"""Right answers in other styles; each public function is one."""

import math
import statistics

import numpy as np
import torch


def float32_shares(x, n, tau):
    return torch.quantile(x / tau, torch.arange(1, n + 1) / (n + 1))


def linspace(x, n, tau):
    return torch.quantile(x / tau, torch.linspace(0, 1, n + 2)[1:-1])


def numpy_quantile(x, n, tau):
    return np.quantile(x.numpy() / tau, np.arange(1, n + 1) / (n + 1))


def numpy_percentile(x, n, tau):
    return np.percentile(np.asarray(x, dtype=np.float32), np.linspace(0, 100, n + 2)[1:-1]) / tau


def plain_statistics(x, n, tau):
    return statistics.quantiles([value / tau for value in x.tolist()], n=n + 1)


def sorted_places(x, n, tau):
    h = sorted(float(value) / tau for value in x)
    return [h[len(h) * i // (n + 1)] for i in range(1, n + 1)]


def sorted_tensor(x, n, tau):
    h = x.sort().values / tau
    return h[torch.arange(1, n + 1) * len(h) // (n + 1)]


def kth(x, n, tau):
    return tuple((x / tau).kthvalue(math.ceil(len(x) * i / (n + 1))).values for i in range(1, n + 1))


def doubles(x, n, tau):
    h = x.double() / tau
    return torch.quantile(h, torch.arange(1, n + 1).double() / (n + 1)).numpy()


def in_place_on_a_copy(x, n, tau):
    h = x.clone()
    h /= tau
    return [h.quantile(i / (n + 1)).item() for i in range(1, n + 1)]


def a_generator(x, n, tau):
    return (float(torch.quantile(x, i / (n + 1))) / tau for i in range(1, n + 1))


def squeezed(x, n, tau):
    return torch.quantile(x / tau, torch.arange(1, n + 1) / (n + 1)).squeeze()


def chunks(x, n, tau):
    parts = np.array_split(np.sort(x.numpy() / tau), n + 1)
    return [float(below[-1] + above[0]) / 2 for below, above in zip(parts, parts[1:])]
