"""The results of the studies."""
