def bin_events(times, xs, ys, on, duration, steps):
    """Events, [N] each → how many there are in each frame, [steps, 2, 32, 32]."""
    frames = torch.zeros(steps, 2, 32, 32)
    step = times * steps // duration
    channel = (~on).long()  # 0 is ON, 1 is OFF
    one = torch.ones(len(times))
    return frames.index_put_((step, channel, ys, xs), one, accumulate=True)
