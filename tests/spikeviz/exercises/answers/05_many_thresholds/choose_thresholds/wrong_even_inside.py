# hint: not evenly spread
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    return (x / tau).max() * torch.arange(1, n + 1) / (n + 1)
