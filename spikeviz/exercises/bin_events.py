"""Check of the exercise "count a stream of events in frames".

The student's function gets a short stream that was made so that each typical mistake gives other
frames than the right ones: events that fall on the same pixel and frame, more of them early than
late, none at the very end. The hint speaks to the mistake whose frames the answer has.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    stop_at,
    tell_apart,
)
from spikeviz.exercises.tensors import find_wrong

SIDE = 32


class Stream(NamedTuple):
    """The function's arguments: `[N]` whole numbers, `on` bool."""

    times: Tensor
    xs: Tensor
    ys: Tensor
    on: Tensor
    duration: int
    steps: int


def make(seed: int, duration: int, steps: int, events: int = 400) -> Stream:
    """A stream of which much falls together, in a corner and early."""
    generator = torch.Generator().manual_seed(seed)
    times = torch.rand(events, generator=generator).square() * 0.97 * duration
    places = torch.rand(2, events, generator=generator).square()
    xs, ys = (places * torch.tensor([[SIDE], [SIDE // 2]])).long()
    on = torch.rand(events, generator=generator) < 0.6
    return Stream(times.long().sort().values, xs, ys, on, duration, steps)


FIRST = make(0, 100_000, 4)  # microseconds
OTHER = make(1, 60_000, 6)
UNEVEN = make(2, 100, 3)  # frames of 33⅓ µs
NOTHING = make(3, 100_000, 4, events=0)


def check_bin_events(bin_events: Callable) -> Feedback:
    """Check a student's `bin_events(times, xs, ys, on, duration, steps)` → `[steps, 2, 32, 32]`.

    Right is the number of ON (channel 0) and OFF events of each pixel, row ys and column xs, with
    k · duration / steps ≤ time < (k + 1) · duration / steps in frame k. Never raises: the student's
    errors come back as feedback.
    """
    return judge(
        bin_events,
        compare,
        "Every event is counted once, in its frame, its channel and its pixel: also where several "
        "fall together, where a frame's time is no whole number, and where there is no event.",
        "there is still a `...` in `bin_events`, or no `return`. Begin with the frames, all 0, and "
        "with the frame of each event: a share of `duration`, times `steps`, rounded down.",
        "Call it yourself in a new cell, on a stream of two events, to see where.",
        errors={
            "out of bounds|out of range": "An index is too large. The last frame has the number "
            "`steps - 1`, and every time is smaller than `duration`: perhaps something is rounded "
            "up that has to be rounded down.",
            "used as indices|must be .*integer|arrays used as indices": "Places in a tensor are "
            "whole numbers: use `//` where you divide, or `.long()` at the end.",
        },
    )


def compare(function: Callable) -> None:
    given = expect(call(function, FIRST))
    if not isinstance(given, Tensor | np.ndarray):
        stop(f"Your function returns a {type(given).__name__}; one tensor is needed.")
    given, expected = torch.as_tensor(given).double(), right(FIRST)
    if given.shape != expected.shape:
        stop(
            f"A stream with {FIRST.steps} steps gives frames of shape "
            f"`{list(expected.shape)}`. Yours have the shape `{list(given.shape)}`.\n"
            f"{of_shape(given, expected)}"
        )
    if place := find_wrong(given, expected, 0.0):
        stop(of_values(given, expected, place))
    stop_at([
        (not is_right(function, OTHER),
         "It works for one stream and not for another, of 60,000 µs in 6 frames. Perhaps a number "
         "is written into your function: use `duration` and `steps`."),
        (not is_right(function, UNEVEN),
         "It works where `steps` divides `duration`, and not for 100 µs in 3 frames: there a frame "
         "lasts no whole number. Multiply first, then divide."),
        (not is_right(function, NOTHING),
         "A stream without a single event is not taken. It has frames too, all 0."),
    ])  # fmt: skip


def call(function: Callable, stream: Stream) -> object:
    """Its answer to a copy of the stream."""
    return function(*(x.clone() for x in stream[:4]), stream.duration, stream.steps)


def is_right(function: Callable, stream: Stream) -> bool:
    try:
        given = torch.as_tensor(call(function, stream)).double()
    except (RuntimeError, TypeError, ValueError, IndexError, ZeroDivisionError):
        return False
    return torch.equal(given, right(stream))


def count(stream: Stream, step: Tensor) -> Tensor:
    """Frames of a stream whose events belong to these steps, one by one."""
    frames = torch.zeros(stream.steps, 2, SIDE, SIDE, dtype=torch.float64)
    for k, x, y, on in zip(step, stream.xs, stream.ys, stream.on, strict=True):
        frames[k, 0 if on else 1, y, x] += 1
    return frames


def right(stream: Stream) -> Tensor:
    return count(stream, stream.times * stream.steps // stream.duration)


# --- from the answer to a hint


def of_shape(given: Tensor, expected: Tensor) -> str | None:
    steps, shape = len(expected), tuple(given.shape)
    return find_hint([
        (shape == (2, steps, SIDE, SIDE),
         "Time comes first, then the channel: swap the first two axes."),
        (shape in ((steps, SIDE, SIDE), (steps, 1, SIDE, SIDE)),
         "ON and OFF seem to share a channel. Give each its own: the network cannot tell them "
         "apart afterwards."),
        (shape == (steps, SIDE, SIDE, 2),
         "The channels seem to be last. A convolution wants them before rows and columns."),
        (shape == tuple(expected.shape[1:]),
         "All steps seem to lie in one frame. Keep `steps` as the first axis."),
        (True, "It should be `[steps, 2, 32, 32]`."),
    ])  # fmt: skip


def of_values(given: Tensor, expected: Tensor, at: tuple[int, ...]) -> str:
    n, last = len(FIRST.times), FIRST.times.max()
    typical = (
        ((expected > 0).double(), "Where two events fall on the same pixel in the same frame, only "
         "one is counted: `frames[…] += 1` writes each place once, however often it is named. "
         "`index_put_` with `accumulate=True` adds them all; a loop would too."),
        (expected.transpose(2, 3), "Rows and columns changed places: the row is `ys`, and rows "
         "come before columns."),
        (expected.flip(1), "ON and OFF changed places: channel 0 is ON."),
        (expected.cumsum(0), "Each frame holds all events up to its end. Count only those that are "
         "new in it."),
        (count(FIRST, torch.arange(n) * FIRST.steps // n), "All frames have equally many events. "
         "They should last equally long: early on, this stream has more events than later."),
        (count(FIRST, FIRST.times * FIRST.steps // (last + 1)), "The frames seem to end with the "
         "last event. They share `duration`; after the last event the camera still looked."),
        (expected.flip(0), "The frames are in reverse order."),
        (expected[:, :1] - expected[:, 1:], "OFF seems to count as −1 in both channels."),
    )  # fmt: skip
    fitting = ((torch.equal(given, v.expand_as(given)), hint) for v, hint in typical)
    step, channel, row, column = at
    yours, counted = tell_apart(given[at], expected[at])
    return find_hint(fitting) or (
        f"Right shape. The first pixel that differs: step {step + 1}, {('ON', 'OFF')[channel]}, "
        f"row {row}, column {column}. There your answer holds {yours}, and the "
        f"stream has {counted} such events."
    )
