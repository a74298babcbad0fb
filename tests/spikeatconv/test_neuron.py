"""The LIF neuron, learnt from tables one can work out by hand.

    charge   H[t] = V[t−1] + (X[t] − (V[t−1] − V_rest)) / τ
    fire     S[t] = 1 where H[t] ≥ V_th, else 0
    reset    V[t] = V_reset after a spike (hard), or H[t] − V_th (soft), else H[t]

The numbers are sums of powers of two, which floats hold exactly: no tolerance is needed.
"""

import copy
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeatconv import LIF, Atan, Sigmoid, lif_step

HARD = [
    # τ = 2, V_th = 1, V_rest = 0, V_reset = 0: a spike empties the membrane
    # X     H                                   S  V
    (1.50, 0.7500, 0, 0.7500),  # 0    + (1.5 − 0)    / 2
    (1.50, 1.1250, 1, 0.0000),  # 0.75 + (1.5 − 0.75) / 2: over the threshold
    (2.00, 1.0000, 1, 0.0000),  # 0    + (2   − 0)    / 2: exactly the threshold also fires
    (1.00, 0.5000, 0, 0.5000),  # 0    + (1   − 0)    / 2
    (0.00, 0.2500, 0, 0.2500),  # 0.5  + (0   − 0.5)  / 2: without input the membrane leaks
]
SOFT = [
    # the same input, but a spike only takes V_th away: what was over the threshold stays
    (1.50, 0.75000, 0, 0.75000),
    (1.50, 1.12500, 1, 0.12500),  # 1.125 − 1
    (2.00, 1.06250, 1, 0.06250),  # 0.125 + (2 − 0.125) / 2
    (1.00, 0.53125, 0, 0.53125),  # 0.0625 + (1 − 0.0625) / 2
    (0.00, 0.265625, 0, 0.265625),
]
BELOW_REST = [
    # τ = 4, V_th = 1, V_rest = −0.5, V_reset = −1: starts at rest, falls below it, climbs back
    (2.00, 0.00000, 0, 0.00000),  # −0.5  + (2 − 0)     / 4
    (4.00, 0.87500, 0, 0.87500),  # 0     + (4 − 0.5)   / 4
    (4.00, 1.53125, 1, -1.0000),  # 0.875 + (4 − 1.375) / 4
    (0.00, -0.8750, 0, -0.8750),  # −1    + (0 + 0.5)   / 4
    (0.00, -0.78125, 0, -0.78125),  # −0.875 + (0 + 0.375) / 4
]
RESET_ABOVE_REST = [
    # τ = 2, V_th = 2, V_rest = 0, V_reset = 1: the next spike comes sooner
    (4.00, 2.00, 1, 1.00),  # 0 + (4 − 0) / 2
    (3.00, 2.00, 1, 1.00),  # 1 + (3 − 1) / 2: less input is enough now
    (0.00, 0.50, 0, 0.50),  # 1 + (0 − 1) / 2: the leak goes to V_rest, not to V_reset
]
MEMORYLESS = [
    # τ = 1, V_th = 1, V_rest = 0.25: H = X + V_rest, the past is forgotten at once
    (0.50, 0.75, 0, 0.75),
    (0.75, 1.00, 1, 0.00),
    (-3.0, -2.75, 0, -2.75),
    (0.50, 0.75, 0, 0.75),
]
TABLES = {
    "hard": ({"tau": 2.0, "v_threshold": 1.0, "v_rest": 0.0, "v_reset": 0.0}, HARD),
    "soft": ({"tau": 2.0, "v_threshold": 1.0, "v_rest": 0.0, "v_reset": None}, SOFT),
    "below rest": ({"tau": 4.0, "v_threshold": 1.0, "v_rest": -0.5, "v_reset": -1.0}, BELOW_REST),
    "reset above rest": (
        {"tau": 2.0, "v_threshold": 2.0, "v_rest": 0.0, "v_reset": 1.0},
        RESET_ABOVE_REST,
    ),
    "memoryless": ({"tau": 1.0, "v_threshold": 1.0, "v_rest": 0.25, "v_reset": 0.0}, MEMORYLESS),
}
by_table = pytest.mark.parametrize(("options", "table"), TABLES.values(), ids=TABLES.keys())

# Neurons for the property tests: every setting that a user may choose.
neurons = st.builds(
    LIF,
    tau=st.floats(1, 20),
    v_threshold=st.floats(0.5, 2),
    v_rest=st.floats(-0.5, 0.5),
    v_reset=st.none() | st.floats(-1, 0.4),
    surrogate=st.sampled_from(["atan", "sigmoid"]),
    detach_reset=st.booleans(),
)
shapes = st.lists(st.integers(1, 4), max_size=4)
seeds = st.integers(0, 2**16)


def currents(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Random input, strong enough to make about a third of the neurons fire."""
    generator = torch.Generator().manual_seed(seed)
    return 0.8 + 1.5 * torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


# ---------------------------------------------------------------- traces worked out by hand


@by_table
def test_trace_by_hand(options, table):
    x, h, s, v = torch.tensor(table, dtype=torch.float64).T
    trace = LIF(**options).run(x)
    assert trace.membrane.tolist() == h.tolist()
    assert trace.spikes.tolist() == s.tolist()
    assert trace.final == v[-1]


@by_table
def test_one_step_at_a_time_is_the_same_neuron(options, table):
    v = torch.tensor(options["v_rest"], dtype=torch.float64)
    for x, h, s, v_next in torch.tensor(table, dtype=torch.float64):
        spike, membrane, v = lif_step(x, v, **options)
        assert (membrane, spike, v) == (h, s, v_next)


def test_fires_exactly_at_the_threshold():
    below = math.nextafter(1.0, 0.0)
    x = torch.tensor([[below, 1.0, math.nextafter(1.0, 2.0)]], dtype=torch.float64)
    assert LIF(tau=1)(x).tolist() == [[0, 1, 1]]  # τ = 1 makes H = X


def test_without_input_the_membrane_decays_to_rest():
    """V − V_rest shrinks by the factor 1 − 1/τ each step, the discrete e^(−t/τ)."""
    tau, v0, rest = 5.0, 0.9, -0.3
    trace = LIF(tau, v_rest=rest).run(torch.zeros(40), torch.tensor(v0))
    expected = rest + (v0 - rest) * (1 - 1 / tau) ** torch.arange(1, 41)
    torch.testing.assert_close(trace.membrane, expected)


def test_constant_input_below_the_threshold_settles_at_rest_plus_input():
    trace = LIF(tau=3.0, v_rest=0.25).run(torch.full((200,), 0.7, dtype=torch.float64))
    assert trace.final.item() == pytest.approx(0.25 + 0.7)
    assert trace.spikes.sum() == 0


def test_the_defaults_are_those_of_the_specification():
    lif = LIF()
    assert (lif.tau, lif.v_threshold, lif.v_rest, lif.v_reset) == (2.0, 1.0, 0.0, 0.0)
    assert (lif.surrogate, lif.detach_reset) == (Atan(alpha=2.0), True)
    assert repr(lif) == (
        "LIF(tau=2.0, v_threshold=1.0, v_rest=0.0, v_reset=0.0, "
        "surrogate=Atan(alpha=2.0), detach_reset=True)"
    )


# ---------------------------------------------------------------- properties of every neuron


@given(neurons, st.integers(1, 5), shapes, seeds)
def test_shapes_and_meaning_of_the_trace(lif, time, shape, seed):
    x = currents(time, *shape, seed=seed)
    spikes, membrane, final = lif.run(x)
    assert spikes.shape == membrane.shape == x.shape
    assert final.shape == x.shape[1:]
    assert torch.equal(spikes, (membrane - lif.v_threshold >= 0).double())
    if lif.v_reset is None:
        assert torch.equal(final, membrane[-1] - lif.v_threshold * spikes[-1])
    else:
        assert torch.equal(final[spikes[-1] == 0], membrane[-1][spikes[-1] == 0])
        assert (final[spikes[-1] == 1] == lif.v_reset).all()


@given(neurons, st.integers(1, 4), st.integers(1, 4), shapes, seeds)
def test_state_carries_a_run_on_to_the_bit(lif, first, second, shape, seed):
    """T₁ + T₂ steps are T₁ steps, then T₂ more from where those ended."""
    x = currents(first + second, *shape, seed=seed)
    whole = lif.run(x)
    start = lif.run(x[:first])
    rest = lif.run(x[first:], start.final)
    assert torch.equal(whole.spikes, torch.cat([start.spikes, rest.spikes]))
    assert torch.equal(whole.membrane, torch.cat([start.membrane, rest.membrane]))
    assert torch.equal(whole.final, rest.final)


@given(neurons, shapes, seeds)
def test_a_step_is_a_run_over_one_step(lif, shape, seed):
    x, v = currents(1, *shape, seed=seed), currents(*shape, seed=seed + 1)
    spike, h, v_next = lif_step(
        x[0], v, lif.tau, lif.v_threshold, lif.v_rest, lif.v_reset, lif.surrogate
    )
    trace = lif.run(x, v)
    assert torch.equal(trace.spikes[0], spike)
    assert torch.equal(trace.membrane[0], h)
    assert torch.equal(trace.final, v_next)


@given(neurons, st.integers(2, 5), seeds)
def test_samples_of_a_batch_do_not_meet(lif, batch, seed):
    x = currents(4, batch, 3, seed=seed)
    together = lif.run(x)
    for b in range(batch):
        alone = lif.run(x[:, b])
        assert torch.equal(together.spikes[:, b], alone.spikes)
        assert torch.equal(together.membrane[:, b], alone.membrane)


@given(neurons, seeds)
def test_the_past_does_not_hear_the_future(lif, seed):
    x = currents(6, 3, seed=seed)
    changed = torch.cat([x[:4], x[4:] + 1])
    assert torch.equal(lif.run(x).membrane[:4], lif.run(changed).membrane[:4])


def test_nothing_is_kept_between_calls():
    lif, x = LIF(), currents(5, 7)
    before = x.clone()
    first = lif.run(x)
    lif(currents(3, 2, seed=1))  # another shape in between does not matter either
    second = lif.run(x)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert torch.equal(x, before)
    assert not lif.state_dict()


def test_starts_at_rest_unless_told_otherwise():
    lif, x = LIF(v_rest=-0.25), currents(4, 3)
    assert torch.equal(lif(x), lif(x, torch.full((3,), -0.25, dtype=x.dtype)))
    assert torch.equal(lif(x), lif(x, torch.tensor(-0.25)))  # one value for all neurons
    assert not torch.equal(lif.run(x).membrane, lif.run(x, torch.zeros(3)).membrane)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("v_reset", [0.0, None])
def test_everything_keeps_the_dtype_of_the_input(dtype, v_reset):
    lif, x = LIF(v_reset=v_reset), currents(4, 5, dtype=dtype).requires_grad_()
    for v0 in (None, torch.zeros(5), torch.zeros(5, dtype=torch.float64)):
        trace = lif.run(x, v0)
        assert {part.dtype for part in trace} == {dtype}
    trace.spikes.sum().backward()
    assert x.grad.dtype == dtype
    assert x.grad.isfinite().all()


# ---------------------------------------------------------------- gradients

# Two steps, τ = 4, V_th = 1, V_reset = 0, v0 = 0, x = (4, 1):
#   H₁ = 0 + (4 − 0)/4 = 1: fires exactly at the threshold, where Atan(α = 2) has slope σ' = 1.
#   V₁ = 0 in both resets (hard: V_reset; soft: 1 − 1).    H₂ = 0 + (1 − 0)/4 = 1/4.
# Gradient of H₂: ∂H₂/∂x₂ = 1/τ = 1/4 and ∂H₂/∂V₁ = 1 − 1/τ = 3/4; then ∂V₁/∂H₁ is
#   hard  (1 − S₁) + [V_reset − H₁]·σ' = 0 + [0 − 1]·1     the part in [ ] flows through S₁,
#   soft   1       + [−V_th]·σ'        = 1 + [−1]·1        detach_reset=True drops it
# and last ∂H₁/∂x₁ = 1/4, ∂H₁/∂v0 = 3/4.
BY_HAND = [
    # v_reset, detach, ∂V₁/∂H₁
    (0.0, True, 0.0),
    (0.0, False, -1.0),
    (None, True, 1.0),
    (None, False, 0.0),
]


def two_steps(v_reset: float | None, detach: bool):
    x = torch.tensor([4.0, 1.0], dtype=torch.float64, requires_grad=True)
    v0 = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    trace = LIF(tau=4.0, v_reset=v_reset, detach_reset=detach).run(x, v0)
    assert trace.membrane.tolist() == [1.0, 0.25]
    return x, v0, trace


@pytest.mark.parametrize(("v_reset", "detach", "reset_slope"), BY_HAND)
def test_gradient_of_the_membrane_by_hand(v_reset, detach, reset_slope):
    x, v0, trace = two_steps(v_reset, detach)
    trace.membrane[1].backward()
    assert x.grad.tolist() == [3 / 4 * reset_slope * 1 / 4, 1 / 4]
    assert v0.grad.item() == 3 / 4 * reset_slope * 3 / 4


@pytest.mark.parametrize(("v_reset", "detach", "reset_slope"), BY_HAND)
def test_gradient_of_the_spikes_by_hand(v_reset, detach, reset_slope):
    """∂(S₁ + S₂) = σ'(H₁ − 1) ∂H₁ + σ'(H₂ − 1) ∂H₂: the surrogate stands in for the step."""
    x, v0, trace = two_steps(v_reset, detach)
    trace.spikes.sum().backward()
    slope = 1 / (1 + (math.pi * -0.75) ** 2)  # Atan(α = 2) at u = 1/4 − 1
    through = 1 + slope * 3 / 4 * reset_slope
    assert x.grad.tolist() == pytest.approx([through / 4, slope / 4])
    assert v0.grad.item() == pytest.approx(through * 3 / 4)


def test_an_input_fades_by_the_leak_on_its_way_back():
    """Without spikes ∂V[T]/∂X[t] = (1 − 1/τ)^(T − t) / τ: the memory of the neuron."""
    tau, time = 4.0, 6
    x = torch.full((time,), 0.1, dtype=torch.float64, requires_grad=True)
    v0 = torch.zeros((), dtype=torch.float64, requires_grad=True)
    LIF(tau).run(x, v0).final.backward()
    keep = 1 - 1 / tau
    assert x.grad.tolist() == pytest.approx([keep**n / tau for n in reversed(range(time))])
    assert v0.grad.item() == pytest.approx(keep**time)


@given(neurons, seeds)
def test_every_input_receives_a_gradient(lif, seed):
    x = currents(4, 3, seed=seed).requires_grad_()
    v0 = currents(3, seed=seed + 1).requires_grad_()
    lif(x, v0).sum().backward()
    for grad in (x.grad, v0.grad):
        assert grad.isfinite().all()
    assert (x.grad != 0).all()
    assert lif.tau == 1 or (v0.grad != 0).all()  # τ = 1 forgets its state


def test_the_backward_pass_runs_again_for_each_call():
    """Neurons that keep their state fail here with "backward through the graph a second time"."""
    lif = LIF()
    weight = torch.ones(3, requires_grad=True)
    gradients = []
    for _ in range(2):
        weight.grad = None
        lif(weight * currents(4, 2, 3).float()).sum().backward()
        gradients.append(weight.grad)
    assert torch.equal(*gradients)
    assert gradients[0].abs().sum() > 0


def test_the_surrogate_shapes_the_gradient_but_not_the_spikes():
    x = currents(4, 50)
    gradients, spikes = [], []
    for surrogate in ("atan", "sigmoid", Atan(alpha=5.0), Sigmoid(alpha=1.0)):
        leaf = x.clone().requires_grad_()
        spikes.append(LIF(surrogate=surrogate)(leaf))
        (gradient,) = torch.autograd.grad(spikes[-1].sum(), leaf)
        gradients.append(gradient)
    assert all(torch.equal(spikes[0], other) for other in spikes[1:])
    assert all(not torch.allclose(gradients[0], other) for other in gradients[1:])


# ---------------------------------------------------------------- errors name value and fix

WRONG = [
    ({"tau": 0.5}, ValueError, r"tau is 0.5, .* give tau >= 1"),
    ({"tau": 0}, ValueError, r"tau is 0, .* give tau >= 1"),
    ({"tau": -2.0}, ValueError, r"tau is -2.0, .* give tau >= 1"),
    ({"tau": math.inf}, ValueError, "tau is inf; give a finite number"),
    ({"v_threshold": math.nan}, ValueError, "v_threshold is nan; give a finite number"),
    ({"v_rest": -math.inf}, ValueError, "v_rest is -inf; give a finite number"),
    ({"v_reset": math.nan}, ValueError, "v_reset is nan; give a finite number"),
    ({"tau": "2"}, TypeError, "tau is '2', a str; give a number"),
    ({"tau": True}, TypeError, "tau is True, a bool; give a number"),
    ({"tau": None}, TypeError, "tau is None, a NoneType; give a number"),
    ({"v_threshold": [1.0]}, TypeError, r"v_threshold is \[1.0\], a list; give a number"),
    ({"v_rest": None}, TypeError, "v_rest is None, a NoneType; give a number"),
    ({"v_reset": "soft"}, TypeError, r"v_reset is 'soft', .* None \(soft reset\) is allowed"),
    ({"v_reset": False}, TypeError, "v_reset is False, a bool"),
    ({"v_reset": 1.0}, ValueError, "v_reset is 1.0 and v_threshold is 1.0: .* lower v_reset"),
    ({"v_reset": 2}, ValueError, "v_reset is 2 and v_threshold is 1.0: .* v_reset=None"),
    ({"v_threshold": -1}, ValueError, "v_reset is 0.0 and v_threshold is -1"),
    ({"v_threshold": 0, "v_reset": None}, ValueError, "v_threshold is 0 with the soft reset"),
    ({"surrogate": "relu"}, ValueError, r"surrogate is 'relu'; choose one of \['atan'"),
]


@pytest.mark.parametrize(("options", "error", "message"), WRONG)
def test_wrong_parameters(options, error, message):
    with pytest.raises(error, match=message):
        LIF(**options)
    with pytest.raises(error, match=message):
        lif_step(torch.zeros(1), torch.zeros(1), **options)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (torch.ones(2, 3, dtype=torch.int64), TypeError, r"x has dtype torch.int64; .*x.float\(\)"),
        (torch.ones(2, 3, dtype=torch.bool), TypeError, r"x has dtype torch.bool; .*x.float\(\)"),
        (torch.ones(2, dtype=torch.complex64), TypeError, "x has dtype torch.complex64"),
        ([1.0, 2.0], TypeError, r"x is \[1.0, 2.0\], a list; give a torch.Tensor"),
        (torch.tensor(1.0), ValueError, r"x has shape \[\]; give \[T, ...\]"),
        (torch.zeros(0, 3), ValueError, r"x has shape \[0, 3\]; .* at least one time step"),
    ],
)
def test_wrong_input(x, error, message):
    with pytest.raises(error, match=message):
        LIF()(x)


@pytest.mark.parametrize(
    ("v0", "error", "message"),
    [
        (torch.zeros(4), ValueError, r"v0 has shape \[4\], x has .* one time step, \[2, 3\]"),
        (torch.zeros(5, 2, 3), ValueError, r"v0 has shape \[5, 2, 3\], .* \[2, 3\]"),
        (torch.zeros(2, 3, dtype=torch.int32), TypeError, "v0 has dtype torch.int32"),
        (0.0, TypeError, "v0 is 0.0, a float; give a torch.Tensor"),
    ],
)
def test_wrong_state(v0, error, message):
    with pytest.raises(error, match=message):
        LIF()(torch.zeros(5, 2, 3), v0)


def test_an_empty_batch_is_no_error():
    assert LIF()(torch.zeros(4, 0, 3)).shape == (4, 0, 3)


# ---------------------------------------------------------------- attributes set later

ALONE = [case for case in WRONG if len(case[0]) == 1]
LATER = [
    *[(name, value, *rest) for options, *rest in ALONE for name, value in options.items()],
    ("v_reset", 1.5, ValueError, "v_reset is 1.5 and v_threshold is 1.0"),
    ("v_threshold", 0.0, ValueError, "v_reset is 0.0 and v_threshold is 0.0"),
    ("surrogate", None, ValueError, "surrogate is None; choose one of"),
    ("detach_reset", "no", TypeError, "detach_reset is 'no', a str; give True or False"),
    ("detach_reset", 0, TypeError, "detach_reset is 0, an? int; give True or False"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), LATER)
def test_an_attribute_set_later_is_checked_like_an_argument(name, value, error, message):
    lif = LIF()
    before, spikes = repr(lif), lif(currents(4, 5))
    with pytest.raises(error, match=message):
        setattr(lif, name, value)
    assert repr(lif) == before, "the old value stays"
    assert torch.equal(lif(currents(4, 5)), spikes)


def test_a_subclass_sets_what_it_likes_before_the_neuron_is_made():
    class Own(LIF):
        def __init__(self, **options):
            self.tau, self.name = 5.0, "own"
            super().__init__(**options)

    assert (Own(tau=3.0).tau, Own().tau, Own().name) == (3.0, 2.0, "own")
    lif = Own()
    del lif.tau
    lif.tau = 4.0
    assert torch.equal(lif(currents(4, 5)), LIF(tau=4.0)(currents(4, 5)))


@pytest.mark.parametrize("name", ["tau", "v_threshold", "v_rest", "v_reset"])
@pytest.mark.parametrize("value", [1.1e30, -(10**400), Fraction(10**40)])
def test_a_number_that_float32_hardly_holds_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} is .*; give a finite number, from -1e"):
        LIF(**{name: value})


@pytest.mark.parametrize("tau", [2**99, Fraction(5, 2)])
def test_every_real_number_of_python_will_do(tau):
    assert torch.equal(LIF(tau=tau)(currents(4, 5)), LIF(tau=float(tau))(currents(4, 5)))


def test_an_attribute_set_later_counts():
    lif, x = LIF(), currents(4, 50)
    lif.tau, lif.v_rest, lif.v_reset, lif.v_threshold = 3, 0.1, None, np.float64(0.8)
    lif.surrogate, lif.detach_reset = "sigmoid", False
    other = LIF(3, 0.8, 0.1, None, Sigmoid(), False)
    assert repr(lif) == repr(other)
    assert torch.equal(lif(x), other(x))
    assert torch.equal(copy.deepcopy(lif)(x), other(x))
    lif.of_your_own = "anything"
    assert lif.of_your_own == "anything"


@pytest.mark.parametrize("make", [float, np.float64, np.float32, np.int64, int])
def test_numbers_of_numpy_are_as_good_as_pythons(make):
    lif = LIF(make(2), make(2), make(0), make(1), detach_reset=np.bool_(True))
    assert {type(value) for value in (lif.tau, lif.v_threshold)} <= {int, float}
    assert lif.detach_reset is True
    x = currents(4, 5)
    assert torch.equal(lif(x), LIF(2.0, 2.0, 0.0, 1.0)(x))
    assert torch.equal(lif_step(x[0], x[1], make(2))[0], lif_step(x[0], x[1], 2.0)[0])


@pytest.mark.parametrize("word", ["no", "false", 1, 0, None])
def test_a_word_is_no_boolean(word):
    for call in (LIF, lambda **o: lif_step(torch.zeros(1), torch.zeros(1), **o)):
        with pytest.raises(TypeError, match=r"detach_reset is .*; give True or False"):
            call(detach_reset=word)
