# hint: keep nothing else
last = [0.0]


def lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0):
    h = last[0] + (x - last[0]) / tau
    spike = float(h >= v_threshold)
    last[0] = (1 - spike) * h + spike * v_reset
    return spike, h, last[0]
