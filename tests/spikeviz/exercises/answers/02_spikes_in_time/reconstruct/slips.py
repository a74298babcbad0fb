"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def starts_at_a_half(spikes, tau):
    """hint: In a train without a spike"""
    rate, path = torch.full_like(spikes[0], 0.5), []
    for spike in spikes:
        rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)


def ones(spikes, tau):
    """hint: Your estimate is the same at every step. What"""
    return torch.ones_like(spikes)


def the_largest(spikes, tau):
    """hint: nothing leaks"""
    return spikes.cummax(0).values / tau


def rounded(spikes, tau):
    rate, path = torch.zeros_like(spikes[0]), []
    for spike in spikes:
        rate = rate + (spike - rate) / tau
        path.append((100 * rate).round() / 100)
    return torch.stack(path)


def capped(spikes, tau):
    """hint: 1/tau of the way"""
    rate, path = torch.zeros_like(spikes[0]), []
    for spike in spikes:
        rate = (rate + (spike - rate) / tau).clamp(max=0.3)
        path.append(rate)
    return torch.stack(path)


def no_number(spikes, tau):
    """hint: An estimate is no finite number"""
    return spikes * float("nan")


def a_number_only(spikes, tau):
    """hint: one value for the whole train"""
    return spikes.mean()


def tau_plus_one(spikes, tau):
    rate, path = torch.zeros_like(spikes[0]), []
    for spike in spikes:
        rate = rate + (spike - rate) / (tau + 1)
        path.append(rate)
    return torch.stack(path)


def stops_leaking(spikes, tau):
    rate, path = torch.zeros_like(spikes[0]), []
    for t, spike in enumerate(spikes):
        rate = rate + (spike - rate) / tau if t < 10 else rate + spike / tau
        path.append(rate)
    return torch.stack(path)


def twice_in_a_step(spikes, tau):
    rate, path = torch.zeros_like(spikes[0]), []
    for spike in spikes:
        for _ in range(2):
            rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)


def too_short(spikes, tau):
    rate, path = torch.zeros_like(spikes[0]), []
    for spike in spikes[1:]:
        rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)


def wrong_call_inside(spikes, tau):
    """hint: Call it yourself in a new cell"""
    return torch.stack(spikes, dim="time")


def text(spikes, tau):
    return "rates"
