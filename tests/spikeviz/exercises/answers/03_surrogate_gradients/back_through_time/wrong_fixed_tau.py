# hint: where `tau` should
def back_through_time(spikes, slopes, tau):
    gradient = slopes[-1]
    path = [gradient / 2]
    for spike in reversed(spikes[:-1]):
        gradient = gradient * 0.5 * (1 - spike)
        path.append(gradient / 2)
    return torch.stack(path[::-1])
