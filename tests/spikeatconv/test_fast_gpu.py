"""What a GPU would run, tested on a CPU: torch.compile makes C++ where a GPU gets Triton's code;
what else CUDA and MPS do in their own way is imitated."""

import logging
import math
import os
import threading
from contextlib import nullcontext
from functools import partial

import pytest
import torch
import torch.utils.checkpoint
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from spikeatconv import LIF, LIFSum, fast
from spikeatconv.fast import gpu, ways
from spikeatconv.fast.gpu import divide

compiler = pytest.mark.skipif(fast.load_library() is None, reason="no C compiler on this machine")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside torch.compile


def vectors():
    """Else a CPU with AVX-512 that is told to be one with AVX2 gets loops of 16 over vectors of 8.
    It holds for one thread."""
    from torch._inductor import config as inductor

    avx2 = os.environ.get("ATEN_CPU_CAPABILITY") == "avx2"
    return inductor.patch({"cpp.simdlen": 256} if avx2 else {})


@pytest.fixture
def on(monkeypatch):
    """on("cuda"): from now on tensors of the CPU go the way of those of a GPU."""

    def send(device):
        monkeypatch.setattr(ways, "device_of", lambda x: device)
        monkeypatch.setattr(gpu, "_working", set())
        monkeypatch.setattr(gpu, "_failures", [])
        gpu.compile_with_torch.cache_clear()

    with vectors():
        yield send
    gpu.compile_with_torch.cache_clear()


def random(*shape, seed=0):
    return 1 + 1.5 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def run(module, x, way=None):
    """Spikes and the gradient of their sum weighted at random."""
    x = x.detach().requires_grad_()
    with fast.use(way) if way else nullcontext():
        out = module(x)
        out.backward(random(*x.shape, seed=1).to(out.dtype))
    return out.detach(), x.grad


def assert_same(found, expected):
    assert torch.equal(found[0], expected[0])
    torch.testing.assert_close(found[1], expected[1], rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- under torch.compile


@compiler
@pytest.mark.parametrize(("n", "time", "options"), [
    (1, 3, {}),
    (2, 2, {"v_reset": None, "surrogate": "sigmoid", "detach_reset": False}),
    (2, 2, {"v_reset": -0.3, "tau": 3.0, "v_rest": 0.2}),
    (1, 2, {"v_reset": -0.3, "tau": 4.7, "detach_reset": False}),
])  # fmt: skip
def test_compiled_it_gives_the_same(n, time, options, on):
    module = LIFSum((0.5, 1.0)[:n], **options)
    x = random(time, 3, 70)
    expected = run(module, x, "plain")
    on("cuda")
    assert_same(run(module, x, "compiled"), expected)
    if options == {}:
        half = run(module, x.bfloat16(), "compiled")
        assert half[0].dtype == half[1].dtype == torch.bfloat16
        assert torch.equal(half[0].float(), run(module, x.bfloat16().float(), "plain")[0])
    assert {key[3].__name__ for key in gpu._working} == {"forward_steps", "backward_steps"}


@compiler
def test_it_compiles_once_for_all_that_a_training_does(on):
    """Other sizes, autocast, another thread, hooks on what is kept, a recomputation and what is not
    finite: neither another compilation nor the eager way. The backward pass is compiled in another
    thread, as on CUDA in autograd's own."""
    from torch._dynamo.utils import counters

    on("cuda")
    module, x = LIFSum((0.7, 1.4)), random(2, 50)
    expected = run(module, x, "plain")
    x.requires_grad_()
    with fast.use("compiled"):
        spikes = module(x)

    def backward():
        with vectors():
            spikes.backward(random(2, 50, seed=1))

    in_another_thread(backward)
    assert_same((spikes.detach(), x.grad), expected)
    assert len(gpu._working) == 2
    kept = []
    again = partial(torch.utils.checkpoint.checkpoint, module, use_reentrant=False)
    before = counters["stats"]["unique_graphs"]
    for size in (51, 1000, 49):
        x = random(2, size)
        expected = run(module, x, "plain")
        for autocast in (False, True):
            with torch.autocast("cpu", enabled=autocast):
                assert_same(run(module, x, "compiled"), expected)
        found = []
        in_another_thread(lambda x, found: found.append(run(module, x)), x, found)
        assert_same(found[0], expected)
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
            assert_same(run(module, x, "compiled"), expected)
        assert len(kept) == 1
        assert_same(run(again, x, "compiled"), expected)
        with torch.no_grad(), fast.use("compiled"):
            assert torch.equal(module(x), expected[0])
    assert_nothing_is_lost(module)
    assert counters["stats"]["unique_graphs"] == before
    with torch.inference_mode(), fast.use("compiled"):
        assert torch.equal(module(x), expected[0])
    assert not gpu._failures


@compiler
def test_torch_compile_of_a_module_loses_nothing_that_is_not_finite():
    x = torch.full((3, 4), 2.0)
    x[1, 1:] = torch.tensor([math.nan, math.inf, -math.inf])
    expected = LIF()(x)
    assert expected.isnan().nonzero().tolist() == [[t, n] for t in (1, 2) for n in (1, 2, 3)]
    found = torch.compile(LIF(), fullgraph=True)(x)
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)


def in_another_thread(target, *arguments):
    work = threading.Thread(target=target, args=arguments)
    work.start()
    work.join()


def assert_nothing_is_lost(module):
    """What is not finite, in the first step or the last."""
    x = random(2, 50)
    x[0, :3] = x[1, 3:6] = torch.tensor([math.nan, math.inf, -math.inf])
    expected = run(module, x, "plain")[0]
    assert expected[:, :3].isnan().all()
    assert expected[1, 3:6].isnan().all()
    assert not expected[:, 6:].isnan().any()
    found = run(module, x, "compiled")[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)


def test_who_watches_does_not_spoil_it(on):
    """torch.compile gives up a function for good that it meets first under such a mode."""
    on("cuda")
    x = random(2, 5)
    with FlopCounterMode(display=False):
        assert fast.choose_way(x, LIF().neurons((1.0,))) == "eager"
        assert torch.equal(LIF()(x), LIF().run(x).spikes)
    assert fast.choose_way(x, LIF().neurons((1.0,))) == "compiled"


def test_long_ones_run_eagerly(on):
    on("cuda")
    assert fast.choose_way(random(4, 5), LIF().neurons((1.0,) * 4)) == "compiled"
    assert fast.choose_way(random(5, 5), LIF().neurons((1.0,) * 4)) == "eager"
    with fast.use("compiled"), pytest.raises(RuntimeError, match="T · n is over 16"):
        LIF()(random(17, 5))


# ---------------------------------------------------------------- where torch.compile fails


class Broken:
    """In place of torch.compile: what it gives, or that it gives anything, fails."""

    def __init__(self, error, early=False):
        self.error, self.early, self.calls = error, early, 0

    def __call__(self, function, **options):
        self.calls += 1
        if self.early:
            raise self.error

        def launch(*tensors):
            raise self.error

        return launch


class Wrapped(Exception):
    """As torch wraps what happened within its compiler."""

    def __init__(self, inner):
        super().__init__(f"backend='inductor' raised:\n{inner}")
        self.inner_exception = inner


FAILURES = [
    ImportError("No module named 'triton'"),
    Wrapped(RuntimeError("Cannot find a working triton installation.\nMore lines")),
    RuntimeError("CUDA error: no kernel image is available for execution on the device"),
    NotImplementedError(),
    AssertionError("of the compiler"),
]


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
def test_the_eager_way_takes_over_for_good(error, early, on, caplog, monkeypatch):
    on("cuda")
    broken = Broken(error, early)
    monkeypatch.setattr(torch, "compile", broken)
    for module in (LIF(), LIFSum((0.5, 1.0))):
        assert_same(run(module, random(3, 9)), run(module, random(3, 9), "plain"))
    assert broken.calls == 1
    (line,) = caplog.records
    assert line.name == "spikeatconv"
    assert line.levelno == logging.WARNING
    assert "run eagerly, with the same spikes: torch.compile failed" in line.getMessage()
    assert "\n" not in line.getMessage()
    neurons = LIF().neurons((1.0,))
    assert fast.choose_way(random(3, 9), neurons) == "eager"
    with fast.use("compiled"), pytest.raises(RuntimeError, match="compile failed, "):
        fast.choose_way(random(3, 9), neurons)


@pytest.mark.parametrize("error", FAILURES, ids=lambda e: type(e).__name__)
def test_who_asks_for_compiled_is_told_why_not(error, on, caplog, monkeypatch):
    on("cuda")
    monkeypatch.setattr(torch, "compile", Broken(error))
    x = random(3, 9).requires_grad_()
    for _ in range(2):
        with fast.use("compiled"), pytest.raises(RuntimeError, match='cannot run "compiled" here'):
            LIF()(x)
    assert not caplog.records


@pytest.mark.parametrize("asked", ["auto", "compiled"])
def test_a_backward_pass_that_fails(asked, on, caplog, monkeypatch):
    """The forward pass ran compiled, and goes on so. Asked for compiled, the backward pass fails
    where it has to, outside of `use` too."""
    on("cuda")

    def compile(function, **options):
        failing = "backward" in function.__code__.co_name
        return Broken(RuntimeError("out of registers"))(function) if failing else function

    monkeypatch.setattr(torch, "compile", compile)
    x = random(3, 9).requires_grad_()
    with fast.use(asked):
        out = LIF()(x)
    if asked == "compiled":
        with pytest.raises(RuntimeError, match="out of registers"):
            out.sum().backward()
        return
    out.backward(random(3, 9, seed=1))
    assert_same((out.detach(), x.grad), run(LIF(), x, "plain"))
    assert len(caplog.records) == 1
    assert fast.choose_way(x, LIF().neurons((1.0,))) == "compiled"
    assert fast.choose_way(x, LIF().neurons((2.0,))) == "eager"
    assert_same(run(LIF(), x), run(LIF(), x, "plain"))
    assert len(caplog.records) == 1


@pytest.mark.parametrize("way", ["auto", "compiled"])
@pytest.mark.parametrize("wrap", [lambda e: e, Wrapped, lambda e: Wrapped(Wrapped(e))])
def test_a_lack_of_memory_stays_one(way, wrap, on, caplog, monkeypatch):
    on("cuda")
    lack = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    with monkeypatch.context() as patch:
        patch.setattr(torch, "compile", Broken(wrap(lack)))
        with fast.use(way), pytest.raises(torch.OutOfMemoryError, match="out of memory"):
            LIF()(random(3, 9))
    assert not caplog.records
    assert fast.choose_way(random(3, 9), LIF().neurons((1.0,))) == "compiled"  # nothing is broken


def test_an_earlier_lack_of_memory_is_not_taken_for_this_one(on, caplog, monkeypatch):
    """As in a loop that tries a smaller batch after each."""
    on("cuda")
    monkeypatch.setattr(torch, "compile", Broken(ImportError("triton")))
    try:
        raise torch.OutOfMemoryError("the batch before")
    except torch.OutOfMemoryError:
        assert torch.equal(LIF()(random(3, 9)), LIF().run(random(3, 9)).spikes)
    assert len(caplog.records) == 1


def test_a_compiler_that_is_not_there(on, caplog):
    """The real torch.compile, without the compiler it calls."""
    from torch._inductor import config as inductor

    on("cuda")
    lif = LIF(v_threshold=0.913)
    broken = {"cpp.cxx": ("/no/such/compiler",), "force_disable_caches": True}
    with inductor.patch(broken):
        assert_same(run(lif, random(2, 9)), run(lif, random(2, 9), "plain"))
    assert [line.levelno for line in caplog.records if line.name == "spikeatconv"][-1:] == [30]
    assert gpu._failures


def test_too_many_compilations_are_told(on, monkeypatch):
    """torch.compile would stop to compile without a word; here N = 1 is one more. Which code it
    makes does not matter."""
    from torch._dynamo import config as dynamo

    on("cuda")
    compile = torch.compile
    monkeypatch.setattr(torch, "compile", lambda f, options, **o: compile(f, backend="eager", **o))
    lif = LIF(v_threshold=0.8)
    with dynamo.patch(recompile_limit=1):
        assert_same(run(lif, random(2, 9)), run(lif, random(2, 9), "plain"))
        assert not gpu._failures
        assert_same(run(lif, random(2, 1)), run(lif, random(2, 1), "plain"))
    assert "FailOnRecompileLimitHit" in gpu._failures[0]


# ---------------------------------------------------------------- eagerly on other devices


@pytest.mark.parametrize("device", ["cuda", "mps", "xpu"])
def test_eager_always_works(device, on, monkeypatch):
    on(device)
    monkeypatch.setattr(torch, "compile", Broken(ImportError("triton")))
    monkeypatch.setenv("SPIKEATCONV_LIF", "eager")
    monkeypatch.setattr("spikeatconv.fast.lif.LARGE_PIECE", 16)  # several pieces
    for options in ({}, {"v_reset": None, "detach_reset": False}, {"tau": 3.0, "v_reset": -0.3}):
        module = LIFSum((0.5, 1.0), **options)
        x = random(3, 2, 25)
        assert_same(run(module, x), run(module, x, "plain"))
        assert run(module, x.half())[0].dtype == torch.float16
    assert not gpu._failures


class LikeCUDA(TorchDispatchMode):
    """Divides by a number as CUDA does: multiplies by its reciprocal."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten.div.Tensor and not isinstance(args[1], torch.Tensor):
            return args[0] * args[0].new_tensor(1 / args[1])
        if function is torch.ops.aten.div.Tensor and args[1].dim() == 0:
            return args[0] * args[0].new_tensor(1 / args[1].item())
        return function(*args, **(kwargs or {}))


class LikeMPS(TorchDispatchMode):
    """Has no float64, and adds nothing where alpha is 0."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        adds = function in (torch.ops.aten.add.Tensor, torch.ops.aten.add_.Tensor)
        if adds and kwargs.get("alpha") == 0:
            return args[0]
        out = function(*args, **kwargs)
        if isinstance(out, torch.Tensor) and out.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return out


@pytest.mark.parametrize("way", ["eager", "plain"])
@pytest.mark.parametrize("tau", [2.0, 3.0, 4.7, 10.0])
def test_cuda_fires_where_a_cpu_does(way, tau, on):
    """Currents that bring the membrane to the threshold, or nearly."""
    lif = LIF(tau=tau, v_reset=None)
    x = torch.randint(-40, 80, (6, 4000), generator=torch.Generator().manual_seed(0)) * (tau / 20)
    expected = lif.run(x).spikes
    on("cuda")
    with LikeCUDA(), fast.use(way):
        assert torch.equal(lif(x), expected)


def test_the_imitation_of_cuda_rounds_twice():
    x = random(10_000)
    with LikeCUDA():
        found = x / 3.0
    assert 0 < (found != x / 3.0).float().mean() < 0.5


@given(tau=st.floats(1, 1000), seed=st.integers(0, 2**16), scale=st.sampled_from([1e-6, 1.0, 1e20]))
def test_divide_rounds_once(tau, seed, scale):
    x = scale * torch.randn(2000, generator=torch.Generator().manual_seed(seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ways, "device_of", lambda x: "cuda")
        assert torch.equal(divide(x, tau), x / tau)


@pytest.mark.parametrize("way", ["eager", "plain"])
@pytest.mark.parametrize("options", [{}, {"tau": 3.0, "v_reset": None}, {"detach_reset": False}])
def test_mps_loses_no_nan_and_needs_no_float64(way, options, on):
    x = random(3, 50)
    x[1, :3] = torch.tensor([math.nan, math.inf, -math.inf])
    expected = LIF(**options).run(x).spikes
    assert expected[1:, :3].isnan().all()
    on("mps")
    with LikeMPS():
        found, _ = run(LIF(**options), x, way)
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
