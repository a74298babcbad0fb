# hint: You answer in percent
def break_even_rate(flops, time_steps, e_mac=4.6, e_a=0.9):
    """The largest rate R, 0 to 1, at which spikes cost no more than the twin."""
    return 100 * min(1.0, e_mac / (e_a * time_steps))
