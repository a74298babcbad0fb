"""EventExplorer: a digit moves past an event camera: what a frame tells, and what their order."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets as t

from spikeviz.base.front_end import read_data
from spikeviz.base.widget import Explorer, Number, Whole
from spikeviz.figure import new_figure

if TYPE_CHECKING:  # importing spikeviz stays fast: torch and matplotlib load when they are needed
    from matplotlib.figure import Figure

DIRECTIONS = ("right", "left", "down", "up")  # of spikeatconv.events, which would import torch
STEPS = (1, 2, 4, 8)
DIGITS = read_data("events")["results"]["digits"]


class EventTrace(NamedTuple):
    """What EventExplorer shows, computed by `spikeatconv.events` in float64.

    film: log brightness before the first move and after each, `[9, 32, 32]`.
    frames: the events of each frame, whole numbers `[time_steps, 2, 32, 32]`, ON and OFF.
    rate: their mean, as `energy_report` would take it for R.
    """

    film: np.ndarray
    frames: np.ndarray
    rate: float


class EventExplorer(Explorer):
    """A digit moves past an event camera: what a frame of events tells, and what their order.

    A synthetic camera, `spikeatconv.events`: a pixel reports ON where its log brightness rises by
    the contrast from one move to the next, OFF where it falls so far. Eight moves of a pixel each
    are counted in `time_steps` frames.

    digit: one test digit of each class.  direction: "right", "left", "down" or "up".
    dark: the digit is darker than its ground.  contrast: of an event, in log brightness.
    time_steps: T, 1, 2, 4 or 8.  step: the frame on show, from 0; beyond the last one that.
    hidden: the digit and its settings are not shown, until a guess of the direction is made.
    """

    _folder = "events"

    digit = Whole(3, 0, 9, 1)
    direction = t.Enum(DIRECTIONS, "right").tag(sync=True)
    dark = t.Bool(False).tag(sync=True)
    contrast = Number(0.5, 0.1, 2.5, 0.1)
    time_steps = t.Enum(STEPS, 4).tag(sync=True)
    step = Whole(1, 0, 7, 1)
    hidden = t.Bool(False).tag(sync=True)
    digits = t.List(DIGITS, read_only=True).tag(sync=True, large=True)

    def trace(self) -> EventTrace:
        """The film and the frames on show."""
        import torch

        from spikeatconv.events import clips, film

        ink = np.frombuffer(bytes.fromhex(DIGITS[self.digit]), np.uint8).reshape(1, 1, 28, 28)
        images = torch.from_numpy(ink / 255)
        way = torch.tensor([DIRECTIONS.index(self.direction)])
        frames = clips(images, way, torch.tensor([self.dark]), self.time_steps, self.contrast)
        seen = film(images, self.direction, self.dark)
        return EventTrace(seen[:, 0, 0].numpy(), frames[:, 0].numpy(), frames.mean().item())

    def to_matplotlib(self) -> "Figure":
        """The frames in their order, ON blue, OFF orange."""
        run = self.trace()
        figure, axes = new_figure(
            1, self.time_steps, figsize=(2 * self.time_steps + 0.5, 2.6), squeeze=False
        )
        for step, (axis, (on, off)) in enumerate(zip(axes[0], run.frames, strict=True)):
            axis.imshow(colour_events(on, off, 8 // self.time_steps))
            axis.set(xticks=[], yticks=[], title=f"frame {step + 1}")
        return figure


def colour_events(on: Any, off: Any, most: int) -> np.ndarray:
    """Whole numbers `[H, W]`, 0 to most, as a picture `[H, W, 4]`: clear where nothing happens,
    bluer the more ON and oranger the more OFF."""
    paper = np.ones(3)
    for events, colour in ((on, (0, 114, 178)), (off, (213, 94, 0))):
        share = np.clip(np.asarray(events)[..., None] / most, 0, 1)
        paper = paper * (1 - share * (1 - np.array(colour) / 255))
    ink = 1 - paper.min(-1, keepdims=True)  # so much of it, laid on white, gives `paper`
    return np.concatenate([1 - (1 - paper) / np.where(ink > 0, ink, 1), ink], -1)
