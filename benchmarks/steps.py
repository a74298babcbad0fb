"""One step of a training: a network, T, a batch, a resolution, and a way to run it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from spikeatconv.command.settings import fitting
from spikeatconv.model import preset
from spikeatconv.training.loop import adamw
from spikeatconv.training.recipes import RECIPES, network
from spikeatconv.training.recompute import recompute

AS_IT_COMES, PLAIN, COMPILE, RECOMPUTE = "as it comes", "plain loop", "torch.compile", "recompute"


@dataclass(frozen=True)
class Case:
    """time_steps 0: the twin without spikes."""

    model: str
    side: int
    batch: int
    time_steps: int
    way: str = AS_IT_COMES
    spk: str = "mbpl"

    @property
    def key(self) -> str:
        spikes = f"{self.spk}, T = {self.time_steps}" if self.time_steps else "twin"
        return f"{self.model}, {spikes}, {self.batch} × {self.side} × {self.side}, {self.way}"


FIRST = (
    Case("micro", 32, 16, 1), Case("resnet18", 32, 16, 1, spk="sl"), Case("tiny", 224, 2, 1),
    Case("base", 224, 1, 1),
)  # fmt: skip


def training_step(case: Case) -> tuple[Any, Any, Callable[[], float]]:
    """The network, its random images, and what does one step of its training and says how many CPU
    seconds that took."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = made(case)
    optimizer = adamw(model, RECIPES["imagenet"])
    images = torch.randn(case.batch, 3, case.side, case.side)
    labels = torch.randint(0, 10, (case.batch,))
    if case.way == RECOMPUTE:
        recompute(model)
    run: Any = torch.compile(model) if case.way == COMPILE else model
    model.train()

    def step() -> float:
        begin = time.process_time()
        optimizer.zero_grad()
        cross_entropy(run(images), labels).backward()
        optimizer.step()
        return time.process_time() - begin

    return model, images, step


def made(case: Case) -> Any:
    changes = {"spk": case.spk, "time_steps": max(1, case.time_steps)}
    changes |= {"spiking": case.time_steps > 0, "in_channels": 3, "classes": 10}
    if case.model != "resnet18":
        changes["classes"] = 10 if case.model == "micro" else 1000
        changes["partition_size"] = fitting(preset(case.model), case.side)
    return network(case.model, **changes)
