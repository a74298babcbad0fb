# hint: name 'tua' is not defined
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes:
        rate = rate + (spike - rate) / tua
        path.append(rate)
    return torch.stack(path)
