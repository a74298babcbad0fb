"""What happens to a batch of training images, on the batch's device, by kornia.

    crop → flip → rotation, shear, shift, scale → AutoAugment → RandAugment → Random Erasing
    → Mixup or CutMix

All chance comes from torch's generator, so that the loop's seed of a step decides it. Mixup and
CutMix are ours: kornia's Mixup has no Beta distribution, and both give labels that no loss takes.
Ours are shares of the classes, which torch's cross-entropy takes as they are.

No mean is subtracted: the network's first BatchNorm does that, and whoever uses the network later
has images in 0 to 1 and nothing else to know.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spikeatconv.checks import check_number, check_tensor, check_whole
from spikeatconv.extra import extra
from spikeatconv.images.picture import CHANNELS
from spikeatconv.training.recipes import Augmentation, check_augmentation

TOGETHER = 8  # images that share the operations of a policy; kornia draws them for each call
OPERATIONS = 2  # of RandAugment


class Augment:
    """`augment(images, labels)` → (images `[B, C, size, size]` float in 0 to 1, targets).

    images: `[B, C, H, W]`, uint8 or float; any size with a crop, else size × size. Or events over
        time `[T, B, C, H, W]`: what happens to a clip is the same in all its frames.
    labels: `[B]`. targets: the labels, or with Mixup or CutMix the shares `[B, classes]`.
    Raises TypeError or ValueError for what does not fit together.
    """

    def __init__(self, augmentation: Augmentation, size: int, classes: int) -> None:
        check_augmentation(augmentation)
        self.augmentation = augmentation
        self.size, self.classes = check_whole(size, "size"), check_whole(classes, "classes")
        self.moves = nn.Sequential(*moves(augmentation, size))

    @torch.no_grad()
    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        check_tensor(images, "images")
        steps = len(images) if images.dim() == 5 else 0
        if steps:
            images = frames_as_channels(images, self.augmentation)
        check_batch(images, labels, "labels", "[B]")
        if not self.augmentation.crop:
            check_size(images, self.size)
        images, targets = self.moves(as_float(images)), labels
        if self.augmentation.mixup or self.augmentation.cutmix:
            shares = F.one_hot(labels, self.classes).to(images.dtype)
            images, targets = mix(images, shares, self.augmentation.mixup, self.augmentation.cutmix)
        return images.unflatten(1, (steps, -1)).transpose(0, 1) if steps else images, targets


def frames_as_channels(clips: Tensor, augmentation: Augmentation) -> Tensor:
    """`[T, B, C, H, W]` → `[B, T·C, H, W]`. Raises ValueError for what happens to colours."""
    if augmentation.auto_augment or augmentation.rand_augment:
        raise ValueError(
            "auto_augment and rand_augment change colours, and events have none; leave both out"
        )
    return clips.transpose(0, 1).flatten(1, 2)


def moves(a: Augmentation, size: int) -> list[nn.Module]:
    """kornia's modules for all that happens to each image by itself, in order."""
    if a == Augmentation(mixup=a.mixup, cutmix=a.cutmix, label_smoothing=a.label_smoothing):
        return []
    kornia = extra("kornia.augmentation")
    steps: list[nn.Module] = []
    if a.crop:
        steps.append(kornia.RandomResizedCrop((size, size), scale=(a.crop, 1.0)))
    if a.flip:
        steps.append(kornia.RandomHorizontalFlip(p=0.5))
    if a.rotation or a.shear or a.shift or a.scale:
        steps.append(
            kornia.RandomAffine(
                degrees=a.rotation,
                translate=(a.shift, a.shift) if a.shift else None,
                scale=(1 - a.scale, 1 + a.scale) if a.scale else None,
                shear=a.shear or None,
                p=1.0,
            )
        )
    if a.auto_augment:
        steps.append(InGroups(extra("kornia.augmentation.auto").AutoAugment("imagenet"), TOGETHER))
    if a.rand_augment:
        policy = extra("kornia.augmentation.auto").RandAugment(OPERATIONS, a.rand_augment)
        steps.append(InGroups(policy, TOGETHER))
    if a.erasing:
        steps.append(kornia.RandomErasing(p=a.erasing))
    return steps


class InGroups(nn.Module):
    """Calls a policy on `together` images after the other: `[B, C, H, W]` → same shape. It takes
    three channels; one stands for three that are equal, and stay so. Raises ValueError for others.
    """

    def __init__(self, policy: nn.Module, together: int) -> None:
        super().__init__()
        self.policy, self.together = policy, together

    def forward(self, images: Tensor) -> Tensor:
        channels = images.shape[1]
        if channels not in CHANNELS:
            raise ValueError(
                f"the images have {channels} channels, and auto_augment and rand_augment change "
                "colours: give images of 1 or 3 channels, or leave both out"
            )
        colours = images.expand(-1, 3, -1, -1)
        changed = torch.cat([self.policy(group) for group in colours.split(self.together)])
        return changed[:, :channels]


def mix(images: Tensor, shares: Tensor, mixup: float, cutmix: float) -> tuple[Tensor, Tensor]:
    """Each image mixed with its neighbour in the batch, and the shares of the classes with it.

    images `[B, C, H, W]`, shares `[B, classes]`. λ, the part of the image itself, is drawn from
    Beta(α, α), once for the batch; where both have an α, a coin decides.

        Mixup    λ · image + (1 − λ) · neighbour
        CutMix   the neighbour in a box of 1 − λ of the area, cut off at the border

    Raises TypeError or ValueError for other shapes and an α that is none.
    """
    check_batch(images, shares, "shares", "[B, classes]")
    for alpha, name in ((mixup, "mixup"), (cutmix, "cutmix")):
        if check_number(alpha, name) < 0 or mixup <= 0 >= cutmix:
            raise ValueError(f"{name} is {alpha}; give an α above 0 for mixup, cutmix or both")
    by_mixup = mixup > 0 and (cutmix <= 0 or bool(torch.rand(()) < 0.5))
    drawn = torch.tensor(float(mixup if by_mixup else cutmix))
    part = float(torch.distributions.Beta(drawn, drawn).sample())
    neighbours = images.roll(1, 0)
    if by_mixup:
        images = neighbours.lerp(images, part)
    else:
        box = box_of(1 - part, *images.shape[-2:])
        images = images.clone()
        images[..., box[0], box[1]] = neighbours[..., box[0], box[1]]
        part = 1 - images[0, 0, box[0], box[1]].numel() / images[0, 0].numel()
    return images, part * shares + (1 - part) * shares.roll(1, 0)


def box_of(area: float, height: int, width: int) -> tuple[slice, slice]:
    """A box of that share of the area, its centre anywhere, cut off at the border."""

    def side(length: int) -> slice:
        half = length * area**0.5 / 2
        centre = float(torch.rand(())) * length
        return slice(max(0, round(centre - half)), min(length, round(centre + half)))

    return side(height), side(width)


def as_float(images: Tensor) -> Tensor:
    """uint8 in 0 to 255 → float in 0 to 1; float stays."""
    return images if images.is_floating_point() else images.float() / 255


def check_batch(images: Tensor, targets: Tensor, name: str, shape: str) -> None:
    """Raise unless these are images `[B, C, H, W]` and targets of that shape."""
    check_tensor(images, "images")
    check_tensor(targets, name)
    right = images.dim() == 4 and targets.dim() == 1 + shape.count(",")
    if not right or len(targets) != len(images) or not len(images):
        raise ValueError(
            f"images have shape {list(images.shape)} and {name} {list(targets.shape)}; give "
            f"images [B, C, H, W] and {name} {shape}, B at least 1"
        )


def check_size(images: Tensor, size: int) -> None:
    if tuple(images.shape[-2:]) != (size, size):
        height, width = images.shape[-2:]
        raise ValueError(
            f"the images are {height} × {width} and the recipe's image_size is {size}; resize "
            f"the images, or take replace(recipe, image_size={height})"
        )
