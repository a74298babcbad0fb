# hint: `reshape` alone reads the numbers
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    return x.reshape(images, -1, size * size, c)
