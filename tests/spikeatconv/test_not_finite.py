"""NaN and infinity are never lost: not in a neuron, whichever way it runs, and not in a network."""

import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from spikeatconv import LIF, Atan, LIFSum, Sigmoid, fast, lif_step, load_weights, mnist5k, shipped
from spikeatconv.surrogate import SURROGATES

compiled = pytest.mark.skipif(fast.load_library() is None, reason="no C compiler on this machine")
ways = pytest.mark.parametrize("way", ["plain", "eager", pytest.param("compiled", marks=compiled)])
values = pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
NEURONS = [
    {}, {"v_reset": None}, {"tau": 1.0}, {"tau": 3.0, "v_rest": 0.2}, {"v_reset": -0.3},
    {"v_reset": 0.5}, {"surrogate": "sigmoid", "detach_reset": False},
    {"v_reset": None, "detach_reset": False},
]  # fmt: skip
neurons = pytest.mark.parametrize("options", NEURONS, ids=str)


def currents(*shape: int, seed: int = 0) -> torch.Tensor:
    return 1 + 1.5 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(((a == b) | (a.isnan() & b.isnan())).all())


@ways
@values
@neurons
def test_nan_from_that_step_on_in_that_neuron_alone(way, value, options):
    x = currents(5, 300)
    wrong = x.clone()
    wrong[2, 7] = value
    module = LIFSum((0.6, 1.0), **options)
    with fast.use(way):
        right, out = module(x), module(wrong)
    assert torch.equal(out[:2], right[:2])
    assert out[2:, 7].isnan().all()
    others = torch.arange(300) != 7
    assert torch.equal(out[:, others], right[:, others])


@ways
@neurons
def test_the_gradient_of_a_nan_is_nan_in_that_neuron_alone(way, options):
    gradients = []
    for value in (1.0, math.nan):
        x = currents(5, 300)
        x[2, 7] = value
        with fast.use(way):
            LIF(**options)(x.requires_grad_()).sum().backward()
        gradients.append(x.grad)
    right, gradient = gradients
    assert gradient[:, 7].isnan().all()
    others = torch.arange(300) != 7
    assert torch.equal(gradient[:, others], right[:, others])


@compiled
@given(
    x=st.lists(st.floats(width=32), min_size=1, max_size=8),
    tau=st.sampled_from([1.0, 2.0, 3.0]), v_rest=st.sampled_from([0.0, 0.2]),
    v_reset=st.sampled_from([None, 0.0, -0.3]),
    thresholds=st.sampled_from([(1.0,), (0.5, 1.0, 2.0)]),
)  # fmt: skip
@example(
    x=[-3.4e38, 3.4e38, 1.0], tau=2.0, v_rest=0.0, v_reset=0.0, thresholds=(0.5, 1.0)
)  # finite, but its membrane is not
def test_every_way_gives_the_same_whatever_comes_in(x, thresholds, **options):
    module, x = LIFSum(thresholds, **options), torch.tensor(x)
    with fast.use("plain"):
        expected = module(x)
    for way in ("eager", "compiled"):
        with fast.use(way):
            assert same(module(x), expected)


@pytest.mark.parametrize("v_reset", [0.0, None])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions_too(v_reset, dtype):
    x = torch.tensor([[2.0, 2.0, 2.0], [math.nan, math.inf, -math.inf], [2.0, 2.0, 2.0]])
    expected = torch.tensor([[1.0] * 3, [math.nan] * 3, [math.nan] * 3])
    lif = LIF(v_reset=v_reset)
    assert same(lif(x.to(dtype)), expected.to(dtype))
    assert same(lif.run(x.to(dtype)).spikes, expected.to(dtype))
    assert lif.run(x.to(dtype)).final.isnan().all()


@pytest.mark.parametrize("surrogate", [*SURROGATES.values(), Atan(5.0), Sigmoid(0.5)])
@values
def test_the_step_of_what_is_not_finite_is_nan(surrogate, value):
    u = torch.tensor([value, 1.0, -1.0])
    assert same(surrogate(u), torch.tensor([math.nan, 1.0, 0.0]))
    spike, _, v = lif_step(2 * u, torch.zeros(3), surrogate=surrogate)
    assert same(spike, torch.tensor([math.nan, 1.0, 0.0]))
    assert v[0].isnan()


# ---------------------------------------------------------------- in a network


@pytest.fixture(scope="module")
def micro() -> torch.nn.Module:
    return load_weights(shipped("micro_digits.safetensors"))


@values
def test_an_image_that_is_not_finite_has_no_answer(micro, value):
    images = torch.nn.functional.pad(mnist5k("test")[0][:3], (2,) * 4).float()
    with torch.no_grad():
        right = micro(images)
        images[1] = value
        logits = micro(images)
    assert logits[1].isnan().all()
    assert torch.equal(logits[[0, 2]], right[[0, 2]]), "the others of the batch do not notice"


def test_one_nan_in_any_parameter_reaches_the_logits(micro):
    """In a kernel its centre, as the corners of a 7×7 see only the padding of a 2×2 map."""
    image = torch.nn.functional.pad(mnist5k("test")[0][:1], (2,) * 4).float()
    lost, tensors = [], micro.state_dict()
    with torch.no_grad():
        for name, tensor in tensors.items():
            if not tensor.is_floating_point():
                continue
            where = (0, 0, *(k // 2 for k in tensor.shape[2:]))[: tensor.dim()]
            before = tensor[where].clone()
            tensor[where] = math.nan
            if not micro(image).isnan().any():
                lost.append(name)
            tensor[where] = before
    assert len(tensors) > 150
    assert not lost


@ways
@pytest.mark.parametrize("v_reset", [None, -1e30])
def test_the_largest_finite_current_is_finite_at_the_largest_threshold(way, v_reset):
    x = torch.tensor([[3.4e38, -3.4e38, 1e30]]).expand(2, 3)
    with fast.use(way):
        spikes = LIF(tau=1.0, v_threshold=1e30, v_reset=v_reset)(x)
    assert torch.equal(spikes[0], torch.tensor([1.0, 0.0, 1.0]))
