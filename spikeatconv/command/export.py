"""A trained network for elsewhere: ONNX, .pt2 or NIR, written once it has given the same answers.

A spike is a step: where a membrane is within rounding of its threshold, another runtime may turn
the spike over, and the logits of that image move by far more than rounding. That is no fault where
it is rare. In a large network it is not: there the file may be as far from PyTorch as PyTorch in
float32 is from itself in float64, four times over.
"""

import copy
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from spikeatconv.checks import check_finite
from spikeatconv.command.graphs import Run, open_onnx, open_pt2, write_onnx, write_pt2
from spikeatconv.command.nir_graph import open_nir, write_nir
from spikeatconv.command.predict import MOST, PIXELS
from spikeatconv.command.trained import Trained
from spikeatconv.conv import fold
from spikeatconv.energy import NOT_FINITE
from spikeatconv.extra import extra
from spikeatconv.files import check_place, write_whole

CLOSE = 1e-4  # of the largest logit: rounding alone stays below a tenth of it
ROUNDING = (
    "A spike is a step: where a membrane is within rounding of its threshold, another runtime may "
    "turn the spike over, and the logits of that image move by tenths. Its class seldom changes."
)


class Format(NamedTuple):
    """needs: packages of the extra "export".  write, open: its content, and that as a function."""

    needs: tuple[str, ...]
    write: Callable[[nn.Module, Tensor, dict], bytes]
    open: Callable[[bytes], Run]


FORMATS = {
    ".onnx": Format(("onnx", "onnxscript", "onnxruntime"), write_onnx, open_onnx),
    ".pt2": Format((), write_pt2, open_pt2),
    ".nir": Format((), write_nir, open_nir),
}


def format_of(path: Path) -> Format:
    """By the file's ending. Raises ValueError for another, and ModuleNotFoundError for a package
    that is missing."""
    if path.suffix not in FORMATS:
        raise ValueError(f"{path} ends in {path.suffix!r}; end it in one of {', '.join(FORMATS)}")
    found = FORMATS[path.suffix]
    for name in found.needs:
        extra(name, ".[export]", f"an export to {path.suffix} needs")
    return found


def export(trained: Trained, images: Tensor, path: Path) -> dict[str, float]:
    """Write the folded network, and tell what `compare` found.

    images: `[N, C, H, W]`, or events over time `[T, N, C, H, W]`, at least two, by which it is
        checked before the file is there.
    Raises ValueError for an ending or a network that the format cannot hold, and where the file
    gives other answers; OSError where it cannot be written.
    """
    kind = format_of(check_place(path))
    if (many := images.shape[-4]) < 2:
        raise ValueError(f"{many} images were given; give 2 or more")
    model = copy.deepcopy(trained.model).float()
    network = fold(model)
    content = kind.write(network, images, about(trained))
    found = compare(kind.open(content), network, model, images)
    if found["turned"] > found["turned_allowed"] or found["median"] > found["allowed"]:
        raise ValueError(
            f"{path} was not written: on {found['turned']} of {many} images its logits are not "
            f"PyTorch's, and rounding explains {found['turned_allowed']}; the median over images "
            f"of the difference is {found['median']:.2g}, and rounding explains "
            f"{found['allowed']:.2g}. This is a fault of the export: report it with this network"
        )
    write_whole(path, content)
    return found


def about(trained: Trained) -> dict:
    """What others need to use it."""
    return {
        "classes": list(trained.names),
        "prepared": asdict(trained.fit),
        "note": trained.note,
        "rounding": ROUNDING,
    }


@torch.no_grad()
def compare(run: Run, network: nn.Module, model: nn.Module, images: Tensor) -> dict[str, float]:
    """Over images, of the largest difference of a logit between the file and the folded network:
    `median`, `largest`, how many are `turned` by a spike; the most `allowed`, `turned_allowed`.
    `same`: the share with the same class as the network; `unfolded`: as the model before that.

    The file's graph was traced with two images; it runs with one, then with many.
    """
    axis, many = images.dim() - 4, images.shape[-4]
    at_once = max(3, min(MOST, PIXELS // images[..., 0, 0, :, :].numel()))
    sizes = [1, *[at_once] * ((many - 1) // at_once), (many - 1) % at_once]
    parts = images.split([size for size in sizes if size], axis)
    expected = torch.cat([network(part) for part in parts])
    check_finite(expected, "the network's answer", NOT_FINITE)
    if torch.equal(expected, expected[:1].expand_as(expected)):
        raise ValueError(
            f"the network gives the same logits for all {many} images, so that nothing can "
            "be compared; train it, or give other images"
        )
    precise = copy.deepcopy(network).double()
    in_double = torch.cat([precise(part.double()) for part in parts]).float()
    before = torch.cat([model(part) for part in parts])
    try:
        given = torch.cat([run(part) for part in parts])
        apart = (given - expected).abs().amax(1)
    except Exception as error:  # each runtime has its own
        raise ValueError(f"no file was written: what runs it stopped with {error!r}") from error
    rounding = (in_double - expected).abs().amax(1)
    close = CLOSE * max(1.0, float(expected.abs().max()))

    def turned(apart: Tensor) -> int:
        return int((~(apart <= close)).sum())  # NaN too

    return {
        "median": float(apart.median()), "largest": float(apart.max()), "turned": turned(apart),
        "allowed": close + 4 * float(rounding.median()),
        "turned_allowed": 1 + many // 8 + 4 * turned(rounding),
        "same": share_same(given, expected), "unfolded": share_same(given, before),
    }  # fmt: skip


def share_same(some: Tensor, others: Tensor) -> float:
    return float((some.argmax(1) == others.argmax(1)).float().mean())
