"""A network for elsewhere: the file answers as PyTorch, and a wrong one is never written."""

import copy
import json
import sys
from dataclasses import asdict
from pathlib import Path

import nir
import nirtorch
import numpy as np
import pytest
import torch
from norse.torch import LIFBoxCell, LIFBoxParameters
from torch import nn

from spikeatconv import (
    SpikeAtConv,
    SpikingResNet18,
    fold,
    load_weights,
    mnist5k,
    preset,
    save_weights,
)
from spikeatconv.cli import main
from spikeatconv.command.export import FORMATS, compare, export
from spikeatconv.command.graphs import quiet
from spikeatconv.command.trained import Trained
from spikeatconv.images.picture import Fit

ROOT = Path(__file__).parents[3]
DIGITS = tuple("0123456789")
FIT = Fit(16, 1)
LOW = {"v_threshold": 0.4}  # so that spikes get to the end of an untrained ResNet
TWO_THRESHOLDS = {"spk": "mbpl", "readout": "sum", "mixer": False, "thresholds": (0.3, 0.6)}


@pytest.fixture(scope="module")
def images():
    digits = mnist5k("test")[0][:16]
    return nn.functional.interpolate(digits, 16)


def alive(model, images):
    """In eval mode, its BatchNorms as if it had seen them, so that its neurons fire."""
    for _ in range(15):
        model.train()(images)
    return model.eval()


def micro(images, **changes):
    small = {"widths": (8,), "depths": (1,), "partition_size": 2, "head_width": 8}
    small |= {"time_steps": 2, "classes": 10, "in_channels": 1, "attention": "bdsa"}
    return alive(SpikeAtConv(preset("micro", **small | changes)), images)


def resnet(images, **options):
    options = {"spk": "sl", "time_steps": 2, "in_channels": 1, "width": 4} | options
    return alive(SpikingResNet18(10, **options), images)


def trained(model):
    return Trained(Path("a.safetensors"), model, {"seed": 3}, FIT, DIGITS, True)


def run_onnx(file, images):
    import onnxruntime  # not at the top: without the extra one test fails, and no more

    session = onnxruntime.InferenceSession(file)
    return session.run(None, {"images": images.numpy()})[0]


def run_pt2(file, images):
    with quiet():
        return torch.export.load(file).module()(images).detach().numpy()


@pytest.mark.parametrize("run", [run_onnx, run_pt2])
def test_a_file_gives_the_logits_of_the_folded_network(images, tmp_path, capsys, run):
    model, file = micro(images), tmp_path / f"net.{run.__name__[4:]}"
    note = {"data": {"classes": DIGITS}, "prepared": asdict(FIT), "seed": 3}
    save_weights(model, tmp_path / "a.safetensors", note)
    words = ["export", file, "--model", tmp_path / "a.safetensors", "--data", "digits"]
    assert main([str(word) for word in [*words, "--images", "9"]]) == 0
    told = capsys.readouterr().out
    assert "same class   100.0% as in PyTorch" in told
    assert "9 test images of digits" in told
    with torch.no_grad():
        expected = fold(model)(images).numpy()
    assert expected.std(0).min() > 1e-3  # images differ by far more than what follows allows
    for many in (1, 5, 16):
        np.testing.assert_allclose(run(str(file), images[:many]), expected[:many], atol=1e-5)
    broken = images[:3].clone()
    broken[1, 0, 4, 4] = torch.nan
    assert np.isnan(run(str(file), broken)).all(1).tolist() == [False, True, False]
    assert str(ROOT).encode() not in file.read_bytes()
    if run is run_onnx:
        import onnx

        about = {entry.key: json.loads(entry.value) for entry in onnx.load(file).metadata_props}
    else:
        files = {"about.json": ""}
        with quiet():
            torch.export.load(str(file), extra_files=files)
        about = json.loads(files["about.json"])
    assert about["classes"] == list(DIGITS)
    assert about["prepared"] == asdict(FIT)
    assert about["note"]["seed"] == 3


@pytest.mark.parametrize("options", [LOW, LOW | {"spk": "hsl", "v_rest": 0.1}, TWO_THRESHOLDS])
def test_nir_gives_the_logits_of_the_folded_network(images, tmp_path, options):
    model = resnet(images, **options)
    frames = torch.stack([images, images.roll(3, -1)])
    export(trained(model), frames, tmp_path / "moving.nir")
    found = export(trained(model), images, tmp_path / "net.nir")
    assert found["same"] == 1
    assert found["largest"] < 1e-5
    graph = nir.read(tmp_path / "net.nir")
    assert json.loads(graph.metadata["classes"]) == list(DIGITS)
    other, state, steps = nirtorch.nir_to_torch(graph, {nir.LIF: norse_cell}), None, []
    with torch.no_grad():
        for _ in range(2):
            logits, state = other(images, state)
            steps.append(logits.flatten(1))
        expected = fold(model)(images)
    torch.testing.assert_close(torch.stack(steps).mean(0), expected, atol=1e-5, rtol=0)


def norse_cell(node):
    names = {"v_leak": "v_leak", "v_th": "v_threshold", "v_reset": "v_reset"}
    values = {name: torch.from_numpy(getattr(node, theirs)) for name, theirs in names.items()}
    return LIFBoxCell(LIFBoxParameters(1 / torch.from_numpy(node.tau), **values), dt=1e-3)


def higher_threshold(network):
    network.blocks[4].last.lif.v_threshold = 0.42


def other_classes(network):
    network.head.weight.data = network.head.weight.roll(1, 0)


def one_step(network):
    vars(network.config)["time_steps"] = 1


def broken(network):
    network.head.bias.data[3] = torch.nan


@pytest.mark.parametrize("change", [higher_threshold, other_classes, one_step, broken])
def test_a_wrong_export_is_never_written(images, tmp_path, monkeypatch, change):
    """It is of a network that differs a little. What stood there before stays."""
    file, right = tmp_path / "net.nir", FORMATS[".nir"]
    file.write_text("an older one")

    def write(network, images, about):
        change(other := copy.deepcopy(network))
        return right.write(other, images, about)

    monkeypatch.setitem(FORMATS, ".nir", right._replace(write=write))
    with pytest.raises(ValueError, match=r"net\.nir was not written: on \d+ of 16 images"):
        export(trained(resnet(images, **LOW)), images, file)
    assert [path.name for path in tmp_path.iterdir()] == ["net.nir"]
    assert file.read_text() == "an older one"


def test_a_graph_of_two_images_alone_is_never_written(images, tmp_path, monkeypatch):
    def opened(content):
        def run(images):
            raise RuntimeError(f"Expected 2 images, got {len(images)}")

        return run

    monkeypatch.setitem(FORMATS, ".nir", FORMATS[".nir"]._replace(open=opened))
    with pytest.raises(ValueError, match=r"no file was written: what runs .* 2 images, got 1"):
        export(trained(resnet(images, **LOW)), images, tmp_path / "net.nir")
    assert not list(tmp_path.iterdir())


def test_a_spike_that_rounding_turns_over_is_told_and_passes(images):
    model = resnet(images, **LOW)
    network = fold(model)
    turned = {0: 0.1, 7: -0.2, 8: 0.1}

    def run(some):
        logits = network(some)
        for number, by in turned.items():
            logits[(some == images[number]).all((1, 2, 3)).nonzero(), 2] += by
        return logits + 1e-6

    found = compare(run, network, model, images)
    assert found["turned"] == 3
    assert found["largest"] == pytest.approx(0.2, abs=1e-4)
    assert found["median"] < 1e-5 < found["allowed"] < 1e-3


def test_what_cannot_be_exported_is_said_before_it_is_tried(images, tmp_path, monkeypatch, capsys):
    def refused(words, model, file, some=images):
        with pytest.raises(ValueError, match=words):
            export(trained(model), some, tmp_path / file)

    one = resnet(images, **LOW)
    refused(r"ends in '\.tflite'; end it in one of \.onnx, \.pt2, \.nir", one, "net.tflite")
    refused("1 images were given; give 2", one, "net.nir", images[:1])
    refused(
        "same logits for all 16 images",
        SpikingResNet18(10, v_threshold=99.0, in_channels=1, width=4),
        "net.nir",
    )
    for options, what in (
        ({"spk": "rl"}, "RL"), ({"spk": "dcl"}, "DCL"), ({"spk": "mbpl"}, "MBPL"),
        ({"spiking": False}, "GELU"), ({"v_reset": None}, "the soft reset"),
    ):  # fmt: skip
        model = SpikingResNet18(10, **{"in_channels": 1, "width": 4} | options)
        refused(f"NIR has no primitive for .*{what}.*Give a .onnx or .pt2", model, "net.nir")
    refused("what attends in a SpikeAtConv", load_weights("micro_digits"), "net.nir")
    (tmp_path / "folder.pt2").mkdir()
    for file, words in (
        ("none/net.pt2", "none: there is no such folder; make it first"),
        ("folder.pt2", "is a folder, a pipe or a device"),
        ("net.h5", "ends in '.h5'"),
    ):
        assert main(["export", str(tmp_path / file)]) == 1
        assert words in capsys.readouterr().err
    needed = ("onnx", "onnxscript", "onnxruntime")
    for package in needed:
        with monkeypatch.context() as patch:
            for other in needed:
                patch.setitem(sys.modules, other, None if other == package else sys)
            assert main(["export", str(tmp_path / "net.onnx")]) == 1
        said = capsys.readouterr().err
        assert f"an export to .onnx needs the package {package}" in said
        assert "'.[export]'" in said
    assert [path.name for path in tmp_path.iterdir()] == ["folder.pt2"]
