"""Shapes, far apart on a strip: two tasks that need attention.

    shape    one of four, `[12, 12]`
    pairs    strips `[N, 1, 16, 64]`, a shape at the left end and one at the right; N answers:
             are they the same?
    cued     strips `[N, 1, 16, 96]`, a shape at the left end, the cue, and two others, one pale and
             one dark; N answers: is the one of the cue's kind dark?

What has to travel is which shape stands at one end, to where the other end is known. Between them
lie at least 34 pixels. A Micro of one stage cuts a strip into 4 × 16 tokens; its convolutions let
a token see 17 pixels to either side of its place, so that none sees both shapes, and its head takes
the mean over all tokens. Without attention the score of a strip is therefore f(left) + g(right),
and such a sum cannot say "same" to (a, a) and to (b, b), and "different" to (a, b) and to (b, a):
the first two scores add up to what the last two add up to. Attention in windows of 4 × 4 tokens
does not help, since no window has tokens of both halves. A group of the grid has.

The cue is as far from the others. Without attention the score is f(cue) + g(others). Take a ring
and a cross, a cue of each, and both ways to ink them: f(ring) has to be above f(cross) with the one
ink and below it with the other, so of these four strips one is wrong.
"""

import torch
from torch import Tensor

from spikeatconv.checks import check_choice, check_whole

ANSWERS = ("different", "same")  # by number
SHAPES = ("ring", "square", "cross", "plus")
SIDE = 12  # pixels of a shape
HEIGHT, WIDTH = 16, 64  # of a strip
SLACK = HEIGHT - SIDE  # a shape stands 0 … SLACK − 1 pixels from the top and from its end
PALEST = 0.6  # ink: from here to 1, drawn for each shape
INKS = ("pale", "dark")  # the answers of `cued`, by number
INK = (0.5, 1.0)
CUED_WIDTH = 96
CELL = 16  # pixels of a place on such a strip, in which a shape stands 1 to 3 pixels from each side
PLACES = (0, 48, 72)  # where the cue's and the others' begin


def shape(name: str) -> Tensor:
    """A shape of `SHAPES` in ink 1 on paper 0, `[12, 12]`. Raises ValueError for another name."""
    check_choice(name, "name", SHAPES)
    line = torch.linspace(-1, 1, SIDE).abs()
    x, y = line[None, :], line[:, None]
    radius, widest = (x**2 + y**2).sqrt(), torch.maximum(x, y)
    return {
        "ring": (radius > 0.6) & (radius < 1.05), "square": widest > 0.6,
        "cross": (x - y).abs() < 0.3, "plus": torch.minimum(x, y) < 0.3,
    }[name].float()  # fmt: skip


def pairs(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Strips `[count, 1, 16, 64]` float32 in 0 to 1, and answers `[count]`, 1 where both shapes are
    the same, which is as likely as not. Places and ink are drawn for each shape.

    Raises ValueError or TypeError for what is no whole number, and for a count below 1.
    """
    count = check_whole(count, "count", high=10**6)
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0, 2**63 - 1))

    def draw(below: int, *size: int) -> Tensor:
        return torch.randint(below, (count, *size), generator=generator)

    same, left = draw(2), draw(len(SHAPES))
    other = (left + 1 + draw(len(SHAPES) - 1)) % len(SHAPES)
    kinds = torch.stack([left, torch.where(same == 1, left, other)], 1)
    ink = PALEST + (1 - PALEST) * torch.rand(count, 2, 1, 1, generator=generator)
    drawn = ink * torch.stack([shape(name) for name in SHAPES])[kinds]  # [count, 2, 12, 12]
    strips = torch.zeros(count, 1, HEIGHT, WIDTH)
    for strip, (one, two), ((top, inwards), (top_2, inwards_2)) in zip(
        strips[:, 0], drawn, draw(SLACK, 2, 2).tolist(), strict=True
    ):
        right = WIDTH - SIDE - inwards_2
        strip[top : top + SIDE, inwards : inwards + SIDE] = one
        strip[top_2 : top_2 + SIDE, right : right + SIDE] = two
    return strips, same


def cued(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Strips `[count, 1, 16, 96]` float32 in 0 to 1, and answers `[count]`, 1 where the one of the
    cue's kind is dark, which is as likely as not. The two others are of two kinds, one pale, one
    dark. Places and the cue's ink are drawn. Raises as `pairs`.
    """
    count = check_whole(count, "count", high=10**6)
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0, 2**63 - 1))
    kinds = torch.rand(count, len(SHAPES), generator=generator).argsort(1)[:, :2]
    dark, which = torch.randint(2, (2, count), generator=generator)  # of the two: an index
    cue = kinds.gather(1, which[:, None])
    inks = torch.tensor(INK)[(torch.arange(2) == dark[:, None]).long()]
    ink = PALEST + (1 - PALEST) * torch.rand(count, 1, generator=generator)
    drawn = torch.stack([shape(name) for name in SHAPES])[torch.cat([cue, kinds], 1)]
    drawn = drawn * torch.cat([ink, inks], 1)[..., None, None]  # [count, 3, 12, 12]
    strips = torch.zeros(count, 1, HEIGHT, CUED_WIDTH)
    at = torch.randint(1, CELL - SIDE, (count, len(PLACES), 2), generator=generator)
    for strip, shapes, where in zip(strips[:, 0], drawn, at.tolist(), strict=True):
        for one, place, (top, inwards) in zip(shapes, PLACES, where, strict=True):
            left = place + inwards
            strip[top : top + SIDE, left : left + SIDE] = one
    return strips, (dark == which).long()
