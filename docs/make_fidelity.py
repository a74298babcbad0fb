"""Writes docs/fidelity.md: what the paper says, where it lives here, and what we measured.

    python docs/make_fidelity.py

Sizes are counted on the spot. Accuracies come from the results files of studies/, energies
from a run on four of the digits' test images. Nothing is typed in but the paper's own figures.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from spikeatconv import SpikeAtConv, mnist5k, preset
from spikeatconv.data import shipped
from spikeatconv.energy import count_flops, energy_report
from spikeatconv.files import write_whole
from spikeatconv.weights import load_weights
from spikeviz import AblationExplorer

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "studies" / "results"
PAPER = {  # Table 4 and "Ablation study", as its text gives them
    "tiny": ("76.58 %", "3.8 mJ"), "base": ("80.53 %", "14.2 mJ"), "large": ("81.23 %", "32.0 mJ"),
}  # fmt: skip

STUDIES = ("ablation", "cifar100")
TWINS = {"spiking or not": "ResNet-18", "Micro or its twin": "Micro"}

PARTS = [
    # the paper's, where it lives, open choices
    ("LIF neuron", "`neuron.lif_step`, `neuron.LIF`", "R1 `detach_reset=True`"),
    ("Surrogates Atan, Sigmoid", "`surrogate.Atan`, `surrogate.Sigmoid`", "R2 `alpha` 2 and 4"),
    ("SL block", "`blocks.SL`", ""),
    ("RL block", "`blocks.RL`", "R3 `project=True`; `second_threshold=0.6` is ours: a neuron fed "
     "with 0 or 1 never reaches 1 with τ = 2"),
    ("MBPL block", "`blocks.MBPL`", "R4 `shared=True`, `mlp_ratio=0`; R5 `thresholds`; "
     "R6 `readout=\"membrane\"`; for spikes `residual`, `closing` are ours (study below)"),
    ("HSL block", "`blocks.HSL`", "R7 `taus=(2, 4)`"),
    ("DCL block", "`blocks.DCL`", "R10 BatchNorm after each convolution"),
    ("SISA", "`attention.SISA`", "R8 `softmax=True`; BatchNorm on A·V (R10): without it the last "
     "neuron is fed at most 1 and cannot fire"),
    ("BDSA", "`attention.BDSA`", "R8, R10 as SISA; at inference only the projections are saved: "
     "S depends on the image"),
    ("Grid attention", "`partition.grid_partition`, `attention.Attend`",
     "the size, 7, is MaxViT's: the stored text gives none"),
    ("Figure 1: network", "`model.SpikeAtConv`", "R9 `time_steps=4`; R10 `norm=\"batch\"`; "
     "R11 `shortcut=\"membrane\"`; R12 `head_width=32`; ours: stem width = first stage's, "
     "3×3 stride 2 on entry, no output projection in attention"),
    ("Figures 2, 3: blocks, attention", "`blocks`, `attention`", ""),
    ("Figure 4: MaxViT against SpikeAtConv", "`spiking=False`, the twin",
     "measured at the scale of a laptop, below"),
    ("Tables 1, 2: CIFAR-100 study", "`resnet.SpikingResNet18`", "measured at the scale of a "
     "laptop, below; `studies/cifar100.py --full` has the paper's settings, not run yet"),
    ("Table 3: blocks and attention on ImageNet", "`preset`", "not measured: needs a cluster"),
    ("Energy: E_MAC, E_A, FLOPs, R", "`energy.energy_report`", "R13 `rates=\"layer\"`"),
]  # fmt: skip


def parts() -> str:
    rows = [f"| {what} | {where} | {choice} |" for what, where, choice in PARTS]
    return "\n".join(["| the paper's | lives in | rests on |", "|---|---|---|", *rows])


def sizes() -> str:
    """Parameters and multiply-accumulates per image and time step at 224×224."""
    lines = [
        "| network | attention | parameters | of the twin | MACs per time step | of the twin |"
    ]
    lines += ["|---|---|---|---|---|---|"]
    for name in PAPER:
        for attention in ("sisa", "bdsa"):
            row = []
            for spiking in (True, False):
                with torch.device("meta"):
                    config = preset(name, attention=attention, spiking=spiking, time_steps=1)
                    model = SpikeAtConv(config).eval()
                row.append(f"{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M")
                table = count_flops(model, (3, 224, 224))
                row.append(f"{(table.flops * table.passes).sum() / 1e9:.2f} G")
            lines.append(
                f"| {name} | {attention.upper()} | {row[0]} | {row[2]} | {row[1]} | {row[3]} |"
            )
    return "\n".join(lines)


def energies() -> str:
    images = F.pad(mnist5k("test")[0][:100], [2] * 4)
    trained = energy_report(load_weights(shipped("micro_digits.safetensors")), images)
    lines = [
        "| network | weights, images | T | SNN | its twin | the paper's | mean R of binary inputs |"
    ]
    lines += ["|---|---|---|---|---|---|---|", _energy("micro", "trained, 100 digits", trained, "")]
    enlarged = F.interpolate(mnist5k("test")[0][:2], size=224, mode="bilinear").repeat(1, 3, 1, 1)
    for name, (_, joules) in PAPER.items():
        for spk in ("mbpl", "sl"):
            torch.manual_seed(0)
            model = SpikeAtConv(preset(name, spk=spk))
            with torch.no_grad():
                model(enlarged)  # running statistics of BatchNorm, as training would set them
            report = energy_report(settle(model, enlarged), enlarged)
            label = f"untrained, 2 enlarged digits, {spk.upper()}"
            lines.append(_energy(name, label, report, joules if spk == "mbpl" else ""))
    return "\n".join(lines)


@torch.no_grad()
def settle(model: torch.nn.Module, images: torch.Tensor) -> torch.nn.Module:
    """BatchNorm's running statistics set to those of these images."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model.train()(images)
    return model.eval()


def _energy(name: str, what: str, report, paper: str) -> str:
    rates = report.layers.loc[report.layers.input == "binary", "rate"]
    return (
        f"| {name} | {what} | {report.time_steps} | {report.snn_mj:.4g} mJ | "
        f"{report.ann_mj:.4g} mJ | {paper} | {rates.mean():.3f} |"
    )


def measured(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def accuracies() -> str:
    lines = ["| network | accuracy, mean ± sd | seeds | longest run |", "|---|---|---|---|"]
    for file, names in {"digits": ("micro", "micro twin"), "digits_bdsa": ("micro bdsa",)}.items():
        content = measured(file)
        for name in names:
            r = content["results"][name]
            spread = f" ± {100 * r['accuracy_sd']:.2f}" if len(r["runs"]) > 1 else ""
            lines.append(
                f"| {name} | {100 * r['accuracy_mean']:.2f}{spread} % | {len(r['runs'])} | "
                f"{r['seconds_longest']:.0f} s |"
            )
    return f"{chr(10).join(lines)}\n\n{_source(measured('digits'))}"


def orderings() -> str:
    """What the paper says is better, beside the two studies: mean difference, `verdict`."""
    studies = [AblationExplorer(RESULTS / f"{name}.json") for name in STUDIES]
    lines = [
        "| the paper says | in words | digits | CIFAR-100, a part of it |",
        "|---|---|---|---|",
    ]
    for rows in zip(*(study.orderings() for study in studies), strict=True):
        order = rows[0]
        better = f"{order['axis']}: {order['better']} above {order['worse']}"
        lines.append(f"| {better} | {order['says']} | {' | '.join(map(_verdict, rows))} |")
    return "\n".join([*lines, "", *(f"{_origin(name)}\n" for name in STUDIES)])


def _verdict(order: dict) -> str:
    differences = [100 * d for d in order["differences"]]
    if not differences:
        return order["verdict"]
    spread = f"{min(differences):+.1f} … {max(differences):+.1f}"
    return f"{order['verdict']}, {sum(differences) / len(differences):+.1f} ({spread})"


def _origin(name: str) -> str:
    content = measured(name)
    return (
        f"`{content['command']}`: {content['results']['scale']}; seeds "
        f"{', '.join(map(str, content['results']['seeds']))}; {content['machine']['cpu']}, one "
        f"thread, {content['date']}."
    )


def scores() -> str:
    """Every point of the study on CIFAR-100."""
    lines = ["| what is varied | value | accuracy, mean ± sd | each seed |", "|---|---|---|---|"]
    for point in measured("cifar100")["results"]["points"]:
        runs = ", ".join(f"{100 * run['accuracy']:.1f}" for run in point["runs"])
        mean, sd = 100 * point["accuracy_mean"], 100 * (point["accuracy_sd"] or 0)
        lines.append(f"| {point['axis']} | {point['value']} | {mean:.1f} ± {sd:.1f} % | {runs} |")
    return "\n".join(lines)


def path_to_imagenet() -> str:
    content = measured("imagenet_path")
    lines = [
        "| run | training loss, last steps | test loss | chance | top 1 | top 5 | CPU time |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in content["results"].values():
        lines.append(
            f"| {r['model']}; {r['scale']} | {r['train_loss_last_steps']:.2f} | "
            f"{r['test_loss']:.2f} | {r['chance_loss']:.2f} | {r['test_accuracy']:.1%} | "
            f"{r['test_top5']:.1%} | {r['cpu_seconds'] / 60:.0f} min |"
        )
    return "\n".join(lines)


def losses() -> str:
    """Figure 4: the training loss by epoch of spiking networks and of their twins."""
    points = [p for p in measured("cifar100")["results"]["points"] if p["axis"] in TWINS]
    epochs = len(points[0]["runs"][0]["curve"])
    lines = [f"| network | {' | '.join(f'epoch {e + 1}' for e in range(epochs))} |"]
    lines += ["|---" * (epochs + 1) + "|"]
    for point in points:
        curves = torch.tensor([[e["loss"] for e in run["curve"]] for run in point["runs"]])
        mean = " | ".join(f"{loss:.2f}" for loss in curves.mean(0).tolist())
        lines.append(f"| {TWINS[point['axis']]}, {point['value']} | {mean} |")
    return "\n".join(lines)


def arrangements() -> str:
    content = measured("mbpl_arrangements")
    lines = ["| arrangement | accuracy, mean ± sd | last training loss |", "|---|---|---|"]
    for name, r in content["results"]["arrangements"].items():
        loss = sum(c[-1]["loss"] for c in r["curves"]) / len(r["curves"])
        accuracy = f"{100 * r['accuracy_mean']:.1f} ± {100 * r['accuracy_sd']:.1f} %"
        lines.append(f"| {name} | {accuracy} | {loss:.3f} |")
    return f"{chr(10).join(lines)}\n\n{_source(content)}"


def _source(content: dict) -> str:
    r, machine = content["results"], content["machine"]
    return (
        f"`{content['command']}`, T = {r['time_steps']}, {r['epochs']} epochs, measured on "
        f"{r['measured_on']}; {machine['cpu']}, {machine['cores']} cores, "
        f"torch {content['versions']['torch']}, {content['date']}."
    )


def page() -> str:
    paper = "\n".join(f"| {n} | {top1} | {mj} |" for n, (top1, mj) in PAPER.items())
    return f"""# Fidelity

What the paper says, where it lives here, on which open choice it rests, and what we measured.
Written by `python docs/make_fidelity.py`; do not edit. R1 to R13 are places where the paper's
text leaves a choice; each is a named argument, and its default is ours, not the paper's.

## Where each part lives

{parts()}

## The paper's own figures (ImageNet-1K, Table 4)

| network | top-1 | energy |
|---|---|---|
{paper}

Not reproduced here: nobody has trained these networks with this code yet. Parameter counts are
not in the paper's text.

## Sizes at 224×224, counted

{sizes()}

MACs: multiply-accumulates of convolutions, linear layers and the two products of attention.

## Energy by the paper's formula, at measured rates

{energies()}

Rates of untrained networks say little about trained ones: only Micro's row is a measurement of
a working classifier. With MBPL and its membrane readout most layers see real values and are
charged E_MAC at every time step, so the SNN costs more than its twin; the paper's figures are
far lower, and its text does not say how it counts the layers behind MBPL.

## Digits (5,000 of MNIST, own split)

{accuracies()}

One seed for BDSA. A counter-test (notebook 09): with A·V set to 0 both Micros lose nothing, so on
digits the attention's kind cannot be judged.

## The paper's orderings, in two small studies

Per seed, in points of accuracy: the mean difference and its range. "agree" and "disagree": every
seed says so, and the mean is more than two standard errors of the test images; else "undecided".
Both studies are far smaller than the paper's, so their levels must not be compared with its
figures. That DCL's training loss stops falling after epoch 40 cannot be tested in 8 and 10 epochs.

{orderings()}
### CIFAR-100, all points

{scores()}

![Accuracy of every choice, each seed and the spread](../studies/results/cifar100.png)

### Figure 4 at this scale: training loss by epoch, mean of the seeds

{losses()}

The paper: SpikeAtConv's loss falls more slowly than MaxViT's over the first five epochs.

![Training and test loss by epoch, spiking networks and twins](../studies/results/cifar100_loss.png)

## The path of ImageNet, on real photographs

Tiny by the `imagenet` recipe, cut down to ten classes of Tiny ImageNet and a few hundred steps: no
Mixup, CutMix, erasing, AutoAugment and label smoothing, so that the loss can be compared with
chance. `studies/imagenet_path.py`, one seed, one thread; 500 test images.

{path_to_imagenet()}

![Training loss step by step and test loss, beside chance](../studies/results/imagenet_path.png)

## Which arrangement of MBPL trains

Micro on {measured("mbpl_arrangements")["results"]["images"]} digits, three seeds. Q, K, V and the
attention's output are spikes in each row.

{arrangements()}

![Training loss by epoch and accuracy of each arrangement](../studies/results/mbpl_arrangements.png)
"""


def main() -> None:
    target = ROOT / "docs" / "fidelity.md"
    write_whole(target, page())
    print(f"wrote {target}", file=sys.stderr)


if __name__ == "__main__":
    main()
