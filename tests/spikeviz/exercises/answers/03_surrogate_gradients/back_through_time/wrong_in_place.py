# hint: changes the tensors
def back_through_time(spikes, slopes, tau):
    gradient = slopes[-1]
    path = [gradient / tau]
    for spike in reversed(range(len(spikes) - 1)):
        gradient *= (1 - 1 / tau) * (1 - spikes[spike])
        path.append(gradient / tau)
    return torch.stack(path[::-1])
