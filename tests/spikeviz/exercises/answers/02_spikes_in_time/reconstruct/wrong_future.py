# hint: spikes from the future
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes.flip(0):
        rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path).flip(0)
