# hint: channel 1. There your answer holds channel 0 of pixel (0, 0)
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    x = x.view(images, c, size, h // size, size, w // size)
    x = x.permute(0, 3, 5, 2, 4, 1).reshape(images, -1, size * size, c)
    return x[..., :1].expand(-1, -1, -1, c)
