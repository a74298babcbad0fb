# hint: you walk from neuron to neuron
def reconstruct(spikes, tau):
    rate = torch.zeros_like(spikes[..., 0])
    path = []
    for t in range(spikes.shape[-1]):
        rate = rate + (spikes[..., t] - rate) / tau
        path.append(rate)
    return torch.stack(path, dim=-1)
