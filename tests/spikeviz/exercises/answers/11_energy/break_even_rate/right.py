"""Right answers in other styles; each public function is one."""

import math
from fractions import Fraction

import numpy as np
import torch


def with_if(flops, time_steps, e_mac=4.6, e_a=0.9):
    rate = e_mac / e_a / time_steps
    if rate > 1:
        return 1
    return rate


def with_flops(flops, time_steps, e_mac=4.6, e_a=0.9):
    twin = flops * e_mac
    return min(twin / (flops * time_steps * e_a), 1)


def by_numpy(flops, time_steps, e_mac=4.6, e_a=0.9):
    return np.clip(e_mac / (e_a * time_steps), 0, 1)


def by_torch(flops, time_steps, e_mac=4.6, e_a=0.9):
    return (torch.tensor(e_mac) / (e_a * time_steps)).clamp(max=1)


def single_precision(flops, time_steps, e_mac=4.6, e_a=0.9):
    return np.minimum(np.float32(1), np.float32(e_mac) / np.float32(e_a * time_steps))


def by_fractions(flops, time_steps, e_mac=4.6, e_a=0.9):
    return min(Fraction(1), Fraction(e_mac) / (Fraction(e_a) * time_steps))


def by_halving(flops, time_steps, e_mac=4.6, e_a=0.9):
    low, high = 0.0, 1.0
    if flops * e_mac >= flops * time_steps * e_a:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        if flops * time_steps * middle * e_a <= flops * e_mac:
            low = middle
        else:
            high = middle
    return low


def by_logarithm(flops, time_steps, e_mac=4.6, e_a=0.9):
    return math.exp(min(0.0, math.log(e_mac) - math.log(e_a) - math.log(time_steps)))


def sorted_first(flops, time_steps, e_mac=4.6, e_a=0.9):
    return sorted([e_mac / (e_a * time_steps), 1.0])[0]


def other_names(f, t, e_a=0.9, e_mac=4.6):
    return 1 / max(1, t * e_a / e_mac)


def clamped(flops, time_steps, e_mac=4.6, e_a=0.9):
    return torch.tensor(e_mac / e_a / time_steps, dtype=torch.float64).clamp(0, 1)


def an_equation(flops, time_steps, e_mac=4.6, e_a=0.9):
    twin, per_rate = flops * e_mac, flops * e_a * time_steps
    return np.minimum(np.divide(twin, per_rate), np.float64(1))
