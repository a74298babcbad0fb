"""What `train --teacher` gives: a trained network that answers for the classes of the data."""

from collections.abc import Sequence

import torch
from torch import nn

from spikeatconv.checks import few
from spikeatconv.command.trained import Trained, spikes
from spikeatconv.model import Network


def teacher_for(
    trained: Trained, classes: Sequence[str], channels: int, side: int
) -> tuple[Network, str]:
    """The network, with a row of its last layer for each of the data's classes, by their names, and
    in words what it is. Raises ValueError where it does not know them, or does not take the images.
    """
    model, names = trained.model, trained.names
    told = f"{trained.path}: {spikes(model)}"
    if model.config.in_channels != channels or not model.config.fits(side):
        raise ValueError(
            f"the teacher {trained.path} takes images of {model.config.in_channels} channels, by "
            f"default {trained.fit.size} × {trained.fit.size}, and these are {channels} × {side} × "
            f"{side}; give one that was trained on such images"
        )
    if not trained.named and len(names) == len(classes):
        return model, told + "; it names no classes, they are taken to be the data's, in order"
    unknown = [name for name in classes if name not in names]
    if unknown:
        raise ValueError(
            f"the teacher {trained.path} does not know the classes {few(unknown)}; it knows "
            f"{few(names)}: give one that was trained on all of the data's"
        )
    rows = torch.tensor([names.index(name) for name in classes])
    head = model.head
    head.weight, head.bias = (nn.Parameter(t.detach()[rows]) for t in (head.weight, head.bias))
    return model, told
