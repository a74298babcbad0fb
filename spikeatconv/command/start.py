"""A training as the command line asks for it: made of words, estimated, agreed to, followed."""

import os
import shlex
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from spikeatconv.checks import check_whole, few, nearest
from spikeatconv.command.estimate import (
    Estimate,
    TooLarge,
    best_device,
    check_room_for_image,
    duration,
    estimate,
    size,
)
from spikeatconv.command.follow import SPLIT, ending, follow, is_main
from spikeatconv.command.logs import tracker_class
from spikeatconv.command.own import LOOKED_AT, decide, look
from spikeatconv.command.own import SPLIT as SHARE
from spikeatconv.command.report import in_scores
from spikeatconv.command.settings import changed, go_on_from, in_words, new_model, read_settings
from spikeatconv.command.teacher import teacher_for
from spikeatconv.command.trained import Trained, load, spikes
from spikeatconv.files import read_text
from spikeatconv.images.base import Images, first
from spikeatconv.images.clips import EventFit, NotForEvents
from spikeatconv.images.prepare import place_of
from spikeatconv.images.sources import full_name, open_data
from spikeatconv.images.split import Parts, check_share, compare, open_parts
from spikeatconv.images.stream import stream
from spikeatconv.model import Config, Network
from spikeatconv.training.answers import ask
from spikeatconv.training.checkpoint import Checkpoints
from spikeatconv.training.lock import InUse, check_free
from spikeatconv.training.loop import check_precision, make_accelerator, steps_of_an_epoch, train
from spikeatconv.training.norms import check_sync
from spikeatconv.training.recipes import NAMES, RECIPES, Recipe, make_config
from spikeatconv.training.recompute import recompute
from spikeatconv.training.run import Run
from spikeatconv.training.tuning import parts_of

Say = Callable[[str], Any]


class Refused(ValueError):
    """What was asked for cannot be done as it was asked; the program ends with status 2."""


@dataclass(frozen=True, kw_only=True)
class Options(Run):
    """The words of `spikeatconv train`, see its help."""

    recipe: str | None
    model: str | None = None
    weights: str | None = None
    teacher: str | None = None
    data: str | None = None
    streamed: bool = False
    split: float | None = None
    settings: tuple[str, ...] = ()
    folder: Path | None = None
    resume: bool = False
    again: bool = False
    faults: str = "stop"
    tracker: str | None = None
    yes: bool = False
    only: bool = False


@dataclass(frozen=True)
class Plan:
    """test: what chooses the best checkpoint.  parts: where images were held out; of these the test
    is asked once.  told: what was decided about the network, in words.  done: steps behind it."""

    name: str
    where: str
    folder: Path
    recipe: Recipe
    data: Images
    test: Images
    parts: Parts | None
    model: Network
    teacher: Network | None
    told: dict[str, str]
    done: int


def start(options: Options, say: Say, ask: Callable[[str], bool]) -> int:
    """Trains, and returns the program's status. ask: a question to which somebody answers."""
    options = filled(options)
    if options.tracker:
        understand(tracker_class, options.tracker)
    plan = make_plan(options)
    if is_main():
        say("Measuring a few steps …")
        found = estimate_run(plan, options)
        for line in in_columns(about_plan(plan) | about_estimate(plan, found)):
            say(line)
        if not options.only and not may_start(found, options.yes, say, ask):
            return 2
    if options.only:
        return 0
    if options.again:
        recompute(plan.model)
    metrics = train(
        plan.model, plan.data, plan.test, plan.recipe, plan.folder, options, teacher=plan.teacher
    )
    split = plan.parts.csv() if plan.parts else None
    row = follow(metrics, plan.folder, say, about_run(plan, options), split, options.tracker)
    for fault in [*plan.data.faults, *plan.test.faults]:
        say(f"Passed over: {fault}")
    say(ending(row, plan.folder))
    if plan.parts and is_main():
        for line in in_columns(asked_once(plan, options)):
            say(line)
    say("Now: " + command("evaluate", "--model", plan.folder, "--data", plan.where))
    return 0


# --- what was asked for


def filled(options: Options) -> Options:
    """A folder without a recipe is trained by `own`, which holds images out."""
    recipe = options.recipe
    if recipe is None:
        if not options.data or not Path(options.data).expanduser().is_dir():
            raise Refused(
                f"no RECIPE is given; give one of {', '.join(RECIPES)}, or images of your own: "
                "--data FOLDER"
            )
        recipe = "own"
    split = SHARE if recipe == "own" and options.split is None else options.split
    if split is not None:
        understand(check_share, split)
    return replace(options, recipe=recipe, split=split)


def make_plan(options: Options) -> Plan:
    assert options.recipe is not None  # by `filled`
    name = options.weights or options.model or RECIPES[options.recipe].networks[0]
    check_named(options, name)
    folder = options.folder or Path("runs") / f"{options.recipe}-{Path(name).stem}"
    device = "cpu" if options.cpu else best_device()
    understand(check_precision, options.precision, device)
    understand(check_sync, options.sync_norm, device, count_processes())
    before = load(options.weights) if options.weights else None
    config: Any = before.model.config if before else make_config(name)
    settings = understand(read_settings, options.settings, type(config))
    where = options.data or place_of(options.recipe)
    decided = decide_own(options, settings, before) if options.recipe == "own" else {}
    recipe = understand(changed, RECIPES[options.recipe], settings)
    done = steps_done(folder, options.resume)
    usual = 1 if where == "digits" and not before else config.in_channels
    channels = settings["model"].get("in_channels") or usual
    understand(check_room_for_image, channels, recipe.image_size)
    words: dict[str, Any] = {
        "faults": options.faults, "in_channels": channels, "crop": recipe.augmentation.crop > 0,
        "test_crop": recipe.test_crop, "interpolation": recipe.interpolation,
    }  # fmt: skip
    steps = settings["model"].get("time_steps", frames_of(before))
    if not options.streamed and steps is not None:
        words["time_steps"] = understand(check_whole, steps, "time_steps")
    try:
        data, test, parts = open_images(options, where, recipe, words)
    except NotForEvents as error:
        raise Refused(str(error)) from None
    decided |= follow_events(data, settings["model"])
    if done:
        check_same_split(folder / SPLIT, parts)
    check_batch(recipe, data)
    understand(steps_of_an_epoch, data, recipe, count_processes() * options.accumulate)
    model, told = make_model(name, config, before, recipe, data, settings["model"])
    teacher, asked = find_teacher(options.teacher, recipe, data, settings["recipe"])
    told |= decided | asked
    return Plan(name, where, folder, recipe, data, test, parts, model, teacher, told, done)


def check_named(options: Options, name: str) -> None:
    """Raise Refused unless a new network is named, or weights, which bring their own."""
    if options.weights and options.model:
        raise Refused(
            f"--weights {options.weights} brings its own network; leave out --model {options.model}"
        )
    if not options.weights and name not in NAMES:
        near = nearest(name, NAMES)
        raise Refused(
            f"{name} is no new network. {f'Did you mean {near}? ' if near else ''}Give one of "
            f"{', '.join(NAMES)}; a trained one to go on from is given by --weights"
        )


def decide_own(options: Options, settings: dict, before: Trained | None) -> dict[str, str]:
    """Fills in the settings by a look at the images; what was decided, in words."""
    if options.data is None or options.streamed:
        raise Refused(
            "own looks at your images before it trains: "
            + ("leave out --stream" if options.streamed else "give --data FOLDER")
        )
    share = options.split
    assert share is not None  # by `filled`
    seed = settings["recipe"].get("seed", RECIPES["own"].seed)
    with warnings.catch_warnings(action="ignore"):  # they come when the images are opened to train
        train = open_parts(
            options.data, LOOKED_AT, share=share, seed=seed, faults=options.faults
        ).train
    return decide(look(train), len(train), settings, before.fit.size if before else None) | {
        "split": f"{share:.0%} of each class, where they are held out (--split)",
        "others": "what has an = can be set otherwise by --set",
    }


def open_images(
    options: Options, where: str, recipe: Recipe, words: dict[str, Any]
) -> tuple[Images, Images, Parts | None]:
    """What trains, what chooses the best, and with --split all three parts."""
    if options.split is None:
        return *(stream if options.streamed else open_data)(where, recipe.image_size, **words), None
    if options.streamed:
        raise Refused(
            f"--split {options.split:g} holds out images by their numbers, which a stream does not "
            "have; leave out --stream, or --split where the data have a test"
        )
    parts = open_parts(where, recipe.image_size, share=options.split, seed=recipe.seed, **words)
    return parts.train, parts.validation, parts


def frames_of(before: Trained | None) -> int | None:
    """Of the clips that it was trained on, None for pictures."""
    return before.fit.frames if before and isinstance(before.fit, EventFit) else None


def follow_events(data: Images, model: dict[str, Any]) -> dict[str, str]:
    """Events bring their time steps and channels, where these are not set; that in words."""
    fit, told = data.prepared, {}
    if isinstance(fit, EventFit):
        for name, value, why in (("time_steps", fit.frames, "each a frame of the events"),
                                 ("in_channels", fit.channels, "of each frame")):  # fmt: skip
            if model.setdefault(name, value) != value:
                raise Refused(
                    f"{name} is {model[name]} and the events have {value}; leave out --set {name}, "
                    "which comes from the data"
                )
            told[f"{name}={value}"] = why
    return told


def check_same_split(file: Path, parts: Parts | None) -> None:
    """Raise Refused unless the parts are those that the training began with."""
    if not file.exists() and parts is None:
        return
    if not file.exists() or parts is None:
        raise Refused(
            f"{file.parent} was begun with{'' if parts is None else 'out'} --split; "
            + ("give it again" if parts is None else "leave it out")
        )
    differ = compare(read_text(file), parts.csv())
    if differ:
        raise Refused(
            f"{len(differ)} images are new, gone or in another part than in {file}: {few(differ)}. "
            "Give the same --split and the images that were there, or another --folder"
        )


def steps_done(folder: Path, resume: bool) -> int:
    """Of the training in the folder, 0 without one. Raises Refused if it is not to be resumed, or
    is not done."""
    if is_main():
        understand(check_free, folder)
    last = understand(Checkpoints(folder).to_go_on_from)
    if last and not resume:
        raise Refused(
            f"{folder} holds a training, up to {last.name}; add --resume to go on with it, or give "
            "another --folder"
        )
    return int(last.name.removeprefix("step-")) if last else 0


def understand(read: Callable, *arguments: Any) -> Any:
    """What it gives; what it refuses was asked wrongly."""
    try:
        return read(*arguments)
    except (InUse, TypeError, ValueError) as error:
        raise Refused(str(error)) from None


def check_batch(recipe: Recipe, data: Images) -> None:
    if len(data) < recipe.batch:
        raise Refused(
            f"batch is {recipe.batch} and there are {len(data)} images to train on; give a "
            f"smaller one, for example --set batch={max(1, len(data) // 10)}"
        )


def make_model(
    name: str, config: Config, before: Trained | None, recipe: Recipe, data: Images, settings: dict
) -> tuple[Network, dict[str, str]]:
    """The network, and what was decided about it, in words."""
    classes = len(data.classes)
    if settings.get("classes", classes) < classes:
        raise Refused(
            f"classes is {settings['classes']} and the data have {classes}: {few(data.classes)}; "
            "leave out --set classes, which comes from the data, or give at least as many"
        )
    told = {}
    if before is not None:
        known = before.names if before.named else None
        model, head = understand(go_on_from, before.model, recipe, data.classes, settings, known)
        told = {"last layer": head} if head else {}
    else:
        channels = first(data, 1)[0].shape[-3]
        model = understand(new_model, name, recipe, classes, channels, settings)
    usual, sizes = (getattr(c, "partition_size", None) for c in (config, model.config))
    if usual != sizes:
        whose = "file" if before else "preset"
        told["partition"] = f"{in_words([sizes])} in place of the {whose}'s {in_words([usual])}"
    if stays := understand(parts_of, model, recipe.frozen):
        learn, kept = sum_of(model.parameters()), sum_of(p for m in stays for p in m.parameters())
        told["frozen"] = (
            f"{recipe.frozen} of {len(model.levels())} stages stay as they are; "
            f"{learn - kept:,} of {learn:,} parameters learn"
        )
    return model, told


def find_teacher(
    word: str | None, recipe: Recipe, data: Images, settings: dict
) -> tuple[Network | None, dict[str, str]]:
    """The teacher, if one is asked for, and in words what it is."""
    if word is None:
        useless = [name for name in ("distill", "temperature") if name in settings]
        if useless:
            raise Refused(f"{useless[0]} is a teacher's; give one with --teacher, or leave it out")
        return None, {}
    images, side = first(data, 1)[0], recipe.image_size
    teacher, told = understand(teacher_for, load(word), data.classes, images.shape[-3], side)
    if images.dim() == 5:
        understand(teacher.check, images)  # as many frames?
    return teacher, {
        "teacher": f"{told}; {recipe.distill:.0%} of the loss, temperature {recipe.temperature:g}"
    }


def sum_of(parameters: Iterable[Tensor]) -> int:
    """How many numbers they are."""
    return sum(parameter.numel() for parameter in parameters)


# --- what it will take


def estimate_run(plan: Plan, options: Options) -> Estimate:
    try:
        return estimate(
            plan.model, plan.data, plan.test, plan.recipe, plan.folder, options,
            teacher=plan.teacher, again=options.again, done=plan.done, processes=count_processes(),
            here=count_processes("LOCAL_WORLD_SIZE"),
        )  # fmt: skip
    except TooLarge as error:
        raise Refused(str(error)) from None


def count_processes(variable: str = "WORLD_SIZE") -> int:
    """How many processes, as torchrun tells."""
    return int(os.environ.get(variable, "1"))


def may_start(found: Estimate, yes: bool, say: Say, ask: Callable[[str], bool]) -> bool:
    """Whether the training may start; asks, where somebody can answer."""
    problems = found.problems()
    for problem in problems:
        say(f"Careful: {problem}.")
    if not problems or yes:
        return True
    if sys.stdin.isatty() and sys.stdout.isatty():
        return ask("Start it?")
    say("Not started; --yes starts it all the same.")
    return False


# --- in words


def about_plan(plan: Plan) -> dict[str, str]:
    recipe, data = plan.recipe, plan.data
    epochs = f"{recipe.epochs} epoch{'s' if recipe.epochs > 1 else ''}"
    shape = " × ".join(map(str, first(plan.test, 1)[0].movedim(-4, 0)[0].shape))
    tests = f"{len(plan.test):,} to test on"
    if plan.parts:
        tests = f"{len(plan.test):,} to choose the best by, {len(plan.parts.test):,} to test it on"
    told = {
        "training": f"{plan.folder.name}: {epochs} in batches of {recipe.batch}, "
        f"{len(data) // recipe.batch * recipe.epochs:,} steps",
        "data": f"{plan.where}: {len(data):,} images to train on, {tests}, "
        f"{len(data.classes)} classes, {shape}",
        "model": f"{plan.name}: {spikes(plan.model)}",
    }
    if data.buffer:
        told["data"] += ", streamed"
    return told | plan.told


def about_estimate(plan: Plan, found: Estimate) -> dict[str, str]:
    since = f" from step {plan.done} on" if plan.done else ""
    return {
        "size": f"{found.parameters:,} parameters, {found.macs / 1e6:,.1f} million MACs an image "
        "and time step",
        "memory": f"about {size(found.memory)} more, {size(found.memory_free)} free",
        "disk": f"{size(found.disk)} for up to {found.checkpoints} checkpoints in {plan.folder}, "
        f"{size(found.disk_free)} free",
        "time": f"about {duration(found.epoch)} an epoch, {duration(found.seconds)} in all{since}, "
        f"by steps of {found.timed} images",
    }


def about_run(plan: Plan, options: Options) -> dict:
    return {
        "command": ["spikeatconv", *sys.argv[1:]],
        "options": asdict(options),
        "data": full_name(plan.where),
        "recipe": asdict(plan.recipe),
        "config": plan.model.config.arguments(),
        "processes": count_processes(),
    }


def asked_once(plan: Plan, options: Options) -> dict[str, str]:
    """The scores of the best checkpoint on the test images, in words; {} where there is none."""
    if plan.parts is None or Checkpoints(plan.folder).last() is None:
        return {}
    trained, accelerator = load(str(plan.folder)), make_accelerator(options)
    model, test = trained.model.to(accelerator.device), plan.parts.test
    answers = ask(model, test, accelerator, workers=options.workers)
    return {"asked once": f"the best one, on the {len(test):,} test images"} | in_scores(answers)


def command(*words: Any) -> str:
    """As one types it, with quotes where a shell needs them."""
    line = [program(), *map(str, words)]
    return shlex.join(line) if os.name == "posix" else subprocess.list2cmdline(line)


def program() -> str:
    """`spikeatconv` where a shell finds it by that name, else where it lies beside this Python."""
    beside = shutil.which("spikeatconv", path=str(Path(sys.executable).parent))
    if shutil.which("spikeatconv") or beside is None:
        return "spikeatconv"
    path, here = Path(beside), Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def in_columns(told: dict[str, str]) -> list[str]:
    """Lines of names and values in two columns."""
    width = max(map(len, told), default=0)
    return [f"{name:{width}}   {text}" for name, text in told.items()]
