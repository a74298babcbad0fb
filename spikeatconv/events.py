"""Digits that move past an event camera: a small synthetic stream, made anew wherever it is needed.

    film     log brightness while a digit moves by one pixel at a time
    camera   ON where it rises by `contrast` or more between two pictures, OFF where it falls so far
    clips    the events of a few moves counted in each of T frames: `[T, B, 2, 32, 32]`
    draw_clips, all_clips    clips to train on and to test on, with the places of their DIRECTIONS

Half of the digits are darker than their ground. So each clip of `all_clips` has a partner, of the
other shade and direction, with the same frames in the reverse order: who takes frames without their
order is right at most every other time.

A model, not a sensor: a pixel forgets what stayed below the contrast, all pixels answer at once,
and nothing is noisy.
"""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from spikeatconv.checks import (
    check_bool,
    check_choice,
    check_number,
    check_real,
    check_tensor,
    check_whole,
    short,
)

DIRECTIONS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}  # (down, right)
MOVES = 8  # of a film, of a pixel each
SIDE = 32  # of a frame
PAPER = 0.1  # brightness of the ground, where the ink has 1


def film(images: Tensor, direction: str, dark: bool = False) -> Tensor:
    """Log brightness of digits `[B, 1, 28, 28]` (ink 1) that move: `[MOVES + 1, B, 1, 32, 32]`.

    In the middle of the film a digit stands in the middle of the frame.
    direction: "right", "left", "down" or "up".
    dark: the digit is darker than its ground by as much as it else is brighter.
    Raises ValueError for another direction or shape, TypeError for what is no real tensor.
    """
    check_digits(images)
    down, right = DIRECTIONS[check_choice(direction, "direction", DIRECTIONS)]
    most = MOVES // 2  # to either side of the middle
    edge = (SIDE - images.shape[-1]) // 2 + most
    log = (PAPER + (1 - PAPER) * F.pad(images, [edge] * 4)).log()
    log = -log if check_bool(dark, "dark") else log
    pictures = []
    for at in range(-most, most + 1):
        top, left = most - down * at, most - right * at
        pictures.append(log[..., top : top + SIDE, left : left + SIDE])
    return torch.stack(pictures)


def camera(log: Tensor, contrast: float = 0.5) -> Tensor:
    """The events of a film `[N + 1, B, 1, H, W]`: 0 or 1, `[N, B, 2, H, W]`, first ON, then OFF.

    contrast: the change of log brightness between two pictures that makes an event, above 0.
    Raises ValueError for a wrong shape or contrast, TypeError for a wrong type.
    """
    check_real(log, "log")
    if log.dim() != 5 or len(log) < 2 or log.shape[2] != 1:
        raise ValueError(f"log is {short(log)}; give [N + 1, B, 1, H, W] with two pictures or more")
    if check_number(contrast, "contrast") <= 0:
        raise ValueError(f"contrast is {contrast}; give a number above 0, such as 0.5")
    change = log[1:] - log[:-1]
    return torch.cat([change >= contrast, change <= -contrast], dim=2).to(log.dtype)


def clips(
    images: Tensor, direction: Tensor, dark: Tensor, time_steps: int = 4, contrast: float = 0.5
) -> Tensor:
    """Frames `[time_steps, B, 2, 32, 32]` of whole numbers: the events in each part of a film.

    images: digits `[B, 1, 28, 28]`. direction: `[B]`, places in DIRECTIONS. dark: `[B]` bool.
    time_steps: T, which divides MOVES. contrast: as in `camera`.
    Raises ValueError for a wrong shape or value, TypeError for a wrong type.
    """
    check_digits(images)
    if MOVES % (steps := check_whole(time_steps, "time_steps", high=MOVES)):
        raise ValueError(f"time_steps is {steps}; give a number that divides {MOVES}")
    check_each(direction, "direction", torch.int64, len(images))
    check_each(dark, "dark", torch.bool, len(images))
    if len(odd := direction[(direction < 0) | (direction >= len(DIRECTIONS))]):
        raise ValueError(
            f"direction holds {odd[0]}; give 0 to {len(DIRECTIONS) - 1}, places in "
            f"{list(DIRECTIONS)}"
        )
    frames = images.new_zeros(steps, len(images), 2, SIDE, SIDE)
    for place, name in enumerate(DIRECTIONS):
        for shade in (False, True):
            here = (direction == place) & (dark == shade)
            events = camera(film(images[here], name, shade), contrast)
            frames[:, here] = events.unflatten(0, (steps, -1)).sum(1)
    return frames


def draw_clips(
    images: Tensor, seed: int, bright: bool = False, time_steps: int = 4
) -> tuple[Tensor, Tensor]:
    """A clip of each digit, its direction and shade drawn at random, and the directions `[B]`.

    bright: no digit is dark.  The rest as in `clips`, also what it raises.
    """
    generator = torch.Generator().manual_seed(check_whole(seed, "seed", 0, 2**63 - 1))
    check_digits(images)
    ways = torch.randint(len(DIRECTIONS), (len(images),), generator=generator)
    dark = torch.randint(2, (len(images),), generator=generator).bool()
    return clips(images, ways, dark & (not check_bool(bright, "bright")), time_steps), ways


def all_clips(images: Tensor, bright: bool = False, time_steps: int = 4) -> tuple[Tensor, Tensor]:
    """Every digit in each direction, bright and dark, as `draw_clips` gives them."""
    check_digits(images)
    shades = [0] if check_bool(bright, "bright") else [0, 1]
    each = torch.tensor(list(product(range(len(DIRECTIONS)), shades)))
    ways, dark = each.repeat(len(images), 1).T
    return clips(images.repeat_interleave(len(each), 0), ways, dark.bool(), time_steps), ways


def check_digits(images: Tensor) -> None:
    """Raise unless these are images `[B, 1, S, S]` that fit into a frame."""
    check_real(images, "images")
    side = images.shape[-1] if images.dim() == 4 else 0
    if tuple(images.shape[1:]) != (1, side, side) or not 0 < side <= SIDE or side % 2:
        raise ValueError(
            f"images is {short(images)}; give [B, 1, S, S] with an even side S of at most {SIDE}"
        )


def check_each(values: Tensor, name: str, dtype: torch.dtype, count: int) -> None:
    """Raise unless this is a tensor of that type with a value for each of `count` images."""
    check_tensor(values, name)
    if values.dtype != dtype:
        raise TypeError(f"{name} has dtype {values.dtype}; give {dtype}")
    if values.shape != (count,):
        raise ValueError(f"{name} is {short(values)}; give one value for each of {count} images")
