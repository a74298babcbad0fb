"""Right answers in other styles; each public class is one."""

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


class OneLine(_Parts):
    def forward(self, x):
        return self.project(torch.concat((self.second(h := self.first(x)), h), -3))


class TwoCalls(_Parts):
    def forward(self, x):
        return self.project(torch.cat([self.second(self.first(x)), self.first(x)], dim=2))


class Filled(_Parts):
    def forward(self, x):
        t, b, c, height, width = x.shape
        h = self.first(x)
        both = x.new_zeros(t, b, 2 * c, height, width)
        both[:, :, :c] = self.second(h)
        both[:, :, c:] = h
        return self.project(both)


class Stacked(_Parts):
    def forward(self, x):
        h = self.first(x)
        return self.project(torch.stack([self.second(h), h], dim=2).flatten(2, 3))


class Moved(_Parts):
    def forward(self, x):
        h = self.first(x)
        both = torch.cat([self.second(h).movedim(2, -1), h.movedim(2, -1)], -1)
        return self.project(both.movedim(-1, 2))


class ByRun(_Parts):
    def forward(self, x):
        h = self.first.run(x).spikes
        s = self.second.run(h).spikes
        return self.project(torch.cat([s, h], 2))


class ByForward(_Parts):
    def forward(self, x):
        h = self.first.forward(x)
        return self.project.forward(torch.cat([self.second.forward(h), h], 2))


class InPlaceOnACopy(_Parts):
    def forward(self, x):
        h = self.first(x)
        both = torch.cat([h, h], 2).clone()
        both[:, :, : x.shape[2]] = self.second(h)
        return self.project(both)


class AtTheLimit(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = LIF()
        self.second = LIF(tau=2.0, v_threshold=0.75)
        self.project = conv_norm(channels * 2, channels, 1)

    def forward(self, x):
        spikes = self.first(x)
        later = self.second(spikes)
        return self.project(torch.cat(tensors=(later, spikes), dim=2))


class OtherNames(nn.Module):
    def __init__(self, c):
        super(OtherNames, self).__init__()
        self.first, self.second = LIF(v_threshold=1), LIF(v_threshold=0.51)
        self.project = nn.Sequential(conv_norm(2 * c, c))

    def join(self, *parts):
        return self.project(torch.cat(parts, 2))

    def forward(self, inputs):
        h = self.first(inputs)
        return self.join(self.second(h), h)


class Permuted(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.second = LIF(v_threshold=1.0), LIF(v_threshold=0.75)
        self.project = conv_norm(2 * channels, channels)

    def forward(self, x):
        h = self.first(x)
        s = self.second(h)
        both = torch.concatenate((s.transpose(0, 2), h.transpose(0, 2))).transpose(0, 2)
        return self.project(both)


class Functional(nn.Module):
    def __init__(self, channels):
        super().__init__()
        parts = {"first": LIF(), "second": LIF(2.0, 0.7), "project": conv_norm(2 * channels, channels)}
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x):
        spikes = [self.first(x)]
        spikes.insert(0, self.second(spikes[0]))
        return self.project(torch.cat(spikes, -3))
