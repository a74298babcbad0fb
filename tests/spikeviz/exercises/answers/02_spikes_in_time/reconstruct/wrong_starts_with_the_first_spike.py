# hint: whatever the train begins with
def reconstruct(spikes, tau):
    rate = spikes[0]
    path = []
    for spike in spikes:
        rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)
