"""The surrogate gradient."""
