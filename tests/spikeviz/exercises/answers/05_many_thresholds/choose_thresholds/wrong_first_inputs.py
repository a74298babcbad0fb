# hint: not which comes first
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    return (x[:n] / tau).sort().values
