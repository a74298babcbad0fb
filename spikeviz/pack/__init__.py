"""`course.py pack`: the course in one folder that sets up without a network, from a stick."""
