"""Does attention matter on photographs? Micro on ten classes of CIFAR-100, all their images.

    python studies/photographs.py cifar100/            writes results/photographs.json, run by run
    python studies/photographs.py cifar100/ --resume   goes on where an earlier call ended
    python studies/photographs.py cifar100/ --save     and ships the first grid network in data/
    python studies/photographs.py cifar100/ --short    one epoch of each, to see that it runs

cifar100/ as `spikeatconv data prepare cifar100` makes it. Four partitions of the same layers:
"grid", "window" and "full", and "alone", a window of one token, so that each token takes its own V:
no attention. Each trained network is tested once more with A·V = 0, as in notebook 09. Each
accuracy is that after the last epoch; nothing was chosen by the test images.
"""

import argparse
import json
import statistics
import time
from dataclasses import asdict, replace
from pathlib import Path

import digits
import torch
from attention import ALONE
from cifar100 import curve_of, whole
from torch import Tensor, nn

from spikeatconv import SpikeAtConv, save_weights
from spikeatconv.attention import Attend
from spikeatconv.training import RECIPES, Augmentation, InMemory, network

CLASSES = (
    "apple", "bicycle", "bottle", "bus", "butterfly", "chair", "clock", "elephant", "keyboard",
    "sunflower",
)  # fmt: skip
TIME_STEPS = 2
SEEDS = (0, 1, 2)
RECIPE = replace(
    RECIPES["cifar100"], epochs=16, batch=50, learning_rate=4e-3, warmup_epochs=1, clip=1.0,
    weight_decay=0.05,
    augmentation=Augmentation(flip=True, rotation=10.0, shift=0.1, scale=0.1, label_smoothing=0.1),
)  # fmt: skip
CASES = {
    "grid": {}, "window": {"partition": "window"}, "full": {"partition": "full"}, "alone": ALONE,
}  # fmt: skip
SHIPPED = "micro_photographs"


def chosen(images: InMemory) -> InMemory:
    """The images of CLASSES, numbered anew from 0 in that order."""
    rows = [(images.labels == images.classes.index(name)).nonzero()[:, 0] for name in CLASSES]
    labels = torch.cat([torch.full((len(found),), c) for c, found in enumerate(rows)])
    return InMemory(images.images[torch.cat(rows)], labels, list(CLASSES))


def without_attention(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The accuracy if A is 0, so that A·V is the same for every image."""
    attends = [module for module in model.modules() if isinstance(module, Attend)]
    for attend in attends:
        attend.weigh = lambda q, k, own=attend: torch.zeros_like(Attend.weigh(own, q, k))
    try:
        return digits.accuracy(model, images, labels)
    finally:
        for attend in attends:
            del attend.weigh


def run(sets: tuple[InMemory, InMemory], case: str, seed: int, recipe) -> tuple[dict, SpikeAtConv]:
    """Trains once: {"seed", "accuracy", "nothing" (the accuracy with A·V = 0), "seconds" (of one
    core of "cpu"), "curve"}, and the network."""
    model = network("micro", seed, classes=len(CLASSES), time_steps=TIME_STEPS, **CASES[case])
    begin = time.process_time()
    curve = curve_of(model, sets, replace(recipe, seed=seed))
    seconds = time.process_time() - begin
    images, labels = sets[1].images / 255, sets[1].labels
    found = {
        "seed": seed, "accuracy": digits.accuracy(model, images, labels),
        "nothing": without_attention(model, images, labels),
        "seconds": seconds, "cpu": digits.report.cpu_name(), "curve": curve,
    }  # fmt: skip
    return found, model


def settings(sets: tuple[InMemory, InMemory], recipe) -> dict:
    train, test = sets
    return {
        "data": f"CIFAR-100, {len(CLASSES)} of its classes, {len(train):,} images to train and "
        f"{len(test):,} to test (a split of our own, not the published one)",
        "classes": list(CLASSES), "time_steps": TIME_STEPS, "test_images": len(test),
        "recipe": asdict(recipe),
    }  # fmt: skip


def write(done: dict[str, list[dict]], about: dict) -> None:
    points = []
    for case in CASES:
        runs = done.get(case, [])
        if runs:
            nothing = statistics.mean(run["nothing"] for run in runs)
            spread = digits.mean_and_sd([run["accuracy"] for run in runs])
            points.append({
                "axis": "partition", "value": case, **spread, "nothing_mean": nothing,
                "runs": runs,
            })  # fmt: skip
    results = {**about, "seeds": list(SEEDS), "points": points}
    digits.report.write("photographs", results, ("torch", "numpy"), digits.RESULTS)


def ship(model: SpikeAtConv, found: dict, about: dict, command: str) -> None:
    note = {
        "command": command, "seed": found["seed"], "accuracy": found["accuracy"],
        "torch": torch.__version__, **about, "data": {"name": about["data"],
        "classes": list(CLASSES)},
    }  # fmt: skip
    save_weights(model, digits.ROOT / "data" / f"{SHIPPED}.safetensors", note)


def earlier() -> dict[str, list[dict]]:
    content = json.loads((digits.RESULTS / "photographs.json").read_text(encoding="utf-8"))
    return {point["value"]: point["runs"] for point in content["results"]["points"]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", help="folder with train-*.npz and test.npz")
    parser.add_argument("--resume", action="store_true", help="keep the runs in the results file")
    parser.add_argument("--save", action="store_true", help="ship the first grid network in data/")
    parser.add_argument("--short", action="store_true", help="one epoch, nothing is written")
    options = parser.parse_args()
    torch.set_num_threads(1)
    recipe = replace(RECIPE, epochs=1, warmup_epochs=0) if options.short else RECIPE
    sets = tuple(chosen(images) for images in whole(options.path))
    about, done = settings(sets, recipe), earlier() if options.resume else {}
    for seed in SEEDS:  # seed by seed, so that an early end still compares all
        for case in CASES:
            runs = done.setdefault(case, [])
            if any(one["seed"] == seed for one in runs):
                continue
            found, model = run(sets, case, seed, recipe)
            runs.append(found)
            print(f"{case}, seed {seed}: {found['accuracy']:.3f}, with A·V = 0 "
                  f"{found['nothing']:.3f}, {found['seconds']:.0f} s", flush=True)  # fmt: skip
            if options.short:
                continue
            write(done, about)
            if options.save and (case, seed) == ("grid", SEEDS[0]):
                command = f"python studies/photographs.py {Path(options.path).name} --save"
                ship(model, found, about, command)


if __name__ == "__main__":
    main()
