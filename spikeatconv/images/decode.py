"""Pictures from files and bytes. Nothing else in the packages opens one.

Pillow tries all the formats that it knows, whatever a file is called, and for some of them it
starts another program (Ghostscript, for EPS). So the formats are named here, and a picture of too
many pixels is refused by its header, before it is decoded.
"""

import io
import os
import stat
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "PPM", "TIFF")
SUFFIXES = frozenset({
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".ppm", ".pgm", ".pbm",
    ".pnm", ".tif", ".tiff",
})  # fmt: skip
MOST_PIXELS = 80_000_000  # decoded as RGB, 240 MB


class TooLarge(ValueError):
    """More than MOST_PIXELS."""


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    """The whole picture in a file, upright as its EXIF data say.

    Raises FileNotFoundError, and ValueError that names the file, for what is no regular file, none
    of FORMATS, damaged, or larger than MOST_PIXELS.
    """
    try:
        return image_in(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file; check the path") from None
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from None


def image_in(place: str | os.PathLike[str] | bytes) -> Image.Image:
    """`open_image`, also of the bytes of a file, with an error that leaves the name to the caller:
    FileNotFoundError, or ValueError that says what is wrong."""
    if isinstance(place, bytes):
        return decode(io.BytesIO(place))
    try:
        if not stat.S_ISREG(os.stat(place).st_mode):  # to open a pipe would wait for ever
            raise ValueError("it is no regular file")
        with open(place, "rb") as file:
            return decode(file)
    except PermissionError:
        raise ValueError("it may not be read; change its permissions") from None


def decode(file: BinaryIO) -> Image.Image:
    try:
        with Image.open(file, formats=FORMATS) as image:
            check_pixels(image)
            image.load()
            return ImageOps.exif_transpose(image)
    except TooLarge:
        raise
    except UnidentifiedImageError:
        raise ValueError(
            f"Pillow cannot identify it as {', '.join(FORMATS)}; give a whole picture of these"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge(f"it has more than {MOST_PIXELS:,} pixels; make it smaller") from None
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, …
        raise ValueError(f"{str(error) or type(error).__name__}; give a whole picture") from None


def check_pixels(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise TooLarge(
            f"it has {image.width} × {image.height} pixels, more than {MOST_PIXELS:,}; make it "
            "smaller"
        )
