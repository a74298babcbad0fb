"""SpikeAtConv: a spiking MaxViT-like image classifier, exact and readable.

Read in the order of the paper: `surrogate`, `neuron`, `blocks`; beside them `record`
(look inside), `simulate` (one neuron in physical units) and `data` (what ships).
"""

from spikeatconv.blocks import SL, SPK_BLOCKS
from spikeatconv.data import mnist5k
from spikeatconv.neuron import LIF, LIFTrace, lif_step
from spikeatconv.record import Recording, record
from spikeatconv.simulate import STIMULI, Simulation, simulate, stimulus
from spikeatconv.surrogate import Atan, Sigmoid, Surrogate

__all__ = [
    "LIF", "SL", "SPK_BLOCKS", "STIMULI", "Atan", "LIFTrace", "Recording", "Sigmoid",
    "Simulation", "Surrogate", "lif_step", "mnist5k", "record", "simulate", "stimulus",
]  # fmt: skip
