"""Spiking attention, SISA and BDSA."""
