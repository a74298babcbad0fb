"""Events over time, as the network takes them: how many each pixel had in each frame of a clip.

    in an npz    `[N, T, C, H, W]`, uint8; C is 2 for ON and OFF
    a sample     `[frames, C, size, size]`, float, whole numbers: counts are not divided by 255
    a batch      `[frames, B, C, size, size]`

Fewer frames than the clip has are sums of neighbouring ones: `frames=1` counts all events of the
clip and leaves no order, which shows whether a task needs time at all.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spikeatconv.checks import MOST, check_whole
from spikeatconv.images.picture import MOST_SIDE


class NotForEvents(ValueError):
    """What was asked for does not go with these events."""


@dataclass(frozen=True)
class EventFit:
    """`fit(clip)`: counts `[T, C, H, W]` → `[frames, C, size, size]`.

    Squares of k × k pixels become one, with the smallest k for which the longer side fits into
    size; what is left is a border without events.
    Raises TypeError and ValueError for other values.
    """

    size: int
    channels: int
    frames: int

    def __post_init__(self) -> None:
        check_whole(self.size, "image_size", 1, MOST_SIDE)
        check_whole(self.channels, "in_channels", 1, MOST["channels"])
        check_whole(self.frames, "time_steps", 1, MOST["time_steps"])

    def __call__(self, clip: Any) -> Tensor:
        check_frames(clip.shape[0], self.frames)
        counts = torch.from_numpy(clip).float().unflatten(0, (self.frames, -1)).sum(1)
        height, width = counts.shape[-2:]
        k = -(-max(height, width) // self.size)
        left, top = (self.size * k - width) // 2, (self.size * k - height) // 2
        edges = (left, self.size * k - width - left, top, self.size * k - height - top)
        return F.avg_pool2d(F.pad(counts, edges), k, divisor_override=1)

    def at(self, size: int) -> "EventFit":
        """The same for another size."""
        return EventFit(size, self.channels, self.frames)


def check_frames(there: int, wanted: int) -> None:
    """Raise NotForEvents unless so many can be summed to as many as are wanted."""
    if there % wanted:
        divide = [str(n) for n in range(1, there + 1) if there % n == 0]
        raise NotForEvents(
            f"time_steps is {wanted} and the events come in {there} frames; give a number that "
            f"divides them ({', '.join(divide)}), by which neighbouring frames are summed, or none"
        )


def fit_of_clips(clips: np.ndarray, size: int, time_steps: int | None) -> EventFit:
    """For clips `[N, T, C, H, W]`. time_steps: None for all frames."""
    _, there, channels, *_ = clips.shape
    frames = there if time_steps is None else time_steps
    check_frames(there, frames)
    return EventFit(size, channels, frames)
