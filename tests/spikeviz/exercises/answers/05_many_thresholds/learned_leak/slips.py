"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import math

import torch
from torch import nn

from spikeatconv import LIF, Atan, Sigmoid


class _Right(nn.Module):
    def __init__(self, tau=2.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(-math.log(tau - 1)))
        self.fire = Atan()

    def charge(self, x_t, v):
        return v + (x_t - v) * torch.sigmoid(self.w)

    def reset(self, h, s):
        return (1 - s.detach()) * h

    def forward(self, x):
        v, spikes = torch.zeros_like(x[0]), []
        for x_t in x:
            h = self.charge(x_t, v)
            s = self.fire(h - 1.0)
            v = self.reset(h, s)
            spikes.append(s)
        return torch.stack(spikes)


class _StartAt(_Right):
    def __init__(self, tau=2.0):
        super().__init__(tau)
        self.w = nn.Parameter(self.start(tau))


class Tanh(_Right):
    """hint: Work this step out by hand"""

    def charge(self, x_t, v):
        return v + (x_t - v) * (1 + torch.tanh(self.w)) / 2


class Clamped(_Right):
    def charge(self, x_t, v):
        return v + (x_t - v) * torch.sigmoid(self.w).clamp(0.1, 0.9)


class Softplus(_Right):
    def charge(self, x_t, v):
        return v + (x_t - v) / (1 + nn.functional.softplus(self.w))


class TwoOfThem(_Right):
    def charge(self, x_t, v):
        k = torch.sigmoid(self.w)
        return v + (x_t - v) * k * k


class SharesChanged(_Right):
    """hint: Your neurons keep what they should lose"""

    def charge(self, x_t, v):
        k = torch.sigmoid(self.w)
        return k * v + (1 - k) * x_t


class LogOfTau(_StartAt):
    """hint: Solve 1/τ"""

    def start(self, tau):
        return torch.tensor(math.log(tau))


class Many(_StartAt):
    """hint: All neurons of the layer share one"""

    def start(self, tau):
        return torch.full((5,), -math.log(tau - 1))


class WholeNumber(_StartAt):
    """hint: those have no gradient"""

    def start(self, tau):
        return torch.tensor(0)


class LogOfNegative(_StartAt):
    """hint: no finite number"""

    def start(self, tau):
        return torch.tensor(1.0 - tau).log()


class Frozen(_Right):
    """hint: asks for no gradient"""

    def __init__(self, tau=2.0):
        super().__init__(tau)
        self.w.requires_grad_(False)


class OtherName(_Right):
    """hint: has no `self.w`"""

    def __init__(self, tau=2.0):
        super().__init__(tau)
        del self.w
        self.weight = nn.Parameter(torch.tensor(-math.log(tau - 1)))


class ThresholdOfHalf(_Right):
    def forward(self, x):
        return super().forward(2 * x)


class SoftReset(_Right):
    """hint: the soft reset"""

    def reset(self, h, s):
        return h - s.detach()


class AlwaysReset(_Right):
    """hint: or V is 0 after a step without a spike"""

    def reset(self, h, s):
        return torch.zeros_like(h)


class Silent(_Right):
    """hint: never fire"""

    def forward(self, x):
        return super().forward(0 * x)


class SlopeOfTheSigmoid(_Right):
    """hint: the slope is the Sigmoid's"""

    def __init__(self, tau=2.0):
        super().__init__(tau)
        self.fire = Sigmoid()


class WideSlope(_Right):
    """hint: the gradients are not"""

    def __init__(self, tau=2.0):
        super().__init__(tau)
        self.fire = Atan(alpha=1.0)


class HardStep(_Right):
    """hint: they cannot be trained"""

    def __init__(self, tau=2.0):
        super().__init__(tau)
        self.fire = lambda u: (u >= 0).float()


class ByLIF(_Right):
    """hint: no gradient comes back to w"""

    def forward(self, x):
        return LIF(tau=1 + math.exp(-self.w.item()))(x)


class NoGradientToX(_Right):
    """hint: no gradient comes back to x"""

    def forward(self, x):
        return super().forward(x.detach())


class HalfOfTheWay(_Right):
    """hint: Is a part of the way from w cut off"""

    def charge(self, x_t, v):
        k = torch.sigmoid(self.w)
        return v - v * k + x_t * k.detach()


class Remembers(_Right):
    """hint: Start each call with V = 0"""

    def forward(self, x):
        first = torch.equal(x, getattr(self, "last", x + 1))
        self.last = x.clone()
        return super().forward(x + 0.5 * first)


class KeepsV(_Right):
    def forward(self, x):
        v, spikes = getattr(self, "v", torch.zeros_like(x[0])), []
        for x_t in x:
            h = self.charge(x_t, v)
            s = self.fire(h - 1.0)
            v = self.reset(h, s)
            spikes.append(s)
        self.v = v.detach()
        return torch.stack(spikes)


class InPlace(_Right):
    """hint: changes the input"""

    def forward(self, x):
        spikes = super().forward(x)
        x *= 2
        return spikes


class AList(_Right):
    """hint: your layer gives list"""

    def forward(self, x):
        return list(super().forward(x))


class LastAxis(_Right):
    def forward(self, x):
        return super().forward(x.movedim(-1, 0)).movedim(0, -1)


class Bare(nn.Module):
    """hint: Keep the lines that start with `def`"""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(0.0))
