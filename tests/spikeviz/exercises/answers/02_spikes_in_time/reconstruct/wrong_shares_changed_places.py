# hint: shares have changed places
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes:
        rate = rate / tau + (1 - 1 / tau) * spike
        path.append(rate)
    return torch.stack(path)
