# fact: they all fire together
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    return [float((x / tau).median())] * n
