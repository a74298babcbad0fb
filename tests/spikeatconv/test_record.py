"""`record` shows what the neurons did; the model behaves as if nobody looked."""

import itertools
import math

import pytest
import torch
from torch import nn

from spikeatconv import (
    LIF,
    MBPL,
    SISA,
    Attend,
    LIFSum,
    SpikeAtConv,
    SpikingResNet18,
    fast,
    preset,
    record,
)


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


# --- only what is asked for


def held(rec):
    """Bytes of all tensors in a recording, each once."""
    found, rest = {}, [rec.calls, rec.counts, rec.attention_calls]
    while rest:
        thing = rest.pop()
        if isinstance(thing, torch.Tensor):
            found[thing.untyped_storage().data_ptr()] = thing.untyped_storage().nbytes()
        elif isinstance(thing, dict):
            rest += thing.values()
        elif isinstance(thing, list | tuple):
            rest += thing
    return sum(found.values())


@pytest.mark.parametrize("n", range(4))
def test_what_was_not_asked_for_is_not_kept_and_the_counts_are_the_same(n):
    torch.manual_seed(0)
    block = SISA(8, heads=2, partition="window", size=2, spk="mbpl").eval()
    inputs = currents(3, 2, 8, 4, 4), currents(3, 1, 8, 4, 4, seed=2)
    with record(block) as whole:
        [block(x) for x in inputs]
    for keep in itertools.combinations(("spikes", "membranes", "attention"), n):
        with record(block, keep) as rec:
            [block(x) for x in inputs]
        assert rec.rates == whole.rates
        assert rec.summary().equals(whole.summary())
        for name in whole.dead:
            assert torch.equal(rec.dead[name], (whole.spikes[name] == 0).all(0).all(0))
            assert torch.equal(rec.saturated[name], (whole.spikes[name] == 1).all(0).all(0))
        for what in ("spikes", "membranes", "attention"):
            if what in keep:
                for name, values in getattr(whole, what).items():
                    assert torch.equal(getattr(rec, what)[name], values)
            else:
                with pytest.raises(ValueError, match=f"holds no {what}.*record.model, keep="):
                    getattr(rec, what)


def test_a_thousand_images_take_no_more_than_one_to_count():
    """8 and 4 neurons over 5 steps, 4 bytes each; a count for each neuron, whatever the batch."""
    for keep, spikes in [((), 0), (("spikes",), 5 * 1000)]:
        with record(net := Net(), keep) as rec, torch.no_grad():
            net(currents(5, 400, 3))
            net(currents(5, 600, 3))
        assert held(rec) == (spikes + 1) * 12 * 4


def test_the_neurons_run_once_where_no_membrane_is_asked_for(net, monkeypatch):
    monkeypatch.setattr(LIF, "run", None)
    with record(net, ("spikes", "attention")) as rec, fast.use("eager"):
        net(currents(5, 2, 3))
    assert list(rec.spikes) == ["first", "block.1"]


def test_spikes_stay_what_they_were_when_the_model_goes_on_in_place():
    class InPlace(Shared):
        def forward(self, x):
            return self.lif(x).mul_(0).add_(7)

    with record(model := InPlace()) as rec, torch.no_grad():
        model(x := currents(4, 3))
    assert torch.equal(rec.spikes["lif"], LIF()(x))


@pytest.mark.parametrize("keep", ["spikes", 3, None])
def test_what_to_keep_is_a_tuple_of_names(net, keep):
    with pytest.raises(TypeError, match=r"keep is .*give a tuple of names"), record(net, keep):
        pass


def test_a_misspelt_name_of_what_to_keep_names_the_nearest(net):
    with pytest.raises(TypeError, match="'membrane'; did you mean 'membranes'"):
        record(net, ("membrane",)).__enter__()


def test_runs_of_other_neurons_have_a_rate_but_no_dead_ones():
    """6 samples of one neuron that never fires, 3 of two that always do: 9 > tau · V_th."""
    with record(model := Shared(), keep=()) as rec:
        model(torch.full((2, 3, 2), 9.0), torch.zeros(2, 6, 1))
    assert rec.rates == {"lif": 0.5}
    with pytest.raises(ValueError, match=r"ran with neurons \[\[2\], \[1\]\].*counts"):
        _ = rec.dead


# --- several thresholds over one input


@pytest.mark.parametrize("way", ["plain", "eager"])
def test_each_branch_of_a_sum_is_a_layer(way):
    block, x = MBPL(3, thresholds=(0.5, 1.5)).eval(), currents(4, 2, 3, 5, 5)
    with fast.use(way), torch.no_grad():
        alone = block(x)
        with record(block) as rec:
            watched = block(x)
    assert torch.equal(alone, watched)
    assert list(rec.spikes) == ["branches.0", "branches.1"]
    for name, lif in zip(rec.spikes, block.branches, strict=True):
        assert len(rec.calls[name]) == 1  # each spike is seen once
        assert torch.equal(rec.spikes[name], lif.run(x).spikes)
        assert torch.equal(rec.membranes[name], lif.run(x).membrane)
    assert rec.rates["branches.0"] > rec.rates["branches.1"] > 0


@pytest.mark.parametrize("way", ["plain", "eager"])
def test_a_watched_sum_lies_in_memory_as_one_alone(way):
    """Else the next layer adds in another order, and an untrained network's spikes flip."""
    module = LIFSum((0.5, 1.5))
    x = currents(8, 3, 5, 5).contiguous(memory_format=torch.channels_last).unflatten(0, (4, 2))
    with fast.use(way):
        alone = module(x)
        with record(module):
            assert module(x).stride() == alone.stride() == x.stride()


@pytest.mark.parametrize("options", [{"shared": False}, {"mlp_ratio": 2}])
def test_branches_that_are_called_one_by_one(options):
    block, x = MBPL(3, thresholds=(0.5, 1.5), **options).eval(), currents(4, 2, 3, 5, 5)
    with record(block) as rec:
        block(x)
    assert [len(calls) for calls in rec.calls.values()] == [1, 1]
    assert torch.equal(rec.spikes["branches.1"], block.branches[1].run(x).spikes)


def test_a_sum_alone_by_hand():
    """tau = 1: a neuron fires where its input is V_th or more."""
    module, x = LIFSum((1.0, 2.0), tau=1.0), torch.tensor([[[0.5, 1.0, 2.0, 3.0]]])
    with record(module) as rec:
        assert module(x).tolist() == [[[0, 1, 2, 2]]]
    assert {name: s.tolist() for name, s in rec.spikes.items()} == {
        "0": [[[0, 1, 1, 1]]], "1": [[[0, 0, 1, 1]]],
    }  # fmt: skip
    assert rec.rates == {"0": 0.75, "1": 0.5}


# --- neurons that never fire, or always


class Direct(LIF):
    """Fires where its input is 1 or more: no memory."""

    def __init__(self) -> None:
        super().__init__(tau=1.0)


def one_map(*samples: list[list[float]]) -> torch.Tensor:
    """Samples, each a list of time steps, each a row of pixels → `[T, B, 1, 1, W]`."""
    return torch.tensor(samples).float().transpose(0, 1).unflatten(-1, (1, 1, -1))


def test_dead_and_saturated_neurons_by_hand():
    model = nn.Sequential(Direct())
    with record(model) as rec:
        # pixel 0 always fires, 1 never, 2 at one step of each, 3 in the first sample only
        model(one_map([[1, 0, 1, 1], [1, 0, 0, 1]], [[1, 0, 1, 0], [1, 0, 0, 0]]))
    assert rec.dead["0"].tolist() == [[[False, True, False, False]]]
    assert rec.saturated["0"].tolist() == [[[True, False, False, False]]]
    table = rec.summary()
    assert table.to_dict("records") == [
        {"layer": "0", "neurons": 4, "rate": 0.5, "dead": 1, "dead_share": 0.25,
         "saturated": 1, "saturated_share": 0.25},
    ]  # fmt: skip


def test_a_neuron_is_dead_over_all_runs_or_not_at_all():
    model = Direct()
    with record(model) as rec:
        model(one_map([[1, 0, 0, 1]]))
        model(one_map([[1, 0, 1, 0]]))
    assert rec.dead["lif"].tolist() == [[[False, True, False, False]]]
    assert rec.saturated["lif"].tolist() == [[[True, False, False, False]]]


@pytest.mark.parametrize("shape", [(4,), (4, 2)])
def test_layers_without_a_map_count_as_one_neuron(shape):
    model = Direct()
    with record(model) as rec:
        model(torch.ones(shape))
    assert rec.dead["lif"].shape == ()
    assert rec.summary().loc[0, ["neurons", "dead", "saturated"]].tolist() == [1, 0, 1]


def test_the_summary_has_a_row_for_each_layer_that_ran(net):
    with record(net) as rec:
        assert rec.summary().empty
        net(currents(5, 2, 3))
    table = rec.summary()
    assert table["layer"].tolist() == ["first", "block.1"]
    assert table["neurons"].tolist() == [8, 4]
    assert table["rate"].tolist() == list(rec.rates.values())
    assert table["dead_share"].tolist() == (table["dead"] / table["neurons"]).tolist()


def test_a_resnet_is_summed_up_by_its_maps():
    model = SpikingResNet18(5, width=2).eval()
    with record(model) as rec, torch.no_grad():
        model(currents(3, 3, 32, 32))
    assert rec.dead["first.lif"].shape == (2, 32, 32)
    # one 2 × 32 × 32 after the stem, then four of each stage: widths 2, 4, 8, 16
    assert rec.summary()["neurons"].tolist() == [2048] * 5 + [1024] * 4 + [512] * 4 + [256] * 4


# --- attention


def tokens(*values: float) -> torch.Tensor:
    """One channel, one row: `[1, 1, 1, 1, tokens]`."""
    return torch.tensor(values).float()[None, None, None, None]


def test_an_attention_map_by_hand():
    """d = 1: scores are q_i · k_j, here 1 for the first pair only; softmax of (1, 0) and (0, 0)."""
    q, k, v = tokens(1, 0), tokens(1, 0), tokens(0, 1)
    model, plain = Attend(1, "full"), Attend(1, "full", softmax=False)
    with record(model) as rec, record(plain) as plain_rec:
        out = model(q, k=k, v=v)
        plain(q, k, v)
    e = math.e
    right = torch.tensor([[e / (e + 1), 1 / (e + 1)], [0.5, 0.5]])
    found = rec.attention["attend"]
    assert found.shape == (1, 1, 1, 1, 2, 2)
    torch.testing.assert_close(found[0, 0, 0, 0], right)
    torch.testing.assert_close(out.flatten(), right[:, 1])  # v is 1 at the second token
    assert [part.flatten().tolist() for part in rec.qkv["attend"]] == [[1, 0], [1, 0], [0, 1]]
    assert plain_rec.attention["attend"].tolist() == [[[[[[1, 0], [0, 0]]]]]]


def test_attention_of_a_block_over_several_runs():
    torch.manual_seed(0)
    block = SISA(8, heads=2, partition="window", size=2, spk="sl").eval()
    x = currents(3, 2, 8, 4, 4)
    with record(block) as rec:
        block(x)
        block(x[:, :1])
    assert list(rec.attention) == list(rec.qkv) == ["attend"]
    found = rec.attention["attend"]
    assert found.shape == (3, 2 + 1, 4, 2, 4, 4)  # 4 windows, 2 heads, 4 tokens
    torch.testing.assert_close(found.sum(-1), torch.ones(3, 3, 4, 2, 4))
    q, k, v = rec.qkv["attend"]
    assert q.shape == k.shape == v.shape == (3, 3, 8, 4, 4)
    for part, layer in zip((q, k, v), ("q.1.lif", "k.1.lif", "v.1.lif"), strict=True):
        assert torch.equal(part, rec.spikes[layer])
    assert torch.equal(found[:, 2:], found[:, :1])  # the second run saw the first's sample
    assert not any(part.requires_grad for part in (found, q, k, v))
    assert hooks(block) == 0


def test_attention_runs_that_cannot_be_joined_say_where_to_look():
    model = Attend(1, "window", 2)
    with record(model) as rec:
        for side in (2, 4):
            model(*[torch.ones(1, 1, 1, side, side)] * 3)
    for name in ("attention", "qkv"):
        with pytest.raises(ValueError, match=r"ran 2 times .* attention_calls\['attend'\]"):
            getattr(rec, name)
    assert [q.shape[-1] for q, _, _ in rec.attention_calls["attend"]] == [2, 4]


def test_the_twin_has_attention_only():
    config = preset("micro", widths=(8, 16), depths=(1, 1), partition_size=(4, 2), head_width=8)
    twin = SpikeAtConv(preset("micro", **{**vars(config), "spiking": False})).eval()
    with record(twin) as rec, torch.no_grad():
        twin(currents(2, 3, 32, 32))
    assert rec.spikes == rec.membranes == rec.rates == rec.dead == rec.saturated == {}
    assert rec.summary().empty
    shapes = [tuple(a.shape) for a in rec.attention.values()]
    # maps of 8 × 8 in groups of 4 × 4, then 4 × 4 in groups of 2 × 2; 1 and 2 heads
    assert shapes == [(1, 2, 4, 1, 16, 16), (1, 2, 4, 2, 4, 4)]


def test_attention_that_did_not_run_is_left_out():
    with record(Attend(1)) as rec:
        pass
    assert rec.attention == rec.qkv == {}
