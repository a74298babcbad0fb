# hint: the very edge
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    return torch.quantile(x / tau, torch.linspace(0, 1, n, dtype=x.dtype))
