# hint: NameError: name 'd_k' is not defined
def bdsa(s, spk, softmax=True):
    """Spikes s [T, B, N, d_k] → spikes of the same shape. spk: the SPK block."""
    a = s @ s.transpose(-2, -1) / d_k**0.5
    if softmax:
        a = a.softmax(-1)
    return spk(a @ s)
