"""One neuron in physical units: the network's neuron, plus Δt in ms, R, and a refractory time."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeatconv import LIF, STIMULI, simulate, stimulus
from spikeatconv.simulate import count_steps

# ---------------------------------------------------------------- the same neuron as LIF


@given(
    current=st.lists(st.floats(-3, 5), min_size=1, max_size=30),
    tau=st.floats(1, 20),
    v_threshold=st.floats(0.5, 2),
    v_rest=st.floats(-0.5, 0.5),
    v_reset=st.none() | st.floats(-1, 0.4),
)
def test_with_unit_step_it_is_lif_to_the_bit(current, **neuron):
    result = simulate(np.array(current), dt=1.0, resistance=1.0, t_ref=0.0, **neuron)
    trace = LIF(**neuron).run(torch.tensor(current, dtype=torch.float64))
    assert result.membrane.tolist() == trace.membrane.tolist()
    assert result.spikes.tolist() == trace.spikes.tolist()
    assert result.potential[-1] == trace.final


def test_only_tau_over_dt_and_r_times_i_matter():
    """Half the step at half the time constant is the same arithmetic at another clock."""
    current = stimulus("noise", 1.5, duration=200.0)
    usual = simulate(current, tau=10.0, dt=1.0)
    faster = simulate(current, tau=5.0, dt=0.5)
    stronger = simulate(current / 2, tau=10.0, resistance=2.0)
    for other in (faster, stronger):
        assert np.array_equal(usual.membrane, other.membrane)
        assert np.array_equal(usual.spikes, other.spikes)
    assert np.array_equal(faster.time, usual.time / 2)
    assert faster.rate == 2 * usual.rate > 0


def test_arrays_and_rate():
    result = simulate(np.full(200, 3.0), dt=0.5)
    assert (result.dt, result.time[0], result.time[-1]) == (0.5, 0.5, 100.0)
    for name in ("time", "current", "membrane", "spikes", "potential"):
        array = getattr(result, name)
        assert (array.shape, array.dtype) == ((200,), np.float64)
    assert result.rate == result.spikes.sum() / 0.1  # spikes in 100 ms, so per 0.1 s


# ---------------------------------------------------------------- refractory time


def test_refractory_trace_by_hand():
    """τ = 2, V_th = 1, hard reset to 0, V_rest = 0.5, t_ref = 2 steps, always I = 2."""
    result = simulate(np.full(6, 2.0), tau=2.0, v_rest=0.5, t_ref=2.0)
    # H = V + (I − (V − 0.5)) / 2, with I = 0 while refractory
    assert result.membrane.tolist() == [
        1.5,  # 0.5  + (2 − 0)     / 2: fires, V = 0
        0.25,  # 0    + (0 + 0.5)   / 2: input ignored, the leak to V_rest goes on
        0.375,  # 0.25 + (0 + 0.25)  / 2
        1.4375,  # 0.375 + (2 + 0.125) / 2: awake, fires
        0.25,
        0.375,
    ]
    assert result.spikes.tolist() == [1, 0, 0, 1, 0, 0]
    assert result.potential.tolist() == [0, 0.25, 0.375, 0, 0.25, 0.375]


def test_a_refractory_neuron_is_silent_even_above_the_threshold():
    """A soft reset can leave the membrane over V_th; it only leaks until the time is up."""
    result = simulate(np.array([8.0, 0, 0, 0]), tau=2.0, v_reset=None, t_ref=1.0)
    # H: 4 fires, V = 3; 3 → 1.5 silent, no reset; 1.5 → 0.75; 0.375
    assert result.membrane.tolist() == [4, 1.5, 0.75, 0.375]
    assert result.spikes.tolist() == [1, 0, 0, 0]
    assert result.potential.tolist() == [3, 1.5, 0.75, 0.375]


@given(
    t_ref=st.floats(0, 12),
    dt=st.sampled_from([0.25, 0.5, 1.0]),
    v_reset=st.none() | st.floats(-1, 0.4),
    seed=st.integers(0, 2**32 - 1),
)
def test_spikes_are_never_closer_than_the_refractory_time(t_ref, dt, v_reset, seed):
    current = stimulus("noise", 20.0, duration=60.0, dt=dt, seed=seed)
    result = simulate(current, dt=dt, v_reset=v_reset, t_ref=t_ref)
    gaps = np.diff(np.flatnonzero(result.spikes))
    assert (gaps > math.floor(t_ref / dt + 0.5)).all()


# ---------------------------------------------------------------- the f–I curve


def interval(current: float, dt: float, t_ref: float = 0.0) -> float:
    """Time from the first spike to the second, in ms (a hard reset makes all alike)."""
    result = simulate(np.full(count_steps(120.0, dt), current), tau=10.0, dt=dt, t_ref=t_ref)
    first, second = np.flatnonzero(result.spikes)[:2]
    return (second - first) * dt


@pytest.mark.parametrize("current", [1.2, 1.5, 3.0])
def test_rate_approaches_that_of_the_continuous_neuron(current):
    """From V_reset = 0 the membrane I·(1 − e^(−t/τ)) meets V_th = 1 at t = τ ln(I / (I − 1))."""
    exact = 10.0 * math.log(current / (current - 1))
    for dt in (1.0, 0.1, 0.02):
        # A spike waits for the end of its step: up to Δt late. Euler's steps overshoot the
        # exponential: early, by Δt · t / 2τ to first order, less than Δt for these currents.
        assert abs(interval(current, dt) - exact) <= dt


def test_the_refractory_time_adds_to_each_interval():
    plain, refractory = interval(1.5, 0.05), interval(1.5, 0.05, t_ref=5.0)
    assert refractory == pytest.approx(plain + 5.0, abs=1e-9)


def test_no_spikes_at_or_below_the_rheobase():
    assert simulate(np.full(500, 1.0)).rate == 0  # R·I = V_th is only reached after for ever
    assert simulate(np.full(500, 1.05)).rate > 0


def test_rate_grows_with_the_current_up_to_one_spike_a_step():
    rates = [simulate(np.full(300, current)).rate for current in (0.5, 1.5, 3, 6, 100)]
    assert rates == sorted(rates)
    assert rates[-1] == 1000.0


# ---------------------------------------------------------------- stimuli


@pytest.mark.parametrize("kind", STIMULI)
@given(duration=st.floats(1, 300), dt=st.floats(0.1, 5), amplitude=st.floats(-5, 5))
def test_every_stimulus_is_finite_and_as_long_as_asked(kind, duration, dt, amplitude):
    current = stimulus(kind, amplitude, duration=duration, dt=dt)
    assert (current.shape, current.dtype) == ((count_steps(duration, dt),), np.float64)
    assert np.isfinite(current).all()
    if kind != "noise":
        low, high = sorted((0.0, amplitude))
        slack = 1e-9 + dt / duration * abs(amplitude)  # a last step may begin at `duration`
        assert ((current >= low - slack) & (current <= high + slack)).all()


def test_shapes_of_the_stimuli():
    """20 ms in steps of 1 ms, a period of 8 ms, amplitude 2."""
    make = lambda kind: stimulus(kind, 2.0, duration=20.0, period=8.0).tolist()  # noqa: E731
    assert make("constant") == [2.0] * 20
    assert make("step") == [0.0] * 4 + [2.0] * 12 + [0.0] * 4
    assert make("pulses") == ([2.0] * 2 + [0.0] * 6) * 2 + [2.0] * 2 + [0.0] * 2
    assert make("ramp") == pytest.approx([2 * t / 20 for t in range(20)])
    sine = make("sine")
    assert [sine[t] for t in (0, 2, 4, 6, 8)] == pytest.approx([1, 2, 1, 0, 1])


def test_steps_are_to_the_nearest_and_at_least_one():
    pairs = [(100, 1), (1, 0.3), (1, 0.4), (0.1, 1)]
    assert [count_steps(*pair) for pair in pairs] == [100, 3, 3, 1]


def mulberry32(seed: int):
    """The reference algorithm in plain integers (Tommy Ettinger, public domain)."""

    def imul(a: int, b: int) -> int:
        return a * b & 0xFFFFFFFF

    while True:
        seed = seed + 0x6D2B79F5 & 0xFFFFFFFF
        t = imul(seed ^ seed >> 15, seed | 1)
        t ^= t + imul(t ^ t >> 7, t | 61) & 0xFFFFFFFF
        yield (t ^ t >> 14) / 2**32


def test_the_reference_generator_gives_its_known_first_values():
    first = mulberry32(0)
    assert [next(first) for _ in range(3)] == [
        1144304738 / 2**32,
        1416247 / 2**32,
        958946056 / 2**32,
    ]


@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 1])
def test_noise_is_the_sum_of_twelve_numbers_of_mulberry32(seed):
    uniform = mulberry32(seed)
    expected = []
    for _ in range(25):
        total = 0.0
        for _ in range(12):
            total += next(uniform)
        expected.append(1.5 * (1 + (total - 6) / 2))
    assert stimulus("noise", 1.5, duration=25.0, seed=seed).tolist() == expected


def test_noise_has_the_promised_mean_and_deviation():
    noise = stimulus("noise", 3.0, duration=50_000.0, seed=3)
    assert noise.mean() == pytest.approx(3.0, abs=0.03)
    assert noise.std() == pytest.approx(1.5, abs=0.02)
    beyond_two = np.mean(np.abs(noise - 3.0) > 3.0)
    assert beyond_two == pytest.approx(0.0455, abs=0.005)  # what a Gaussian leaves beyond 2σ


def test_a_seed_is_reproducible_and_seeds_differ():
    one, again, other = (stimulus("noise", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.5


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dt": 0}, ValueError, "dt is 0 ms; give more than 0 ms"),
        ({"dt": -1.0}, ValueError, "dt is -1.0 ms; give more than 0 ms"),
        ({"dt": math.nan}, ValueError, "dt is nan; give a finite number"),
        ({"tau": 0.5}, ValueError, "tau is 0.5 ms and dt is 1.0 ms; raise tau or lower dt"),
        ({"tau": math.inf}, ValueError, "tau is inf; give a finite number"),
        ({"tau": 2e29, "dt": 0.125}, ValueError, r"tau / dt is 1.6e\+30; give a finite number"),
        ({"tau": "10"}, TypeError, "tau is '10', a str; give a number"),
        ({"t_ref": -1}, ValueError, "t_ref is -1; give a refractory time of 0 ms or more"),
        ({"t_ref": None}, TypeError, "t_ref is None, a NoneType; give a number"),
        ({"resistance": 0.0}, ValueError, "resistance is 0.0; give more than 0"),
        ({"resistance": math.inf}, ValueError, "resistance is inf; give a finite number"),
        ({"v_rest": None}, TypeError, "v_rest is None, a NoneType; give a number"),
        ({"v_reset": 1.5}, ValueError, "v_reset is 1.5 and v_threshold is 1.0"),
    ],
)
def test_wrong_parameters(options, error, message):
    with pytest.raises(error, match=message):
        simulate(np.ones(5), **options)


@pytest.mark.parametrize(
    ("current", "message"),
    [
        (np.ones((2, 3)), r"current is .*, of shape \[2, 3\]; give \[n\]"),
        (np.array([]), r"current is .*, of shape \[0\]; give \[n\]"),
        (np.array(1.0), r"current is .*, of shape \[\]; give \[n\]"),
        (np.array([1.0, math.nan]), r"current\[1\] is nan; give finite values only"),
        (np.array([math.inf, 1.0]), r"current\[0\] is inf; give finite values only"),
    ],
)
def test_wrong_current(current, message):
    with pytest.raises(ValueError, match=message):
        simulate(current)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "square"}, ValueError, "kind is 'square'; choose one of .*'pulses'"),
        ({"amplitude": math.nan}, ValueError, "amplitude is nan; give a finite number"),
        ({"amplitude": "2"}, TypeError, "amplitude is '2', a str; give a number"),
        ({"dt": 0.0}, ValueError, "dt is 0.0 ms; give more than 0 ms"),
        ({"duration": -5}, ValueError, "duration is -5 ms; give more than 0 ms"),
        ({"duration": math.inf}, ValueError, "duration is inf; give a finite number"),
        ({"period": 0}, ValueError, "period is 0 ms; give more than 0 ms"),
        ({"seed": -1}, ValueError, "seed is -1; give a whole number, from 0 to 4294967295"),
        ({"seed": 2**32}, ValueError, "seed is 4294967296; give a whole number, from 0"),
        ({"seed": 0.5}, TypeError, "seed is 0.5, a float; give a whole number, from 0"),
        ({"duration": 1e9, "dt": 1e-3}, ValueError, "more than 10000000 time steps; lower dur"),
    ],
)
def test_wrong_stimulus(options, error, message):
    with pytest.raises(error, match=message):
        stimulus(**{"kind": "noise", **options})


@pytest.mark.parametrize(
    "current",
    [
        np.array([2.0, 9.0, 1.0, 9.0, 3.0])[::-2], np.array([3, 1, 2], dtype=">i4"),
        torch.tensor([3.0, 1.0, 2.0]), (3, 1, 2), np.broadcast_to([3.0, 1.0, 2.0], (3,)),
    ],
)  # fmt: skip
def test_any_numbers_in_a_row_will_do(current):
    assert simulate(current).membrane.tolist() == simulate([3.0, 1.0, 2.0]).membrane.tolist()


def test_the_result_keeps_a_current_of_its_own():
    current = np.ones(3)
    run = simulate(current)
    current[:] = 9.0
    assert run.current.tolist() == [1.0, 1.0, 1.0]


def test_a_current_with_a_gradient_is_told():
    with pytest.raises(TypeError, match=r"current is a tensor of shape .*; give numbers, one"):
        simulate(torch.ones(3, requires_grad=True))
