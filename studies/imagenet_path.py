"""The path of ImageNet on real photographs: Tiny by the `imagenet` recipe on ten classes, cut down
to what one core can do.

    python studies/imagenet_path.py FOLDER            all runs; stopped, the same line goes on
    python studies/imagenet_path.py FOLDER --run 224  one of them
    python studies/imagenet_path.py --plot            draws results/imagenet_path.png

FOLDER holds train/CLASS/*.JPEG and val/CLASS/*.JPEG, such as ten classes of Tiny ImageNet, whose
photographs have 64 × 64 pixels. Checkpoints and curves lie in runs/imagenet_path/; after each run
results/imagenet_path.json is written.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from spikeatconv.command.settings import new_model
from spikeatconv.command.trained import load
from spikeatconv.images.sources import open_data
from spikeatconv.training import RECIPES, Augmentation, Images, Recipe, Run, evaluate, train
from spikeatconv.training.loop import make_accelerator

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import report  # noqa: E402

RESULTS = ROOT / "studies" / "results"
RUNS_FOLDER = ROOT / "runs" / "imagenet_path"
SEED = 0
WATCHED = 10  # test images of a class after each epoch; at the end all of them
SMOOTH = 20  # steps over which the plot takes the mean of the training loss


@dataclass(frozen=True)
class Size:
    """side: pixels.  each: training images of a class.  every: steps between checkpoints."""

    side: int
    time_steps: int
    each: int
    epochs: int
    batch: int
    every: int


RUNS = {
    "224": Size(side=224, time_steps=1, each=100, epochs=1, batch=8, every=10),
    "64": Size(side=64, time_steps=1, each=200, epochs=2, batch=8, every=25),
}


def recipe_of(run: Size) -> Recipe:
    """`imagenet`, but for the batch, the epochs and an augmentation that leaves labels and colours
    alone: AutoAugment, Random Erasing, Mixup, CutMix and smoothing are there for 200 epochs, and
    hold the training loss up in a few."""
    usual = RECIPES["imagenet"]
    warmup = usual.warmup_epochs * run.epochs / usual.epochs
    return replace(
        usual, epochs=run.epochs, batch=run.batch, warmup_epochs=warmup, image_size=run.side,
        augmentation=Augmentation(crop=0.35, flip=True), seed=SEED,
    )  # fmt: skip


class Part(Images):
    """The first `each` images of each class."""

    def __init__(self, images: Images, each: int) -> None:
        labels = torch.as_tensor(images.labels)
        rows = [(labels == c).nonzero()[:each, 0] for c in range(len(images.classes))]
        self.images, self.rows = images, torch.cat(rows).tolist()
        self.classes = images.classes

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        return self.images.batch([self.rows[i] for i in indices])


def trained(name: str, run: Size, path: str) -> list[dict]:
    """The metrics of every step, with the CPU seconds since the start; resumes what was begun."""
    data, test = open_data(path, run.side, crop=True)
    recipe = recipe_of(run)
    model = new_model("tiny", recipe, len(data.classes), 3, {"time_steps": run.time_steps})
    folder, file = RUNS_FOLDER / name, RUNS_FOLDER / f"{name}.json"
    rows = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    loop = train(
        model, Part(data, run.each), Part(test, WATCHED), recipe, folder, every=run.every, keep=1,
        cpu=True,
    )  # fmt: skip
    with closing(loop):
        for metrics in with_seconds(loop, rows):
            rows = [row for row in rows if row["step"] < metrics["step"]] + [metrics]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(rows), encoding="utf-8")
            print(name, metrics["step"], f"{metrics['loss']:.3f}", metrics.get("test_loss", ""),
                  flush=True)  # fmt: skip
    return rows


def with_seconds(loop: Iterator[dict], rows: list[dict]) -> Iterator[dict]:
    """CPU seconds of this process, behind those of the earlier pieces."""
    spent = {row["step"]: row["seconds"] for row in rows}
    begin, before = time.process_time(), None
    for metrics in loop:
        if before is None:
            before = spent.get(metrics["step"] - 1, 0.0)
        yield metrics | {"seconds": before + time.process_time() - begin}


def tested(name: str, run: Size, path: str) -> dict[str, float]:
    """As `spikeatconv evaluate --model FOLDER --data FOLDER` does: all test images."""
    found = load(str(RUNS_FOLDER / name))
    _, test = open_data(path, found.fit.size)
    found.match(test)
    accelerator = make_accelerator(Run(cpu=True))
    scores = evaluate(accelerator.prepare(found.model), test, found.recipe(50), accelerator)
    return {**scores, "test_images": len(test)}


def measured(name: str, path: str) -> dict:
    run = RUNS[name]
    rows = trained(name, run, path)
    classes = len(open_data(path, run.side)[0].classes)
    last = [row["loss"] for row in rows[-SMOOTH:]]
    return {
        "run": asdict(run), "recipe": asdict(recipe_of(run)), "seed": SEED,
        "model": f"tiny, MBPL, T = {run.time_steps}", "chance_loss": math.log(classes),
        "scale": f"{classes} classes, {run.each} training images each, {run.side} × {run.side} "
        f"pixels, {run.epochs} epochs in batches of {run.batch}: {len(rows)} steps",
        "train_loss_last_steps": sum(last) / len(last), **tested(name, run, path),
        "cpu_seconds": rows[-1]["seconds"], "curve": rows,
    }  # fmt: skip


def earlier() -> dict:
    path = RESULTS / "imagenet_path.json"
    return json.loads(path.read_text(encoding="utf-8"))["results"] if path.is_file() else {}


def plot() -> Path:
    """The training loss step by step and its mean, the test loss epoch by epoch, and chance."""
    import matplotlib.pyplot as plt

    found = earlier()
    figure, axes = plt.subplots(
        1, len(found), figsize=(4.4 * len(found), 3.4), layout="constrained", squeeze=False
    )
    for axis, result in zip(axes[0], found.values(), strict=True):
        curve = result["curve"]
        steps, losses = [r["step"] for r in curve], [r["loss"] for r in curve]
        parts = [losses[max(0, i + 1 - SMOOTH) : i + 1] for i in range(len(losses))]
        means = [sum(part) / len(part) for part in parts]
        test = [(r["step"], r["test_loss"]) for r in curve[:-1] if "test_loss" in r]
        test.append((steps[-1], result["test_loss"]))
        axis.plot(steps, losses, color="#0072B2", alpha=0.25, linewidth=0.8)
        axis.plot(steps, means, color="#0072B2", label=f"training, mean of {SMOOTH} steps")
        axis.plot(*zip(*test, strict=True), "D", color="#D55E00", label="test", clip_on=False)
        axis.axhline(result["chance_loss"], color="0.4", linestyle=":", label="chance, ln 10")
        run = result["run"]
        axis.set(
            title=f"{run['side']} × {run['side']}, top 1 {result['test_accuracy']:.0%}, "
            f"top 5 {result['test_top5']:.0%}",
            xlabel=f"step of {run['batch']} images", ylabel="loss", ylim=(0, 3.5),
        )  # fmt: skip
        axis.legend(fontsize="small", loc="lower left")
    figure.suptitle("Tiny, MBPL, T = 1, ten classes of Tiny ImageNet, one seed", fontsize="medium")
    path = RESULTS / "imagenet_path.png"
    figure.savefig(path, dpi=120)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", help="folder with train/ and val/")
    parser.add_argument("--run", choices=list(RUNS), help="this one alone")
    parser.add_argument("--plot", action="store_true", help="draw the results file")
    options = parser.parse_args()
    if options.path is None and not options.plot:
        parser.error("say where the images are: python studies/imagenet_path.py FOLDER")
    torch.set_num_threads(1)
    if options.path:
        report.hide_place(options.path)
    for name in () if options.plot else [options.run] if options.run else list(RUNS):
        results = earlier() | {name: measured(name, options.path)}
        report.write("imagenet_path", results, ("torch", "numpy", "kornia", "accelerate"), RESULTS)
    print(plot())
