# hint: Use the argument `n`
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    shares = torch.arange(1, 5, dtype=x.dtype) / (5)
    return torch.quantile(x / tau, shares)
