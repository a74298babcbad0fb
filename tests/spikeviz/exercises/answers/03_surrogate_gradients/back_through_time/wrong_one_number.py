# fact: One number is needed
def back_through_time(spikes, slopes, tau):
    gradient = slopes[-1]
    path = [gradient / tau]
    for spike in reversed(spikes[:-1]):
        gradient = gradient * (1 - 1 / tau) * (1 - spike)
        path.append(gradient / tau)
    return path[-1]
