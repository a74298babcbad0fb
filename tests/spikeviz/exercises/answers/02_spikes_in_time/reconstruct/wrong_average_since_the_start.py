# hint: average since the first step
def reconstruct(spikes, tau):
    steps = torch.arange(1, len(spikes) + 1).reshape(-1, *[1] * (spikes.dim() - 1))
    return spikes.cumsum(0) / steps
