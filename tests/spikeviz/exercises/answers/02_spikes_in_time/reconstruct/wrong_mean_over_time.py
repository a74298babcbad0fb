# hint: one value for the whole train
def reconstruct(spikes, tau):
    return spikes.mean(0)
