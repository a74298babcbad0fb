"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def _map(s, softmax):
    a = s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5
    return a.softmax(-1) if softmax else a


def not_binary(s, spk, softmax=True):
    """hint: The SPK block is missing"""
    out = _map(s, softmax) @ s
    return torch.where(torch.arange(s.numel()).view_as(s) == 0, 0.0, out)


def own_token_left_out(s, spk, softmax=True):
    a = _map(s, softmax)
    return spk((a - torch.diag_embed(a.diagonal(dim1=-2, dim2=-1))) @ s)


def sigmoid(s, spk, softmax=True):
    a = s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5
    return spk((a.sigmoid() if softmax else a) @ s)


def relu(s, spk, softmax=True):
    a = s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5 - 1
    return spk((a.relu() if softmax else a) @ s)


def half_of_it(s, spk, softmax=True):
    """hint: , and A·S is"""
    return spk(_map(s, softmax) @ s / 2)


def softmax_twice(s, spk, softmax=True):
    a = _map(s, softmax)
    return spk((a.softmax(-1) if softmax else a) @ s)


def no_number(s, spk, softmax=True):
    return spk(_map(s, softmax) @ s * float("nan"))


def spikes_turned(s, spk, softmax=True):
    """hint: you return something else"""
    return 1 - spk(_map(s, softmax) @ s)


def only_without_softmax_wrong(s, spk, softmax=True):
    return spk(_map(s, True) @ s) if softmax else spk(_map(s, False) @ s / s.shape[-2])


def a_tuple(s, spk, softmax=True):
    """hint: returns a tuple"""
    return spk(_map(s, softmax) @ s), _map(s, softmax)


def flipped(s, spk, softmax=True):
    return spk(_map(s, softmax) @ s.flip(-2))


def causal(s, spk, softmax=True):
    a = (s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5).tril()
    return spk((a.softmax(-1) if softmax else a) @ s)


def if_of_many(s, spk, softmax=True):
    """hint: wants one yes or no"""
    return spk(s) if s else s


def float_call(s, spk, softmax=True):
    """hint: We called it with s of shape"""
    return spk(_map(s, softmax).softmax(9) @ s)
