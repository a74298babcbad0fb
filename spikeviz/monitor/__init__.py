"""Trainings, while they run and afterwards."""
