"""The command line: train, evaluate, predict, energy, export, info, data.

Each command reads its words, calls the library and prints plain text. `main` turns what goes wrong
into one line and a status: 0 done, 1 an error, 2 not understood or declined, 130 and 143 stopped.
"""

import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

try:
    import click
except ModuleNotFoundError:
    from spikeatconv.extra import pip_install

    raise SystemExit(
        "spikeatconv's command line needs the package click, which is not installed; in the "
        f"project's folder run: {pip_install('.[train]')}"
    ) from None

import torch
from tqdm import tqdm

from spikeatconv.checks import MOST
from spikeatconv.command.estimate import macs_of
from spikeatconv.command.follow import is_main
from spikeatconv.command.predict import Prediction, Unread, files_of, predictions, write_csv
from spikeatconv.command.report import in_scores, write_report
from spikeatconv.command.settings import OPTION, fields_of, in_words
from spikeatconv.command.start import Options, Refused, command, in_columns, start
from spikeatconv.command.trained import (
    Trained,
    data_of,
    load,
    own_data,
    run_of,
    split_of,
    spread_out,
    usual_size,
)
from spikeatconv.energy import COUNTINGS, E_A, E_MAC, count_flops, energy_report
from spikeatconv.files import check_place
from spikeatconv.images import SUFFIXES
from spikeatconv.images.base import Images
from spikeatconv.images.clips import EventFit
from spikeatconv.images.picture import MOST_SIDE
from spikeatconv.images.prepare import PREPARE, PREPARED
from spikeatconv.images.sources import full_name, open_all
from spikeatconv.images.split import MOST_SHARE, open_test
from spikeatconv.model import SpikeAtConvConfig
from spikeatconv.resnet import SpikingResNet18Config
from spikeatconv.training import RECIPES, stream
from spikeatconv.training import network as network_named
from spikeatconv.training.answers import ask
from spikeatconv.training.augment import as_float
from spikeatconv.training.checkpoint import flat
from spikeatconv.training.loop import make_accelerator
from spikeatconv.training.recipes import NAMES
from spikeatconv.training.run import Run

NOT_COUNTED = (
    f"The paper's estimate: {E_MAC} pJ a multiplication and addition, {E_A} pJ an addition.\n"
    "Not counted: reading and writing memory, the neurons' own updates, softmax, GELU, pooling."
)


def main(arguments: list[str] | None = None) -> int:
    """The whole program; returns its status. SIGTERM leaves it as SystemExit(143)."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with warnings.catch_warnings():
            warnings.showwarning = plainly
            given = [word for word in words if word != "--debug"]
            if "" in given:  # it would mean "as if it were not there", or the folder one is in
                raise click.UsageError("one of the words is empty; is a shell variable not set?")
            return cli.main(given, prog_name="spikeatconv", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except Exception as error:
        if "--debug" in words:
            raise
        say(f"Error: {words_of(error)}", err=True)
        if not isinstance(error, Refused):
            say("The same command with --debug shows where it came from.", err=True)
        return 2 if isinstance(error, Refused) else 1
    finally:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def say(text: str = "", err: bool = False) -> None:
    """Print, in the main process alone, and nothing that steers a terminal."""
    if is_main():
        click.echo(re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\ufffd", text), err=err)


def show(told: dict[str, Any]) -> None:
    for line in in_columns(told):
        say(line)


def plainly(message: Warning | str, *_: Any, **__: Any) -> None:
    say(f"Note: {in_its_words(str(message))}", err=True)


IN_ITS_WORDS = (  # what the library tells a program, and what one types
    (r'faults="skip"', "--faults skip"),
    (r'precision="(\w+)"', r"--precision \1"),
    (r"replace\(recipe, (\w+=[\w.]+)\)", r"--set \1"),
    ("sync_norm is True", "--sync-norm is given"),
    (r"use open_data( \(on the command line: no --stream\))?", "leave out --stream"),
)


def in_its_words(text: str) -> str:
    for words, typed in IN_ITS_WORDS:
        text = re.sub(words, typed, text)
    return text


def words_of(error: Exception) -> str:
    """What went wrong. An error of the operating system names the file and nothing more."""
    if isinstance(error, OSError) and error.filename is not None and error.errno:
        mend = "change its permissions or those of the folders above it"
        if not isinstance(error, PermissionError):
            mend = "look after it, or give another one"
        return f"{error.filename} cannot be used: {error.strerror}; {mend}"
    return in_its_words(str(error)) or type(error).__name__


def examples(*lines: str) -> str:
    """The end of a help page; click leaves the lines as they are after \\b."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)]) + "\n"


def add_command(
    group: Callable[..., Any], name: str, short_help: str, *lines: str, end: str = ""
) -> Callable:
    """A command of that name, with lines of examples at the end of its help."""
    return group(name, short_help=short_help, epilog=examples(*lines) + end)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "spikeatconv train digits                  the digits that ship: minutes, no network",
        "spikeatconv train cifar100 --data FOLDER --set epochs=20",
        "spikeatconv predict digit.png             by the Micro that ships",
        "spikeatconv train --help                  more about one command, with examples",
    ),
)
@click.version_option(package_name="spikeatconv")
@click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")
def cli() -> None:
    """Train spiking networks on images, and ask them questions."""


option = click.option
at_least_1 = {"type": click.IntRange(1), "metavar": "N"}
model_option = option(
    "--model", default="micro_digits", show_default=True, metavar="MODEL",
    help="A run's folder (its best checkpoint), a .safetensors file, or the name of one that "
    "ships, such as micro_photographs: data/README.md lists them.",
)  # fmt: skip
data_option = option(
    "--data", "where", metavar="PATH|NAME",
    help="Its test images; else those of the data that the network was trained on.",
)  # fmt: skip
stream_option = option(
    "--stream", "streamed", is_flag=True,
    help="Read images as they arrive from the hub, or from parquet files; nothing is stored.",
)  # fmt: skip
faults_option = option(
    "--faults", type=click.Choice(["stop", "skip"]), default="stop",
    help="What to do about an image that cannot be read.",
)  # fmt: skip
workers_option = option(
    "--workers", type=click.IntRange(0, MOST["workers"]), metavar="N", default=0,
    help="Processes that read images ahead.",
)  # fmt: skip
cpu_option = option("--cpu", is_flag=True, help="Leave a GPU alone.")
size_option = option(
    "--image-size", type=click.IntRange(1, MOST_SIDE), metavar="N",
    help="Pixels a side; else as in training.",
)  # fmt: skip


# --- train


def keys() -> Iterator[str]:
    """The keys of --set, group by group."""
    groups = {f"{group}.": names for group, names in fields_of(SpikeAtConvConfig).items()}
    groups["model., of resnet18:"] = fields_of(SpikingResNet18Config)["model"]
    yield "\b\nKeys of --set; the word before the dot may be left out:"
    for group, names in groups.items():
        text = f"{group} {' '.join(name for name in names if name != OPTION)}"
        yield textwrap.fill(text, 90, initial_indent="  ", subsequent_indent="    ")
    yield f"  model.{OPTION}.NAME, an option of the SPK block, such as tau"


@add_command(
    cli.command, "train", "Train a network.",
    "spikeatconv train digits",
    "spikeatconv train digits --set epochs=2 --set time_steps=2 --set spk=sl",
    "spikeatconv train digits --resume                goes on where it was stopped",
    "spikeatconv train own --data FOLDER              your images: FOLDER/CLASS/*.jpg",
    "spikeatconv train own --data FOLDER --weights micro_photographs --set frozen=1",
    "spikeatconv train events --set time_steps=1      which way? all frames summed, it cannot know",
    "spikeatconv train cifar100 --data FOLDER --set spiking=false      the twin, no spikes",
    "spikeatconv train cifar100 --data FOLDER --teacher runs/twin     and what the twin answers",
    "spikeatconv train imagenet --data FOLDER --set image_size=64 --set batch=128 --recompute",
    "spikeatconv train imagenet --data ILSVRC/imagenet-1k --stream    nothing is stored",
    "torchrun --nproc_per_node 4 -m spikeatconv.cli train imagenet --data FOLDER --yes",
    end="\n" + "\n".join(keys())
    + "\n\ndocs/own_images.md, docs/cluster.md, and all options: docs/training.md.",
)  # fmt: skip
@click.argument("recipe", metavar="[RECIPE]", required=False, type=click.Choice(list(RECIPES)))
@option("--model", metavar="MODEL", help=f"A new network: {', '.join(NAMES)}.")
@option(
    "--weights",
    metavar="MODEL",
    help="In its place a trained one to go on from, as `evaluate` takes it; each class keeps its "
    "row of the last layer by its name.",
)
@option(
    "--teacher", metavar="MODEL",
    help="A trained one, such as the twin, whose answers are learned beside the labels.",
)  # fmt: skip
@option("--data", metavar="PATH|NAME", help="Else the recipe's own: `spikeatconv data`.")
@stream_option
@option(
    "--split", type=float, metavar="SHARE",
    help=f"Hold out that share of each class, up to {MOST_SHARE}, to choose the best checkpoint by "
    "(unless there are val and test); of CLASS/*.jpg alone as much again for the test.",
)  # fmt: skip
@option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="As often as you like.")
@option("--folder", type=click.Path(path_type=Path), help="Else runs/RECIPE-MODEL.")
@option("--resume", is_flag=True, help="Go on from the folder's last checkpoint, if any.")
@option("--precision", type=click.Choice(["no", "bf16", "fp16"]), default="no", help="Mixed.")
@option("--accumulate", **at_least_1, default=1, help="Parts in which a batch is computed.")
@option("--sync-norm", is_flag=True, help="BatchNorm over the batch of all processes, on GPUs.")
@option("--recompute", "again", is_flag=True, help="Less memory for a third more time.")
@workers_option
@faults_option
@option("--every", **at_least_1, help="Steps between checkpoints, beside each epoch's.")
@option("--tracker", metavar="NAME", help="Log to wandb, mlflow, … too (through accelerate).")
@option("--keep", **at_least_1, default=2, help="How many checkpoints, beside the best.")
@cpu_option
@option("--yes", is_flag=True, help="Start, whatever the estimate says.")
@option("--estimate", "only", is_flag=True, help="Estimate and end.")
def train_command(**words: Any) -> int:
    """Train a network by a RECIPE: digits, events, cifar100, imagenet, or own for images of your
    own, which also stands where --data names a folder and no RECIPE is given.

    The run is estimated first. If it takes more than an hour, or more memory or disk than there
    is, it starts after a yes.
    """
    return start(Options(**words), say, click.confirm)


# --- what a trained network can be asked


@add_command(
    cli.command, "evaluate", "What it gets right and wrong on a data set.",
    "spikeatconv evaluate",
    "spikeatconv evaluate --model runs/cifar100-resnet18 FOLDER --out report",
)  # fmt: skip
@click.argument("folder", required=False)
@model_option
@data_option
@option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Write it there: each class and image, confusions, calibration, as CSV, JSON, pictures.",
)  # fmt: skip
@stream_option
@size_option
@option("--batch", **at_least_1, default=100, help="Images at once.")
@workers_option
@faults_option
@cpu_option
def evaluate_command(
    folder: str | None, model: str, where: str | None, out: Path | None, streamed: bool,
    image_size: int | None, batch: int, workers: int, faults: str, cpu: bool,
) -> None:  # fmt: skip
    """Top 1, top 5, loss and calibration of a trained network on the test images of a data set.

    FOLDER is another way to write --data FOLDER: that of the training, whose test images are asked
    (with --split those that were held out), or any with a folder for each class.

    Classes are matched by their names. Behind each score stands where the true one lies, with 95 %
    confidence, for images like these (Wilson's interval).
    """
    if folder and where:
        raise click.UsageError(f"{folder} and --data {where} are two places; give one of them")
    trained = load(model, image_size)
    where, test = test_images(trained, folder or where, faults, streamed)
    accelerator = make_accelerator(Run(cpu=cpu))
    answers = ask(accelerator.prepare(trained.model), test, accelerator, batch, workers)
    size = trained.fit.size
    about = {
        "model": str(trained.path),
        "data": f"{where}: {len(test):,} test images, {size} × {size}",
    }
    show(about | in_scores(answers))
    if out is not None:
        write_report(answers, test, out, about)
        say(f"Written to {out}: each class, each image, what is taken for what.")
    for fault in test.faults:
        say(f"Passed over: {fault}", err=True)


def test_images(
    trained: Trained, where: str | None, faults: str, streamed: bool
) -> tuple[str, Any]:
    """Where they are, and they themselves, as the network takes them."""
    if where is None:
        where, was_streamed = own_data(trained)
        streamed = streamed or was_streamed
    words: dict[str, Any] = {"faults": faults, "in_channels": trained.fit.channels}
    if isinstance(trained.fit, EventFit):
        words = {"faults": faults, "time_steps": trained.fit.frames}
    if streamed:
        test: Images = stream(where, trained.fit.size, **words)[1]
    else:
        split, run = split_of(trained), run_of(trained)
        own = run is not None and split is not None and full_name(where) == data_of(run)[0]
        test = open_test(where, trained.fit.size, split, own, **words)
    matched = trained.match(test)
    if matched:
        plainly(matched)
    return where, test


@add_command(
    cli.command, "predict", "What is in an image, and what it costs.",
    "spikeatconv predict digit.png                  white on black, as the digits are",
    "spikeatconv predict --model runs/imagenet-tiny cat.jpg dog.jpg",
    "spikeatconv predict --model runs/imagenet-tiny FOLDER --csv answers.csv",
)  # fmt: skip
@click.argument("images", metavar="IMAGE|FOLDER...", nargs=-1, required=True)
@model_option
@option(
    "--csv", "table", type=click.Path(path_type=Path), metavar="FILE",
    help="Write the answers there, a row an image, in place of printing them.",
)  # fmt: skip
@size_option
def predict_command(
    images: tuple[str, ...], model: str, table: Path | None, image_size: int | None
) -> int:
    """What is in each IMAGE, of any size: five classes with their shares, and the energy.

    Of a FOLDER all images, also further down. What cannot be read is passed over and listed at the
    end, with status 1. However many images there are, they take the memory of a few.
    """
    trained = load(model, image_size)
    check_picture(trained)
    faults: list[str] = []
    unread: list[Unread] = []
    found = answered(predictions(trained, files_of(images, faults)), unread)
    if table is None:
        count = 0
        for count, prediction in enumerate(found, 1):  # noqa: B007
            for line in of_prediction(prediction):
                say(line)
    else:
        count = write_csv(tqdm(found, unit=" images", disable=None), table)
        say(f"{count:,} answers written to {table}")
    if count:
        say(NOT_COUNTED)
    elif not unread and not faults:
        raise ValueError(f"no image in {', '.join(images)}; read are {' '.join(sorted(SUFFIXES))}")
    if len(unread) == 1 and not faults:
        raise unread[0].error
    for problem in [*faults, *(words_of(image.error) for image in unread)]:
        say(f"Error: {problem}", err=True)
    return 1 if faults or unread else 0


def check_picture(trained: Trained) -> None:
    """Raise ValueError for a network that takes no pictures."""
    if isinstance(trained.fit, EventFit):
        raise ValueError(
            f"{trained.path} takes events in {trained.fit.frames} frames over time, which no "
            "picture shows; ask it about clips in npz files by `evaluate --data FOLDER`"
        )


def answered(found: Iterable[Prediction | Unread], unread: list[Unread]) -> Iterator[Prediction]:
    """The predictions alone; the others go into the list."""
    for one in found:
        if isinstance(one, Unread):
            unread.append(one)
        else:
            yield one


def of_prediction(found: Prediction) -> Iterator[str]:
    yield found.path
    for share, name in found.top:
        yield f"  {share:7.1%}   {name}"
    yield (
        f"  energy    {found.snn_mj:.4g} mJ in {found.time_steps} time steps; "
        f"the twin without spikes {found.ann_mj:.4g} mJ\n"
    )


@add_command(
    cli.command, "energy", "Energy, layer by layer.",
    "spikeatconv energy",
    "spikeatconv energy --model runs/imagenet-tiny --data FOLDER --images 32",
)  # fmt: skip
@model_option
@data_option
@option("--images", **at_least_1, default=64, show_default=True, help="On how many of them.")
@option(
    "--counting", type=click.Choice(COUNTINGS), default="input", show_default=True,
    help="By each layer's input; convolutions merged where cheaper; the paper's formula.",
)  # fmt: skip
@size_option
@faults_option
def energy_command(
    model: str, where: str | None, images: int, counting: str, image_size: int | None, faults: str
) -> None:
    """The paper's estimate of energy, layer by layer, beside the twin without spikes."""
    trained = load(model, image_size)
    where, test = test_images(trained, where, faults, streamed=False)
    some = spread_out(len(test), images)
    report = energy_report(trained.model, as_float(test.batch(some)[0]), counting=counting)
    one = "a frame" if isinstance(trained.fit, EventFit) else "an image"
    say(table(report.layers.rename(columns={"flops": "MACs", "snn_mj": "mJ", "ann_mj": "twin mJ"})))
    say()
    show({
        "model": str(trained.path),
        "rate": f"share of ones in a layer's input, measured on {len(some)} test images of {where}",
        "count": counting,
        "energy": f"{report.snn_mj:.4g} mJ an image in {report.time_steps} time steps",
        "twin": f"{report.ann_mj:.4g} mJ {one} without spikes",
    })  # fmt: skip
    say(NOT_COUNTED)


@add_command(
    cli.command, "export", "Take a network elsewhere: ONNX, .pt2, NIR.",
    "spikeatconv export micro.onnx",
    "spikeatconv export net.pt2 --model runs/own-micro --images 200",
    "spikeatconv export net.nir --model runs/cifar100-resnet18",
)  # fmt: skip
@click.argument("file", type=click.Path(path_type=Path))
@model_option
@data_option
@option(
    "--images", type=click.IntRange(2), metavar="N", default=64, show_default=True,
    help="Check it on how many of them.",
)  # fmt: skip
@faults_option
def export_command(file: Path, model: str, where: str | None, images: int, faults: str) -> None:
    """Write a trained network to FILE, for other programs; its ending says for which.

    \b
    .onnx    onnxruntime and all that read ONNX (needs the extra "export")
    .pt2     PyTorch alone, torch.export.load, without this package
    .nir     neuromorphic tools: a resnet18 with spk=sl, hsl or mbpl; NIR has no attention

    BatchNorm is folded into the convolutions. The file takes any number of images, as the network's
    were prepared, and gives their logits. It is there once it has answered test images as PyTorch.
    """
    from spikeatconv.command.export import ROUNDING, export, format_of  # nir takes half a second

    format_of(check_place(file))
    trained = load(model)
    where, test = test_images(trained, where, faults, streamed=False)
    some = spread_out(len(test), images)
    say(f"Writing and checking {file}: a minute for Micro, minutes for a large one.", err=True)
    found = export(trained, as_float(test.batch(some)[0]), file)
    c, size, many = trained.fit.channels, trained.fit.size, len(some)
    shape, values = "[B", "from 0 to 1"
    if isinstance(trained.fit, EventFit):
        shape, values = f"[{trained.fit.frames}, B", "counts of events"
    show({
        "file": f"{file}, {file.stat().st_size / 1e6:.1f} MB",
        "images": f"{shape}, {c}, {size}, {size}], float32, {values}",
        "logits": f"[B, {len(trained.names)}]: {cut(list(trained.names))}",
        "checked": f"on {many} test images of {where}, one alone and many at once",
        "same class": f"{found['same']:.1%} as in PyTorch, {found['unfolded']:.1%} as unfolded",
        "apart": f"{found['median']:.1g} a logit, the median over images; {found['largest']:.1g} "
        f"the largest; a spike turned over in {found['turned']} images",
    })  # fmt: skip
    say(textwrap.fill(ROUNDING, 100))


def table(frame: Any) -> str:
    forms = {"MACs": "{:,}".format, "rate": "{:.4f}".format}
    numbers = {name: forms.get(name, "{:.3g}".format) for name in frame.columns}
    numbers = {n: f for n, f in numbers.items() if n in forms or n.endswith("mJ")}
    return frame.to_string(index=False, formatters=numbers, na_rep="–")


@add_command(
    cli.command, "info", "Configuration, size and note of a network.",
    "spikeatconv info tiny",
    "spikeatconv info micro_digits",
    "spikeatconv info runs/digits-micro --layers",
)  # fmt: skip
@click.argument("model")
@size_option
@option("--layers", is_flag=True, help="The MACs of each layer, too.")
def info_command(model: str, image_size: int | None, layers: bool) -> None:
    """Configuration, parameters, MACs and note of MODEL: a name, or a trained network."""
    if model in NAMES:
        with torch.device("meta"):  # it takes no memory
            network, note = network_named(model), {}
        side = image_size or usual_size(network)
    else:
        trained = load(model, image_size, new=NAMES)
        network, note, side = trained.model, trained.note, trained.fit.size
    show({
        "model": type(network).__name__,
        "parameters": f"{sum(p.numel() for p in network.parameters()):,}",
        "MACs": f"{macs_of(network, side):,} an image of {side} × {side} and time step",
        **{name: in_words([value]) for name, value in network.config.arguments().items()},
    })  # fmt: skip
    if note:
        say("\nThe note of its weights:")
        show({f"  {name}": cut(value) for name, value in flat(note).items()})
    if layers:
        counted = count_flops(network, (network.config.in_channels, side, side))
        say("\n" + table(counted.rename(columns={"flops": "MACs"})))


def cut(value: Any) -> str:
    text = in_words(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


# --- data


@add_command(
    cli.group, "data", "Get data ready, look whether they are whole.",
    "spikeatconv data prepare cifar100 ~/Downloads",
    "spikeatconv data check digits",
)  # fmt: skip
def data_group() -> None:
    """What can be trained on: digits, which ship; a folder; a name on the Hugging Face hub.

    \b
    digits       5,000 handwritten digits; nothing to do
    events       the digits, moving past a (computed) event camera: which way?
    FOLDER       train/CLASS/*.jpg beside val/CLASS/*.jpg; CLASS/*.jpg alone, with --split;
                 train-*.npz beside test.npz and labels.json, also of events [N, T, C, H, W];
                 or train*.parquet beside test*.parquet
    OWNER/NAME   on the hub, such as uoft-cs/cifar100: fetched when it is asked for
    """


@add_command(
    data_group.command, "prepare", "Arrange an archive that you downloaded.",
    "spikeatconv data prepare cifar100 ~/Downloads/cifar-100-binary.tar.gz",
    "spikeatconv data prepare fashion-mnist ~/Downloads",
    "spikeatconv data prepare imagenet ~/Downloads --to /big/disk/imagenet",
)  # fmt: skip
@click.argument("name", metavar="NAME", type=click.Choice(list(PREPARE)))
@click.argument("archives", metavar="ARCHIVES", type=click.Path(path_type=Path))
@option("--to", type=click.Path(path_type=Path), help=f"The folder; else {PREPARED}/NAME.")
def prepare_command(name: str, archives: Path, to: Path | None) -> None:
    """Check and arrange what you downloaded, so that it can be trained on.

    \b
    NAME            get it from                                  it holds
    cifar10         https://www.cs.toronto.edu/~kriz/cifar.html  60,000 images of 32 × 32, 170 MB
    cifar100        (the binary versions)                        the same, 100 classes
    fashion-mnist   github.com/zalandoresearch/fashion-mnist     70,000 images of 28 × 28, 31 MB
                    (the four files of "Get the Data")
    imagenet        https://image-net.org, after registration    1.3 million images, 150 GB
                    (ILSVRC 2012: training, validation, devkit)
    nmnist          www.garrickorchard.com/datasets/n-mnist      70,000 clips of events, 1.2 GB
                    (train.zip, test.zip)

    ARCHIVES is the folder they are in. Interrupted, it goes on where it was. To read ImageNet's
    devkit takes SciPy (.venv/bin/python -m pip install scipy). Without it, give a folder
    val/CLASS/*.JPEG beside the training archive, in place of validation and devkit.
    """
    folder = to or Path(PREPARED) / name
    found = PREPARE[name](archives, folder)
    show({"folder": str(folder)} | {key: f"{count:,}" for key, count in found.items()})
    recipe = name if name in RECIPES else "own"
    found_by_name = recipe == name and not to
    say("Now: " + command("train", recipe, *([] if found_by_name else ["--data", folder])))


@add_command(
    data_group.command, "check", "Read every image once.",
    "spikeatconv data check digits", "spikeatconv data check FOLDER",
)  # fmt: skip
@click.argument("where", metavar="PATH|NAME")
def check_command(where: str) -> int:
    """Read every image once, and tell which cannot be read; status 1 if there are some."""
    splits = open_all(where, 32, faults="skip")
    show({"classes": f"{len(splits[0].classes)}: {cut(list(splits[0].classes))}"})
    problems = [fault for split in splits for fault in split.check()]
    names = ("train", "test") if len(splits) > 1 else ("all",)
    show({n: f"{len(split):,} images" for n, split in zip(names, splits, strict=True)})
    if isinstance(fit := splits[0].fit, EventFit):
        show({"events": f"T = {fit.frames} frames of {fit.channels} channels"})
    for problem in problems:
        say(f"Fault: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
