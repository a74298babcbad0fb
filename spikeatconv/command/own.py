"""What `train own` decides from the images where nothing is set, each told with its KEY=VALUE.

The images are those for training, at most LOOKED of them. Whether a mirrored image still shows its
class, the data tell: half of the images make a mean of each class, the other half is given to the
nearest of these means, as it is and mirrored. A mirrored b is hardly known, a mirrored cat is.

    flip   if   (share known mirrored − chance) ≥ ALIKE · (share known − chance) − σ of guessing
"""

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from spikeatconv.images.base import permutation
from spikeatconv.images.sources import Source

LOOKED, SIDE = 600, 16  # images, and their pixels a side when mirrored ones are compared
ALIKE = 0.65
LEAST, LARGEST, SMALL = 8, 64, 32  # pixels a side
STEPS, TUNING, TESTS = 1600, 400, 10  # of a training, of one that goes on; at least so many tests
SPLIT = 0.15
LOOKED_AT = 32  # pixels a side
TIME_STEPS = 1  # of a new network


class Seen(NamedTuple):
    """events: over time, in place of pictures.  grey: whether every image is.  side: the median of
    the shorter sides, of events the longer one.  known, mirrored: the
    shares that the means of the classes know."""

    images: int
    events: bool
    grey: bool
    side: int
    known: float
    mirrored: float
    chance: float


def look(images: Source) -> Seen:
    """images: events, or pictures in three channels."""
    numbers = permutation(0, len(images))[:LOOKED].sort().values.tolist()
    pixels, labels = images.batch(numbers)
    few = [i for i in numbers[:: max(1, len(numbers) // 60)] if not images.unreadable[i]]
    sides = [side_of(images.rows.image(images.kept[i])) for i in few] or [LARGEST]
    events = pixels.dim() == 5
    seen = pixels.transpose(0, 1).flatten(1, 2) if events else pixels.float().mean(1, keepdim=True)
    small = interpolate(seen, (SIDE, SIDE), mode="area")
    known, mirrored = known_by_means(small.flatten(1), small.flip(3).flatten(1), labels)
    return Seen(
        images=len(numbers), events=events, grey=bool((pixels == pixels[:, :1]).all()),
        side=int(median(sides)), known=known, mirrored=mirrored,
        chance=1 / len(images.classes),
    )  # fmt: skip


def side_of(image: Any) -> int:
    return max(image.shape[-2:]) if isinstance(image, np.ndarray) else min(image.size)


def known_by_means(images: Tensor, mirrored: Tensor, labels: Tensor) -> tuple[float, float]:
    """Of images `[N, pixels]` the share whose class is that of the nearest mean, as they are and
    mirrored. Each half of them is asked about the means of the other half."""
    right = torch.zeros(2)
    halves = permutation(0, len(images)) % 2 == 0
    for half in (halves, ~halves):
        classes = labels[half].unique()
        means = torch.stack([images[half & (labels == c)].mean(0) for c in classes])
        for i, asked in enumerate((images, mirrored)):
            nearest = classes[torch.cdist(asked[~half], means).argmin(1)]
            right[i] += (nearest == labels[~half]).sum()
    known, flipped = (right / len(images)).tolist()
    return known, flipped


def decide(
    seen: Seen, count: int, settings: Mapping[str, dict[str, Any]], before: int | None = None
) -> dict[str, str]:
    """Sets what is open in `settings`; what was decided, in words.

    count: of the images to train on.  before: pixels a side that the network was trained on, if it
    is no new one.
    """
    recipe, augmentation, model = (settings[n] for n in ("recipe", "augmentation", "model"))
    told: dict[str, str] = {}

    def choose(group: dict, name: str, value: Any, why: str) -> None:
        if name not in group:
            group[name] = value
            told[f"{name}={value}".lower()] = why

    if before is None and not seen.events:
        kind = "all" if seen.grey else "not all"
        choose(model, "in_channels", 1 if seen.grey else 3,
               f"{kind} of {seen.images} images looked at are grey")  # fmt: skip
        if model.get("spiking", True):
            choose(model, "time_steps", TIME_STEPS, "a second one sees the same image again")
            choose_tau(model, told)
    fitting = -(-seen.side // 4) * 4 if seen.events else seen.side // 4 * 4  # a border, or a cut
    side = before or max(LEAST, min(LARGEST, fitting))
    why = f"their {'longer' if seen.events else 'shorter'} sides have {seen.side} pixels"
    if before or seen.side > LARGEST:
        why += ", the network's had so many" if before else f", and {LARGEST} train in minutes"
    choose(recipe, "image_size", side, why)
    choose_moves(seen, recipe["image_size"], augmentation, choose)
    batch = recipe.setdefault("batch", max(1, min(50, count // 10)))
    each = max(1, count // max(1, batch))
    epochs = max(TESTS, round((TUNING if before else STEPS) / each))
    choose(recipe, "epochs", epochs, f"{epochs * each:,} steps, a test after each {each}")
    return told


def choose_tau(model: dict[str, Any], told: dict[str, str]) -> None:
    """In a single step H = x / τ, so that τ takes from the input and remembers nothing."""
    options = model.get("spk_options", {})
    if model["time_steps"] == 1 and model.get("spk") != "hsl" and "tau" not in options:
        model["spk_options"] = {"tau": 1.0, **options}
        told["spk_options.tau=1.0"] = "in a single step τ does nothing but divide the input"


def choose_moves(
    seen: Seen, side: int, augmentation: dict[str, Any], choose: Callable[..., None]
) -> None:
    """What happens to a training image."""
    sigma = (seen.chance * (1 - seen.chance) / seen.images) ** 0.5
    flip = seen.mirrored - seen.chance >= ALIKE * (seen.known - seen.chance) - sigma
    choose(augmentation, "flip", flip, f"means of the classes know {seen.known:.0%} of them, and "
           f"{seen.mirrored:.0%} mirrored")  # fmt: skip
    if side > SMALL:
        choose(augmentation, "crop", 0.4, "random boxes of 40 % of the area and more")
    elif not augmentation.get("crop"):
        for name, value, why in (("shift", 0.1, "random crops, up to 10 % off the centre"),
                                 ("scale", 0.1, "and up to 10 % smaller or larger"),
                                 ("rotation", 10.0, "and turned by up to 10 degrees")):  # fmt: skip
            choose(augmentation, name, value, why)
