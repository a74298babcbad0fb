"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import numpy as np


def _right(c, mbpl):
    return 19 * c * c + 79 * c + (816 * c if mbpl else 0)


def norm_of_the_depthwise_forgotten(channels, mbpl=False):
    """hint: Perhaps: One BatchNorm is missing"""
    return _right(channels, mbpl) - 2 * channels


def one_more(channels, mbpl=False):
    """hint: off by 1 at every width"""
    return _right(channels, mbpl) + 1


def half(channels, mbpl=False):
    """hint: Yours does not grow like such a sum"""
    return _right(channels, mbpl) / 2


def a_third_more(channels, mbpl=False):
    """hint: no whole number"""
    return _right(channels, mbpl) + 1 / 3


def cubed(channels, mbpl=False):
    """hint: Yours does not grow like such a sum"""
    return _right(channels, mbpl) + channels**3


def nine_by_nine(channels, mbpl=False):
    """hint: What grows with C is too large"""
    return _right(channels, mbpl) + 32 * channels


def one_width(channels, mbpl=False):
    """hint: Yours does not grow like such a sum"""
    return {32: _right(32, mbpl), 64: _right(64, mbpl)}.get(channels, 123)


def six_times_wide(channels, mbpl=False):
    """hint: What grows with C² is too large"""
    return _right(channels, mbpl) + 8 * channels**2


def mixers_of_5(channels, mbpl=False):
    """hint: how wide the map is at each"""
    return _right(channels, mbpl) - (24 * 16 * channels if mbpl else 0)


def an_array(channels, mbpl=False):
    """hint: Return one number"""
    return np.array([_right(channels, mbpl)])


def text(channels, mbpl=False):
    """hint: Return one number"""
    return str(_right(channels, mbpl))


def no_number(channels, mbpl=False):
    """hint: no finite number"""
    return float("nan")


def infinite(channels, mbpl=False):
    """hint: no finite number"""
    return float("inf")


def parts(channels, mbpl=False):
    """hint: Return one number"""
    return {"convnext": 8 * channels**2, "rest": 11 * channels**2}


def without_mbpl(channels):
    """hint: Keep the first line as it was"""
    return _right(channels, False)
