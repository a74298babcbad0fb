"""One image of a data set, as the network takes it: a square from its centre, in 0 to 255.

                                  centre square                    scaled to
    training with a random crop   whole shorter side               image_size · 256/224
    training without              whole shorter side               image_size
    test after a random crop      224/256 of the shorter side      image_size
    test without                  whole shorter side               image_size

For an image of 500 × 375 and 224 pixels that is the usual test (256, then the centre's 224). It is
*not* quite the usual training: RandomResizedCrop draws its box from the full image, ours (in
`augment`, on the device) from the centre square at 256 pixels. What lies beside that square is
never seen, and a small box has fewer pixels of its own. In exchange every image of a batch has one
size, and all chance stays with the loop's seed. A test image that already has image_size pixels a
side stays as it is.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from spikeatconv.training.extra import extra

MARGIN = 256 / 224


@dataclass(frozen=True)
class Fit:
    """`fit(image)`: a PIL image of any size and mode → uint8 `[channels, size, size]`.

    share: of the shorter side that the square has which is cut out.  channels: 1 or 3.
    """

    size: int
    channels: int = 3
    share: float = 1.0

    def __call__(self, image: Image.Image) -> Tensor:
        image = plain(image).convert("L" if self.channels == 1 else "RGB")
        if image.size != (self.size, self.size):
            side = min(image.size) * self.share
            left, top = (image.width - side) / 2, (image.height - side) / 2
            box = (left, top, left + side, top + side)
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR, box)
        pixels = torch.from_numpy(np.array(image))
        return pixels.view(self.size, self.size, self.channels).permute(2, 0, 1)


def fits(image_size: int, channels: int, crop: bool) -> tuple[Fit, Fit]:
    """For training and for the test; crop: the training cuts out boxes at random."""
    if not crop:
        return Fit(image_size, channels), Fit(image_size, channels)
    return (
        Fit(round(image_size * MARGIN), channels),
        Fit(image_size, channels, 1 / MARGIN),
    )


def plain(image: Image.Image) -> Image.Image:
    """8 bits a channel and nothing transparent: what was becomes white."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"its pixels are of mode {image.mode}, 32 bits; save it with 8 or 16")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image


def decoded(cell: Any) -> Image.Image:
    """A cell of an image column, {"bytes", "path"}, as PIL reads it through `datasets`: the whole
    image, turned upright where its EXIF data say so. Raises what PIL raises."""
    if cell is None:
        raise ValueError("there is no image in it")
    if cell["bytes"] is None and os.path.exists(cell["path"] or ""):
        cell = {**cell, "bytes": Path(cell["path"]).read_bytes()}  # leaves no file open
    return extra("datasets").Image().decode_example(cell)
