# fact: Write the shape of each step beside it
def bdsa(s, spk, softmax=True):
    """Spikes s [T, B, N, d_k] → spikes of the same shape. spk: the SPK block."""
    a = s * s / s.shape[-1] ** 0.5
    if softmax:
        a = a.softmax(-1)
    return spk(a @ s)
