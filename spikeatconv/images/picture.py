"""One image of a data set, as the network takes it: a square from its centre, in 0 to 255.

                                  centre square                    scaled to
    training with a random crop   whole shorter side               image_size · 256/224
    training without              whole shorter side               image_size
    test after a random crop      224/256 of the shorter side      image_size
    test without                  whole shorter side               image_size
    test with a test_crop         that share of it                 image_size

For an image of 500 × 375 and 224 pixels that is the usual test (256, then the centre's 224). It is
*not* quite the usual training: RandomResizedCrop draws its box from the full image, ours (in
`augment`, on the device) from the centre square at 256 pixels. What lies beside that square is
never seen, and a small box has fewer pixels of its own. In exchange every image of a batch has one
size, and all chance stays with the loop's seed. An image that already has image_size pixels a side
stays as it is. The digits that ship, 28 × 28, get a black border of 2 pixels where image_size is
32, and in proportion elsewhere.

The `Fit` of the test is kept in the note of the weights, and used whenever they are asked again.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

from spikeatconv.checks import check_choice, check_number, check_whole
from spikeatconv.extra import extra
from spikeatconv.images import image_in

MARGIN = 256 / 224
MOST_SIDE = 2048  # pixels of an image that a network is given
CHANNELS = (1, 3)
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos")  # as Pillow calls them


@dataclass(frozen=True)
class Fit:
    """`fit(image)`: a PIL image of any size and mode → uint8 `[channels, size, size]`.

    share: of the shorter side that the square has which is cut out.  channels: 1 or 3.
    pad: pixels of a black border inside size; the square is scaled to what is left, by that
    interpolation (over all pixels that shrink into one, as Pillow does).
    Raises TypeError and ValueError for other values.
    """

    size: int
    channels: int = 3
    share: float = 1.0
    pad: int = 0
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        check_whole(self.size, "image_size", 1, round(MOST_SIDE * MARGIN))
        if check_whole(self.channels, "in_channels") not in CHANNELS:
            raise ValueError(f"in_channels is {self.channels}; choose 3, or 1 for grey images")
        check_part(self.share, "share")
        check_whole(self.pad, "pad", 0, (self.size - 1) // 2)
        check_choice(self.interpolation, "interpolation", INTERPOLATIONS)

    @property
    def inner(self) -> int:
        """Pixels a side inside the border."""
        return self.size - 2 * self.pad

    def __call__(self, image: Image.Image) -> Tensor:
        image = as_8_bits(image).convert("L" if self.channels == 1 else "RGB")
        if image.size != (self.size, self.size):
            image = ImageOps.expand(self._square(image), self.pad)
        pixels = torch.from_numpy(np.array(image))
        return pixels.view(self.size, self.size, self.channels).permute(2, 0, 1)

    def _square(self, image: Image.Image) -> Image.Image:
        if image.size == (self.inner, self.inner):
            return image
        side = min(image.size) * self.share
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
        by = Image.Resampling[self.interpolation.upper()]
        return image.resize((self.inner, self.inner), by, box)

    def takes(self, images: np.ndarray) -> bool:
        """Whether images `[N, C, H, W]` need no more than the border."""
        done = [(self.channels, side, side) for side in (self.size, self.inner)]
        return images.shape[1:] in done

    def add_border(self, images: np.ndarray) -> Tensor:
        """What `fit` makes of images that it `takes`, all at once."""
        pixels = torch.from_numpy(images)
        return pixels if pixels.shape[-1] == self.size else F.pad(pixels, [self.pad] * 4)

    def at(self, size: int) -> "Fit":
        """The same for another size."""
        return replace(self, size=size, pad=round(self.pad * size / self.size))


def digit_border(size: int) -> int:
    """Of the digits that ship: 2 pixels around 28, as far as 32 and other sizes go."""
    return size // 16


def check_part(value: Any, name: str) -> float:
    """A share above 0 and up to 1."""
    if not 0 < check_number(value, name) <= 1:
        raise ValueError(f"{name} is {value}; give a number above 0 and up to 1")
    return value


def fits(
    image_size: int, channels: int, crop: bool, pad: int = 0, test_crop: float | None = None,
    interpolation: str = "bilinear",
) -> tuple[Fit, Fit]:  # fmt: skip
    """For training and for the test; crop: the training cuts out boxes at random."""
    margin = MARGIN if crop else 1.0
    share = 1 / margin if test_crop is None else check_part(test_crop, "test_crop")
    sides = round(image_size * margin), round(pad * margin)
    train = Fit(sides[0], channels, pad=sides[1], interpolation=interpolation)
    return train, Fit(image_size, channels, share, pad, interpolation)


def as_8_bits(image: Image.Image) -> Image.Image:
    """8 bits a channel and nothing transparent: what was becomes white."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"its pixels are of mode {image.mode}, 32 bits; save it with 8 or 16")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image


def image_of(cell: Any) -> Image.Image:
    """A cell of an image column, {"bytes", "path"}: the whole image, upright. Raises ValueError
    that says what is wrong, and FileNotFoundError."""
    if cell is None or (cell["bytes"] is None and not cell["path"]):
        raise ValueError("there is no image in it")
    if cell["bytes"] is not None:
        return image_in(cell["bytes"])
    if "://" not in cell["path"]:
        return image_in(Path(cell["path"]))
    with extra("datasets.utils.file_utils").xopen(cell["path"], "rb") as file:  # on the hub
        return image_in(file.read())
