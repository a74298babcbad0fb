# hint: the distance between two tokens
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    x = x.view(images, c, h // size, size, w // size, size)
    return x.permute(0, 3, 5, 2, 4, 1).reshape(images, size * size, -1, c)
