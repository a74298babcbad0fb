"""Several thresholds over one membrane."""
