"""Trainings that are killed, ended by a signal, or run in two processes."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from spikeatconv.training import Checkpoints

PROGRAM = Path(__file__).with_name("runs.py")
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
pytestmark = pytest.mark.skipif(os.name != "posix", reason="fork, SIGKILL and SIGTERM are POSIX")


def curve(log):
    return [json.loads(line) for line in log.read_text().splitlines()]


def assert_same_checkpoints(one, two):
    """Names, and every tensor and number in them; training.safetensors has no fixed order."""
    paths = Checkpoints(one).all()
    assert [p.name for p in paths] == [p.name for p in Checkpoints(two).all()]
    for path in paths:
        other = two / path.name
        name = "weights.safetensors"
        assert (path / name).read_bytes() == (other / name).read_bytes()
        a, b = (load_file(p / "training.safetensors") for p in (path, other))
        assert a.keys() == b.keys()
        assert all(torch.equal(a[n], b[n]) for n in a)
        a, b = (json.loads((p / "state.json").read_text()) for p in (path, other))
        assert {**a, "files": 0, "sha256": 0} == {**b, "files": 0, "sha256": 0}


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """(folder, report) of one program's trainings, undisturbed, killed, and ended by a signal."""
    folder = tmp_path_factory.mktemp("ends")
    done = subprocess.run([sys.executable, PROGRAM, "ends", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_killed_at_ten_random_moments_it_ends_as_if_undisturbed(ends):
    folder, report = ends
    assert report["status"] == [0, 0]
    assert [kill["killed"] for kill in report["kills"]] == [True] * 10, report
    whole, killed = curve(folder / "whole.jsonl"), curve(folder / "killed.jsonl")
    expected = {metrics["step"]: metrics for metrics in whole}
    assert len(whole) == len(expected) == 5 * 12
    assert all(metrics == expected[metrics["step"]] for metrics in killed)  # also what came twice
    assert {metrics["step"] for metrics in killed} == set(expected)  # and nothing is missing
    assert_same_checkpoints(folder / "whole", folder / "killed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_ends_the_program(ends, number):
    folder, status = ends[0] / str(int(number)), ends[1]["signals"][str(int(number))]
    errors = (folder / "errors").read_text()
    if number == signal.SIGTERM:
        assert (status, errors) == (143, "")
    else:
        assert status == -signal.SIGINT
        assert "KeyboardInterrupt" in errors
    last = Checkpoints(folder / "run").last()
    found = curve(folder / "run0.jsonl")
    assert last.name == f"step-{len(found):08}"
    assert [metrics["step"] for metrics in found] == list(range(1, len(found) + 1))
    assert not (folder / "run" / ".draft").exists()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The folder of two processes that gave their gradients, trained and were ended."""
    folder = tmp_path_factory.mktemp("pair")
    command = [sys.executable, *TORCHRUN, PROGRAM, "pair", folder]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ONE_THREAD)
    log = folder / "run1.jsonl"
    while not log.exists() or log.read_bytes().count(b"\n") < 3:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)  # torchrun passes it on
    process.communicate(timeout=300)
    return folder


def test_two_processes_end_after_the_same_step(pair):
    one, two = curve(pair / "run0.jsonl"), curve(pair / "run1.jsonl")
    assert one == two
    assert Checkpoints(pair / "run").last().name == f"step-{len(one):08}"


def gradients(path):
    with safe_open(path, framework="pt") as opened:
        return load_file(path), json.loads(opened.metadata()["metrics"])


@pytest.mark.parametrize(("name", "changes"), [("two", "WITHOUT"), ("sync", "TWIN")])
def test_two_processes_give_the_gradients_of_one(pair, tmp_path, name, changes):
    """Each has half of the batch; in a network without BatchNorm, whose mean over half a batch
    is another one than over the whole, the mean of their gradients is the whole batch's. So it is
    with BatchNorm in sync, and its running statistics are those of one process."""
    runs = runpy.run_path(str(PROGRAM))
    runs["gradients"](tmp_path / "one.safetensors", runs[changes])
    one, alone = gradients(tmp_path / "one.safetensors")
    two, together = gradients(pair / f"{name}.safetensors")
    assert one.keys() == two.keys()
    for name, gradient in one.items():
        assert torch.allclose(gradient, two[name], rtol=0, atol=1e-5), name
    assert max(g.abs().max().item() for g in one.values()) > 0.01
    for a, b in zip(alone, together, strict=True):
        assert a == pytest.approx(b, rel=1e-5)
