"""Draws of seeds: how often another draw names another winner."""
