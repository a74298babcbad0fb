"""A small spiking network that trains in the page."""
