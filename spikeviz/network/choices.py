"""What NetworkWalk can walk through, and what it can show to it: models and images."""

import copy
from functools import cache
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from traitlets import TraitError

from spikeatconv import (
    PRESETS,
    SpikeAtConv,
    SpikeAtConvConfig,
    fold,
    load_weights,
    mnist5k,
    preset,
    shipped,
    weights_note,
)  # fmt: skip
from spikeatconv.data import checked
from spikeatconv.images import image_in
from spikeatconv.images.picture import Fit, digit_border
from spikeatconv.model import nearest_sizes
from spikeviz.micro.networks import NETWORKS, load_page_model
from spikeviz.network.boxes import find_boxes
from spikeviz.network.run import Progress

DIGIT = 28  # pixels on a side, of MNIST and of the drawing pad
SEED, SEEN = 0, 2  # of untrained models: the seed, and the digits that BatchNorm has seen
PHOTOGRAPHS = "micro_photographs.safetensors"
UNTRAINED = {
    "micro_untrained": preset("micro", in_channels=1, time_steps=2),
    "tiny_untrained": preset("tiny"),
}


@cache
def offer() -> dict[str, str]:
    """{name: what a reader sees}: the trained networks that ship, then untrained ones."""
    listed = [line.split()[-1] for line in read_sums().splitlines() if line.strip()]
    files = [name for name in listed if name.endswith(("_digits.safetensors", PHOTOGRAPHS))]
    first = sorted(files, key=lambda name: (name != "micro_digits.safetensors", name))
    trained = {Path(name).stem: trained_label(name) for name in first}
    return trained | {name: untrained_label(name) for name in UNTRAINED}


def read_sums() -> str:
    return (shipped("mnist5k.npz").parent / "SHA256SUMS").read_text(encoding="utf-8")


def trained_label(name: str) -> str:
    path = shipped(name)
    accuracy = weights_note(path).get("accuracy")
    what = "photographs" if class_names(path) else "digits"
    right = f", {accuracy:.1%} of test {what}" if accuracy else ""
    on = f" on {what}" if what == "photographs" else ""
    return f"{title(load_weights(path).config, on)}, trained{right}"


def class_names(path: str | Path) -> list[str]:
    """Of a network's file, where its note tells them."""
    data = weights_note(path).get("data")
    return list(data.get("classes", [])) if isinstance(data, dict) else []


def names_of(name: str, checkpoint: str = "") -> list[str]:
    """The names of the classes of a model of `offer()` or of a file; none for digits."""
    if name == "checkpoint":
        return class_names(checkpoint)
    return class_names(shipped(PHOTOGRAPHS)) if name == Path(PHOTOGRAPHS).stem else []


def untrained_label(name: str) -> str:
    how = f"random weights, seed {SEED}, BatchNorm set on {SEEN} digits"
    return f"{title(UNTRAINED[name])}, untrained: {how}"


def title(config: SpikeAtConvConfig, on: str = "") -> str:
    """Such as "Micro, MBPL (sum) + SISA, T = 2"; on: what follows the name."""
    shape = (config.widths, config.depths)
    names = [name for name, known in PRESETS.items() if (known.widths, known.depths) == shape]
    name = names[0].capitalize() if names else "SpikeAtConv"
    sends = config.spk_options.get("readout", "membrane")
    readout = f" ({sends})" if config.spk == "mbpl" else ""
    neurons = f"{config.spk.upper()}{readout}" if config.spiking else "non-spiking twin"
    return f"{name}{on}, {neurons} + {config.attention.upper()}, T = {config.time_steps}"


class Subject:
    """A copy of a model in eval mode, with its boxes, and folded."""

    def __init__(self, model: SpikeAtConv, name: str = "the model") -> None:
        if not isinstance(model, SpikeAtConv):
            raise TypeError(
                f"{name} is a {type(model).__name__}; NetworkWalk walks through a SpikeAtConv, "
                "such as SpikeAtConv(preset('micro'))"
            )
        self.model = copy.deepcopy(model).cpu().float().eval()
        self.boxes, self.folded = find_boxes(self.model), fold(self.model)
        self.config = model.config
        self.side = side_of(model.config)


def load(name: str, checkpoint: str = "", progress: Progress | None = None) -> Subject:
    """The model of that name among `offer()`, or "checkpoint": the file's."""
    if name == "checkpoint":
        return Subject(load_weights(checkpoint), checkpoint)
    if name in UNTRAINED:
        return Subject(make_untrained(UNTRAINED[name], progress))
    if name in NETWORKS:  # the same numbers with Python and without
        return Subject(load_page_model(name))
    return Subject(load_weights(shipped(f"{name}.safetensors")))


def make_untrained(config: SpikeAtConvConfig, progress: Progress | None = None) -> SpikeAtConv:
    """Random weights; BatchNorm has seen SEEN digits, or the network would be silent."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = SpikeAtConv(config)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the statistics of these images alone
    images = torch.cat([fit_image(digit(i), config) for i in range(SEEN)])
    progress = progress or Progress()
    with torch.no_grad(), progress.during(find_boxes(model), progress.MAKE):
        model.train()(images)
    return model.eval()


# ---------------------------------------------------------------- images


@cache
def test_digits() -> tuple[Tensor, Tensor]:
    return mnist5k("test")


def digit(index: int) -> Tensor:
    """`[1, 28, 28]`, 0 to 1."""
    return test_digits()[0][index]


def samples() -> list[dict[str, Any]]:
    """For a page without Python: the first test digit of each class, 28 rows of 28 greys."""
    labels = test_digits()[1].tolist()
    first = [labels.index(label) for label in range(10)]
    return [{"image": i, "pixels": pack_image(digit(i))["data"]} for i in first]


def choose_image(source: str, index: int, pixels: bytes) -> Tensor:
    """The image that is asked for, `[1 or 3, side, side]`, 0 to 1."""
    if source == "photo":
        return photo()
    if source == "own" and pixels:
        side, channels = layout(pixels)
        image = torch.from_numpy(np.frombuffer(pixels, np.uint8).copy())
        return image.view(side, side, channels).permute(2, 0, 1).float() / 255
    return digit(index)


def layout(pixels: bytes) -> tuple[int, int]:
    """(side, channels) of the reader's image: 28×28 greys, or a square of RGB. ValueError else."""
    if len(pixels) == DIGIT * DIGIT:
        return DIGIT, 1
    side = isqrt(len(pixels) // 3)
    if side < 1 or 3 * side * side != len(pixels):
        raise ValueError(
            f"pixels has {len(pixels)} bytes; give {DIGIT * DIGIT} (28 rows of 28 greys), or "
            "3 · side · side (rows of RGB), or none"
        )
    return side, 3


def check_pixels(pixels: bytes) -> bytes:
    """What a widget's trait `pixels` may hold, or none; TraitError else."""
    try:
        if pixels:
            layout(pixels)
    except ValueError as error:
        raise TraitError(str(error)) from None
    return pixels


@cache
def photo() -> Tensor:
    picture = np.asarray(image_in(checked("photo.jpg")).convert("RGB"))
    return torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255


def fit_image(image: Tensor, config: SpikeAtConvConfig) -> Tensor:
    """`[1, C, H, W]` as the model takes it, prepared as in training: a border around what has a
    digit's size, and around all that the grey network of 32×32 sees."""
    side, pixels = side_of(config), (image * 255).round().byte().permute(1, 2, 0).numpy()
    as_digit = image.shape[-1] == DIGIT or (side == DIGIT + 4 and config.in_channels == 1)
    fit = Fit(side, config.in_channels, pad=digit_border(side) if as_digit else 0)
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    return fit(picture).unsqueeze(0) / 255


def side_of(config: SpikeAtConvConfig) -> int:
    """Pixels on a side: 32 or 224, or the nearest to 224 that the partitions fit."""
    for side in (DIGIT + 4, 224):
        if config.fits(side):
            return side
    return nearest_sizes(config, 224)[-1]


def pack_image(image: Tensor) -> dict[str, Any]:
    """The image for the page: rows of greys or of RGB."""
    channels, side, _ = image.shape
    data = (image * 255).round().byte().permute(1, 2, 0).contiguous().numpy().tobytes()
    return {"side": side, "channels": channels, "data": data}
