# hint: your reset comes before the test
def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = v + (x - v) / tau
    v_next = v_reset if h >= v_threshold else h
    spike = float(v_next >= v_threshold)
    return spike, h, v_next
