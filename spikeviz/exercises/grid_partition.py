"""Check of the exercise "cut a map into the groups of a grid".

The student's function gets numbered maps, so that each number in its answer tells the pixel it
came from. Where they do not lie as in `spikeatconv.grid_partition`, the answer is compared with
what the typical mistakes give, and the hint speaks to the one that fits.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from spikeatconv import full_partition, window_partition
from spikeatconv import grid_partition as right
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

SQUARE = ((2, 3, 6, 6), 2)  # shape of the map, size of the grid
OTHERS = (((1, 1, 6, 6), 3), ((3, 2, 8, 8), 4), ((1, 4, 14, 14), 7))
OBLONG = (((2, 3, 4, 6), 2), ((1, 2, 12, 8), 4))


def check_grid_partition(grid_partition: Callable) -> Feedback:
    """Check a student's `grid_partition(x, size)`: `[B, C, H, W]` → `[B, groups, size·size, C]`.

    Right is token i·G + j of group a·(W/G) + b at pixel (i·H/G + a, j·W/G + b), also for maps
    that are not square. Never raises: the student's errors come back as feedback.
    """
    return judge(
        grid_partition,
        compare,
        "Every pixel is where it belongs: group by group, row by row, with all its channels, on "
        "square and oblong maps, for each size that we tried.",
        "there is still a `...` in `grid_partition`, or no `return`. Start as `window_partition` "
        "does: cut H and W into two axes each.",
        "Call it yourself in a new cell, on `torch.zeros(2, 3, 6, 6)`, to see where.",
        named="Is every name spelled as in the lines above it?",
        errors={
            "view size is not compatible": "After `permute` the numbers no longer lie in the order "
            "of the axes, so `view` refuses. `reshape` copies them where it has to.",
            "invalid for input of size|cannot reshape array": "The sizes of the new axes must "
            "multiply to the number of values in x. H is split into two axes, and so is W: which "
            "two numbers multiply to H?",
        },
    )


def compare(function: Callable) -> None:
    x, size = numbered(*SQUARE[0]), SQUARE[1]
    try:
        given = expect(function(x.clone(), size))
    except RuntimeError:
        if is_right(function, *OTHERS[-1]):
            stop(hard_coded(*SQUARE))
        raise
    if not isinstance(given, Tensor | np.ndarray):
        stop(f"Your function returns a {type(given).__name__}; one tensor is needed.")
    given, x = torch.as_tensor(given).double(), x.double()
    expected = right(x, size)
    if given.shape != expected.shape:
        stop(
            f"A map of shape `{list(x.shape)}` with size {size} has 9 groups of 4 tokens. Your "
            f"answer has the shape `{list(given.shape)}`.\n{of_shape(given, expected, x)}"
        )
    place = find_wrong(given, expected, 0.0)
    if place:
        stop(of_values(given, expected, x, place))
    stop_at((not is_right(function, *case), hard_coded(*case)) for case in OTHERS)
    if not all(is_right(function, *case) for case in OBLONG):
        stop(
            "Square maps come out right. A map of 4×6 or 12×8 pixels does not: height and width "
            "are two different numbers. Perhaps an `h` stands where a `w` belongs, or the other "
            "way round."
        )


def hard_coded(shape: tuple[int, ...], size: int) -> str:
    return (
        f"It works for one size and not for another: not for a map of shape `{list(shape)}` with "
        f"size {size}. Perhaps a number is written into your function. Use `size` and the shape of "
        "x."
    )


def numbered(n: int, c: int, h: int, w: int) -> Tensor:
    """A map whose every value differs from all others."""
    return torch.arange(n * c * h * w, dtype=torch.float32).view(n, c, h, w)


def is_right(function: Callable, shape: tuple[int, int, int, int], size: int) -> bool:
    x = numbered(*shape)
    try:
        given = torch.as_tensor(function(x.clone(), size)).double()
    except (RuntimeError, TypeError, ValueError, IndexError):
        return False
    return torch.equal(given, right(x, size).double())


# --- from the answer to a hint


def of_shape(given: Tensor, expected: Tensor, x: Tensor) -> str | None:
    (n, groups, tokens, c), shape = expected.shape, tuple(given.shape)
    turned = shape == (n, tokens, groups, c)
    return find_hint([
        (turned and torch.equal(given.transpose(1, 2), expected),
         "The pixels are right, but groups and tokens changed places: groups come first."),
        (turned and torch.equal(given, right(x, x.shape[2] // SQUARE[1])),
         "You took `size` for the distance between two tokens. It is the number of tokens "
         "on a side of a group; the distance is H/G."),
        (turned,
         f"You have {tokens} groups of {groups} tokens, the two numbers have changed places, and "
         "the pixels are not those of the grid either."),
        (shape in ((n, c, groups, tokens), (n, groups, c, tokens)),
         f"Your last axis has length {shape[-1]}, and a token is a row of C numbers: the channels "
         "come last."),
        (shape == (n * groups, tokens, c),
         "Perhaps images and groups share an axis. Keep B as the first axis of four."),
        (shape == (n, groups * tokens, c),
         "Perhaps all tokens stand in one row. Keep groups and tokens on two axes."),
        (shape == tuple(full_partition(x).shape),
         "All pixels seem to be in one group: that is full attention."),
        (len(shape) > 4,
         f"Your answer has {len(shape)} axes: perhaps they are still split. At the end, join those "
         "of the groups and of the tokens."),
        (True, f"It should be `[B, groups, tokens, C]`, here `{[n, groups, tokens, c]}`."),
    ])  # fmt: skip


def of_values(given: Tensor, expected: Tensor, x: Tensor, at: tuple[int, ...]) -> str:
    size, (n, c, h, w) = SQUARE[1], x.shape
    split = expected.view(n, h // size, w // size, size, size, c)  # [B, a, b, i, j, C]
    value = float(given[at])
    found = f"{tell_apart(value, round(value, 0))[0]}, a number that is not in x"
    if value in range(x.numel()):
        image, channel = int(value) // (c * h * w), int(value) // (h * w) % c
        pixel = (int(value) // w % h, int(value) % w)
        found = f"channel {channel} of pixel {pixel} of image {image}"
    typical = (
        (window_partition(x, size), "Right shape, but these are windows: neighbours stay together. "
         "In a grid, the tokens of one group lie H/G pixels apart."),
        (split.transpose(3, 4), "Each group has the right pixels, but its tokens go down the "
         "columns. Token i·G + j: j, the place along the row, moves fastest."),
        (split.transpose(1, 2), "Each group is right, but the groups go down the columns. Group "
         "a·(W/G) + b: b moves fastest."),
        (right(x.transpose(2, 3), size), "Rows and columns changed places, for the groups and for "
         "the tokens: H comes before W in both."),
        (x, "The shape is right, the pixels are mixed up: `reshape` alone reads the numbers as "
         "they lie in memory. Put the axes in order first, with `permute`."),
    )  # fmt: skip
    return find_hint((torch.equal(given, v.reshape(given.shape)), hint) for v, hint in typical) or (
        f"Right shape. The first token that differs, in a 6×6 map of size 2: image {at[0]}, group "
        f"{at[1]}, token {at[2]}, channel {at[3]}. There your answer holds {found}.\n"
        "Work out a, b, i, j of that place, and where the pixel should be."
    )
