"""Grid and window partition."""
