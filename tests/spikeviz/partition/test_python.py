"""PartitionExplorer as Python sees it: traits, groups, reach, cost, pictures, the photograph."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from PIL import Image

from spikeatconv.attention import Attend
from spikeatconv.energy import count_flops
from spikeviz import PartitionExplorer
from spikeviz.base import widget
from spikeviz.partition.explorer import CREDIT, NAMES, average_colours

DATA = Path(__file__).resolve().parents[3] / "data"
FITTING = [(7, 7), (14, 2), (14, 7), (28, 4), (28, 14), (56, 8)]  # resolution, size


@pytest.fixture
def explorer():
    explorer = PartitionExplorer()
    yield explorer
    explorer.close()


# ---------------------------------------------------------------- traits


def test_a_size_that_does_not_divide_the_map_is_refused_with_those_that_do(explorer):
    message = r"size is 8 and resolution is 28; .* choose one of \[2, 4, 7, 14, 28\]"
    with pytest.raises(traitlets.TraitError, match=message):
        explorer.size = 8
    explorer.size = 4
    with pytest.raises(traitlets.TraitError, match=r"size is 4 and resolution is 14"):
        explorer.resolution = 14
    assert (explorer.size, explorer.resolution) == (4, 28)
    with explorer.hold_trait_notifications():  # as the page sends them: judged as a whole
        explorer.resolution = 56
        explorer.size = 8
    assert (explorer.size, explorer.resolution) == (8, 56)


@pytest.mark.parametrize("pixel", [(0, 56), (-1, 0)])
def test_a_pixel_off_the_largest_map_is_refused(explorer, pixel):
    with pytest.raises(traitlets.TraitError, match="row and column go from 0 to 55"):
        explorer.pixel = pixel
    explorer.set_state({"pixel": [3, 5]})  # a list, as the page sends it
    assert explorer.pixel == (3, 5)


def test_a_pixel_beyond_the_edge_of_a_smaller_map_is_its_last(explorer):
    explorer.pixel = (50, 3)
    explorer.layers = 0
    assert np.argwhere(explorer.trace().reached[0]).tolist() == [[27, 3]]


# ---------------------------------------------------------------- groups


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("side", "size"), FITTING)
def test_each_pixel_has_the_group_and_token_of_the_formula(name, side, size):
    run = PartitionExplorer(partition=name, resolution=side, size=size).trace()
    apart = side // size
    for row in range(side):
        for column in range(side):
            group, token = run.group[row, column], run.token[row, column]
            assert run.order[group, token] == row * side + column
            (a, b), (i, j) = divmod(group, apart), divmod(token, size)
            expected = {
                "grid": (i * apart + a, j * apart + b),
                "window": (a * size + i, b * size + j),
                "full": divmod(token, side),
            }
            assert (row, column) == expected[name]


def test_four_pixels_of_a_grid_group_by_hand():
    run = PartitionExplorer(partition="grid", resolution=14, size=2).trace()
    assert run.order.shape == (49, 4)
    assert run.order[0].tolist() == [0, 7, 98, 105]  # every seventh pixel, in both directions
    assert run.order[8].tolist() == [15, 22, 113, 120]


# ---------------------------------------------------------------- how far information travels


def changed_pixels(name, side, size, pixel, layers, convolution) -> list[np.ndarray]:
    """Where the output of a real stack of layers moves when one pixel of its input does."""
    torch.manual_seed(0)
    attend = Attend(1, name, size)
    conv = torch.nn.Conv2d(1, 1, 7, padding=3, bias=False, dtype=torch.float64)
    torch.nn.init.uniform_(conv.weight, 0.5, 1.0)  # of one sign: nothing cancels
    x = torch.rand(1, 1, 1, side, side, dtype=torch.float64)
    moved = x.clone()
    moved[..., pixel[0], pixel[1]] += 1
    seen = [(x != moved)[0, 0, 0].numpy()]
    for _ in range(layers):
        if convolution:
            x, moved = (conv(one.flatten(0, 1))[None] / 30 for one in (x, moved))
        x, moved = attend(x, x, x), attend(moved, moved, moved)
        seen.append((x != moved)[0, 0, 0].detach().numpy())
    return seen


@pytest.mark.parametrize("convolution", [False, True])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("side", "size", "pixel"), [(14, 2, (3, 12)), (28, 7, (9, 12))])
def test_the_pixels_reached_are_those_that_change_in_real_layers(
    name, side, size, pixel, convolution
):
    explorer = PartitionExplorer(
        partition=name, resolution=side, size=size, pixel=pixel, layers=2, convolution=convolution
    )
    expected = changed_pixels(name, side, size, pixel, 2, convolution)
    assert np.array_equal(explorer.trace().reached, expected)


def test_the_question_by_hand():
    """From the top left pixel; 28×28, size 7, so a grid takes every fourth pixel."""

    def counts(name, convolution):
        explorer = PartitionExplorer(
            partition=name, pixel=(0, 0), layers=2, convolution=convolution
        )
        return explorer.trace().reached.sum((1, 2)).tolist()

    assert counts("full", False) == [1, 784, 784]
    assert counts("window", False) == counts("grid", False) == [1, 49, 49]  # never further
    # The convolution reaches 4×4 pixels, one of each of the 16 grid groups.
    assert counts("grid", True) == [1, 784, 784]
    assert counts("window", True) == [1, 49, 4 * 49]


# ---------------------------------------------------------------- cost


class OneLayer(torch.nn.Module):
    """Attention of a picture with itself."""

    def __init__(self, attend):
        super().__init__()
        self.attend = attend

    def forward(self, x):
        return self.attend(x[None], x[None], x[None])[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_costs_are_those_of_the_layer(name):
    explorer = PartitionExplorer(partition=name, resolution=14, size=7, heads=3)
    run = explorer.trace()
    attend = Attend(3, name, 7)
    x = torch.rand(1, 1, 3 * 32, 14, 14)
    weights = attend.weights(x, x)
    assert run.entries == weights.numel() == 3 * 196 * (196 if name == "full" else 49)
    assert run.memory == weights.nbytes
    assert run.flops == count_flops(OneLayer(attend), (3 * 32, 14, 14)).flops.sum()


# ---------------------------------------------------------------- pictures


def decoded(explorer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(explorer.image)))


def test_a_small_array_is_kept_to_the_bit():
    array = np.arange(28 * 28 * 3, dtype=np.uint8).reshape(28, 28, 3)
    explorer = PartitionExplorer(image=array)
    assert np.array_equal(decoded(explorer), array)
    assert np.allclose(average_colours(explorer.image, 14)[0, 0] * 255, array[:2, :2].mean((0, 1)))
    assert explorer.credit == ""


def test_grey_floats_and_channels_first_are_understood():
    grey = np.linspace(0, 1, 16 * 16).reshape(16, 16)
    expected = np.repeat(np.round(grey * 255)[..., None], 3, 2)
    for image in (grey, torch.tensor(grey)[None], torch.tensor(grey).expand(3, 16, 16)):
        assert np.array_equal(decoded(PartitionExplorer(image=image)), expected)


def test_a_large_picture_becomes_its_middle_square_224_wide(tmp_path):
    picture = np.zeros((300, 500, 3), np.uint8)
    picture[:, 100:400, 0] = 200  # the middle square is red
    path = tmp_path / "a.png"
    Image.fromarray(picture).save(path)
    explorer = PartitionExplorer(image=path, credit="me")
    assert decoded(explorer).shape == (224, 224, 3)
    assert np.allclose(average_colours(explorer.image, 7), [200 / 255, 0, 0], atol=0.02)
    assert len(explorer.image) < 40_000
    assert explorer.credit == "me"


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (b"text", "no JPEG, PNG, GIF or WebP"),
        (b"\x89PNGabc", r"image is b.*Pillow cannot identify it .*; give a whole picture"),
        (np.zeros((4, 4, 2)), r"image has shape \[4, 4, 2\]; give a path or an array"),
        (np.zeros((0, 4)), r"image has shape \[0, 4\]"),
        (np.full((4, 4), 255.0), "float64 from 255.0 to 255.0; give uint8, or floats from 0 to 1"),
        (np.full((4, 4), np.nan), "floats from 0 to 1"),
        (__file__, "Pillow cannot identify it as PNG"),
    ],
)
def test_what_is_no_picture_is_refused(explorer, image, message):
    before = explorer.image
    with pytest.raises(traitlets.TraitError, match=message):
        explorer.image = image
    assert explorer.image == before
    with pytest.raises(FileNotFoundError):
        explorer.image = "missing.png"


def test_a_picture_from_the_page_takes_the_credit_away(explorer):
    picture = (DATA / "photo.jpg").read_bytes() + b" "
    explorer.set_state({"image": memoryview(picture)})  # as a browser's bytes arrive
    assert explorer.image == picture
    assert explorer.credit == ""


# ---------------------------------------------------------------- the photograph that ships


@pytest.fixture
def script(data_script):
    return data_script("make_photo")


def test_the_photograph_is_small_real_and_credited(explorer):
    content = (DATA / "photo.jpg").read_bytes()
    assert explorer.image == content
    assert len(content) < 40_000
    assert decoded(explorer).shape == (224, 224, 3)
    line = f"{hashlib.sha256(content).hexdigest()}  photo.jpg"
    assert line in (DATA / "SHA256SUMS").read_text().splitlines()
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert line.split()[0] in text
    assert "CC BY 2.0" in text
    assert explorer.credit == CREDIT
    assert "CC BY 2.0" in CREDIT


def test_its_script_crops_and_compares(script, capsys):
    """On a picture of its own: the crop is the square, and other pixels are noticed."""
    wide = np.zeros((427, 640, 3), np.uint8)
    left, _, right, _ = script.SQUARE
    wide[:, left:right] = (180, 90, 30)
    buffer = io.BytesIO()
    Image.fromarray(wide).save(buffer, "PNG")
    cropped = script.crop(buffer.getvalue())
    assert np.ptp(np.asarray(cropped)[:, 2:-2], axis=(0, 1)).tolist() == [0, 0, 0]
    script.compare(cropped, script.encode(cropped))
    assert "which is JPEG's loss" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="differs by"):
        script.compare(cropped, (DATA / "photo.jpg").read_bytes())


def test_data_is_found_in_a_checkout_and_in_a_wheel(tmp_path, monkeypatch):
    assert widget.shipped("photo.jpg") == DATA / "photo.jpg"
    monkeypatch.setattr(widget, "PACKAGE", tmp_path / "spikeviz")
    with pytest.raises(FileNotFoundError, match=r"git checkout -- data/photo.jpg"):
        widget.shipped("photo.jpg")
    inside = tmp_path / "spikeatconv" / "_data"
    inside.mkdir(parents=True)
    (inside / "photo.jpg").touch()
    assert widget.shipped("photo.jpg") == inside / "photo.jpg"


# ---------------------------------------------------------------- to_matplotlib


def test_the_figure_shows_the_groups_the_tokens_and_the_point(explorer):
    figure = explorer.to_matplotlib()
    run, colours = explorer.trace(), average_colours(explorer.image, 28)
    tops, lows = figure.axes[:3], figure.axes[3:]
    assert [axis.get_title() for axis in tops] == [
        "full: 1 × 784",
        "window: 16 × 49",
        "grid: 16 × 49",
    ]
    lit = run.group == run.group[explorer.pixel]
    shown = np.asarray(tops[2].images[0].get_array())
    assert np.array_equal(shown[lit], colours[lit])
    assert not np.isclose(shown[~lit], colours[~lit]).all(-1).any()
    tokens = np.asarray(lows[0].images[0].get_array())
    assert np.array_equal(tokens[4], colours.reshape(-1, 3)[run.order[4]])
    for axis, value in ((lows[1], run.flops), (lows[2], run.memory)):
        full, grid, point = axis.lines
        assert point.get_xydata().tolist() == [[28, value / 1e6]]
        height = np.exp(np.interp(np.log(28), *np.log(grid.get_data())))
        assert height == pytest.approx(value / 1e6)
        assert full.get_ydata()[0] == pytest.approx(grid.get_ydata()[0])  # they meet at H = G
