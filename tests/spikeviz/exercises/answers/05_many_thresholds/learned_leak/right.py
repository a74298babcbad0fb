"""Right answers in other styles; each public class is one."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from spikeatconv import Atan, surrogate


class _Start(nn.Module):
    def __init__(self, tau=2.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(-math.log(tau - 1)))
        self.fire = Atan()

    def run(self, x, charge):
        v, spikes = torch.zeros_like(x[0]), []
        for x_t in x:
            h = charge(x_t, v)
            s = self.fire(h - 1.0)
            v = (1 - s.detach()) * h
            spikes.append(s)
        return torch.stack(spikes)


class Shares(_Start):
    def forward(self, x):
        k = self.w.sigmoid()
        return self.run(x, lambda x_t, v: (1 - k) * v + k * x_t)


class Lerp(_Start):
    def forward(self, x):
        return self.run(x, lambda x_t, v: torch.lerp(v, x_t, F.sigmoid(self.w)))


class TauFirst(_Start):
    @property
    def tau(self):
        return 1 + torch.exp(-self.w)

    def forward(self, x):
        return self.run(x, lambda x_t, v: v + (x_t - v) / self.tau)


class ByExp(_Start):
    def forward(self, x):
        return self.run(x, lambda x_t, v: v - (v - x_t) / (1 + (-self.w).exp()))


class Logit(_Start):
    def __init__(self, tau=2.0):
        super().__init__(tau)
        self.w = nn.Parameter(torch.logit(torch.tensor([1 / tau])))

    def forward(self, x):
        return self.run(x, lambda x_t, v: v + torch.sigmoid(self.w) * (x_t - v))


class Doubles(_Start):
    def __init__(self, tau=2.0):
        super().__init__(tau)
        self.w = nn.Parameter(-torch.log(torch.tensor(tau, dtype=torch.float64) - 1))

    def forward(self, x):
        return self.run(x.double(), lambda x_t, v: v + torch.sigmoid(self.w) * (x_t - v)).float()


class Where(_Start):
    def forward(self, inputs):
        v = inputs.new_zeros(inputs.shape[1:])
        out = []
        for t in range(len(inputs)):
            h = v + (inputs[t] - v) * torch.sigmoid(self.w)
            out += [self.fire(h - 1)]
            v = torch.where(h >= 1, 0.0, h)
        return torch.stack(out, dim=0)


class Masked(_Start):
    def forward(self, x):
        v, out = 0.0, []
        for x_t in x.unbind():
            h = v + (x_t - v) * torch.sigmoid(self.w)
            out.append(self.fire(h - 1)[None])
            v = h.masked_fill(h.detach() >= 1, 0)
        return torch.cat(out)


class Filled(_Start):
    def forward(self, x):
        leak, v, out = torch.sigmoid(self.w), torch.zeros(x.shape[1:]), torch.zeros(x.shape)
        for t, x_t in enumerate(x):
            v = v + (x_t - v) * leak
            out[t] = self.fire(v - 1)
            v = v * (v < 1)
        return out


class OwnSlope(_Start):
    def forward(self, x):
        def step(u):
            smooth = torch.atan(math.pi * u) / math.pi
            return smooth - smooth.detach() + (u >= 0).float()

        leak, v, out = self.w.sigmoid(), torch.zeros_like(x[0]), []
        for x_t in x:
            h = v + (x_t - v) * leak
            s = step(h - 1)
            v = h * (1.0 - s.detach())
            out.append(s)
        return torch.stack(out)


class OtherNames(nn.Module):
    def __init__(self, t):
        nn.Module.__init__(self)
        self.register_parameter("w", nn.Parameter(torch.tensor(1 / (t - 1.0)).log()))
        self.surrogate = surrogate.Atan(alpha=2.0)

    def step(self, current, membrane):
        h = membrane + torch.sigmoid(self.w) * (current - membrane)
        spike = self.surrogate(h - 1.0)
        return spike, h * (1 - spike.detach())

    def forward(self, currents):
        membrane, out = torch.zeros_like(currents[0]), []
        for current in currents:
            spike, membrane = self.step(current, membrane)
            out.append(spike)
        return torch.stack(tuple(out))


class ByIndex(nn.Module):
    def __init__(self, tau=2.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1 / tau]).logit())
        self.fire = Atan()

    def forward(self, x):
        share = 1 / (1 + torch.exp(-self.w))
        v, out = 0 * x[0], []
        for t in range(x.shape[0]):
            h = (1 - share) * v + share * x[t]
            out += [self.fire(h - 1)]
            v = h - out[-1].detach() * h
        return torch.stack(out)
