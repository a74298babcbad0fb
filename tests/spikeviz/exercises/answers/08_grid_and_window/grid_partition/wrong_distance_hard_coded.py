# fact: must multiply to the number of values
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    x = x.view(images, c, size, size, size, size)
    return x.permute(0, 3, 5, 2, 4, 1).reshape(images, -1, size * size, c)
