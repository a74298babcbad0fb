def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    x = x.view(images, c, size, h // size, size, w // size)  # [B, C, i, a, j, b]
    x = x.permute(0, 3, 5, 2, 4, 1)  # [B, a, b, i, j, C]
    return x.reshape(images, -1, size * size, c)
