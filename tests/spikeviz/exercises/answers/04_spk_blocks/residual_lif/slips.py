"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import torch
from torch import nn

from spikeatconv import LIF
from spikeatconv.conv import conv_norm


class _Parts(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = LIF(v_threshold=1.0)
        self.second = LIF(v_threshold=0.6)
        self.project = conv_norm(2 * channels, channels)


class SpikesAfter(_Parts):
    """hint: expected:"""

    def forward(self, x):
        h = self.first(x)
        return self.first(self.project(torch.cat([self.second(h), h], 2)))


class PlusX(_Parts):
    """hint: at [0, 0, 0, 0, 0] yours is"""

    def forward(self, x):
        h = self.first(x)
        return x + self.project(torch.cat([self.second(h), h], 2))


class Halved(_Parts):
    def forward(self, x):
        h = self.first(x)
        return self.project(torch.cat([self.second(h), h], 2) / 2)


class Difference(_Parts):
    def forward(self, x):
        h = self.first(x)
        return self.project(torch.cat([h - self.second(h), h], 2))


class Backwards(_Parts):
    def forward(self, x):
        h = self.first(x)
        return self.project(torch.cat([self.second(h.flip(0)), h], 2))


class AList(_Parts):
    """hint: returns a list"""

    def forward(self, x):
        h = self.first(x)
        return [self.second(h), h]


class NoGradient(_Parts):
    """hint: no gradient comes back"""

    def forward(self, x):
        with torch.no_grad():
            h = self.first(x)
            s = self.second(h)
        return self.project(torch.cat([s, h], 2))


class ByNumpy(_Parts):
    """hint: it cannot be trained"""

    def forward(self, x):
        h = self.first(x)
        both = torch.from_numpy(torch.cat([self.second(h), h], 2).numpy())
        return self.project(both)


class Doubled(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = LIF(v_threshold=1.0)
        self.second = LIF(v_threshold=0.6)
        self.project = conv_norm(2 * channels, 2 * channels)

    def forward(self, x):
        h = self.first(x)
        return self.project(torch.cat([self.second(h), h, h], 2))


class OneChannelLess(_Parts):
    def forward(self, x):
        h = self.first(x)
        return self.project(torch.cat([self.second(h), h[:, :, :-1]], 2))


class MeanOverTime(_Parts):
    def forward(self, x):
        h = self.first(x)
        return self.project(torch.cat([self.second(h), h.mean(0, keepdim=True).expand_as(h)], 2))


class SlowSecond(nn.Module):
    """hint: never fires"""

    def __init__(self, channels):
        super().__init__()
        self.first = LIF(v_threshold=1.0)
        self.second = LIF(tau=30.0, v_threshold=0.6)
        self.project = conv_norm(2 * channels, channels)

    def forward(self, x):
        h = self.first(x)
        return self.project(torch.cat([self.second(h), h], 2))


class SelfForgotten(_Parts):
    """hint: The parts are called `self.first`"""

    def forward(self, x):
        h = first(x)
        return self.project(torch.cat([self.second(h), h], 2))
