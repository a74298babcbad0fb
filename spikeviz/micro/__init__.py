"""Micro, run by the page itself."""
