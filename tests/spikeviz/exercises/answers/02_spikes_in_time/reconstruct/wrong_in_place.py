# hint: changes a tensor in place
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes:
        rate += (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)
