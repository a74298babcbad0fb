"""How fast the LIF is, forward and backward, and what it keeps, against other libraries.

    python benchmarks/lif.py [--quick]

All methods in one process and turn by turn, so that a disturbance meets all of them; medians
over the rounds. The floor moves the same memory and does nothing else: it copies the input and
adds the gradient to it. "kept" is what stays in memory for the backward pass, in inputs; the
input itself, which its maker holds anyway, counts as 0. Neurons: τ = 2, hard reset, detached,
Atan; snnTorch and Norse have the nearest neuron of theirs. What this machine does not have
(snnTorch, SpikingJelly, a compiler) is left out with a line that says so.
Writes results/lif.json and results/lif.png, which shows each kind of machine.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec

import norse
import torch
from norse.torch.functional.lif_box import LIFBoxFeedForwardState, lif_box_feed_forward_step
from report import RESULTS, cpu_kind, read, write
from torch import Tensor

from spikeatconv import LIF, fast

SHAPES = ((4, 8, 64, 56, 56), (4, 32, 128, 28, 28), (1, 32, 64, 56, 56), (8, 16, 128, 14, 14))
PEERS = ("spikingjelly", "snntorch")  # of the extra "bench"
THREADS, ROUNDS, QUICK = 2, 20, 5
FLOOR, OURS, EAGER = "floor: copy and add", "ours, compiled", "ours, eager"
JELLY, JELLY_COMPILED = "SpikingJelly, eager", "SpikingJelly, torch.compile"
Method = Callable[[Tensor], Tensor]


def spikingjelly(compiled: bool = False, v_threshold: float = 1.0) -> Method:
    from spikingjelly.activation_based import functional, neuron, surrogate

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
    import snntorch

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


# Makers, since a library may not be there.
METHODS: dict[str, Callable[[], Method | None]] = {
    FLOOR: lambda: None,
    OURS: lambda: ours("compiled"),
    EAGER: lambda: ours("eager"),
    "ours, plain loop": lambda: ours("plain"),
    JELLY: spikingjelly,
    JELLY_COMPILED: lambda: spikingjelly(compiled=True),
    "snnTorch Leaky": snntorch_leaky,
    "Norse LIFBox": lambda: norse_box,
}


def that_run(makers: dict[str, Callable[[], Method | None]]) -> dict[str, Method | None]:
    """Those that this machine can run; a line for each other one."""
    x = torch.ones(2, 3, requires_grad=True)
    found: dict[str, Method | None] = {}
    for name, make in makers.items():
        try:
            method = make()
            forward_backward(method, x, torch.ones(2, 3))
        except (ImportError, RuntimeError) as error:  # torch.compile's are RuntimeErrors
            print(f"left out: {name} ({str(error).splitlines()[0]})", flush=True)
        else:
            found[name] = method
    return found


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


def run_all(makers: dict, shapes: tuple, rounds: int) -> dict:
    """The results of a file: what `measure` gives, shape by shape, printed as it comes."""
    torch.set_num_threads(THREADS)
    methods, found = that_run(makers), {}
    for shape in shapes:
        torch.compiler.reset()  # else the next shape would be compiled with dynamic sizes
        rows = found["x".join(map(str, shape))] = measure(methods, shape, rounds)
        times = ratios(rows)
        print(" × ".join(map(str, shape)))
        for method, row in rows.items():
            print(
                f"  {method:30} {row['forward_ms']:9.2f} + {row['backward_ms']:9.2f} ms "
                f"{times[method]:7.2f} ×   kept {row['kept']}",
                flush=True,
            )
    return {"threads": THREADS, "rounds": rounds, "shapes": found}


def ours_of(rows: dict) -> str:
    """What stands for us: the compiled way of all neurons, the eager one without a compiler."""
    mine = [name for name in rows if name.startswith("ours")]
    return next((name for name in reversed(mine) if name.endswith("compiled")), mine[0])


def ratios(rows: dict) -> dict[str, float]:
    """How many times our time each method takes, forward and backward."""
    to = rows[ours_of(rows)]["both_ms"]
    return {name: round(row["both_ms"] / to, 2) for name, row in rows.items()}


def save(name: str, results: dict, kind: str) -> None:
    packages = ("spikeatconv", "torch", "norse", *filter(find_spec, PEERS))
    print(f"written to {write(name, results, packages, kind=kind)}")
    picture(name)


def run(name: str, makers: dict, shapes: tuple) -> None:
    """Measure, print, and write results/NAME.json and results/NAME.png (--quick: print only)."""
    parser = argparse.ArgumentParser(description=TITLES[name])
    parser.add_argument("--quick", action="store_true", help="few rounds, nothing is written")
    quick = parser.parse_args().quick
    kind = cpu_kind()
    results = run_all(makers, shapes, QUICK if quick else ROUNDS)
    if not quick:
        save(name, results, kind)


TITLES = {"lif": "One LIF layer", "mbpl": "Four LIFs with four thresholds"}
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")  # of the shapes


def picture(name: str) -> None:
    """A panel a kind of machine; one bar a method and shape: its time, in times of ours."""
    import matplotlib.pyplot as plt

    kinds = read(name)
    figure, panels = plt.subplots(
        1, len(kinds), figsize=(3.4 + 3.6 * len(kinds), 4.8), sharex=True, sharey=True,
        squeeze=False, layout="constrained",
    )  # fmt: skip
    methods = list(dict.fromkeys(m for entry in kinds.values()
                                 for rows in entry["results"]["shapes"].values()
                                 for m in rows))  # fmt: skip
    for (kind, entry), axis in zip(kinds.items(), panels[0], strict=True):
        shapes = entry["results"]["shapes"]
        for number, (shape, rows) in enumerate(shapes.items()):
            heights = [methods.index(m) + (number - (len(shapes) - 1) / 2) * 0.2 for m in rows]
            label = shape.replace("x", " × ")
            axis.barh(heights, list(ratios(rows).values()), 0.2, label=label, color=COLOURS[number])
        axis.set(title=kind, xlabel="time forward and backward, in times of ours")
        axis.grid(axis="x", alpha=0.4)
    panels[0, 0].set_yticks(range(len(methods)), methods)
    panels[0, 0].invert_yaxis()
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.suptitle(TITLES[name])
    figure.legend(
        handles, labels, title="T × B × C × H × W", loc="outside lower center", fontsize="small",
        ncols=2 * len(kinds),
    )  # fmt: skip
    figure.savefig(RESULTS / f"{name}.png", dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    run("lif", METHODS, SHAPES)
