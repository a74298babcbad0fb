"""Train on the digits that ship, and report the accuracy on the 1,000 test images.

    python studies/digits.py                      Micro and its non-spiking twin, seeds 0, 1, 2
    python studies/digits.py --save               and ship the first Micro in data/
    python studies/digits.py --network bdsa --save
                                                  the same for Micro with BDSA, or with SL (sl)

Settings were chosen on the last 600 of the 4,000 training images (`--validate`).
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spikeatconv import SpikeAtConv, mnist5k, preset

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import report  # noqa: E402

RESULTS = Path(__file__).parent / "results"
TIME_STEPS = 2
EPOCHS = 6
BATCH = 50
LEARNING_RATE = 4e-3
WEIGHT_DECAY = 0.01
VALIDATION = 600
NETWORKS: dict[str, dict[str, dict]] = {  # {name: what differs from Micro}
    "micro": {"micro": {}, "micro twin": {"spiking": False}},
    "bdsa": {"micro bdsa": {"attention": "bdsa"}},
    "sl": {"micro sl": {"spk": "sl"}},
}
FILES = {  # of the results, of the weights
    "micro": ("digits", "micro_digits"),
    "bdsa": ("digits_bdsa", "micro_bdsa_digits"),
    "sl": ("digits_sl", "micro_sl_digits"),
}


def digits(validate: bool = False) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """((images, labels) to train, the same to test); images `[N, 1, 32, 32]`, ink 1, paper 0."""
    (images, labels), test = mnist5k("train"), mnist5k("test")
    if validate:
        train, test = (
            (images[:-VALIDATION], labels[:-VALIDATION]),
            (images[-VALIDATION:], labels[-VALIDATION:]),
        )
    else:
        train = (images, labels)
    return (F.pad(train[0], [2] * 4), train[1]), (F.pad(test[0], [2] * 4), test[1])


def wiggle(images: Tensor, turn: float = 0.2, scale: float = 0.1, move: float = 0.1) -> Tensor:
    """Each image turned by up to ±0.2 rad, scaled by ±10 %, moved by ±1.6 pixels."""

    def noise(amount: float) -> Tensor:
        return (2 * torch.rand(len(images)) - 1) * amount

    angle, size = noise(turn), 1 + noise(scale)
    across, along = size * angle.cos(), size * angle.sin()
    rows = [
        torch.stack([across, -along, noise(move)], 1),
        torch.stack([along, across, noise(move)], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def train(
    model: nn.Module, data: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], epochs: int = EPOCHS
) -> Iterator[dict]:
    """Trains, and gives {"epoch", "loss", "accuracy", "seconds"} after each epoch."""
    losses = []
    for metrics in steps(model, data, test, epochs):
        losses.append(metrics["loss"])
        if "test_accuracy" in metrics:
            yield {
                "epoch": round(metrics["epoch"]),
                "loss": sum(losses) / len(losses),
                "accuracy": metrics["test_accuracy"],
                "seconds": metrics["seconds"],
            }
            losses = []


def steps(
    model: nn.Module, data: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], epochs: int = EPOCHS
) -> Iterator[dict]:
    """Trains, and gives {"step", "steps", "epoch", "loss", "learning_rate", "images", "seconds"}
    after each step, and "test_accuracy" with the last of each epoch."""
    images, labels = data
    decayed = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]  # no decay on norms and biases
    groups = [
        {"params": decayed, "weight_decay": WEIGHT_DECAY},
        {"params": rest, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE)
    each = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=LEARNING_RATE, total_steps=epochs * each
    )
    begin = time.perf_counter()
    step = 0
    for _ in range(epochs):
        model.train()
        for batch in torch.randperm(len(images)).split(BATCH):
            rate = schedule.get_last_lr()[0]
            loss = F.cross_entropy(model(wiggle(images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            metrics = {
                "step": step, "steps": epochs * each, "epoch": step / each, "loss": loss.item(),
                "learning_rate": rate, "images": step * BATCH,
            }  # fmt: skip
            if step % each == 0:
                metrics["test_accuracy"] = accuracy(model, *test)
            yield {**metrics, "seconds": time.perf_counter() - begin}


@torch.no_grad()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of the images whose largest logit is at the label, in eval mode."""
    model.eval()
    right = [
        (model(x).argmax(1) == y) for x, y in zip(images.split(200), labels.split(200), strict=True)
    ]
    return torch.cat(right).double().mean().item()


def run(name: str, changes: dict, seeds: list[int], validate: bool) -> tuple[list[dict], nn.Module]:
    """Trains Micro with `changes` once for each seed: ([{"seed", "curve"}], the first model)."""
    data, test = digits(validate)
    runs, first = [], None
    for seed in seeds:
        torch.manual_seed(seed)
        model = SpikeAtConv(preset("micro", in_channels=1, time_steps=TIME_STEPS, **changes))
        first = model if first is None else first
        curve = []
        for metrics in train(model, data, test):
            curve.append(metrics)
            print(
                f"{name} seed {seed} epoch {metrics['epoch']}/{EPOCHS}: "
                f"loss {metrics['loss']:.3f}, accuracy {metrics['accuracy']:.4f}, "
                f"{metrics['seconds']:.0f} s",
                flush=True,
            )
        runs.append({"seed": seed, "curve": curve})
    return runs, first


def summary(runs: list[dict]) -> dict:
    """Mean and standard deviation over the seeds of the last accuracy, and the longest run."""
    last = [r["curve"][-1] for r in runs]
    scores = [end["accuracy"] for end in last]
    return {
        **mean_and_sd(scores),
        "seconds_longest": max(end["seconds"] for end in last),
        "runs": runs,
    }


def mean_and_sd(scores: list[float]) -> dict[str, float]:
    """Of the accuracies of several seeds, as each results file of a study has them."""
    sd = statistics.stdev(scores) if len(scores) > 1 else 0.0
    return {"accuracy_mean": statistics.mean(scores), "accuracy_sd": sd}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=list(NETWORKS), default="micro")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--validate", action="store_true", help="hold out 600 training images")
    parser.add_argument("--save", action="store_true", help="ship the first Micro in data/")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results, spiking = {}, None
    for name, changes in NETWORKS[options.network].items():
        runs, model = run(name, changes, options.seeds, options.validate)
        spiking = spiking or model
        results[name] = summary(runs)
        print(f"{name}: {results[name]['accuracy_mean']:.4f} ± {results[name]['accuracy_sd']:.4f}")
    settings = {
        "time_steps": TIME_STEPS, "epochs": EPOCHS, "batch": BATCH,
        "learning_rate": LEARNING_RATE, "weight_decay": WEIGHT_DECAY,
        "measured_on": "600 held-out training images" if options.validate else "1,000 test images",
    }  # fmt: skip
    table, weights = FILES[options.network]
    if not options.validate:
        report.write(table, {**settings, **results}, ("torch", "numpy"), RESULTS)
    if options.save:
        from spikeatconv.weights import save_weights

        first = next(iter(results.values()))["runs"][0]
        note = {
            "command": " ".join(["python studies/digits.py", *sys.argv[1:]]),
            "seed": first["seed"], **settings,
            "accuracy": first["curve"][-1]["accuracy"], "torch": torch.__version__,
        }  # fmt: skip
        save_weights(spiking, ROOT / "data" / f"{weights}.safetensors", note)


if __name__ == "__main__":
    main()
