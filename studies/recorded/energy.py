"""The energy reports that EnergyExplorer shows: Micro as it ships, Micro with SL, Tiny untrained.

    python studies/recorded/energy.py             writes spikeviz/energy/data.json
                                                  (trains Micro with SL; some minutes)

Micro: rates and accuracy on the 1,000 test digits. Tiny: two enlarged digits, random weights; its
rates say little about a trained network, and are marked so.
"""

import json

import data_file
import torch
import torch.nn.functional as F
from digits import RESULTS, accuracy, digits, run
from torch import Tensor, nn

from spikeatconv import SpikeAtConv, energy_report, load_weights, mnist5k, preset
from spikeatconv.data import shipped
from spikeviz.energy.explorer import rows_of

SEED = 0
ON_DIGITS = "1,000 test digits of mnist5k"


def trained(name: str, model: nn.Module, note: str) -> dict:
    images, labels = digits()[1]
    right = accuracy(model, images, labels)
    print(f"{name}: {right:.4f}", flush=True)
    return entry(name, model, images, ON_DIGITS) | {"accuracy": right, "note": note}


def untrained(name: str, spk: str) -> dict:
    """Tiny with random weights, its BatchNorms set to the statistics of its two images."""
    torch.manual_seed(SEED)
    model = SpikeAtConv(preset("tiny", spk=spk))
    images = F.interpolate(mnist5k("test")[0][:2], size=224, mode="bilinear").repeat(1, 3, 1, 1)
    with torch.no_grad():
        model(images)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        model.train()(images)
    note = "random weights, so its R says little about a trained network"
    return entry(name, model.eval(), images, "2 test digits enlarged to 224×224") | {"note": note}


def entry(name: str, model: nn.Module, images: Tensor, data: str) -> dict:
    found = energy_report(model, images)
    rows = [";".join(map(str, row)) for row in rows_of(found.layers)]
    return {
        "name": name, "data": data, "time_steps": found.time_steps,
        "snn_mj": found.snn_mj, "ann_mj": found.ann_mj, "rows": rows,
    }  # fmt: skip


def reports() -> list[dict]:
    ships = "its weights ship with this course"
    micro, bdsa = (
        load_weights(shipped(f"micro_{name}.safetensors")) for name in ("digits", "bdsa_digits")
    )
    _, sl = run("Micro, SL", {"spk": "sl"}, [SEED], validate=False)
    stored = json.loads((RESULTS / "digits.json").read_text(encoding="utf-8"))["results"]
    twin = stored["micro twin"]["runs"][SEED]
    first = trained("Micro, MBPL, trained", micro, ships)
    first["twin_accuracy"] = twin["curve"][-1]["accuracy"]
    return [
        first,
        trained("Micro, MBPL with BDSA, trained", bdsa, ships),
        trained("Micro, SL, trained", sl, f"trained for this table with seed {SEED}"),
        untrained("Tiny, MBPL, untrained", "mbpl"),
        untrained("Tiny, SL, untrained", "sl"),
    ]


if __name__ == "__main__":
    torch.set_num_threads(1)
    results = {"seed": SEED, "reports": reports()}
    data_file.write("energy", results)
