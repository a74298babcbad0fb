"""DigitReader as Python sees it: its network by torch itself, other networks, what is refused."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from spikeatconv import LIF, mnist5k, record


class Net(nn.Module):
    """A network of the kind that notebook 03 trains."""

    def __init__(self, steps=3, bias=False):
        super().__init__()
        self.steps = steps
        self.first = nn.Conv2d(1, 3, 5, stride=2, padding=2, bias=bias)
        self.norm = nn.BatchNorm2d(3)
        self.lif = LIF(tau=2.0)
        self.second = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.other = LIF(tau=3.0, v_threshold=0.5)
        nn.init.normal_(self.second.weight)  # large, so that it fires
        self.readout = nn.Linear(4 * 49, 10)
        for values in (self.norm.running_mean, self.norm.running_var):
            values.copy_(torch.rand(3) / 10 + 0.05)

    def forward(self, images):
        x = self.norm(self.first(images))
        x = self.lif(x.expand(self.steps, *x.shape))
        x = self.other(self.second(x.flatten(0, 1)).unflatten(0, x.shape[:2]))
        return self.readout(x.flatten(2)).mean(0)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net().eval()


def test_the_shipped_network_reads_the_digits_of_the_course(made):
    read = [made(digit=digit).trace().scores[-1].argmax() for digit in range(10)]
    assert sum(int(said == digit) for digit, said in enumerate(read)) >= 9


@pytest.mark.parametrize("bias", [True, False])
def test_its_numbers_are_the_networks_own(made, bias):
    torch.manual_seed(1)
    net = Net(bias=bias).eval().double()
    found = made(net, time_steps=3, digit=5).trace()
    image = torch.from_numpy(found.image).double()[None, None]
    with torch.no_grad(), record(net, keep=("spikes",)) as rec:
        scores = net(image)[0]
    assert_allclose(found.scores[-1], scores.numpy(), atol=1e-5)
    for spikes, name in zip(found.spikes, ("lif", "other"), strict=True):
        assert_array_equal(spikes, rec.spikes[name][:, 0].numpy())
    assert 0 < found.spikes[1].mean() < 1


def test_your_network_stays_as_it_was(made, net):
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    assert made(net, time_steps=3).whose == "your network"
    assert net.training
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])


def test_where_a_digit_is_drawn_makes_no_difference(made):
    images, _ = mnist5k("test")
    ink = (images[3, 0] * 255).round().byte()
    small = torch.zeros_like(ink)
    small[5:21, 6:20] = ink[8:24, 7:21]
    traces = [made(pixels=bytes(small.roll(by, (0, 1)).flatten().tolist())).trace()
              for by in ((0, 0), (4, -5), (-3, 7))]  # fmt: skip
    for other in traces[1:]:
        assert_array_equal(other.image, traces[0].image)
    y, x = np.mgrid[:28, :28]
    weights = traces[0].image / traces[0].image.sum()
    assert abs((weights * y).sum() - 13.5) <= 0.5
    assert abs((weights * x).sum() - 13.5) <= 0.5


def test_nothing_drawn_is_read_too(made):
    assert np.isfinite(made(pixels=bytes(784)).trace().scores).all()


def test_pixels_of_another_number_are_refused(explorer, refused):
    refused(explorer, "pixels", bytes(10), "pixels has 10 bytes; give 784")


class Other(Net):
    def forward(self, images):
        return super().forward(images).relu()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Net(steps=4), "check time_steps"),
        (Other, "something else than its layers in a row"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), "cannot draw; give a network"),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), "cannot draw; give a network"),
    ],
)
def test_a_network_of_another_kind_is_refused(made, make, words):
    torch.manual_seed(0)
    with pytest.raises(ValueError, match=words):
        made(make(), time_steps=3)
