"""The fast ways to run a LIF give the spikes of the plain one, and its gradients."""

import os
import platform  # noqa: F401  a condition below
import re
import subprocess

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.flop_counter import FlopCounterMode

from spikeatconv import LIF, Atan, LIFSum, Sigmoid, Surrogate, fast, record
from spikeatconv.fast import library
from spikeatconv.fast.traced import traced_sum

compiled = pytest.mark.skipif(fast.load_library() is None, reason="no C compiler on this machine")
ways = pytest.mark.parametrize("way", ["eager", pytest.param("compiled", marks=compiled)])


def run(module, x, grad, way):
    x = x.detach().requires_grad_()
    with fast.use(way):
        out = module(x)
        out.backward(grad)
    return out.detach(), x.grad


def assert_as_plain(module, x, grad, way):
    """The same spikes to the bit and the same gradient; what the way gives."""
    spikes, gradient = run(module, x, grad, way)
    plain_spikes, plain_gradient = run(module, x.contiguous(), grad, "plain")
    assert torch.equal(spikes, plain_spikes)
    torch.testing.assert_close(gradient, plain_gradient, rtol=1e-5, atol=1e-6)
    return spikes, gradient


def random(*shape, seed=0):
    return 1 + 1.5 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@ways
@given(
    time=st.integers(1, 9), width=st.integers(1, 200), tau=st.sampled_from([1.0, 2.0, 3.0, 4.7]),
    v_rest=st.sampled_from([0.0, 0.2]), v_reset=st.sampled_from([None, 0.0, -0.3]),
    surrogate=st.sampled_from([Atan(), Atan(3.0), Sigmoid(), Sigmoid(2.0)]),
    detach_reset=st.booleans(), thresholds=st.lists(st.floats(0.3, 2), min_size=1, max_size=4),
    seed=st.integers(0, 2**16),
)  # fmt: skip
def test_the_same_spikes_and_gradients(way, time, width, thresholds, seed, **options):
    x, grad = random(time, 2, width, seed=seed), random(time, 2, width, seed=seed + 1)
    assert_as_plain(LIFSum(thresholds, **options), x, grad, way)


@ways
@pytest.mark.parametrize("thresholds", [(1.0,), (0.5, 1.0, 1.5)], ids=len)
@pytest.mark.parametrize("time", [1, 3, 40])
def test_every_width_around_a_block(way, time, thresholds):
    """lif.c computes blocks of 64 or 128, and the rest in a copy."""
    for width in (63, 64, 65, 127, 128, 129, 257):
        x, grad = random(time, width), random(time, width, seed=1)
        assert_as_plain(LIFSum(thresholds), x, grad, way)


@ways
def test_a_tensor_of_many_pages_of_memory(way):
    """Outputs of 2 MiB and more are asked for in large pages: here 13 MB, no whole number."""
    x, grad = random(3, 1_100_003), random(3, 1_100_003, seed=1)
    assert_as_plain(LIFSum((0.5, 1.0)), x, grad, way)


@ways
@pytest.mark.parametrize("offset", [1, 3, 17])
def test_a_view_may_begin_anywhere_in_its_memory(way, offset):
    x, grad = random(1000)[offset:], random(1000, seed=1)[offset:]
    size = len(x) // 4 * 4
    x, grad = x[:size].view(4, -1), grad[:size].view(4, -1)
    assert x.is_contiguous()
    assert x.data_ptr() % 64
    assert_as_plain(LIFSum((0.5, 1.0)), x, grad, way)


@ways
def test_the_sum_is_that_of_the_single_neurons(way):
    module = LIFSum((0.5, 1.0, 1.5))
    x, grad = random(4, 3, 70), random(4, 3, 70, seed=1)
    single = [run(lif, x, grad, way) for lif in module]
    out, gradient = run(module, x, grad, way)
    assert torch.equal(out, sum(spikes for spikes, _ in single))
    torch.testing.assert_close(gradient, sum(g for _, g in single), rtol=1e-5, atol=1e-6)


def test_the_branches_of_a_sum_can_be_recorded():
    module, x = LIFSum((0.5, 1.0)), random(4, 3, 7)
    with record(module) as recording:
        out = module(x)
    assert torch.equal(sum(calls[0].spikes for calls in recording.calls.values()), out)


@pytest.mark.parametrize("kind", ["", "_pre"])
def test_the_branches_of_a_sum_tell_whoever_watches(kind):
    seen, module, x = [], LIFSum((0.5, 1.0)), random(3, 4)
    for branch in module:
        getattr(branch, f"register_forward{kind}_hook")(lambda *_: seen.append("forward"))
        getattr(branch, f"register_full_backward{kind}_hook")(lambda *_: seen.append("backward"))
    module(x.requires_grad_()).sum().backward()
    assert seen == ["forward"] * 2 + ["backward"] * 2


def test_a_branch_of_your_own_is_run_as_it_is():
    class Half(LIF):
        def forward(self, x, v0=None):
            return super().forward(x, v0) / 2

    module, x = LIFSum((0.5, 1.0)), random(3, 4)
    module[0] = Half(v_threshold=0.5)
    expected = LIF(v_threshold=0.5)(x) / 2 + LIF()(x)
    assert torch.equal(module(x), expected)
    module[1] = torch.nn.Tanh()
    assert torch.equal(module(x), LIF(v_threshold=0.5)(x) / 2 + x.tanh())


def test_meta_tensors_run_plain():
    assert LIF()(torch.empty(3, 4, device="meta")).shape == (3, 4)


@ways
@pytest.mark.parametrize("grad_last", [False, True])
def test_the_memory_format_is_kept(way, grad_last):
    x = random(8, 6, 5, 7).contiguous(memory_format=torch.channels_last).unflatten(0, (4, 2))
    grad = random(4, 2, 6, 5, 7, seed=1)
    if grad_last:
        grad = grad.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        grad = grad.unflatten(0, (4, 2))
    spikes, gradient = assert_as_plain(LIF(), x, grad, way)
    assert spikes.stride() == gradient.stride() == x.stride()


@ways
def test_a_still_image_shown_several_times(way):
    x, grad = random(1, 3, 9).expand(4, 3, 9), random(4, 3, 9, seed=1)
    assert_as_plain(LIF(), x, grad, way)


@ways
def test_only_the_input_is_kept_for_the_backward_pass(way):
    kept = []
    x = random(4, 3, 9).requires_grad_()
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t)
    with fast.use(way), hooks:
        LIFSum((0.5, 1.0))(x)
    assert [tensor.data_ptr() for tensor in kept] == [x.data_ptr()]


@ways
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(way, dtype):
    x, grad = random(6, 3, 9).to(dtype), random(6, 3, 9, seed=1).to(dtype)
    spikes, gradient = run(LIF(tau=3.0), x, grad, way)
    assert spikes.dtype == gradient.dtype == dtype
    assert torch.equal(spikes.float(), run(LIF(tau=3.0), x.float(), grad.float(), "plain")[0])
    assert torch.equal(spikes, run(LIF(tau=3.0), x, grad, "plain")[0])


def test_float64_runs_eagerly():
    x = random(3, 4).double()
    assert fast.choose_way(x, LIF().neurons((1.0,))) == "eager"
    assert LIF()(x).dtype == torch.float64
    with fast.use("compiled"), pytest.raises(RuntimeError, match="float64"):
        LIF()(x)


def test_a_step_with_a_gradient_of_its_own_is_followed():
    """As notebook 03 makes a surrogate of the student's `torch.autograd.Function`."""

    class Own(Surrogate):
        def __call__(self, u):
            return Atan(2.0)(u) + 0

    x = (3 * torch.rand(6, 40)).requires_grad_()
    own, atan = (torch.autograd.grad(LIF(surrogate=s)(x).sum(), x)[0] for s in (Own(2.0), "atan"))
    torch.testing.assert_close(own, atan)


def test_a_surrogate_of_your_own_runs_eagerly():
    class Flat(Surrogate):
        def derivative(self, u):
            return torch.full_like(u, self.alpha)

    lif, x, grad = LIF(surrogate=Flat(0.5)), random(3, 4), random(3, 4, seed=1)
    assert fast.choose_way(x, lif.neurons((1.0,))) == "eager"
    torch.testing.assert_close(run(lif, x, grad, "eager")[1], run(lif, x, grad, "plain")[1])
    with fast.use("compiled"), pytest.raises(RuntimeError, match="Atan and Sigmoid only"):
        lif(x)


def test_the_way_can_be_chosen(monkeypatch):
    neurons, x = LIF().neurons((1.0,)), random(3, 4)
    monkeypatch.setenv("SPIKEATCONV_LIF", "plain")
    assert fast.choose_way(x, neurons) == "plain"
    with fast.use("eager"):
        assert fast.choose_way(x, neurons) == "eager"
    monkeypatch.setenv("SPIKEATCONV_LIF", "")  # as if it were not set
    assert fast.choose_way(x, neurons) in ("compiled", "eager")
    monkeypatch.setenv("SPIKEATCONV_LIF", "quick")
    with pytest.raises(ValueError, match="SPIKEATCONV_LIF is 'quick'"):
        fast.choose_way(x, neurons)
    with pytest.raises(ValueError, match="way is 'fast'"), fast.use("fast"):
        pass


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fast.load_library.cache_clear()
    yield tmp_path / "spikeatconv"
    fast.load_library.cache_clear()


@compiled
def test_it_compiles_once_and_says_so(empty_cache, capfd):
    assert fast.load_library() is not None
    assert "compiling its C code" in capfd.readouterr().err
    fast.load_library.cache_clear()
    assert fast.load_library() is not None
    assert capfd.readouterr().err == ""
    assert [path.suffix for path in empty_cache.iterdir()] == [".so"]


@pytest.mark.skipif("sys.platform == 'win32'")
def test_a_compiler_that_fails_leaves_the_eager_way(empty_cache, monkeypatch):
    monkeypatch.setenv("CC", "false")
    assert fast.load_library() is None
    assert list(empty_cache.iterdir()) == []
    x = random(3, 4)
    assert torch.equal(LIF()(x), LIF().run(x).spikes)
    with fast.use("compiled"), pytest.raises(RuntimeError, match="no C compiler that works"):
        LIF()(x)


# ---------------------------------------------------------------- second derivatives


@pytest.mark.parametrize(
    "options", [{}, {"v_reset": None}, {"detach_reset": False, "surrogate": "sigmoid"}], ids=str
)
@ways
def test_a_gradient_penalty_is_that_of_the_plain_way(way, options):
    """The gradient of LIF(a · w) by a, squared and differentiated by w: here the gradient that
    comes from outside is constant."""
    a, module = random(4, 3, 5), LIFSum((0.5, 1.0), **options)

    def penalty(way):
        w = random(5, seed=1).requires_grad_()
        x = a.clone().requires_grad_()
        with fast.use(way):
            (slope,) = torch.autograd.grad(module(x * w).sum(), x, create_graph=True)
            (gradient,) = torch.autograd.grad(slope.square().sum(), w)
        return slope.detach(), gradient

    for ours, plain in zip(penalty(way), penalty("plain"), strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-6)
        assert ours.abs().sum() > 0


# ---------------------------------------------------------------- tensors without plain memory

# Their address says nothing about their values: lif.c would read and write anywhere.


def expected(x, module=None):
    with fast.use("plain"):
        return (module or LIF())(x)


def test_fake_tensors():
    x = random(3, 4)
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        out = LIF()(mode.from_tensor(x))
        assert isinstance(LIF()(x), FakeTensor)  # real ones too, while the mode is on
    assert isinstance(out, FakeTensor)
    assert out.shape == (3, 4)


@pytest.mark.parametrize("mode", ["real", "fake", "symbolic"])
def test_traced_operations_are_recorded(mode):
    graph = make_fx(LIF(), tracing_mode=mode)(random(3, 4))
    assert torch.equal(graph(random(3, 4, seed=1)), expected(random(3, 4, seed=1)))


def test_who_only_watches_changes_nothing():
    """Such as a count of operations, or of the bytes that are alive."""
    x, neurons = random(3, 4), LIF().neurons((1.0,))
    alone = fast.choose_way(x, neurons)
    with FlopCounterMode(display=False):
        assert fast.choose_way(x, neurons) == alone != "plain"
        assert torch.equal(LIF()(x), expected(x))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_jit_trace():
    graph = torch.jit.trace(LIF(), random(3, 4), check_trace=False)
    assert torch.equal(graph(random(3, 4, seed=1)), expected(random(3, 4, seed=1)))


def test_export():
    graph = torch.export.export(LIF(), (random(3, 4),)).module()
    assert torch.equal(graph(random(3, 4, seed=1)), expected(random(3, 4, seed=1)))


@given(
    time=st.integers(1, 5), tau=st.sampled_from([1.0, 2.0, 3.0, 4.7]),
    v_rest=st.sampled_from([0.0, 0.2]), v_reset=st.sampled_from([None, 0.0, -0.3]),
    thresholds=st.lists(st.floats(0.3, 2), min_size=1, max_size=4), seed=st.integers(0, 2**16),
)  # fmt: skip
def test_what_an_export_traces_gives_the_same_spikes(time, thresholds, tau, v_rest, v_reset, seed):
    x = random(time, 2, 50, seed=seed)
    neurons = LIFSum(thresholds, tau=tau, v_rest=v_rest, v_reset=v_reset)
    traced = traced_sum(x, thresholds, tau, v_rest, v_reset)
    assert torch.equal(traced, expected(x, neurons))
    x[0, 0, 3] = torch.inf
    traced = traced_sum(x, thresholds, tau, v_rest, v_reset)
    assert traced.isnan().nonzero().tolist() == [[0, 0, 3]]


@pytest.mark.parametrize(
    "transform",
    [torch.func.vmap, torch.func.functionalize, lambda f: torch.func.grad(lambda x: f(x).sum())],
)
def test_functorch_says_no(transform):
    with pytest.raises(RuntimeError, match="functorch transforms"):
        transform(LIF())(random(2, 3, 4))


def test_batched_gradients():
    x = random(3, 2)
    jacobian = torch.autograd.functional.jacobian
    with fast.use("plain"):
        plain = jacobian(LIF(), x)
    torch.testing.assert_close(jacobian(LIF(), x, vectorize=True), plain)


def test_a_subclass_and_a_parameter():
    class Own(torch.Tensor):
        pass

    x = random(3, 4)
    assert type(LIF()(x.as_subclass(Own))) is Own
    assert torch.equal(LIF()(x.as_subclass(Own)).as_subclass(torch.Tensor), expected(x))
    assert fast.choose_way(torch.nn.Parameter(x), LIF().neurons((1.0,))) != "plain"


@ways
def test_a_view_that_only_says_it_is_negative(way):
    x = random(3, 4)
    with fast.use(way):
        assert torch.equal(LIF()(torch._neg_view(-x)), expected(x))


@pytest.mark.parametrize("dtype", [torch.float8_e5m2, torch.float8_e4m3fn])
def test_float8_only_stores(dtype):
    x = random(3, 4).to(dtype)
    for module in (LIF(), LIFSum((0.5, 1.0)), LIF().run):
        with pytest.raises(TypeError, match=rf"x has dtype {dtype}, .* call x.float\(\)"):
            module(x)


# ---------------------------------------------------------------- the compiled file


@compiled
def test_a_damaged_file_is_compiled_again(empty_cache):
    """Cut in the middle, it was a bus error at each call; empty, eager for ever; with one flipped
    bit, who knows."""
    assert fast.load_library() is not None
    (path,) = empty_cache.iterdir()
    right = path.read_bytes()
    middle = len(right) // 2
    flipped = right[:middle] + bytes([right[middle] ^ 1]) + right[middle + 1 :]
    for damaged in (right[:middle], b"", flipped):
        path.unlink()  # it stays loaded: a new file, not a change of that one
        path.write_bytes(damaged)
        fast.load_library.cache_clear()
        assert fast.load_library() is not None
        assert [file.read_bytes() for file in empty_cache.iterdir()] == [right]


def broken_home():
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize("trouble", ["no home", "no folder", "no symbols"])
def test_without_a_place_for_it_the_neuron_runs_eagerly(
    trouble, empty_cache, monkeypatch, tmp_path
):
    if trouble == "no home":
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setattr(library.Path, "home", broken_home)
    elif trouble == "no folder":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        (tmp_path / "file").write_text("a file where the folder should be")
    else:
        other = tmp_path / "other.c"
        other.write_text("int nothing;")
        monkeypatch.setattr(library, "SOURCES", (other,))
    x = random(3, 4)
    assert torch.equal(LIF()(x), expected(x))
    assert fast.load_library() is None


@compiled
@pytest.mark.skipif("platform.machine() not in ('x86_64', 'AMD64')", reason="counts x86 names")
@pytest.mark.parametrize("cpu", ["x86-64-v3", "x86-64-v4"])
def test_the_c_code_uses_vectors_on_every_kind_of_cpu(cpu):
    """Products and sums of whole vectors (…ps) outnumber those of single numbers (…ss) by far."""
    flags = [f"-march={cpu}" if flag == "-march=native" else flag for flag in library.FLAGS]
    for source in library.SOURCES:
        command = [*os.environ.get("CC", "cc").split(), *flags, "-S", str(source), "-o", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = re.findall(r"\bv(?:f?n?m?add|f?m?sub|mul)(?:\d+)?(ps|ss)\b", done.stdout)
        assert found.count("ps") > 10 * found.count("ss")
