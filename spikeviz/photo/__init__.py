"""A photograph read from spike counts."""
