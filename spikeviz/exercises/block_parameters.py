"""Check of the exercise "count the parameters of a SpikeAtConv block".

The student's function is asked for several widths, and compared with the real block. Its numbers
are a·C² + b·C + c of the width C; which of the three differs, and by how much, gives the hint.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from spikeviz.exercises.answer import Feedback, expect, find_hint, judge, read_number, stop

WIDTHS = (32, 64, 96, 160)  # the last one tells whether the three before say all
WANTED = "Return one number: all parameters of the block together."
PRINTED = "12,"  # how the notebook's next cell prints it

Parts = tuple[float, float, float]  # a, b, c: how much too many of C², of C, and of neither

# What a typical mistake adds to a·C² + b·C + c, without mixers.
MISTAKES: dict[Parts, str] = {
    (49, -49, 0): "Your 7×7 convolution is dense. A depthwise one looks at its own channel only: "
    "how many inputs has each of its kernels?",
    (0, 14, 0): "You have too many by 14 C: one bias for each output of each convolution. A bias "
    "in front of a BatchNorm would be subtracted again, so they have none (`bias=False`).",
    (0, -30, 0): "The convolutions are right, their BatchNorms are missing. What does a BatchNorm "
    "learn for each channel?",
    (0, -15, 0): "A BatchNorm learns two numbers for each channel. You have one.",
    (0, 30, 0): "A BatchNorm keeps four numbers for each channel, but two of them are measured, "
    "not learned: the running mean and variance are no parameters.",
    (0, -2, 0): "One BatchNorm is missing: the one without a convolution in front of it. What "
    "happens to A·V before it becomes spikes?",
    (0, -12, 0): "A BatchNorm has the width of the layer in front of it. In the middle of an "
    "inverted bottleneck, that is not C.",
    (-2, 0, 0): "Q, K and V have weights of their own. You counted them once for all three.",
    (-2, -4, 0): "Q, K and V have layers of their own, weights and BatchNorm. You counted one.",
    (-3, 0, 0): "3 C² are missing. Q, K and V have weights in this block (SISA, not BDSA), and "
    "both bottlenecks go out to 4 C and come back from 4 C.",
    (-3, -6, 0): "A part of 3 C² is missing, with its BatchNorms. Q, K and V have layers in this "
    "block (SISA, not BDSA), and both bottlenecks go out to 4 C and come back from 4 C.",
    (-6, 0, 0): "The inverted bottleneck goes out to 4 C and back. In one of the two directions "
    "you forgot the factor 4.",
    (-6, -12, 0): "The inverted bottleneck goes out to 4 C and back. On the way out you forgot the "
    "factor 4.",
    (-8, -10, 0): "The feed-forward is missing: it has an inverted bottleneck of its own.",
    (-8, 0, 0): "Count the inverted bottlenecks again: there is one in the ConvNeXt, and one in "
    "the feed-forward.",
    (1, 0, 0): "This attention has no projection behind A·V: only BatchNorm and an SPK block.",
    (1, 2, 0): "This attention has no projection behind A·V, only its BatchNorm and an SPK block.",
    (0, -49, 0): "The 7×7 depthwise convolution is missing: it is small, but it is there.",
    (0, -42, 0): "The depthwise kernel has two sides. How many numbers are in a 7×7 kernel?",
    (0, -40, 0): "Your depthwise kernel is 3×3. Here it is 7×7.",
}
# The same for what the mixers add.
MIXERS: dict[Parts, str] = {
    (0, -816, 0): "Your number with `mixer=True` is that without mixers. A mixer is a 7×7 "
    "depthwise convolution and its BatchNorm, one for each SPK block.",
    (0, -306, 0): "Some SPK blocks stand where the map is 4 C wide. Their mixers are that wide.",
    (0, -32, 0): "The mixer's convolution is right. It has a BatchNorm behind it, too.",
    (0, 2448, 0): "You counted a mixer for each of the four thresholds. All branches of an MBPL "
    "share one (`shared=True`).",
    (0, -153, 0): "Q, K and V end in an SPK block each, also a mixer each. They are missing.",
    (0, -204, 0): "Inside the attention four mixers are missing: of Q, K, V and of the output.",
    (0, -51, 0): "One mixer is missing. Go through the block once more: an SPK block stands in "
    "front of each layer with weights, but also behind some.",
    (0, -255, 0): "All SPK blocks of the attention are missing: one in front, one each behind Q, "
    "K, V, and one at its end.",
    (0, 16, 0): "A mixer has no bias: a BatchNorm follows.",
}


def check_block_parameters(block_parameters: Callable) -> Feedback:
    """Check a student's `block_parameters(channels, mixer=False)`.

    Right is the number of parameters of a SpikeAtConv block with SISA, whose SPK blocks are MBPLs
    that send sums (no mixer, and as many parameters as SL) or membranes (a mixer each). Never
    raises: the student's errors come back as feedback.
    """
    return judge(
        block_parameters,
        compare,
        "Your number is that of the real block, at every width that we tried, without mixers and "
        "with them. So you can count a network of any size on the back of an envelope.",
        "`block_parameters` still holds a `...` or returns nothing. Start with the spiking "
        "ConvNeXt: its three convolutions, and their BatchNorms.",
        "Call `block_parameters(64)` in a new cell to see where it stops.",
        named="Is the name spelled right? Inside the function the width is `channels`.",
        keep="Keep the first line as it was: `block_parameters(channels, mixer=False)`.",
    )


def compare(block_parameters: Callable) -> None:
    for options in ({}, {"mixer": True}):
        given = expect([block_parameters(width, **options) for width in WIDTHS])
        numbers = [read_number(value, WANTED, PRINTED) for value in given]
        whole = all(number.is_integer() for number in numbers)
        extra = [n - count(w, **options) for n, w in zip(numbers, WIDTHS, strict=True)]
        for width, number, more in zip(WIDTHS, numbers, extra, strict=True):
            if abs(more) > 1e-6:
                hint = of_parts(split(extra), bool(options), whole)
                stop(
                    f"`block_parameters({width}{', mixer=True' if options else ''})` gives "
                    f"{number:,.15g}. The real block of that width has "
                    f"{'fewer' if more > 0 else 'more'}.\n{hint}"
                )


@cache
def count(width: int, mixer: bool = False) -> int:
    """Parameters of the real block. On the meta device nothing is allocated."""
    from spikeatconv.model import Block, preset

    options = {"readout": "membrane"} if mixer else {"readout": "sum", "mixer": False}
    config = preset("micro", widths=(width,), depths=(1,), partition_size=4, spk_options=options)
    with torch.device("meta"):
        return sum(p.numel() for p in Block(config, 0).parameters())


def split(values: list[float]) -> Parts | None:
    """(a, b, c) with a·C² + b·C + c at the widths; None if there are no such numbers."""
    rows = np.array([[width**2, width, 1] for width in WIDTHS], dtype=float)
    found = np.linalg.solve(rows[:3], np.array(values[:3]))
    a, b, c = (round(part) if abs(part - round(part)) < 1e-6 else part for part in found)
    fits = np.allclose(rows @ [a, b, c], values, rtol=0, atol=0.01)
    return (a, b, c) if fits else None


def of_parts(parts: Parts | None, mixer: bool, whole: bool) -> str | None:
    """parts: of what the student has too many."""
    known = (MIXERS if mixer else MISTAKES).get(parts or (0, 0, 0))
    a, b, c = parts or (0, 0, 0)
    which = "too large" if (a or b) > 0 else "too small"
    return find_hint([
        (parts is None,
         "The number of a convolution is a multiple of C² or, depthwise, of C; that of a BatchNorm "
         "a multiple of C. Yours does not grow like such a sum of C² and C. Perhaps there is a "
         "power of C too many, a number that belongs to one width only, or a division that does "
         "not come out even."),
        (known, f"Perhaps: {known}"),
        (not whole and not (a or b), "That is no whole number. Where do you divide?"),
        (a,
         f"What grows with C² is {which}, by {abs(a):.4g} C². That comes from the "
         "1×1 convolutions alone: go through them, two bottlenecks and Q, K, V."),
        (b and mixer,
         f"What grows with C² is right. What grows with C is {which}, by {abs(b):.4g} C. Count the "
         "SPK blocks again, and how wide the map is at each of them."),
        (b,
         f"What grows with C² is right. What grows with C is {which}, by {abs(b):.4g} C. It comes "
         "from the depthwise convolution and the BatchNorms: list them with their widths."),
        (True,
         f"You are off by {abs(c):,.6g} at every width, but each number in this block grows with "
         "C. (A neuron learns nothing: τ and V_th are fixed.)"),
    ])  # fmt: skip
