"""Train Micro and its non-spiking twin on the digits that ship, and log every step: the paper's
Figure 4 at the scale of a laptop. TrainingMonitor shows the two runs until it has others.

    python studies/recorded/monitor.py               writes spikeviz/monitor/data.json
"""

import data_file
import digits as study
import torch
from torch import nn

from spikeatconv import SpikeAtConv, preset, record
from spikeviz.training_log import Log

SEED = 0
EVERY = 4  # steps between two rows of the log
RATED = 20  # steps between two measurements of the rates
LOOK = 50  # test images on which they are measured
DIGITS = 4  # significant, of a number in the file


def log_of(model: nn.Module, spiking: bool) -> Log:
    """Trains the model by studies/digits.py and logs what it says, with the rates of the layers."""
    data, test = study.digits()
    log, losses = Log(), []
    for metrics in study.steps(model, data, test):
        losses.append(metrics["loss"])
        step = metrics["step"]
        if step % EVERY and "test_accuracy" not in metrics:
            continue
        if spiking and step % RATED == 0:
            metrics["rates"] = rates(model, test[0][:LOOK])
        log.append({**metrics, "loss": sum(losses) / len(losses)}, metrics["seconds"])
        losses = []
        if "test_accuracy" in metrics:
            print(step, metrics["loss"], metrics["test_accuracy"], flush=True)
    return log


@torch.no_grad()
def rates(model: nn.Module, images: torch.Tensor) -> dict[str, float]:
    """The rate of each LIF layer; that of a sum over thresholds is the mean of its branches."""
    model.eval()
    with record(model, keep=()) as recording:
        model(images)
    model.train()
    layers: dict[str, list[float]] = {}
    for name, rate in recording.rates.items():
        layers.setdefault(name.split(".branches.")[0], []).append(rate)
    return {name: sum(found) / len(found) for name, found in layers.items()}


def columns(log: Log) -> dict[str, list]:
    """Short numbers, None for what a step did not give."""

    def short(value: float) -> float | None:
        return None if value != value else float(f"{value:.{DIGITS}g}")

    return {name: [short(v) for v in log[name].tolist()] for name in log.names}


def main() -> None:
    torch.set_num_threads(2)
    runs = {}
    for name, spiking in {"spiking Micro": True, "its twin (GELU)": False}.items():
        torch.manual_seed(SEED)
        config = preset("micro", in_channels=1, time_steps=study.TIME_STEPS, spiking=spiking)
        runs[name] = columns(log_of(SpikeAtConv(config), spiking))
    about = (
        f"Shown: the shipped digits (4,000 images), Micro with T = {study.TIME_STEPS} and its "
        f"non-spiking twin, {study.EPOCHS} epochs, seed {SEED}, one run each. Rates on {LOOK} test "
        "images. The paper's Figure 4 compares the loss of SpikeAtConv and MaxViT on ImageNet."
    )
    results = {"seed": SEED, "epochs": study.EPOCHS, "about": about, "runs": runs}
    data_file.write("monitor", results, ("torch", "numpy"))


if __name__ == "__main__":
    main()
