# fact: forgets everything at each step
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = x / tau
    spike = float(h >= v_threshold)
    v_next = (1 - spike) * h + spike * v_reset
    return spike, h, v_next
