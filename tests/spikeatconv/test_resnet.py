"""The spiking ResNet-18 of the CIFAR-100 study."""

import pytest
import torch
from torch import nn

from spikeatconv import LIF, SPK_BLOCKS, SpikingResNet18


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def small(spk: str = "sl", **changes) -> SpikingResNet18:
    torch.manual_seed(0)
    return SpikingResNet18(10, spk, **{"width": 4, "time_steps": 2, **changes})


def test_it_is_resnet_18():
    with torch.device("meta"):
        model = SpikingResNet18(100)
    convs = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert sum(conv.kernel_size == (3, 3) for conv in convs) == 17  # and the linear layer: 18
    assert sum(conv.kernel_size == (1, 1) for conv in convs) == 3
    assert sum(isinstance(m, LIF) for m in model.modules()) == 17
    # As published for ResNet-18 with the 3×3 stem and 100 classes: 11.22 million.
    assert sum(p.numel() for p in model.parameters()) == 11_220_132


def test_resolution_and_width_of_the_blocks():
    with torch.device("meta"):
        model, shapes = SpikingResNet18(100), []
        for block in model.blocks:
            block.register_forward_hook(lambda m, x, out: shapes.append(tuple(out.shape[2:4])))
        assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 100)
    assert shapes == [(64, 32)] * 2 + [(128, 16)] * 2 + [(256, 8)] * 2 + [(512, 4)] * 2


@pytest.mark.parametrize("spk", sorted(SPK_BLOCKS))
def test_every_parameter_gets_a_gradient(spk):
    model = small(spk)
    logits = model(images(8, 3, 32, 32))
    assert logits.shape == (8, 10)
    (logits * images(8, 10, seed=1)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_the_twin_has_no_neuron_and_runs_once():
    twin, steps = small("mbpl", spiking=False), []
    assert not [m for m in twin.modules() if isinstance(m, LIF)]
    assert sum(isinstance(m, nn.GELU) for m in twin.modules()) == 17
    twin.blocks.register_forward_hook(lambda module, x, out: steps.append(len(out)))
    twin(images(2, 3, 32, 32))
    assert steps == [1]


def test_options_reach_every_neuron():
    model = small("sl", tau=3.0, v_reset=None)
    assert {(m.tau, m.v_reset) for m in model.modules() if isinstance(m, LIF)} == {(3.0, None)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spk": "lif"}, r"spk is 'lif'; choose one of \['sl', 'rl', 'mbpl', 'hsl', 'dcl'\]"),
        ({"width": 0}, r"width is 0; give a whole number, from 1 to 2048"),
        ({"time_steps": 1.5}, r"time_steps is 1.5, a float; give a whole number"),
        ({"in_channels": True}, r"in_channels is True, a bool; give a whole number"),
    ],
)
def test_a_wrong_argument_is_named(changes, message):
    with pytest.raises((TypeError, ValueError), match=message):
        small(**changes)


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (3, 32, 32), (3, 2, 3, 32, 32)])
def test_a_wrong_image_is_named(shape):
    with pytest.raises(ValueError, match=r"images have shape \[.*; give \[B, 3, H, W\], or .* 2"):
        small()(torch.zeros(shape))
