# hint: Where is the slope?
def back_through_time(spikes, slopes, tau):
    gradient = torch.ones(())
    path = [gradient / tau]
    for spike in reversed(spikes[:-1]):
        gradient = gradient * (1 - 1 / tau) * (1 - spike)
        path.append(gradient / tau)
    return torch.stack(path[::-1])
