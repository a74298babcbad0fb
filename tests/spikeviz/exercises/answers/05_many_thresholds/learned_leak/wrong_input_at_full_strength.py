# hint: the input comes in at full strength
import torch
from spikeatconv import Atan


class LearnedLeak(torch.nn.Module):
    """LIF neurons that share one learned leak. x: [T, ...] → spikes [T, ...]."""

    def __init__(self, tau=2.0):
        super().__init__()
        self.w = torch.nn.Parameter(-torch.tensor(tau - 1.0).log())
        self.fire = Atan()  # Θ forward, its slope backward

    def forward(self, x):
        leak = torch.sigmoid(self.w)
        v, spikes = torch.zeros_like(x[0]), []
        for x_t in x:
            h = x_t + v * (1 - leak)
            s = self.fire(h - 1.0)
            v = (1 - s.detach()) * h
            spikes.append(s)
        return torch.stack(spikes)
