"""SISA and BDSA: which tokens see each other, and that only spikes go in and come out."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from spikeatconv import ATTENTIONS, BDSA, PARTITIONS, SISA, SPK_BLOCKS, Attend
from spikeatconv.blocks import SL


def noise(*shape: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def pixels(partition: str, size: int, h: int, w: int) -> list[list[tuple[int, int]]]:
    """The pixels of each group: those at the same place of each tile, of one tile, or all."""
    key = {
        "grid": lambda y, x: (y % (h // size), x % (w // size)),
        "window": lambda y, x: (y // size, x // size),
        "full": lambda y, x: (),
    }[partition]
    groups: dict[tuple, list] = {}
    for y in range(h):
        for x in range(w):
            groups.setdefault(key(y, x), []).append((y, x))
    return list(groups.values())


def slow_attention(q, k, v, heads, partition, size, softmax) -> Tensor:
    """A(Q, K)·V one query at a time."""
    out = torch.zeros_like(v)
    time, batch, channels, h, w = q.shape
    d = channels // heads
    for t in range(time):
        for b in range(batch):
            for head in range(heads):
                c = slice(head * d, (head + 1) * d)
                for group in pixels(partition, size, h, w):
                    for y, x in group:
                        query = q[t, b, c, y, x]
                        scores = torch.stack([query @ k[t, b, c, i, j] for i, j in group])
                        scores = scores / math.sqrt(d)
                        weights = scores.exp() / scores.exp().sum() if softmax else scores
                        values = torch.stack([v[t, b, c, i, j] for i, j in group])
                        out[t, b, c, y, x] = weights @ values
    return out


@pytest.mark.parametrize("softmax", [True, False])
@pytest.mark.parametrize("partition", sorted(PARTITIONS))
def test_attention_is_the_plain_loop(partition, softmax):
    q, k, v = (noise(2, 1, 6, 4, 6, seed=seed).double() for seed in range(3))
    fast = Attend(heads=2, partition=partition, size=2, softmax=softmax)(q, k, v)
    torch.testing.assert_close(fast, slow_attention(q, k, v, 2, partition, 2, softmax))


@pytest.mark.parametrize("partition", sorted(PARTITIONS))
@pytest.mark.parametrize("copied", [(0, 1, 2), (0,), (1,), (2,)])
def test_one_tensor_for_several_of_q_k_and_v_is_as_good_as_copies(partition, copied):
    s = noise(2, 3, 8, 4, 4)
    attend = Attend(2, partition, 2)
    qkv = [s.clone() if i in copied else s for i in range(3)]
    assert torch.equal(attend(s, s, s), attend(*qkv))


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_full_attention_is_torchs(heads):
    q, k, v = (noise(2, 3, 8, 5, 4, seed=seed) for seed in range(3))

    def tokens(x):  # [T, B, C, H, W] → [T, B, heads, H·W, d]
        return x.flatten(3).unflatten(2, (heads, -1)).transpose(-2, -1)

    expected = scaled_dot_product_attention(tokens(q), tokens(k), tokens(v))
    expected = expected.transpose(-2, -1).reshape(v.shape)
    torch.testing.assert_close(Attend(heads, "full")(q, k, v), expected)


@pytest.mark.parametrize("partition", ["grid", "window"])
@pytest.mark.parametrize("softmax", [True, False])
def test_one_group_as_large_as_the_map_is_full_attention(partition, softmax):
    q, k, v = (noise(2, 2, 8, 4, 4, seed=seed) for seed in range(3))
    one_group = Attend(2, partition, 4, softmax)(q, k, v)
    torch.testing.assert_close(one_group, Attend(2, "full", softmax=softmax)(q, k, v))


@pytest.mark.parametrize("partition", sorted(PARTITIONS))
def test_rows_of_a_softmax_map_sum_to_one(partition):
    q, k = noise(2, 2, 8, 4, 6, seed=1), noise(2, 2, 8, 4, 6, seed=2)
    maps = Attend(2, partition, 2).weights(q, k)
    tokens = {"full": (1, 2, 24, 24)}.get(partition, (6, 2, 4, 4))  # groups, heads, N, N
    assert maps.shape == (4, *tokens)
    assert (maps > 0).all()
    torch.testing.assert_close(maps.sum(-1), torch.ones(4, *tokens[:3]))


def test_equal_keys_average_the_values_of_the_group():
    """All keys alike: every weight is 1/N, and a group's output is the mean of its values."""
    v = noise(1, 1, 2, 4, 4)
    q, k = noise(1, 1, 2, 4, 4, seed=1), torch.ones(1, 1, 2, 4, 4)
    out = Attend(1, "window", 2)(q, k, v)
    mean = torch.nn.functional.avg_pool2d(v[0], 2).repeat_interleave(2, -1).repeat_interleave(2, -2)
    torch.testing.assert_close(out[0], mean)
    alone = Attend(1, "window", 1)(q, k, v)
    torch.testing.assert_close(alone, v)  # a token that sees only itself


@pytest.mark.parametrize("softmax", [True, False])
@pytest.mark.parametrize("attention", sorted(ATTENTIONS))
@pytest.mark.parametrize("spk", sorted(SPK_BLOCKS))
def test_q_k_v_and_the_output_are_spikes(spk, attention, softmax):
    torch.manual_seed(0)
    layer = ATTENTIONS[attention](8, 2, "grid", 2, softmax, spk)
    seen = {}
    layer.attend.register_forward_hook(lambda module, qkv, out: seen.update(qkv=qkv))
    spikes = layer(noise(4, 2, 8, 4, 4, scale=3))
    for tensor in seen["qkv"]:
        assert tensor.unique().tolist() == [0, 1], "spikes, and some of them"
    assert set(spikes.unique().tolist()) <= {0.0, 1.0}


def test_bdsa_takes_its_input_s_spikes_for_q_k_and_v():
    layer = BDSA(8, 2, "grid", 2, spk="sl")
    seen = {}
    layer.attend.register_forward_hook(lambda module, qkv, out: seen.update(qkv=qkv))
    x = noise(4, 2, 8, 4, 4, scale=3)
    layer(x)
    assert all(torch.equal(tensor, SL(8)(x)) for tensor in seen["qkv"])


def test_bdsa_has_no_weights_of_its_own():
    """Only the BatchNorm before the last SPK block: scale and offset of each channel."""
    assert sum(p.numel() for p in BDSA(8, 2, spk="sl").parameters()) == 2 * 8
    assert list(BDSA(8, 2, spk="sl", norm="none").parameters()) == []
    three_projections = 3 * (8 * 8 + 2 * 8)
    assert sum(p.numel() for p in SISA(8, 2, spk="sl").parameters()) == three_projections + 2 * 8


def test_a_softmax_of_spikes_needs_the_norm_before_the_last_neuron():
    """A row sums to 1, so A·V of binary V is at most 1: τ = 2, V_th = 1 never fires on it."""
    x = noise(8, 2, 8, 4, 4, scale=3)
    assert not SISA(8, 2, "grid", 2, spk="sl", norm="none")(x).any()
    assert SISA(8, 2, "grid", 2, spk="sl")(x).any()


@pytest.mark.parametrize("attention", sorted(ATTENTIONS))
def test_the_twin_is_real_valued(attention):
    layer = ATTENTIONS[attention](8, 2, "grid", 2, spk="mbpl", spiking=False)
    out = layer(noise(1, 2, 8, 4, 4))
    assert len(out.unique()) > 100
    assert (out > -0.2).all(), "GELU's minimum is −0.17"


@pytest.mark.parametrize("attention", sorted(ATTENTIONS))
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"heads": 3}, "heads is 3 and channels is 8; give a number of heads that divides"),
        ({"heads": 0}, "heads is 0; give a whole number, 1 or more"),
        ({"heads": 2.0}, "heads is 2.0, a float; give a whole number"),
        ({"partition": "axial"}, r"partition is 'axial'; choose one of \['grid', 'window', 'full'"),
        ({"spk": "lif"}, r"spk is 'lif'; choose one of \['sl', 'rl', 'mbpl', 'hsl', 'dcl'\]"),
        ({"norm": "layer"}, r"norm is 'layer'; choose one of \['batch', 'none'\]"),
    ],
)
def test_a_wrong_argument_is_named(attention, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ATTENTIONS[attention](**{"channels": 8, "heads": 2, **arguments})


@pytest.mark.parametrize("attention", sorted(ATTENTIONS))
def test_a_wrong_map_is_named(attention):
    layer = ATTENTIONS[attention](8, 2, "grid", 3, spk="sl")
    with pytest.raises(ValueError, match="a grid of size 3 does not fit a map of 4×6 pixels"):
        layer(noise(2, 2, 8, 4, 6))
    with pytest.raises(ValueError, match=r"got x of shape \[2, 2, 6, 6, 6\]; .* C = 8"):
        layer(noise(2, 2, 6, 6, 6))
    with pytest.raises(ValueError, match=r"got x of shape \[2, 8, 6, 6\]"):
        layer(noise(2, 8, 6, 6))
