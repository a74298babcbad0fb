"""A folder in ImageNet's form from what ships: for notebook 12, which has no ImageNet."""

from collections.abc import Mapping
from pathlib import Path

PIECE = 40  # pixels on a side of a piece of the photograph
CORNERS = {"heart": (70, 101, 75, 106), "rim": (14, 35, 60, 121), "leaves": (178, 185, 0, 141)}
DIGITS = {0: "zero", 1: "one", 8: "eight"}  # they look the same in a mirror


def make_small_imagenet(folder: Path, images: Mapping[str, int]) -> None:
    """Writes `folder/SPLIT/CLASS/NUMBER.png`: pieces of the shipped photograph, and digits.

    images: how many of each class in each split, {"train": 40, "val": 10}. The pieces of "val" are
    of the same photograph as those of "train"; the digits are others.
    """
    import torch
    from PIL import Image

    from spikeatconv import mnist5k, shipped
    from spikeatconv.images import open_image

    flower = open_image(shipped("photo.jpg"))
    chance = torch.Generator().manual_seed(0)

    def draw(low: int, high: int) -> int:
        """A whole number from low to high - 1."""
        return int(torch.randint(low, high, (), generator=chance))

    for split, count in images.items():
        made = {}
        for name, (left, right, top, bottom) in CORNERS.items():
            places = [(draw(left, right), draw(top, bottom)) for _ in range(count)]
            made[name] = [flower.crop((x, y, x + PIECE, y + PIECE)) for x, y in places]
        digits, labels = mnist5k("train" if split == "train" else "test")
        for digit, name in DIGITS.items():
            greys = (255 * digits[labels == digit][:count, 0]).byte().numpy()
            made[name] = [Image.fromarray(grey) for grey in greys]
        for name, pictures in made.items():
            place = folder / split / name
            place.mkdir(parents=True, exist_ok=True)
            for number, picture in enumerate(pictures):
                picture.convert("RGB").save(place / f"{number:03}.png")
