"""What needs attention? Two shapes far apart on a strip: same or different (`spikeatconv.pairs`).

    python studies/attention.py          writes results/attention.json: seven cases, three seeds
    python studies/attention.py --save   and ships the networks of the first seed in data/
    python studies/attention.py --processes 3    the same numbers, from three processes

All networks have the same layers. They differ in who may attend to whom: "alone" (a window of one
token, so each token takes its own V and nothing travels), "window" (4 × 4 tokens), "grid" (4 × 4
tokens that span the strip), "full" (all 64). "alone" is the network without attention. The grid is
also trained with BDSA, with the plain product, and with both.

Expected, and written down before the runs:
1. Grid and full are above alone and above window, and so is each other grid above alone.
2. Alone and window stay near 50 %. No network in which the halves do not meet can have more than
   75 %, and the mean of its scores is the same for "same" and for "different".
3. Nothing is expected of SISA against BDSA, of softmax against plain, of grid against full.

The rule is that of `spikeviz.results.verdict`: agree if each seed says so, and the mean difference
is more than 2 SE of the test strips. Settings were chosen with strips of other seeds.
"""

import argparse
import itertools
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import digits
import torch
import torch.nn.functional as F
from torch import Tensor

from spikeatconv import SpikeAtConv, preset, save_weights
from spikeatconv.pairs import ANSWERS, pairs

TIME_STEPS, WIDTH = 2, 16
STRIPS, TEST_STRIPS = 4000, 1000
EPOCHS, BATCH, LEARNING_RATE = 8, 50, 8e-3
SEEDS, TEST_SEED = (0, 1, 2), 1000


@dataclass(frozen=True)
class Case:
    """A point of the study; changes: what differs from grid attention with SISA and a softmax.
    file: the name of the network that ships."""

    value: str
    changes: dict = field(default_factory=dict)
    file: str = ""


ALONE = {"partition": "window", "partition_size": 1}
BDSA, PLAIN = {"attention": "bdsa"}, {"softmax": False}
CASES = (
    Case("grid", file="pairs_grid"),
    Case("alone", ALONE, "pairs_alone"),
    Case("window", {"partition": "window"}, "pairs_window"),
    Case("full", {"partition": "full"}, "pairs_full"),
    Case("grid, BDSA", BDSA, "pairs_bdsa_grid"),
    Case("grid, plain", PLAIN),
    Case("grid, BDSA, plain", BDSA | PLAIN),
)


def build(changes: dict) -> SpikeAtConv:
    """A Micro of one stage; without changes with SISA, softmax, and a grid of 4 × 4 tokens."""
    return SpikeAtConv(preset(
        "micro", widths=(WIDTH,), depths=(1,), head_width=WIDTH, in_channels=1, classes=2,
        time_steps=TIME_STEPS, **{"partition_size": 4, **changes},
    ))  # fmt: skip


def train(model: SpikeAtConv, strips: Tensor, answers: Tensor, epochs: int = EPOCHS) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    steps = epochs * (len(strips) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps)
    model.train()
    for batch in torch.cat([torch.randperm(len(strips)) for _ in range(epochs)]).split(BATCH):
        loss = F.cross_entropy(model(strips[batch]), answers[batch])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()


SETTINGS = {
    "time_steps": TIME_STEPS, "width": WIDTH, "strips": STRIPS, "epochs": EPOCHS, "batch": BATCH,
    "learning_rate": LEARNING_RATE,
    "measured_on": f"{TEST_STRIPS} strips that no training has seen",
}  # fmt: skip


def run(seed: int, case: Case, save: bool) -> dict:
    """Trains once: {"seed", "accuracy", "seconds"}. save: ships the network if it has a file."""
    torch.set_num_threads(1)
    strips, answers = pairs(STRIPS, seed)
    torch.manual_seed(seed)
    model = build(case.changes)
    begin = time.process_time()
    train(model, strips, answers)
    seconds = time.process_time() - begin
    accuracy = digits.accuracy(model, *pairs(TEST_STRIPS, TEST_SEED))
    found = {"seed": seed, "accuracy": accuracy, "seconds": seconds}
    print(f"{case.value}: {found}", flush=True)
    if save and case.file:
        note = {
            "command": "python studies/attention.py --save", **found, **SETTINGS,
            "torch": torch.__version__, "data": {"classes": list(ANSWERS)},
        }  # fmt: skip
        save_weights(model, digits.ROOT / "data" / f"{case.file}.safetensors", note)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="ship the networks of the first seed")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.processes) as pool:
        runs = {
            (seed, case.value): pool.submit(run, seed, case, options.save and seed == SEEDS[0])
            for seed, case in itertools.product(SEEDS, CASES)
        }
    points = []
    for case in CASES:
        found = [runs[seed, case.value].result() for seed in SEEDS]
        spread = digits.mean_and_sd([one["accuracy"] for one in found])
        points.append({"axis": "attention", "value": case.value, "runs": found, **spread})
    results = {**SETTINGS, "seeds": SEEDS, "test_images": TEST_STRIPS, "points": points}
    digits.report.write("attention", results, ("torch", "numpy"), digits.RESULTS)


if __name__ == "__main__":
    main()
