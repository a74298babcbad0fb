"""SPK blocks: what stands where a usual network has its activation."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeatconv import LIF, SL, SPK_BLOCKS, Atan

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
    message = rf"SL got x of shape {written}; expected \[T, B, C, H, W\] with C = 3"
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
