"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import math

import torch


def input_halved_whatever_tau(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + 0.5 * x
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def grows_twofold(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    """hint: perhaps the leak has the wrong sign"""
    h = 2 * v + x / tau
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def exponential(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = x + (v - x) * math.exp(-1 / tau)
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def no_number(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    """hint: a value that is no number"""
    return 0.0, float("nan"), 0.0


def whole_numbers(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) // tau
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def reset_added_always(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + v_reset


def never_below_zero(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = max(0.0, v + (x - v) / tau)
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def rounded(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = round(v + (x - v) / tau, 1)
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def size_only(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    """hint: With H = 0.75 and a threshold of 1 your neuron fires"""
    h = v + (x - v) / tau
    spike = float(abs(h) >= abs(v_threshold - 0.25))
    return spike, h, (1 - spike) * h + spike * v_reset


def threshold_plus_reset(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold + v_reset)
    return spike, h, (1 - spike) * h + spike * v_reset


def leak_to_the_reset(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - (v - v_reset)) / tau
    spike = float(h >= v_threshold)
    return spike, h, (1 - spike) * h + spike * v_reset


def other_error(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    """hint: Call it yourself in a new cell"""
    return torch.stack([x, v], 5)


def if_of_many(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    """hint: wants one yes or no"""
    h = torch.tensor([0.0, 1.0]) + x
    return (1.0, h, v) if h >= v_threshold else (0.0, h, v)
