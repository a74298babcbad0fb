"""The training loop: one function that yields its metrics; below it what it calls, in order.

Nothing of a generator is kept for a resumed run. Each step seeds torch from (seed, step, process)
and the order of an epoch comes from (seed, epoch), so a run that goes on at step n needs only n.

Whoever stops asking for metrics (a break, Stop, `close()`), SIGTERM and Ctrl-C end the training
between two steps, with a checkpoint of the last. A test that a signal cuts short is the first thing
that a resumed training does, and the metrics of its step come again. The gradients, after clipping,
stay until the next step. At the end the model holds what was tested: with EMA, the average. torch's
generator is seeded at each step.

    python -m torch.distributed.run --nproc_per_node 2 script.py     trains in several processes
"""

import hashlib
import itertools
import json
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from spikeatconv.checks import MOST, check_finite, check_kind, check_whole, few, naming, short
from spikeatconv.extra import extra
from spikeatconv.images.base import Images, batches_of, permutation
from spikeatconv.model import Network
from spikeatconv.training.augment import Augment, as_float, check_size
from spikeatconv.training.checkpoint import Checkpoints, Training
from spikeatconv.training.distill import check_teacher, described, distilled
from spikeatconv.training.drop_path import drop_paths
from spikeatconv.training.interrupt import Interrupts
from spikeatconv.training.lock import alone_in
from spikeatconv.training.norms import check_sync, in_sync, without_start, young_norms
from spikeatconv.training.recipes import Recipe
from spikeatconv.training.run import USUAL, Run, run_of
from spikeatconv.training.tuning import freeze

Part = tuple[Tensor, Tensor]  # of a batch: images and labels
BROKEN = (
    "its weights or the images hold NaN or infinity: take an earlier checkpoint, or mend the images"
)


def train(
    model: nn.Module, data: Images, test: Images, recipe: Recipe, folder: str | Path | None = None,
    run: Run = USUAL, *, teacher: nn.Module | None = None, **words: Any,
) -> Iterator[dict]:  # fmt: skip
    """Trains the model, and yields after each step {"step", "steps", "epoch", "loss",
    "learning_rate", "gradient_norm", "images"}, after the last one of an epoch also {"test_loss",
    "test_accuracy"} and, with more than five classes, "test_top5".

    data, test: images by their numbers, or a `stream` of them.
    folder: of the checkpoints. Where it holds some, the training goes on from the last one as if it
        had never stopped: on a CPU bit for bit, with as many processes and parts as before. The
        last metrics before a kill may come again, the same; none is left out.
    run: how it is computed and kept; or its fields by their names: every, keep, precision,
        accumulate, sync_norm, workers, cpu (see `Run`).

    teacher: a trained network whose answers, too, are learned (see `distill`); its first outputs
        are the data's classes, in their order.

    Raises TypeError or ValueError for what does not fit together, InUse where another training
    writes into the folder, FloatingPointError, before it changes a parameter, where the loss or the
    gradient is no number. An image that cannot be read stops it between two steps, with a
    checkpoint.
    """
    run = run_of(run, words, "train")
    checkpoints = Checkpoints(folder, run.keep)
    steps = Steps(model, data, test, recipe, run, checkpoints, teacher)
    accelerator, each = steps.accelerator, steps.each
    folder = checkpoints.folder if accelerator.is_main_process else None
    with closing(steps), alone_in(folder):
        step = checkpoints.restore(steps.training)
        metrics = checkpoints.metrics(step)

        def save() -> None:
            if accelerator.is_main_process:
                checkpoints.save(steps.training, step, metrics)
            accelerator.wait_for_everyone()

        try:
            with Interrupts(train) as interrupts:
                if step and step % each == 0 and "test_loss" not in metrics:  # it was cut short
                    metrics |= steps.evaluate(interrupts)
                    yield dict(metrics)
                    save()
                    if "test_loss" not in metrics:
                        interrupts.leave()
                for parts in save_if_unread(steps.batches_from(step), accelerator, save):
                    found, stop = steps.take(step + 1, parts, interrupts)
                    step, metrics = step + 1, found
                    if step % each == 0:
                        save()  # whatever happens in the test, the epoch is kept
                        metrics |= steps.evaluate(interrupts)
                        stop = stop or "test_loss" not in metrics
                    yield dict(metrics)
                    if stop or step % each == 0 or step % (run.every or each) == 0:
                        save()
                    if stop:
                        interrupts.leave()
        except GeneratorExit:  # raised by `yield`, so between two steps
            save()
            raise


class Steps:
    """What the steps of a training need, `take`, which is one of them, and the test."""

    def __init__(
        self, model: nn.Module, data: Images, test: Images, recipe: Recipe, run: Run,
        checkpoints: Checkpoints, teacher: nn.Module | None = None,
    ) -> None:  # fmt: skip
        self.classes = check_together(model, data, test, recipe)
        check_teacher(teacher, model)
        self.data, self.test, self.recipe, self.run = data, test, recipe, run
        self.checkpoints = checkpoints
        self.accelerator = make_accelerator(run)
        self.teacher = teacher if teacher is None else teacher.to(self.accelerator.device).eval()
        processes = self.accelerator.num_processes
        self.each = steps_of_an_epoch(data, recipe, processes * run.accumulate)
        self.augment = Augment(recipe.augmentation, recipe.image_size, self.classes)
        way = {"precision": run.precision, "accumulate": run.accumulate, "processes": processes,
               "sync_norm": run.sync_norm}  # fmt: skip
        with ExitStack() as changes:  # of the model, undone at the end, and at a failure here
            changes.callback(freeze(model, recipe.frozen))
            average = None if recipe.ema is None else AveragedModel(
                model, self.accelerator.device, use_buffers=True,
                multi_avg_fn=get_ema_multi_avg_fn(recipe.ema),
            )  # fmt: skip
            changes.callback(drop_paths(model, recipe.drop_path))
            net = in_sync(model) if run.sync_norm else model
            self.net, optimizer = self.accelerator.prepare(net, adamw(model, recipe))
            self.training = Training(
                model, optimizer, average, self.accelerator.scaler,
                about(model, data, recipe) | described(teacher), way,
            )  # fmt: skip
            self.changes = changes.pop_all()

    def take(
        self, step: int, parts: list[Part], interrupts: Interrupts
    ) -> tuple[dict[str, float], bool]:
        """One step of the optimizer, by the parts of a batch: its metrics, and whether one of the
        processes was asked to stop meanwhile."""
        recipe, training, accelerator = self.recipe, self.training, self.accelerator
        torch.manual_seed(seed_of(recipe.seed, step, accelerator.process_index))
        rate = recipe.rate_at((step - 0.5) / self.each)
        for group in training.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.net.train()
        training.optimizer.zero_grad()
        losses = [self.backward(images, labels) for images, labels in parts]
        norm = accelerator.clip_grad_norm_(training.model.parameters(), recipe.clip or math.inf)
        mean = torch.stack(losses).mean()
        both = torch.stack([mean, mean.new_tensor(interrupts.asked)])
        loss, stop = accelerator.reduce(both, "mean").tolist()
        check_step(loss, norm, step, rate, training.scaler, self.checkpoints)
        training.optimizer.step()
        if training.average:
            training.average.update_parameters(training.model)
        metrics = {
            "step": step, "steps": self.each * recipe.epochs, "epoch": step / self.each,
            "loss": loss, "learning_rate": rate, "gradient_norm": norm.item(),
            "images": step * recipe.batch,
        }  # fmt: skip
        return metrics, stop > 0

    def backward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Adds the gradients of a part; its loss."""
        smoothing = self.recipe.augmentation.label_smoothing
        with self.accelerator.accumulate(self.net), without_start(self.norms):
            found = on(self.accelerator.device, images, labels)
            images, targets = self.augment(*(often(t, self.recipe.repeats) for t in found))
            logits = check_logits(self.net(images), self.classes)
            loss = cross_entropy(logits, targets, label_smoothing=smoothing)
            if self.teacher is not None:
                loss = distilled(loss, logits, self.answer(self.teacher, images), self.recipe)
            self.accelerator.backward(loss)
        return loss.detach()

    @torch.no_grad()
    def answer(self, teacher: nn.Module, images: Tensor) -> Tensor:
        """The teacher's logits, of the data's classes."""
        classes = len(self.data.classes)
        with self.accelerator.autocast(), naming("the network", "the teacher"):
            return check_logits(teacher(images).float(), classes)[:, :classes]

    @cached_property
    def norms(self) -> list:
        return young_norms(self.training.model)  # asked for at the first step: after the restore

    def evaluate(self, interrupts: Interrupts) -> dict[str, float]:
        return evaluate(
            self.training.tested, self.test, self.recipe, self.accelerator, self.run.workers,
            lambda: interrupts.asked,
        )  # fmt: skip

    def batches_from(self, step: int) -> Iterator[list[Part]]:
        """What this process reads in each step after `step`: its share of the batch, in parts. An
        image comes again when all have come: after an epoch, or after `repeats` of them."""
        processes, parts = self.accelerator.num_processes, self.run.accumulate
        last, images = self.each * self.recipe.epochs, self.recipe.batch // self.recipe.repeats
        turn = len(self.data) // images  # steps in which all come
        begin, done = divmod(step, turn)
        turns = range(begin, math.ceil(last / turn))
        found = batches_of(self.data)(
            images // processes // parts, [seed_of(self.recipe.seed, "order", i) for i in turns],
            parts=parts, process=self.accelerator.process_index, processes=processes,
            skip=done * parts, workers=self.run.workers,
        )  # fmt: skip
        batches = iter(lambda: list(itertools.islice(found, parts)), [])
        for batch in itertools.islice(batches, last - step):
            for _, labels in batch:
                check_labels(labels, len(self.data.classes))
            yield batch

    def close(self) -> None:
        """Leaves the model as it was tested."""
        self.changes.close()
        self.accelerator.unwrap_model(self.net, keep_fp32_wrapper=False)
        if self.training.average:
            self.training.model.load_state_dict(self.training.tested.state_dict())


# --- before the first step


def check_together(model: Any, data: Any, test: Any, recipe: Any) -> int:
    """Raise unless these make a training; returns how many classes the network tells apart."""
    check_model(model)
    check_recipe(recipe)
    check_images(data, "data")
    check_images(test, "test")
    outputs = model.config.classes if isinstance(model, Network) else len(data.classes)
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
    check_kind(model, "model", nn.Module, 'a network, such as network("micro")')


def check_model(model: Any) -> None:
    check_network(model)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError("the network has no parameter to train; set requires_grad of some")


def check_recipe(recipe: Any) -> None:
    check_kind(recipe, "recipe", Recipe, 'a Recipe, such as RECIPES["digits"]')


def check_images(images: Any, name: str) -> None:
    needed = ("classes", "__len__", "batch")
    if isinstance(images, type) or not all(hasattr(images, name) for name in needed):
        raise TypeError(
            f'{name} is {short(images)}; give images, such as digits("train"), '
            "InMemory(images, labels) or one of those that open_data gives"
        )
    if not len(images):
        raise ValueError(f"{name} has no images; give at least one")


def check_logits(logits: Tensor, classes: int) -> Tensor:
    """Raise ValueError unless there is a logit for each class."""
    if logits.dim() != 2 or logits.shape[1] < classes:
        raise ValueError(
            f"the network gives {list(logits.shape)} and the data have {classes} classes; expected "
            f"[images, {classes}]"
        )
    return logits


def make_accelerator(run: Run) -> Any:
    """Hugging Face's Accelerator: devices, precision, several processes. Raises ValueError for what
    a CPU does not do: float16, which would be float32 untold, and norms in sync."""
    accelerate = extra("accelerate")
    alone = not torch.distributed.is_initialized()  # then what an earlier training set is dropped
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=alone)
    accelerator = accelerate.Accelerator(
        cpu=run.cpu, mixed_precision=run.precision, gradient_accumulation_steps=run.accumulate
    )
    check_precision(run.precision, accelerator.device.type)
    check_sync(run.sync_norm, accelerator.device.type, accelerator.num_processes)
    return accelerator


def check_precision(precision: str, device: str) -> None:
    if precision == "fp16" and device == "cpu":
        raise ValueError(
            'precision is "fp16", which a CPU does not compute in; take precision="bf16" or '
            'precision="no"'
        )


def steps_of_an_epoch(data: Images, recipe: Recipe, parts: int) -> int:
    """Whole batches in the data; the images that are left over differ from epoch to epoch.
    parts: of a batch, over all processes."""
    parts *= recipe.repeats
    if recipe.batch % parts:
        raise ValueError(
            f"batch is {recipe.batch}, to be split into {parts} equal parts (processes × "
            f"accumulate{' × repeats' if recipe.repeats > 1 else ''}); take "
            f"replace(recipe, batch={max(1, recipe.batch // parts) * parts})"
        )
    if len(data) < recipe.batch:
        raise ValueError(
            f"batch is {recipe.batch} and there are {len(data)} images; give more images, or "
            f"take replace(recipe, batch={len(data) // parts * parts or parts})"
        )
    return len(data) // recipe.batch


def adamw(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW that pulls matrices and kernels to zero; norms and biases it leaves alone. Each group
    has its `share` of the learning rate: `head_rate` for the last layer."""
    check_model(model)
    check_recipe(recipe)
    head = list(model.head.parameters()) if recipe.head_rate != 1 and hasattr(model, "head") else []
    ahead = {id(p) for p in head}
    learned = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {
            "params": [p for p in learned if (id(p) in ahead) == last and (p.dim() > 1) == pulled],
            "weight_decay": recipe.weight_decay if pulled else 0.0,
            "share": recipe.head_rate if last else 1.0,
            "lr": recipe.learning_rate * (recipe.head_rate if last else 1.0),
        }
        for last in (False, True)
        for pulled in (True, False)
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]])


def about(model: nn.Module, data: Images, recipe: Recipe) -> dict:
    """What must be the same when a training goes on, as JSON gives it back. It becomes the note of
    the weights, too."""
    buffer, prepared = getattr(data, "buffer", None), getattr(data, "prepared", None)
    order = {"buffer": buffer} if buffer else {}
    described = {
        "recipe": asdict(recipe),
        "data": {"images": len(data), "classes": list(data.classes), **order},
        "model": type(model).__name__,
        **({"prepared": asdict(prepared)} if prepared else {}),
    }
    return json.loads(json.dumps(described))


# --- a step


def check_labels(labels: Tensor, classes: int) -> None:
    wrong = labels[(labels < 0) | (labels >= classes)].tolist()
    if wrong:
        raise ValueError(
            f"an image has the label {wrong[0]} and the data name {classes} classes; give labels "
            f"from 0 to {classes - 1}, or more classes"
        )


def save_if_unread(
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


def order_of(seed: int, epoch: int, images: int) -> Tensor:
    """The order of an epoch, counted from 0: a permutation that (seed, epoch) decides. With
    `repeats` it lasts until each image has come: so many epochs."""
    seed, epoch = check_whole(seed, "seed", 0), check_whole(epoch, "epoch", 0)
    images = check_whole(images, "images", 0, 2**31)
    return permutation(seed_of(seed, "order", epoch), images)


def seed_of(*numbers: int | str) -> int:
    """One seed from several numbers or words, the same everywhere; 56 bits."""
    numbers = tuple(n if isinstance(n, str) else check_whole(n, "a number", 0) for n in numbers)
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=7).digest(), "big")


def on(device: Any, *tensors: Tensor) -> list[Tensor]:
    return [tensor.to(device, non_blocking=True) for tensor in tensors]


def often(batch: Tensor, times: int) -> Tensor:
    """So many copies, one batch after the other: of images, of events over time or of labels."""
    return torch.cat([batch] * times, 1 if batch.dim() == 5 else 0)


def check_step(
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
    model: nn.Module, data: Images, recipe: Recipe, accelerator: Any, workers: int = 0,
    stop: Callable[[], Any] = bool,
) -> dict[str, float]:  # fmt: skip
    """Loss and accuracy over all images, in eval mode; each process takes a share of them.
    accelerator: of Hugging Face's accelerate, which knows device, precision and processes.
    stop: asked before each batch, whether to end at once; then there are no scores, {}.
    Raises TypeError or ValueError for what does not fit together."""
    check_network(model)
    check_recipe(recipe)
    check_images(data, "data")
    check_accelerator(accelerator)
    check_whole(workers, "workers", 0, MOST["workers"])
    model.eval()
    extra("accelerate.utils").broadcast(list(model.buffers()))  # BatchNorm's, as they are saved
    processes, classes = accelerator.num_processes, len(data.classes)
    sums = torch.zeros(5, device=accelerator.device)  # loss, right, right among five, images, stops
    for images, labels in batches_of(data)(
        max(1, recipe.batch // processes), process=accelerator.process_index, processes=processes,
        workers=workers,
    ):  # fmt: skip
        if stop():
            sums[4] = 1
            break
        check_size(images, recipe.image_size)
        sums[:4] += sums_of(*answers_to(images, labels, model, accelerator, classes))
    *found, images, stops = accelerator.reduce(sums, "sum").tolist()
    if stops:
        return {}
    names = ("test_loss", "test_accuracy", "test_top5")[: 3 if classes > 5 else 2]
    return {name: value / images for name, value in zip(names, found, strict=False)}


def check_accelerator(accelerator: Any) -> None:
    if not hasattr(accelerator, "autocast"):
        raise TypeError(
            f"accelerator is {short(accelerator)}; give accelerate.Accelerator(cpu=True)"
        )


def answers_to(
    images: Tensor, labels: Tensor, model: nn.Module, accelerator: Any, classes: int
) -> tuple[Tensor, Tensor]:
    """The logits and the labels of a batch of the test, on the accelerator's device."""
    check_labels(labels, classes)
    images, labels = on(accelerator.device, images, labels)
    with accelerator.autocast():
        logits = check_logits(model(as_float(images)).float(), classes)
    check_finite(logits, "the network's answer to a batch of the test", BROKEN)
    return logits, labels


def sums_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Of a batch: the losses, how many are right, how many are right among five, and its size."""
    right = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]
    loss = cross_entropy(logits, labels, reduction="sum")
    return torch.stack([loss, right[:, 0].sum(), right.sum(), loss.new_tensor(len(labels))])
