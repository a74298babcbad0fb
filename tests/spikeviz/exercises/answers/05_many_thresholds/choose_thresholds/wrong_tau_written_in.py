# hint: a 2 is written into
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    shares = torch.arange(1, n + 1, dtype=x.dtype) / (n + 1)
    return torch.quantile(x / 2, shares)
