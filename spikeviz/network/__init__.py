"""A walk through a whole network."""
