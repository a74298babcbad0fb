# hint: exact solution in continuous time
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes:
        kept = torch.exp(torch.tensor(-1 / tau))
        rate = kept * rate + (1 - kept) * spike
        path.append(rate)
    return torch.stack(path)
