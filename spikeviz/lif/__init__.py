"""One neuron: its input, membrane, spikes."""
