"""Which arrangement of MBPL trains, while Q, K, V and the attention's output stay spikes?

    python studies/mbpl_arrangements.py           all arrangements, seeds 0, 1, 2
    python studies/mbpl_arrangements.py --plot    the picture again, from the results file

Each arrangement is Micro on the digits with other options; see ARRANGEMENTS. The accuracy is
on 600 of the training images that took no part; the test images are not used.
"""

import argparse
import json
import statistics

import digits
import matplotlib.pyplot as plt
import torch
from torch import nn

from spikeatconv import SpikeAtConv, preset

digits.LEARNING_RATE = 4e-3
TIME_STEPS = 2
IMAGES = 1000
EPOCHS = 3
SEEDS = (0, 1, 2)
OUTPUT_NORM = "no BatchNorm on A·V"

ARRANGEMENTS: dict[str, dict] = {
    "SL": {"spk": "sl"},
    "MBPL, closing LIF on x + M": {},
    "MBPL, closing LIF on M": {"spk_options": {"residual": False}},
    "MBPL, closing LIF on M, no leak": {
        "spk_options": {"residual": False, "closing": {"tau": 1.0}}
    },
    f"MBPL, closing LIF on x + M, {OUTPUT_NORM}": {},
    "MBPL, spikes everywhere, closing LIF on x + M": {"spk_options": {"readout": "spike"}},
    "MBPL, spikes everywhere, closing LIF on M": {
        "spk_options": {"readout": "spike", "residual": False}
    },
}


def build(name: str, changes: dict) -> nn.Module:
    model = SpikeAtConv(preset("micro", in_channels=1, time_steps=TIME_STEPS, **changes))
    if name.endswith(OUTPUT_NORM):
        for stage in model.stages:
            for block in stage[1:]:
                block.attention[-1].out[0] = nn.Identity()
    return model


def measure() -> dict:
    (images, labels), held_out = digits.digits(validate=True)
    curves: dict[str, list] = {name: [] for name in ARRANGEMENTS}
    for seed in SEEDS:  # seed by seed, so that an early stop still compares all
        for name, changes in ARRANGEMENTS.items():
            torch.manual_seed(seed)
            steps = digits.train(
                build(name, changes), (images[:IMAGES], labels[:IMAGES]), held_out, EPOCHS
            )
            curves[name].append(list(steps))
            end = curves[name][-1][-1]
            print(f"seed {seed} {name}: {end['accuracy']:.3f}, {end['seconds']:.0f} s", flush=True)
    settings = {
        "time_steps": TIME_STEPS, "images": IMAGES, "epochs": EPOCHS, "seeds": SEEDS,
        "learning_rate": digits.LEARNING_RATE, "batch": digits.BATCH,
        "measured_on": "600 held-out training images",
    }  # fmt: skip
    ends = {name: [c[-1]["accuracy"] for c in runs] for name, runs in curves.items()}
    results = {
        name: {
            "accuracy_mean": statistics.mean(ends[name]),
            "accuracy_sd": statistics.stdev(ends[name]),
            "curves": curves[name],
        }
        for name in ARRANGEMENTS
    }
    return {**settings, "arrangements": results}


def plot(results: dict) -> None:
    """The training loss by epoch, mean of the seeds, and the accuracies with their spread."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    for index, (name, result) in enumerate(results["arrangements"].items()):
        losses = [[e["loss"] for e in curve] for curve in result["curves"]]
        mean = [statistics.mean(at) for at in zip(*losses, strict=True)]
        left.plot(range(1, len(mean) + 1), mean, marker="o", label=name)
        right.errorbar(
            100 * result["accuracy_mean"], -index, xerr=100 * result["accuracy_sd"], fmt="o"
        )
    left.set(xlabel="epoch", ylabel="training loss", xticks=range(1, results["epochs"] + 1))
    right.set(xlabel="accuracy on 600 held-out images (%), mean ± sd of three seeds")
    right.set_yticks([-i for i in range(len(results["arrangements"]))], results["arrangements"])
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(digits.RESULTS / "mbpl_arrangements.png", dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", action="store_true", help="only draw, from the results file")
    if not parser.parse_args().plot:
        torch.set_num_threads(1)
        digits.report.write("mbpl_arrangements", measure(), ("torch", "numpy"), digits.RESULTS)
    content = json.loads((digits.RESULTS / "mbpl_arrangements.json").read_text(encoding="utf-8"))
    plot(content["results"])


if __name__ == "__main__":
    main()
