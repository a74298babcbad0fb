"""`record` shows what the neurons did; the model behaves as if nobody looked."""

import pytest
import torch
from torch import nn

from spikeatconv import LIF, record


class Net(nn.Module):
    """Two layers of neurons, one of them nested: "first" and "block.1"."""

    def __init__(self) -> None:
        super().__init__()
        self.inward = nn.Linear(3, 8)
        self.first = LIF(v_threshold=0.3)
        self.block = nn.Sequential(nn.Linear(8, 4), LIF(tau=3.0, v_threshold=0.2, v_reset=None))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block(self.first(self.inward(x))).mean(0)


class Shared(nn.Module):
    """One layer of neurons that runs twice in each pass."""

    def __init__(self) -> None:
        super().__init__()
        self.lif = LIF()

    def forward(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        return [self.lif(x) for x in inputs]


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


def currents(*shape: int, seed: int = 1) -> torch.Tensor:
    return 1 + 2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_spikes_and_membranes_are_those_of_the_neurons(net):
    x = currents(5, 2, 3)
    with record(net) as rec:
        net(x)
    first = net.first.run(net.inward(x))
    second = net.block[1].run(net.block[0](first.spikes))

    assert list(rec.spikes) == list(rec.membranes) == list(rec.rates) == ["first", "block.1"]
    for name, trace in {"first": first, "block.1": second}.items():
        assert 0 < trace.spikes.mean() < 1  # else there would be little to see
        assert torch.equal(rec.spikes[name], trace.spikes)
        assert torch.equal(rec.membranes[name], trace.membrane)
        assert torch.equal(rec.calls[name][0].final, trace.final)
        assert rec.rates[name] == pytest.approx(trace.spikes.mean().item())


def test_the_model_runs_as_if_nobody_looked(net):
    x = currents(5, 2, 3)
    alone = net(x)
    alone.sum().backward()
    gradients = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    with record(net):
        watched = net(x)
        watched.sum().backward()
    assert torch.equal(alone, watched)
    assert all(torch.equal(a, p.grad) for a, p in zip(gradients, net.parameters(), strict=True))


def test_nothing_recorded_holds_a_graph(net):
    x = currents(5, 2, 3).requires_grad_()
    with record(net) as rec:
        assert net(x).requires_grad
    recorded = [part for calls in rec.calls.values() for trace in calls for part in trace]
    assert len(recorded) == 6
    assert not any(part.requires_grad for part in recorded)


def test_hooks_go_with_the_block(net):
    with record(net) as rec:
        assert hooks(net) == 2
        net(currents(5, 2, 3))
    assert hooks(net) == 0
    net(currents(5, 2, 3))
    assert [len(calls) for calls in rec.calls.values()] == [1, 1]


def test_hooks_go_after_an_error_too(net):
    with pytest.raises(RuntimeError, match="cannot be multiplied"), record(net):
        net(currents(5, 2, 7))  # 7 features where the layer takes 3
    assert hooks(net) == 0


def test_two_recordings_at_once(net):
    with record(net) as outer:
        with record(net) as inner:
            net(currents(5, 2, 3))
        net(currents(5, 2, 3))
    assert (len(inner.calls["first"]), len(outer.calls["first"])) == (1, 2)


def test_a_single_layer_is_a_model_too():
    lif, x = LIF(), currents(4, 3)
    with record(lif) as rec:
        lif(x)
    assert torch.equal(rec.spikes["lif"], lif(x))


def test_the_initial_state_is_seen():
    lif, x, v0 = LIF(), currents(4, 3), torch.tensor([0.9, 0.0, -0.9])
    with record(lif) as rec:
        lif(x, v0)
        lif(x, v0=v0)
    for trace in rec.calls["lif"]:
        assert torch.equal(trace.membrane, lif.run(x, v0).membrane)


def test_several_runs_are_joined_along_the_batch():
    model, a, b = Shared(), currents(4, 2, 3), currents(4, 5, 3, seed=2)
    with record(model) as rec:
        out_a, out_b = model(a, b)
    assert rec.spikes["lif"].shape == (4, 7, 3)
    assert torch.equal(rec.spikes["lif"], torch.cat([out_a, out_b], dim=1))
    assert [list(trace.spikes.shape) for trace in rec.calls["lif"]] == [[4, 2, 3], [4, 5, 3]]


def test_rates_weigh_each_sample_and_not_each_batch():
    """One sample always fires, three never do: 1/4, where a mean of batch means says 1/2."""
    model = Shared()
    with record(model) as rec:
        model(torch.full((2, 1, 6), 9.0))
        model(torch.zeros(2, 3, 6))
    assert rec.rates == {"lif": 0.25}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((4, 2, 3), (5, 2, 3)),  # another number of time steps
        ((4, 2, 3), (4, 2, 5)),  # other neurons
        ((4, 2, 3), (4, 2, 3, 1)),
        ((4,), (4,)),  # no batch to join along
    ],
)
def test_runs_that_cannot_be_joined_say_where_to_look(first, second):
    model = Shared()
    with record(model) as rec:
        model(currents(*first), currents(*second))
    with pytest.raises(ValueError, match=r"layer 'lif' ran 2 times .* calls\['lif'\]"):
        _ = rec.spikes
    assert [trace.spikes.shape for trace in rec.calls["lif"]] == [first, second]


def test_layers_that_did_not_run_are_left_out(net):
    with record(net) as rec:
        net.first(currents(5, 2, 8))
    assert list(rec.spikes) == ["first"]
    assert rec.calls["block.1"] == []


def test_a_model_without_neurons():
    with pytest.raises(ValueError, match="Linear has no LIF layer"), record(nn.Linear(2, 2)):
        pass
