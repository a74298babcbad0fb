"""The energy reports that EnergyExplorer shows: Micro as it ships, with BDSA, with SL, and with a
membrane readout; Tiny untrained; Tiny, Base and Large at the rates of a trained network.

    python studies/recorded/energy.py             writes spikeviz/energy/data.json
                                                  (trains Micro with a membrane readout; minutes)
    python studies/recorded/energy.py --cifar100 FOLDER
                                                  and takes the rates for Tiny, Base and Large anew
                                                  (trains one more; FOLDER as in cifar100.py)

Micro: rates and accuracy on the 1,000 test digits. Tiny untrained: two enlarged digits; its rates
say little about a trained network, and are marked so. Tiny, Base and Large are estimates: their
FLOPs at 224×224, and for each kind of place (entry, depthwise, Q, …) the mean rate that a Micro of
the same blocks has there, trained on the part of CIFAR-100 of cifar100.py. Without a folder these
rates stay as they are recorded.
"""

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import data_file
import torch
import torch.nn.functional as F
from cifar100 import EACH, SMALL, TEST, curve_of, part, whole
from digits import RESULTS, accuracy, digits, run
from torch import nn

from spikeatconv import (
    EnergyReport,
    SpikeAtConv,
    count_flops,
    energy_report,
    load_weights,
    mnist5k,
    preset,
)
from spikeatconv.data import shipped
from spikeatconv.energy import COUNTINGS, E_MAC, KINDS, MJ, SPIKES, price
from spikeviz.energy.explorer import entry_of

SEED = 0
ON_DIGITS = "1,000 test digits of mnist5k"
COUNTED = 200  # test images of the part of CIFAR-100 on which the rates are measured
STEPS = 4  # of the network that lends its rates, and so of Tiny, Base and Large
SIDE = 224  # pixels of ImageNet
SIZES = ("tiny", "base", "large")


def trained(name: str, model: nn.Module, note: str) -> dict:
    images, labels = digits()[1]
    right = accuracy(model, images, labels)
    print(f"{name}: {right:.4f}", flush=True)
    report = energy_report(model, images)
    return packed(name, report, ON_DIGITS) | {"accuracy": right, "note": note}


def untrained(name: str, spk: str) -> dict:
    """Tiny with random weights, its BatchNorms set to the statistics of its two images."""
    torch.manual_seed(SEED)
    model = SpikeAtConv(preset("tiny", spk=spk))
    images = F.interpolate(mnist5k("test")[0][:2], size=SIDE, mode="bilinear").repeat(1, 3, 1, 1)
    with torch.no_grad():
        model(images)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        model.train()(images)
    report = energy_report(model.eval(), images)
    note = "random weights, so its R says little about a trained network"
    return packed(name, report, f"2 test digits enlarged to {SIDE}×{SIDE}") | {"note": note}


def packed(name: str, report: EnergyReport, data: str) -> dict:
    """An entry of EnergyExplorer as the data file holds it, with what the report adds up to."""
    entry = entry_of(name, report, data)
    totals = {counting: report.counted(counting).snn_mj for counting in COUNTINGS}
    return entry | {
        "snn_mj": totals, "ann_mj": report.ann_mj, "rows": [line(row) for row in entry["rows"]],
    }  # fmt: skip


def line(row: list) -> str:
    return ";".join(map(str, row))


# --- Tiny, Base and Large at the rates of a trained network


def place_of(layer: str) -> str:
    """What a layer is for, in whichever stage and block: "entry", "conv.1.0", "head", …"""
    block = re.match(r"stages\.\d+\.(\d+)\.(.*)", layer)
    if not block:
        return layer
    return "entry" if block[1] == "0" else block[2]


def lend_rates(path: str) -> dict:
    """Trains a Micro on the part of CIFAR-100: for each kind of place, its input and mean R."""
    images, test = whole(path)
    images, test = part(images, EACH), part(test, TEST)
    torch.manual_seed(SEED)
    model = SpikeAtConv(preset("micro", classes=len(test.classes), time_steps=STEPS))
    curve = curve_of(model, (images, test), replace(SMALL, seed=SEED, image_size=32))
    report = energy_report(model, test.images[:: len(test) // COUNTED] / 255)
    places = {}
    for place, rows in report.layers.groupby(report.layers.layer.map(place_of), sort=False):
        fed = max(rows.input, key=KINDS.index)
        places[place] = [fed, float(rows.rate.mean()) if fed in SPIKES else None]
    right = curve[-1]["accuracy"]
    return {
        "command": f"python studies/recorded/energy.py --cifar100 {Path(path).name}",
        "network": f"Micro, MBPL, trained on {len(test.classes)} classes of CIFAR-100 "
        f"({len(images):,} images, {SMALL.epochs} epochs; {right:.1%} right)",
        "data": f"{COUNTED} test images of these classes", "time_steps": STEPS, "places": places,
        "paper_rate": entry_of("", report, "")["paper_rate"],
        "accuracy": right, "snn_mj": report.snn_mj, "ann_mj": report.ann_mj,
    }  # fmt: skip


def estimated(name: str, rates: dict) -> dict:
    """A network of the paper's, each layer at the R of its place. A row: all blocks of a stage."""
    steps = rates["time_steps"]
    with torch.device("meta"):
        model = SpikeAtConv(preset(name, time_steps=steps))
    table = count_flops(model, (3, SIDE, SIDE))
    table["input"], table["rate"] = zip(
        *(rates["places"][place_of(layer)] for layer in table.layer), strict=True
    )
    table["layer"] = table.layer.str.replace(r"^(stages\.\d+)\.[1-9]\d*", r"\1.blocks", regex=True)
    flops = table.groupby("layer").flops.sum()
    table = table.drop_duplicates("layer")
    table = table.assign(flops=table.layer.map(flops), rate=table.rate.astype(float))
    table = price(table.assign(ann_mj=table.layer.map(flops) * E_MAC * MJ))
    one = table.rate.where(table.input == "image", rates["paper_rate"])
    report = EnergyReport(
        {"input": table, "merged": table, "paper": price(table.assign(rate=one))}, steps
    )
    found = packed(f"{name.title()}, MBPL, estimated", report, rates["data"])
    note = f"an estimate, its FLOPs at the R of a {rates['network']}"
    return found | {"note": note}


def reports(rates: dict) -> list[dict]:
    ships = "its weights ship with this course"

    def ours(weights: str) -> nn.Module:
        return load_weights(shipped(f"{weights}.safetensors"))

    membrane = {"spk_options": {"readout": "membrane"}}
    _, real = run("Micro, membrane", membrane, [SEED], validate=False)
    stored = json.loads((RESULTS / "digits.json").read_text(encoding="utf-8"))["results"]
    twin = stored["micro twin"]["runs"][SEED]
    first = trained("Micro, MBPL, trained", ours("micro_digits"), ships)
    first["twin_accuracy"] = twin["curve"][-1]["accuracy"]
    here = f"trained for this table with seed {SEED}"
    return [
        first,
        trained("Micro, MBPL with a membrane, trained", real, here),
        trained("Micro, MBPL with BDSA, trained", ours("micro_bdsa_digits"), ships),
        trained("Micro, SL, trained", ours("micro_sl_digits"), ships),
        untrained("Tiny, MBPL, untrained", "mbpl"),
        untrained("Tiny, SL, untrained", "sl"),
        *(estimated(name, rates) for name in SIZES),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cifar100", metavar="FOLDER", help="with train-*.npz and test.npz")
    folder = parser.parse_args().cifar100
    torch.set_num_threads(1)
    if folder:
        rates = lend_rates(folder)
        # The data file names the folder, not where it lay on this machine.
        sys.argv[sys.argv.index(folder)] = Path(folder).name
    else:
        rates = json.loads(FILE.read_text(encoding="utf-8"))["results"]["rates"]
    data_file.write("energy", {"seed": SEED, "rates": rates, "reports": reports(rates)})


FILE = data_file.ROOT / "spikeviz" / "energy" / "data.json"

if __name__ == "__main__":
    main()
