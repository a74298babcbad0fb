"""Checkpoints of a training: written whole or not at all, and never a line of code in them.

    folder/step-00000960/
        weights.safetensors     the network as it was tested, for spikeatconv.load_weights
        training.safetensors    AdamW's moments; with EMA, the network's own weights too
        state.json              step, metrics, recipe, data, SHA-256 of all three files

A checkpoint is written into folder/.draft, brought to the disk (fsync) and then renamed. Kept are
the last few and the best, by test accuracy. There is no generator's state in it: the loop draws
everything from (seed, step), so the step is all it takes to go on.
"""

import hashlib
import json
import os
import re
import shutil
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from spikeatconv.checks import check_path, check_whole
from spikeatconv.files import mend, write_whole
from spikeatconv.images.picture import Fit
from spikeatconv.training.recipes import Recipe
from spikeatconv.weights import can_be_saved, load_weights, save_weights

WEIGHTS, TRAINING, STATE = "weights.safetensors", "training.safetensors", "state.json"
DRAFT, OLD = ".draft", ".old"
NAME = re.compile(r"step-\d{8,}")  # of a checkpoint
EPOCHS, WARMUP = "recipe.epochs", "recipe.warmup_epochs"
UNSEALED = {"step", "metrics", "about", "scaler", "files"}  # of a state.json of former versions


@dataclass
class Training:
    """What a checkpoint holds.

    average: torch's AveragedModel of the model, or None.  scaler: of float16, or None.
    about: recipe, data and model as JSON, which must be the same when the training goes on.
    way: precision, accumulate and processes, which may change; then the bits do.
    """

    model: nn.Module
    optimizer: Any
    average: Any
    scaler: Any
    about: dict
    way: dict = field(default_factory=dict)

    @property
    def tested(self) -> nn.Module:
        """The network that is tested: the average, where there is one."""
        return self.model if self.average is None else self.average.module


class Checkpoints:
    """Those of one training, in a folder that every process sees; None keeps nothing.

    keep: how many of the last, beside the best.
    """

    def __init__(self, folder: str | Path | None, keep: int = 2) -> None:
        self.folder = None if folder is None else check_path(folder, "folder")
        self.keep = check_whole(keep, "keep")

    def all(self) -> list[Path]:
        """Every checkpoint, the oldest first; a copy under another name is none of them."""
        if self.folder is None or not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if NAME.fullmatch(path.name))

    def last(self) -> Path | None:
        """The newest one that is as it was written; a damaged one is passed over with a warning."""
        return next((path for path in reversed(self.all()) if not pass_over(path)), None)

    def to_go_on_from(self) -> Path | None:
        """The last one, None where there is none at all. Raises ValueError where every one is
        damaged: to begin anew would write over them."""
        last, there = self.last(), self.all()
        if there and last is None:
            raise ValueError(
                f"no checkpoint in {self.folder} is whole ({there[-1].name}: {damage(there[-1])}); "
                "bring one back, or take another folder for a new training"
            )
        return last

    def best(self) -> Path | None:
        """The one with the highest test accuracy, the earliest of equals; a damaged one is passed
        over with a warning."""
        tested = [path for path in self.all() if accuracy(path) >= 0]
        ranked = sorted(tested, key=accuracy, reverse=True)
        return next((path for path in ranked if not pass_over(path)), None)

    def save(self, training: Training, step: int, metrics: dict) -> None:
        """Write the checkpoint of that step; one that is there gets the metrics alone. Then remove
        what is not kept. Raises OSError that says what is left, as on a full disk; nothing
        half-written is."""
        if self.folder is None or step < 1:
            return
        path, draft = self.folder / f"step-{step:08}", self.folder / DRAFT
        try:
            if path.exists() and not damage(path):
                write_whole(path / STATE, seal({**read(path), "metrics": metrics}))
            else:
                self.folder.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(draft, ignore_errors=True)  # what a killed process left
                draft.mkdir()
                write(training, step, metrics, draft)
                if path.exists():
                    remove(path)
                os.rename(draft, path)
                to_disk(self.folder)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            last = self.last()
            raise OSError(
                f"the checkpoint of step {step} cannot be written into {self.folder}: {error}. "
                + (f"{last} is whole. " if last else "There is none before it. ")
                + f"{mend(error)}, then go on from there"
            ) from error
        best = max(self.all(), key=accuracy)
        for path in self.all()[: -self.keep]:
            if path != best or accuracy(best) < 0:
                remove(path)

    def restore(self, training: Training) -> int:
        """Bring the training to where the last checkpoint stands, and return its step; 0 without
        one. Raises ValueError that names what differs from the checkpoint's training, or where none
        is whole; warns where only its way differs."""
        path = self.to_go_on_from()
        if path is None:
            return 0
        state = read(path)
        refuse_another(path, state["about"], training.about)
        tell_another_way(path, state.get("way", training.way), training.way)
        load_network(training.tested, path / WEIGHTS)
        tensors = load_file(path / TRAINING)
        if training.average is not None:
            training.model.load_state_dict(below("model.", tensors))
            training.average.n_averaged.fill_(state["step"])
        load_moments(training.optimizer, below("optimizer.", tensors))
        if training.scaler is not None and state["scaler"] is not None:
            training.scaler.load_state_dict(state["scaler"])
        return state["step"]

    def metrics(self, step: int) -> dict:
        """What was saved with the checkpoint of that step, {} without one."""
        path = None if self.folder is None else self.folder / f"step-{step:08}"
        return read(path)["metrics"] if path is not None and path.exists() else {}


# --- writing


def write(training: Training, step: int, metrics: dict, folder: Path) -> None:
    """The three files of a checkpoint, on the disk when it returns."""
    save_network(training.tested, folder / WEIGHTS, {"step": step, **training.about})
    tensors = under("optimizer.", moments(training.optimizer))
    if training.average is not None:
        tensors |= under("model.", training.model.state_dict())
    save_file(tensors, folder / TRAINING)
    state = {
        "step": step,
        "metrics": metrics,
        "about": training.about,
        "way": training.way,
        "scaler": None if training.scaler is None else training.scaler.state_dict(),
        "files": {name: digest(folder / name) for name in (WEIGHTS, TRAINING)},
    }
    write_whole(folder / STATE, seal(state))
    for name in (WEIGHTS, TRAINING):
        shutil.copymode(folder / STATE, folder / name)  # safetensors lets only the owner read
    for path in (folder / WEIGHTS, folder / TRAINING, folder / STATE, folder):
        to_disk(path)


def seal(state: dict) -> bytes:
    """As it is written, with the SHA-256 of all that stands before it."""
    state = {name: value for name, value in state.items() if name != "sha256"}
    text = json.dumps(state, indent=1).encode()
    return json.dumps({**state, "sha256": hashlib.sha256(text).hexdigest()}, indent=1).encode()


def save_network(model: nn.Module, path: Path, note: dict) -> None:
    """As save_weights does; a network of another class as bare tensors."""
    if can_be_saved(model):
        save_weights(model, path, note)
    else:
        save_file(under("", model.state_dict()), path)


def moments(optimizer: Any) -> dict[str, Tensor]:
    """{"0.exp_avg": …}: AdamW's tensors by the number of the parameter."""
    state = optimizer.state_dict()["state"]
    return {f"{i}.{name}": tensor for i in state for name, tensor in state[i].items()}


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU, as safetensors takes them, with a prefix to their names."""
    return {prefix + name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}


def remove(path: Path) -> None:
    """At no moment is there half a checkpoint under its name."""
    old = path.with_name(OLD)
    shutil.rmtree(old, ignore_errors=True)
    os.rename(path, old)
    shutil.rmtree(old)


def to_disk(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    if path.is_dir() and os.name != "posix":
        return  # Windows opens no folders
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- reading


def read(path: Path) -> dict:
    """What state.json holds. Raises ValueError if it is not what was written."""
    content = (path / STATE).read_bytes()
    try:
        state = json.loads(content)
    except RecursionError:
        raise ValueError(f"{STATE} is nested too deeply") from None
    if not isinstance(state, dict) or (content != seal(state) and set(state) != UNSEALED):
        raise ValueError(f"{STATE} is not what was written")
    return state


def pass_over(path: Path) -> bool:
    """Whether a checkpoint is damaged, which is told."""
    problem = damage(path)
    if problem:
        warnings.warn(f"{path} is passed over: {problem}", stacklevel=3)
    return bool(problem)


def damage(path: Path) -> str:
    """What is wrong with a checkpoint, "" if nothing is. Raises PermissionError where it may not be
    read: then it may be whole, and is not to be written over."""
    try:
        changed = [
            name for name, right in read(path)["files"].items() if digest(path / name) != right
        ]
    except PermissionError:
        raise PermissionError(f"{path} may not be read; change its permissions") from None
    except (AttributeError, OSError, LookupError, TypeError, ValueError) as error:
        return f"it cannot be read ({error!r})"
    return f"{changed[0]} is not what was written" if changed else ""


def accuracy(path: Path) -> float:
    """A checkpoint's test accuracy, −1 where it was not tested."""
    try:
        return float(read(path)["metrics"].get("test_accuracy", -1.0))
    except (AttributeError, OSError, LookupError, TypeError, ValueError):
        return -1.0


def load_network(model: nn.Module, path: Path) -> None:
    """Into the model, whose strides stay; load_weights names a field of the config that differs."""
    if can_be_saved(model):
        tensors = load_weights(path, model.config).state_dict()
    else:
        tensors = load_file(path)
    model.load_state_dict(tensors)


def load_moments(optimizer: Any, tensors: dict[str, Tensor]) -> None:
    """With the strides that the parameters have, as AdamW made them: mixed ones are slower."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, key = name.split(".")
        like = tensor if key == "step" else torch.empty_like(parameters[int(number)], device="cpu")
        state.setdefault(int(number), {})[key] = like.copy_(tensor)
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}


def refuse_another(path: Path, found: dict, wanted: dict) -> None:
    """Raise unless the two describe the same training, or the one now is the longer one: told."""
    found = {"teacher": {}, **found}  # told only where there is one
    # What a former version did not write is not compared; a field of the recipe was as it comes.
    here, there = flat({name: wanted[name] for name in wanted if name in found}), flat(found)
    there = {name: usual for name, usual in USUAL.items() if name in here} | there
    before, now = there.get(EPOCHS), here.get(EPOCHS)
    longer = before is not None and now is not None and before < now
    differ = [
        f"{name} is {there.get(name)!r} in the checkpoint and {here.get(name)!r} now"
        for name in [*there, *(here.keys() - there.keys())]
        if there.get(name) != here.get(name) and not (longer and name in (EPOCHS, WARMUP))
    ]
    if longer and not differ:
        warnings.warn(
            f"epochs was {before} and is {now} now: the training goes on from {path} by "
            "the longer schedule, whose learning rate is higher there than the one that it came "
            "with", stacklevel=3,
        )  # fmt: skip
    if differ:
        raise ValueError(
            f"{path} belongs to another training: {'; '.join(differ)}. Give what the checkpoint "
            "has, or another folder for a new training"
        )


def tell_another_way(path: Path, before: dict, now: dict) -> None:
    differ = [f"{name} was {before[name]} and is {now[name]} now"
              for name in before if before[name] != now[name]]  # fmt: skip
    if differ:
        warnings.warn(
            f"{'; '.join(differ)}: the training goes on from {path}, with other bits than without "
            "a stop", stacklevel=3,
        )  # fmt: skip


def flat(value: dict, prefix: str = "") -> dict[str, Any]:
    """{"recipe": {"epochs": 6}} → {"recipe.epochs": 6}."""
    out: dict[str, Any] = {}
    for name, item in value.items():
        out |= flat(item, f"{prefix}{name}.") if isinstance(item, dict) else {prefix + name: item}
    return out


# What each field is where nothing else is said.
DEFAULTS = {"recipe": asdict(Recipe(1, 1, 1.0, 0.0, 0.0, 1)), "prepared": asdict(Fit(1))}
USUAL = flat(json.loads(json.dumps(DEFAULTS)))
