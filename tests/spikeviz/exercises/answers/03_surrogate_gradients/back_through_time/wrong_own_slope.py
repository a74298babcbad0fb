# hint: slope of each step by itself
def back_through_time(spikes, slopes, tau):
    leak, path = torch.ones(()), []
    for t in reversed(range(len(spikes))):
        if t < len(spikes) - 1:
            leak = leak * (1 - 1 / tau) * (1 - spikes[t])
        path.append(slopes[t] * leak / tau)
    return torch.stack(path[::-1])
