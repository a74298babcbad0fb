"""How fast n = 4 LIFs with four thresholds over one input are (the branches of MBPL).

    python benchmarks/mbpl.py [--quick]

As benchmarks/lif.py, which says how it measures. The others run four neurons and add up.
Writes results/mbpl.json and results/mbpl.png.
"""

from lif import JELLY, JELLY_COMPILED, SHAPES, Method, ours, run, spikingjelly
from torch import Tensor

from spikeatconv import LIF, LIFSum

THRESHOLDS = (0.5, 1.0, 1.5, 2.0)
OURS = "ours, n = 4, compiled"


def added_up(compiled: bool = False) -> Method:
    neurons = [spikingjelly(compiled, threshold) for threshold in THRESHOLDS]

    def method(x: Tensor) -> Tensor:
        out = neurons[0](x)
        for neuron in neurons[1:]:
            out = out + neuron(x)
        return out

    return method


METHODS: dict[str, Method | None] = {
    "floor: copy and add": None,
    "ours, n = 1, compiled": ours("compiled", LIF()),
    OURS: ours("compiled", LIFSum(THRESHOLDS)),
    "ours, n = 4, eager": ours("eager", LIFSum(THRESHOLDS)),
    f"4 × {JELLY}": added_up(),
    f"4 × {JELLY_COMPILED}": added_up(compiled=True),
}

if __name__ == "__main__":
    run("mbpl", "Four LIFs with four thresholds", METHODS, (SHAPES[0], SHAPES[3]), OURS)
