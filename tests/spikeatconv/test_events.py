"""The event camera: its events by hand, the symmetry of light and time, what it refuses."""

import pytest
import torch
from torch import Tensor

from spikeatconv import mnist5k
from spikeatconv.events import DIRECTIONS, MOVES, camera, clips, film

STEPS = (1, 2, 4, 8)


@pytest.fixture(scope="module")
def digits() -> Tensor:
    return mnist5k("test")[0][:8]


def test_a_moving_point_is_on_where_it_comes_and_off_where_it_was():
    point = torch.zeros(1, 1, 28, 28)
    point[..., 14, 14] = 1  # of the frame: row and column 16
    frames = clips(point, torch.tensor([0]), torch.tensor([False]), MOVES)  # to the right
    found = [(t, channel, row, column) for t, _, channel, row, column in frames.nonzero().tolist()]
    expected = []
    for t in range(MOVES):  # from column 12 to column 20
        expected += [(t, 0, 16, 13 + t), (t, 1, 16, 12 + t)]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(("name", "way"), DIRECTIONS.items())
def test_a_film_moves_the_digit_by_a_pixel_at_a_time(digits, name, way):
    moved = film(digits, name)
    assert moved.shape == (MOVES + 1, 8, 1, 32, 32)
    assert torch.equal(moved[MOVES // 2, ..., 2:30, 2:30], (0.1 + 0.9 * digits).log())
    for t in range(MOVES):
        assert torch.equal(moved[t].roll(way, (-2, -1)), moved[t + 1])


@pytest.mark.parametrize(
    ("contrast", "on", "off"), [(0.5, [1, 0, 0], [0, 1, 0]), (0.3, [1, 0, 1], [0, 1, 0])]
)
def test_a_change_of_the_contrast_and_more_is_an_event(contrast, on, off):
    log = torch.tensor([0.0, 0.5, -0.25, 0.125]).view(4, 1, 1, 1, 1)  # +0.5, −0.75, +0.375
    events = camera(log, contrast)[:, 0, :, 0, 0].T
    assert events.tolist() == [on, off]


def test_where_nothing_moves_there_is_no_event(digits):
    assert camera(film(digits, "up")[:1].expand(5, -1, -1, -1, -1)).sum() == 0


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("way", range(4))
def test_the_other_shade_the_other_way_gives_the_same_frames_in_reverse(digits, steps, way):
    ways, bright = torch.full((8,), way), torch.zeros(8, dtype=torch.bool)
    frames = clips(digits, ways, bright, steps)
    assert frames.sum() > 0
    assert torch.equal(clips(digits, ways ^ 1, ~bright, steps).flip(0), frames)


@pytest.mark.parametrize("steps", STEPS)
def test_frames_hold_all_events_of_their_part(digits, steps):
    ways, dark = torch.arange(8) % 4, torch.arange(8) > 3
    frames = clips(digits, ways, dark, steps, contrast=1.0)
    assert frames.shape == (steps, 8, 2, 32, 32)
    for i in range(8):
        name = list(DIRECTIONS)[ways[i]]
        events = camera(film(digits[i : i + 1], name, bool(dark[i])), 1.0)
        each = MOVES // steps
        for t in range(steps):
            assert torch.equal(frames[t, i], events[t * each : (t + 1) * each, 0].sum(0))


WAYS, DARK = torch.zeros(8, dtype=torch.long), torch.zeros(8, dtype=torch.bool)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: film(x, "north"), ValueError, r"direction is 'north'; choose one of \['right'"),
        (lambda x: film(x, "up", 1), TypeError, "dark is 1, a int; give True or False"),
        (lambda x: film(x.byte(), "up"), TypeError, "images has dtype torch.uint8"),
        (lambda x: film(x[0], "up"), ValueError, r"images is a tensor .* give \[B, 1, S"),
        (lambda x: film(x[..., :27], "up"), ValueError, r"give \[B, 1, S, S\] with an even side"),
        (lambda x: camera(x), ValueError, r"log is a tensor .* give \[N \+ 1, B, 1, H, W\]"),
        (lambda x: camera(x[None]), ValueError, "with two pictures or more"),
        (lambda x: camera(film(x, "up"), 0), ValueError, "contrast is 0; give a number above 0"),
        (lambda x: clips(x, WAYS, DARK, 3), ValueError, "time_steps is 3; give a number that div"),
        (lambda x: clips(x, WAYS[:3], DARK), ValueError, r"direction is .* give one value for"),
        (lambda x: clips(x, WAYS, DARK[:3]), ValueError, r"dark is .* give one value for each"),
        (lambda x: clips(x, WAYS + 4, DARK), ValueError, "direction holds 4; give 0 to 3"),
        (lambda x: clips(x, [0] * 8, DARK), TypeError, "direction is .* give a torch.Tensor"),
        (lambda x: clips(x, WAYS, WAYS), TypeError, "dark has dtype torch.int64; give torch.bool"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(digits, call, error, words):
    with pytest.raises(error, match=words):
        call(digits)
