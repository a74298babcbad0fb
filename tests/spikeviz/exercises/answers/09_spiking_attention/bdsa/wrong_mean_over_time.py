# fact: time, images, tokens and channels all stay
def bdsa(s, spk, softmax=True):
    """Spikes s [T, B, N, d_k] → spikes of the same shape. spk: the SPK block."""
    s = s.mean(0)
    a = s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5
    if softmax:
        a = a.softmax(-1)
    return spk(a @ s)
