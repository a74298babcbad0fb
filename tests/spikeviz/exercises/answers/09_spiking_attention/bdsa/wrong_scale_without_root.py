# hint: You divide the scores by d_k
def bdsa(s, spk, softmax=True):
    """Spikes s [T, B, N, d_k] → spikes of the same shape. spk: the SPK block."""
    a = s @ s.transpose(-2, -1) / s.shape[-1]
    if softmax:
        a = a.softmax(-1)
    return spk(a @ s)
