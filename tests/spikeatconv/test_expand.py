"""A network with sums is one of spikes alone, n virtual steps for each of its own."""

import pytest
import torch

from spikeatconv import (
    MBPL,
    SpikeAtConv,
    SpikingResNet18,
    energy_report,
    expand,
    fold,
    preset,
    record,
)
from spikeatconv.expand import VirtualNeurons
from spikeatconv.neuron import LIFSum

SUM = {"readout": "sum", "mixer": False}
KINDS = {
    "sum": {"spk_options": SUM},
    "three thresholds": {"spk_options": {**SUM, "thresholds": (0.4, 0.8, 1.2)}},
    "sum of x + M": {"spk_options": {"readout": "sum"}},
    "BDSA": {"spk_options": {"readout": "sum"}, "attention": "bdsa"},
    "membrane, whose mixer sees spikes": {"spk_options": {"readout": "membrane"}},
    "shortcut of spikes": {"spk_options": SUM, "shortcut": "spike"},
}


def busy(model: torch.nn.Module, images: torch.Tensor) -> torch.nn.Module:
    """The network in eval mode, its BatchNorms set to these images, so that neurons fire."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        for _ in range(3):
            model.train()(images)
    return model.eval()


def images(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def micro(seed: int = 0, **changes) -> SpikeAtConv:
    torch.manual_seed(seed)
    changes = {"widths": (16, 32), "depths": (1, 1), "partition_size": (4, 4)} | changes
    return SpikeAtConv(preset("micro", time_steps=2, **changes))


@pytest.mark.parametrize("shape", [(3, 3, 16, 16), (2, 3, 3, 16, 16)], ids=["still", "frames"])
@pytest.mark.parametrize("kind", KINDS)
def test_spikes_one_by_one_give_the_logits_of_sums(kind, shape):
    x = images(*shape)
    model = busy(micro(partition_size=(4, 2), **KINDS[kind]), x).double()
    with torch.no_grad():
        torch.testing.assert_close(expand(model)(x.double()), fold(model)(x.double()))


def test_the_residual_network_too():
    x = images(3, 3, 16, 16)
    model = busy(SpikingResNet18(5, "mbpl", 2, width=4, **SUM), x).double()
    with torch.no_grad():
        torch.testing.assert_close(expand(model)(x.double()), fold(model)(x.double()))


@pytest.mark.parametrize("kind", ["sum", "sum of x + M"])
def test_where_numbers_add_exactly_the_logits_are_the_same_to_the_bit(kind):
    # Weights in eighths, n = 4, 16 channels a head (1/√16), no softmax: nothing is ever rounded.
    model = fold(micro(head_width=16, softmax=False, **KINDS[kind]))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randint(-8, 9, parameter.shape, generator=generator) / 8)
        x = (4 * images(3, 3, 32, 32)).round() / 4
        x, model = x.double(), model.double()
        with record(model) as recording:
            logits = model(x)
    assert min(recording.rates.values()) < 0.9
    assert max(recording.rates.values()) > 0.1
    assert len(logits.unique()) > 10
    with torch.no_grad():
        assert torch.equal(expand(model)(x), logits)


@pytest.mark.parametrize("kind", ["sum", "sum of x + M"])
def test_every_layer_behind_a_block_sees_spikes_at_the_same_price(kind):
    x = images(3, 3, 32, 32)
    model = busy(micro(**KINDS[kind]), x)
    sums, spikes = energy_report(model, x), energy_report(expand(model), x)
    assert "spike sum" in set(sums.layers.input)
    fed = sums.layers.input == "spike sum"
    assert set(spikes.layers.input[fed]) == {"binary"}
    assert (spikes.layers.passes[fed] == 4 * sums.layers.passes[fed]).all()
    torch.testing.assert_close(spikes.snn_mj, sums.snn_mj, rtol=1e-3, atol=0)


def test_each_branch_has_a_virtual_step_of_its_own():
    block = MBPL(1, (0.5, 1.0, 1.5), readout="sum", mixer=False)
    neurons = VirtualNeurons(list(block.branches), 4)
    x = torch.tensor([1.2, 0, 0, 0, 0.8, 1.2, 0.4, 0]).view(8, 1, 1, 1, 1)  # in all 1.2, 2.4
    # τ = 2. H of the first step: 0.6 in all three, the first fires. H of the second: 1.2 in the
    # first, which was reset, 0.6 + (2.4 − 0.6) / 2 = 1.5 in the two others: all fire.
    assert neurons(x).flatten().tolist() == [1, 0, 0, 0, 1, 1, 1, 0]


def test_the_model_stays_as_it_is():
    model = micro(**KINDS["sum"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    expanded = expand(model.train())
    assert model.training
    assert not expanded.training
    assert any(isinstance(module, LIFSum) for module in model.modules())
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    ("model", "error", "told"),
    [
        (torch.nn.Linear(2, 2), TypeError, "give a SpikeAtConv or a SpikingResNet18"),
        (micro(spk="sl"), ValueError, 'no MBPL.*give one with spk="mbpl"'),
        (micro(spiking=False), ValueError, "no MBPL"),
        (
            micro(spk_options={"readout": "sum", "mlp_ratio": 2}),
            ValueError,
            "stem_to_stream.0 is an MBPL.*mlp_ratio=0 and shared=True",
        ),
        (micro(spk_options={"readout": "sum", "shared": False}), ValueError, "shared=True"),
    ],
    ids=["linear", "SL", "twin", "bottleneck", "unshared"],
)
def test_a_network_without_sums_is_told(model, error, told):
    with pytest.raises(error, match=told):
        expand(model)
