"""What a training will take: parameters, memory, disk and time, from a few steps really computed.

    tensors = parameters · (4 + 4 + 8 [+ 4 with EMA]) + kept of a few images · (part / few)
              [+ the teacher's]
    memory  = tensors on a GPU; LIBRARIES + SPREAD · tensors for each process on a CPU
    disk    = checkpoint · (kept ones + the best + one being written)
    time    = seconds an image · images · epochs, and the test

Tensors are counted one by one: what the forward pass keeps for the backward pass. Of more time
steps than SHORT only a few are computed, and memory and time follow in a straight line. Nothing is
measured that would fill the memory: a count that comes near it ends there. A process on a
CPU takes more than its tensors: its first step loads libraries, and malloc keeps freed blocks that
no later tensor fits. Not in the estimate: what processes say to each other, CUDA's own memory, and
with workers or a stream the reading, which is thought to keep up.
"""

import copy
import math
import shutil
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from spikeatconv.energy import count_flops
from spikeatconv.extra import extra
from spikeatconv.images.base import Images, first
from spikeatconv.model import Network
from spikeatconv.training.augment import Augment, as_float
from spikeatconv.training.distill import distilled
from spikeatconv.training.loop import adamw, check_together
from spikeatconv.training.recipes import Recipe
from spikeatconv.training.recompute import recompute
from spikeatconv.training.run import USUAL, Run
from spikeatconv.training.tuning import freeze

LONG = 3600.0  # seconds after which a run asks before it starts
FEW = 2  # images whose memory is counted
AIM = 2.0  # seconds that a timed step should take, about
STEPS = 2  # that are timed
SHORT = 4  # time steps that are computed at most
SPREAD, LIBRARIES = 1.5, 300_000_000  # measured, see docs/training.md


class TooLarge(ValueError):
    """It does not fit in the memory, whatever the batch and the time steps."""


@dataclass(frozen=True)
class Estimate:
    """Bytes and seconds of a training. macs: of one time step, one image. timed: images a step.
    tensors: of one process.  memory: of all processes on this machine."""

    parameters: int
    macs: int
    tensors: int
    memory: int
    memory_free: int
    checkpoint: int
    checkpoints: int
    disk_free: int
    epoch: float
    seconds: float
    timed: int

    @property
    def disk(self) -> int:
        return self.checkpoint * self.checkpoints

    def problems(self) -> list[str]:
        """Why one should be asked first; none for a short run that fits."""
        found = []
        if self.memory > self.memory_free:
            found.append(
                f"it needs about {size(self.memory)} of memory and {size(self.memory_free)} are "
                "free: try --accumulate, --recompute, or a smaller batch, image_size or time_steps"
            )
        if self.disk > self.disk_free:
            found.append(
                f"its checkpoints need about {size(self.disk)} and {size(self.disk_free)} are free "
                "on that disk: try another --folder or --keep 1"
            )
        if self.seconds > LONG:
            found.append(f"it takes about {duration(self.seconds)}")
        return found


def estimate(
    model: Network, data: Images, test: Images, recipe: Recipe, folder: Path, run: Run = USUAL,
    *, teacher: nn.Module | None = None, again: bool = False, processes: int = 1, here: int = 1,
    done: int = 0,
) -> Estimate:  # fmt: skip
    """Measured on copies: the model stays as it is.

    teacher: as `train` takes it.  again: with `recompute`.  processes: of the training, `here` of
    them on this machine.  done: steps that a resumed training has behind it.
    Raises TooLarge where not even two images at one time step fit.
    """
    check_together(model, data, test, recipe)
    device = torch.device("cpu" if run.cpu else best_device())
    free = free_memory(device)
    check_room_for_weights(model)
    check_room_for_image(model.config.in_channels, recipe.image_size)
    part = max(1, recipe.batch // processes // run.accumulate)
    few = min(FEW, part)

    def stepper(steps: int) -> Stepper:
        return Stepper(model, data, recipe, run, device, steps, few, teacher)

    least = stepper(1).count_kept(again, free // 2)
    kept, each, tested, timed = in_a_line(
        lambda steps: stepper(steps).measure(test, part, free, again),
        model.config.time_steps, least > free // 16,
    )  # fmt: skip
    state = bytes_of(model.state_dict().values())
    learned = bytes_of(p for p in model.parameters() if p.requires_grad)
    average = state if recipe.ema else 0
    asked = bytes_of(teacher.state_dict().values()) if teacher else 0
    tensors = 3 * learned + average + asked + kept // few * part
    memory = here * int(LIBRARIES + SPREAD * tensors) if device.type == "cpu" else tensors
    steps = len(data) // recipe.batch
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    epoch = (each * steps * recipe.batch + tested * len(test)) / processes
    return Estimate(
        parameters=sum(p.numel() for p in model.parameters()),
        macs=macs_of(model, recipe.image_size),
        tensors=tensors,
        memory=memory,
        memory_free=free,
        checkpoint=state + 2 * learned + average,
        checkpoints=run.keep + 2,
        disk_free=shutil.disk_usage(there).free,
        epoch=epoch,
        seconds=epoch * (recipe.epochs - done / max(1, steps)),
        timed=timed,
    )


class Measured(NamedTuple):
    """kept: bytes of few images.  each, tested: seconds of an image in training and in the test.
    timed: images of a timed step."""

    kept: int
    each: float
    tested: float
    timed: int


def in_a_line(measure: Callable[[int], Measured], steps: int, tight: bool) -> Measured:
    """What is measured at that many time steps. Where they are many, from the line through two
    smaller numbers; where memory is tight, in proportion to one time step."""
    if tight:
        one = measure(1)
        return Measured(one.kept * steps, one.each * steps, one.tested * steps, one.timed)
    if steps <= SHORT:
        return measure(steps)
    half, whole = measure(SHORT // 2), measure(SHORT)
    far = (steps - SHORT) / (SHORT - SHORT // 2)
    kept, each, tested = (w + far * max(0, w - h) for h, w in zip(half[:3], whole[:3], strict=True))
    return Measured(int(kept), each, tested, whole.timed)


class Stepper:
    """Steps of a training on a copy of the model that sees that many time steps.
    few: images whose memory is counted."""

    def __init__(
        self, model: Network, data: Images, recipe: Recipe, run: Run, device: torch.device,
        steps: int, few: int, teacher: nn.Module | None = None,
    ) -> None:  # fmt: skip
        self.data, self.few, self.recipe = data, few, recipe
        if isinstance(teacher, Network) and first(data, 1)[0].dim() == 5:
            teacher = copy.deepcopy(teacher)
            teacher.config = replace(teacher.config, time_steps=steps)
        self.teacher = teacher if teacher is None else teacher.to(device).eval()
        self.ahead = run.workers > 0 or getattr(data, "buffer", None) is not None  # read by then
        self.model, self.device = copy.deepcopy(model).to(device), device
        self.model.config = replace(self.model.config, time_steps=steps)
        freeze(self.model, recipe.frozen)
        self.optimizer = adamw(self.model, recipe)
        self.augment = Augment(recipe.augmentation, recipe.image_size, len(data.classes))
        self.type = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(run.precision)

    def first(self, images: Images, count: int) -> tuple[Tensor, Tensor]:
        """The first ones; of events as many frames as the copy has time steps."""
        found, labels = first(images, count)
        return found[: self.model.config.time_steps] if found.dim() == 5 else found, labels

    def measure(self, test: Images, part: int, free: int, again: bool) -> Measured:
        self.step(*self.first(self.data, self.few))
        kept = self.count_kept(again)
        if again:
            recompute(self.model)
        room = int(free * self.few / max(1, 2 * SPREAD * kept))
        each, timed = self.seconds(min(part, room))
        return Measured(kept, each, self.test_seconds(test), timed)

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        images, targets = self.augment(images.to(self.device), labels.to(self.device))
        half = torch.autocast(self.device.type, self.type) if self.type else nullcontext()
        with half:
            logits = self.model(images)
            loss = cross_entropy(logits, targets)
            if self.teacher is None:
                return loss
            with torch.no_grad():
                answer = self.teacher(images)[:, : len(self.data.classes)]
            return distilled(loss, logits, answer, self.recipe)

    def step(self, images: Tensor, labels: Tensor) -> None:
        self.model.train()
        self.optimizer.zero_grad()
        self.loss(images, labels).backward()
        self.optimizer.step()

    def count_kept(self, again: bool, limit: float = math.inf) -> int:
        """Bytes that the forward pass of few images keeps. Raises TooLarge at the limit."""
        own = {t.untyped_storage().data_ptr() for t in self.model.state_dict().values()}
        watch = Kept(own, self.model.parts() if again else [], limit)
        self.model.train()
        try:
            with torch.autograd.graph.saved_tensors_hooks(watch.pack, lambda tensor: tensor):
                self.loss(*self.first(self.data, self.few))
        finally:
            watch.end()
        return watch.bytes()

    def seconds(self, most: int) -> tuple[float, int]:
        """Of an image in a step, and the images of that step: at most so many, and as many as about
        AIM seconds take."""
        once = self._time(lambda: self.step(*self.first(self.data, self.few)))
        many = min(most, int(self.few * AIM / once))
        if many <= self.few:
            return once / self.few, self.few
        there = self.first(self.data, many)

        def step() -> None:
            self.step(*(there if self.ahead else self.first(self.data, many)))

        return min([self._time(step) for _ in range(STEPS + 1)][1:]) / many, many

    @torch.no_grad()
    def test_seconds(self, test: Images) -> float:
        """Of an image that is tested."""
        self.model.eval()
        images, labels = self.first(test, self.few)
        images = as_float(images).to(self.device)
        self._time(lambda: self.model(images))
        return self._time(lambda: self.model(images)) / len(labels)

    def _time(self, work: Callable[[], Any]) -> float:
        begin = time.perf_counter()
        work()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begin


class Kept:
    """Bytes of the storages that a forward pass keeps, each counted once; and those of what lies
    within each of the parts that are computed again. limit: of all that is kept while it counts."""

    def __init__(self, own: set[int], parts: list[nn.Module], limit: float = math.inf) -> None:
        self.own = own  # parameters and buffers, which are there anyway
        self.limit, self.all = limit, 0
        self.where: int | None = None
        self.found: dict[int | None, dict[int, int]] = {None: {}}
        self.hooks = []
        for number, part in enumerate(parts):
            self.hooks.append(part.register_forward_pre_hook(partial(self._enter, number)))
            self.hooks.append(part.register_forward_hook(self._leave))

    def end(self) -> None:
        for hook in self.hooks:
            hook.remove()

    def bytes(self) -> int:
        """What lies outside of the parts, and the largest part: one at a time is computed again."""
        sums = {where: sum(found.values()) for where, found in self.found.items()}
        return sums.pop(None) + max(sums.values(), default=0)

    def pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        found = self.found.setdefault(self.where, {})
        if storage.data_ptr() not in self.own and storage.data_ptr() not in found:
            found[storage.data_ptr()] = storage.nbytes()
            self.all += storage.nbytes()
            if self.all > self.limit:
                raise TooLarge(
                    f"a few images keep more than {size(self.limit)} for the backward pass, half "
                    "of the free memory; take a smaller image_size or network"
                )
        return tensor

    def _enter(self, number: int, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.where = None
        self.pack(inputs[0])  # kept whatever happens within
        self.where = number

    def _leave(self, *_: Any) -> None:
        self.where = None


def check_room_for_weights(model: nn.Module) -> None:
    """Raise TooLarge where the free memory could not hold weights, gradients and AdamW's moments.
    The model may be one without values, on the meta device."""
    check_room(4 * bytes_of(model.parameters()), "the network's weights, gradients and moments",
               "smaller widths or depths")  # fmt: skip


def check_room_for_image(channels: int, side: int) -> None:
    """The same for an image and what the first layers make of it."""
    check_room(32 * channels * side**2, f"an image of {side} × {side}", "a smaller image_size")


def check_room(needed: int, what: str, mend: str) -> None:
    free = free_memory(torch.device("cpu"))
    if needed > free:
        raise TooLarge(
            f"{what} need about {size(needed)} of memory and {size(free)} are free; take {mend}"
        )


def macs_of(model: Network, side: int) -> int:
    """Multiply-accumulates of one image in one time step."""
    return int(count_flops(model, (model.config.in_channels, side, side)).flops.sum())


def bytes_of(tensors: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def free_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info()[0]
    return extra("psutil").virtual_memory().available


# --- in words


def size(count: float) -> str:
    """Bytes as people write them: 1.2 GB."""
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count / 1e3:.0f} kB"


def duration(seconds: float) -> str:
    """Seconds as people say them: 2 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} days {hours % 24} h"
