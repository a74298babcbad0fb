"""Small trainings that the tests start as programs of their own.

python runs.py ends FOLDER        undisturbed, killed ten times, ended by a signal
python -m torch.distributed.run --nproc_per_node 2 runs.py pair FOLDER
"""

import json
import os
import random
import signal
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch
from safetensors.torch import save_file
from torch.nn.parallel import DistributedDataParallel

from spikeatconv.extra import extra
from spikeatconv.training import Augmentation, InMemory, Recipe, network, train

KILLS = 10
EVERYTHING = Augmentation(
    crop=0.3, flip=True, rotation=20.0, shear=10.0, shift=0.1, scale=0.1, auto_augment=True,
    erasing=0.5, mixup=0.8, cutmix=1.0, label_smoothing=0.1,
)  # fmt: skip
RECIPE = Recipe(
    epochs=7, batch=8, learning_rate=2e-3, weight_decay=0.05, warmup_epochs=2, image_size=16,
    clip=0.5, augmentation=EVERYTHING, ema=0.9, seed=3,
)  # fmt: skip
BEYOND = replace(  # with all that no recipe has by itself
    RECIPE, repeats=2, min_learning_rate=1e-4, augmentation=replace(EVERYTHING, rand_augment=9.0),
    drop_path=0.3, distill=0.4, temperature=2.0,
)  # fmt: skip
SMALL = {
    "widths": (8,), "depths": (1,), "partition_size": 2, "head_width": 8, "time_steps": 2,
    "spk": "sl", "classes": 7,
}  # fmt: skip

WITHOUT = {"norm": "none"}  # BatchNorm, whose mean over half a batch is another than over the whole
TWIN = {"spiking": False}  # in which rounding makes no spike


def small(**changes):
    return network("micro", **{**SMALL, **changes})


def images(count=100, size=20, classes=7):
    generator = torch.Generator().manual_seed(count)
    pixels = torch.randint(256, (count, 3, size, size), generator=generator, dtype=torch.uint8)
    return InMemory(pixels, torch.arange(count) % classes)


def run(folder, log, epochs=5, **words):
    """Everything on: augmentation, EMA, clipping, a teacher, parts, checkpoints at odd steps."""
    recipe = replace(BEYOND, epochs=epochs)
    words |= {"every": 2, "accumulate": 2, "cpu": True, "teacher": small(spiking=False, seed=4)}
    loop = train(small(), images(), images(30, 16), recipe, folder, **words)
    with open(log, "a", buffering=1) as file:
        for metrics in loop:
            file.write(json.dumps(metrics) + "\n")


def child(folder, log):
    """Forks; what was imported stays imported."""
    process = os.fork()
    if not process:
        try:
            warnings.simplefilter("error")  # a checkpoint that is passed over was torn
            run(folder, log, sync_norm=True)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return process


def lines(log):
    return log.read_bytes().count(b"\n") if log.exists() else 0


def kill_at_random(folder, log, chance, step):
    """A life of 0 to 5 steps and a part of one or two more, of `step` seconds each, so that ten
    lives do not reach the end; where it was killed."""
    before, wanted = lines(log), chance.randint(0, 5)
    process = child(folder, log)
    while lines(log) < before + wanted and not os.waitpid(process, os.WNOHANG)[0]:
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 1.5 * step))
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return {
        "killed": os.WIFSIGNALED(status), "steps": lines(log) - before,
        "writing": (folder / ".draft").exists(),
    }  # fmt: skip


def signalled(folder, number):
    """Three steps, then the signal; how the process ends, as a program that does nothing else."""
    log = folder / "run0.jsonl"
    process = os.fork()
    if not process:
        os.dup2(os.open(folder / "errors", os.O_CREAT | os.O_WRONLY), sys.stderr.fileno())
        run(folder / "run", log, epochs=1000)
        sys.exit()
    while lines(log) < 3 and not os.waitpid(process, os.WNOHANG)[0]:
        time.sleep(0.001)
    os.kill(process, number)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def ends(folder):
    for package in ("accelerate", "kornia.augmentation", "kornia.augmentation.auto"):
        extra(package)
    torch.optim.AdamW([torch.zeros(1)])  # its first use imports torch._dynamo, a second's work
    begin = time.perf_counter()
    _, status = os.waitpid(child(folder / "whole", folder / "whole.jsonl"), 0)
    seconds = time.perf_counter() - begin
    step, chance = seconds / lines(folder / "whole.jsonl"), random.Random()
    report = [
        kill_at_random(folder / "killed", folder / "killed.jsonl", chance, step)
        for _ in range(KILLS)
    ]
    _, last = os.waitpid(child(folder / "killed", folder / "killed.jsonl"), 0)
    signals = {}
    for number in (signal.SIGTERM, signal.SIGINT):
        (folder / str(int(number))).mkdir()
        signals[int(number)] = signalled(folder / str(int(number)), number)
    print(json.dumps({"kills": report, "status": [status, last], "signals": signals}))


def gradients(path, changes, **words):
    """The gradients and the buffers after the first step, before and after which nothing differs by
    process."""
    recipe = Recipe(
        epochs=1, batch=8, learning_rate=1e-3, weight_decay=0.0, warmup_epochs=0, image_size=16,
        augmentation=Augmentation(label_smoothing=0.1),
    )  # fmt: skip
    model = small(**changes)
    loop = train(model, images(40, 16), images(31, 16), recipe, cpu=True, **words)
    first = next(loop)
    found = {name: p.grad.contiguous() for name, p in model.named_parameters()}
    found |= {name: buffer.clone() for name, buffer in model.named_buffers()}
    *_, last = loop
    if os.environ.get("RANK", "0") == "0":
        save_file(found, path, {"metrics": json.dumps([first, last])})


class Sum(torch.autograd.Function):
    """Over all processes, and its gradient too."""

    @staticmethod
    def forward(_, x):
        torch.distributed.all_reduce(x := x.clone())
        return x

    @staticmethod
    def backward(_, gradient):
        return Sum.forward(_, gradient)


def normalize(norm, x):
    """What torch's SyncBatchNorm does in training, on a CPU, where torch has none."""
    norm.num_batches_tracked += 1
    n = 2 * x[:, 0].numel()
    mean, square = Sum.apply(torch.stack([x.sum((0, 2, 3)), (x * x).sum((0, 2, 3))])) / n
    variance = square - mean**2
    with torch.no_grad():
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * n / (n - 1), norm.momentum)
    normal = (x.movedim(1, -1) - mean) / (variance + norm.eps).sqrt()
    return (normal * norm.weight + norm.bias).movedim(-1, 1)


def pair(folder):
    """In one of two processes: the gradients, then a training until it is ended."""
    gradients(folder / "two.safetensors", WITHOUT)
    with (
        mock.patch.object(torch.nn.SyncBatchNorm, "forward", normalize),
        mock.patch.object(DistributedDataParallel, "_passing_sync_batchnorm_handle"),
        mock.patch("spikeatconv.training.loop.check_sync"),
    ):
        gradients(folder / "sync.safetensors", TWIN, sync_norm=True)
    run(folder / "run", folder / f"run{os.environ['RANK']}.jsonl", epochs=1000)


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"ends": ends, "pair": pair}[sys.argv[1]](Path(sys.argv[2]))
