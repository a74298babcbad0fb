# hint: one step early
def back_through_time(spikes, slopes, tau):
    gradient, path = slopes[-1], []
    for t in reversed(range(len(spikes))):
        if t > 0:
            gradient = gradient * (1 - spikes[t - 1])
        path.append(gradient / tau)
        gradient = gradient * (1 - 1 / tau)
    return torch.stack(path[::-1])
