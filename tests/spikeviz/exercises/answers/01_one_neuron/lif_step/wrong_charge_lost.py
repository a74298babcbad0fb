# fact: carry the charge of this step
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    v_next = v_reset if spike else v
    return spike, h, v_next
