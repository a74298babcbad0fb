"""Widgets for JupyterLab that put the ideas of spiking neural networks into the reader's hands."""

from spikeviz.gallery import gallery
from spikeviz.lif_explorer import LIFExplorer
from spikeviz.mbpl_explorer import MBPLExplorer
from spikeviz.spike_raster import SpikeRaster
from spikeviz.surrogate_explorer import SurrogateExplorer

__all__ = ["LIFExplorer", "MBPLExplorer", "SpikeRaster", "SurrogateExplorer", "gallery"]
