# hint: stay where they are when
def choose_thresholds(x, n, tau):
    """Currents x, [N], above 0 → n thresholds, increasing. For T = 1."""
    return [0.5 * (i + 1) for i in range(n)]
