# fact: at every width, but each number
def block_parameters(channels, mixer=False):
    """Parameters of a block with SISA; with or without the mixers of MBPL."""
    c = channels

    def layer(c_in, c_out, kernel=1, groups=1):
        return kernel**2 * c_in * c_out // groups + 2 * c_out  # weights, BatchNorm

    convnext = layer(c, c, 7, groups=c) + layer(c, 4 * c) + layer(4 * c, c)
    attention = 3 * layer(c, c) + 2 * c  # Q, K, V, and the BatchNorm on A·V
    feed_forward = layer(c, 4 * c) + layer(4 * c, c)
    mixers = 8 * layer(c, c, 7, groups=c) + 2 * layer(4 * c, 4 * c, 7, groups=4 * c)
    return 10 + convnext + attention + feed_forward + (mixers if mixer else 0)
