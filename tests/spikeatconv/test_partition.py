"""Grid, window and full partitions: the pixel that each token is, and the way back."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeatconv import (
    PARTITIONS,
    full_merge,
    full_partition,
    grid_merge,
    grid_partition,
    window_merge,
    window_partition,
)

few = st.integers(1, 4)


def numbered(n: int, c: int, h: int, w: int) -> torch.Tensor:
    """A map whose every value differs from all others."""
    return torch.arange(n * c * h * w, dtype=torch.float64).view(n, c, h, w)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", sorted(PARTITIONS))
@given(few, few, few, few, few)
def test_merge_undoes_partition_and_partition_undoes_merge(name, layout, n, c, size, rows, cols):
    partition, merge = PARTITIONS[name]
    h, w = rows * size, cols * size
    x = numbered(n, c, h, w).to(memory_format=layout)
    tokens = partition(x, size)
    groups, length = (1, h * w) if name == "full" else (rows * cols, size * size)
    assert tokens.shape == (n, groups, length, c)
    assert torch.equal(merge(tokens, size, (h, w)), x)
    assert torch.equal(partition(merge(tokens, size, (h, w)), size), tokens)


@given(few, few, few, few)
def test_grid_group_spans_the_map_and_window_group_is_a_tile(c, size, rows, cols):
    h, w = rows * size, cols * size
    x = numbered(2, c, h, w)
    grid, window = grid_partition(x, size), window_partition(x, size)
    for a in range(rows):
        for b in range(cols):
            for i in range(size):
                for j in range(size):
                    group, token = a * cols + b, i * size + j
                    spread = x[:, :, i * h // size + a, j * w // size + b]
                    tile = x[:, :, a * size + i, b * size + j]
                    assert torch.equal(grid[:, group, token], spread)
                    assert torch.equal(window[:, group, token], tile)


def test_four_by_four_by_hand():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert grid_partition(x, 2)[0, :, :, 0].tolist() == [
        [0, 2, 8, 10], [1, 3, 9, 11], [4, 6, 12, 14], [5, 7, 13, 15],
    ]  # fmt: skip
    assert window_partition(x, 2)[0, :, :, 0].tolist() == [
        [0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15],
    ]  # fmt: skip
    assert full_partition(x)[0, :, :, 0].tolist() == [list(range(16))]


@pytest.mark.parametrize("name", sorted(PARTITIONS))
def test_gradient_passes_unchanged(name):
    partition, merge = PARTITIONS[name]
    x = torch.randn(2, 3, 6, 6, requires_grad=True)
    weight = torch.randn(2, 3, 6, 6)
    (merge(partition(x, 3), 3, (6, 6)) * weight).sum().backward()
    assert torch.equal(x.grad, weight)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: grid_partition(torch.zeros(1, 2, 8, 12), 3), "a grid of size 3 .* 8×12 pixels"),
        (lambda: window_partition(torch.zeros(1, 2, 12, 8), 3), "a window of size 3 .* 12×8"),
        (lambda: grid_partition(torch.zeros(2, 8, 8), 2), r"x has shape \[2, 8, 8\]; grid_part"),
        (lambda: window_partition(torch.zeros(8, 8), 2), r"x has shape \[8, 8\]; window_part"),
        (lambda: full_partition(torch.zeros(2, 8, 8)), r"x has shape \[2, 8, 8\]; full_partition"),
        (lambda: grid_partition(torch.zeros(1, 2, 8, 8), 0), "size is 0; give a whole number"),
        (
            lambda: grid_partition(torch.zeros(1, 2, 8, 8), 2.0),
            "size is 2.0, a float; give",
        ),
        (
            lambda: grid_partition(torch.zeros(1, 2, 8, 8), True),
            "size is True, a bool; give",
        ),
        (lambda: grid_merge(torch.zeros(1, 4, 4, 2), 2, (6, 6)), r"\[1, 4, 4, 2\]; .* \[N, 9, 4"),
        (lambda: window_merge(torch.zeros(4, 4, 2), 2, (4, 4)), r"\[4, 4, 2\]; .* \[N, 4, 4, C\]"),
        (lambda: window_merge(torch.zeros(1, 4, 4, 2), 3, (4, 4)), "size 3 .* 4×4 pixels"),
        (lambda: full_merge(torch.zeros(1, 2, 8, 3), None, (4, 4)), r"\[1, 2, 8, 3\]; .* \[N, 1, "),
    ],
)
def test_errors_name_the_sizes(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()
