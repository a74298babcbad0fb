"""Surrogates: an exact step forward, a smooth slope backward."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeatconv import Atan, Sigmoid
from spikeatconv.surrogate import SURROGATES, Surrogate, as_surrogate

EVERY = [Atan(), Atan(0.5), Atan(10.0), Sigmoid(), Sigmoid(0.5), Sigmoid(10.0)]
every_surrogate = pytest.mark.parametrize("surrogate", EVERY, ids=str)

# u reaches the steep middle and the flat tails of every surrogate above.
U = torch.linspace(-6, 6, 241, dtype=torch.float64)


@every_surrogate
def test_forward_is_the_exact_step_and_fires_at_zero(surrogate):
    tiny = torch.finfo(torch.float64).tiny
    u = torch.tensor([-1e9, -1.0, -tiny, -0.0, 0.0, tiny, 1.0, 1e9], dtype=torch.float64)
    assert surrogate(u).tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


@every_surrogate
@given(
    shape=st.lists(st.integers(0, 4), max_size=5),
    dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
    seed=st.integers(0, 2**16),
)
def test_any_shape_and_dtype(surrogate, shape, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    u = torch.randn(shape, generator=generator).to(dtype).requires_grad_()
    upstream = torch.randn(shape, generator=generator).to(dtype)

    spikes = surrogate(u)
    spikes.backward(upstream)

    assert (spikes.shape, spikes.dtype) == (u.shape, dtype)
    assert torch.equal(spikes, (u >= 0).to(dtype))
    assert u.grad.dtype == dtype
    assert torch.equal(u.grad, upstream * surrogate.derivative(u.detach()))


@every_surrogate
def test_backward_is_the_slope_of_the_smooth_step(surrogate):
    """The smooth step `primitive` is differentiated by autograd, which knows nothing of ours."""
    u = U.clone().requires_grad_()
    (ours,) = torch.autograd.grad(surrogate(u).sum(), u)
    (true,) = torch.autograd.grad(surrogate.primitive(u).sum(), u)
    torch.testing.assert_close(ours, true, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("surrogate", "u", "step", "slope"),
    [
        # Atan: σ = arctan(π α u / 2) / π + 1/2, σ' = (α / 2) / (1 + (π α u / 2)²)
        (Atan(2.0), 0.0, 1 / 2, 1.0),  # the peak is α / 2
        (Atan(4.0), 0.0, 1 / 2, 2.0),
        (Atan(2.0), 1 / math.pi, 3 / 4, 1 / 2),  # π α u / 2 = 1 and arctan 1 = π / 4
        (Atan(2.0), -1 / math.pi, 1 / 4, 1 / 2),
        # Sigmoid: σ = s(α u), σ' = α · s · (1 − s)
        (Sigmoid(4.0), 0.0, 1 / 2, 1.0),  # the peak is α / 4
        (Sigmoid(1.0), 0.0, 1 / 2, 1 / 4),
        (Sigmoid(4.0), math.log(3) / 4, 3 / 4, 3 / 4),  # s = 3/4, 4 · 3/4 · 1/4
        (Sigmoid(4.0), -math.log(3) / 4, 1 / 4, 3 / 4),
    ],
)
def test_values_by_hand(surrogate, u, step, slope):
    u = torch.tensor(u, dtype=torch.float64)
    assert surrogate.primitive(u).item() == pytest.approx(step, abs=1e-12)
    assert surrogate.derivative(u).item() == pytest.approx(slope, abs=1e-12)


def test_the_default_slopes_give_both_the_same_peak():
    assert (Atan().alpha, Sigmoid().alpha) == (2.0, 4.0)
    assert Atan().derivative(torch.zeros(1)) == Sigmoid().derivative(torch.zeros(1)) == 1


@every_surrogate
def test_slope_is_symmetric_never_negative_and_highest_at_the_threshold(surrogate):
    slope = surrogate.derivative(U)
    torch.testing.assert_close(slope, slope.flip(0), rtol=0, atol=1e-13)
    assert (slope >= 0).all()
    assert slope.argmax() == len(U) // 2


@every_surrogate
def test_slope_integrates_to_one_as_the_step_rises_by_one(surrogate):
    u = torch.sinh(torch.linspace(-20, 20, 20001, dtype=torch.float64))  # dense at 0, far out
    assert torch.trapezoid(surrogate.derivative(u), u).item() == pytest.approx(1, abs=1e-4)


def test_larger_alpha_is_steeper_and_narrower():
    far = torch.tensor(2.0)
    for kind in (Atan, Sigmoid):
        assert kind(8.0).derivative(torch.tensor(0.0)) > kind(2.0).derivative(torch.tensor(0.0))
        assert kind(8.0).derivative(far) < kind(2.0).derivative(far)


@pytest.mark.parametrize("kind", [Atan, Sigmoid])
@pytest.mark.parametrize("alpha", [0, -1, -0.5, math.nan, math.inf])
def test_alpha_out_of_range(kind, alpha):
    with pytest.raises(ValueError, match=rf"alpha is {alpha}; .*{kind.__name__}\(alpha=2.0\)"):
        kind(alpha)


@pytest.mark.parametrize("alpha", ["2", None, True, [2.0]])
def test_alpha_of_wrong_type(alpha):
    with pytest.raises(TypeError, match=r"alpha is .* give a number, for example Atan"):
        Atan(alpha)


def test_names_stand_for_the_default_slopes_and_objects_pass_through():
    assert as_surrogate("atan") == Atan(alpha=2.0)
    assert as_surrogate("sigmoid") == Sigmoid(alpha=4.0)
    mine = Atan(alpha=3.0)
    assert as_surrogate(mine) is mine
    assert all(isinstance(surrogate, Surrogate) for surrogate in SURROGATES.values())


@pytest.mark.parametrize("unknown", ["Atan", "relu", "", None, 2.0, Atan])
def test_unknown_surrogate_names_the_choices(unknown):
    with pytest.raises(ValueError, match=r"choose one of \['atan', 'sigmoid'\]"):
        as_surrogate(unknown)
