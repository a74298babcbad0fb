"""The training loop: one function that yields its metrics; below it what it calls, in order.

Nothing of a generator is kept for a resumed run. Each step seeds torch from (seed, step, process)
and the order of an epoch comes from (seed, epoch), so a run that goes on at step n needs only n.

    python -m torch.distributed.run --nproc_per_node 2 script.py     trains in several processes
"""

import hashlib
import itertools
import json
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from spikeatconv import checks
from spikeatconv.checks import check_bool, check_choice, check_whole, short
from spikeatconv.extra import extra
from spikeatconv.images.base import Images
from spikeatconv.images.rows import few
from spikeatconv.images.stream import Stream
from spikeatconv.training.augment import Augment, as_float, check_size
from spikeatconv.training.checkpoint import Checkpoints, Training
from spikeatconv.training.interrupt import Interrupts
from spikeatconv.training.lock import alone_in
from spikeatconv.training.norms import unbiased, young_norms
from spikeatconv.training.recipes import Recipe
from spikeatconv.weights import MODELS, config_of

PRECISIONS = ("no", "bf16", "fp16")

BROKEN = (
    "its weights or the images hold NaN or infinity: take an earlier checkpoint, or mend the images"
)


def train(
    model: nn.Module, data: Images | Stream, test: Images | Stream, recipe: Recipe,
    folder: str | Path | None = None, *, every: int | None = None, keep: int = 2,
    precision: str = "no", accumulate: int = 1, workers: int = 0, cpu: bool = False,
) -> Iterator[dict]:  # fmt: skip
    """Trains the model, and yields after each step {"step", "steps", "epoch", "loss",
    "learning_rate", "gradient_norm", "images"}, after the last one of an epoch also {"test_loss",
    "test_accuracy"} and, with more than five classes, "test_top5".

    data, test: images by their numbers, or a `stream` of them.
    folder: of the checkpoints. Where it holds some, the training goes on from the last one as if it
        had never stopped: on a CPU bit for bit, with as many processes and parts as before. The
        last metrics before a kill may come again, the same; none is left out.
    every: steps between checkpoints, beside those after each epoch.  keep: the last few, and the
        best by test accuracy.
    precision: "no", "bf16" or "fp16".  accumulate: parts in which a process takes its share of a
        batch, for less memory.  workers: processes that read data ahead.  cpu: leave a GPU alone.

    Whoever stops asking for metrics (a break, Stop, `close()`), SIGTERM and Ctrl-C end the training
    between two steps, with a checkpoint of the last. A test that a signal cuts short is the first
    thing that a resumed training does, and the metrics of its step come again. The gradients, after
    clipping, stay until the next step. At the end the model holds what was tested: with EMA, the
    average. torch's generator is seeded at each step. Raises TypeError or ValueError for what does
    not fit together, InUse where another training writes into the folder, FloatingPointError,
    before it changes a parameter, where the loss or the gradient is no number. An image that cannot
    be read stops it between two steps, with a checkpoint.
    """
    check_options(precision, accumulate, every, workers, cpu)
    classes = check_together(model, data, test, recipe)
    accelerator = make_accelerator(precision, accumulate, cpu)
    each = steps_of_an_epoch(data, recipe, accelerator.num_processes * accumulate)
    augment = Augment(recipe.augmentation, recipe.image_size, classes)
    average = average_of(model, recipe.ema, accelerator.device)
    net, optimizer = accelerator.prepare(model, adamw(model, recipe))
    way = {
        "precision": precision, "accumulate": accumulate, "processes": accelerator.num_processes,
    }  # fmt: skip
    training = Training(
        model, optimizer, average, accelerator.scaler, about(model, data, recipe), way
    )
    checkpoints = Checkpoints(folder, keep)
    smoothing = recipe.augmentation.label_smoothing
    with alone_in(checkpoints.folder if accelerator.is_main_process else None):
        start = step = checkpoints.restore(training)
        metrics = checkpoints.metrics(step)
        norms = young_norms(model)

        def save() -> None:
            if accelerator.is_main_process:
                checkpoints.save(training, step, metrics)
            accelerator.wait_for_everyone()

        def tested() -> dict[str, float]:
            return evaluate(
                training.tested, test, recipe, accelerator, workers, lambda: interrupts.asked
            )

        try:
            with Interrupts(train) as interrupts:
                if step and step % each == 0 and "test_loss" not in metrics:  # it was cut short
                    metrics |= tested()
                    yield dict(metrics)
                    save()
                    if "test_loss" not in metrics:
                        interrupts.leave()
                batches = batches_from(start, data, recipe, accelerator, accumulate, workers)
                batches = saved_if_unread(batches, accelerator, save)
                for step, parts in enumerate(batches, start + 1):
                    torch.manual_seed(seed_of(recipe.seed, step, accelerator.process_index))
                    rate = set_rate(optimizer, recipe.rate_at((step - 0.5) / each))
                    net.train()
                    optimizer.zero_grad()
                    losses = []
                    for images, labels in parts:
                        with accelerator.accumulate(net), unbiased(norms):
                            images, targets = augment(*on(accelerator.device, images, labels))
                            logits = check_logits(net(images), classes)
                            loss = cross_entropy(logits, targets, label_smoothing=smoothing)
                            accelerator.backward(loss)
                            losses.append(loss.detach())
                    norm = accelerator.clip_grad_norm_(model.parameters(), recipe.clip or math.inf)
                    mean_loss, stop = agreed(accelerator, losses, interrupts.asked)
                    check_finite(mean_loss, norm, step, rate, accelerator.scaler, checkpoints)
                    optimizer.step()
                    if average:
                        average.update_parameters(model)
                    metrics = {
                        "step": step, "steps": each * recipe.epochs, "epoch": step / each,
                        "loss": mean_loss, "learning_rate": rate, "gradient_norm": norm.item(),
                        "images": step * recipe.batch,
                    }  # fmt: skip
                    if step % each == 0:
                        save()  # whatever happens in the test, the epoch is kept
                        metrics |= tested()
                        stop = stop or "test_loss" not in metrics
                    yield dict(metrics)
                    if stop or step % each == 0 or step % (every or each) == 0:
                        save()
                    if stop:
                        interrupts.leave()
        except GeneratorExit:  # raised by `yield`, so between two steps
            save()
            raise
        finally:
            accelerator.unwrap_model(net, keep_fp32_wrapper=False)
            if average:
                model.load_state_dict(average.module.state_dict())


# --- before the first step


def check_options(
    precision: str, accumulate: int, every: int | None, workers: int = 0, cpu: bool = False
) -> None:
    check_choice(precision, "precision", PRECISIONS)
    check_whole(accumulate, "accumulate")
    check_whole(1 if every is None else every, "every")
    check_whole(workers, "workers", 0, checks.MOST["workers"])
    check_bool(cpu, "cpu")


def check_together(model: Any, data: Any, test: Any, recipe: Any) -> int:
    """Raise unless these make a training; returns how many classes the network tells apart."""
    check_model(model)
    check_recipe(recipe)
    check_images(data, "data")
    check_images(test, "test")
    outputs = outputs_of(model) or len(data.classes)
    for name, images in (("data", data), ("test", test)):
        if len(images.classes) > outputs:
            raise ValueError(
                f"the network tells {outputs} classes apart and {name} has {len(images.classes)}: "
                f"{few(images.classes)}; give a network with classes={len(images.classes)}, or "
                f"{name} of {outputs} classes"
            )
    if set(data.classes) == set(test.classes) and list(data.classes) != list(test.classes):
        raise ValueError(
            f"data and test have the same classes in another order, {few(data.classes)} and "
            f"{few(test.classes)}; give both in one order"
        )
    if len(data.classes) == 1:
        warnings.warn(
            f"there is one class, {data.classes[0]}, so nothing to tell apart; give images of "
            "another one, each class by its own name", stacklevel=3,
        )  # fmt: skip
    return outputs


def check_network(model: Any) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f'model is {short(model)}; give a network, such as network("micro")')


def check_model(model: Any) -> None:
    check_network(model)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("the network has no parameter to train; set requires_grad of some")


def check_recipe(recipe: Any) -> None:
    if not isinstance(recipe, Recipe):
        raise TypeError(f'recipe is {short(recipe)}; give a Recipe, such as RECIPES["digits"]')


def check_images(images: Any, name: str) -> None:
    if isinstance(images, type) or not (
        hasattr(images, "classes") and hasattr(images, "__len__")
        and (hasattr(images, "batch") or isinstance(images, Stream))
    ):  # fmt: skip
        raise TypeError(
            f'{name} is {short(images)}; give images, such as digits("train"), '
            "InMemory(images, labels) or one of those that open_data gives"
        )
    if not len(images):
        raise ValueError(f"{name} has no images; give at least one")


def outputs_of(model: nn.Module) -> int | None:
    """How many classes one of our networks tells apart; None for others, before they are asked."""
    known = isinstance(model, tuple(MODELS.values()))
    return config_of(model)["classes"] if known else None


def check_logits(logits: Tensor, classes: int) -> Tensor:
    """Raise ValueError unless there is a logit for each class."""
    if logits.dim() != 2 or logits.shape[1] < classes:
        raise ValueError(
            f"the network gives {list(logits.shape)} and the data have {classes} classes; expected "
            f"[images, {classes}]"
        )
    return logits


def make_accelerator(precision: str, accumulate: int, cpu: bool) -> Any:
    """Hugging Face's Accelerator: devices, precision, several processes. Raises ValueError for
    float16 on a CPU, which would compute in float32 untold."""
    accelerate = extra("accelerate")
    alone = not torch.distributed.is_initialized()  # then what an earlier training set is dropped
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=alone)
    accelerator = accelerate.Accelerator(
        cpu=cpu, mixed_precision=precision, gradient_accumulation_steps=accumulate
    )
    check_precision(precision, accelerator.device.type)
    return accelerator


def check_precision(precision: str, device: str) -> None:
    if precision == "fp16" and device == "cpu":
        raise ValueError(
            'precision is "fp16", which a CPU does not compute in; take precision="bf16" or '
            'precision="no"'
        )


def steps_of_an_epoch(data: Images | Stream, recipe: Recipe, parts: int) -> int:
    """Whole batches in the data; the images that are left over differ from epoch to epoch.
    parts: of a batch, over all processes."""
    if recipe.batch % parts:
        raise ValueError(
            f"batch is {recipe.batch}, to be split into {parts} equal parts (processes × "
            f"accumulate); take replace(recipe, batch={max(1, recipe.batch // parts) * parts})"
        )
    if len(data) < recipe.batch:
        raise ValueError(
            f"batch is {recipe.batch} and there are {len(data)} images; give more images, or "
            f"take replace(recipe, batch={len(data) // parts * parts or parts})"
        )
    return len(data) // recipe.batch


def average_of(model: nn.Module, decay: float | None, device: Any) -> AveragedModel | None:
    """The exponential mean of weights and buffers, or None without a decay."""
    if decay is None:
        return None
    return AveragedModel(model, device, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def adamw(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW that pulls matrices and kernels to zero; norms and biases it leaves alone."""
    check_model(model)
    check_recipe(recipe)
    learned = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learned if p.dim() > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learned if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=recipe.learning_rate)


def about(model: nn.Module, data: Images | Stream, recipe: Recipe) -> dict:
    """What must be the same when a training goes on, as JSON gives it back. It becomes the note of
    the weights, too."""
    order = {"buffer": data.buffer} if isinstance(data, Stream) else {}
    prepared = getattr(data, "prepared", None)
    described = {
        "recipe": asdict(recipe),
        "data": {"images": len(data), "classes": list(data.classes), **order},
        "model": type(model).__name__,
        **({"prepared": asdict(prepared)} if prepared else {}),
    }
    return json.loads(json.dumps(described))


# --- a step


def batches_from(
    step: int, data: Images | Stream, recipe: Recipe, accelerator: Any, accumulate: int,
    workers: int,
) -> Iterator[list[tuple[Tensor, Tensor]]]:  # fmt: skip
    """What this process reads in each step after `step`: its share of the batch, in parts."""
    place = accelerator.process_index, accelerator.num_processes, accumulate
    if isinstance(data, Stream):
        parts = parts_from(step, data, recipe, *place, workers)
    else:
        parts = iter(loader(data, indices_from(step, len(data), recipe, *place), workers))
    while step < len(data) // recipe.batch * recipe.epochs:
        batch = list(itertools.islice(parts, accumulate))
        for _, labels in batch:
            check_labels(labels, len(data.classes))
        yield batch
        step += 1


def check_labels(labels: Tensor, classes: int) -> None:
    wrong = labels[(labels < 0) | (labels >= classes)].tolist()
    if wrong:
        raise ValueError(
            f"an image has the label {wrong[0]} and the data name {classes} classes; give labels "
            f"from 0 to {classes - 1}, or more classes"
        )


def saved_if_unread(
    batches: Iterator[list], accelerator: Any, save: Callable[[], None]
) -> Iterator[list]:
    """The batches. Where one process cannot read its own, all save and raise, between two steps."""
    while True:
        parts: list | None = None
        error: Exception | None = None
        try:
            parts = next(batches, None)
        except Exception as problem:
            error = problem
        if parts is None and error is None:  # the end, for all
            return
        if one_of_all(accelerator, error is not None):
            save()
            raise error or RuntimeError("another process could not read its images; see its error")
        yield parts or []


def one_of_all(accelerator: Any, here: bool) -> bool:
    """Whether it is so in one of the processes."""
    if accelerator.num_processes == 1:
        return here
    return bool(accelerator.reduce(torch.tensor(float(here), device=accelerator.device)) > 0)


def parts_from(
    step: int, data: Stream, recipe: Recipe, process: int, processes: int, accumulate: int,
    workers: int,
) -> Iterator[tuple[Tensor, Tensor]]:  # fmt: skip
    """The parts of each step after `step`, of a stream."""
    each = len(data) // recipe.batch
    begin, done = divmod(step, each)
    for epoch in range(begin, recipe.epochs):
        skip = done * accumulate if epoch == begin else 0
        parts = data.batches(
            recipe.batch // processes // accumulate, seed_of(recipe.seed, "order", epoch),
            process=process, processes=processes, skip=skip, workers=workers,
        )  # fmt: skip
        yield from itertools.islice(parts, each * accumulate - skip)


def indices_from(
    step: int, images: int, recipe: Recipe, process: int, processes: int, accumulate: int
) -> Iterator[list[int]]:
    """The numbers of the images of each part of each step after `step`."""
    each = images // recipe.batch
    begin, done = divmod(step, each)
    for epoch in range(begin, recipe.epochs):
        batches = order_of(recipe.seed, epoch, images).split(recipe.batch)[:each]
        for batch in batches[done if epoch == begin else 0 :]:
            for part in batch.chunk(processes)[process].chunk(accumulate):
                yield part.tolist()


def order_of(seed: int, epoch: int, images: int) -> Tensor:
    """The order of an epoch, counted from 0: a permutation that (seed, epoch) decides."""
    seed, epoch = check_whole(seed, "seed", 0), check_whole(epoch, "epoch", 0)
    images = check_whole(images, "images", 0, 2**31)
    generator = torch.Generator().manual_seed(seed_of(seed, "order", epoch))
    return torch.randperm(images, generator=generator)


def seed_of(*numbers: int | str) -> int:
    """One seed from several numbers or words, the same everywhere; 56 bits."""
    numbers = tuple(n if isinstance(n, str) else check_whole(n, "a number", 0) for n in numbers)
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=7).digest(), "big")


class Batches:
    """Images as a DataLoader takes them: a batch at once, not image by image."""

    def __init__(self, data: Images) -> None:
        self.data = data

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        return self.data.batch(indices)


def as_it_is(batch: Any) -> Any:
    return batch


def loader(data: Images, indices: Any, workers: int) -> DataLoader:
    """Reads the batches of those indices, ahead if there are workers."""
    return DataLoader(
        Batches(data), batch_sampler=indices, num_workers=workers, collate_fn=as_it_is,
        pin_memory=torch.cuda.is_available(),
    )  # fmt: skip


def on(device: Any, *tensors: Tensor) -> list[Tensor]:
    return [tensor.to(device, non_blocking=True) for tensor in tensors]


def set_rate(optimizer: Any, rate: float) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    return rate


def agreed(accelerator: Any, losses: list[Tensor], asked: int) -> tuple[float, bool]:
    """Over all processes: the mean loss, and whether one of them was asked to stop."""
    loss = torch.stack(losses).mean()
    mean, stop = accelerator.reduce(torch.stack([loss, loss.new_tensor(asked)]), "mean").tolist()
    return mean, stop > 0


def check_finite(
    loss: float, norm: Tensor, step: int, rate: float, scaler: Any, checkpoints: Checkpoints
) -> None:
    """Raise FloatingPointError unless loss and gradient are numbers. (float16's scaler passes over
    gradients that are no numbers.)"""
    if math.isfinite(loss) and (scaler is not None or math.isfinite(norm)):
        return
    last = checkpoints.last()
    raise FloatingPointError(
        f"the loss is {loss} and the gradient's norm {norm.item()} at step {step}, with learning "
        f"rate {rate:.3g}; the training stops before it changes a parameter. "
        + (f"The last checkpoint is {last}. " if last else "No checkpoint was written yet. ")
        + "Try a lower learning_rate, a clip, a longer warm-up, or precision "
        "bf16 for fp16; look for images that are no numbers. A new recipe needs a new folder"
    )


# --- the test


@torch.no_grad()
def evaluate(
    model: nn.Module, data: Images | Stream, recipe: Recipe, accelerator: Any, workers: int = 0,
    stop: Callable[[], Any] = bool,
) -> dict[str, float]:  # fmt: skip
    """Loss and accuracy over all images, in eval mode; each process takes a share of them.
    accelerator: of Hugging Face's accelerate, which knows device, precision and processes.
    stop: asked before each batch, whether to end at once; then there are no scores, {}.
    Raises TypeError or ValueError for what does not fit together."""
    check_network(model)
    check_recipe(recipe)
    check_images(data, "data")
    if not hasattr(accelerator, "autocast"):
        raise TypeError(
            f"accelerator is {short(accelerator)}; give accelerate.Accelerator(cpu=True)"
        )
    check_whole(workers, "workers", 0, checks.MOST["workers"])
    model.eval()
    extra("accelerate.utils").broadcast(list(model.buffers()))  # BatchNorm's, as they are saved
    size = max(1, recipe.batch // accelerator.num_processes)
    sums = torch.zeros(5, device=accelerator.device)  # loss, right, right among five, images, stops
    for images, labels in test_batches(data, size, accelerator, workers):
        if stop():
            sums[4] = 1
            break
        check_size(images, recipe.image_size)
        check_labels(labels, len(data.classes))
        images, labels = on(accelerator.device, images, labels)
        with accelerator.autocast():
            logits = check_logits(model(as_float(images)).float(), len(data.classes))
        checks.check_finite(logits, "the network's answer to a batch of the test", BROKEN)
        right = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]
        loss = cross_entropy(logits, labels, reduction="sum")
        sums[:4] += torch.stack(
            [loss, right[:, 0].sum(), right.sum(), loss.new_tensor(len(labels))]
        )
    *found, images, stops = accelerator.reduce(sums, "sum").tolist()
    if stops:
        return {}
    loss, first, five = (value / images for value in found)
    scores = {"test_loss": loss, "test_accuracy": first}
    return scores if len(data.classes) <= 5 else {**scores, "test_top5": five}


def test_batches(
    data: Images | Stream, size: int, accelerator: Any, workers: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """This process's share of the test images."""
    process, processes = accelerator.process_index, accelerator.num_processes
    if isinstance(data, Stream):
        return data.batches(size, process=process, processes=processes, workers=workers)
    mine = list(range(process, len(data), processes))
    return iter(loader(data, [mine[i : i + size] for i in range(0, len(mine), size)], workers))
