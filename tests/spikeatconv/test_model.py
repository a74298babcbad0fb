"""The whole network: shapes, gradients, folding, learning, and the numbers it has always given.

`python tests/spikeatconv/test_model.py` writes digests.json anew, after a change that is meant to
change the numbers.
"""

import json
from itertools import cycle
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, pad

from spikeatconv import (
    ATTENTIONS,
    LIF,
    MBPL,
    PARTITIONS,
    PRESETS,
    SPK_BLOCKS,
    SpikeAtConv,
    SpikingResNet18,
    mnist5k,
    preset,
)
from spikeatconv.model import Block

DIGESTS = Path(__file__).with_name("digests.json")


def images(*shape: int, seed: int = 0) -> Tensor:
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def micro(**changes) -> SpikeAtConv:
    torch.manual_seed(0)
    return SpikeAtConv(preset("micro", **changes))


def small(**changes) -> SpikeAtConv:
    """Two stages for 16×16 images."""
    return micro(**{"widths": (16, 32), "depths": (1, 1), "partition_size": (4, 2), **changes})


def one_stage(**changes) -> SpikeAtConv:
    """For what takes long for each layer."""
    return small(**{"widths": (16,), "depths": (1,), "partition_size": 4, **changes})


def resnet(**changes) -> SpikingResNet18:
    torch.manual_seed(0)
    return SpikingResNet18(10, **{"width": 4, "spk": "mbpl", **changes})


both = pytest.mark.parametrize("make", [small, resnet])


# ---- the configurations


@pytest.mark.parametrize(
    ("name", "widths", "depths"),  # as in the paper
    [
        ("tiny", (64, 128, 256, 512), (1, 3, 6, 1)),
        ("base", (128, 256, 512, 1024), (2, 6, 12, 2)),
        ("large", (160, 320, 640, 1280), (2, 6, 16, 2)),
    ],
)
def test_presets_are_the_papers(name, widths, depths):
    config = PRESETS[name]
    assert (config.widths, config.depths, config.classes) == (widths, depths, 1000)
    assert config.partition == "grid"
    assert config.sizes == (7, 7, 7, 7)
    assert config.fits(224)
    with torch.device("meta"):
        model = SpikeAtConv(config)
    blocks = [[m for m in stage if isinstance(m, Block)] for stage in model.stages]
    assert tuple(len(stage) for stage in blocks) == depths
    assert tuple(stage[0].attention[-1].channels for stage in blocks) == widths


def test_micro_is_small_enough_for_a_laptop():
    assert sum(p.numel() for p in micro().parameters()) < 1e6
    assert PRESETS["micro"].fits(32)


def test_resolution_halves_on_entry_to_each_stage():
    with torch.device("meta"):
        model = SpikeAtConv(preset("tiny", depths=(1,) * 4, time_steps=1, spk="sl"))
        sides = []
        for stage in (model.stem_to_stream, *model.stages):
            stage.register_forward_hook(lambda module, x, out: sides.append(out.shape[-1]))
        assert model(torch.zeros(2, 3, 224, 224)).shape == (2, 1000)
    assert sides == [112, 56, 28, 14, 7]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spk": "lif"}, r"spk is 'lif'; choose one of \['sl', 'rl', 'mbpl', 'hsl', 'dcl'\]"),
        ({"attention": "vsa"}, r"attention is 'vsa'; choose one of \['sisa', 'bdsa'\]"),
        ({"partition": "axial"}, r"partition is 'axial'; choose one of \['grid', 'window', 'full'"),
        ({"shortcut": "none"}, r"shortcut is 'none'; choose one of \['membrane', 'spike'\]"),
        ({"norm": "layer"}, r"norm is 'layer'; choose one of \['batch', 'none'\]"),
        ({"depths": (1, 1)}, r"depths \(1, 1\) .* differ in length; give one entry for each stage"),
        ({"partition_size": (4, 2)}, r"partition_size \(4, 2\) differ in length"),
        ({"widths": ()}, r"widths is \(\); give at least one whole number"),
        ({"widths": (32, 64.0, 128)}, r"widths\[1\] is 64.0, a float; give a whole number"),
        ({"depths": (1, 0, 1)}, r"depths\[1\] is 0; give a whole number, from 1 to 128"),
        ({"partition_size": 0}, r"partition_size is 0; give a whole number, from 1 to 1024"),
        ({"classes": 0}, r"classes is 0; give a whole number"),
        ({"in_channels": 1.0}, r"in_channels is 1.0, a float; give a whole number"),
        ({"time_steps": True}, r"time_steps is True, a bool; give a whole number"),
        ({"head_width": 48}, "head_width is 48, which does not divide the width 64"),
    ],
)
def test_a_wrong_field_is_named(changes, message):
    with pytest.raises((TypeError, ValueError), match=message):
        preset("micro", **changes)


def test_an_unknown_preset_is_named():
    with pytest.raises(ValueError, match=r"preset is 'huge'; choose one of \['micro', 'tiny', "):
        preset("huge")


# ---- what goes in and comes out


@pytest.mark.parametrize(("classes", "in_channels", "time_steps"), [(10, 3, 1), (7, 1, 2)])
def test_images_become_logits(classes, in_channels, time_steps):
    model = small(spk="sl", classes=classes, in_channels=in_channels, time_steps=time_steps)
    assert model(images(3, in_channels, 16, 16)).shape == (3, classes)
    assert model(images(time_steps, 3, in_channels, 16, 16)).shape == (3, classes)
    assert model(images(3, in_channels, 16, 32)).shape == (3, classes)  # height and width differ


@both
@pytest.mark.parametrize("spiking", [True, False])
def test_a_still_image_is_the_same_frame_at_each_step(make, spiking):
    model = make(time_steps=3, spiking=spiking).eval()
    still = images(2, 3, 16, 16)
    torch.testing.assert_close(model(still), model(still.expand(3, 2, 3, 16, 16)))


def test_frames_are_seen_in_their_order():
    model = small(time_steps=2)
    frames = images(2, 2, 3, 16, 16)
    assert not torch.allclose(model(frames), model(frames.flip(0)))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 28, 28), "an image of height 28 does not fit .*; the nearest that fit: 29;"),
        ((2, 3, 32, 33), "an image of width 33 does not fit .*; the nearest that fit: 32 and 61;"),
        ((2, 1, 32, 32), r"\[2, 1, 32, 32\]; give \[B, 3, H, W\], .*; in_channels is 3"),
        ((4, 2, 1, 32, 32), r"\[4, 2, 1, 32, 32\]; give .*; in_channels is 3"),
        ((3, 32, 32), r"images have shape \[3, 32, 32\]; give \[B, 3, H, W\]"),
        ((3, 2, 3, 32, 32), "3 time steps and time_steps is 4; .* time_steps=3"),
    ],
)
def test_a_wrong_image_is_named(shape, message):
    with pytest.raises(ValueError, match=message):
        micro(spk="sl")(torch.zeros(shape))


def test_integer_images_are_named():
    with pytest.raises(TypeError, match=r"images has dtype torch.uint8; .* images.float\(\)"):
        micro(spk="sl")(torch.zeros(2, 3, 32, 32, dtype=torch.uint8))


@both
def test_the_same_seed_gives_the_same_numbers(make):
    x = images(2, 3, 16, 16)
    assert torch.equal(make()(x), make()(x))


def test_the_twin_has_gelu_for_each_neuron_and_runs_once():
    twin = small(spiking=False)
    modules = list(twin.modules())
    assert not [m for m in modules if isinstance(m, LIF | MBPL)]
    assert any(isinstance(m, nn.GELU) for m in modules)
    mixers = [m for m in modules if isinstance(m, nn.Conv2d) and m.kernel_size == (7, 7)]
    assert len(mixers) == 2, "the depthwise convolution of each block, and no mixer of MBPL"
    steps = []
    twin.stages.register_forward_hook(lambda module, x, out: steps.append(len(out)))
    twin(images(2, 3, 16, 16))
    assert steps == [1]


@both
def test_maps_stay_channels_last(make):
    model = make(time_steps=2)
    for part in model.parts():
        part.register_forward_hook(is_channels_last)
    model(images(2, 3, 16, 16))


def is_channels_last(module, x, out):
    assert out.flatten(0, 1).is_contiguous(memory_format=torch.channels_last)


# ---- gradients and learning


def without_gradient(model: nn.Module, x: Tensor) -> list[str]:
    """Parameters whose gradient is missing, not finite or zero everywhere."""
    logits = model(x)
    assert logits.isfinite().all()
    (logits * images(*logits.shape, seed=1)).sum().backward()
    grads = {name: p.grad for name, p in model.named_parameters()}
    return [n for n, g in grads.items() if g is None or not g.isfinite().all() or not g.any()]


@pytest.mark.parametrize("softmax", [True, False])
@pytest.mark.parametrize("partition", sorted(PARTITIONS))
@pytest.mark.parametrize("attention", sorted(ATTENTIONS))
@pytest.mark.parametrize(
    ("spk", "options"),
    [
        ("sl", {}),
        ("rl", {"readout": "membrane"}),
        ("rl", {"readout": "spike"}),
        ("mbpl", {"readout": "membrane"}),
        ("mbpl", {"readout": "spike"}),
        ("hsl", {}),
        ("dcl", {}),
    ],
)
def test_every_parameter_gets_a_gradient(spk, options, attention, partition, softmax):
    model = small(
        spk=spk, spk_options=options, attention=attention, partition=partition, softmax=softmax,
        time_steps=2,
    )  # fmt: skip
    assert without_gradient(model, images(4, 3, 16, 16)) == []


@pytest.mark.parametrize("changes", [{"shortcut": "spike"}, {"spiking": False}])
@pytest.mark.parametrize("spk", ["sl", "mbpl"])
def test_every_parameter_gets_a_gradient_with_other_choices(spk, changes):
    model = small(spk=spk, time_steps=2, **changes)
    assert without_gradient(model, images(4, 3, 16, 16)) == []


def test_without_batchnorm_thresholds_have_to_be_low():
    """Nothing scales the currents up to V_th = 1, and behind a silent layer nothing is learned."""
    changes = {"spk": "sl", "norm": "none", "softmax": False, "time_steps": 2}
    low = small(spk_options={"v_threshold": 0.02, "v_reset": -0.1}, **changes)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in low.modules())
    assert without_gradient(low, images(4, 3, 16, 16)) == []
    assert without_gradient(small(**changes), images(4, 3, 16, 16)) != []


@pytest.mark.parametrize(("spk", "attention"), [*zip(SPK_BLOCKS, cycle(ATTENTIONS))])
def test_16_digits_are_learned_by_heart(spk, attention):
    digits, labels = (tensor[:16] for tensor in mnist5k())
    digits = avg_pool2d(pad(digits, (2, 2, 2, 2)), 2)  # 28 → 32 → 16 pixels
    model = small(spk=spk, attention=attention, in_channels=1, time_steps=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=60)
    for _ in range(60):
        optimizer.zero_grad()
        cross_entropy(model(digits), labels).backward()
        optimizer.step()
        schedule.step()
    # BatchNorm's running statistics lag behind so few steps: take those of the last weights.
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model(digits)
        logits = model.eval()(digits)
    assert (logits.argmax(1) == labels).float().mean() > 0.95


def test_bfloat16_autocast():
    model, x = small(time_steps=2), images(4, 3, 16, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(x)
        assert logits.dtype == torch.bfloat16
        assert logits.isfinite().all()
        logits.float().pow(2).sum().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


# ---- other ways to run it


@pytest.mark.parametrize("spk", ["sl", "mbpl"])
def test_exported_model_gives_the_same(spk):
    model, x = one_stage(spk=spk, time_steps=2).eval(), images(2, 3, 16, 16)
    exported = torch.export.export(model, (x,)).module()
    torch.testing.assert_close(exported(x), model(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize("spk", ["sl", "mbpl"])
# From torch itself, where its compiler meets an autograd.Function.
@pytest.mark.filterwarnings("ignore:.*Function.*should not be instantiated:DeprecationWarning")
def test_compiled_model_gives_the_same(spk):
    model, x = one_stage(spk=spk, time_steps=2).eval(), images(2, 3, 16, 16)
    with torch.no_grad():
        compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
        torch.testing.assert_close(compiled(x), model(x), atol=1e-5, rtol=0)


# ---- the numbers it has always given


DIGESTED = {  # name: what it is; the readouts that are no default in the smallest alone
    **{name: {} for name in PRESETS},
    "micro, membrane": {"spk_options": {"readout": "membrane"}},
    "micro, sum of x + M": {"spk_options": {"mixer": True}},
}


def digest(name: str) -> list[float]:
    """The first five logits of a preset for a seeded image, in float64.

    One pass in training mode first, so that BatchNorm has statistics and neurons fire.
    """
    preset_name = name.split(",")[0]
    changes = {"time_steps": 1 if name in ("base", "large") else 2, **DIGESTED[name]}
    if preset_name != "micro":
        changes["partition_size"] = (4, 4, 2, 1)
    torch.manual_seed(0)
    model = SpikeAtConv(preset(preset_name, **changes)).double()
    x = images(2, 3, 32, 32).double()
    with torch.no_grad():
        model(x)
        return model.eval()(x)[0, :5].tolist()


@pytest.mark.parametrize("name", DIGESTED)
def test_digest(name):
    expected = json.loads(DIGESTS.read_text())[name]
    assert digest(name) == pytest.approx(expected, rel=1e-6)


def test_what_becomes_of_your_options_is_yours():
    options = {"tau": 3.0}
    config = preset("micro", spk_options=options)
    options["tau"] = "fast"
    assert config.spk_options["tau"] == 3.0


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sends_the_number_of_branches_that_fire(name):
    sums = {"readout": "sum", "mixer": False}
    assert preset(name) == PRESETS[name]
    assert preset(name).spk_options == sums
    assert preset(name, spk_options={"tau": 3.0}).spk_options == {**sums, "tau": 3.0}
    assert preset(name, spk_options={"mixer": True}).spk_options == {
        "readout": "sum",
        "mixer": True,
    }
    membrane = {"readout": "membrane"}
    assert preset(name, spk_options=membrane).spk_options == membrane
    assert preset(name, spk="sl").spk_options == {}
    assert preset(name, spk="rl", spk_options={"readout": "spike"}).spk_options == {
        "readout": "spike"
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    DIGESTS.write_text(json.dumps({name: digest(name) for name in DIGESTED}, indent=1) + "\n")
