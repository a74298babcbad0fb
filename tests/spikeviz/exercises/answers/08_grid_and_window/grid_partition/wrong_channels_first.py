# fact: the channels come last
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    x = x.view(images, c, size, h // size, size, w // size)
    return x.permute(0, 1, 3, 5, 2, 4).reshape(images, c, -1, size * size)
