"""Two numbers that a hint compares: those that differ never print alike."""

import functools
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from material import FOLDERS, build, label, read

from spikeviz import exercises
from spikeviz.exercises.answer import tell_apart

FLOATS = st.floats(allow_subnormal=True)
NEAR = st.builds(lambda x, steps: x + steps * math.ulp(x), st.floats(-1e9, 1e9), st.integers(0, 9))
NUMBERS = st.one_of(FLOATS, NEAR, st.integers(), st.floats(width=16))
KINDS = (
    lambda x: x,
    np.float64,
    lambda x: np.array([x], float),
    lambda x: torch.tensor(float(x)),
    lambda x: torch.tensor([float(x)], dtype=torch.float64),
)


def value(number):
    return number.item() if hasattr(number, "item") else number


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(KINDS)), min_size=2, max_size=3))
def test_different_numbers_print_differently_and_equal_ones_alike(drawn):
    numbers = [kind(number) for number, kind in drawn]
    told = tell_apart(*numbers)
    for one, text in zip(numbers, told, strict=True):
        for other, beside in zip(numbers, told, strict=True):
            nan = value(one) != value(one) and value(other) != value(other)
            assert (text == beside) == (nan or value(one) == value(other)), told


@given(NUMBERS, st.sampled_from(KINDS))
def test_equal_numbers_are_short(number, kind):
    for text in tell_apart(kind(number), kind(number)):
        assert len(text) <= len("-1.234e+308") or isinstance(value(kind(number)), int)


def test_no_more_digits_than_needed():
    assert tell_apart(0.5, 0.25) == ["0.5", "0.25"]
    assert tell_apart(0.25, 0.250004) == ["0.25", "0.250004"]
    assert tell_apart(1 / 3, 0.3334, digits=3) == ["0.3333", "0.3334"]
    assert tell_apart(2**53, 2**53 + 1) == ["9007199254740992", "9007199254740993"]
    assert tell_apart(-0.0, 0) == ["0", "0"]


# How the checks show two numbers that a student shall compare.
PAIRS = re.compile(
    r"fed with (\S+), and A·S is (\S+?)\."
    r"|answer holds (\S+), and the stream has (\S+) such"
    r"|keeps (\S+) bits; asked for are (\S+?)\."
    r"|from a difference of (\S+) on, and 2 SE is (\S+?)\."
    r"|the spike is (\S+); yours is (\S+?)\.\n"
    r"|sigmoid\(w\) is (\S+), and 1/τ is (\S+?)\. "
    r"|that of w is (\S+) in a case where it should be (\S+?)[,.] "
    r"|is (\S+) and yours is (\S+), with before"
    r"|yours is (\S+), expected: (\S+?)\)"
    r"|your slope is (\S+) and at u = \S+ it is (\S+?)\. "
)


def by_a_little(value, share):
    """The same but for a small share of each number, so that it is just wrong."""
    if isinstance(value, tuple):
        return tuple(by_a_little(part, share) for part in value)
    return value * (1 + share) if isinstance(value, float | torch.Tensor) else value


def nearly(answer, share):
    """The answer, all whose results are off by a small share."""

    def off(function):
        return functools.wraps(function)(lambda *a, **k: by_a_little(function(*a, **k), share))

    if not isinstance(answer, type):
        return off(answer)
    name = "forward" if issubclass(answer, torch.nn.Module) else "backward"
    changed = off(getattr(answer, name))
    return type(
        answer.__name__, (answer,), {name: changed if name == "forward" else staticmethod(changed)}
    )


@pytest.mark.parametrize("share", [2e-4, -3e-4, 0.3])
@pytest.mark.parametrize("folder", FOLDERS, ids=label)
def test_an_answer_that_is_just_wrong_sees_two_different_numbers(folder, share):
    answer = nearly(build(read(folder / "solution.py")), share)
    message = getattr(exercises, f"check_{folder.name}")(answer).message
    for found in PAIRS.finditer(message):
        yours, expected = (part for part in found.groups() if part)
        assert yours != expected, message
