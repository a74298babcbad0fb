# hint: only one is counted
def bin_events(times, xs, ys, on, duration, steps):
    """Events, [N] each → how many there are in each frame, [steps, 2, 32, 32]."""
    frames = torch.zeros(steps, 2, 32, 32)
    step = times * steps // duration
    channel = (~on).long()
    frames[step, channel, ys, xs] += 1
    return frames
