# hint: Return the rate R itself
def break_even_rate(flops, time_steps, e_mac=4.6, e_a=0.9):
    """The largest rate R, 0 to 1, at which spikes cost no more than the twin."""
    return e_a * time_steps < e_mac
