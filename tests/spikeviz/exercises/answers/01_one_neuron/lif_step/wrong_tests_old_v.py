# hint: fires a step late
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(v >= v_threshold)
    v_next = (1 - spike) * h + spike * v_reset
    return spike, h, v_next
