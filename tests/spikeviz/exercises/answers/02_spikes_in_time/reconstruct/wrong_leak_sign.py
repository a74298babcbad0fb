# fact: further from 0
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes:
        rate = rate + (spike + rate) / tau
        path.append(rate)
    return torch.stack(path)
