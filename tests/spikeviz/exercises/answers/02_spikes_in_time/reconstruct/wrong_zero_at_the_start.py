# hint: one step too many
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[0])
    path = [rate]
    for spike in spikes:
        rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)
