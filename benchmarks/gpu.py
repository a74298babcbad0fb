"""All that a GPU has to show, in at most 8 minutes: the right spikes, speed, memory, a training.

    python benchmarks/gpu.py               # on the GPU of this machine (CUDA, or Apple's MPS)
    python benchmarks/gpu.py --cpu         # its own logic on a CPU, small: no claim on speed

The parts, each with a budget of seconds, after which its next case is left out and that is said:

    spikes    those of the CPU bit for bit, from currents that bring many membranes right to the
              threshold; gradients within TOLERANCE (relative, or absolute: they are of the order
              of 1) of those computed in float32: every reset, surrogate, detached or not, n = 4,
              half precision, autocast; Micro's logits in float64 (not on MPS, which has none)
    neuron    LIF and MBPL's n = 4, forward and backward, against copying the input and adding the
              gradient to it, and against each implementation that SpikingJelly has here
    networks  training images a second of Tiny and Base (T = 4, bf16 autocast, AdamW), beside the
              twin without spikes at equal T·B; the batch is the largest of BATCHES that fits
    memory    the command's estimate against the peak of two steps of a training (CUDA alone)
    training  two steps of `train` with bf16, a stop, and two more

The table says what was found, the goal, and whether they agree. A goal of speed that is missed is
"short", a wrong result or an error is "failed"; exit status 1 if spikes or training failed, 2 where
there is no GPU. Writes the GPU's entry of results/gpu.json. SpikingJelly: extra "bench".
"""

import argparse
import itertools
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from report import RESULTS, write
from torch import Tensor
from torch.nn.functional import cross_entropy

from spikeatconv import LIF, LIFSum, fast
from spikeatconv.command.estimate import best_device, estimate
from spikeatconv.command.settings import fitting
from spikeatconv.model import preset
from spikeatconv.training import InMemory, Run, adamw, digits, train
from spikeatconv.training.recipes import RECIPES, network

BUDGETS = {"spikes": 170, "neuron": 80, "networks": 110, "memory": 45, "training": 45}
MUST = ("spikes", "training")  # whose failure is an error
AGREE, SHORT, FAILED, NONE = "agree", "short", "failed", "–"
TOLERANCE = {torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 2e-2}
THRESHOLDS = (0.5, 1.0, 1.5, 2.0)
COPY_RATE = 0.7  # of the time of the copy that the neuron may take
TWIN = 1.35  # times the twin's time that MBPL may take
ROOM = 1.25  # that the estimate may be wrong by
IMPLEMENTATIONS = ("cuda", "triton", "torch")  # of SpikingJelly's LIFNode
BATCHES = (64, 32, 16, 8, 4, 2, 1)


@dataclass(frozen=True)
class Row:
    what: str
    value: str
    goal: str
    verdict: str


@dataclass(frozen=True)
class Bench:
    """Where and how large. trial: --cpu, where no goal of speed counts."""

    device: str
    trial: bool
    ends: float = math.inf

    def over(self) -> bool:
        return time.perf_counter() > self.ends

    def judge(self, good: bool) -> str:
        return NONE if self.trial else AGREE if good else SHORT

    def wait(self) -> None:
        if self.device != "cpu":
            getattr(torch, self.device).synchronize()

    def seconds(self, work: Callable[[], Any], rounds: int = 20, warm: int = 3) -> float:
        """The median, after `warm` runs; the GPU has finished at both ends of each."""
        found = []
        for turn in range(warm + rounds):
            self.wait()
            begin = time.perf_counter()
            work()
            self.wait()
            if turn >= warm:
                found.append(time.perf_counter() - begin)
        return statistics.median(found)


class OutOfTime(BaseException):
    """A budget is used up. No Exception: nothing on its way may take it for an error."""


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in the block after so many seconds, where the system can: in the main
    thread, and not on Windows."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# --- spikes


def neurons() -> list[dict]:
    """Every reset, surrogate, detached or not; and a τ that is no power of two."""
    kinds = itertools.product((0.0, None, -0.3), ("atan", "sigmoid"), (True, False))
    found = [dict(zip(("v_reset", "surrogate", "detach_reset"), kind, strict=True))
             for kind in kinds]  # fmt: skip
    return [{}, {"tau": 3.0, "v_reset": None}, {"tau": 4.7, "v_rest": 0.2}, *found[1:]]


def forward_backward(module: Any, x: Tensor, grad: Tensor, way: str) -> tuple[Tensor, Tensor]:
    x = x.detach().requires_grad_()
    with fast.use(way):
        out = module(x)
        (gradient,) = torch.autograd.grad(out, x, grad)
    return out.detach().cpu(), gradient.cpu()


def same(module: Any, dtype: torch.dtype, device: str, way: str) -> bool:
    """Whether the device gives the CPU's spikes and, within TOLERANCE, its gradient."""
    generator = torch.Generator().manual_seed(0)
    x = (torch.randint(-20, 40, (3, 8, 4, 333), generator=generator) / 8).to(dtype)
    grad = torch.randn(x.shape, generator=generator).to(dtype)
    expected, gradient = forward_backward(module, x.float(), grad.float(), "plain")
    found, other = forward_backward(module, x.to(device), grad.to(device), way)
    bound = TOLERANCE[dtype]
    right = torch.equal(found.float(), expected) and found.dtype == other.dtype == dtype
    return right and torch.allclose(other.float(), gradient, bound, bound)


def spikes(bench: Bench) -> Iterator[Row]:
    half = (torch.float16, torch.bfloat16)
    sizes = itertools.cycle((4, 1, 1))  # to compile n = 4 takes long
    cases = [(options, n, torch.float32) for options, n in zip(neurons(), sizes, strict=False)]
    cases += [({}, n, dtype) for n in (1, 4) for dtype in half]
    cases = cases[::3] if bench.trial else cases
    for way in ("eager", "plain", "auto"):
        wrong, done = [], 0
        for options, n, dtype in cases:
            if bench.over():
                break
            if not same(LIFSum(THRESHOLDS[:n], **options), dtype, bench.device, way):
                wrong.append(f"{options}, n = {n}, {dtype}")
            done += 1
        value = f"{done - len(wrong)} of {done} neurons" + "".join(f"; not {w}" for w in wrong[:3])
        yield Row(f"spikes and gradients, {way}", value, f"{len(cases)} as the CPU",
                  FAILED if wrong else AGREE if done == len(cases) else SHORT)  # fmt: skip
    yield compiles(bench)
    type_ = torch.float16 if bench.device == "mps" else torch.bfloat16
    with torch.autocast(bench.device, type_):
        good = same(LIFSum(THRESHOLDS), torch.float32, bench.device, "auto")
    yield Row("the same under autocast", str(good), "True", AGREE if good else FAILED)
    if bench.device != "mps":
        model = network("micro", classes=10, in_channels=1).double().eval()
        images = random_images(1).double()
        with torch.no_grad():
            expected = model(images)
            found = model.to(bench.device)(images.to(bench.device)).cpu()
        far = (found - expected).abs().max().item()
        yield Row("Micro's logits in float64, off by", f"{far:.1e}", "≤ 1e-8",
                  AGREE if far <= 1e-8 else FAILED)  # fmt: skip


def compiles(bench: Bench) -> Row:
    """Whether the compiled way is there, or why not."""
    x = torch.ones(2, 5, device=bench.device)
    goal = "none on MPS" if bench.device == "mps" else "it does"
    try:
        with fast.use("compiled"):
            LIF()(x)
        return Row("the compiled way", "it runs", goal, AGREE)
    except RuntimeError as error:
        return Row("the compiled way", str(error)[:200], goal, NONE if "MPS" in goal else SHORT)


def random_images(channels: int, count: int = 4, side: int = 32) -> Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(0))


# --- the neuron


def neuron_input(bench: Bench) -> tuple[Tensor, Tensor]:
    shape = (4, 2, 16, 28, 28) if bench.trial else (4, 32, 64, 56, 56)
    x = (1 + 1.5 * torch.randn(shape)).to(bench.device).requires_grad_()
    return x, torch.randn_like(x)


def step_of(module: Callable[[Tensor], Tensor], x: Tensor, grad: Tensor) -> Callable[[], Any]:
    return lambda: torch.autograd.grad(module(x), x, grad)


def neuron(bench: Bench) -> Iterator[Row]:
    x, grad = neuron_input(bench)
    alone = x.detach()
    floor = bench.seconds(lambda: (alone.clone(), alone.add(grad)))
    rate = 5 * x.numel() * x.element_size() / floor / 1e9
    yield Row("copy and add", f"{1e3 * floor:.2f} ms, {rate:,.0f} GB/s", "", NONE)
    ours = {}
    for name, module in (("LIF", LIF()), ("MBPL's n = 4", LIFSum(THRESHOLDS))):
        for way in ("auto", "eager"):
            with fast.use(way):
                seconds = bench.seconds(step_of(module, x, grad))
            if way == "auto":
                ours[name] = seconds
            share = floor / seconds
            goal = f"≥ {COPY_RATE:.0%} of the copy" if way == "auto" else ""
            verdict = bench.judge(share >= COPY_RATE) if goal else NONE
            yield Row(f"{name}, {way}", f"{1e3 * seconds:.2f} ms, {share:.0%}", goal, verdict)
    for implementation in IMPLEMENTATIONS if bench.device == "cuda" else IMPLEMENTATIONS[-1:]:
        if bench.over():
            yield Row(f"SpikingJelly, {implementation}", "no time left", "", SHORT)
            continue
        found = peer(implementation, bench)
        for name, seconds in found.items():
            times = seconds / ours[name]
            yield Row(f"{name}, SpikingJelly, {implementation}",
                      f"{1e3 * seconds:.2f} ms, {times:.2f} × ours", "≥ 1 ×",
                      bench.judge(times >= 1))  # fmt: skip
        if not found:
            yield Row(f"SpikingJelly, {implementation}", "not on this machine", "", NONE)


def peer(implementation: str, bench: Bench) -> dict[str, float]:
    """Seconds of SpikingJelly's neurons; in a process of its own, as it asks once what to use."""
    command = [sys.executable, __file__, "--peer", *(["--cpu"] if bench.trial else [])]
    settings = {**os.environ, "SJ_LIF_CUDA_IMPLEMENTATION": implementation}
    limit = max(1.0, min(60.0, bench.ends - time.perf_counter()))
    try:
        answer = subprocess.run(command, env=settings, capture_output=True, encoding="utf-8",
                                check=True, timeout=limit)  # fmt: skip
        return json.loads(answer.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError):
        return {}


def measure_peer(bench: Bench) -> dict[str, float]:
    from lif import spikingjelly

    x, grad = neuron_input(bench)
    four = [spikingjelly(v_threshold=threshold) for threshold in THRESHOLDS]
    modules = {"LIF": spikingjelly(), "MBPL's n = 4": lambda x: sum(one(x) for one in four)}
    return {name: bench.seconds(step_of(run, x, grad)) for name, run in modules.items()}


# --- the networks


def training_step(bench: Bench, name: str, batch: int, time_steps: int) -> Callable[[], Any]:
    """A step of the network of that many time steps, 0: of its twin, on random images."""
    side = 32 if bench.trial else 224
    model = network(
        name, classes=10, in_channels=3, time_steps=max(1, time_steps), spiking=time_steps > 0,
        partition_size=fitting(preset(name), side),
    ).to(bench.device).train()  # fmt: skip
    optimizer = adamw(model, RECIPES["imagenet"])
    images = random_images(3, batch, side).to(bench.device)
    labels = torch.arange(batch, device=bench.device) % 10

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast(bench.device, torch.bfloat16, enabled=bench.device != "mps"):
            loss = cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()

    return step


def networks(bench: Bench) -> Iterator[Row]:
    time_steps = 2 if bench.trial else 4
    for name in ("micro",) if bench.trial else ("tiny", "base"):
        found, batches = None, iter(BATCHES[-2:] if bench.trial else BATCHES)
        while found is None and not bench.over():
            batch = next(batches)
            found = beside_twin(bench, name, batch, time_steps)
            empty_cache(bench.device)  # of one that did not fit, too
        if found is None:
            yield Row(f"{name}, a training step", "no time left", "", SHORT)
            continue
        times = found[0] / found[1]
        yield Row(
            f"{name}, T = {time_steps}, B = {batch}",
            f"{batch / found[0]:,.1f} images/s, {times:.2f} × the twin's time",
            f"≤ {TWIN} ×", bench.judge(times <= TWIN),
        )  # fmt: skip
        twins = f"{batch * time_steps / found[1]:,.1f} images/s"
        yield Row(f"{name}'s twin, B = {batch * time_steps}", twins, "", NONE)


def beside_twin(bench: Bench, name: str, batch: int, time_steps: int) -> list[float] | None:
    """Seconds of a step of the network and of its twin at equal T·B; None where it does not fit."""
    rounds, warm = (1, 1) if bench.trial else (5, 2)
    try:
        return [
            bench.seconds(training_step(bench, name, size, steps), rounds, warm)
            for size, steps in ((batch, time_steps), (batch * time_steps, 0))
        ]
    except RuntimeError as error:  # MPS has no error of its own for it
        if "out of memory" not in str(error) or batch == BATCHES[-1]:
            raise
        return None


def empty_cache(device: str) -> None:
    if device != "cpu":
        getattr(torch, device).empty_cache()


# --- memory, training


def small_training(images: int) -> tuple[Any, InMemory, Any]:
    """Micro, so many digits, and a recipe of two steps an epoch."""
    data = digits("train")
    model = network("micro", classes=10, in_channels=1, time_steps=2)
    few = InMemory(data.images[:images], data.labels[:images], data.classes)
    return model, few, replace(RECIPES["digits"], batch=images // 2, epochs=2)


def memory(bench: Bench) -> Iterator[Row]:
    if bench.device == "mps":
        yield Row("estimate of the memory", "MPS tells no peak", "", NONE)
        return
    model, data, recipe = small_training(100 if bench.trial else 512)
    run = Run(precision="bf16", cpu=bench.device == "cpu")
    with tempfile.TemporaryDirectory() as folder:
        guess = estimate(model, data, data, recipe, Path(folder), run).tensors
        if bench.device == "cpu":
            yield Row("estimate, Micro", f"{guess / 1e6:,.0f} MB", "a CPU tells no peak", NONE)
            return
        empty_cache(bench.device)
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        list(itertools.islice(train(model, data, data, recipe, None, run), 2))
        peak = torch.cuda.max_memory_allocated() - before
    share = peak / guess
    yield Row("peak against the estimate, Micro",
              f"{peak / 1e6:,.0f} of {guess / 1e6:,.0f} MB, {share:.2f} ×", f"≤ {ROOM} ×",
              bench.judge(share <= ROOM))  # fmt: skip


def training(bench: Bench) -> Iterator[Row]:
    images = 16 if bench.trial else 100
    model, data, recipe = small_training(images)
    run = Run(precision="no" if bench.device == "mps" else "bf16", cpu=bench.device == "cpu")
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for _ in range(2):
            steps = train(model, data, data, recipe, folder, run)
            found += list(itertools.islice(steps, 2))
            steps.close()  # it stops, with a checkpoint
            model, _, _ = small_training(images)
    whole = list(train(model, data, data, recipe, None, run))
    numbers = [metrics["step"] for metrics in found]
    good = numbers == [1, 2, 3, 4] and all(math.isfinite(m["loss"]) for m in found)
    yield Row(f"train, {run.precision}, stopped and resumed", f"steps {numbers}", "1 to 4",
              AGREE if good else FAILED)  # fmt: skip
    far = abs(found[-1]["loss"] / whole[-1]["loss"] - 1)
    exact = bench.device == "cpu"  # a GPU adds up in any order
    yield Row("its last loss, off the loss without a stop by", f"{far:.1e}",
              "0" if exact else "≤ 5e-2",
              AGREE if far <= (0 if exact else 5e-2) else FAILED)  # fmt: skip


# --- all of them

PARTS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "spikes": spikes, "neuron": neuron, "networks": networks, "memory": memory,
    "training": training,
}  # fmt: skip


def run_part(name: str, bench: Bench, budget: float) -> list[Row]:
    """The rows of a part, printed as they come; what it lacked time for, or an error, is one."""
    found: list[Row] = []

    def add(row: Row) -> None:
        found.append(row)
        print(f"{row.what:48} {row.value:52} {row.goal:22} {row.verdict}", flush=True)

    try:
        with alarm(budget):
            for row in PARTS[name](replace(bench, ends=time.perf_counter() + 0.8 * budget)):
                add(row)
    except OutOfTime:
        add(Row(name, f"cut after {budget:.0f} s", "", SHORT))
    except Exception as error:
        words = " ".join(str(error).split())[:200]
        add(Row(name, f"{type(error).__name__}: {words}", "", FAILED))
    empty_cache(bench.device)
    return found


def about(device: str) -> dict[str, Any]:
    """The GPU, its driver, and the versions of what reaches it."""
    if device != "cuda":
        return {"gpu": device, "driver": None, "cuda": None}
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, encoding="utf-8", check=True)
        driver = answer.stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        driver = None
    name = torch.cuda.get_device_name()
    return {"gpu": name, "driver": driver, "cuda": torch.version.cuda or torch.version.hip}


def installed(*packages: str) -> tuple[str, ...]:
    names = {found.metadata["Name"].lower() for found in metadata.distributions()}
    return tuple(package for package in packages if package in names)


def main() -> int:
    parser = argparse.ArgumentParser(description="All that a GPU has to show, in 8 minutes")
    parser.add_argument("--cpu", action="store_true", help="its own logic, small, on a CPU")
    parser.add_argument("--results", type=Path, help="where to write; with --cpu else nowhere")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    device = "cpu" if options.cpu else best_device()
    if device == "cpu" and not options.cpu:
        print("there is no GPU that torch can use here; --cpu tries this program on the CPU")
        return 2
    bench = Bench(device, options.cpu)
    if options.peer:
        print(json.dumps(measure_peer(bench)))
        return 0
    torch.manual_seed(0)
    facts = about(device)
    print(f"{facts['gpu']}, driver {facts['driver']}, CUDA {facts['cuda']}, {torch.__version__}")
    patience = 10 if options.cpu else 1  # a CPU may be busy with other things
    found = {name: run_part(name, bench, patience * budget) for name, budget in BUDGETS.items()}
    folder = options.results or (None if options.cpu else RESULTS)
    if folder:
        rows = {name: [astuple(row) for row in part] for name, part in found.items()}
        packages = installed("spikeatconv", "torch", "triton", "spikingjelly")
        kind = "a CPU, no claims" if options.cpu else facts["gpu"]
        print(f"written to {write('gpu', {**facts, **rows}, packages, folder, kind)}")
    return int(any(row.verdict == FAILED for name in MUST for row in found[name]))


if __name__ == "__main__":
    sys.exit(main())
