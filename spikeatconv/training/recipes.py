"""How a network is trained, as data (paper, "Experiments"; its figures stand in the comments).

    learning rate at epoch e
        before   peak · e / warmup
        after    least + (peak − least) · (1 + cos(π · (e − warmup) / (epochs − warmup))) / 2

What the paper does not give is our choice: AdamW's β and ε (torch's), the cosine for CIFAR-100, the
shear's angle; for ImageNet AdamW itself (it is named for CIFAR-100 only), the crop, the flip, that
the clipping's threshold of 0.1 is one of the gradient's norm, and the strengths of Mixup, CutMix
and Random Erasing, which are those that are usual with this list of augmentations.
"""

import math
from dataclasses import dataclass, fields
from typing import Any

import torch

from spikeatconv import checks
from spikeatconv.checks import (
    check_bool,
    check_choice,
    check_kind,
    check_number,
    check_whole,
    short,
)
from spikeatconv.images.picture import INTERPOLATIONS, check_part
from spikeatconv.model import PRESETS, Config, Network, preset
from spikeatconv.resnet import SpikingResNet18Config

NAMES = (*PRESETS, "resnet18")  # of networks
MOST = {  # of each field of Augmentation
    "crop": 1.0, "rotation": 180.0, "shear": 89.0, "shift": 1.0, "scale": 0.99, "erasing": 1.0,
    "label_smoothing": 1.0, "rand_augment": 29.0,
}  # fmt: skip


@dataclass(frozen=True)
class Augmentation:
    """What happens to a training image; 0 and False leave a step out.

    crop: the smallest share of the area that a random crop keeps, scaled back to image_size.
    flip: mirror half of the images.  rotation, shear: up to that many degrees.  shift, scale: up to
    that share of the side, either way.  auto_augment: the ImageNet policy of AutoAugment.
    rand_augment: magnitude, of 30, of the two operations that RandAugment draws.
    erasing: probability of Random Erasing.  mixup: α of its Beta distribution.  cutmix: α; with
    both, a batch gets one of them by the toss of a coin.  label_smoothing: share of the target
    spread over all classes.
    Raises TypeError or ValueError that names the field, its value and what would do.
    """

    crop: float = 0.0
    flip: bool = False
    rotation: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    auto_augment: bool = False
    rand_augment: float = 0.0
    erasing: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(field.default, bool):
                value = check_bool(value, field.name)
            else:
                value = check_number(value, field.name)
                most = MOST.get(field.name, math.inf)
                if not 0 <= value <= most:
                    raise ValueError(f"{field.name} is {value}; give a number from 0 to {most:g}")
            vars(self)[field.name] = value


def check_augmentation(value: Any) -> None:
    give = "an Augmentation, such as Augmentation(flip=True)"
    check_kind(value, "augmentation", Augmentation, give)


@dataclass(frozen=True)
class Recipe:
    """A training, but for the model and the data.

    epochs, warmup_epochs: of the whole training set.  batch: images of one step of the optimizer,
    over all processes.  learning_rate: the peak.  weight_decay: AdamW's, on matrices and kernels;
    norms and biases have none.  clip: of the gradient's norm, or None.  ema: decay of an
    exponential mean of the weights, which is then what is evaluated, or None.
    frozen: stages, from the first on, that stay as they are.  head_rate: the last layer's learning
    rate, in times of the others'.  min_learning_rate: where the others' ends.
    drop_path: how often the last block's branches are left out, the first ones' less often.
    repeats: how often each image is in its batch, augmented by itself each time.
    distill: the teacher's share of the loss, where one is given.  temperature: by which its answers
    and the network's are softened.
    test_crop: share of an image's shorter side that the test takes, None for 224/256 after random
    crops, else all; interpolation: "bilinear", "bicubic" or "lanczos", by which images are scaled
    when they are read. Give both to `open_data` too.
    image_size: pixels a side.  seed: of the order and the augmentation; give it to `network` too.
    networks: the names of those it is meant for.
    Raises TypeError or ValueError that names the field, its value and what would do.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    warmup_epochs: float
    image_size: int
    clip: float | None = None
    augmentation: Augmentation = Augmentation()
    ema: float | None = None
    frozen: int = 0
    head_rate: float = 1.0
    drop_path: float = 0.0
    min_learning_rate: float = 0.0
    repeats: int = 1
    distill: float = 0.5
    temperature: float = 1.0
    test_crop: float | None = None
    interpolation: str = "bilinear"
    seed: int = 0
    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        found = vars(self)
        for name in ("epochs", "batch", "repeats", "image_size"):
            found[name] = check_whole(found[name], name)
        found["seed"] = check_whole(self.seed, "seed", 0, 2**63 - 1)
        found["frozen"] = check_whole(self.frozen, "frozen", 0, checks.MOST["stages"])
        for field in fields(self):
            optional = field.default is None and found[field.name] is None
            if field.type in (float, float | None) and not optional:
                found[field.name] = check_number(found[field.name], field.name)
        check_augmentation(self.augmentation)
        if not isinstance(self.networks, tuple) or {*map(type, self.networks)} - {str}:
            raise TypeError(f"networks is {short(self.networks)}; give a tuple of names")
        if self.learning_rate <= 0 or self.weight_decay < 0:
            raise ValueError(
                f"learning_rate is {self.learning_rate} and weight_decay is {self.weight_decay}; "
                "give a learning_rate above 0 and a weight_decay of 0 or more"
            )
        if self.test_crop is not None:
            check_part(self.test_crop, "test_crop")
        check_choice(self.interpolation, "interpolation", INTERPOLATIONS)
        if not 0 <= self.min_learning_rate <= self.learning_rate:
            raise ValueError(
                f"min_learning_rate is {self.min_learning_rate}; give a number from 0 to the "
                f"learning_rate, {self.learning_rate}"
            )
        if self.head_rate <= 0:
            raise ValueError(f"head_rate is {self.head_rate}; give a number above 0, such as 10")
        if not 0 <= self.warmup_epochs < self.epochs:
            raise ValueError(
                f"warmup_epochs is {self.warmup_epochs} of {self.epochs} epochs; give 0 or more, "
                "and fewer than epochs"
            )
        if self.ema is not None and not 0 < self.ema < 1:
            raise ValueError(f"ema is {self.ema}; give a decay between 0 and 1, or None")
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path is {self.drop_path}; give a share from 0 to below 1")
        if not 0 < self.distill <= 1:
            raise ValueError(f"distill is {self.distill}; give a share above 0, up to 1")
        if self.temperature <= 0:
            raise ValueError(f"temperature is {self.temperature}; give a number above 0, such as 2")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"clip is {self.clip}; give a norm above 0, or None")

    def rate_at(self, epoch: float) -> float:
        """The learning rate at that point of the training, 0 to `epochs`."""
        if epoch < self.warmup_epochs:
            return self.learning_rate * epoch / self.warmup_epochs
        share = (epoch - self.warmup_epochs) / (self.epochs - self.warmup_epochs)
        falls = self.learning_rate - self.min_learning_rate
        return self.min_learning_rate + falls * (1 + math.cos(math.pi * min(share, 1.0))) / 2


RECIPES = {
    # Ours: Micro on the digits that ship, minutes on a laptop.
    "digits": Recipe(
        epochs=6, batch=50, learning_rate=4e-3, weight_decay=0.01, warmup_epochs=1,
        image_size=32, clip=1.0, networks=("micro",),
        augmentation=Augmentation(rotation=11.0, shift=0.05, scale=0.1),
    ),
    # Ours: which way does a digit move past an event camera? Half of the digits are dark.
    "events": Recipe(
        epochs=4, batch=50, learning_rate=8e-3, weight_decay=0.01, warmup_epochs=1,
        image_size=32, clip=1.0, networks=("micro",),
    ),
    # Ours: small data of one's own; `spikeatconv train own` sets what the images decide.
    "own": Recipe(
        epochs=16, batch=50, learning_rate=4e-3, weight_decay=0.05, warmup_epochs=1,
        image_size=64, clip=1.0, networks=("micro",),
        augmentation=Augmentation(label_smoothing=0.1),
    ),
    # 200 epochs, AdamW, 0.02, batch 256, warm-up 5, decay 0.01, flip, rotation ±30°, shear.
    "cifar100": Recipe(
        epochs=200, batch=256, learning_rate=0.02, weight_decay=0.01, warmup_epochs=5,
        image_size=32, networks=("resnet18", "micro"),
        augmentation=Augmentation(flip=True, rotation=30.0, shear=10.0),
    ),
    # 200 epochs, 1e-3, batch 768, warm-up 10, cosine, decay 0.05, clipping 0.1, 224 × 224,
    # AutoAugment, label smoothing 0.1, Random Erasing, Mixup, CutMix.
    "imagenet": Recipe(
        epochs=200, batch=768, learning_rate=1e-3, weight_decay=0.05, warmup_epochs=10,
        image_size=224, clip=0.1, networks=("tiny", "base", "large"),
        augmentation=Augmentation(
            crop=0.08, flip=True, auto_augment=True, erasing=0.25, mixup=0.8, cutmix=1.0,
            label_smoothing=0.1,
        ),
    ),
}  # fmt: skip


def network(name: str, seed: int = 0, **changes) -> Network:
    """A new network, "resnet18" (a SpikingResNet18) or a preset of SpikeAtConv, its weights drawn
    with that seed; torch's generator stays as it was. changes: arguments of the class or fields of
    the configuration, such as classes=100. Raises TypeError or ValueError for a wrong one."""
    return build(make_config(name, **changes), seed)


def make_config(name: str, **changes) -> Config:
    """The configuration of that name, with changes; errors as `network`."""
    if check_choice(name, "name", NAMES) == "resnet18":
        return SpikingResNet18Config.of({"classes": 100, **changes})
    return preset(name, **changes)


def build(config: Config, seed: int) -> Network:
    """A new network, its weights drawn with that seed; torch's generator stays as it was."""
    seed = check_whole(seed, "seed", 0, 2**63 - 1)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return config.build()
