"""The paper's ablation (Tables 1 and 2) at the scale of a laptop: a narrow spiking ResNet-18 (on
digits of 16×16 pixels) and Micro (32×32), one choice changed at a time. AblationExplorer shows it.

    python studies/ablation.py              writes results/ablation.json, seed by seed
    python studies/ablation.py --resume     goes on where an earlier call ended

Every choice has the same images, epochs, learning rate and seeds.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import digits
import torch
import torch.nn.functional as F
from torch import nn

from spikeatconv import SpikeAtConv, SpikingResNet18, preset

IMAGES = 1000
EPOCHS = 8
SEEDS = (0, 1, 2)
WIDTH = 8
STEP = 0.5  # between the thresholds of MBPL: 0.5, 1.0, 1.5, …


@dataclass(frozen=True)
class Choice:
    """One point: on which axis it lies, where, and what makes the model."""

    axis: str
    value: str | float
    network: str = "resnet18"
    options: dict = field(default_factory=dict)


BASE = {"spk": "sl", "time_steps": 4}
MBPL = {"spk": "mbpl", "time_steps": 4}
SUM = {"readout": "sum", "mixer": False}
MICRO = {"spk_options": SUM}
CHOICES = (
    *(Choice("time steps", t, options={"spk": "sl", "time_steps": t}) for t in (1, 2, 4, 8)),
    *(Choice("τ", tau, options={**BASE, "tau": tau}) for tau in (1.5, 2.0, 4.0)),
    *(Choice("surrogate", s, options={**BASE, "surrogate": s}) for s in ("atan", "sigmoid")),
    *(
        Choice("branches of MBPL", n, options={
            **MBPL, "thresholds": [STEP * (i + 1) for i in range(n)],
        })
        for n in (1, 2, 4, 8)
    ),
    *(
        Choice("SPK block", spk, options={"spk": spk, "time_steps": 4})
        for spk in ("sl", "rl", "mbpl", "hsl", "dcl")
    ),
    Choice("SPK block", "sl, V_th 0.5", options={**BASE, "v_threshold": STEP}),
    *(
        Choice("readout of MBPL", name, options={**MBPL, **options})
        for name, options in (
            ("membrane", {}), ("sum of x + M", {"readout": "sum"}), ("sum", SUM)
        )
    ),
    Choice("spiking or not", "spiking, MBPL", options=MBPL),
    Choice("spiking or not", "twin, GELU", options={"spiking": False}),
    *(Choice("attention", a, "micro", {**MICRO, "attention": a}) for a in ("sisa", "bdsa")),
    *(
        Choice("partition", p, "micro", {**MICRO, "partition": p})
        for p in ("grid", "window", "full")
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """Where the choices are compared: the name of its results file, what the file says of its
    scale, how a choice is trained, run(choice, seed) gives {"accuracy", "loss", …}, and seeds."""

    name: str
    about: dict
    run: Callable[[Choice, int], dict]
    seeds: Sequence[int] = SEEDS


def same(choice: Choice) -> str:
    """Choices on several axes that are one model share its runs."""
    options = {"tau": 2.0, "surrogate": "atan", "attention": "sisa", "partition": "grid"}
    if choice.options.get("spk") == "mbpl":
        options["thresholds"] = [STEP * (i + 1) for i in range(4)]
    return json.dumps([choice.network, {**options, **choice.options}], sort_keys=True)


def measure(study: Study, choices: Sequence[Choice], done: dict[str, list[dict]]) -> None:
    """Adds {"seed", "accuracy", "loss", "seconds" (of one core of "cpu")} to `done`, by model, and
    writes the results file after each run."""
    for seed in study.seeds:  # seed by seed, so that an early end still compares all
        for choice in choices:
            runs = done.setdefault(same(choice), [])
            if any(run["seed"] == seed for run in runs):
                continue
            begin = time.process_time()  # of this process alone, whatever else runs
            run = study.run(choice, seed)
            seconds, cpu = time.process_time() - begin, digits.report.cpu_name()
            runs.append({"seed": seed, **run, "seconds": seconds, "cpu": cpu})
            print(f"seed {seed}, {choice.axis} {choice.value}: {run['accuracy']:.3f}", flush=True)
            write(study, choices, done)


def write(study: Study, choices: Sequence[Choice], done: dict[str, list[dict]]) -> None:
    points = []
    for choice in choices:
        runs = done.get(same(choice), [])
        scores = [run["accuracy"] for run in runs]
        if scores:
            points.append({
                "axis": choice.axis, "value": choice.value, "network": choice.network,
                "options": choice.options, "runs": runs,
                "accuracy_mean": statistics.mean(scores),
                "accuracy_sd": statistics.stdev(scores) if len(scores) > 1 else None,
            })  # fmt: skip
    results = {**study.about, "seeds": list(study.seeds), "points": points}
    digits.report.write(study.name, results, ("torch", "numpy"), digits.RESULTS)


def earlier(study: Study) -> dict[str, list[dict]]:
    content = json.loads((digits.RESULTS / f"{study.name}.json").read_text(encoding="utf-8"))
    cpu = content["machine"]["cpu"]
    return {same(Choice("", "", point["network"], point["options"])):
            [{"cpu": cpu, **run} for run in point["runs"]]
            for point in content["results"]["points"]}  # fmt: skip


# --- on the digits


def on_digits() -> Study:
    train, test = digits.digits()
    large = (train[0][:IMAGES], train[1][:IMAGES]), test
    small = [(F.avg_pool2d(images, 2), labels) for images, labels in large]

    def build(choice: Choice) -> nn.Module:
        if choice.network == "resnet18":
            return SpikingResNet18(10, width=WIDTH, in_channels=1, **choice.options)
        return SpikeAtConv(preset("micro", in_channels=1, time_steps=2, **choice.options))

    def run(choice: Choice, seed: int) -> dict:
        torch.manual_seed(seed)
        sets = small if choice.network == "resnet18" else large
        *_, end = digits.train(build(choice), *sets, EPOCHS)
        return {"accuracy": end["accuracy"], "loss": end["loss"]}

    about = {
        "scale": f"the shipped digits: {IMAGES:,} to train, 1,000 to test; {EPOCHS} epochs; "
        f"ResNet-18 of width {WIDTH} at 16×16 pixels, Micro at 32×32 and T = 2",
        "measure": f"accuracy on the {len(test[0]):,} test digits", "test_images": len(test[0]),
        "images": IMAGES, "epochs": EPOCHS,
        "batch": digits.BATCH, "learning_rate": digits.LEARNING_RATE, "width": WIDTH,
    }  # fmt: skip
    return Study("ablation", about, run)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resume", action="store_true", help="keep the runs in the results file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    study = on_digits()
    measure(study, CHOICES, earlier(study) if options.resume else {})
