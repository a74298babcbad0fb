"""The notebooks in the order of reading."""

from spikeviz.course_map.explorer import about, command, course

__all__ = ["about", "command", "course"]
