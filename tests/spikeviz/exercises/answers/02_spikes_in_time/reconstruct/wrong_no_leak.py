# hint: nothing leaks
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes:
        rate = rate + spike / tau
        path.append(rate)
    return torch.stack(path)
