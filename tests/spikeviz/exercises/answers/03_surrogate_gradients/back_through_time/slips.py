"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def _right(spikes, slopes, tau):
    gradient, path = slopes[-1], [slopes[-1] / tau]
    for spike in reversed(spikes[:-1]):
        gradient = gradient * (1 - 1 / tau) * (1 - spike)
        path.append(gradient / tau)
    return torch.stack(path[::-1])


def zeros(spikes, slopes, tau):
    """hint: all of yours are 0"""
    return torch.zeros_like(spikes)


def a_minus(spikes, slopes, tau):
    """hint: Only the entrance and the slope"""
    return -_right(spikes, slopes, tau)


def twice(spikes, slopes, tau):
    """hint: Only the entrance and the slope"""
    return 2 * _right(spikes, slopes, tau)


def the_first_slope(spikes, slopes, tau):
    """hint: Only the entrance and the slope"""
    return _right(spikes, slopes, tau) * slopes[0] / slopes[-1]


def leaks_twice(spikes, slopes, tau):
    """hint: What should a silent step leave of it"""
    leak = 1 - 1 / tau
    back = torch.arange(len(spikes) - 1, -1, -1)
    return _right(spikes, slopes, tau) * leak**back


def leaks_by_the_exact_solution(spikes, slopes, tau):
    """hint: What should a silent step leave of it"""
    back = torch.arange(len(spikes) - 1, -1, -1)
    return _right(spikes, slopes, tau) / (1 - 1 / tau) ** back * torch.exp(-back / tau)


def halved_by_a_spike(spikes, slopes, tau):
    """hint: Without a spike your gradients are right"""
    gradient, path = slopes[-1], [slopes[-1] / tau]
    for spike in reversed(spikes[:-1]):
        gradient = gradient * (1 - 1 / tau) * (1 - spike / 2)
        path.append(gradient / tau)
    return torch.stack(path[::-1])


def turned_by_a_spike(spikes, slopes, tau):
    """hint: Without a spike your gradients are right"""
    gradient, path = slopes[-1], [slopes[-1] / tau]
    for spike in reversed(spikes[:-1]):
        gradient = gradient * (1 - 1 / tau) * (1 - 2 * spike)
        path.append(gradient / tau)
    return torch.stack(path[::-1])


def three_steps_only(spikes, slopes, tau):
    """hint: multiplied by 0.75, 0.75, 0. What"""
    found = _right(spikes, slopes, tau)
    return torch.where(torch.arange(len(found)) < len(found) - 3, 0.0, found)


def one_step_too_many(spikes, slopes, tau):
    """hint: For 3 steps you return shape [4]"""
    return torch.cat([torch.zeros(1), _right(spikes, slopes, tau)])


def no_number(spikes, slopes, tau):
    """hint: no finite number"""
    return slopes * float("nan")


def rounded(spikes, slopes, tau):
    return (100 * _right(spikes, slopes, tau)).round() / 100


def text(spikes, slopes, tau):
    """hint: returns a str"""
    return "gradients"


def wrong_call_inside(spikes, slopes, tau):
    """hint: Call it yourself in a new cell"""
    return torch.stack(spikes, dim="time")
