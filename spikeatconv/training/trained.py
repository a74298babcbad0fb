"""A trained network and what its file tells: the size of its images, the names of its classes."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from spikeatconv.data import shipped
from spikeatconv.model import PRESETS, SpikeAtConv
from spikeatconv.resnet import SpikingResNet18
from spikeatconv.training.checkpoint import Checkpoints
from spikeatconv.training.images import Images
from spikeatconv.training.picture import fits, plain
from spikeatconv.training.recipes import RECIPES, Recipe
from spikeatconv.training.stream import Stream
from spikeatconv.weights import config_of, load_weights, weights_note

SHIPPED = ("micro_digits", "micro_bdsa_digits")


@dataclass(frozen=True)
class Trained:
    """path: of the weights.  note: what they say of themselves.  size: pixels a side."""

    path: Path
    model: nn.Module
    note: dict
    size: int

    @property
    def channels(self) -> int:
        return config_of(self.model)["in_channels"]

    @property
    def names(self) -> list[str]:
        """Of the classes; their numbers where the note has none."""
        numbers = range(config_of(self.model)["classes"])
        return list(self.note.get("data", {}).get("classes", map(str, numbers)))

    @property
    def crop(self) -> bool:
        """Whether it was trained on random crops; then its test images are cut out, too."""
        return self.note.get("recipe", {}).get("augmentation", {}).get("crop", 0) > 0

    def recipe(self, batch: int) -> Recipe:
        """For `evaluate`, which needs two fields of it."""
        return replace(RECIPES["digits"], batch=batch, image_size=self.size)

    def check(self, data: Images | Stream) -> None:
        """Raise ValueError unless the data have as many classes."""
        if len(self.names) != len(data.classes):
            raise ValueError(
                f"{self.path} tells {len(self.names)} classes apart and the data have "
                f"{len(data.classes)}; give the --data it was trained for"
            )


def load(word: str, image_size: int | None = None) -> Trained:
    """What `weights_of(word)` finds. image_size: else as in training."""
    path = weights_of(word)
    model, note = load_weights(path), weights_note(path)
    size = image_size or note.get("recipe", {}).get("image_size") or usual_size(model)
    return Trained(path, model, note, size)


def weights_of(word: str) -> Path:
    """A run's folder (its best checkpoint), a checkpoint, a file, or the name of one that ships.
    Raises FileNotFoundError that says what can be given."""
    path = Path(word).expanduser()
    if path.is_dir():
        best = Checkpoints(path).best() or Checkpoints(path).last() or path
        path = best / "weights.safetensors"
    elif word.removesuffix(".safetensors") in SHIPPED and not path.exists():
        path = shipped(word.removesuffix(".safetensors") + ".safetensors")
    if not path.is_file():
        raise FileNotFoundError(
            f"{word} is no trained network; give a run's folder, a .safetensors file, or one that "
            f"ships: {', '.join(SHIPPED)}"
        )
    return path


def usual_size(model: nn.Module) -> int:
    """32, or 224 where the partitions do not fit 32."""
    return 32 if not isinstance(model, SpikeAtConv) or model.config.fits(32) else 224


def network_of(name: str) -> nn.Module:
    """Of that name, its weights without values: it takes no memory."""
    with torch.device("meta"):
        return SpikingResNet18(100) if name == "resnet18" else SpikeAtConv(PRESETS[name])


def read_image(path: str | Path, trained: Trained) -> Tensor:
    """`[1, channels, size, size]` in 0 to 1, cut out and scaled as the test images are.

    A grey one of 28 × 28 gets a margin, as the digits have. Raises FileNotFoundError, and
    ValueError for what is no image.
    """
    fit = fits(trained.size, trained.channels, trained.crop)[1]
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
        if trained.channels == 1 and upright.size == (28, 28) and trained.size == 32:
            upright = ImageOps.expand(plain(upright).convert("L"), 2)
        return fit(upright).unsqueeze(0) / 255
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: there is no such file; check the path") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read as an image: {error}; give a PNG, JPEG or another picture"
        ) from None


def spaced(total: int, wanted: int) -> list[int]:
    """That many numbers below total, evenly spread, so that every class has its share."""
    wanted = min(wanted, total)
    return [i * total // wanted for i in range(wanted)]
