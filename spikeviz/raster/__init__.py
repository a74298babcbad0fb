"""Spikes of a network, as a raster."""
