"""The notebooks in the order of reading."""

from spikeviz.course_map.explorer import command, course

__all__ = ["command", "course"]
