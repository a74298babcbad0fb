# hint: that is the soft reset
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    v_next = h - spike * v_threshold
    return spike, h, v_next
