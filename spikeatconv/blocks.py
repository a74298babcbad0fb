"""SPK blocks: what stands where a usual network has its activation (paper, "SPK Blocks").

Each takes and gives `[T, B, C, H, W]` and keeps C, so any block can stand in any place.
"""

from torch import Tensor, nn

from spikeatconv.neuron import LIF, check_real


class SL(nn.Module):
    """Single LIF: SL(x) = LIF(x). `[T, B, C, H, W]` → spikes of the same shape.

    channels: C. options: those of `LIF`.
    Raises ValueError for a wrong rank or number of channels.
    """

    def __init__(self, channels: int, **options) -> None:
        super().__init__()
        self.channels = channels
        self.lif = LIF(**options)

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        return self.lif(x)


def check_feature_map(x: Tensor, channels: int, block: nn.Module) -> None:
    """Raise unless x is a real tensor `[T, B, channels, H, W]`."""
    check_real(x, "x")
    if x.dim() != 5 or x.shape[2] != channels:
        raise ValueError(
            f"{type(block).__name__} got x of shape {list(x.shape)}; "
            f"expected [T, B, C, H, W] with C = {channels}"
        )


SPK_BLOCKS: dict[str, type[nn.Module]] = {"sl": SL}
