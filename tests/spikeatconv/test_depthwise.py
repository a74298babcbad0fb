"""A depthwise convolution whose weights' gradient comes from C gives torch's own gradients."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from spikeatconv import fast
from spikeatconv.conv import Depthwise, conv_norm
from spikeatconv.fast.depthwise import LEAST, is_fast

compiled = pytest.mark.skipif(fast.load_library() is None, reason="no C compiler on this machine")


def random(*shape, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)
    return x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x


def own(x, weight, bias):
    return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=len(weight))


def gradients(function, *tensors, grad, **options):
    leaves = [tensor.detach().requires_grad_() for tensor in tensors]
    return torch.autograd.grad(function(*leaves), leaves, grad, **options)


@compiled
@given(
    n=st.integers(1, 3), c=st.integers(LEAST, 50), h=st.integers(1, 12), w=st.integers(1, 12),
    k=st.sampled_from([1, 3, 5, 7, 9, 11, 15]), threads=st.integers(1, 4), seed=st.integers(0, 99),
)  # fmt: skip
def test_gradients_are_those_of_torch_in_float64(n, c, h, w, k, threads, seed):
    tensors = random(n, c, h, w, seed=seed), random(c, 1, k, k, seed=seed), random(c, seed=seed)
    grad = random(n, c, h, w, seed=seed + 1)
    assert is_fast(*tensors[:2])
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = gradients(fast.depthwise_conv, *tensors, grad=grad)
    finally:
        torch.set_num_threads(before)
    doubles = [tensor.double() for tensor in tensors]
    for ours, exact in zip(found, gradients(own, *doubles, grad=grad.double()), strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=1e-5, atol=1e-5)


@compiled
def test_a_gradient_by_hand():
    """One pixel fires and one gradient comes back: the kernel's place that joins them gets it."""
    x, grad = torch.zeros(2, 1, LEAST, 5, 6).unbind()
    x, grad = (t.contiguous(memory_format=torch.channels_last) for t in (x, grad))
    x[0, 3, 1, 2], grad[0, 3, 2, 4] = 2.0, 10.0  # one row and two columns apart
    weight = torch.zeros(LEAST, 1, 7, 7)
    found = gradients(fast.depthwise_conv, x, weight, torch.zeros(LEAST), grad=grad)
    expected = torch.zeros_like(weight)
    expected[3, 0, 3 - 1, 3 - 2] = 20.0
    assert torch.equal(found[1], expected)
    assert found[2].tolist() == [0.0] * 3 + [10.0] + [0.0] * (LEAST - 4)


@compiled
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_spoils_what_it_meets_and_no_more(value):
    x, weight, bias = random(1, LEAST, 5, 5), random(LEAST, 1, 7, 7), random(LEAST)
    grad = torch.zeros_like(x)
    grad[0, 0, 0, 0] = value
    found = gradients(fast.depthwise_conv, x, weight, bias, grad=grad)[1]
    expected = torch.zeros(LEAST, 1, 7, 7, dtype=torch.bool)
    expected[0, 0, 3:, 3:] = True  # above and to the left of the corner there is no pixel
    assert torch.equal(~found.isfinite(), expected)


@compiled
def test_only_the_gradients_that_are_asked_for():
    x, weight = random(2, LEAST, 5, 5), random(LEAST, 1, 3, 3).requires_grad_()
    fast.depthwise_conv(x, weight, None).sum().backward()
    assert x.grad is None
    torch.testing.assert_close(
        weight.grad, gradients(own, x, weight, random(LEAST), grad=torch.ones_like(x))[1]
    )
    assert fast.depthwise_conv(x, weight.detach(), None).grad_fn is None
    with torch.no_grad():
        assert fast.depthwise_conv(x, weight, None).grad_fn is None


def test_a_gradient_penalty_is_torch_s():
    def penalty(function):
        x, weight, bias = random(2, LEAST, 5, 5), random(LEAST, 1, 3, 3), random(LEAST)
        weight.requires_grad_()
        out = function(x.requires_grad_(), weight, bias).tanh().sum()
        (slope,) = torch.autograd.grad(out, x, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), weight)[0]

    torch.testing.assert_close(penalty(fast.depthwise_conv), penalty(own))


OTHERS = {
    "not channels last": lambda x: x.contiguous(),
    "float64": lambda x: x.double(),
    "bfloat16": lambda x: x.bfloat16(),
    "few channels": lambda x: x[:, :3].contiguous(memory_format=torch.channels_last),
    "every second pixel": lambda x: x[..., ::2, ::2],
    "no image": lambda x: x[:0],
    "one image, without N": lambda x: x[0],
    "a subclass": lambda x: x.as_subclass(type("Own", (torch.Tensor,), {})),
}


@pytest.mark.parametrize("name", OTHERS)
def test_all_else_is_torch_s(name):
    x = OTHERS[name](random(2, LEAST, 5, 5))
    c = x.shape[-3]
    weight, bias = random(c, 1, 3, 3).to(x.dtype), random(c).to(x.dtype)
    assert not is_fast(x, weight)
    grad = torch.ones_like(own(x, weight, bias))
    for ours, expected in zip(
        gradients(fast.depthwise_conv, x, weight, bias, grad=grad),
        gradients(own, x, weight, bias, grad=grad), strict=True,
    ):  # fmt: skip
        assert torch.equal(ours, expected)


def test_on_meta_and_fake_tensors():
    layer = Depthwise(LEAST, LEAST, 3, padding=1, groups=LEAST).to("meta")
    assert layer(torch.empty(2, LEAST, 5, 5, device="meta")).shape == (2, LEAST, 5, 5)
    with FakeTensorMode(allow_non_fake_inputs=True):
        x = torch.empty(2, LEAST, 5, 5).to(memory_format=torch.channels_last)
        out = fast.depthwise_conv(x, torch.empty(LEAST, 1, 3, 3, requires_grad=True), None)
        out.sum().backward()


def test_under_autocast_it_computes_in_half_precision_as_torch_does():
    x, weight = random(2, LEAST, 5, 5), random(LEAST, 1, 3, 3).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        out = fast.depthwise_conv(x, weight, None)
    assert out.dtype == torch.bfloat16
    out.float().sum().backward()
    assert weight.grad.dtype == torch.float32


@pytest.mark.parametrize("way", ["eager", "plain"])
def test_the_other_ways_are_torch_s(way):
    x, weight = random(2, LEAST, 5, 5), random(LEAST, 1, 3, 3).requires_grad_()
    with fast.use(way):
        assert not is_fast(x, weight)
        assert "Convolution" in type(fast.depthwise_conv(x, weight, None).grad_fn).__name__


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_it_is_traced_and_exported_as_a_convolution():
    layer, x = conv_norm(LEAST, LEAST, 7, groups=LEAST).train(), random(2, LEAST, 5, 5)
    x = x.unsqueeze(0)
    exported = torch.export.export(layer, (x,)).graph_module
    assert any("conv2d" in str(node.target) for node in exported.graph.nodes)
    traced = torch.jit.trace(layer.eval(), x)
    assert torch.equal(traced(x), layer(x))


def test_the_layers_that_use_it():
    kinds = {
        (16, 16, 7, 1, 16): Depthwise, (16, 16, 7, 2, 16): torch.nn.Conv2d,
        (16, 32, 7, 1, 16): torch.nn.Conv2d, (16, 16, 3, 1, 1): torch.nn.Conv2d,
    }  # fmt: skip
    assert {make: type(conv_norm(*make)[0]) for make in kinds} == kinds
