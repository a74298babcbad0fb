"""One training at a time in a folder, and a dead one blocks nobody."""

import os
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from spikeatconv.training import Checkpoints, lock, train
from spikeatconv.training.lock import InUse, alone_in, check_free

RUNS = runpy.run_path(str(Path(__file__).with_name("runs.py")))
RECIPE = replace(RUNS["RECIPE"], epochs=2, warmup_epochs=1)
HOLDER = f"""
import runpy, sys
from pathlib import Path
alone_in = runpy.run_path({lock.__file__!r})["alone_in"]  # without the package, which imports torch
with alone_in(Path(sys.argv[1])):
    print("holds it", flush=True)
    sys.stdin.read()
"""


def loop(folder):
    return train(RUNS["small"](), RUNS["images"](), RUNS["images"](30, 16), RECIPE, folder,
                 cpu=True)  # fmt: skip


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "run"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "holds it\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_training_is_refused_and_told_who_holds_the_folder(tmp_path, holder):
    told = rf"run is in use: process {holder.pid} on .* wait for it, stop it, or give another fold"
    before = (tmp_path / "run" / ".lock").read_bytes()
    for _ in range(2):
        with pytest.raises(InUse, match=told):
            next(loop(tmp_path / "run"))
        with pytest.raises(InUse, match=told):
            check_free(tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]
    assert (tmp_path / "run" / ".lock").read_bytes() == before


@pytest.mark.parametrize("end", ["kill", "let end"])
def test_a_process_that_ended_blocks_nobody(tmp_path, holder, end):
    if end == "kill":
        holder.kill()
    holder.communicate()
    assert (tmp_path / "run" / ".lock").exists() == (end == "kill")
    check_free(tmp_path / "run")
    begun = loop(tmp_path / "run")
    assert next(begun)["step"] == 1
    assert (tmp_path / "run" / ".lock").read_text().startswith(f"{os.getpid()} on ")
    begun.close()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["step-00000001"]


def test_a_folder_that_cannot_be_made_is_told_with_a_mend(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(OSError, match=r"cannot be written: .*A file stands where a folder"):
            next(loop(folder))


def test_the_same_program_does_not_train_twice_into_a_folder(tmp_path):
    one = loop(tmp_path / "run")
    next(one)
    for place in (tmp_path / "run", tmp_path / "other" / ".." / "run"):
        (tmp_path / "other").mkdir(exist_ok=True)
        with pytest.raises(InUse, match=r"in use by a training of this very program"):
            next(loop(place))
    next(loop(tmp_path / "another"))
    next(one)  # and goes on
    one.close()
    assert Checkpoints(tmp_path / "run").last().name == "step-00000002"
    assert next(loop(tmp_path / "run"))["step"] == 3


def test_a_training_that_fails_lets_the_folder_go(tmp_path):
    next(loop(tmp_path / "run"))
    other = train(RUNS["small"](), RUNS["images"](48), RUNS["images"](30, 16), RECIPE,
                  tmp_path / "run", cpu=True)  # fmt: skip
    with pytest.raises(ValueError, match="belongs to another training"):
        next(other)
    with alone_in(tmp_path / "run"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="fork is POSIX")
def test_a_forked_worker_does_not_hold_the_folder(tmp_path, holder):
    """A reader that outlives a killed training by seconds."""
    holder.kill()
    holder.communicate()
    code = HOLDER.replace(
        "    sys.stdin", "    import os\n    if os.fork(): os._exit(0)\n    sys.stdin"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "run"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "holds it\n"
    process.wait()
    check_free(tmp_path / "run")
    process.communicate()
