# hint: a number is written into your function
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    images, c, h, w = x.shape
    x = x.view(images, c, 7, h // 7, 7, w // 7)
    return x.permute(0, 3, 5, 2, 4, 1).reshape(images, -1, 49, c)
