"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import numpy as np


def _right(c, mixer):
    return 19 * c * c + 79 * c + (816 * c if mixer else 0)


def norm_of_the_depthwise_forgotten(channels, mixer=False):
    """hint: Perhaps: One BatchNorm is missing"""
    return _right(channels, mixer) - 2 * channels


def one_more(channels, mixer=False):
    """hint: off by 1 at every width"""
    return _right(channels, mixer) + 1


def half(channels, mixer=False):
    """hint: too small, by 9.5 C²"""
    return _right(channels, mixer) / 2


def a_third_more(channels, mixer=False):
    """hint: no whole number"""
    return _right(channels, mixer) + 1 / 3


def cubed(channels, mixer=False):
    """hint: Yours does not grow like such a sum"""
    return _right(channels, mixer) + channels**3


def nine_by_nine(channels, mixer=False):
    """hint: What grows with C is too large"""
    return _right(channels, mixer) + 32 * channels


def one_width(channels, mixer=False):
    """hint: Yours does not grow like such a sum"""
    return {32: _right(32, mixer), 64: _right(64, mixer)}.get(channels, 123)


def six_times_wide(channels, mixer=False):
    """hint: What grows with C² is too large"""
    return _right(channels, mixer) + 8 * channels**2


def mixers_of_5(channels, mixer=False):
    """hint: how wide the map is at each"""
    return _right(channels, mixer) - (24 * 16 * channels if mixer else 0)


def an_array(channels, mixer=False):
    """hint: Return one number"""
    return np.array([_right(channels, mixer)])


def text(channels, mixer=False):
    """hint: Return one number"""
    return str(_right(channels, mixer))


def no_number(channels, mixer=False):
    """hint: no finite number"""
    return float("nan")


def infinite(channels, mixer=False):
    """hint: no finite number"""
    return float("inf")


def parts(channels, mixer=False):
    """hint: Return one number"""
    return {"convnext": 8 * channels**2, "rest": 11 * channels**2}


def without_mixer(channels):
    """hint: Keep the first line as it was"""
    return _right(channels, False)
