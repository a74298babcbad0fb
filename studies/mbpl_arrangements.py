"""What should MBPL send to the next layer: a membrane, a spike, or the number of its branches
that fire? And how do Q, K, V and the attention's output stay spikes?

    python studies/mbpl_arrangements.py                     on the digits that ship
    python studies/mbpl_arrangements.py --cifar100 FOLDER   on the part of CIFAR-100 of cifar100.py
    python studies/mbpl_arrangements.py --plot              the picture, from the results files

Each arrangement is Micro with other options; see ARRANGEMENTS. The accuracy on the digits is on 600
of the training images that took no part; the test images are not used. Energy is of a held-out
image, by each layer's own input. Each call writes a results file of its own.

The rule for the default of `preset`, written before the first run: "sum", with or without a
mixer, may be the default if on both data sets its mean accuracy is above the membrane's less the
standard deviation of the sum's own seeds. If both may, the cheaper one is taken, unless the
other is better by the one rule for all comparisons (`spikeviz.results.verdict`) on either.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import replace

import cifar100
import digits
import matplotlib.pyplot as plt
import torch
from ablation import STEP, SUM
from torch import Tensor, nn

from spikeatconv import MBPL, SL, SpikeAtConv, energy_report, preset

TIME_STEPS = 2
IMAGES = 1000
EPOCHS = 3
SEEDS = (0, 1, 2)
COUNTED = 200  # images whose energy is counted
OUTPUT_NORM = "no BatchNorm on A·V"
SL_QKV, MBPL_QKV = "Q, K, V from SL", "Q, K, V from MBPL"
FILES = ("mbpl_arrangements", "mbpl_arrangements_cifar100")
MEMBRANE = {"readout": "membrane"}

ARRANGEMENTS: dict[str, dict] = {
    "SL": {"spk": "sl"},
    "SL, V_th 0.5": {"spk": "sl", "spk_options": {"v_threshold": STEP}},
    "SL, V_th 0.5, T = 4": {"spk": "sl", "spk_options": {"v_threshold": STEP}, "time_steps": 4},
    "SL, V_th 0.5, T = 8": {"spk": "sl", "spk_options": {"v_threshold": STEP}, "time_steps": 8},
    "MBPL, membrane": {"spk_options": MEMBRANE},
    "MBPL, sum": {"spk_options": SUM},
    "MBPL, sum, V_th 0.5 at Q, K, V": {"spk_options": {**SUM, "v_threshold": STEP}},
    f"MBPL, sum, {MBPL_QKV}": {"spk_options": SUM},
    "MBPL, sum of x + M": {"spk_options": {"readout": "sum"}},
    f"MBPL, sum of x + M, {SL_QKV}": {"spk_options": {"readout": "sum"}},
    "twin, GELU": {"spiking": False},
    "MBPL, membrane, closing LIF on M": {"spk_options": {**MEMBRANE, "residual": False}},
    "MBPL, membrane, closing LIF on M, no leak": {
        "spk_options": {**MEMBRANE, "residual": False, "closing": {"tau": 1.0}}
    },
    f"MBPL, membrane, {OUTPUT_NORM}": {"spk_options": MEMBRANE},
    "MBPL, spikes everywhere, closing LIF on x + M": {"spk_options": {"readout": "spike"}},
    "MBPL, spikes everywhere, closing LIF on M": {
        "spk_options": {"readout": "spike", "residual": False}
    },
}  # the last ones ask what closes a membrane; digits alone
ON_CIFAR100 = list(ARRANGEMENTS)[:11]


def build(name: str, seed: int, **task: int) -> SpikeAtConv:
    torch.manual_seed(seed)
    changes = {"time_steps": TIME_STEPS, **ARRANGEMENTS[name], **task}
    model = SpikeAtConv(preset("micro", **changes))
    for stage in model.stages:
        for block in stage[1:]:
            arrange(name, block.attention[-1])
    return model


def arrange(name: str, attention: nn.Module) -> None:
    """What an arrangement changes in attention, beyond the options."""
    if name.endswith(OUTPUT_NORM):
        attention.out[0] = nn.Identity()
    for chain in (attention.q, attention.k, attention.v, attention.out):
        if name.endswith(SL_QKV):
            chain[-1] = SL(attention.channels)
        if name.endswith(MBPL_QKV):
            chain[-1] = MBPL(attention.channels, readout="spike")


def on_digits() -> tuple[dict, Callable[[str, int], dict]]:
    (images, labels), held_out = digits.digits(validate=True)

    def run(name: str, seed: int) -> dict:
        model = build(name, seed, in_channels=1)
        data = images[:IMAGES], labels[:IMAGES]
        return ends(list(digits.train(model, data, held_out, EPOCHS)), model, held_out[0])

    about = {
        "images": IMAGES, "epochs": EPOCHS, "learning_rate": digits.LEARNING_RATE,
        "batch": digits.BATCH, "measured_on": f"{digits.VALIDATION} held-out training images",
    }  # fmt: skip
    return about, run


def on_cifar100(path: str) -> tuple[dict, Callable[[str, int], dict]]:
    train, test = cifar100.whole(path)
    sets = cifar100.part(train, cifar100.EACH), cifar100.part(test, cifar100.TEST)
    classes = sets[0].classes

    def run(name: str, seed: int) -> dict:
        model = build(name, seed, classes=len(classes))
        recipe = replace(cifar100.SMALL, seed=seed, image_size=32)
        return ends(cifar100.curve_of(model, sets, recipe), model, sets[1].images / 255)

    about = {
        "images": len(sets[0]), "epochs": cifar100.SMALL.epochs, "classes": list(classes),
        "learning_rate": cifar100.SMALL.learning_rate, "batch": cifar100.SMALL.batch,
        "measured_on": f"{len(sets[1]):,} test images of a split of our own",
    }  # fmt: skip
    return about, run


def ends(curve: list[dict], model: nn.Module, images: Tensor) -> dict:
    energy = energy_report(model, images[:: len(images) // COUNTED])
    uj = 1000 * (energy.snn_mj if model.config.spiking else energy.ann_mj)
    return {"accuracy": curve[-1]["accuracy"], "uj": uj, "curve": curve}


def measure(about: dict, names: list[str], run: Callable[[str, int], dict]) -> dict:
    runs: dict[str, list[dict]] = {name: [] for name in names}
    for seed in SEEDS:  # seed by seed, so that an early stop still compares all
        for name in names:
            runs[name].append({"seed": seed, **run(name, seed)})
            end = runs[name][-1]
            print(f"seed {seed} {name}: {end['accuracy']:.3f}, {end['uj']:.1f} µJ", flush=True)
    found = {}
    for name in names:
        found[name] = {
            **digits.mean_and_sd([one["accuracy"] for one in runs[name]]),
            "uj_mean": statistics.mean(one["uj"] for one in runs[name]),
            "runs": runs[name],
        }
    return {"time_steps": TIME_STEPS, "seeds": SEEDS, **about, "arrangements": found}


def plot() -> None:
    """Accuracy against energy, mean and standard deviation of the seeds, for each data set."""
    figure, places = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    for place, file, title in zip(places, FILES, ("digits", "CIFAR-100, 10 classes"), strict=True):
        content = json.loads((digits.RESULTS / f"{file}.json").read_text(encoding="utf-8"))
        for name, found in content["results"]["arrangements"].items():
            place.errorbar(
                found["uj_mean"], 100 * found["accuracy_mean"], yerr=100 * found["accuracy_sd"],
                fmt="o", capsize=3, label=name,
            )  # fmt: skip
        place.set(xscale="log", xlabel="µJ an image", ylabel="accuracy (%)", title=title)
        place.grid(alpha=0.3)
    handles, labels = places[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize="small")
    figure.savefig(digits.RESULTS / "mbpl_arrangements.png", dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cifar100", metavar="FOLDER", help="with train-*.npz and test.npz")
    parser.add_argument("--plot", action="store_true", help="only draw, from the results files")
    options = parser.parse_args()
    if options.plot:
        plot()
        return
    torch.set_num_threads(1)
    if options.cifar100 is None:
        name, names, (about, run) = FILES[0], list(ARRANGEMENTS), on_digits()
    else:
        name, names, (about, run) = FILES[1], ON_CIFAR100, on_cifar100(options.cifar100)
        digits.report.hide_place(options.cifar100)
    results = measure(about, names, run)
    digits.report.write(name, results, ("torch", "numpy"), digits.RESULTS)


if __name__ == "__main__":
    main()
