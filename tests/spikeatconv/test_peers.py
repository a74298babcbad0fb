"""The same neuron as in two libraries that others wrote, in float64: spikes identical,
membranes within 1e-12, input gradients within 1e-10.

Where they differ, and how the tests meet them:
- Norse fires at H > V_th, we and SpikingJelly at H ≥ V_th: runs with a near tie are left out.
- SpikingJelly leaks towards V_reset (0 for the soft reset), so V_rest = V_reset there.
"""

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from spikingjelly.activation_based import neuron, surrogate

from spikeatconv import LIF, Atan, Sigmoid

PAIRS = [(Atan, surrogate.ATan), (Sigmoid, surrogate.Sigmoid)]
by_surrogate = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["atan", "sigmoid"])
by_reset = pytest.mark.parametrize("soft", [False, True], ids=["hard", "soft"])

taus = st.floats(1.01, 20)
thresholds = st.floats(0.5, 2)
resets = st.floats(-1, 0.4)
shapes = st.tuples(st.integers(1, 8)) | st.tuples(
    st.integers(1, 6), st.integers(1, 3), st.integers(1, 4)
)
seeds = st.integers(0, 2**16)


def random(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def no_near_tie(lif: LIF, membrane: torch.Tensor) -> bool:
    """No H within rounding of V_th, where the order of additions would decide on a spike."""
    return bool(((membrane - lif.v_threshold).abs() > 1e-9).all())


def after_reset(lif: LIF, spikes: torch.Tensor, membrane: torch.Tensor) -> torch.Tensor:
    """V[t] from S[t] and H[t]; the libraries report V where we report H."""
    if lif.v_reset is None:
        return membrane - spikes * lif.v_threshold
    return torch.where(spikes == 1, lif.v_reset, membrane)


@by_reset
@given(
    tau=st.floats(1, 20), v_threshold=thresholds, v_rest=st.floats(-0.5, 0.5), v_reset=resets,
    shape=shapes, seed=seeds,
)  # fmt: skip
def test_norse_is_the_same_neuron(soft, tau, v_threshold, v_rest, v_reset, shape, seed):
    from norse.torch.functional.lif_box import (
        LIFBoxFeedForwardState,
        LIFBoxParameters,
        lif_box_feed_forward_step,
    )
    from norse.torch.functional.reset import reset_subtract, reset_value

    lif = LIF(tau, v_threshold, v_rest, None if soft else v_reset)
    x, v0 = 1 + 1.5 * random(shape, seed), random(shape[1:], seed + 1)
    spikes, membrane, _ = lif.run(x, v0)
    assume(no_near_tie(lif, membrane))

    as64 = lambda value: torch.tensor(value, dtype=torch.float64)  # noqa: E731
    parameters = LIFBoxParameters(
        tau_mem_inv=as64(1 / tau), v_leak=as64(v_rest), v_th=as64(v_threshold),
        v_reset=as64(v_reset), reset_method=reset_subtract if soft else reset_value,
    )  # fmt: skip
    v = v0
    for t, ours in enumerate(after_reset(lif, spikes, membrane)):
        z, (v,) = lif_box_feed_forward_step(x[t], LIFBoxFeedForwardState(v), parameters, dt=1.0)
        assert torch.equal(z, spikes[t])
        torch.testing.assert_close(v, ours, rtol=0, atol=1e-12)


@by_surrogate
@by_reset
@given(
    tau=taus, v_threshold=thresholds, v_reset=resets, detach=st.booleans(),
    alpha=st.floats(0.5, 6), shape=shapes, seed=seeds,
)  # fmt: skip
def test_spikingjelly_is_the_same_neuron_with_the_same_gradient(
    ours, theirs, soft, tau, v_threshold, v_reset, detach, alpha, shape, seed
):
    lif = LIF(
        tau, v_threshold, 0.0 if soft else v_reset, None if soft else v_reset, ours(alpha), detach
    )
    peer = neuron.LIFNode(
        tau=tau, decay_input=True, v_threshold=v_threshold, v_reset=lif.v_reset,
        surrogate_function=theirs(alpha=alpha), detach_reset=detach,
        step_mode="m", store_v_seq=True,
    )  # fmt: skip
    x = (1 + 1.5 * random(shape, seed)).requires_grad_()
    x_peer = x.detach().clone().requires_grad_()
    spikes, membrane, final = lif.run(x)
    assume(no_near_tie(lif, membrane))

    spikes_peer = peer(x_peer)
    assert torch.equal(spikes, spikes_peer)
    potential = after_reset(lif, spikes, membrane)
    torch.testing.assert_close(potential, peer.v_seq, rtol=0, atol=1e-12)
    torch.testing.assert_close(final, peer.v, rtol=0, atol=1e-12)

    upstream = random(shape, seed + 2)  # tells every spike apart from every other
    spikes.backward(upstream)
    spikes_peer.backward(upstream)
    torch.testing.assert_close(x.grad, x_peer.grad, rtol=1e-10, atol=1e-10)


@by_surrogate
@given(alpha=st.floats(0.5, 10), seed=seeds)
def test_the_formulas_of_the_surrogates_agree_with_spikingjelly(ours, theirs, alpha, seed):
    mine = (3 * random((50,), seed)).requires_grad_()
    other = mine.detach().clone().requires_grad_()
    smooth = theirs.primitive_function(other.detach().clone(), alpha)
    torch.testing.assert_close(ours(alpha).primitive(mine.detach()), smooth, rtol=0, atol=1e-12)
    ours(alpha)(mine).sum().backward()
    theirs(alpha=alpha)(other).sum().backward()
    torch.testing.assert_close(mine.grad, other.grad, rtol=0, atol=1e-12)


def test_the_default_slopes_are_those_of_spikingjelly():
    for ours, theirs in PAIRS:
        assert ours().alpha == theirs().alpha
