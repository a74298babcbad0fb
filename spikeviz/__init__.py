"""Widgets for JupyterLab that put the ideas of spiking neural networks into the reader's hands."""

from typing import TYPE_CHECKING

from spikeatconv.lazy import load_when_asked

if TYPE_CHECKING:
    from spikeviz.ablation.explorer import AblationExplorer
    from spikeviz.attention.explorer import AttentionExplorer
    from spikeviz.blocks.explorer import SpikeBlockExplorer
    from spikeviz.course_map.explorer import CourseMap
    from spikeviz.energy.explorer import EnergyExplorer
    from spikeviz.events.explorer import EventExplorer
    from spikeviz.figure import show
    from spikeviz.gallery import gallery
    from spikeviz.lif.explorer import LIFExplorer
    from spikeviz.mbpl.explorer import MBPLExplorer
    from spikeviz.monitor.explorer import TrainingMonitor
    from spikeviz.network.explorer import NetworkWalk
    from spikeviz.partition.explorer import PartitionExplorer
    from spikeviz.photo.explorer import PhotoExplorer
    from spikeviz.playground.explorer import SpikingPlayground
    from spikeviz.predict.explorer import answer, predict
    from spikeviz.raster.explorer import SpikeRaster
    from spikeviz.reader.explorer import DigitReader
    from spikeviz.results import results
    from spikeviz.seeds.explorer import SeedMachine
    from spikeviz.surrogate.explorer import SurrogateExplorer

__all__ = [
    "AblationExplorer",
    "AttentionExplorer",
    "CourseMap",
    "DigitReader",
    "EnergyExplorer",
    "EventExplorer",
    "LIFExplorer",
    "MBPLExplorer",
    "NetworkWalk",
    "PartitionExplorer",
    "PhotoExplorer",
    "SeedMachine",
    "SpikeBlockExplorer",
    "SpikeRaster",
    "SpikingPlayground",
    "SurrogateExplorer",
    "TrainingMonitor",
    "answer",
    "gallery",
    "predict",
    "results",
    "show",
]

load_when_asked(__name__)
