"""The five SPK blocks."""
