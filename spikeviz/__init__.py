"""Widgets for JupyterLab that put the ideas of spiking neural networks into the reader's hands."""

from spikeviz.ablation_explorer import AblationExplorer
from spikeviz.attention_explorer import AttentionExplorer
from spikeviz.course_map import CourseMap
from spikeviz.energy_explorer import EnergyExplorer
from spikeviz.figure import show
from spikeviz.gallery import gallery
from spikeviz.lif_explorer import LIFExplorer
from spikeviz.mbpl_explorer import MBPLExplorer
from spikeviz.network_walk import NetworkWalk
from spikeviz.partition_explorer import PartitionExplorer
from spikeviz.results import results
from spikeviz.spike_block_explorer import SpikeBlockExplorer
from spikeviz.spike_raster import SpikeRaster
from spikeviz.surrogate_explorer import SurrogateExplorer
from spikeviz.training_monitor import TrainingMonitor

__all__ = [
    "AblationExplorer",
    "AttentionExplorer",
    "CourseMap",
    "EnergyExplorer",
    "LIFExplorer",
    "MBPLExplorer",
    "NetworkWalk",
    "PartitionExplorer",
    "SpikeBlockExplorer",
    "SpikeRaster",
    "SurrogateExplorer",
    "TrainingMonitor",
    "gallery",
    "results",
    "show",
]
