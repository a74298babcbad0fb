# hint: at or below 0
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    h = x / tau
    return h.mean() + h.std() * torch.linspace(-2, 2, n)
