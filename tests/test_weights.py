"""Weights survive a round trip exactly; a file that is not right says what is wrong."""

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import spikeatconv.weights as weights
from spikeatconv import LIF, Atan, Sigmoid, SpikeAtConv, SpikingResNet18, fold, preset
from spikeatconv.weights import load_weights, save_weights, weights_note

SMALL = preset("micro", widths=(8, 16), depths=(1, 1), partition_size=(4, 2), head_width=8)


def small(**changes):
    torch.manual_seed(0)
    return SpikeAtConv(replace(SMALL, **changes)).eval()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(small(), path, {"seed": 0})
    return path


def changed(file, tmp_path, tensors=None, **metadata):
    """A copy of the file with other tensors or metadata."""
    with weights.safe_open(file, framework="pt") as opened:
        before = opened.metadata()
    path = tmp_path / "changed.safetensors"
    save_file(load_file(file) if tensors is None else tensors, path, {**before, **metadata})
    return path


@pytest.mark.parametrize(
    "model",
    [
        *(small(spk=spk) for spk in ("sl", "rl", "mbpl", "hsl", "dcl")),
        small(attention="bdsa", spk_options={"surrogate": Sigmoid(3.0), "thresholds": (1.0, 2.0)}),
        small(spiking=False),
        fold(small()),
        SpikingResNet18(5, width=4, spk="mbpl", surrogate=Atan(3.0)).eval(),
    ],
    ids=["sl", "rl", "mbpl", "hsl", "dcl", "options", "twin", "folded", "resnet"],
)
def test_a_round_trip_is_exact(model, tmp_path):
    path = tmp_path / "model.safetensors"
    save_weights(model, path)
    state = torch.random.get_rng_state()
    loaded = load_weights(path)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert loaded.config == model.config
    assert not loaded.training
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.equal(loaded(images), model(images))


def test_the_note_comes_back(file):
    assert weights_note(file) == {"seed": 0}


def test_half_precision_stays(tmp_path):
    save_weights(small().bfloat16(), tmp_path / "half.safetensors")
    loaded = load_weights(tmp_path / "half.safetensors")
    assert {p.dtype for p in loaded.parameters()} == {torch.bfloat16}


def test_the_config_that_was_expected(file):
    assert load_weights(file, SMALL).config == SMALL
    with pytest.raises(ValueError, match="classes is 10 in the file and 100 in config"):
        load_weights(file, preset("micro", classes=100))


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors: there is no such file"):
        load_weights(tmp_path / "none.safetensors")


def test_a_foreign_file(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="written by another program"):
        load_weights(path)
    path.write_text("not a safetensors file")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        load_weights(path)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"version": "2"}, r"its version is '2', this program reads up to 1"),
        ({"model": "os.system"}, r"its model is 'os.system', expected SpikeAtConv or"),
        ({"config": "{"}, "its config does not make a SpikeAtConv"),
        ({"config": json.dumps({"width": [3]})}, "unexpected keyword argument 'width'"),
        ({"config": json.dumps({"spk": "xl"})}, "spk is 'xl'; choose one of"),
    ],
)
def test_metadata_that_do_not_fit(file, tmp_path, metadata, message):
    with pytest.raises(ValueError, match=message):
        load_weights(changed(file, tmp_path, **metadata))


def test_tensors_that_do_not_fit(file, tmp_path):
    tensors = load_file(file)
    fewer = {name: tensor for name, tensor in tensors.items() if name != "head.bias"}
    with pytest.raises(ValueError, match="1 tensors are missing"):
        load_weights(changed(file, tmp_path, fewer))
    with pytest.raises(ValueError, match="1 tensors are unexpected: extra"):
        load_weights(changed(file, tmp_path, {**tensors, "extra": torch.zeros(1)}))
    with pytest.raises(ValueError, match=r"head.bias has shape \[3\], expected \[10\]"):
        load_weights(changed(file, tmp_path, {**tensors, "head.bias": torch.zeros(3)}))


@settings(max_examples=25)
@given(share=st.floats(0, 0.999))
def test_a_truncated_file(file, tmp_path_factory, share):
    content = file.read_bytes()
    path = tmp_path_factory.mktemp("cut") / "cut.safetensors"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        load_weights(path)


def test_models_and_options_that_a_file_cannot_hold(tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(TypeError, match="model is a LIF"):
        save_weights(LIF(), path)

    class Mine(Atan):
        pass

    with pytest.raises(TypeError, match="cannot hold the option .*Mine"):
        save_weights(small(spk="sl", spk_options={"surrogate": Mine(2.0)}), path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_else(file, tmp_path, monkeypatch):
    path = tmp_path / "kept.safetensors"
    path.write_bytes(file.read_bytes())

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(weights.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save_weights(small(spk="sl"), path)
    assert path.read_bytes() == file.read_bytes()
    assert list(tmp_path.iterdir()) == [path]
