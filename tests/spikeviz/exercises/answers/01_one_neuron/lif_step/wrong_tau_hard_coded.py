# hint: as if 2 were written into the formula
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / 2
    spike = float(h >= v_threshold)
    v_next = (1 - spike) * h + spike * v_reset
    return spike, h, v_next
