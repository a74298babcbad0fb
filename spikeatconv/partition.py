"""Groups of pixels that attend to each other (paper, "Attention SpikeMerge"; MaxViT).

A map of H×W pixels becomes groups of tokens, `[N, C, H, W]` → `[N, groups, tokens, C]`:

    grid     token (i, j) of group (a, b) is pixel (i·H/G + a, j·W/G + b): G×G tokens, every
             (H/G)-th pixel, so each group spans the whole map
    window   token (i, j) of group (a, b) is pixel (a·P + i, b·P + j): one P×P tile
    full     one group of all H·W pixels

Each has its exact inverse. Attention over N = H·W pixels costs N·N for full and N·G² for
the other two.
"""

from collections.abc import Sequence

from torch import Tensor

from spikeatconv.checks import check_sequence, check_tensor, check_whole, short


def grid_partition(x: Tensor, size: int) -> Tensor:
    """`[N, C, H, W]` → `[N, (H/G)(W/G), G·G, C]`, G = size. ValueError unless G divides H and W."""
    n, c, h, w = check_map(x, size, "grid")
    x = x.view(n, c, size, h // size, size, w // size)  # [N, C, i, a, j, b]
    return x.permute(0, 3, 5, 2, 4, 1).reshape(n, (h // size) * (w // size), size * size, c)


def grid_merge(tokens: Tensor, size: int, hw: tuple[int, int]) -> Tensor:
    """The inverse of `grid_partition`; hw is (H, W)."""
    n, c, h, w = check_tokens(tokens, size, hw, "grid")
    x = tokens.view(n, h // size, w // size, size, size, c)  # [N, a, b, i, j, C]
    return x.permute(0, 3, 1, 4, 2, 5).reshape(n, h, w, c).permute(0, 3, 1, 2)


def window_partition(x: Tensor, size: int) -> Tensor:
    """`[N, C, H, W]` → `[N, (H/P)(W/P), P·P, C]`, P = size. ValueError unless P divides H and W."""
    n, c, h, w = check_map(x, size, "window")
    x = x.view(n, c, h // size, size, w // size, size)  # [N, C, a, i, b, j]
    return x.permute(0, 2, 4, 3, 5, 1).reshape(n, (h // size) * (w // size), size * size, c)


def window_merge(tokens: Tensor, size: int, hw: tuple[int, int]) -> Tensor:
    """The inverse of `window_partition`; hw is (H, W)."""
    n, c, h, w = check_tokens(tokens, size, hw, "window")
    x = tokens.view(n, h // size, w // size, size, size, c)  # [N, a, b, i, j, C]
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c).permute(0, 3, 1, 2)


def full_partition(x: Tensor, size: int | None = None) -> Tensor:
    """`[N, C, H, W]` → `[N, 1, H·W, C]`. size is not used."""
    check_map(x, 1, "full")
    return x.flatten(2).transpose(1, 2).unsqueeze(1)


def full_merge(tokens: Tensor, size: int | None, hw: tuple[int, int]) -> Tensor:
    """The inverse of `full_partition`; hw is (H, W)."""
    h, w = check_sides(hw)
    check_tensor(tokens, "tokens")
    if tokens.dim() != 4 or tokens.shape[1:3] != (1, h * w):
        raise ValueError(
            f"tokens have shape {list(tokens.shape)}; a full partition of {h}×{w} pixels "
            f"is [N, 1, {h * w}, C]; give those, or the (H, W) that they come from"
        )
    return tokens.squeeze(1).transpose(1, 2).unflatten(2, (h, w))


PARTITIONS = {
    "grid": (grid_partition, grid_merge),
    "window": (window_partition, window_merge),
    "full": (full_partition, full_merge),
}


def check_map(x: Tensor, size: int, name: str) -> tuple[int, ...]:
    """N, C, H, W of a map that `size` divides; raises an error that names the sizes."""
    check_tensor(x, "x")
    if x.dim() != 4:
        raise ValueError(
            f"x has shape {list(x.shape)}; {name}_partition takes [N, C, H, W]: give 4 axes"
        )
    check_divides(size, (x.shape[2], x.shape[3]), name)
    return x.shape


def check_tokens(
    tokens: Tensor, size: int, hw: Sequence[int], name: str
) -> tuple[int, int, int, int]:
    """N, C, H, W of the map that the tokens came from; raises if they do not fit."""
    check_tensor(tokens, "tokens")
    h, w = check_sides(hw)
    check_divides(size, (h, w), name)
    groups = (h // size) * (w // size)
    if tokens.dim() != 4 or tokens.shape[1:3] != (groups, size * size):
        raise ValueError(
            f"tokens have shape {list(tokens.shape)}; a {name} partition of {h}×{w} pixels "
            f"with size {size} is [N, {groups}, {size * size}, C]; give those, or the size and "
            "(H, W) that they come from"
        )
    return tokens.shape[0], tokens.shape[3], h, w


def check_sides(hw: Sequence[int]) -> tuple[int, int]:
    """(H, W) as two whole numbers."""
    sides = check_sequence(hw, "hw", "H and W, such as (8, 8)")
    if len(sides) != 2:
        raise ValueError(f"hw is {short(hw)}; give two whole numbers, (H, W)")
    return check_whole(sides[0], "hw[0]", 1, 2**20), check_whole(sides[1], "hw[1]", 1, 2**20)


def check_divides(size: int, hw: tuple[int, int], name: str) -> None:
    check_whole(size, "size")
    if hw[0] % size or hw[1] % size:
        raise ValueError(
            f"a {name} of size {size} does not fit a map of {hw[0]}×{hw[1]} pixels: {size} must "
            "divide height and width; change the size or the image"
        )
