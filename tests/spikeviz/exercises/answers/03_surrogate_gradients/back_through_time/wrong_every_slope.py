# hint: a slope at every step
def back_through_time(spikes, slopes, tau):
    gradient = slopes[-1]
    path = [gradient / tau]
    for t in reversed(range(len(spikes) - 1)):
        gradient = gradient * (1 - 1 / tau) * (1 - spikes[t]) * slopes[t]
        path.append(gradient / tau)
    return torch.stack(path[::-1])
