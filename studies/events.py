"""What needs a memory? The direction in which a digit moves past a (synthetic) event camera.

    python studies/events.py        writes results/events.json: time constants τ, controls, seeds

A narrow Micro sees T frames of events and names one of four directions. Half of the digits are
darker than their ground. So each test clip has a partner, of the other shade and direction, with
the same frames in the reverse order: who takes frames without their order is right at most every
other time. Settings were chosen with the last 400 training digits.
"""

import time
from dataclasses import dataclass, field

import digits
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spikeatconv import SpikeAtConv, mnist5k, preset
from spikeatconv.events import DIRECTIONS, all_clips, draw_clips

TIME_STEPS = 4
WIDTHS = (8, 16, 32)
CLIPS, TEST_DIGITS = 1000, 100  # a clip of each training digit; all eight of each test digit
EPOCHS, BATCH, LEARNING_RATE = 4, 50, 8e-3
TAUS = (1.0, 1.25, 1.5, 2.0, 4.0, 8.0)
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Case:
    """A point of the study; changes: what differs from a Micro with τ = 2 that sees the frames."""

    axis: str
    value: str | float
    changes: dict = field(default_factory=dict)
    bright: bool = False  # all digits are bright, in training and test
    together: str = ""  # the frames as one: their "sum", or all as "channels"


CASES = (
    *(Case("τ", tau, {"spk_options": {"tau": tau}}) for tau in TAUS),
    Case("control", "τ = 1, all digits bright", {"spk_options": {"tau": 1.0}}, bright=True),
    Case("control", "all frames summed, T = 1", together="sum"),
    Case("control", "twin, frame by frame", {"spiking": False}),
    Case("control", "twin, frames as channels", {"spiking": False}, together="channels"),
)


def build(case: Case) -> nn.Module:
    steps = 1 if case.together else TIME_STEPS
    channels = 2 * TIME_STEPS if case.together == "channels" else 2
    return SpikeAtConv(preset(
        "micro", widths=WIDTHS, in_channels=channels, classes=len(DIRECTIONS), time_steps=steps,
        **case.changes,
    ))  # fmt: skip


def arrange(frames: Tensor, together: str) -> Tensor:
    """The frames as a case's network gets them."""
    if together == "sum":
        return frames.sum(0, keepdim=True)
    return frames.transpose(0, 1).flatten(1, 2)[None] if together else frames


def train(model: nn.Module, frames: Tensor, ways: Tensor) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    steps = EPOCHS * (len(ways) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps)
    model.train()
    for batch in torch.cat([torch.randperm(len(ways)) for _ in range(EPOCHS)]).split(BATCH):
        loss = F.cross_entropy(model(frames[:, batch]), ways[batch])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()


@torch.no_grad()
def answers(model: nn.Module, frames: Tensor) -> Tensor:
    model.eval()
    return torch.cat([model(part).argmax(1) for part in frames.split(200, 1)])


def run(case: Case, seed: int) -> dict:
    """Trains once. accuracy: of the direction; axis: of "level or upright" alone; opposite: the
    share of clips whose answer is the opposite direction when they are played backwards."""
    train_digits, test_digits = mnist5k("train")[0][:CLIPS], mnist5k("test")[0][:TEST_DIGITS]
    frames, ways = draw_clips(train_digits, seed, case.bright, TIME_STEPS)
    torch.manual_seed(seed)
    model = build(case)
    begin = time.process_time()
    train(model, arrange(frames, case.together), ways)
    seconds = time.process_time() - begin
    frames, ways = all_clips(test_digits, case.bright, TIME_STEPS)
    forward = answers(model, arrange(frames, case.together))
    backward = answers(model, arrange(frames.flip(0), case.together))
    share = {"accuracy": forward == ways, "axis": forward // 2 == ways // 2,
             "opposite": backward == (forward ^ 1)}  # fmt: skip
    return {"seed": seed, **{name: x.double().mean().item() for name, x in share.items()},
            "seconds": seconds}  # fmt: skip


def main() -> None:
    torch.set_num_threads(1)
    runs: list[list[dict]] = [[] for _ in CASES]
    for seed in SEEDS:
        for case, found in zip(CASES, runs, strict=True):
            found.append(run(case, seed))
            print(f"seed {seed}, {case.axis} {case.value}: {found[-1]}", flush=True)
    points = [
        {
            "axis": case.axis, "value": case.value, "runs": found,
            **digits.mean_and_sd([r["accuracy"] for r in found]),
        }
        for case, found in zip(CASES, runs, strict=True)
    ]  # fmt: skip
    results = {
        "time_steps": TIME_STEPS, "widths": WIDTHS, "clips": CLIPS, "epochs": EPOCHS,
        "batch": BATCH, "learning_rate": LEARNING_RATE, "seeds": SEEDS,
        "measured_on": f"{8 * TEST_DIGITS} clips of {TEST_DIGITS} test digits "
        f"({4 * TEST_DIGITS} where all are bright)",
        "points": points,
    }  # fmt: skip
    digits.report.write("events", results, ("torch", "numpy"), digits.RESULTS)


if __name__ == "__main__":
    main()
