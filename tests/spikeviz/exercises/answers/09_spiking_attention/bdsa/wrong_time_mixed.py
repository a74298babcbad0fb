# hint: Tokens of different time steps
def bdsa(s, spk, softmax=True):
    """Spikes s [T, B, N, d_k] → spikes of the same shape. spk: the SPK block."""
    steps, images, n, d = s.shape
    t = s.transpose(0, 1).flatten(1, 2)
    a = t @ t.transpose(-2, -1) / d**0.5
    if softmax:
        a = a.softmax(-1)
    return spk((a @ t).unflatten(1, (steps, n)).transpose(0, 1))
