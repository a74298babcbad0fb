"""Weights survive a round trip exactly; a file that is not right says what is wrong."""

import json
import os
import stat
import tracemalloc
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.prune import l1_unstructured

import spikeatconv.weights as weights
from spikeatconv import LIF, MBPL, Atan, Attend, Sigmoid, SpikeAtConv, SpikingResNet18, fold, preset
from spikeatconv.data import shipped, shipped_weights
from spikeatconv.model import SpikeAtConvConfig
from spikeatconv.resnet import SpikingResNet18Config
from spikeatconv.weights import load_weights, save_weights, weights_note

SMALL = {"widths": (8, 16), "depths": (1, 1), "partition_size": (4, 2), "head_width": 8}


def small(**changes):
    torch.manual_seed(0)
    return SpikeAtConv(preset("micro", **{**SMALL, **changes})).eval()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(small(), path, {"seed": 0})
    return path


def metadata_of(file):
    with safe_open(file, framework="pt") as opened:
        return opened.metadata()


def changed(file, tmp_path, tensors=None, **metadata):
    """A copy of the file with other tensors or metadata; its checksum stays."""
    before = metadata_of(file)
    path = tmp_path / "changed.safetensors"
    save_file(load_file(file) if tensors is None else tensors, path, {**before, **metadata})
    return path


def parameters(model):
    return list(model.parameters())


def damaged(folder, content):
    path = folder / "damaged.safetensors"
    path.write_bytes(content)
    return path


def header_end(content):
    return 8 + int.from_bytes(content[:8], "little")


@pytest.mark.parametrize(
    "make",
    [
        *(partial(small, spk=spk) for spk in ("sl", "rl", "mbpl", "hsl", "dcl")),
        partial(
            small,
            attention="bdsa",
            spk_options={"surrogate": Sigmoid(3.0), "thresholds": (1.0, 2.0)},
        ),
        partial(small, spiking=False),
        lambda: fold(small()),
        lambda: SpikingResNet18(5, width=4, spk="mbpl", surrogate=Atan(3.0)).eval(),
    ],
    ids=["sl", "rl", "mbpl", "hsl", "dcl", "options", "twin", "folded", "resnet"],
)
def test_a_round_trip_is_exact(make, tmp_path):
    model = make()
    path = tmp_path / "model.safetensors"
    save_weights(model, path)
    state = torch.random.get_rng_state()
    loaded = load_weights(path)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert loaded.config == model.config
    assert not loaded.training
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.equal(loaded(images), model(images))
    for found, right in zip(parameters(loaded), parameters(model), strict=True):
        assert (found.stride(), found.requires_grad) == (right.stride(), right.requires_grad)


def test_the_note_comes_back(file, tmp_path):
    assert weights_note(file) == {"seed": 0}
    save_weights(small(spk="sl"), tmp_path / "plain.safetensors")
    assert weights_note(tmp_path / "plain.safetensors") == {}


def test_the_metadata_are_text_that_other_programs_can_read(file):
    metadata = metadata_of(file)
    assert metadata["format"] == "spikeatconv"
    assert metadata["version"] == "1"
    assert metadata["model"] == "SpikeAtConv"
    assert metadata["folded"] == "false"
    assert json.loads(metadata["config"])["widths"] == [8, 16]
    assert json.loads(metadata["note"]) == {"seed": 0}


def test_the_same_model_makes_the_same_bytes(file, tmp_path):
    save_weights(small(), tmp_path / "again.safetensors", {"seed": 0})
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="permissions as in POSIX")
def test_others_can_read_the_file_as_any_other(file, tmp_path):
    (tmp_path / "any").touch()
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE((tmp_path / "any").stat().st_mode)


def test_a_loaded_model_learns_and_is_saved_again(file, tmp_path):
    model = load_weights(file).train()
    model(torch.zeros(2, 3, 32, 32)).sum().backward()
    assert all(parameter.grad is not None for parameter in parameters(model))
    path = tmp_path / "again.safetensors"
    save_weights(model, path)
    path.unlink()  # nothing of the model lives in the file
    assert torch.isfinite(model.eval()(torch.zeros(1, 3, 32, 32))).all()


def test_a_file_without_a_checksum_loads(file, tmp_path):
    metadata = metadata_of(file)
    del metadata["sha256"]
    path = tmp_path / "bare.safetensors"
    save_file(load_file(file), path, metadata)
    assert torch.equal(load_weights(path).head.weight, load_weights(file).head.weight)


def test_half_precision_stays(tmp_path):
    save_weights(small().bfloat16(), tmp_path / "half.safetensors")
    loaded = load_weights(tmp_path / "half.safetensors")
    assert {p.dtype for p in loaded.parameters()} == {torch.bfloat16}


def test_a_file_that_names_no_readout_holds_membranes(tmp_path):
    """As all that were written before MBPL could send a sum."""
    config = SpikeAtConvConfig(**SMALL)
    assert config.spk_options == {}
    save_weights(SpikeAtConv(config), tmp_path / "old.safetensors")
    block = load_weights(tmp_path / "old.safetensors").stem_to_stream[0]
    assert len(block.mixers) == 1
    assert block.closing is None


def test_the_config_that_was_expected(file):
    config = preset("micro", **SMALL)
    assert load_weights(file, config).config == config
    wanted = preset("micro", classes=100)
    with pytest.raises(ValueError, match=r"widths is \(8, 16\) in the file and \(32, 64, 128\) in"):
        load_weights(file, wanted)
    with pytest.raises(ValueError, match="classes is 10 in the file and 100 in config"):
        load_weights(file, wanted)
    with pytest.raises(ValueError, match="holds a SpikeAtConv, config is a dict"):
        load_weights(file, {"classes": 10})


def test_the_config_of_a_resnet_that_was_expected(tmp_path):
    path = tmp_path / "resnet.safetensors"
    save_weights(SpikingResNet18(5, width=4, spk="mbpl", thresholds=[0.5, 1.0]), path)
    arguments = {"classes": 5, "width": 4, "spk": "mbpl", "thresholds": (0.5, 1.0)}
    others = {"time_steps": 1, "spiking": True, "in_channels": 3, "thresholds": [0.5, 1.0]}
    assert json.loads(metadata_of(path)["config"]) == {**arguments, **others}  # as version 0.1.0
    assert load_weights(path, arguments).config.spk_options["thresholds"] == (0.5, 1.0)
    wanted = SpikingResNet18Config(5, "mbpl", width=4, spk_options={"thresholds": (0.5, 1.0)})
    assert load_weights(path, wanted).config == wanted
    with pytest.raises(ValueError, match=r"time_steps is 1 in the file and 8 in config\."):
        load_weights(path, {**arguments, "time_steps": 8})
    with pytest.raises(ValueError, match=r"tau is None in the file and 3.0 in config"):
        load_weights(path, {**arguments, "tau": 3.0})


# --- networks that ship


def test_each_network_that_ships_is_loaded_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = shipped_weights()
    assert "micro_digits" in names
    for name in names:
        model, file = load_weights(name), shipped(f"{name}.safetensors")
        assert model.config == load_weights(file).config
        assert weights_note(name) == weights_note(file)
    save_weights(small(spk="sl"), tmp_path / "micro_digits")
    assert load_weights("micro_digits").config == small(spk="sl").config  # a file goes first


def test_a_name_that_does_not_ship_is_told_those_that_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"name of a network that ships: .*micro_digits,"):
        load_weights("micro_digit")


# --- files that are not right


def test_a_missing_file(tmp_path):
    for read in (load_weights, weights_note):
        with pytest.raises(FileNotFoundError, match=r"none\.safetensors: there is no such file"):
            read(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match=r"is a folder; give the .safetensors file"):
        load_weights(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"none: there is no such folder; make it first"):
        save_weights(small(spk="sl"), tmp_path / "none" / "x.safetensors")


def test_a_file_of_another_program(tmp_path):
    path = tmp_path / "foreign.safetensors"
    for metadata in (None, {"format": "pt"}):
        save_file({"a": torch.zeros(2)}, path, metadata)
        with pytest.raises(ValueError, match=r"foreign\..*expected 'spikeatconv'.*another program"):
            load_weights(path)


def header(text, tensors=b""):
    return len(text).to_bytes(8, "little") + text + tensors


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"a text that is long enough for a header",
        b"\x80\x04" + bytes(100),  # a pickle begins like this
        header(b"{not JSON"),
        header(b"{" + b'"a":{' * 50_000),
        header(b'{"a":3}'),
        header(b'{"__metadata__":{"format":3}}'),
        header(b'{"__metadata__":null}'),
    ],
)
def test_a_file_that_is_no_safetensors(content, tmp_path):
    with pytest.raises(ValueError, match=r"damaged\.safetensors.* not a safetensors file"):
        load_weights(damaged(tmp_path, content))


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"version": "2"}, r"its version is '2', this spikeatconv reads '1'; .* update"),
        ({"model": "os.system"}, r"its model is 'os.system', expected one of \['SpikeAtConv', "),
        ({"folded": "maybe"}, "its folded is 'maybe', expected 'true' or 'false'"),
        ({"config": "{"}, "its config is no valid JSON"),
        ({"config": "[" * 100_000}, "its config is no valid JSON"),
        ({"config": "[3]"}, r"its config is \[3\], expected a JSON object"),
        ({"config": json.dumps({"width": [3]})}, r"unknown fields \['width'\]; known are \['wid"),
        ({"config": json.dumps({"spk": "xl"})}, "spk is 'xl'; choose one of"),
        ({"config": json.dumps({"widths": 3})}, "does not make a SpikeAtConv"),
        ({"config": json.dumps({"classes": 10**30})}, "does not make a SpikeAtConv"),
        (
            {"config": json.dumps({"spk_options": {"alpha": 1}})},
            "MBPL does not know 'alpha'; choose",
        ),
        (
            {"config": json.dumps({"widths": [8], "depths": [10**9], "partition_size": [4]})},
            r"depths\[0\] is 1000000000; give a whole number, from 1 to 128",
        ),
        (
            {"config": '{"spk_options": {"surrogate": {"surrogate_class": "X", "alpha": 1}}}'},
            r"surrogate_class is 'X'; choose one of \['Atan', 'Sigmoid'\]",
        ),
        ({"model": "SpikingResNet18", "config": "{}"}, "missing 1 required .* 'classes'"),
        ({"time": "now"}, r"unknown entries \['time'\]"),
    ],
)
def test_metadata_that_do_not_fit(file, tmp_path, metadata, message):
    with pytest.raises(ValueError, match=message) as caught:
        load_weights(changed(file, tmp_path, **metadata))
    assert "changed.safetensors cannot be used" in str(caught.value)
    assert "to mend it, " in str(caught.value)


def test_tensors_that_do_not_fit(file, tmp_path):
    tensors = load_file(file)
    fewer = {name: tensor for name, tensor in tensors.items() if name != "head.bias"}
    with pytest.raises(ValueError, match=r"1 of its tensors is missing: head.bias; its config"):
        load_weights(changed(file, tmp_path, fewer))
    count = sum(name.startswith("stages.0") for name in tensors)
    fewer = {name: t for name, t in tensors.items() if not name.startswith("stages.0")}
    with pytest.raises(ValueError, match=f"{count} of its tensors are missing: ") as caught:
        load_weights(changed(file, tmp_path, fewer))
    assert str(caught.value).count("stages.0") == 5
    assert ", …" in str(caught.value)
    with pytest.raises(ValueError, match="1 of its tensors is unexpected: extra"):
        load_weights(changed(file, tmp_path, {**tensors, "extra": torch.zeros(1)}))
    with pytest.raises(ValueError, match=r"head.bias has shape \[3\], expected \[10\]"):
        load_weights(changed(file, tmp_path, {**tensors, "head.bias": torch.zeros(3)}))
    whole = torch.zeros(10, dtype=torch.int32)
    with pytest.raises(ValueError, match=r"head.bias is torch.int32, expected a floating-point"):
        load_weights(changed(file, tmp_path, {**tensors, "head.bias": whole}))
    (counter,) = [name for name in tensors if name == "stem.1.num_batches_tracked"]
    with pytest.raises(ValueError, match=r"tracked is torch.float32, expected torch.int64"):
        load_weights(changed(file, tmp_path, {**tensors, counter: torch.tensor(0.0)}))


@pytest.mark.parametrize("place", ["config", "tensor", "note"])
def test_content_that_was_changed_and_still_makes_a_model(place, file, tmp_path):
    tensors = load_file(file)
    if place == "tensor":
        path = changed(file, tmp_path, {**tensors, "head.bias": torch.zeros(10)})
    elif place == "config":
        config = json.loads(metadata_of(file)["config"])
        path = changed(file, tmp_path, config=json.dumps({**config, "time_steps": 7}))
    else:
        path = changed(file, tmp_path, note="{}")
    for read in (load_weights, weights_note):
        with pytest.raises(ValueError, match=r"not what was written .*SHA-256"):
            read(path)


@settings(max_examples=25)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file(file, tmp_path_factory, share):
    content = file.read_bytes()
    cut = content[: int(share * len(content))]
    with pytest.raises(ValueError, match=r"it is cut off|not a safetensors file") as caught:
        load_weights(damaged(tmp_path_factory.mktemp("cut"), cut))
    if len(cut) > 8:
        assert f"it is cut off: it has {len(cut)} bytes, expected " in str(caught.value)


@given(data=st.data())
def test_flipped_bytes_never_load_as_another_model(file, tmp_path_factory, data):
    """In the header, and in the values behind it: an error that says so, or the same model."""
    content = bytearray(file.read_bytes())
    last = header_end(content) + 100
    places = st.integers(0, last - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=3, unique=True)):
        printable = st.sampled_from(b'0123456789abz{}[]",: ')  # more of these keep it JSON
        content[place] = data.draw(st.integers(0, 255) | printable)
    path = damaged(tmp_path_factory.mktemp("flip"), bytes(content))
    try:
        loaded = load_weights(path)
    except ValueError as error:
        assert f"{path} cannot be used: " in str(error)  # noqa: PT017
    else:
        right = load_weights(file)
        assert loaded.config == right.config
        a, b = loaded.state_dict(), right.state_dict()
        assert all(torch.equal(a[name], b[name]) for name in b)


# --- writing


def test_models_and_options_that_a_file_cannot_hold(tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(TypeError, match="model is a LIF"):
        save_weights(LIF(), path)

    class Mine(Atan):
        pass

    Mine.__name__ = "Atan"  # the class decides, not its name
    for value in (Mine(2.0), {"thresholds": {1.0}}):
        options = value if isinstance(value, dict) else {"surrogate": value}
        with pytest.raises(TypeError, match=r"cannot hold the option .*; give numbers, text"):
            save_weights(small(spk_options=options), path)
    with pytest.raises(TypeError, match=r"note is a str; give a dict"):
        save_weights(small(spk="sl"), path, "seed 0")
    with pytest.raises(TypeError, match=r"cannot hold the option .*Path"):
        save_weights(small(spk="sl"), path, {"path": path})
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_its_configuration_does_not_make(tmp_path):
    model = small(spk="sl")
    model.head = torch.nn.Linear(16, 3)
    with pytest.raises(ValueError, match=r"the model cannot .* shape \[3, 16\], expected \[10, 16"):
        save_weights(model, tmp_path / "x.safetensors")

    class Other(SpikeAtConv):
        pass

    with pytest.raises(TypeError, match="model is a Other"):
        save_weights(Other(preset("micro")), tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["replace", "fsync", "save"])
@pytest.mark.parametrize("error", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    file, tmp_path, monkeypatch, step, error
):
    path = tmp_path / "kept.safetensors"
    path.write_bytes(file.read_bytes())

    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(weights if step == "save" else weights.os, step, fail)
        with pytest.raises(type(error)):
            save_weights(small(spk="sl"), path)
    assert path.read_bytes() == file.read_bytes()
    assert list(tmp_path.iterdir()) == [path]
    save_weights(small(spk="sl"), path)
    assert load_weights(path).config.spk == "sl"
    assert list(tmp_path.iterdir()) == [path]


# --- files that would eat the machine


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"spk_options": {"thresholds": [0.5] * 100_000}},
            "thresholds has 100000 entries; give",
        ),
        (
            {"spk_options": {"thresholds": [0.5] * 30_000, "shared": False}},
            "thresholds has 30000 entries; give at most 32",
        ),
        ({"time_steps": 10**9}, "time_steps is 1000000000; give a whole number, from 1 to 4096"),
        ({"partition_size": [10**9, 4]}, r"partition_size\[0\] is 1000000000; give a whole number"),
        ({"classes": 10**12}, "classes is 1000000000000; give a whole number, from 1 to 1000000"),
        ({"in_channels": 10**9}, "in_channels is 1000000000; give"),
        ({"widths": [8, 10**9]}, r"widths\[1\] is 1000000000; give"),
        ({"depths": [100, 100]}, r"depths is \(100, 100\), 200 blocks; give at most 128 in all"),
        ({"depths": [64, 64]}, r"depths is \(64, 64\), which makes \d+ tensors or more; there are"),
        ({"widths": [8] * 10**5, "depths": [1] * 10**5}, "widths has 100000 entries; give at most"),
        ({"expansion": 10**6}, "expansion is 1000000; give"),
        ({"spk_options": {"mlp_ratio": 1e9}}, "mlp_ratio is 1000000000.0; give a number from 0"),
    ],
)
def test_a_config_is_bounded_before_it_is_built(file, tmp_path, config, message):
    text = json.dumps({**json.loads(metadata_of(file)["config"]), **config})
    path = changed(file, tmp_path, config=text)
    tracemalloc.start()
    with pytest.raises(ValueError, match=message):
        load_weights(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * 2**20, "the file's own 3.5 MB of text and a few copies"


def test_a_resnet_is_bounded_too(tmp_path):
    path = tmp_path / "resnet.safetensors"
    save_weights(SpikingResNet18(5, width=4), path)
    for name, most in (("width", 2048), ("time_steps", 4096), ("classes", 10**6)):
        config = json.dumps({**json.loads(metadata_of(path)["config"]), name: 10**9})
        with pytest.raises(ValueError, match=f"{name} is 1000000000; .* from 1 to {most}"):
            load_weights(changed(path, tmp_path, config=config))


def test_a_huge_sparse_file_is_refused_before_it_is_read(file, tmp_path):
    path = tmp_path / "sparse.safetensors"
    path.write_bytes(file.read_bytes())
    size = path.stat().st_size
    with path.open("r+b") as opened:
        opened.truncate(40 * 2**30)  # takes no room on the disk
    for read in (load_weights, weights_note):
        with pytest.raises(ValueError, match=rf"{40 * 2**30} bytes, its tensors end after {size}"):
            read(path)
    values = 10 * 2**30
    text = {"__metadata__": metadata_of(file)}
    text["head.bias"] = {"dtype": "F32", "shape": [values], "data_offsets": [0, 4 * values]}
    content = header(json.dumps(text).encode())
    path.write_bytes(content)
    with path.open("r+b") as opened:
        opened.truncate(len(content) + 4 * values)
    with pytest.raises(ValueError, match=r"makes \d+ tensors or more; there are 1;"):
        load_weights(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes as in POSIX")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    for read in (load_weights, weights_note):
        for path in (tmp_path / "pipe.safetensors", "/dev/null"):
            with pytest.raises(ValueError, match=r"it is no regular file \(a pipe, a device\)"):
                read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes as in POSIX")
def test_a_pipe_or_a_device_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match="pipe is a folder, a pipe or a device; give the name"):
        save_weights(small(), pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda model: l1_unstructured(model.head, "weight", 0.5), r"missing: head\.weight"),
        (lambda model: weight_norm(model.head), r"missing: head\.weight"),
        (lambda model: model.to(torch.float8_e5m2), r"is torch\.float8_e5m2, expected a floating"),
    ],
)
def test_a_model_that_was_changed_is_told_to_be_changed_back(change, found, tmp_path):
    model = small()
    change(model)
    with pytest.raises(ValueError, match=f"the model cannot be .*{found}.* undo what changed"):
        save_weights(model, tmp_path / "w")
    assert not list(tmp_path.iterdir())


def test_an_array_among_the_options_is_kept(tmp_path):
    options = {
        "readout": "spike", "thresholds": np.array([0.5, 1.0]), "closing": {"tau": np.float32(3)}
    }  # fmt: skip
    save_weights(small(spk="mbpl", spk_options=options), tmp_path / "w")
    kept = load_weights(tmp_path / "w").config.spk_options
    assert kept.pop("readout") == "spike"
    assert kept == {"thresholds": (0.5, 1.0), "closing": {"tau": 3.0}}


@pytest.mark.parametrize("note", ["3", '"text"', "[1]", "{", "null"])
def test_a_note_that_is_no_object_is_told(file, tmp_path, note):
    for read in (load_weights, weights_note):
        with pytest.raises(ValueError, match=r"its note is .*(expected a JSON object|valid JSON)"):
            read(changed(file, tmp_path, note=note))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"surrogate": {"surrogate_class": "Atan"}}, "alpha is None"),
        ({"surrogate": {"surrogate_class": "Atan", "alpha": -1}}, "alpha is -1"),
        ({"surrogate": {"surrogate_class": 3, "alpha": 1}}, "surrogate_class is 3; choose one of"),
        ({"surrogate": {"slope": 3}}, r"surrogate is \{'slope': 3\}; choose one of"),
        ({"tau": "4"}, "tau is '4', a str; give a number"),
        ({"closing": {"foo": 1}}, "closing of MBPL does not know 'foo'"),
    ],
)
def test_a_wrong_option_in_a_file_says_what_is_wrong(file, tmp_path, options, message):
    config = {**json.loads(metadata_of(file)["config"]), "spk_options": options}
    with pytest.raises(ValueError, match=f"does not make a SpikeAtConv: {message}"):
        load_weights(changed(file, tmp_path, config=json.dumps(config)))


# --- what a file would lose or spread


def set_thresholds(model):
    for lif in model.modules():
        if isinstance(lif, LIF):
            lif.v_threshold /= 2


def set_first(kind, **values):
    def change(model):
        layer = next(layer for layer in model.modules() if isinstance(layer, kind))
        for name, value in values.items():
            setattr(layer, name, value)

    return change


def replace_attention(model):
    model.stages[0][1].attention[1].attend = torch.nn.Identity()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_thresholds, r"layer \S+ has v_threshold=\S+, its configuration makes v_threshold="),
        (set_first(LIF, surrogate=Sigmoid()), r"surrogate=Sigmoid\(alpha=4.0\), its .*=Atan"),
        (set_first(LIF, tau=3.0), r"has tau=3.0, its configuration makes tau=2.0"),
        (set_first(LIF, v_reset=None), "has v_reset=None"),
        (set_first(Attend, heads=2), "attend has heads=2, its configuration makes heads=1"),
        (set_first(Attend, softmax=False), "attend has softmax=False"),
        (set_first(Attend, partition="window"), "has partition='window'"),
        (set_first(torch.nn.Conv2d, padding=(0, 0)), r"has padding=\(0, 0\)"),
        (set_first(torch.nn.BatchNorm2d, eps=1.0), "has eps=1.0"),
        (set_first(MBPL, residual=False), "has residual=False"),
        (replace_attention, r"attention.1.attend is Identity, its configuration makes Attend"),
    ],
)
def test_a_changed_layer_is_not_lost_untold(file, tmp_path, change, message):
    path = tmp_path / "kept.safetensors"
    path.write_bytes(file.read_bytes())
    model = small(spk_options={"v_threshold": 0.5, "thresholds": (0.5, 1.0)})
    change(model)
    with pytest.raises(ValueError, match=message):
        save_weights(model, path)
    assert path.read_bytes() == file.read_bytes()


def test_the_neurons_of_every_block_come_back(tmp_path):
    for options in ({"spk": "hsl", "taus": (3.0, 5.0)}, {"spk": "mbpl", "closing": {"tau": 3.0}}):
        model = SpikingResNet18(5, width=4, **options)
        save_weights(model, tmp_path / "x.safetensors")
        again = load_weights(tmp_path / "x.safetensors")
        assert str(again) == str(model)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["head.bias", "stem.1.running_var"])
def test_what_is_not_finite_is_neither_written_nor_read(file, tmp_path, name, value):
    model = small()
    model.state_dict()[name][3] = value
    message = rf"{name} holds 1 values of \d+ that are not finite, the first is {value} at \[3\]; "
    with pytest.raises(ValueError, match=message):
        save_weights(model, tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []
    metadata = {k: v for k, v in metadata_of(file).items() if k != "sha256"}
    tensors = {**load_file(file), name: model.state_dict()[name]}
    save_file(tensors, tmp_path / "x.safetensors", metadata)
    with pytest.raises(ValueError, match=message):
        load_weights(tmp_path / "x.safetensors")
