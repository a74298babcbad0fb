"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def squared(weight, bias, before, after):
    """hint: the old weight is"""
    return weight * (before / after) ** 2, bias / after


def rooted(weight, bias, before, after):
    """hint: the old weight is"""
    return weight * (before / after) ** 0.5, bias / after


def sum_of_scales(weight, bias, before, after):
    """hint: the old weight is"""
    return weight / (before + after), bias / (before + after)


def whole_numbers(weight, bias, before, after):
    """hint: the old weight is"""
    return (weight * before / after).round(), bias / after


def cut(weight, bias, before, after):
    """hint: the old weight is"""
    return (weight * before / after).clamp(max=1), bias / after


def bias_shifted(weight, bias, before, after):
    """hint: the old bias is"""
    return weight * before / after, bias - after


def bias_of_both(weight, bias, before, after):
    """hint: the old bias is"""
    return weight * before / after, bias / (before * after)


def bias_negative(weight, bias, before, after):
    """hint: the old bias is"""
    return weight * before / after, -bias / after


def no_number(weight, bias, before, after):
    """hint: the old weight is"""
    return weight * torch.nan, bias / after


def flat(weight, bias, before, after):
    """hint: It has to keep the old one's"""
    return (weight * before / after).flatten(), bias / after


def numbers(weight, bias, before, after):
    """hint: a tensor is needed"""
    return before / after, 1 / after


def other_error(weight, bias, before, after):
    """hint: in a new cell"""
    return torch.stack([weight, bias], 9)
