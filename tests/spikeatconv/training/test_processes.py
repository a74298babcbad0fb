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


def test_killed_at_twenty_random_moments_it_ends_as_if_undisturbed(tmp_path):
    done = subprocess.run(
        [sys.executable, PROGRAM, "kills", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["status"] == [0, 0]
    assert [kill["killed"] for kill in report["kills"]] == [True] * 20, report
    whole, killed = curve(tmp_path / "whole.jsonl"), curve(tmp_path / "killed.jsonl")
    expected = {metrics["step"]: metrics for metrics in whole}
    assert len(whole) == len(expected) == 7 * 12
    assert all(metrics == expected[metrics["step"]] for metrics in killed)  # also what came twice
    assert {metrics["step"] for metrics in killed} == set(expected)  # and nothing is missing
    assert_same_checkpoints(tmp_path / "whole", tmp_path / "killed")


def wait_for_steps(steps, log, process):
    while not log.exists() or log.read_bytes().count(b"\n") < steps:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_ends_the_program(tmp_path, number):
    log = tmp_path / "run0.jsonl"
    command = [sys.executable, PROGRAM, "train", tmp_path]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for_steps(3, log, process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    if number == signal.SIGTERM:
        assert (process.returncode, errors) == (143, "")
    else:
        assert process.returncode == -signal.SIGINT
        assert "KeyboardInterrupt" in errors
    last = Checkpoints(tmp_path / "run").last()
    found = curve(log)
    assert last.name == f"step-{len(found):08}"
    assert [metrics["step"] for metrics in found] == list(range(1, len(found) + 1))
    assert not (tmp_path / "run" / ".draft").exists()


def test_two_processes_end_after_the_same_step(tmp_path):
    command = [sys.executable, *TORCHRUN, PROGRAM, "train", tmp_path]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ONE_THREAD)
    wait_for_steps(3, tmp_path / "run1.jsonl", process)
    process.send_signal(signal.SIGTERM)  # torchrun passes it on
    process.communicate(timeout=300)
    one, two = curve(tmp_path / "run0.jsonl"), curve(tmp_path / "run1.jsonl")
    assert one == two
    assert Checkpoints(tmp_path / "run").last().name == f"step-{len(one):08}"


def gradients(path):
    with safe_open(path, framework="pt") as opened:
        return load_file(path), json.loads(opened.metadata()["metrics"])


def test_two_processes_give_the_gradients_of_one(tmp_path):
    """Each has half of the batch; in a network without BatchNorm, whose mean over half a batch
    is another one than over the whole, the mean of their gradients is the whole batch's."""
    runpy.run_path(str(PROGRAM))["gradients"](tmp_path / "one.safetensors")
    one, alone = gradients(tmp_path / "one.safetensors")
    command = [sys.executable, *TORCHRUN, PROGRAM, "gradients", tmp_path / "two.safetensors"]
    subprocess.run(command, check=True, env=ONE_THREAD)
    two, together = gradients(tmp_path / "two.safetensors")
    assert one.keys() == two.keys()
    for name, gradient in one.items():
        assert torch.allclose(gradient, two[name], rtol=0, atol=1e-5), name
    assert max(g.abs().max().item() for g in one.values()) > 0.01
    for a, b in zip(alone, together, strict=True):
        assert a == pytest.approx(b, rel=1e-5)
