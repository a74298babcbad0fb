"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch


def _cut(x, size):
    b, c, h, w = x.shape
    return x.view(b, c, size, h // size, size, w // size)  # [B, C, i, a, j, b]


def _right(x, size):
    return _cut(x, size).permute(0, 3, 5, 2, 4, 1).reshape(len(x), -1, size * size, x.shape[1])


def images_turned(x, size):
    """hint: of image 1"""
    return _right(x.flip(0), size)


def channels_turned(x, size):
    return _right(x, size).flip(-1)


def mirrored(x, size):
    return _right(x.flip(3), size)


def shifted(x, size):
    return _right(x.roll(1, 3), size)


def plus_one(x, size):
    """hint: channel 0 of pixel (0, 1)"""
    return _right(x, size) + 1


def halves(x, size):
    """hint: a number that is not in x"""
    return _right(x, size) + 0.5


def no_number(x, size):
    """hint: a number that is not in x"""
    return _right(x, size) * float("nan")


def mixed_tokens(x, size):
    return _cut(x, size).permute(0, 3, 2, 5, 4, 1).reshape(len(x), -1, size * size, x.shape[1])


def rows_only_in_a_grid(x, size):
    b, c, h, w = x.shape
    x = x.view(b, c, size, h // size, w // size, size)
    return x.permute(0, 3, 4, 2, 5, 1).reshape(b, -1, size * size, c)


def a_list(x, size):
    """hint: returns a list"""
    return _right(x, size).tolist()


def not_for_large_maps(x, size):
    """hint: with size 7"""
    return _right(x, size) if x.shape[2] < 10 else _right(x, size).flip(1)


def groups_left_out(x, size):
    return _right(x, size)[:, 1:]


def if_of_many(x, size):
    """hint: wants one yes or no"""
    return _right(x, size) if x else x


def other_name(x, size):
    """hint: Is every name spelled"""
    return torch.zeros(batch, 9, 4, 3)
