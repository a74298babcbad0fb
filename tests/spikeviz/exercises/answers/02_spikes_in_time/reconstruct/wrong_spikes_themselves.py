# hint: the spikes themselves
def reconstruct(spikes, tau):
    return spikes.clone()
