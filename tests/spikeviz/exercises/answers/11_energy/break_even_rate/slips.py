"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import numpy as np


def whole_division(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: `//` drops what stands behind the point"""
    return min(1.0, e_mac // (e_a * time_steps))


def rounded(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: you round it to a whole number"""
    return round(min(1.0, e_mac / (e_a * time_steps)))


def cap_below_1(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: the answer is 1; yours there: 0.99"""
    return min(0.99, e_mac / (e_a * time_steps))


def zero_where_all_is_cheap(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: the answer is 1; yours there: 0."""
    rate = e_mac / (e_a * time_steps)
    return rate if rate < 1 else 0.0


def two_places(flops, time_steps, e_mac=4.6, e_a=0.9):
    return round(min(1.0, e_mac / (e_a * time_steps)), 2)


def mac_hard_coded(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: Perhaps a price is written"""
    return min(1.0, 4.6 / (e_a * time_steps))


def one_step_more(flops, time_steps, e_mac=4.6, e_a=0.9):
    return min(1.0, e_mac / (e_a * (time_steps + 1)))


def multiplication_counted(flops, time_steps, e_mac=4.6, e_a=0.9):
    return min(1.0, e_mac / ((e_mac + e_a) * time_steps))


def squared(flops, time_steps, e_mac=4.6, e_a=0.9):
    return min(1.0, (e_mac / (e_a * time_steps)) ** 2)


def only_t_of_8(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: It does not change with T"""
    return min(1.0, e_mac / (e_a * 8))


def negative(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: It is negative"""
    return min(1.0, 1 - e_a * time_steps / e_mac)


def no_number(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: no finite number"""
    return float("nan")


def an_array(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: Return the rate R itself, one number"""
    return np.minimum(1, e_mac / (e_a * np.arange(1, time_steps + 1)))


def text(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: Return the rate R itself"""
    return f"{min(1.0, e_mac / (e_a * time_steps)):.1%}"


def root_of_the_steps(flops, time_steps, e_mac=4.6, e_a=0.9):
    """hint: Set the two prices of a FLOP equal"""
    return min(1.0, e_mac / e_a / time_steps**0.5)
