"""The paper's CIFAR-100 study (Tables 1 and 2, Figure 4) at the scale of a laptop: the choices of
ablation.py on a part of CIFAR-100, with the `cifar100` recipe shortened.

    spikeatconv data prepare cifar100 cifar-100-binary.tar.gz cifar100/       if it is not there
    python studies/cifar100.py cifar100/              writes results/cifar100.json, run by run
    python studies/cifar100.py cifar100/ --resume     goes on where an earlier call ended
    python studies/cifar100.py cifar100/ --full       the paper's own settings, for a GPU, written
                                                      to results/cifar100_full.json
    python studies/cifar100.py --plot                 draws results/cifar100.png, no data needed

Every choice has the same images, epochs, learning rate and seeds. The images are the first of
each class in the order of the files, and the test images are those of the data's test file.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import ablation
import digits
import torch
import torch.nn.functional as F
from torch import nn

from spikeatconv.images.sources import open_data
from spikeatconv.training import RECIPES, InMemory, Recipe, network, train

CLASSES = range(0, 100, 10)  # every tenth of the 100, so that no group of similar ones rules
EACH = 200  # training images of a class
TEST = 100  # test images of a class
WIDTH = 8
POOL = 2  # for the ResNet-18; Micro sees the whole 32×32 pixels
MICRO_STEPS = 2
SMALL = replace(
    RECIPES["cifar100"], epochs=10, batch=50, learning_rate=4e-3, warmup_epochs=1, clip=1.0
)

CHOICES = (
    *ablation.CHOICES,
    ablation.Choice("Micro or its twin", "spiking, MBPL", "micro", ablation.MICRO),
    ablation.Choice("Micro or its twin", "twin, GELU", "micro", {"spiking": False}),
)


def part(images: InMemory, each: int) -> InMemory:
    """The first `each` images of each of CLASSES, numbered anew from 0."""
    rows = [(images.labels == c).nonzero()[:each, 0] for c in CLASSES]
    if any(len(found) < each for found in rows):
        raise ValueError(f"a class has fewer than {each} images; give the whole of CIFAR-100")
    labels = torch.arange(len(rows)).repeat_interleave(each)
    return InMemory(images.images[torch.cat(rows)], labels, [images.classes[c] for c in CLASSES])


def pooled(images: InMemory) -> InMemory:
    """Each POOL×POOL pixels become one, their mean."""
    return InMemory(F.avg_pool2d(images.images / 255, POOL), images.labels, images.classes)


def whole(path: str) -> tuple[InMemory, InMemory]:
    """All of CIFAR-100, to train and to test, in memory."""

    def held(source) -> InMemory:
        return InMemory(*source.batch(list(range(len(source)))), source.classes)

    train_images, test_images = open_data(path, 32)
    return held(train_images), held(test_images)


def curve_of(model: nn.Module, sets: tuple[InMemory, InMemory], recipe: Recipe) -> list[dict]:
    """Trains, and gives {"epoch", "loss" (mean over the epoch), "test_loss", "accuracy"}."""
    curve, losses = [], []
    for metrics in train(model, *sets, recipe):
        losses.append(metrics["loss"])
        if "test_accuracy" in metrics:
            curve.append({
                "epoch": round(metrics["epoch"]), "loss": sum(losses) / len(losses),
                "test_loss": metrics["test_loss"], "accuracy": metrics["test_accuracy"],
            })  # fmt: skip
            losses = []
    return curve


def study_of(path: str, full: bool) -> ablation.Study:
    large = whole(path)
    if not full:
        large = part(large[0], EACH), part(large[1], TEST)
    small = large if full else tuple(pooled(images) for images in large)
    recipe = RECIPES["cifar100"] if full else SMALL
    width = 64 if full else WIDTH
    classes = len(large[0].classes)

    def run(choice: ablation.Choice, seed: int) -> dict:
        resnet = choice.network == "resnet18"
        size = {"width": width} if resnet else {"time_steps": MICRO_STEPS}
        model = network(choice.network, seed, classes=classes, **size, **choice.options)
        sets = small if resnet else large
        side = sets[0].images.shape[-1]
        curve = curve_of(model, sets, replace(recipe, seed=seed, image_size=side))
        return {"accuracy": curve[-1]["accuracy"], "loss": curve[-1]["loss"], "curve": curve}

    side = 32 if full else 32 // POOL
    about = {
        "scale": f"CIFAR-100, {classes} of its classes, {len(large[0]):,} images to train and "
        f"{len(large[1]):,} to test (a split of our own); {recipe.epochs} epochs; ResNet-18 of "
        f"width {width} at {side}×{side} pixels, Micro at 32×32 and T = {MICRO_STEPS}",
        "measure": f"accuracy on the {len(large[1]):,} test images after the last epoch",
        "test_images": len(large[1]),
        "recipe": asdict(recipe), "width": width, "classes": list(large[0].classes),
    }  # fmt: skip
    return ablation.Study("cifar100_full" if full else "cifar100", about, run)


# --- the plot


def plot() -> Path:
    """Every axis as AblationExplorer draws it, and below Figure 4: the loss, epoch by epoch."""
    import matplotlib.pyplot as plt

    from spikeviz import AblationExplorer

    source = digits.RESULTS / "cifar100.json"
    AblationExplorer(source).to_matplotlib().savefig(source.with_suffix(".png"), dpi=120)
    points = json.loads(source.read_text(encoding="utf-8"))["results"]["points"]
    axes = ("spiking or not", "Micro or its twin")
    figure, places = plt.subplots(1, len(axes), figsize=(9, 3.2), layout="constrained")
    for axis, place in zip(axes, places, strict=True):
        for point, colour in zip(
            [p for p in points if p["axis"] == axis], ("#0072B2", "#D55E00"), strict=False
        ):
            for name, style in (("loss", "-"), ("test_loss", "--")):
                curves = torch.tensor([[e[name] for e in r["curve"]] for r in point["runs"]])
                epochs = range(1, curves.shape[1] + 1)
                label = f"{point['value']}, {'training' if name == 'loss' else 'test'}"
                place.plot(epochs, curves.mean(0), style, color=colour, label=label)
                place.fill_between(epochs, curves.amin(0), curves.amax(0), color=colour, alpha=0.15)
        place.set(title=axis, xlabel="epoch", ylabel="loss (band: all seeds)")
        place.legend(fontsize="x-small")
    path = digits.RESULTS / "cifar100_loss.png"
    figure.savefig(path, dpi=120)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", help="folder with train-*.npz and test.npz")
    parser.add_argument("--resume", action="store_true", help="keep the runs in the results file")
    parser.add_argument("--full", action="store_true", help="all classes, width 64, 200 epochs")
    parser.add_argument("--plot", action="store_true", help="draw the results file")
    options = parser.parse_args()
    if options.plot:
        print(plot())
    elif options.path is None:
        parser.error("say where CIFAR-100 is: python studies/cifar100.py FOLDER")
    else:
        if not options.full:
            torch.set_num_threads(1)
        study = study_of(options.path, options.full)
        digits.report.hide_place(options.path)
        ablation.measure(study, CHOICES, ablation.earlier(study) if options.resume else {})
