# hint: in the other order
from spikeatconv import LIF
from spikeatconv.conv import conv_norm


class ResidualLIF(torch.nn.Module):
    """[T, B, C, H, W] → the same shape."""

    def __init__(self, channels):
        super().__init__()
        self.first = LIF(v_threshold=1.0)
        self.second = LIF(v_threshold=0.6)
        self.project = conv_norm(2 * channels, channels)

    def forward(self, x):
        h = self.first(x)
        both = torch.cat([h, self.second(h)], dim=2)
        return self.project(both)
