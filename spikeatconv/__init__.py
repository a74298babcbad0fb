"""SpikeAtConv: a spiking image classifier inspired by MaxViT, exact and readable.

Read in the order of the paper: `surrogate`, `neuron`, `conv`, `blocks`, `partition`,
`attention`, `model`, `resnet`; beside them `fast` (the same neuron, sooner), `record` (look
inside), `energy`, `expand` (sums as spikes), `weights` (files), `simulate` (one neuron in
physical units) and `data` (what ships).
"""

from typing import TYPE_CHECKING

from spikeatconv.lazy import load_when_asked

if TYPE_CHECKING:
    from spikeatconv.attention import ATTENTIONS, BDSA, SISA, Attend
    from spikeatconv.blocks import DCL, HSL, MBPL, RL, SL, SPK_BLOCKS
    from spikeatconv.conv import fold
    from spikeatconv.data import mnist5k, shipped
    from spikeatconv.energy import EnergyReport, count_flops, energy_report
    from spikeatconv.expand import expand
    from spikeatconv.model import PRESETS, SpikeAtConv, SpikeAtConvConfig, preset
    from spikeatconv.neuron import LIF, LIFSum, LIFTrace, lif_step
    from spikeatconv.partition import (
        PARTITIONS,
        full_merge,
        full_partition,
        grid_merge,
        grid_partition,
        window_merge,
        window_partition,
    )
    from spikeatconv.record import Recording, record
    from spikeatconv.resnet import NETWORKS, SpikingResNet18, SpikingResNet18Config
    from spikeatconv.simulate import STIMULI, Simulation, simulate, stimulus
    from spikeatconv.surrogate import Atan, Sigmoid, Surrogate
    from spikeatconv.weights import load_weights, save_weights, weights_note

__all__ = [
    "ATTENTIONS", "BDSA", "DCL", "HSL", "LIF", "MBPL", "NETWORKS", "PARTITIONS", "PRESETS",
    "RL", "SISA", "SL", "SPK_BLOCKS", "STIMULI", "Atan", "Attend", "EnergyReport", "LIFSum",
    "LIFTrace", "Recording", "Sigmoid", "Simulation", "SpikeAtConv", "SpikeAtConvConfig",
    "SpikingResNet18", "SpikingResNet18Config", "Surrogate", "count_flops", "energy_report",
    "expand", "fold", "full_merge", "full_partition", "grid_merge", "grid_partition", "lif_step",
    "load_weights", "mnist5k", "preset", "record", "save_weights", "shipped", "simulate",
    "stimulus", "weights_note", "window_merge", "window_partition",
]  # fmt: skip

load_when_asked(__name__)
