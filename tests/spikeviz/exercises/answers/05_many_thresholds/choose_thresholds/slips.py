"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def mean_and_spread(x, n, tau):
    """hint: not evenly spread"""
    h = x / tau
    return h.mean() * torch.linspace(0.9, 1.1, n)


def logarithmic(x, n, tau):
    h = x / tau
    return torch.logspace(h.min().log10(), h.max().log10(), n + 2)[1:-1]


def equal_shares_of_the_sum(x, n, tau):
    h = (x / tau).sort().values
    part = h.cumsum(0) / h.sum()
    return torch.stack([h[part >= i / (n + 1)][0] for i in range(1, n + 1)])


def in_place(x, n, tau):
    """hint: changes the inputs that it was given"""
    x /= tau
    return torch.quantile(x, torch.arange(1, n + 1) / (n + 1))


def a_row(x, n, tau):
    """hint: one after the other"""
    return torch.quantile(x / tau, torch.arange(1, n + 1) / (n + 1))[None]


def one_too_many_shares(x, n, tau):
    return torch.quantile(x / tau, torch.arange(1, n + 1) / (n + 4))


def shares_of_n(x, n, tau):
    """hint: the very edge"""
    return torch.quantile(x / tau, torch.arange(1, n + 1) / n)


def doubles_with_floats(x, n, tau):
    """hint: Try it in a new cell"""
    return torch.quantile(x / tau, torch.arange(1, n + 1, dtype=torch.float64) / (n + 1))


def no_numbers(x, n, tau):
    """hint: not a finite number"""
    return [float("nan")] * n


def at_random(x, n, tau):
    """hint: The same call gives other thresholds"""
    return x[torch.randperm(len(x))[:n]].sort().values / tau


def tau_minus_one(x, n, tau):
    return torch.quantile(x / (tau + 1), torch.arange(1, n + 1) / (n + 1))


def root_of_tau(x, n, tau):
    return torch.quantile(x / tau**0.5, torch.arange(1, n + 1) / (n + 1))


def two_lists(x, n, tau):
    """hint: not a list of numbers"""
    found = torch.quantile(x / tau, torch.arange(1, n + 1) / (n + 1)).tolist()
    return {"thresholds": found}


def text(x, n, tau):
    """hint: not a list of numbers"""
    return "thresholds"


def from_the_edge_up_evenly(x, n, tau):
    """hint: the very edge"""
    h = x / tau
    return h.min() + torch.arange(n) * h.median() / 2
