def normalise(weight, bias, before, after):
    """The layer for spikes and a threshold of 1: its new weight and its new bias."""
    return weight * before / after, bias / after
