# fact: Keep the line that starts with `def`
def lif_step(x, v, tau=2.0, v_threshold=1.0):
    h = v + (x - v) / tau
    spike = float(h >= v_threshold)
    v_next = (1 - spike) * h + spike * 0.0
    return spike, h, v_next
