"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def _right(times, xs, ys, on, duration, steps):
    frames = torch.zeros(steps, 2, 32, 32)
    where = (times * steps // duration, (~on).long(), ys, xs)
    return frames.index_put_(where, torch.ones(len(times)), accumulate=True)


def mirrored(*stream):
    return _right(*stream).flip(3)


def upside_down(*stream):
    return _right(*stream).flip(2)


def shifted(*stream):
    return _right(*stream).roll(1, 3)


def plus_one(*stream):
    """hint: step 1, ON, row 0"""
    return _right(*stream) + 1


def rates(*stream):
    frames = _right(*stream)
    return frames / frames.sum()


def nothing(*stream):
    """hint: There your answer holds 0"""
    return torch.zeros_like(_right(*stream))


def no_numbers(*stream):
    """hint: There your answer holds nan"""
    return _right(*stream) * float("nan")


def without_the_first(times, xs, ys, on, duration, steps):
    return _right(times[1:], xs[1:], ys[1:], on[1:], duration, steps)


def only_on(times, xs, ys, on, duration, steps):
    return _right(times[on], xs[on], ys[on], on[on], duration, steps)


def needs_an_event(times, xs, ys, on, duration, steps):
    """hint: without a single event"""
    return _right(times - times[0] + times[0], xs, ys, on, duration, steps)


def flat(*stream):
    """hint: It should be `[steps, 2, 32, 32]`"""
    return _right(*stream).flatten()


def a_list(*stream):
    """hint: returns a list"""
    return list(_right(*stream))
