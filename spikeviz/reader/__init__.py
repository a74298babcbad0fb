"""A network of spikes that reads what is drawn."""
