def bdsa(s, spk, softmax=True):
    """Spikes s [T, B, N, d_k] → spikes of the same shape. spk: the SPK block."""
    q, k, v = s, s, s
    a = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if softmax:
        a = a.softmax(-1)
    return spk(a @ v)
