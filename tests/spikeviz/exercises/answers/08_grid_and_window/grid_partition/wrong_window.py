# hint: these are windows
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    x = x.view(images, c, h // size, size, w // size, size)
    return x.permute(0, 2, 4, 3, 5, 1).reshape(images, -1, size * size, c)
