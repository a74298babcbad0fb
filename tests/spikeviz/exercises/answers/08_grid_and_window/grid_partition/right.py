"""Right answers in other styles; each public function is one."""

import numpy as np
import torch
import torch.nn.functional as F

from spikeatconv import window_partition


def unflattened(x, size):
    x = x.unflatten(3, (size, -1)).unflatten(2, (size, -1))  # [B, C, i, a, j, b]
    return x.permute(0, 3, 5, 2, 4, 1).flatten(3, 4).flatten(1, 2)


def by_einsum(x, size):
    b, c, h, w = x.shape
    x = torch.einsum("ncIaJb->nabIJc", x.reshape(b, c, size, h // size, size, w // size))
    return x.reshape(b, (h // size) * (w // size), size * size, c)


def by_numpy(x, size):
    b, c, h, w = x.shape
    cut = np.asarray(x).reshape(b, c, size, h // size, size, w // size)
    return cut.transpose(0, 3, 5, 2, 4, 1).reshape(b, -1, size**2, c)


def by_strides(x, size):
    b, c, h, w = x.shape
    groups = [
        x[:, :, a :: h // size, k :: w // size].flatten(2).transpose(1, 2)
        for a in range(h // size)
        for k in range(w // size)
    ]
    return torch.stack(groups, dim=1)


def pixel_by_pixel(x, size):
    b, c, h, w = x.shape
    down, across = h // size, w // size
    out = torch.zeros(b, down * across, size * size, c)
    for a in range(down):
        for k in range(across):
            for i in range(size):
                for j in range(size):
                    out[:, a * across + k, i * size + j] = x[:, :, i * down + a, j * across + k]
    return out


def by_unfold(x, size):
    b, c, h, w = x.shape
    distance = (h // size, w // size)
    columns = F.unfold(x, distance, stride=distance)  # [B, C·a·b, i·j]
    return columns.view(b, c, -1, size * size).permute(0, 2, 3, 1)


def by_pixels_gathered(x, size):
    b, c, h, w = x.shape
    numbers = torch.arange(h * w).view(size, h // size, size, w // size)
    places = numbers.permute(1, 3, 0, 2).reshape(-1)
    return x.flatten(2)[:, :, places].transpose(1, 2).reshape(b, -1, size * size, c)


def channels_last_first(x, size):
    x = x.movedim(1, -1).double()
    b, h, w, c = x.shape
    x = x.reshape(b, size, h // size, size, w // size, c).permute(0, 2, 4, 1, 3, 5)
    return x.contiguous().view(b, -1, size * size, c)


def image_by_image(x, size):
    out = []
    for image in x:
        c, h, w = image.shape
        cut = image.view(c, size, h // size, size, w // size)
        out.append(cut.permute(2, 4, 1, 3, 0).reshape(-1, size * size, c))
    return torch.stack(out)


def whole_numbers(x, size):
    b, c, h, w = x.shape
    cut = x.long().reshape(b, c, size, h // size, size, w // size)
    return cut.permute(0, 3, 5, 2, 4, 1).reshape(b, -1, size * size, c)


def by_windows(x, size):
    """Windows of the sorted map: first the rows and columns are put in the order of the grid."""
    b, c, h, w = x.shape
    rows = torch.arange(h).view(size, -1).T.reshape(-1)
    columns = torch.arange(w).view(size, -1).T.reshape(-1)
    return window_partition(x[:, :, rows][:, :, :, columns], size)


def by_slices(x, size):
    h, w = x.shape[2] // size, x.shape[3] // size
    groups = [x[:, :, a::h, b::w].flatten(2).transpose(1, 2) for a in range(h) for b in range(w)]
    return torch.stack(groups, 1)
