"""SPK blocks: what stands where a usual network has its activation."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeatconv import (
    BDSA,
    DCL,
    HSL,
    LIF,
    MBPL,
    RL,
    SISA,
    SL,
    SPK_BLOCKS,
    Atan,
    SpikingResNet18,
    preset,
)
from spikeatconv.blocks import spk_block

sizes = st.integers(1, 5)
options = st.fixed_dictionaries(
    {},
    optional={
        "tau": st.floats(1, 20),
        "v_threshold": st.floats(0.5, 2),
        "v_rest": st.floats(-0.5, 0.5),
        "v_reset": st.none() | st.floats(-1, 0.4),
        "surrogate": st.sampled_from(["atan", "sigmoid", Atan(alpha=3.0)]),
        "detach_reset": st.booleans(),
    },
)


def feature_map(*shape: int, seed: int = 0) -> torch.Tensor:
    return 1 + 2 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@given(sizes, sizes, sizes, sizes, sizes, options, st.integers(0, 2**16))
def test_sl_is_one_lif_and_keeps_the_shape(time, batch, channels, height, width, options, seed):
    x = feature_map(time, batch, channels, height, width, seed=seed)
    spikes = SL(channels, **options)(x)
    assert spikes.shape == x.shape
    assert torch.equal(spikes, LIF(**options)(x))
    assert set(spikes.unique().tolist()) <= {0.0, 1.0}


def test_options_reach_the_neuron():
    lif = SL(3, tau=4.0, v_threshold=0.5, v_rest=0.1, v_reset=None, surrogate="sigmoid").lif
    assert (lif.tau, lif.v_threshold, lif.v_rest, lif.v_reset) == (4.0, 0.5, 0.1, None)
    assert lif.surrogate.alpha == 4.0
    with pytest.raises(ValueError, match=r"tau is 0.5"):
        SL(3, tau=0.5)
    with pytest.raises(TypeError, match="threshold_v"):
        SL(3, threshold_v=1.0)


@pytest.mark.parametrize("detach_reset", [True, False])
def test_gradient_is_finite_and_reaches_every_input(detach_reset):
    x = feature_map(4, 2, 3, 5, 5).requires_grad_()
    SL(3, detach_reset=detach_reset)(x).mean().backward()
    assert x.grad.isfinite().all()
    assert (x.grad != 0).all()


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        ((2, 3, 8, 8), r"\[2, 3, 8, 8\]"),  # the time axis is missing
        ((3,), r"\[3\]"),
        ((), r"\[\]"),
        ((1, 4, 2, 3, 8, 8), r"\[1, 4, 2, 3, 8, 8\]"),
        ((4, 2, 5, 8, 8), r"\[4, 2, 5, 8, 8\]"),  # 5 channels, not 3
        ((4, 2, 8, 8, 3), r"\[4, 2, 8, 8, 3\]"),  # channels last
    ],
)
def test_wrong_rank_or_channels(shape, written):
    message = rf"SL got x of shape {written}; give \[T, B, C, H, W\] with T .* C = 3"
    with pytest.raises(ValueError, match=message):
        SL(3)(torch.zeros(shape))


def test_integer_input_is_named():
    with pytest.raises(TypeError, match=r"x has dtype torch.int64; .* x.float\(\)"):
        SL(3)(torch.zeros(4, 2, 3, 8, 8, dtype=torch.int64))


def test_blocks_are_found_by_name():
    assert SPK_BLOCKS["sl"] is SL
    x = feature_map(2, 2, 4, 6, 6)
    for name, block in SPK_BLOCKS.items():  # any block can stand in any place
        assert name == name.lower()
        assert block(4)(x).shape == x.shape


@given(st.sampled_from(sorted(SPK_BLOCKS)), sizes, sizes, st.integers(2, 6), sizes, sizes)
def test_every_block_keeps_the_shape(name, time, batch, channels, height, width):
    x = feature_map(time, batch, channels, height, width)
    assert SPK_BLOCKS[name](channels).eval()(x).shape == x.shape


def test_rl_concatenates_the_spikes_of_two_neurons_in_a_row():
    x = feature_map(5, 2, 3, 4, 4)
    h = LIF(tau=3.0)(x)
    out = RL(3, project=False, tau=3.0, second_threshold=0.4)(x)
    assert out.shape == (5, 2, 6, 4, 4)
    assert torch.equal(out[:, :, 3:], h)
    assert torch.equal(out[:, :, :3], LIF(tau=3.0, v_threshold=0.4)(h))


def test_rl_second_neuron_wants_two_spikes_in_a_row():
    # Input 2 at τ = 2 charges the first neuron to its threshold 1 at once, 0 lets it rest.
    x = 2 * torch.tensor([1.0, 0, 0, 1, 1, 0, 0, 0]).view(8, 1, 1, 1, 1)
    h, second = x / 2, RL(1, project=False)(x)[:, :, :1]
    # Membrane of the second: 1/2, 1/4, 1/8, 9/16, 25/32 ≥ 0.6.
    assert second.flatten().tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
    always = RL(1, project=False, second_threshold=1.0)(2 * torch.ones(20, 1, 1, 1, 1))
    assert always[:, :, 1].eq(1).all(), "the first fires at every step"
    assert not always[:, :, 0].any(), "1 − 2^−T stays below 1"
    assert torch.equal(RL(1, project=False)(x)[:, :, 1:], h)


def mix(block: MBPL, spikes: torch.Tensor) -> torch.Tensor:
    return block.mixers[0](spikes)


def varied(block: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """The block in eval mode, with statistics, weights and biases that leave nothing at 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    for module in block.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            module.weight.data.uniform_(0.5, 2, generator=generator)
    return block.eval()


def test_mbpl_with_one_branch_is_sl_and_the_mixer():
    x = feature_map(4, 2, 3, 8, 8)
    block = varied(MBPL(3, thresholds=(1.0,)))
    assert torch.equal(block(x), mix(block, SL(3)(x)))


def test_equal_branches_count_twice():
    x = feature_map(4, 2, 3, 8, 8)
    block = varied(MBPL(3, thresholds=(1, 1)))
    assert torch.equal(block.branches(x), 2 * SL(3)(x))
    assert torch.equal(block(x), mix(block, 2 * SL(3)(x)))


@given(st.lists(st.floats(0.3, 3), min_size=1, max_size=5), st.integers(0, 2**16))
def test_a_linear_mixer_of_the_sum_is_the_sum_of_mixers(thresholds, seed):
    # True of the convolution, and of BatchNorm with mean 0: an offset would be added n times.
    x = feature_map(2, 1, 2, 5, 5, seed=seed)
    block = MBPL(2, thresholds=thresholds).eval()
    for layer in block.mixers[0]:
        if getattr(layer, "bias", None) is not None:
            torch.nn.init.zeros_(layer.bias)
    each = [mix(block, LIF(v_threshold=threshold)(x)) for threshold in thresholds]
    torch.testing.assert_close(block(x), sum(each), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("mlp_ratio", [0, 4])
def test_unshared_mbpl_has_a_mixer_for_each_branch_and_adds_them(mlp_ratio):
    x = feature_map(4, 2, 3, 8, 8)
    block = varied(MBPL(3, thresholds=(0.5, 1.5), shared=False, mlp_ratio=mlp_ratio))
    assert len(block.mixers) == 2
    assert block.mixers[0][0].weight is not block.mixers[1][0].weight
    low, high = LIF(v_threshold=0.5)(x), LIF(v_threshold=1.5)(x)
    torch.testing.assert_close(block(x), block.mixers[0](low) + block.mixers[1](high))


def test_mbpl_with_a_bottleneck_mixes_each_branch():
    x = feature_map(4, 2, 3, 8, 8)
    block = varied(MBPL(3, thresholds=(0.5, 1.5), mlp_ratio=4))
    widths = [layer.out_channels for layer in block.mixers[0] if hasattr(layer, "out_channels")]
    assert widths == [3, 12, 3]
    low, high = LIF(v_threshold=0.5)(x), LIF(v_threshold=1.5)(x)
    torch.testing.assert_close(block(x), mix(block, low) + mix(block, high))
    assert not torch.allclose(block(x), mix(block, low + high), atol=1e-3), "GELU is not linear"


@pytest.mark.parametrize("name", ["rl", "mbpl"])
def test_readout_says_whether_the_output_is_spikes(name):
    x = feature_map(4, 2, 4, 8, 8)
    spikes = SPK_BLOCKS[name](4, readout="spike")(x)
    assert spikes.unique().tolist() == [0, 1]
    assert len(SPK_BLOCKS[name](4, readout="membrane")(x).unique()) > 2


def test_a_sum_without_a_mixer_is_the_number_of_neurons_that_fire():
    # At τ = 2 from rest, H = x / 2: 0.4 fires nobody, 0.8 the 0.5, 1.0 that and the 1.0, 2 all.
    x = torch.tensor([0.8, 1.6, 2.0, 3.0, 4.0]).view(1, 1, 1, 1, 5)
    assert MBPL(1, readout="sum", mixer=False)(x).flatten().tolist() == [0, 1, 2, 3, 4]
    assert not list(MBPL(1, readout="sum", mixer=False).parameters())


@pytest.mark.parametrize("residual", [True, False])
def test_a_sum_behind_a_mixer_counts_the_neurons_that_see_its_membrane(residual):
    thresholds, x = (0.5, 1.5), feature_map(4, 2, 3, 8, 8)
    block = varied(MBPL(3, thresholds, readout="sum", residual=residual, tau=3.0))
    low, high = (LIF(tau=3.0, v_threshold=v) for v in thresholds)
    membrane = mix(block, low(x) + high(x)) + (x if residual else 0)
    assert torch.equal(block(x), low(membrane) + high(membrane))
    assert block(x).unique().tolist() == [0, 1, 2]


def test_what_fires_behind_the_mixer_has_options_of_its_own():
    closing = MBPL(3, readout="sum", tau=3.0, closing={"tau": 1.0}).closing
    assert [lif.tau for lif in closing] == [1.0] * 4
    assert [lif.v_threshold for lif in closing] == [0.5, 1.0, 1.5, 2.0]
    with pytest.raises(TypeError, match="v_threshold"):  # its thresholds are those of the branches
        MBPL(3, readout="sum", closing={"v_threshold": 0.3})


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        (
            "readout",
            "membrane",
            "readout is 'membrane' with mixer=False.*mixer=True or readout='sum'",
        ),
        ("readout", "spike", "readout is 'spike'"),
        ("mlp_ratio", 4, "mlp_ratio is 4 .*mixer=True or mlp_ratio=0"),
        ("shared", False, "shared is False"),
        ("residual", False, "residual is False"),
        ("closing", {"tau": 1.0}, "closing is {'tau': 1.0}"),
    ],
)
def test_options_of_the_mixer_need_one(option, value, told):
    with pytest.raises(ValueError, match=told):
        MBPL(3, mixer=False, **{"readout": "sum", option: value})


def test_rl_sends_no_sum():
    with pytest.raises(ValueError, match="readout is 'sum'; choose one of"):
        RL(3, readout="sum")


@pytest.mark.parametrize("attention", [SISA, BDSA])
@pytest.mark.parametrize("mixer", [True, False])
def test_where_spikes_are_needed_a_sum_gives_way_to_them(attention, mixer):
    block = attention(4, 2, size=4, readout="sum", mixer=mixer, v_threshold=0.7, tau=3.0)
    x = feature_map(2, 2, 4, 8, 8)
    assert block(x).unique().tolist() == [0, 1]
    last = block.out[1]
    neuron = last.closing if mixer else last.lif
    assert (neuron.v_threshold, neuron.tau) == (0.7, 3.0)


@given(st.integers(2, 7), st.integers(0, 2**16))
def test_hsl_gives_each_half_its_own_time_constant(channels, seed):
    x = feature_map(6, 2, channels, 3, 3, seed=seed)
    half = channels // 2
    out = HSL(channels, taus=(1.5, 6.0))(x)
    assert torch.equal(out[:, :, :half], LIF(tau=1.5)(x[:, :, :half]))
    assert torch.equal(out[:, :, half:], LIF(tau=6.0)(x[:, :, half:]))


def test_dcl_halves_come_from_a_3x3_and_a_5x5_convolution():
    """One bright pixel, convolutions that add up what they see: a 3×3 and a 5×5 patch fires."""
    block = DCL(2, norm="none")
    for conv in (block.fine[0][0], block.wide[0][0]):
        torch.nn.init.ones_(conv.weight)
        torch.nn.init.zeros_(conv.bias)
    x = torch.zeros(1, 1, 2, 9, 9)
    x[0, 0, 0, 4, 4] = 2.0  # V = 2/τ = 1 reaches the threshold
    fine, wide = block(x)[0, 0]
    expected = torch.zeros(2, 9, 9)
    expected[0, 3:6, 3:6] = 1
    expected[1, 2:7, 2:7] = 1
    assert torch.equal(fine, expected[0])
    assert torch.equal(wide, expected[1])


def test_dcl_gives_an_odd_channel_to_the_5x5_convolution():
    block = varied(DCL(5, tau=3.0))
    x = feature_map(4, 2, 5, 6, 6)
    out = block(x)
    assert torch.equal(out[:, :, :2], LIF(tau=3.0)(block.fine[0](x)))
    assert torch.equal(out[:, :, 2:], LIF(tau=3.0)(block.wide[0](x)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RL(4, readout="both"), r"readout is 'both'; choose one of \['membrane', 'spike'"),
        (lambda: MBPL(4, readout=None), r"readout is None; choose one of \['membrane', 'spike'"),
        (lambda: RL(4, project=False, readout="spike"), 'readout is "spike" with project=False'),
        (lambda: MBPL(4, thresholds=()), r"thresholds is \(\); give at least one number"),
        (lambda: MBPL(4, thresholds=1.0), r"thresholds is 1.0; give at least one number"),
        (lambda: MBPL(4, mlp_ratio=-1), "mlp_ratio is -1; give a number from 0"),
        (lambda: HSL(1), "HSL got channels=1; it halves C, give 2 or more"),
        (lambda: DCL(1), "DCL got channels=1; it halves C, give 2 or more"),
        (lambda: HSL(4, taus=(2.0,)), r"taus is \(2.0,\); give 2 numbers"),
        (lambda: HSL(4, taus=(2.0, 0.5)), r"taus\[1\] is 0.5"),
        (lambda: RL(4, second_threshold=-1.0), r"and second_threshold is -1.0: .* raise second_th"),
        (lambda: MBPL(4, thresholds=(1.0, -1.0)), r"and thresholds\[1\] is -1.0: "),
        (lambda: DCL(4, norm="layer"), r"norm is 'layer'; choose one of \['batch', 'none'\]"),
        (lambda: spk_block("lsl", 4), r"spk is 'lsl'; choose one of \['sl', 'rl', 'mbpl', 'hsl'"),
    ],
)
def test_a_wrong_option_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("name", sorted(SPK_BLOCKS))
@pytest.mark.parametrize("shape", [(2, 4, 8, 8), (4, 2, 6, 8, 8)])
def test_every_block_names_a_wrong_shape(name, shape):
    message = rf"{name.upper()} got x of shape {re.escape(str(list(shape)))}; give .* C = 4"
    with pytest.raises(ValueError, match=message):
        SPK_BLOCKS[name](4)(torch.zeros(shape))


def test_a_twin_has_gelu_and_binary_asks_for_spikes():
    assert isinstance(spk_block("mbpl", 4, spiking=False), torch.nn.GELU)
    x = feature_map(4, 2, 4, 8, 8)
    for name in SPK_BLOCKS:
        assert spk_block(name, 4, binary=True)(x).unique().tolist() == [0, 1], name


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HSL(4, tau=3.0), r"HSL does not know 'tau'; did you mean 'taus'\?"),
        (lambda: SL(4, v_treshold=0.5), r"SL does not know 'v_treshold'; .* 'v_threshold'\?"),
        (lambda: MBPL(4, closing={"taus": 1}), r"closing of MBPL does not know 'taus'; .* 'tau'\?"),
        (lambda: preset("micro", spiking=False, spk_options={"threshold": 1}), "'thresholds'"),
        (lambda: SpikingResNet18(3, spiking=False, tua=3.0), r"SL does not know 'tua'; .* 'tau'\?"),
        (lambda: SISA(4, 2, spk="sl", spiking=False, tua=3.0), "SL does not know 'tua'"),
        (lambda: BDSA(4, 2, spk="sl", spiking=False, binary=True), "SL does not know 'binary'"),
    ],
)
def test_an_unknown_option_names_the_nearest_also_in_a_twin(make, message):
    with pytest.raises(TypeError, match=message):
        make()
