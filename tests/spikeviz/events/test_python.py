"""EventExplorer as Python sees it: its traits, its numbers by hand, its digits."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from spikeatconv import events, mnist5k
from spikeviz.events.explorer import DIGITS, DIRECTIONS, STEPS, colour_events


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("direction", "north", "direction is 'north', a str; give one of"),
        ("time_steps", 3, r"time_steps is 3, a int; give one of \[1, 2, 4, 8\]"),
        ("digit", 10, "digit is 10; give a value from 0 to 9"),
        ("contrast", 0.0, "contrast is 0.0; give a value from 0.1 to 2.5"),
        ("hidden", 1, "hidden is 1, a int; give True or False"),
    ],
)
def test_what_no_setting_takes_is_refused(explorer, refused, name, value, words):
    refused(explorer, name, value, words)


def test_its_words_are_those_of_the_library():
    assert tuple(events.DIRECTIONS) == DIRECTIONS
    assert all(events.MOVES % steps == 0 for steps in STEPS)


def test_the_digits_are_the_first_of_the_shipped_ones():
    images, labels = mnist5k("test")
    for digit, hexed in enumerate(DIGITS):
        first = images[int((labels == digit).nonzero()[0]), 0]
        found = np.frombuffer(bytes.fromhex(hexed), np.uint8).reshape(28, 28)
        assert_array_equal(found, (first * 255).round().numpy())


def test_the_frames_are_a_sum_of_events_whatever_their_number(made):
    traces = [made(digit=7, direction="up", time_steps=steps).trace() for steps in STEPS]
    for run in traces:
        assert_array_equal(run.frames.sum(0), traces[0].frames[0])
        assert run.rate * run.frames.size == pytest.approx(run.frames.sum())


@pytest.mark.parametrize("steps", STEPS)
def test_its_partner_has_the_same_frames_in_reverse(made, steps):
    bright = made(digit=4, direction="left", time_steps=steps)
    dark = made(digit=4, direction="right", dark=True, time_steps=steps)
    assert_array_equal(bright.trace().frames, dark.trace().frames[::-1])


def test_events_have_their_colour():
    on, off = np.array([[0, 2, 0, 1]]), np.array([[0, 0, 2, 0]])
    blue, orange = [0, 114 / 255, 178 / 255], [213 / 255, 94 / 255, 0]
    half = [0.5, 1 - 0.5 * (1 - 114 / 255), 1 - 0.5 * (1 - 178 / 255)]
    expected = [[[1, 1, 1], blue, orange, half]]
    colour, ink = np.split(colour_events(on, off, 2), [3], -1)
    np.testing.assert_allclose(1 - ink + ink * colour, expected)  # on white
    assert ink.flatten().tolist() == [0, 1, 1, 0.5]  # any other ground shows through


def test_the_figure_has_a_picture_for_each_frame(made):
    titles = [axis.get_title() for axis in made(time_steps=8).to_matplotlib().axes]
    assert titles == [f"frame {n}" for n in range(1, 9)]
