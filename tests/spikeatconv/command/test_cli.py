"""The command line, as one types it."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from spikeatconv import (
    SpikeAtConvConfig,
    SpikingResNet18Config,
    energy_report,
    load_weights,
    mnist5k,
    save_weights,
    shipped,
    weights_note,
)
from spikeatconv.command import estimate as estimates
from spikeatconv.command import start as starts
from spikeatconv.command.cli import cli, in_its_words, main, say
from spikeatconv.command.settings import read_settings
from spikeatconv.training import Checkpoints
from spikeatconv.training.lock import alone_in
from spikeviz.training_log import Log

ROOT = Path(__file__).parents[3]
SMALL = ["widths=8", "depths=1", "head_width=8", "partition_size=2", "time_steps=1", "spk=sl"]
RECIPE = ["epochs=2", "batch=8", "image_size=16"]
SETTINGS = [word for key in (*SMALL, *RECIPE) for word in ("--set", key)]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def data(folder, count=40, classes=6, side=16):
    """Images whose class can be seen: one in six rows is bright."""
    folder.mkdir()
    for name, number, seed in (("train-0", count, 0), ("test", 12, 1)):
        images = np.random.default_rng(seed).integers(0, 100, (number, 3, side, side), np.uint8)
        labels = np.arange(number) % classes
        for image, label in zip(images, labels, strict=True):
            image[:, label::classes] += 150
        np.savez(folder / f"{name}.npz", images=images, labels=labels)
    (folder / "labels.json").write_text(json.dumps([f"row {i}" for i in range(classes)]))
    return str(folder)


def typed(capsys, *words):
    """(status, what was printed, what was printed as errors)."""
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Two threads on cores that are busy elsewhere wait for each other, for minutes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small training on folder/data in folder/run."""
    folder = tmp_path_factory.mktemp("cli")
    words = ["train", "cifar100", "--model", "micro", "--data", data(folder / "data"), "--cpu"]
    assert main([*words, *SETTINGS, "--folder", str(folder / "run")]) == 0
    return folder


# --- the words themselves


def commands():
    """{"train": …, "data prepare": …}."""
    flat = {name: command for name, command in cli.commands.items() if name != "data"}
    inner = cli.commands["data"].commands
    return flat | {f"data {name}": command for name, command in inner.items()}


def examples_in(text):
    """The words after spikeatconv in each example of a text, without the remark behind it."""
    lines = text.replace("\\\n", " ").splitlines()
    found = [
        re.match(r" *(?:torchrun|srun)?.*\bspikeatconv(?:\.cli)? (.*)", line) for line in lines
    ]
    words = [re.split(r" {3,}(?=\w)|#|&", match[1])[0] for match in found if match]
    return [line for line in words if re.match(r"(?:\w+ )+", line + " ") and "RECIPE" not in line]


PAGES = (
    {name: command.epilog for name, command in commands().items()}
    | {"spikeatconv": cli.epilog}
    | {
        name: "\n".join(re.findall(r"```(?:bash)?\n(.*?)```", read(f"docs/{name}.md"), re.DOTALL))
        for name in ("training", "own_images", "cluster")
    }
)


@pytest.mark.parametrize("page", PAGES)
def test_every_example_is_understood(page):
    """Parsed, not run: commands, options and their values."""
    lines = [line for line in examples_in(PAGES[page]) if "--help" not in line]
    assert lines
    for line in lines:
        words = shlex.split(line)
        length = 2 if words[0] == "data" else 1
        command = commands()[" ".join(words[:length])]
        command.make_context(command.name, words[length:])
        settings = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
        kind = SpikingResNet18Config if "cifar100" in words else SpikeAtConvConfig
        read_settings(settings, kind)


def test_every_help_page_opens_and_keeps_to_the_width(capsys):
    for words in ("", "data", *commands()):
        status, out, _ = typed(capsys, *words.split(), "--help")
        assert status == 0
        assert "Examples:\n" in out
        assert max(map(len, out.splitlines())) <= 100


def test_a_word_that_is_not_understood_ends_with_2(capsys):
    for words, told in (
        ((), "Usage: spikeatconv"),
        (("trian", "digits"), "No such command 'trian'"),
        (("train", "mnist"), "'mnist' is not one of 'digits', 'events', 'own', 'cifar100', 'imag"),
        (("train", "digits", "--set", "epoch=2"), "the nearest: epochs"),
        (("train", "digits", "--set", "epochs=ten"), "epochs is 'ten'; expected a whole number"),
        (("train", "digits", "--set", "time_steps=0"), "time_steps is 0; give a whole number"),
        (("train", "digits", "--set", "batch=5000"), "there are 4000 images to train on"),
        (("train", "digits", "--set", "spk_options.tua=2"), "tua"),
        (("train", "digits", "--set", "classes=3"), "classes is 3 and the data have 10: 0, 1"),
        (("train", "digits", "--accumulate", "3"), "accumulate); take --set batch=48"),
        (("train", "digits", "--workers", "1000"), "1000 is not in the range 0<=x<=256"),
        (("train", "digits", "--precision", "fp16", "--cpu"), "take --precision bf16 or --prec"),
    ):
        status, out, err = typed(capsys, *words)
        assert (status, out) == (2, ""), words
        assert told in err
        assert "Traceback" not in err


def test_an_error_is_one_line_unless_debug_is_asked_for(capsys, tmp_path):
    words = ["predict", tmp_path / "none.png"]
    status, out, err = typed(capsys, *words)
    assert (status, out) == (1, "")
    assert err.startswith(f"Error: {tmp_path / 'none.png'}: there is no such file")
    assert "Traceback" not in err
    with pytest.raises(FileNotFoundError):
        main([*map(str, words), "--debug"])


def test_an_error_of_the_system_is_told_in_words(capsys, tmp_path, monkeypatch):
    """As root may read everything, the system is played here."""
    status, _, err = typed(capsys, "predict", tmp_path / ("a" * 300 + ".png"))
    assert status == 1
    assert "aa.png cannot be used: File name too long; look after it" in err
    real = Path.is_file

    def refused(path):
        if path.name == "w.safetensors":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "is_file", refused)
    status, _, err = typed(capsys, "info", "locked/w.safetensors")
    assert status == 1
    told = "Error: locked/w.safetensors cannot be used: Permission denied; change its permissions"
    assert err.startswith(told)


@pytest.mark.parametrize("name", ["--data", "--folder", "--model"])
def test_an_empty_word_is_refused(capsys, tmp_path, monkeypatch, name):
    """A variable of the shell that is not set: it would be as if the option were not there."""
    monkeypatch.chdir(tmp_path)
    status, _, err = typed(capsys, "train", "digits", name, "")
    assert status == 2
    assert "one of the words is empty" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (2, ("train", "digits", "--model", "micor"), "Did you mean micro?"),
        (1, ("info", "restnet18"), "Did you mean resnet18?"),
        (1, ("evaluate", "--model", "micro_digit"), "Did you mean micro_digits?"),
    ],
)
def test_a_misspelt_network_names_the_nearest(capsys, code, words, told):
    status, _, err = typed(capsys, *words)
    assert status == code
    assert told in err


@pytest.mark.parametrize("resume", [False, True])
def test_damaged_checkpoints_are_not_written_over(tmp_path, resume):
    (tmp_path / "step-00000040").mkdir()
    refused = pytest.raises(starts.Refused, match=r"no checkpoint in .* is whole")
    with pytest.warns(UserWarning, match="is passed over"), refused:
        starts.steps_done(tmp_path, resume)


def test_nothing_that_is_printed_steers_the_terminal(capsys):
    """Names of classes and files come from others."""
    say("\x1b[31mred\r\x07\x9b2J\tü\n1")
    assert capsys.readouterr().out == "\ufffd[31mred\ufffd\ufffd\ufffd2J\tü\n1\n"


def test_missing_data_say_how_to_get_them(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = typed(capsys, "train", "cifar100")
    assert status == 1
    assert "spikeatconv data prepare cifar100" in err
    assert not list(tmp_path.iterdir())


# --- train


def test_a_training_leaves_its_log_and_its_best_checkpoint(run):
    log = Log.read(run / "run" / "log.csv")
    assert log["step"].tolist() == list(range(1, 11))
    assert np.isfinite(log["test_accuracy"]).tolist() == [False] * 4 + [True] + [False] * 4 + [True]
    assert Checkpoints(run / "run").last().name == "step-00000010"
    about = json.loads((run / "run" / "run.json").read_text())
    assert about["recipe"]["epochs"] == 2
    assert about["config"]["classes"] == 6
    assert list((run / "run" / "tensorboard").glob("events*"))


def test_the_estimate_comes_first_and_nothing_is_written(capsys, run, tmp_path):
    words = ["train", "cifar100", "--model", "micro", "--data", run / "data", *SETTINGS, "--cpu"]
    status, out, _ = typed(capsys, *words, "--folder", tmp_path / "run", "--estimate")
    assert status == 0
    told = dict(re.split(r" {2,}", line, maxsplit=1) for line in out.splitlines()[1:])
    assert list(told) == [
        "training",
        "data",
        "model",
        "partition",
        "size",
        "memory",
        "disk",
        "time",
    ]
    assert told["training"] == "run: 2 epochs in batches of 8, 10 steps"
    assert told["data"].endswith("40 images to train on, 12 to test on, 6 classes, 3 × 16 × 16")
    model = load_weights(Checkpoints(run / "run").last() / "weights.safetensors")
    assert told["size"].startswith(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("answer", [True, False])
def test_a_long_run_asks_first(capsys, run, tmp_path, monkeypatch, answer):
    monkeypatch.setattr(estimates, "LONG", 0.0)
    folder = tmp_path / "run"
    words = ["train", "cifar100", "--model", "micro", "--data", run / "data", *SETTINGS, "--cpu"]
    words += ["--folder", folder]
    assert typed(capsys, *words)[0] == 2  # nobody can answer: pytest's input is no terminal
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "confirm", lambda question: answer)
    monkeypatch.setattr(starts, "train", lambda *_, **__: iter_nothing())
    status, out, _ = typed(capsys, *words)
    assert "Careful: it takes about" in out
    assert status == (0 if answer else 2)
    assert folder.exists() == answer
    monkeypatch.setattr(click, "confirm", None)  # with --yes nobody is asked
    assert typed(capsys, *words, "--yes")[0] == 0


def iter_nothing():
    yield from ()


def test_a_folder_with_a_training_is_not_written_into_unasked(capsys, run):
    words = ["train", "cifar100", "--model", "micro", "--data", run / "data", *SETTINGS, "--cpu"]
    words += ["--folder", run / "run"]
    before = contents(run / "run")
    status, _, err = typed(capsys, *words)
    assert status == 2
    assert "add --resume" in err
    status, out, _ = typed(capsys, *words, "--resume")
    assert status == 0
    assert "Trained to its end before" in out
    status, _, err = typed(capsys, *words, "--resume", "--set", "learning_rate=0.5")
    assert status == 1
    assert "recipe.learning_rate is 0.02 in the checkpoint and 0.5 now" in err
    with alone_in(run / "run"):
        status, _, err = typed(capsys, *words, "--resume")
    assert status == 2
    assert f"in use by a training of this very program (process {os.getpid()})" in err
    assert contents(run / "run") == before


def contents(folder):
    files = [
        path for path in folder.rglob("*") if path.is_file() and "tensorboard" not in path.parts
    ]
    return {path: path.read_bytes() for path in files}


def test_own_images_train_choose_the_best_and_are_asked_once(capsys, tmp_path):
    """Of a folder with classes alone: by its training, `evaluate` and a resumed training."""
    place, folder = tmp_path / "lone", tmp_path / "run"
    for c, name in enumerate("abc"):
        (place / name).mkdir(parents=True)
        for i in range(16):
            Image.new("L", (18, 16), 80 * c + i).save(place / name / f"{i}.png")
    words = ["--model", "micro", "--data", place, "--cpu", *SETTINGS, "--folder", folder]
    for option, status, told in (
        (["cifar100"], 1, "--split 0.15"),
        (["--split", "0.5"], 2, "split is 0.5; give the share"),
        (["cifar100", "--split", "0.2", "--stream"], 2, "leave out --stream"),
        (["own", "--stream"], 2, "leave out --stream"),
    ):
        found, _, err = typed(capsys, "train", *option, *words)
        assert (found, told in err) == (status, True)
    status, out, _ = typed(capsys, "train", *words, "--split", "0.25")
    assert status == 0
    assert "24 images to train on, 12 to choose the best by, 12 to test it on, 3 classes" in out
    assert "in_channels=1         all of 24 images looked at are grey\n" in out
    assert "image_size=" not in out  # it is set
    table = pd.read_csv(folder / "split.csv")
    assert table.part.value_counts().to_dict() == {"train": 24, "validation": 12, "test": 12}
    best = max(re.findall(r"validation loss .* top 1 ([\d.]+)", out))
    assert f"The best checkpoint, top 1 {best} on the validation images" in out
    (score,) = re.findall(r"on the 12 test images\n(top 1 .*\n)", out)
    status, out, _ = typed(capsys, "train", *words, "--split", "0.25", "--resume")
    assert status == 0
    assert score in out
    for more in ([], [place, "--out", tmp_path / "report"]):
        status, out, _ = typed(capsys, "evaluate", "--model", folder, "--cpu", *more)
        assert status == 0
        assert score in out
    held = table.image[table.part == "test"].str.replace(".", str(place), n=1)
    assert pd.read_csv(tmp_path / "report" / "images.csv").image.tolist() == held.tolist()
    for option in ([], ["--split", "0.2"]):
        status, _, err = typed(capsys, "train", *words, *option, "--resume")
        assert (status, "another part than in" in err) == (2, True)
    status, _, err = typed(capsys, "train", "--data", "OWNER/NAME")
    assert (status, "no RECIPE is given; give one of digits, events, own" in err) == (2, True)
    assert typed(capsys, "train", "own")[0] == 2
    assert typed(capsys, "evaluate", place, "--data", place)[0] == 2


def test_what_is_printed_can_be_typed(capsys, run, tmp_path, monkeypatch):
    """The line after a training, with a space in its folder's name, in a shell that looks for
    programs elsewhere: nobody has activated the environment."""
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ["train", "cifar100", "--model", "micro", "--data", run / "data", *SETTINGS, "--cpu"]
    status, out, _ = typed(capsys, *words, "--folder", tmp_path / "my run's")
    assert status == 0
    (line,) = re.findall(r"Now: (.*)", out)
    program, *words = shlex.split(line)
    assert shutil.which(program)
    status, out, _ = typed(capsys, *words, "--cpu")
    assert status == 0
    assert "12 test images" in out


def test_the_librarys_words_become_those_of_the_command_line():
    """All that its errors say to a program."""
    sources = "".join(path.read_text() for path in (ROOT / "spikeatconv").rglob("*.py"))
    told = set(re.findall(r'go on [^"\']*(faults="\w+")', sources))
    told |= set(re.findall(r"take (replace\(recipe, \w+=)", sources))
    assert len(told) >= 3
    assert in_its_words('the test: faults="skip"') == "the test: --faults skip"
    assert in_its_words("take replace(recipe, batch=6)") == "take --set batch=6"
    assert (
        in_its_words('precision="bf16" or precision="no"') == "--precision bf16 or --precision no"
    )
    for words in told:
        assert "--" in in_its_words(f"{words}3)" if "(" in words else words)


def test_to_go_on_from_weights_with_other_classes(capsys, run, tmp_path):
    words = [
        "train",
        "cifar100",
        "--weights",
        run / "run",
        "--data",
        data(tmp_path / "four", classes=4),
    ]
    for setting in RECIPE:
        words += ["--set", setting]
    status, out, _ = typed(capsys, *words, "--folder", tmp_path / "run", "--cpu")
    assert status == 0
    assert re.search(r"last layer +kept by name for 4\n", out)
    model = load_weights(Checkpoints(tmp_path / "run").last() / "weights.safetensors")
    assert model.config.classes == 4


def test_a_teacher_is_told_estimated_and_kept_to(capsys, run, tmp_path):
    words = ["train", "cifar100", "--model", "micro", "--data", run / "data", *SETTINGS, "--cpu"]
    words += ["--folder", tmp_path / "run"]
    status, _, err = typed(capsys, *words, "--set", "temperature=2")
    assert (status, err) == (
        2, "Error: temperature is a teacher's; give one with --teacher, or leave it out\n"
    )  # fmt: skip
    words += ["--teacher", run / "run", "--set", "distill=0.3"]
    status, out, _ = typed(capsys, *words)
    assert status == 0
    assert re.search(r"teacher +\S+weights.safetensors: sl, T = 1; 30% of the loss, temper", out)
    note = weights_note(Checkpoints(tmp_path / "run").last() / "weights.safetensors")
    assert note["teacher"]
    assert typed(capsys, *words, "--resume")[0] == 0


# --- signals, kills, processes


def started(folder, *words):
    command = [
        sys.executable,
        "-m",
        "spikeatconv.cli",
        "train",
        "cifar100",
        "--model",
        "micro",
        *SETTINGS,
    ]
    places = ["--data", str(folder / "data"), "--folder", str(folder / "run")]
    return subprocess.Popen(
        [*command, *places, "--cpu", "--yes", "--every", "7", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ONE_THREAD,
    )  # fmt: skip


def wait_for_steps(log, steps, process):
    while not log.exists() or log.read_bytes().count(b"\n") <= steps:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM and SIGKILL are POSIX")
def test_stopped_killed_and_resumed(tmp_path):
    """SIGKILL, SIGTERM and Ctrl-C, one after the other; the log tells every step once."""
    data(tmp_path / "data")
    log, reached, long = tmp_path / "run" / "log.csv", 0, ("--resume", "--set", "epochs=200")
    for number, status in ((signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)):
        process = started(tmp_path, *long)
        wait_for_steps(log, reached + 10, process)
        process.send_signal(number)
        out, err = process.communicate(timeout=300)
        assert process.returncode == status, err
        assert "Traceback" not in err
        steps = Log.read(log)["step"].tolist()
        assert steps == list(range(1, len(steps) + 1))
        assert len(steps) > reached
        reached = len(steps)
        if number != signal.SIGKILL:
            assert f"step-{reached:08} is the last checkpoint" in out
            assert "with --resume goes on" in out


# --- what a trained network can be asked


def test_evaluate_the_one_that_ships(capsys):
    status, out, err = typed(capsys, "evaluate", "--cpu")
    assert (status, err) == (0, "")
    model = load_weights(shipped("micro_digits.safetensors"))
    images, labels = mnist5k("test")
    with torch.no_grad():
        logits = model(torch.nn.functional.pad(images, [2] * 4))
    right = (logits.argmax(1) == labels).float().mean()
    assert re.search(r"top 1 +([\d.]+)", out)[1] == f"{right:.4f}"
    loss = torch.nn.functional.cross_entropy(logits, labels)
    assert float(re.search(r"loss +([\d.]+)", out)[1]) == pytest.approx(float(loss), abs=1e-3)


def test_evaluate_a_run(capsys, run):
    status, out, _ = typed(
        capsys, "evaluate", "--model", run / "run", "--data", run / "data", "--cpu"
    )
    assert status == 0
    log = Log.read(run / "run" / "log.csv")
    assert re.search(r"top 1 +([\d.]+)", out)[1] == f"{np.nanmax(log['test_accuracy']):.4f}"
    assert "12 test images, 16 × 16" in out


def test_evaluate_writes_what_is_right_and_wrong(capsys, run, tmp_path):
    words = ["evaluate", "--model", run / "run", "--data", run / "data", "--cpu", "--out"]
    status, out, err = typed(capsys, *words, tmp_path / "report")
    assert (status, err) == (0, "")
    made = {file.name: file for file in (tmp_path / "report").iterdir()}
    assert sorted(made) == [
        "calibration.csv", "classes.csv", "confusion.csv", "confusions.svg", "images.csv",
        "scores.json", "worst.png",
    ]  # fmt: skip
    scores = json.loads(made["scores.json"].read_text(encoding="utf-8"))
    images, classes = pd.read_csv(made["images.csv"]), pd.read_csv(made["classes.csv"])
    matrix = pd.read_csv(made["confusion.csv"], index_col="class")
    right = int((images["class"] == images.answer).sum())
    assert f"top 1         {right / 12:.4f} (" in out
    assert scores["top1"] == right / 12 == images.right.mean()
    assert scores["loss"] == pytest.approx(images.loss.mean(), abs=1e-6)
    assert matrix.to_numpy().trace() == right
    assert matrix.sum(axis=1).tolist() == classes.images.tolist() == [2] * 6
    assert images.image[3] == f"image 3 of {run / 'data' / 'test.npz'}"
    with Image.open(made["worst.png"]) as worst:
        assert worst.size[0] > 500
    (tmp_path / "file").write_text("")
    status, _, err = typed(capsys, *words, tmp_path / "file")
    assert status == 1
    assert f"{tmp_path / 'file'} cannot be written" in err


def test_evaluate_on_other_classes_is_refused(capsys, run):
    status, _, err = typed(capsys, "evaluate", "--data", run / "data", "--cpu")
    assert status == 1
    assert "tells 10 classes apart and the data have 6" in err


def test_predict_digits_and_their_energy(capsys, tmp_path):
    images, labels = mnist5k("test")
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray((images[number, 0] * 255).byte().numpy()).save(paths[-1])
    status, out, _ = typed(capsys, "predict", *paths)
    assert status == 0
    blocks = [block.splitlines() for block in out.split("\n\n")]
    model = load_weights(shipped("micro_digits.safetensors"))
    for path, image, label, block in zip(paths, images, labels, blocks, strict=False):
        name, *shares, energy = block
        assert name == str(path)
        assert shares[0].split()[1] == str(int(label))
        assert len(shares) == 5
        padded = torch.nn.functional.pad(image[None], [2] * 4)
        logits = model(padded)[0].softmax(0).sort(descending=True).values
        assert [line.split()[0] for line in shares] == [f"{share:.1%}" for share in logits[:5]]
        assert f"{energy_report(model, padded).snn_mj:.4g} mJ" in energy
    assert "4.6 pJ" in out
    assert "Not counted: reading and writing memory" in out


def test_predict_writes_a_table_row_by_row(capsys, tmp_path):
    images, labels = mnist5k("test")
    (pictures := tmp_path / "pictures").mkdir()
    for number in range(3):
        picture = Image.fromarray((images[number, 0] * 255).byte().numpy())
        picture.save(pictures / f"{number}.png")
    (pictures / "bad.png").write_text("no picture")
    status, out, err = typed(capsys, "predict", pictures, "--csv", tmp_path / "answers.csv")
    assert status == 1
    assert "3 answers written to" in out
    assert "bad.png cannot be read as an image" in err
    table = pd.read_csv(tmp_path / "answers.csv")
    assert table.image.tolist() == [str(pictures / f"{number}.png") for number in range(3)]
    assert table.class_1.tolist() == labels[:3].tolist()
    assert (table.filter(like="share").diff(axis=1).iloc[:, 1:] <= 0).all().all()
    one = typed(capsys, "predict", pictures / "1.png")[1]
    assert f"{table.share_1[1]:.1%}   {table.class_1[1]}" in one
    assert f"{table.snn_mj[1]:.4g} mJ" in one
    assert not list(tmp_path.glob("*.part"))


def test_a_table_of_nothing_is_not_written(capsys, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    words = ["predict", tmp_path / "bad.png", "--csv", tmp_path / "answers.csv"]
    status, _, err = typed(capsys, *words)
    assert status == 1
    assert "bad.png cannot be read as an image" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.png"]


def test_predict_takes_any_size_and_kind_of_image(capsys, run, tmp_path):
    for name, mode, size in (("a.jpg", "RGB", (300, 200)), ("b.png", "RGBA", (16, 40)),
                             ("c.gif", "P", (5, 5)), ("d.png", "L", (64, 64))):  # fmt: skip
        Image.new(mode, size, 120).save(tmp_path / name)
        status, out, _ = typed(capsys, "predict", tmp_path / name, "--model", run / "run")
        assert status == 0, name
        assert len(re.findall(r"%   row \d", out)) == 5
    (tmp_path / "text.png").write_text("no image")
    status, _, err = typed(capsys, "predict", tmp_path / "text.png")
    assert status == 1
    assert "cannot be read as an image" in err


@pytest.mark.parametrize("counting", ["input", "merged", "paper"])
def test_energy_is_that_of_the_report(capsys, counting):
    status, out, _ = typed(capsys, "energy", "--images", "10", "--counting", counting)
    assert status == 0
    images, _ = mnist5k("test")
    padded = torch.nn.functional.pad(images, [2] * 4)[::100]
    model = load_weights(shipped("micro_digits.safetensors"))
    report = energy_report(model, padded, counting=counting)
    assert f"energy   {report.snn_mj:.4g} mJ" in out
    assert f"twin     {report.ann_mj:.4g} mJ" in out
    for layer in report.layers.layer:
        assert layer in out


def test_info(capsys, tmp_path):
    status, out, _ = typed(capsys, "info", "tiny", "--layers")
    assert status == 0
    assert re.search(r"widths +64,128,256,512\n", out)
    assert re.search(r"parameters +[\d,]{10}", out)
    assert re.search(r"head +linear +512,000 +", out)
    model = load_weights(shipped("micro_digits.safetensors"))
    save_weights(model, tmp_path / "a.safetensors", {"seed": 7, "made": {"by": "hand"}})
    status, out, _ = typed(capsys, "info", tmp_path / "a.safetensors")
    assert f"{sum(p.numel() for p in model.parameters()):,}" in out
    assert re.search(r"seed +7\n", out)
    assert re.search(r"made.by +hand\n", out)
    assert typed(capsys, "info", "medium")[0] == 1
