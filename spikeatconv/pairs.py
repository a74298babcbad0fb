"""Two shapes, far apart on a strip: same or different? A task that needs attention.

    shape    one of four, `[12, 12]`
    pairs    strips `[N, 1, 16, 64]`, a shape at the left end and one at the right; N answers

What has to travel is which shape stands at one end, to where the other end is known. Between them
lie at least 34 pixels. A Micro of one stage cuts a strip into 4 × 16 tokens; its convolutions let
a token see 17 pixels to either side of its place, so that none sees both shapes, and its head takes
the mean over all tokens. Without attention the score of a strip is therefore f(left) + g(right),
and such a sum cannot say "same" to (a, a) and to (b, b), and "different" to (a, b) and to (b, a):
the first two scores add up to what the last two add up to. Attention in windows of 4 × 4 tokens
does not help, since no window has tokens of both halves. A group of the grid has.
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
