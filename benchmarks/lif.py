"""How fast the LIF is, forward and backward, and what it keeps, against other libraries.

    python benchmarks/lif.py [--quick]

All methods in one process and turn by turn, so that a disturbance meets all of them; medians
over the rounds. The floor moves the same memory and does nothing else: it copies the input and
adds the gradient to it. "kept" is what stays in memory for the backward pass, in inputs; the
input itself, which its maker holds anyway, counts as 0. Neurons: τ = 2, hard reset, detached,
Atan; snnTorch and Norse have the nearest neuron of theirs.
Writes results/lif.json and results/lif.png.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import matplotlib.pyplot as plt
import norse
import snntorch
import torch
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, lif_box_feed_forward_step
from report import RESULTS, write
from spikingjelly.activation_based import functional, neuron, surrogate
from torch import Tensor

from spikeatconv import LIF, fast

SHAPES = ((4, 8, 64, 56, 56), (4, 32, 128, 28, 28), (1, 32, 64, 56, 56), (8, 16, 128, 14, 14))
PACKAGES = ("spikeatconv", "torch", "spikingjelly", "snntorch", "norse")
THREADS, ROUNDS = 2, 20
OURS = "ours, compiled"
JELLY, JELLY_COMPILED = "SpikingJelly, eager", "SpikingJelly, torch.compile"
Method = Callable[[Tensor], Tensor]


def spikingjelly(compiled: bool = False, v_threshold: float = 1.0) -> Method:
    node = neuron.LIFNode(
        tau=2.0, v_threshold=v_threshold, detach_reset=True, step_mode="m",
        surrogate_function=surrogate.ATan(),
    )  # fmt: skip
    run = torch.compile(node) if compiled else node

    def method(x: Tensor) -> Tensor:
        functional.reset_net(node)
        return run(x)

    return method


def snntorch_leaky() -> Method:
    leaky = snntorch.Leaky(
        beta=0.5, spike_grad=snntorch.surrogate.atan(), reset_mechanism="zero", reset_delay=False
    )

    def method(x: Tensor) -> Tensor:
        membrane, spikes = leaky.reset_mem(), []
        for x_t in x:
            spike, membrane = leaky(x_t, membrane)
            spikes.append(spike)
        return torch.stack(spikes)

    return method


def norse_box(x: Tensor) -> Tensor:
    state, spikes = LIFBoxFeedForwardState(torch.zeros_like(x[0])), []
    parameters = norse.torch.LIFBoxParameters(tau_mem_inv=torch.tensor(0.5))
    for x_t in x:
        spike, state = lif_box_feed_forward_step(x_t, state, parameters, dt=1.0)
        spikes.append(spike)
    return torch.stack(spikes)


def ours(way: str, module: Callable = LIF()) -> Method:  # noqa: B008
    def method(x: Tensor) -> Tensor:
        with fast.use(way):
            return module(x)

    return method


METHODS: dict[str, Method | None] = {
    "floor: copy and add": None,
    OURS: ours("compiled"),
    "ours, eager": ours("eager"),
    "ours, plain loop": ours("plain"),
    JELLY: spikingjelly(),
    JELLY_COMPILED: spikingjelly(compiled=True),
    "snnTorch Leaky": snntorch_leaky(),
    "Norse LIFBox": norse_box,
}


def forward_backward(method: Method | None, x: Tensor, grad: Tensor) -> tuple[float, float]:
    """Seconds of the forward and of the backward pass."""
    start = time.perf_counter()
    out = x.detach().clone() if method is None else method(x)
    middle = time.perf_counter()
    if method is None:
        result = x.detach().add(grad)
    else:
        (result,) = torch.autograd.grad(out, x, grad)
    end = time.perf_counter()
    del out, result
    return middle - start, end - middle


def kept(method: Method | None, x: Tensor) -> float:
    """Memory that the forward pass keeps for the backward one, in inputs; x is not counted."""
    if method is None:
        return 0.0
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = method(x)  # alive until all is counted, so no address comes twice
    storages.pop(x.untyped_storage().data_ptr(), None)
    del out
    return round(sum(storages.values()) / x.untyped_storage().nbytes(), 2)


def measure(methods: dict[str, Method | None], shape: tuple[int, ...], rounds: int) -> dict:
    """Medians in ms for one shape, by method, and what each keeps."""
    generator = torch.Generator().manual_seed(0)
    x = (1 + 1.5 * torch.randn(shape, generator=generator)).requires_grad_()
    grad = torch.randn(shape, generator=generator)
    memory = {name: kept(method, x) for name, method in methods.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for turn in range(rounds + 1):
        for name, method in methods.items():
            seconds = forward_backward(method, x, grad)
            if turn > 0:  # the first round warms up
                times[name].append(seconds)
    return {
        name: {
            "forward_ms": median(forward for forward, _ in times[name]),
            "backward_ms": median(backward for _, backward in times[name]),
            "both_ms": median(map(sum, times[name])),
            "kept": memory[name],
        }
        for name in methods
    }


def median(seconds) -> float:
    return round(statistics.median(seconds) * 1000, 3)


def ratios(rows: dict, to: str = OURS) -> dict[str, float]:
    """How many times the time of `to` each method takes, forward and backward."""
    return {name: round(row["both_ms"] / rows[to]["both_ms"], 2) for name, row in rows.items()}


def run(name: str, title: str, methods: dict, shapes: tuple, to: str) -> None:
    """Measure, print, and write results/NAME.json and results/NAME.png (--quick: print only)."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--quick", action="store_true", help="few rounds, nothing is written")
    quick = parser.parse_args().quick
    torch.set_num_threads(THREADS)
    results = {}
    for shape in shapes:
        torch.compiler.reset()  # else the next shape would be compiled with dynamic sizes
        rows = measure(methods, shape, 5 if quick else ROUNDS)
        times = ratios(rows, to)
        print(" × ".join(map(str, shape)))
        for method, row in rows.items():
            print(
                f"  {method:30} {row['forward_ms']:9.2f} + {row['backward_ms']:9.2f} ms "
                f"{times[method]:7.2f} ×   kept {row['kept']}",
                flush=True,
            )
        results["x".join(map(str, shape))] = {"rows": rows, f"times of '{to}'": times}
    if not quick:
        picture(name, title, results, to)
        settings = {"threads": THREADS, "rounds": ROUNDS}
        print(f"written to {write(name, {**settings, **results}, PACKAGES)}")


def picture(name: str, title: str, results: dict, to: str) -> None:
    """One bar a method and shape: its time, in times of ours."""
    figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
    for number, (shape, result) in enumerate(results.items()):
        times = result[f"times of '{to}'"]
        heights = [place + (number - 1.5) * 0.2 for place in range(len(times))]
        axis.barh(heights, list(times.values()), 0.2, label=shape.replace("x", " × "))
    axis.set(title=title, xlabel=f"time forward and backward ('{to}' = 1)")
    axis.set_yticks(range(len(times)), list(times))
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.4)
    figure.legend(title="T × B × C × H × W", loc="outside right upper", fontsize="small")
    RESULTS.mkdir(parents=True, exist_ok=True)
    figure.savefig(RESULTS / f"{name}.png", dpi=100)


if __name__ == "__main__":
    run("lif", "One LIF layer", METHODS, SHAPES, OURS)
