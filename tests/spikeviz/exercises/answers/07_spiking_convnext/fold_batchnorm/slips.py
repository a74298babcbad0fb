"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def _scale(norm):
    return norm.weight / (norm.running_var + norm.eps).sqrt()


def if_bias(weight, bias, norm):
    """hint: Perhaps it is `if bias:`"""
    old = bias if bias else 0
    scale = _scale(norm)
    return weight * scale[:, None, None, None], (old - norm.running_mean) * scale + norm.bias


def bias_or(weight, bias, norm):
    """hint: Perhaps it is `if bias:` or `bias or 0`"""
    scale = _scale(norm)
    return weight * scale[:, None, None, None], ((bias or 0) - norm.running_mean) * scale + norm.bias


def no_bias_stays_none(weight, bias, norm):
    """hint: Your new bias is None"""
    scale = _scale(norm)
    new = None if bias is None else (bias - norm.running_mean) * scale + norm.bias
    return weight * scale[:, None, None, None], new


def changes_the_norm(weight, bias, norm):
    """hint: changes the norm that it was given"""
    norm.weight.data /= (norm.running_var + norm.eps).sqrt()
    old = 0 if bias is None else bias
    return weight * norm.weight[:, None, None, None], (old - norm.running_mean) * norm.weight + norm.bias


def minus_beta(weight, bias, norm):
    scale, old = _scale(norm), 0 if bias is None else bias
    return weight * scale[:, None, None, None], (old - norm.running_mean) * scale - norm.bias


def scale_of_the_first(weight, bias, norm):
    scale, old = _scale(norm), 0 if bias is None else bias
    return weight * scale[0], (old - norm.running_mean) * scale + norm.bias


def gamma_squared(weight, bias, norm):
    scale, old = _scale(norm) * norm.weight, 0 if bias is None else bias
    return weight * scale[:, None, None, None], (old - norm.running_mean) * scale + norm.bias


def std_of_the_weight(weight, bias, norm):
    scale, old = norm.weight / weight.std((1, 2, 3)), 0 if bias is None else bias
    return weight * scale[:, None, None, None], (old - norm.running_mean) * scale + norm.bias


def mean_twice(weight, bias, norm):
    scale, old = _scale(norm), 0 if bias is None else bias
    return weight * scale[:, None, None, None], (old - 2 * norm.running_mean) * scale + norm.bias


def flipped(weight, bias, norm):
    scale, old = _scale(norm), 0 if bias is None else bias
    return weight.flip(2) * scale[:, None, None, None], (old - norm.running_mean) * scale + norm.bias


def bias_of_the_first_kind_only(weight, bias, norm):
    """hint: has the shape"""
    scale, old = _scale(norm), 0 if bias is None else bias
    return weight * scale[:, None, None, None], ((old - norm.running_mean) * scale + norm.bias)[None]


def swapped(weight, bias, norm):
    """hint: has the shape"""
    scale, old = _scale(norm), 0 if bias is None else bias
    return (old - norm.running_mean) * scale + norm.bias, weight * scale[:, None, None, None]


def needs_a_gradient(weight, bias, norm):
    """hint: Can't call numpy()"""
    return weight.numpy() * norm.weight.numpy(), bias


def no_number(weight, bias, norm):
    return weight * float("nan"), torch.zeros(len(weight))
