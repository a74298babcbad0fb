# hint: that is full attention
def grid_partition(x, size):
    """[B, C, H, W] → [B, groups, size·size, C]."""
    return x.flatten(2).transpose(1, 2).unsqueeze(1)
