"""A trained network and what its file tells: how an image is prepared, the names of its classes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from spikeatconv.checks import few, nearest
from spikeatconv.command.follow import SPLIT
from spikeatconv.data import shipped, shipped_weights
from spikeatconv.files import read_text
from spikeatconv.images import open_image
from spikeatconv.images.clips import EventFit
from spikeatconv.images.picture import Fit, digit_border, fits
from spikeatconv.images.prepare import place_of
from spikeatconv.images.split import read_split
from spikeatconv.model import Network
from spikeatconv.training.checkpoint import Checkpoints
from spikeatconv.weights import load_weights, weights_note

DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Trained:
    """path: of the weights.  note: what they say of themselves.  fit: how an image is prepared.
    names: of the classes, their numbers where the weights tell none.  named: whether they do."""

    path: Path
    model: Network
    note: dict
    fit: Fit | EventFit
    names: tuple[str, ...]
    named: bool

    def match(self, data: Any) -> str:
        """Prepare the data's images as the network's were, and number their classes as it does, by
        their names; what was done about these, in words.

        data: of `open_data` or `stream`. Raises ValueError for classes that it does not know.
        """
        check_same_kind(self.path, self.fit, data.fit)
        data.fit, known, theirs = self.fit, len(self.names), tuple(data.classes)
        counts = f"{self.path} tells {known} classes apart and the data have {len(theirs)}"
        if theirs == self.names:
            return ""
        if not self.named and len(theirs) == known:
            return (
                "the weights do not name their classes; they are taken to be those of the data, in "
                f"this order: {few(theirs)}"
            )
        unknown = [name for name in theirs if name not in self.names]
        if unknown or not self.named or len(set(self.names)) < known:
            raise ValueError(
                f"{counts}; it knows {few(self.names)}, and not {few(unknown or theirs)}: give the "
                "--data that it was trained for, or the same names"
            )
        data.rename(self.names, [self.names.index(name) for name in theirs])
        if len(theirs) < known:
            return f"{counts}: {few(theirs)}; matched by their names"
        return "the data have the same classes in another order; matched by their names"


def check_same_kind(path: Path, own: Fit | EventFit, other: Fit | EventFit) -> None:
    """Raise ValueError unless the data, which have the other fit, are what the network takes."""
    wanted, found = (
        f"events over time in {fit.channels} channels" if isinstance(fit, EventFit) else "pictures"
        for fit in (own, other)
    )
    if wanted != found:
        raise ValueError(f"{path} takes {wanted}, and the data are {found}; give --data of those")


def load(word: str, image_size: int | None = None, new: Sequence[str] = ()) -> Trained:
    """What `weights_of(word, new)` finds. image_size: else as in training."""
    path = weights_of(word, new)
    model, note = load_weights(path), weights_note(path)
    told, names = part(note, "data", "classes"), tuple(map(str, range(model.config.classes)))
    digits = str(note.get("command", "")).startswith("python studies/digits.py")  # those that ship
    if isinstance(told, list) and len(told) == len(names):
        names = tuple(map(str, told))
    elif told is not None:
        raise ValueError(
            f"{path} names the classes {few(told) if isinstance(told, list) else told!r} in its "
            f"note, and the network tells {len(names)} apart; write it again with save_weights"
        )
    fit = fit_of(model, note, names, path)
    return Trained(
        path, model, note, fit.at(image_size) if image_size else fit, names,
        named=told is not None or digits,
    )  # fmt: skip


def fit_of(model: Network, note: dict, names: tuple[str, ...], path: Path) -> Fit | EventFit:
    """What the note says. Older ones tell the size and the crop; the digits had a border."""
    channels, told = model.config.in_channels, note.get("prepared")
    try:
        if told is not None:
            fit: Fit | EventFit = EventFit(**told) if "frames" in told else Fit(**told)
        else:
            size = part(note, "recipe", "image_size") or usual_size(model)
            crop = bool(part(note, "recipe", "augmentation", "crop"))
            border = digit_border(size) if names == DIGITS else 0
            fit = fits(size, channels, crop, border)[1]
        if fit.channels != channels:
            raise ValueError(f"it has {fit.channels} channels, and the network takes {channels}")
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{path} tells in its note how an image is prepared, and that cannot be used: {error}; "
            "write it again with save_weights"
        ) from None
    return fit


def part(note: Any, *keys: str) -> Any:
    """note[key][key]…, None where there is none."""
    for key in keys:
        note = note.get(key) if isinstance(note, dict) else None
    return note


def run_of(trained: Trained) -> Path | None:
    """The run.json of the run whose checkpoint it is."""
    near = (trained.path.parent, trained.path.parent.parent)
    return next((f for folder in near if (f := folder / "run.json").exists()), None)


def split_of(trained: Trained) -> dict[str, str] | None:
    """Which image was in which part of its training, None where none were held out."""
    run = run_of(trained)
    file = run.with_name(SPLIT) if run else None
    return read_split(file) if file and file.exists() else None


def own_data(trained: Trained) -> tuple[str, bool]:
    """What it was trained on, by the run.json of its run, and whether that was streamed. Raises
    ValueError for weights that do not tell."""
    file = run_of(trained)
    if file is not None:
        return data_of(file)
    if trained.named and trained.names == DIGITS:
        return "digits", False
    raise ValueError(
        f"{trained.path} does not tell on which data it was trained; give --data, of the classes "
        f"{few(trained.names)}"
    )


def data_of(file: Path) -> tuple[str, bool]:
    try:
        run = json.loads(read_text(file))
        options = run["options"]
        where = run.get("data") or options["data"] or place_of(options["recipe"])
        if not isinstance(where, str):
            raise TypeError(f"data is {where!r}")
        return where, options["streamed"] is True
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{file} cannot be read ({error!r}); give --data") from None


def weights_of(word: str, new: Sequence[str] = ()) -> Path:
    """A run's folder (its best checkpoint), a checkpoint, a file, or the name of one that ships.
    Raises FileNotFoundError that says what can be given. new: names of untrained ones, which can be
    given there, too."""
    path, ship = Path(word).expanduser(), shipped_weights()
    if path.is_dir():
        best = Checkpoints(path).best() or Checkpoints(path).last() or path
        path = best / "weights.safetensors"
    elif word.removesuffix(".safetensors") in ship and not path.exists():
        path = shipped(word.removesuffix(".safetensors") + ".safetensors")
    if not path.is_file():
        near = nearest(word, [*ship, *new])
        raise FileNotFoundError(
            f"{word} is no trained network. {f'Did you mean {near}? ' if near else ''}Give a run's "
            f"folder, a .safetensors file or one that ships ({', '.join(ship)})"
            + (f"; or a new one ({', '.join(new)})" if new else "")
        )
    return path


def usual_size(model: Network) -> int:
    """32, or 224 where the partitions do not fit 32."""
    return 32 if model.config.fits(32) else 224


def spikes(model: Network) -> str:
    """Whether it spikes, and how, in words."""
    config = model.config
    return f"{config.spk}, T = {config.time_steps}" if config.spiking else "no spikes"


def read_image(path: str | Path, trained: Trained) -> Tensor:
    """`[channels, size, size]`, uint8, as the images of the training were prepared. Raises
    FileNotFoundError, and ValueError for what is no image."""
    image = open_image(path)
    try:
        return trained.fit(image)
    except ValueError as error:
        raise ValueError(f"{path} cannot be used: {error}") from None


def spread_out(total: int, wanted: int) -> list[int]:
    """That many numbers below total, evenly spread, so that every class has its share."""
    wanted = min(wanted, total)
    return [i * total // wanted for i in range(wanted)]
