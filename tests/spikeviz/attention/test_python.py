"""AttentionExplorer as Python sees it: the spikes it sends, its numbers, its ranges, its file."""

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import traitlets
from PIL import Image
from torch import nn

from spikeatconv import (
    PARTITIONS,
    SpikeAtConv,
    SpikingResNet18,
    mnist5k,
    preset,
    record,
    shipped,
    weights_note,
)
from spikeviz import AttentionExplorer
from spikeviz.attention.spikes import look, shipped_models
from spikeviz.micro.networks import load_page_model

KINDS = {"sisa": "micro_digits", "bdsa": "micro_bdsa_digits"}


@pytest.fixture
def explorer():
    explorer = AttentionExplorer()
    yield explorer
    explorer.close()


@pytest.fixture(scope="module")
def recordings():
    """What `record` says of the two shipped models on the first 20 test digits."""
    digits = F.pad(mnist5k("test")[0][:20], [2] * 4)
    found = {}
    for kind, file in KINDS.items():
        model = load_page_model(file)  # as the page runs it
        with torch.no_grad(), record(model) as recording:
            model(digits)
        found[kind] = recording
    return found


def small(**changes):
    torch.manual_seed(0)
    sizes = {"widths": (8, 16), "depths": (1, 1), "partition_size": (4, 2), "head_width": 8}
    return SpikeAtConv(preset("micro", **{**sizes, "in_channels": 1, **changes})).eval()


def lively(**changes):
    """An untrained model with spikes: BatchNorm as training would settle it, twice as wide."""
    model = small(**changes)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        nn.init.constant_(norm.weight, 2.0)
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.rand(20, 1, 32, 32))
    return model.eval()


def tokens(x, attend):
    """`[C, H, W]` → `[groups, heads, tokens, d]`, by the partition alone."""
    rows = PARTITIONS[attend.partition][0](x[None], attend.size)[0]
    return rows.unflatten(2, (attend.heads, -1)).transpose(1, 2)


def by_hand(q, k, v):
    """Attention written out once more: plain, softmax, and both times V."""
    plain = np.array([[np.sum(a * b) for b in k] for a in q]) / np.sqrt(q.shape[1])
    powers = np.exp(plain)
    softmax = powers / powers.sum(1, keepdims=True)
    return plain, softmax, plain @ v, softmax @ v


def assert_is_attention(trace):
    for spikes in trace[:4]:
        assert set(np.unique(spikes)) <= {0, 1}
    for mine, expected in zip(trace[4:], by_hand(*trace[:3]), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-12)


# ---------------------------------------------------------------- numbers


def test_the_trace_is_what_record_sees_in_the_model(explorer, recordings):
    rng = random.Random(0)
    common = 0
    for _ in range(25):
        explorer.image = rng.randrange(20)
        explorer.layer = rng.randrange(3)
        for name in ("head", "time_step", "group", "token", "key"):
            setattr(explorer, name, rng.randint(0, explorer._highest(name)))
        for kind, trace in explorer.trace().items():
            recording, at = recordings[kind], (explorer.time_step, explorer.image)
            name = list(recording.attends)[explorer.layer]
            where = (explorer.group, explorer.head)
            for spikes, seen in zip(trace, recording.qkv[name], strict=False):
                expected = tokens(seen[at], recording.attends[name])[where]
                assert np.array_equal(spikes, expected)
            out = recording.spikes[name.replace("attend", "out.1.lif")][at]
            assert np.array_equal(trace.out, tokens(out, recording.attends[name])[where])
            np.testing.assert_allclose(
                trace.softmax, recording.attention[name][at][where], rtol=0, atol=1e-6
            )
            assert_is_attention(trace)
            common = max(common, trace.plain.max() * np.sqrt(32))
    assert common > 4  # the draw is not one of silence


def test_the_answer_holds_every_spike_of_the_image(explorer, recordings):
    explorer.image = 14
    for column in explorer.answer["columns"]:
        recording = recordings[column["key"]]
        for layer, (name, qkv) in zip(column["layers"], recording.qkv.items(), strict=True):
            out = recording.spikes[name.replace("attend", "out.1.lif")]
            sent = {k: v for k, v in layer.items() if isinstance(v, bytes)}
            names = ["q", "out"] if column["key"] == "bdsa" else ["q", "k", "v", "out"]
            assert list(sent) == names
            for part, bits in sent.items():
                spikes = dict(zip("qkv", qkv, strict=True)).get(part, out)[:, 14]
                unpacked = np.unpackbits(np.frombuffer(bits, np.uint8))[: spikes.numel()]
                assert np.array_equal(unpacked.reshape(layer["shape"]), spikes), (name, part)
    assert (explorer.answer["image"], explorer.answer["label"]) == (14, 7)
    assert [np.argmax(column["scores"]) for column in explorer.answer["columns"]] == [7, 7]


def test_bdsa_is_symmetric_before_the_softmax_and_looks_most_at_itself(explorer):
    bdsa, sisa = explorer.trace()["bdsa"], explorer.trace()["sisa"]
    assert np.array_equal(bdsa.q, bdsa.k)
    assert np.array_equal(bdsa.q, bdsa.v)
    assert np.array_equal(bdsa.plain, bdsa.plain.T)
    assert (bdsa.plain.max(1) == np.diag(bdsa.plain)).all()
    assert abs(bdsa.softmax - bdsa.softmax.T).max() > 0.01
    assert not np.array_equal(sisa.plain, sisa.plain.T)


def test_attention_chooses_the_model_of_the_trace(explorer):
    assert list(explorer.trace()) == ["sisa", "bdsa"]
    explorer.attention = "bdsa"
    assert list(explorer.trace()) == ["bdsa"]
    with pytest.raises(traitlets.TraitError, match=r"attention is 'rnn'; choose one of \['both'"):
        explorer.attention = "rnn"


# ---------------------------------------------------------------- traits


def test_each_choice_takes_what_the_model_has_and_nothing_else(explorer):
    most = {"image": 999, "layer": 2, "head": 0, "time_step": 1, "group": 3, "token": 15, "key": 15}
    for name, high in most.items():
        for value in (0, high):
            explorer.layer = 0
            setattr(explorer, name, value)
            assert getattr(explorer, name) == value
        explorer.layer = 0
        for value in (-1, high + 1):
            with pytest.raises(
                traitlets.TraitError, match=f"{name} is {value}; give a value from 0 to {high}"
            ):
                setattr(explorer, name, value)
            with pytest.raises(traitlets.TraitError, match=f"from 0 to {high}"):
                AttentionExplorer(**{name: value})
        with pytest.raises(traitlets.TraitError, match=name):
            setattr(explorer, name, "much")


def test_a_layer_moves_the_other_choices_into_what_it_has(explorer):
    explorer.group, explorer.token, explorer.key = 3, 15, 2
    explorer.layer = 2  # 2×2 tokens in one group, 4 heads
    assert (explorer.group, explorer.token, explorer.key) == (0, 3, 2)
    explorer.head = 3
    with pytest.raises(traitlets.TraitError, match="token is 4; give a value from 0 to 3"):
        explorer.token = 4
    explorer.layer = 1
    assert (explorer.head, explorer.token) == (1, 3)


def test_what_the_front_end_sends_at_once_is_judged_as_a_whole(explorer):
    explorer.set_state({"head": 3, "layer": 2, "token": 1, "group": 0, "key": 0})
    assert (explorer.layer, explorer.head, explorer.token) == (2, 3, 1)
    explorer.set_state({"group": 3, "token": 15, "head": 0, "layer": 0})
    assert (explorer.layer, explorer.group, explorer.token) == (0, 3, 15)


def test_the_place_can_be_given_from_the_start():
    explorer = AttentionExplorer(layer=2, head=3, token=2, image=5)
    assert (explorer.layer, explorer.head, explorer.token, explorer.image) == (2, 3, 2, 5)
    assert explorer.answer["image"] == 5
    explorer.close()


def test_the_strip_shows_a_digit_of_each_class(explorer):
    assert explorer.strip["count"] == 1000
    items = explorer.strip["items"]
    assert [item["label"] for item in items] == list(range(10))
    digits, labels = mnist5k("test")
    for item in items:
        assert labels[item["image"]] == item["label"]
        padded = np.frombuffer(item["pixels"], np.uint8).reshape(item["side"])
        assert np.array_equal(padded[2:-2, 2:-2], (digits[item["image"], 0] * 255).round())
    assert 14 in [item["image"] for item in items]  # what is shown first


# ---------------------------------------------------------------- models and images of one's own


@pytest.mark.parametrize("partition", ["grid", "window", "full"])
def test_a_model_and_images_of_ones_own(partition):
    torch.manual_seed(1)
    images = torch.rand(3, 1, 32, 32)
    model = lively(partition=partition, spk="sl", time_steps=3, softmax=False)
    explorer = AttentionExplorer(model=model, images=images, image=2)
    assert [column["key"] for column in explorer.answer["columns"]] == ["sisa"]
    layer = explorer.answer["columns"][0]["layers"][0]
    assert (layer["steps"], layer["partition"], layer["softmax"]) == (3, partition, False)
    explorer.time_step, explorer.group = 2, explorer._highest("group")
    (trace,) = explorer.trace().values()
    assert trace.q.sum() > 10
    assert_is_attention(trace)
    with torch.no_grad(), record(model) as recording:
        model(images)
    attend = recording.attends["stages.0.1.attention.1.attend"]
    plain = recording.attention["stages.0.1.attention.1.attend"][2, 2, explorer.group, 0]
    assert attend.softmax is False
    np.testing.assert_allclose(trace.plain, plain, rtol=0, atol=1e-6)
    explorer.close()


def test_two_models_of_a_kind_are_told_apart():
    explorer = AttentionExplorer(model=small(), other=small(), images=torch.rand(1, 1, 32, 32))
    assert list(explorer.trace()) == ["sisa", "sisa 2"]
    explorer.attention = "sisa 2"
    explorer.close()


@pytest.mark.parametrize(
    "images",
    [
        mnist5k("test")[0][3],
        (mnist5k("test")[0][3, 0] * 255).round().byte(),
        (mnist5k("test")[0][3, 0] * 255).round().byte().numpy(),
    ],
    ids=["float [1, 28, 28]", "uint8 [28, 28]", "array"],
)
def test_a_digit_of_ones_own_is_padded_like_the_shipped_ones(images):
    own, ours = AttentionExplorer(images=images), AttentionExplorer(image=3)
    assert own.image == 0
    assert own.answer["label"] == -1
    assert own.answer["columns"] == ours.answer["columns"]
    assert own.answer["pixels"] == ours.answer["pixels"]
    with pytest.raises(traitlets.TraitError, match="image is 1; give a value from 0 to 0"):
        own.image = 1
    own.close()
    ours.close()


def test_colours_and_odd_values_are_drawn():
    images = torch.stack([torch.zeros(3, 32, 32), torch.linspace(-1, 3, 3072).view(3, 32, 32)])
    explorer = AttentionExplorer(model=small(in_channels=3), images=images, image=1)
    levels = np.frombuffer(explorer.answer["pixels"], np.uint8).reshape(32, 32, 3)
    assert (levels[0, 0, 0], levels[-1, -1, 2]) == (0, 255)
    explorer.close()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"images": torch.zeros(1, 1, 1, 32, 32)}, r"images have shape \[1, 1, 1, 32, 32\]; give"),
        ({"images": torch.zeros(0, 1, 32, 32)}, r"images have shape \[0, 1, 32, 32\]; give"),
        ({"images": torch.full((32, 32), torch.nan)}, "images hold NaN"),
        ({"images": torch.zeros(36, 36)}, "nearest that fit: 32 and"),
        ({"model": SpikingResNet18(10)}, "SpikingResNet18 has no SISA and no BDSA layer"),
        ({"model": small(spiking=False)}, "not 0 or 1; give a spiking model, not its twin"),
        ({"model": small(), "other": small(widths=(8, 32))}, "model and other differ in their"),
        (
            {"model": small(partition="full"), "images": torch.zeros(72, 72)},
            "groups of 324 tokens and the widget shows at most 256",
        ),
    ],
    ids=lambda value: None if isinstance(value, dict) else value.split(";")[0][:30],
)
def test_what_cannot_be_shown_says_why(given, says):
    given.setdefault("images", torch.rand(1, 3 if "ResNet" in says else 1, 32, 32))
    with pytest.raises(ValueError, match=says):
        AttentionExplorer(**given)


def test_looking_leaves_the_model_as_it_was():
    model = small().train()
    model.stages[0].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    explorer = AttentionExplorer(model=model, images=torch.rand(2, 1, 32, 32))
    explorer.image = 1
    explorer.close()
    assert [module.training for module in model.modules()] == modes
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert not any(module._forward_hooks for module in model.modules())


def test_a_model_that_fails_later_is_shown_and_the_last_answer_stays():
    class Fussy(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()

        def forward(self, x):
            if x.sum() == 0:
                raise ValueError("this image is empty")
            return self.inner(x)

    images = torch.stack([torch.rand(1, 32, 32), torch.zeros(1, 32, 32), torch.rand(1, 32, 32)])
    explorer = AttentionExplorer(model=Fussy(), images=images)
    explorer.image = 1
    assert explorer.problem == "ValueError: this image is empty"
    assert explorer.answer["image"] == 0
    explorer.image = 2
    assert (explorer.problem, explorer.answer["image"]) == ("", 2)
    explorer.close()


def test_one_model_in_several_threads():
    model = shipped_models()["sisa"]
    digits = F.pad(mnist5k("test")[0][:8], [2] * 4)
    expected = [look(model, image)[1] for image in digits]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda image: look(model, image)[1], digits))
    for mine, theirs in zip(found, expected, strict=True):
        assert [layer.q.sum() for layer in mine] == [layer.q.sum() for layer in theirs]
        assert all(a.out.equal(b.out) for a, b in zip(mine, theirs, strict=True))


# ---------------------------------------------------------------- a picture of one's own


def test_a_picture_of_ones_own_is_shown_in_the_place_of_an_image(explorer):
    explorer.pixels = (mnist5k("test")[0][3] * 255).round().byte().numpy().tobytes()
    assert (explorer.answer["image"], explorer.answer["label"]) == (-1, -1)
    own = explorer.answer["columns"], explorer.trace()["sisa"].q
    explorer.image = 3
    assert explorer.pixels == b""
    assert explorer.answer["columns"] == own[0]
    assert np.array_equal(explorer.trace()["sisa"].q, own[1])


def test_photographs_come_in_colour_and_with_the_names_of_their_classes():
    explorer = AttentionExplorer(task="photographs")
    assert list(explorer.trace()) == ["sisa"]
    assert explorer.trace()["sisa"].plain.max() > 0  # what is shown first is not silent
    classes = weights_note(shipped("micro_photographs.safetensors"))["data"]["classes"]
    assert (explorer.strip["classes"], explorer.strip["count"]) == (classes, 1)
    whole = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    explorer.pixels = whole.tobytes()  # scaled to 32×32, as in training
    levels = np.frombuffer(explorer.answer["pixels"], np.uint8).reshape(32, 32, 3)
    scaled = Image.fromarray(whole).resize((32, 32), Image.Resampling.BILINEAR)
    assert np.array_equal(levels, np.asarray(scaled))
    with torch.no_grad():
        given = torch.from_numpy(levels.copy()).permute(2, 0, 1)[None] / 255
        scores = load_page_model("micro_photographs")(given)[0].tolist()
    assert explorer.answer["columns"][0]["scores"] == pytest.approx(scores, abs=1e-5)
    explorer.close()


@pytest.mark.parametrize(
    ("task", "pixels", "says"),
    [
        ("digits", b"12345", r"pixels has 5 bytes; give 784 \(28 rows of 28 greys\), or"),
        ("pairs", bytes(784), "pixels has 784 bytes, and these networks take none: make the"),
    ],
)
def test_a_picture_that_does_not_fit_says_why(task, pixels, says):
    explorer = AttentionExplorer(task=task)
    with pytest.raises(traitlets.TraitError, match=says):
        explorer.pixels = pixels
    assert explorer.pixels == b""
    explorer.close()


# ---------------------------------------------------------------- figure and file


def test_the_figure_shows_the_maps_of_the_trace(explorer):
    explorer.token = 3
    images = [axis.images[0].get_array() for axis in explorer.to_matplotlib().axes if axis.images]
    traces = explorer.trace().values()
    expected = [values for trace in traces for values in (trace.softmax, trace.plain)]
    assert len(images) == 4
    for image, values in zip(images, expected, strict=True):
        assert np.array_equal(image, values)


def test_a_saved_page_carries_the_strip_where_it_is_small(explorer, tmp_path):
    state = explorer._public_state()
    assert [item["answer"]["image"] for item in state["strip"]["items"]] == [
        item["image"] for item in explorer.strip["items"]
    ]
    size = explorer.save_html(tmp_path / "a.html", shared=True).stat().st_size
    assert size < 250_000  # besides the networks
    assert "answer" not in explorer.strip["items"][0]  # a notebook does not


def test_a_saved_page_of_a_large_model_carries_one_image():
    wide = small(widths=(256, 256), head_width=32, time_steps=4)
    explorer = AttentionExplorer(model=wide, images=torch.rand(2, 1, 32, 32))
    assert "answer" not in explorer._public_state()["strip"]["items"][0]
    explorer.close()
