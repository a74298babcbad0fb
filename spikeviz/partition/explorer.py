"""PartitionExplorer: which pixels of a photograph attend to each other, and what that costs."""

import io
import os
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets as t

from spikeviz.base.widget import Explorer, Number, Whole, shipped, short
from spikeviz.figure import new_figure

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    from matplotlib.figure import Figure
    from PIL import Image

NAMES = ("full", "window", "grid")
RESOLUTIONS = (7, 14, 28, 56)  # of the paper's four stages, for images of 224×224
HEAD_WIDTH = 32
SIDE = 224  # a picture is kept no larger
CREDIT = "Photograph: vultilion, Flickr, CC BY 2.0, cropped"
SHOWN = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"RIFF")  # how JPEG, PNG, GIF, WebP begin


class PartitionTrace(NamedTuple):
    """What PartitionExplorer shows, computed by spikeatconv's partition functions.

    order: the pixel, row · W + column, of each token, int64 `[groups, tokens]`.
    group, token: where each pixel goes, int64 `[H, W]`.
    reached: the pixels that know of the chosen one after 0 … k layers, bool `[k + 1, H, W]`.
    entries: of the attention map A.  memory: their bytes in float32.  flops: of QKᵀ and A·V,
    multiply-accumulates, as in `spikeatconv.energy_report`.
    """

    order: np.ndarray
    group: np.ndarray
    token: np.ndarray
    reached: np.ndarray
    entries: int
    memory: int
    flops: int


class Picture(t.Bytes):
    """An encoded picture. Also takes a path and an array; refuses what is neither."""

    def validate(self, obj: Any, value: Any) -> bytes:
        if isinstance(value, (bytes, bytearray, memoryview)):
            value = bytes(value)
            if not value.startswith(SHOWN):
                raise t.TraitError(
                    f"image is {short(value)}, no JPEG, PNG, GIF or WebP; give a path or an array"
                )
            if value is not read_photograph():  # which would need Pillow at once
                _check_picture(value)
            return value
        return encode(value)


class PartitionExplorer(Explorer):
    """A photograph cut into groups of pixels: full, window, grid; their cost, and who sees whom.

    Copies of the pixels fly into token order and, the same way, back, windows at the left and the
    grid at the right, once by themselves. Move over a pixel: its groups light up, and beams go to
    its keys. Below, the pixel's reach spreads layer by layer, and the cost stands as squares to
    scale, whose sides are dragged. The photograph becomes a map of `resolution` × `resolution`
    pixels, each the average colour of its part. The partitions are `spikeatconv.grid_partition`,
    `window_partition`, `full_partition` (paper, "Attention SpikeMerge Block").

    partition: "full", "window" or "grid": the one in front, for the numbers.
    size: tokens per side of a group, P or G; it must divide `resolution`, which is 7, 14, 28 or 56,
    the maps of the paper's four stages.
    pixel: (row, column) of the chosen one; beyond the map's edge the last one.
    flight: 0 the image, 1 token order, 2 merged back into the image.
    layers: how many layers of attention the information of that pixel has passed.
    convolution: whether a 7×7 convolution precedes each, as in the paper's block. Not counted:
    the 7×7 mixer inside MBPL.  heads: of attention, 32 channels each.
    guess: {"answer", "of"}, the reader's answer and the settings it was given for, or {}.
    image: a picture, kept as its encoded bytes, at most 224×224; give a path or an array
    (`[H, W]`, `[H, W, 3]`, `[1, H, W]` or `[3, H, W]`; uint8, or float in 0 to 1).
    credit: what is said below it.
    """

    _folder = "partition"

    partition = t.Enum(NAMES, "grid").tag(sync=True)
    size = Whole(7, 2, 56, 1)
    resolution = t.Enum(RESOLUTIONS, 28).tag(sync=True)
    pixel = t.Tuple(t.Int(), t.Int(), default_value=(9, 12))
    pixel.tag(sync=True, kind=["wholes", 0, RESOLUTIONS[-1] - 1, 2, 2])
    flight = Number(0.5, 0.0, 2.0, 0.001)
    layers = Whole(1, 0, 6, 1)
    convolution = t.Bool(False).tag(sync=True)
    heads = Whole(4, 1, 16, 1)
    guess = t.Dict().tag(sync=True)
    image = Picture().tag(sync=True, large=True)
    credit = t.Unicode(CREDIT).tag(sync=True)

    @t.default("image")
    def _photograph(self) -> bytes:
        return read_photograph()

    @t.observe("image")
    def _another_image(self, _change: Any) -> None:
        if self.credit == CREDIT:
            self.credit = ""

    @t.validate("pixel")
    def _on_the_map(self, proposal: dict[str, Any]) -> tuple[int, int]:
        if not all(0 <= at < RESOLUTIONS[-1] for at in proposal["value"]):
            last = RESOLUTIONS[-1] - 1
            raise t.TraitError(f"pixel is {proposal['value']}; row and column go from 0 to {last}")
        return proposal["value"]

    @t.validate("size", "resolution")
    def _fits(self, proposal: dict[str, Any]) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        size = value if name == "size" else self.size
        resolution = value if name == "resolution" else self.resolution
        if resolution % size:
            fitting = [n for n in range(2, resolution + 1) if resolution % n == 0]
            raise t.TraitError(
                f"size is {size} and resolution is {resolution}; a group's size must divide the "
                f"map's: choose one of {fitting}, or change both inside hold_trait_notifications()"
            )
        return value

    def _place(self) -> tuple[int, int]:
        """The chosen pixel, on the present map."""
        return min(self.pixel[0], self.resolution - 1), min(self.pixel[1], self.resolution - 1)

    def trace(self) -> PartitionTrace:
        """The arrays and costs on show, computed by spikeatconv."""
        return self._trace(self.partition)

    def _trace(self, name: str) -> PartitionTrace:
        import torch

        from spikeatconv import PARTITIONS

        partition, merge = PARTITIONS[name]
        side, size = self.resolution, self.size

        def merged(tokens: torch.Tensor) -> torch.Tensor:
            return merge(tokens[None, ..., None], size, (side, side))[0, 0]

        order = partition(torch.arange(side * side).view(1, 1, side, side), size)[0, ..., 0]
        groups, tokens = order.shape
        now = torch.zeros(1, 1, side, side)
        now[0, 0, *self._place()] = 1
        reached = [now]
        for _ in range(self.layers):
            if self.convolution:
                now = torch.nn.functional.max_pool2d(now, 7, 1, padding=3)
            told = partition(now, size)[0, ..., 0].amax(1, keepdim=True)
            now = merged(told.expand(groups, tokens))[None, None]
            reached.append(now)
        entries = self.heads * groups * tokens * tokens
        return PartitionTrace(
            order=order.numpy(),
            group=merged(torch.arange(groups)[:, None].expand(groups, tokens)).numpy(),
            token=merged(torch.arange(tokens).expand(groups, tokens)).numpy(),
            reached=torch.cat(reached)[:, 0].bool().numpy(),
            entries=entries,
            memory=4 * entries,
            flops=2 * HEAD_WIDTH * entries,
        )

    def to_matplotlib(self) -> "Figure":
        """A figure for a paper: a pixel's group in each partition, the tokens, the costs."""
        figure, axes = new_figure(2, 3, figsize=(9, 6))
        colours = average_colours(self.image, self.resolution)
        row, column = self._place()
        for axis, name in zip(axes[0], NAMES, strict=True):
            run = self._trace(name)
            lit = run.group == run.group[row, column]
            axis.imshow(np.where(lit[..., None], colours, 0.3 * colours + 0.7))
            axis.plot(column, row, "s", color="#D55E00", fillstyle="none")
            groups, tokens = run.order.shape
            axis.set(title=f"{name}: {groups} × {tokens}", xticks=[], yticks=[])
        run = self.trace()
        axes[1, 0].imshow(colours.reshape(-1, 3)[run.order], aspect="auto", interpolation="nearest")
        axes[1, 0].set(title=f"tokens, {self.partition}", xlabel="token", ylabel="group")
        sides = np.geomspace(self.size, SIDE, 60)
        for name, colour in (("full", "#0072B2"), ("window and grid", "#D55E00")):
            entries = self.heads * sides**2 * (sides**2 if name == "full" else self.size**2)
            axes[1, 1].loglog(sides, 2 * HEAD_WIDTH * entries / 1e6, color=colour, label=name)
            axes[1, 2].loglog(sides, 4 * entries / 1e6, color=colour, label=name)
        axes[1, 1].plot(self.resolution, run.flops / 1e6, "o", color="black")
        axes[1, 2].plot(self.resolution, run.memory / 1e6, "o", color="black")
        axes[1, 1].set(title="million FLOPs of QKᵀ and A·V", xlabel="resolution H")
        axes[1, 2].set(title="MB of A, float32", xlabel="resolution H")
        axes[1, 1].legend(fontsize="small")
        return figure


def _check_picture(value: bytes) -> None:
    from spikeatconv.images import image_in

    try:
        image_in(value)
    except ValueError as error:
        raise t.TraitError(f"image is {short(value)}: {error}") from None


@cache
def read_photograph() -> bytes:
    """The photograph that comes with the widget."""
    return shipped("photo.jpg").read_bytes()


def encode(source: Any) -> bytes:
    """A picture from a path or an array as PNG or JPEG: its middle square, at most SIDE wide."""
    from PIL import Image

    from spikeatconv.images import open_image

    if isinstance(source, (str, os.PathLike)):
        try:
            picture = open_image(source)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"image: {error}") from None
        except ValueError as error:
            raise t.TraitError(f"image: {error}") from None
    else:
        picture = Image.fromarray(_pixels(source))
    picture, buffer = _square(picture), io.BytesIO()
    if picture.width <= 64:
        picture.save(buffer, "PNG")  # a digit stays as it is
    else:
        picture.save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()


def _square(picture: "Image.Image") -> "Image.Image":
    """The middle square, at most SIDE wide."""
    from PIL import Image, ImageOps

    picture = picture.convert("RGB")
    side = min(picture.size)
    small = min(side, SIDE)
    return ImageOps.fit(picture, (small, small), Image.Resampling.LANCZOS)


def _pixels(source: Any) -> np.ndarray:
    """An array as uint8 `[H, W, 3]`."""
    array = np.asarray(source)
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = np.moveaxis(array, 0, 2)  # [C, H, W], as torch has it
    if array.ndim != 3 or array.shape[2] not in (1, 3) or array.size == 0:
        raise t.TraitError(
            f"image has shape {list(np.shape(source))}; give a path or an array [H, W], "
            "[H, W, 3] or [3, H, W]"
        )
    if array.dtype != np.uint8:
        if array.dtype.kind != "f" or not 0 <= array.min() <= array.max() <= 1:
            raise t.TraitError(
                f"image is an array of {array.dtype} from {array.min()} to {array.max()}; give "
                "uint8, or floats from 0 to 1"
            )
        array = np.round(array * 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))


def average_colours(image: bytes, side: int) -> np.ndarray:
    """The picture as a map of average colours in 0 to 1, `[side, side, 3]`."""
    from spikeatconv.images import image_in

    pixels = np.asarray(_square(image_in(image)), dtype=float) / 255
    edges = [(at * len(pixels) // side, -(-(at + 1) * len(pixels) // side)) for at in range(side)]
    rows = np.stack([pixels[a:b].mean(0) for a, b in edges])
    return np.stack([rows[:, a:b].mean(1) for a, b in edges], axis=1)
