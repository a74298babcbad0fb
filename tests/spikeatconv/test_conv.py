"""Convolution and BatchNorm at each time step, and their folded form."""

import os
import subprocess
import sys
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from spikeatconv import (
    ATTENTIONS,
    PRESETS,
    SPK_BLOCKS,
    SpikeAtConv,
    SpikingResNet18,
    SpikingResNet18Config,
    count_flops,
    fold,
    load_weights,
    mnist5k,
    preset,
    shipped,
)
from spikeatconv.conv import OverTime, Pointwise, conv_norm, is_folded, norm_only
from spikeatconv.fast.pointwise import gains_by_rows, pointwise_conv
from spikeatconv.model import Config


def noise(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def as_trained(model: nn.Module, x: Tensor) -> nn.Module:
    """The model in float64 after two passes, its BatchNorms with weights and biases of their own.

    float64, as a spike at the edge of its threshold could fall on either side of it in float32.
    """
    generator = torch.Generator().manual_seed(1)
    model.double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 2, generator=generator)
            module.bias.data.uniform_(-0.5, 1, generator=generator)
            module.momentum = 0.9  # statistics near those of the passes, so that neurons fire
    with torch.no_grad():
        model(x)
        model(2 * x)
    return model


def test_over_time_is_the_layer_at_each_step():
    conv = nn.Conv2d(3, 5, 3).double()
    x = noise(4, 2, 3, 6, 6)
    steps = torch.stack([conv(frame) for frame in x])
    torch.testing.assert_close(OverTime(conv)(x), steps)
    assert torch.equal(OverTime()(x), x)


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
def test_size_is_kept_or_halved_rounded_up(kernel):
    x = noise(1, 2, 4, 9, 8).float()
    assert conv_norm(4, 6, kernel)(x).shape == (1, 2, 6, 9, 8)
    assert conv_norm(4, 4, kernel, stride=2, groups=4)(x).shape == (1, 2, 4, 5, 4)


def test_a_bias_stands_where_no_norm_follows():
    assert [type(layer) for layer in conv_norm(4, 6, 3)] == [nn.Conv2d, nn.BatchNorm2d]
    assert conv_norm(4, 6)[0].bias is None
    (conv,) = conv_norm(4, 6, norm="none")
    assert conv.bias is not None
    assert list(norm_only(4, "none")) == []
    with pytest.raises(ValueError, match=r"norm is 'group'; choose one of \['batch', 'none'\]"):
        conv_norm(4, 6, norm="group")


def test_batchnorm_sees_all_time_steps_together():
    x = noise(4, 2, 3, 6, 6).float()
    out = norm_only(3)(x)
    assert out.mean((0, 1, 3, 4)).abs().max() < 1e-6
    torch.testing.assert_close(
        out.var((0, 1, 3, 4), correction=0), torch.ones(3), atol=1e-4, rtol=0
    )
    assert out.mean((1, 3, 4)).abs().max() > 0.01, "not each step for itself"


def test_fold_by_hand():
    """Scale γ/σ = 6/2 = 3; a weight 5 becomes 15 and the bias β − 3·mean = 1 − 3·4 = −11."""
    layer = conv_norm(1, 1)
    conv, norm = layer
    nn.init.constant_(conv.weight, 5.0)
    norm.eps = 0.0
    for tensor, value in (
        (norm.weight.data, 6), (norm.bias.data, 1), (norm.running_mean, 4), (norm.running_var, 4),
    ):  # fmt: skip
        tensor.fill_(value)
    (folded,) = fold(layer)
    assert (folded.weight.item(), folded.bias.item()) == (15, -11)


def test_a_norm_without_a_convolution_becomes_a_depthwise_one():
    x = noise(2, 2, 3, 4, 4)
    layer = as_trained(norm_only(3), x)
    (folded,) = fold(layer)
    assert (folded.groups, folded.kernel_size) == (3, (1, 1))
    torch.testing.assert_close(fold(layer)(x), layer.eval()(x))


pairs = list(product(sorted(SPK_BLOCKS), sorted(ATTENTIONS)))
SMALL = {"widths": (16, 32), "depths": (1, 1), "partition_size": (4, 2), "time_steps": 2}


def configs() -> dict[str, Config]:
    made: dict[str, Config] = {}
    for spk, attention in pairs:
        made[f"{spk} {attention}"] = preset("micro", spk=spk, attention=attention, **SMALL)
    for spk in SPK_BLOCKS:
        made[f"ResNet {spk}"] = SpikingResNet18Config(10, spk, time_steps=2, width=8)
    for name, options in {
        "membrane": {"readout": "membrane"},
        "bottleneck": {"readout": "membrane", "mlp_ratio": 2},
        "one mixer each": {"readout": "membrane", "shared": False},
        "spikes": {"readout": "spike"},
        "sum of x + M": {"mixer": True},
    }.items():
        made[name] = preset("micro", spk_options=options, **SMALL)
    made["twin"] = preset("micro", spiking=False, **SMALL)
    made["spike shortcut"] = preset("micro", shortcut="spike", **SMALL)
    return made


@pytest.mark.parametrize("name", list(configs()))
def test_folded_model_gives_the_same(name):
    torch.manual_seed(0)
    x = 3 * noise(4, 3, 16, 16)
    model = as_trained(configs()[name].build(), x)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    folded = fold(model)
    assert is_folded(folded)
    assert not folded.training

    assert model.training, "the model itself stays as it is"
    assert not is_folded(model)
    after = model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[key], value) for key, value in before.items())

    with torch.no_grad():
        expected = model.eval()(x)
        torch.testing.assert_close(folded(x), expected, atol=1e-11, rtol=0)
    assert expected.std(0).max() > 1e-3, "and they say something about the image"


def test_a_model_is_folded_in_its_own_precision():
    micro = load_weights(shipped("micro_digits.safetensors")).double()
    digits = torch.nn.functional.pad(mnist5k("test")[0][:4].double(), (2,) * 4)
    with torch.no_grad():  # scores around 10: float64 rounds them at 1e-15, float32 at 1e-6
        torch.testing.assert_close(fold(micro)(digits), micro(digits), atol=1e-13, rtol=0)


def test_what_is_no_model_is_not_folded():
    with pytest.raises(TypeError, match="model is None, a NoneType; give a model, for"):
        fold(None)


# ---------------------------------------------------------------- 1×1 with a stride


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("channels", [1, 4, 9])
def test_a_1x1_with_a_stride_is_that_of_torch(channels, stride):
    conv = conv_norm(channels, 6, stride=stride, norm="none")[0].double()
    x = noise(2, channels, 9, 8).requires_grad_()
    out = conv(x)
    gradients = torch.autograd.grad(out.sin().sum(), (x, conv.weight, conv.bias))
    plain = nn.functional.conv2d(x, conv.weight, conv.bias, stride)
    torch.testing.assert_close(out, plain)
    expected = torch.autograd.grad(plain.sin().sum(), (x, conv.weight, conv.bias))
    torch.testing.assert_close(gradients, expected)


def test_a_1x1_with_a_stride_goes_everywhere_as_any_convolution():
    model = SpikingResNet18(10, width=4).eval()
    assert [name for name, m in model.named_modules() if isinstance(m, Pointwise)] == [
        f"blocks.{n}.shortcut.0" for n in (2, 4, 6)
    ]
    assert isinstance(fold(model).blocks[2].shortcut[0], Pointwise)
    flops = count_flops(model, (3, 32, 32)).set_index("layer").flops
    assert flops["blocks.2.shortcut.0"] == 4 * 8 * 16 * 16  # c_in · c_out · h · w behind the stride
    layer, x = model.blocks[2].shortcut[0], noise(2, 4, 16, 16).float()
    exported = torch.export.export(layer, (x,)).module()
    torch.testing.assert_close(exported(x), layer(x))


class Strided(TorchFunctionMode):
    """Which 1×1 convolutions with a stride reach torch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is torch.conv2d:
            weight, stride = args[1], args[3] if len(args) > 3 else (1, 1)
            if weight[0, 0].numel() == 1 and max(stride) > 1:
                self.found.append((tuple(weight.shape), stride))
        return function(*args, **(kwargs or {}))


def run_every_network() -> None:
    """Forward and backward: where a broken kernel writes over memory, the process dies."""
    resnets = [SpikingResNet18(10, width=width) for width in range(1, 17)]
    resnets += [SpikingResNet18(10, spk, width=4) for spk in SPK_BLOCKS]
    resnets += [SpikingResNet18(10, width=4, spiking=False)]
    small = [
        SpikeAtConv(preset("micro", spk=spk, attention=attention, **SMALL | {"widths": (4, 8)}))
        for spk, attention in pairs
    ]
    mode = Strided()
    for model in resnets + small:
        with mode:
            out = model(noise(8, 3, 16, 16).float())
        out.sum().backward()
    assert not mode.found, mode.found
    print("no 1×1 with a stride")


@pytest.mark.parametrize("name", [*PRESETS, "ResNet"])
@pytest.mark.parametrize("spk", SPK_BLOCKS)
def test_no_preset_has_the_broken_layer(name, spk):
    """Of each stage two blocks, as all behind the first are made alike."""
    config = SpikingResNet18Config(10, spk)
    if name in PRESETS:
        config = preset(name, spk=spk, depths=[min(2, depth) for depth in PRESETS[name].depths])
    with torch.device("meta"):
        model = config.build()
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1):
            assert module.stride == (1, 1) or isinstance(module, Pointwise)


def test_no_network_reaches_the_broken_kernel():
    """In a process of its own, under the settings of a CPU with AVX2 and no AVX-512."""
    settings = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, __file__], env=os.environ | settings, capture_output=True, text=True
    )
    assert run.returncode == 0, f"exit {run.returncode}: {run.stderr[-2000:]}"
    assert "no 1×1 with a stride" in run.stdout


if __name__ == "__main__":
    run_every_network()


@pytest.mark.parametrize("images", [1, 2, 15, 16])
def test_a_pointwise_convolution_of_few_images(images):
    """Its rows pass for images: the same numbers, the same gradients, the same memory format."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(images, 6, 17, 5, generator=generator)
    x = x.contiguous(memory_format=torch.channels_last)
    weight, bias = torch.randn(8, 6, 1, 1, generator=generator), torch.randn(8)
    grad = torch.randn(images, 8, 17, 5, generator=generator)
    leaves = [tensor.requires_grad_() for tensor in (x, weight, bias)]
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # where torch takes another code for few images
    try:
        ours, plain = pointwise_conv(*leaves), F.conv2d(*leaves)
        assert ours.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(ours, plain)
        found, expected = (torch.autograd.grad(out, leaves, grad) for out in (ours, plain))
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-4)
    assert gains_by_rows(x) == (images < 16)
    for other in (x.double(), x.detach().contiguous(), x[..., ::2], x[:, :, :0], x.to("meta")):
        assert not gains_by_rows(other)


def test_a_pointwise_convolution_is_exported_for_any_number_of_images():
    layer, x = conv_norm(4, 6), torch.randn(1, 3, 4, 20, 5)
    batch = {"x": {1: torch.export.Dim("B", min=2, max=64)}}
    exported = torch.export.export(layer.eval(), (x,), dynamic_shapes=batch).module()
    for images in (2, 20):
        x = torch.randn(1, images, 4, 20, 5)
        torch.testing.assert_close(exported(x), layer(x))
