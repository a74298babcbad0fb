# hint: is that without mixers
def block_parameters(channels, mixer=False):
    """Parameters of a block with SISA; with or without the mixers of MBPL."""
    c = channels

    def layer(c_in, c_out, kernel=1, groups=1):
        return kernel**2 * c_in * c_out // groups + 2 * c_out  # weights, BatchNorm

    convnext = layer(c, c, 7, groups=c) + layer(c, 4 * c) + layer(4 * c, c)
    attention = 3 * layer(c, c) + 2 * c  # Q, K, V, and the BatchNorm on A·V
    feed_forward = layer(c, 4 * c) + layer(4 * c, c)
    return convnext + attention + feed_forward + 0
