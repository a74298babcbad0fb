"""Small trainings that the tests start as programs of their own.

python runs.py kills FOLDER       one undisturbed training, one that is killed 20 times
python runs.py train FOLDER       until it ends or is ended
python -m torch.distributed.run --nproc_per_node 2 runs.py gradients FILE
"""

import json
import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file

from spikeatconv.extra import extra
from spikeatconv.training import Augmentation, InMemory, Recipe, network, train

KILLS = 20
EVERYTHING = Augmentation(
    crop=0.3, flip=True, rotation=20.0, shear=10.0, shift=0.1, scale=0.1, auto_augment=True,
    erasing=0.5, mixup=0.8, cutmix=1.0, label_smoothing=0.1,
)  # fmt: skip
RECIPE = Recipe(
    epochs=7, batch=8, learning_rate=2e-3, weight_decay=0.05, warmup_epochs=2, image_size=16,
    clip=0.5, augmentation=EVERYTHING, ema=0.9, seed=3,
)  # fmt: skip
SMALL = {
    "widths": (8,), "depths": (1,), "partition_size": 2, "head_width": 8, "time_steps": 2,
    "spk": "sl", "classes": 7,
}  # fmt: skip


def small(**changes):
    return network("micro", **{**SMALL, **changes})


def images(count=100, size=20, classes=7):
    generator = torch.Generator().manual_seed(count)
    pixels = torch.randint(256, (count, 3, size, size), generator=generator, dtype=torch.uint8)
    return InMemory(pixels, torch.arange(count) % classes)


def run(folder, log):
    """Everything on: augmentation, EMA, clipping, accumulation, checkpoints at odd steps."""
    loop = train(small(), images(), images(30, 16), RECIPE, folder, every=2, accumulate=2, cpu=True)
    with open(log, "a", buffering=1) as file:
        for metrics in loop:
            file.write(json.dumps(metrics) + "\n")


def child(folder, log):
    """Forks; what was imported stays imported."""
    process = os.fork()
    if not process:
        try:
            warnings.simplefilter("error")  # a checkpoint that is passed over was torn
            run(folder, log)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return process


def lines(log):
    return log.read_bytes().count(b"\n") if log.exists() else 0


def kill_at_random(folder, log, chance, step):
    """A life of 0 to 5 steps and a part of one or two more, of `step` seconds each, so that twenty
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


def kills(folder):
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
    print(json.dumps({"kills": report, "seconds": seconds, "status": [status, last]}))


def gradients(path):
    """The gradients after the first step, before and after which nothing differs by process."""
    recipe = Recipe(
        epochs=1, batch=8, learning_rate=1e-3, weight_decay=0.0, warmup_epochs=0, image_size=16,
        augmentation=Augmentation(label_smoothing=0.1),
    )  # fmt: skip
    # Without BatchNorm, whose mean over half a batch is another one than over the whole.
    model = small(norm="none")
    loop = train(model, images(40, 16), images(31, 16), recipe, cpu=True)
    first = next(loop)
    found = {name: p.grad.contiguous() for name, p in model.named_parameters()}
    *_, last = loop
    if os.environ.get("RANK", "0") == "0":
        save_file(found, path, {"metrics": json.dumps([first, last])})
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        os._exit(0)  # on a busy machine a thread of torch's may abort a process that has finished


if __name__ == "__main__":
    torch.set_num_threads(1)
    what, place = sys.argv[1], Path(sys.argv[2])
    if what == "train":
        run(place / "run", place / f"run{os.environ.get('RANK', '0')}.jsonl")
    else:
        {"kills": kills, "gradients": gradients}[what](place)
