"""The fast path: the same spikes sooner and with less memory, and two kinds of convolution.

Three ways to run a LIF neuron, with the same spikes bit for bit:

    compiled   on a CPU: C code, compiled once by the system's C compiler (about a second, then
               cached); on a GPU: the eager code under torch.compile, where that works
    eager      torch operations, on pieces that fit the cache
    plain      the loop over `lif_step` in neuron.py, and autograd

"auto" takes the first that the machine and the input allow. `use("eager")`, or the environment
variable SPIKEATCONV_LIF, decides otherwise. Tensors that are traced, batched or only pretended run
plain, and so does the backward pass where it is to be differentiated again.
"""

from spikeatconv.fast.depthwise import depthwise_conv
from spikeatconv.fast.gpu import divide
from spikeatconv.fast.library import load_library
from spikeatconv.fast.lif import Neurons, choose_way, lif_sum
from spikeatconv.fast.pointwise import pointwise_conv
from spikeatconv.fast.ways import use

__all__ = [
    "Neurons", "choose_way", "depthwise_conv", "divide", "lif_sum", "load_library",
    "pointwise_conv", "use",
]  # fmt: skip
