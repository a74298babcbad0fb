"""Make photo.jpg: a flower, 224×224 pixels, cropped from the photograph in scikit-learn's wheel.

    python data/make_photo.py           # write data/photo.jpg and its line in SHA256SUMS
    python data/make_photo.py --check   # only compare a fresh crop with the shipped one

Needs a network, pip and spikeatconv. The wheel is opened as a zip file; nothing in it is run.
"""

import argparse
import io

import numpy as np
from PIL import Image
from shipping import FOLDER, from_wheel, ship

from spikeatconv.images import image_in

TARGET = FOLDER / "photo.jpg"
WHEEL = "scikit-learn==1.9.1"
MEMBER = "sklearn/datasets/images/flower.jpg"
MEMBER_SHA256 = "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638"
SQUARE = (110, 0, 537, 427)  # left, top, right, bottom in the photograph of 640×427
SIDE = 224  # the width of the images that the paper's networks take


def main() -> None:
    parser = argparse.ArgumentParser(description="Make data/photo.jpg from scikit-learn's wheel.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare the pixels")
    check = parser.parse_args().check

    cropped = crop(from_wheel(WHEEL, MEMBER, MEMBER_SHA256))
    if check:
        compare(cropped, TARGET.read_bytes())
        return
    ship(TARGET, encode(cropped))


def crop(photograph: bytes) -> Image.Image:
    """The square with the flower, `SIDE` pixels wide."""
    image = image_in(photograph).convert("RGB")
    return image.crop(SQUARE).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, subsampling=0, optimize=True)
    return buffer.getvalue()


def compare(image: Image.Image, shipped: bytes) -> None:
    """Say whether the shipped file shows this image; exit with 1 if not. Encoders of different
    versions write different bytes, so the pixels are compared, with room for JPEG's loss."""
    there = np.asarray(image_in(shipped).convert("RGB"), dtype=float)
    here = np.asarray(image, dtype=float)
    if there.shape != here.shape:
        raise SystemExit(f"{TARGET.name} is {there.shape}, made afresh it is {here.shape}")
    away = np.abs(there - here).mean()
    if away > 3:
        raise SystemExit(f"{TARGET.name} differs by {away:.1f} of 255 a pixel on average")
    print(f"{TARGET.name}: differs by {away:.1f} of 255 a pixel on average, which is JPEG's loss")


if __name__ == "__main__":
    main()
