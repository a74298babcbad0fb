"""Right answers in other styles; each public function is one."""

import math

import numpy as np
import torch


def decay_and_gain(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = (1 - 1 / tau) * v + x / tau
    spike = 1 if h >= v_threshold else 0
    return spike, h, v_reset if spike else h


def booleans(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v - v / tau + x / tau
    return h >= v_threshold, h, v_reset if h >= v_threshold else h


def numpy_numbers(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = np.float32(v) + (np.float32(x) - np.float32(v)) / np.float32(tau)
    spike = np.heaviside(h - v_threshold, 1)
    return spike, h, np.where(spike, v_reset, h)


def tensors(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = torch.lerp(v, x, 1 / tau)
    spike = h.ge(v_threshold).to(h.dtype)
    return spike, h, torch.where(spike == 1, torch.full_like(h, v_reset), h)


def in_place(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v.clone()
    h += (x - v) / tau
    v_next = h.clone()
    v_next[h >= v_threshold] = v_reset
    return (h >= v_threshold).float(), h, v_next


def a_list(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = math.fsum([v, x / tau, -v / tau])
    return [math.floor(h >= v_threshold), h, [h, v_reset][h >= v_threshold]]


def one_tensor(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    return torch.tensor([spike, h, spike * v_reset + (1 - spike) * h], dtype=torch.float64)


def one_array(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    return np.array([h >= v_threshold, h, v_reset if h >= v_threshold else h])


def other_order_of_options(x, v, v_reset=0.0, v_threshold=1.0, tau=2.0):
    h = ((tau - 1) * v + x) / tau
    if h < v_threshold:
        return 0.0, h, h
    return 1.0, h, v_reset


named = lambda x, v, tau=2.0, v_threshold=1.0, v_reset=0.0: (  # noqa: E731
    lambda h: (int(h >= v_threshold), h, h if h < v_threshold else v_reset)
)(v + (x - v) / tau)


def single_precision(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    x, v = np.float32(x), np.float32(v)
    h = v + (x - v) / np.float32(tau)
    spike = np.float32(h >= v_threshold)
    return spike, h, np.where(spike, np.float32(v_reset), h)


def numpy_methods(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = (h >= v_threshold).astype(float)
    return spike, h, h + spike * (v_reset - h)


def a_generator(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = x / tau + v - v / tau
    steps = iter([(0, h, h), (1, h, v_reset)])
    return tuple(next(step for step in steps if step[0] or h < v_threshold))


def heaviside(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = (v * (tau - 1) + x) / tau
    spike = np.heaviside(h - v_threshold, 1.0)
    return [spike, h, h if not spike else v_reset]
