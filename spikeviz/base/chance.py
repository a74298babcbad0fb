"""Chance that JavaScript can repeat: mulberry32, as `mulberry` of neuron.js."""

from collections.abc import Callable


def mulberry(seed: int) -> Callable[[], float]:
    """A function that gives the next of the uniform numbers in [0, 1) of a seed."""
    state = seed

    def uniform() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) % 2**32
        a = (state ^ state >> 15) * (state | 1) % 2**32
        a ^= (a + (a ^ a >> 7) * (a | 61)) % 2**32
        return (a ^ a >> 14) / 2**32

    return uniform
