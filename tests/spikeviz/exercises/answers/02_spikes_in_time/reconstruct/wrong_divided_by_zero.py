# fact: no finite number
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = []
    for spike in spikes:
        rate = rate + (spike - rate) / 0
        path.append(rate)
    return torch.stack(path)
