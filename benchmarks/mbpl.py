"""How fast n = 4 LIFs with four thresholds over one input are (the branches of MBPL).

    python benchmarks/mbpl.py [--quick]

As benchmarks/lif.py, which says how it measures. The others run four neurons and add up.
Writes results/mbpl.json and results/mbpl.png.
"""

from collections.abc import Callable

from lif import FLOOR, JELLY, JELLY_COMPILED, SHAPES, Method, ours, run, spikingjelly
from torch import Tensor

from spikeatconv import LIF, LIFSum

THRESHOLDS = (0.5, 1.0, 1.5, 2.0)


def added_up(compiled: bool = False) -> Method:
    neurons = [spikingjelly(compiled, threshold) for threshold in THRESHOLDS]

    def method(x: Tensor) -> Tensor:
        out = neurons[0](x)
        for neuron in neurons[1:]:
            out = out + neuron(x)
        return out

    return method


METHODS: dict[str, Callable[[], Method | None]] = {
    FLOOR: lambda: None,
    "ours, n = 1, compiled": lambda: ours("compiled", LIF()),
    "ours, n = 4, compiled": lambda: ours("compiled", LIFSum(THRESHOLDS)),
    "ours, n = 4, eager": lambda: ours("eager", LIFSum(THRESHOLDS)),
    f"4 × {JELLY}": added_up,
    f"4 × {JELLY_COMPILED}": lambda: added_up(compiled=True),
}
SOME = (SHAPES[0], SHAPES[3])

if __name__ == "__main__":
    run("mbpl", METHODS, SOME)
