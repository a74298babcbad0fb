"""Writes docs/fidelity.md: what the paper says, where it lives here, and what we measured.

    python docs/make_fidelity.py

Sizes are counted on the spot. Accuracies come from the results files of studies/, energies from
the reports that EnergyExplorer shows. Nothing is typed in but the paper's own figures.
"""

import json
import sys
from functools import cache
from pathlib import Path

import torch

from spikeatconv import SpikeAtConv, preset
from spikeatconv.energy import COUNTINGS, E_A, E_MAC, MJ, count_flops
from spikeatconv.files import write_whole
from spikeviz import AblationExplorer
from spikeviz.results import verdict

SIDE = 224  # pixels of ImageNet
ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "studies" / "results"
PAPER = {  # Table 4 and "Ablation study", as its text gives them
    "tiny": ("76.58 %", "3.8 mJ"), "base": ("80.53 %", "14.2 mJ"), "large": ("81.23 %", "32.0 mJ"),
}  # fmt: skip

ARRANGED = {  # what an SPK block sends, as options of `preset`
    "sum": {"spk_options": {"readout": "sum", "mixer": False}},
    "sum of x + M": {"spk_options": {"readout": "sum", "mixer": True}},
    "membrane": {"spk_options": {"readout": "membrane", "mixer": True}},
    "SL": {"spk": "sl"},
}

STUDIES = ("ablation", "cifar100")
TWINS = {"spiking or not": "ResNet-18", "Micro or its twin": "Micro"}

NAMES = {name: options["spk_options"] for name, options in ARRANGED.items() if "spk" not in options}
PRESET = {"readout": "membrane", "mixer": True, **preset("micro").spk_options}
PRESET_SENDS = next(name for name, options in NAMES.items() if options.items() <= PRESET.items())

PARTS = [
    # the paper's, where it lives, open choices
    ("LIF neuron", "`neuron.lif_step`, `neuron.LIF`", "R1 `detach_reset=True`; the text gives "
     "τ = 2, and V_th = 1, V_rest = V_reset = 0 are ours"),
    ("Surrogates Atan, Sigmoid", "`surrogate.Atan`, `surrogate.Sigmoid`", "R2 `alpha` 2 and 4"),
    ("SL block", "`blocks.SL`", ""),
    ("RL block", "`blocks.RL`", "R3 `project=True`; `second_threshold=0.6` is ours: a neuron fed "
     "with 0 or 1 never reaches 1 with τ = 2"),
    ("MBPL block", "`blocks.MBPL`", "R4 `shared=True`, `mlp_ratio=0`; R5 `thresholds`; R6 "
     "`readout`: \"membrane\" Σᵢ M(LIF(x; V_th,i)), the literal sum, real values, `MBPL`'s own "
     "default; \"spike\" LIF(x + M); \"sum\" Σᵢ LIF(x; V_th,i) or, with the mixer, "
     f"Σᵢ LIF(x + M; V_th,i), 0 … n; `preset` takes the {PRESET_SENDS} (study below). The text "
     "(*combined*, *fed into a ConvNeXt module*, *summing*) fits each of them, and the equation is "
     "lost. `residual`, `closing` are ours. Four branches are stated for CIFAR-100 only"),
    ("HSL block", "`blocks.HSL`", "R7 `taus=(2, 4)`"),
    ("DCL block", "`blocks.DCL`", "R10 BatchNorm after each convolution"),
    ("SISA", "`attention.SISA`", "R8 `softmax=True`; BatchNorm on A·V (R10): without it the last "
     "neuron is fed at most 1 and cannot fire"),
    ("BDSA", "`attention.BDSA`", "R8, R10 as SISA; at inference only the projections are saved: "
     "S depends on the image"),
    ("Grid attention", "`partition.grid_partition`, `attention.Attend`",
     "the size, 7, is MaxViT's: the stored text gives none"),
    ("Figure 1: network", "`model.SpikeAtConv`", "R9 `time_steps=4`; R10 `norm=\"batch\"`; "
     "R11 `shortcut=\"membrane\"`, in the feed-forward a deviation: the text has an Spk module "
     "behind each linear layer, which `shortcut=\"spike\"` does; R12 `head_width=32`; ours: stem "
     "width = first stage's, 3×3 stride 2 on entry, no output projection in attention. SISA or "
     "BDSA for Tiny, Base and Large is not stated"),
    ("The ConvNeXt in it", "`model.Block.conv`", "R14 the paper cites ConvNeXt V2: one activation, "
     "and GRN; ours has an SPK block in front of each of three convolutions, and no GRN"),
    ("Figures 2, 3: blocks, attention", "`blocks`, `attention`", ""),
    ("Figure 4: MaxViT against SpikeAtConv", "`spiking=False`, the twin",
     "the twin is the same network without spikes, not MaxViT: no MBConv, no window attention, no "
     "relative bias; measured at the scale of a laptop, below"),
    ("The recipe of ImageNet", "`training.RECIPES`", "ours: AdamW (named for CIFAR-100 only), "
     "random crops and flips, the clipping's 0.1 as a norm, the strengths of Mixup, CutMix and "
     "Random Erasing"),
    ("Tables 1, 2: CIFAR-100 study", "`resnet.SpikingResNet18`", "measured at the scale of a "
     "laptop, below; `studies/cifar100.py --full` has the paper's settings, not run yet"),
    ("Table 3: blocks and attention on ImageNet", "`preset`", "not measured: needs a cluster"),
    ("Energy: E_MAC, E_A, FLOPs, R", "`energy.energy_report`", "R13 `counting=\"input\"`, "
     "`rates=\"layer\"`; three ways of counting, below"),
]  # fmt: skip


def parts() -> str:
    rows = [f"| {what} | {where} | {choice} |" for what, where, choice in PARTS]
    return "\n".join(["| the paper's | lives in | rests on |", "|---|---|---|", *rows])


QUESTIONS = [
    ("R3", "RL: does the equation give 2C channels, and how do they meet the next layer?"),
    ("R4, R6", "MBPL: does the sum stand before or behind the ConvNeXt module? One module or one a "
     "branch? Is what leaves the block binary, a whole number, or real?"),
    ("R5, R7", "The thresholds of MBPL's branches and the two τ of HSL."),
    ("R8", "SISA and BDSA: is there a softmax? Where do the Spk modules stand?"),
    ("R9", "T on ImageNet, for each row of Table 4."),
    ("R11, R14", "Figure 1: where do the residuals add, and what is in the ConvNeXt?"),
    ("Table 4", "Parameters (counted below), top-5, SISA or BDSA, and how many branches; R and "
     "FLOPs behind the joules."),
]  # fmt: skip

RELATIVES = [
    # what, who and when, where to find it, what it has to do with this course
    ("STBP", "Wu and others (2018)", "doi:10.3389/fnins.2018.00331",
     "surrogate gradients through space and time, cited by the paper"),
    ("tdBN", "Zheng and others (2021)", "arXiv:2011.05280",
     "BatchNorm over the time steps, scaled by the threshold; cited by the paper"),
    ("PLIF", "Fang and others (2021)", "arXiv:2007.05785", "τ is learned; exercise of notebook 05"),
    ("MT-SNN", "Wang, Zhang (2023)", "arXiv:2303.11127",
     "several thresholds side by side or in a row: the closest relative of MBPL"),
    ("I-LIF (SpikeYOLO)", "Luo and others (2024)", "arXiv:2407.20708",
     "whole numbers in training, that many binary steps at inference: `expand`"),
    ("Spike-driven Transformer V2", "Yao and others (2024)", "arXiv:2404.03663",
     "Meta-SpikeFormer; counts a chain of linear layers as one: `counting=\"merged\"`"),
    ("Spike-driven Transformer V3", "Yao and others (2025)", "arXiv:2411.16061",
     "whole numbers 0 … 4 in training, binary steps at inference"),
    ("QB-LIF", "Bai and others (2026)", "arXiv:2604.25688",
     "whole numbers whose scale is learned and folded into the weights"),
]  # fmt: skip


def questions() -> str:
    return "\n".join(
        ["| choice | to be compared |", "|---|---|", *(f"| {a} | {b} |" for a, b in QUESTIONS)]
    )


def relatives() -> str:
    at = {"doi": "https://doi.org/", "arXiv": "https://arxiv.org/abs/"}
    lines = ["| name | by | what it has to do with this course |", "|---|---|---|"]
    for name, by, place, what in RELATIVES:
        kind, number = place.split(":")
        lines.append(f"| {name} | {by}, [{place}]({at[kind]}{number}) | {what} |")
    return "\n".join(lines)


@cache
def counted(name: str, attention: str, kind: str) -> tuple[int, int, int]:
    """Parameters; multiply-accumulates of the first convolution and of all, per time step."""
    with torch.device("meta"):
        config = preset(name, attention=attention, time_steps=1, **ARRANGED[kind])
        model = SpikeAtConv(config).eval()
    macs = count_flops(model, (3, SIDE, SIDE)).eval("flops * passes")
    return sum(p.numel() for p in model.parameters()), macs.iloc[0], macs.sum()


def sizes() -> str:
    """Parameters and multiply-accumulates per image and time step at 224×224."""
    lines = [
        "| network | attention | parameters | with mixers | MACs | with mixers |",
        "|---" * 6 + "|",
    ]
    for name in PAPER:
        for attention in ("sisa", "bdsa"):
            both = [counted(name, attention, kind) for kind in ("sum", "membrane")]
            row = [f"{parameters / 1e6:.1f} M" for parameters, _, _ in both]
            row += [f"{macs / 1e9:.2f} G" for _, _, macs in both]
            lines.append(f"| {name} | {attention.upper()} | {' | '.join(row)} |")
    return "\n".join(lines)


def needed() -> str:
    """The T · R with which the paper's formula gives the paper's joules."""
    lines = ["| network | the paper's | T · R, no mixers | T · R, with mixers |", "|---" * 4 + "|"]
    for name, (_, joules) in PAPER.items():
        row = []
        for kind in ("sum", "membrane"):
            _, first, macs = counted(name, "sisa", kind)
            rest_mj = float(joules.removesuffix(" mJ")) - E_MAC * MJ * first
            row.append(f"{rest_mj / (E_A * MJ * (macs - first)):.3f}")
        lines.append(f"| {name} | {joules} | {' | '.join(row)} |")
    return "\n".join(lines)


def energies() -> str:
    """What EnergyExplorer shows, each network counted in three ways."""
    recorded = json.loads((ROOT / "spikeviz" / "energy" / "data.json").read_text(encoding="utf-8"))
    lines = [f"| network | T | {' | '.join(COUNTINGS)} | its twin | of the twin | the paper's |"]
    lines += ["|---" * 8 + "|"]
    for r in recorded["results"]["reports"]:
        paper = ""
        if "MBPL" in r["name"] and (size := r["name"].split(",")[0].lower()) in PAPER:
            joules = PAPER[size][1]
            paper = f"{joules}; input {r['snn_mj']['input'] / float(joules.split()[0]):.2f} times"
        ways = " | ".join(f"{r['snn_mj'][way]:.4g} mJ" for way in COUNTINGS)
        most = max(r["snn_mj"].values()) / r["ann_mj"]
        lines.append(
            f"| {r['name']} | {r['time_steps']} | {ways} | {r['ann_mj']:.4g} mJ | {most:.2f} | "
            f"{paper} |"
        )
    estimates = {r["note"] for r in recorded["results"]["reports"] if "estimate" in r["note"]}
    return "\n".join([*lines, "", *(f"{note[0].upper()}{note[1:]}." for note in sorted(estimates))])


def measured(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def accuracies() -> str:
    lines = ["| network | accuracy, mean ± sd | seeds | longest run |", "|---|---|---|---|"]
    for file in ("digits", "digits_bdsa", "digits_sl"):
        for name, r in measured(file)["results"].items():
            if not name.startswith("micro"):
                continue  # a setting
            lines.append(
                f"| {name} | {100 * r['accuracy_mean']:.2f} ± {100 * r['accuracy_sd']:.2f} % | "
                f"{len(r['runs'])} | {r['seconds_longest']:.0f} s |"
            )
    return f"{chr(10).join(lines)}\n\n{_source(measured('digits'))}"


def without_attention() -> str:
    """Micro on photographs, by partition: as trained, and with A·V = 0."""
    study = measured("photographs")["results"]
    lines = ["| partition | as trained | A·V = 0 | above A·V = 0? |", "|---|---|---|---|"]
    for point in study["points"]:
        trained, none = ([r[key] for r in point["runs"]] for key in ("accuracy", "nothing"))
        says = verdict(trained, none, study["test_images"])
        shares = (f"{100 * sum(each) / len(each):.1f} %" for each in (trained, none))
        lines.append(f"| {point['value']} | {' | '.join(shares)} | {says} |")
    return "\n".join([*lines, "", _origin("photographs")])


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
    of = content["results"]
    return (
        f"`{content['command']}`: {of.get('scale') or of['data']}; seeds "
        f"{', '.join(map(str, of['seeds']))}; {content['machine']['cpu']}, one thread, "
        f"{content['date']}."
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
    """Accuracy and energy of each arrangement, on the digits and on a part of CIFAR-100."""
    studies = [measured(name) for name in ("mbpl_arrangements", "mbpl_arrangements_cifar100")]
    lines = [
        "| arrangement | digits | µJ an image | CIFAR-100, a part | µJ an image |",
        "|---" * 5 + "|",
    ]
    found = [study["results"]["arrangements"] for study in studies]
    for name in found[0]:
        row = [_cells(one.get(name)) for one in found]
        lines.append(f"| {name} | {' | '.join(row)} |")
    return "\n".join([*lines, "", *(f"{_source(study)}\n" for study in studies)]).rstrip()


def _cells(r: dict | None) -> str:
    if r is None:
        return "– | –"
    mean, sd = 100 * r["accuracy_mean"], 100 * r["accuracy_sd"]
    return f"{mean:.1f} ± {sd:.1f} % | {r['uj_mean']:.2f}"


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
Written by `python docs/make_fidelity.py`; do not edit. R1 to R14 are places where the paper's
text leaves a choice; each is a named argument, and its default is ours, not the paper's.

## Where each part lives

{parts()}

**Names.** The text spells out one: *Multi-Branch Parallel LIF SPK* (MBPL). What SL, RL, HSL, DCL,
SISA and BDSA stand for in our docstrings and notebooks is our expansion.

## Where the truth could still be

The text that this course was built from has lost the displayed equations, figures and tables of the
paper. There is a preprint, arXiv 2411.17439v1, and a copy in PubMed Central, PMC11936907; we could
read no more than their beginnings. Whoever can open them, please compare:

{questions()}

## The paper's own figures (ImageNet-1K, Table 4)

| network | top-1 | energy |
|---|---|---|
{paper}

Not reproduced here: nobody has trained these networks with this code yet. Parameter counts are
not in the paper's text.

## Sizes at 224×224, counted

{sizes()}

MACs: multiply-accumulates per time step of convolutions, linear layers and the two products of
attention. Without mixers they are the twin's, since a neuron has no weights.

## Energy, counted in three ways

{energies()}

"input": each layer by its own input, E_A for spikes and whole numbers of spikes, E_MAC for real
values. "merged": the same, but a chain of linear layers may count as one. "paper": the formula as
it stands, E_A · T · R for all but the first layer, with one R. "of the twin": the dearest of the
three, in times of the twin. Micro was trained and measured on the digits. Rates of an untrained
Tiny say little about a trained one; the estimates take theirs from a trained Micro of the same
blocks. No way counts memory, nor the charge of the membranes. `python studies/recorded/energy.py`.

The T · R that the paper's formula needs for the paper's joules, with our FLOPs. One T · R for all
three networks would not give them.

{needed()}

## Digits (5,000 of MNIST, own split)

{accuracies()}

A counter-test (notebook 09): with A·V set to 0 both Micros lose nothing, so on
digits the attention's kind cannot be judged. Nor can it on photographs of this size:

{without_attention()}

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

## What should MBPL send

Micro, three seeds, on {measured("mbpl_arrangements")["results"]["images"]} digits and on a part of
CIFAR-100. Energy is counted by each layer's own input. Q, K, V and the attention's output are
spikes in each row: from SL where the row has no mixer, else from an MBPL with a closing LIF, unless
it says otherwise. The rule for the default of `preset` stands in `studies/mbpl_arrangements.py`,
written before the first run. The default is "MBPL, {PRESET_SENDS}".

{arrangements()}

![Accuracy against energy, on both data sets](../studies/results/mbpl_arrangements.png)

## Relatives

What others have built that is close to parts of this course, in the order of their years.

{relatives()}
"""


def main() -> None:
    target = ROOT / "docs" / "fidelity.md"
    write_whole(target, page())
    print(f"wrote {target}", file=sys.stderr)


if __name__ == "__main__":
    main()
