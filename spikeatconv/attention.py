"""Attention on spikes: SISA and BDSA (paper, "Attention SpikeMerge Block"; Figure 3).

    SISA   Q, K, V = SPK(X W_Q), SPK(X W_K), SPK(X W_V) ; out = SPK(A(Q, K) · V)
    BDSA   S = SPK(X) ; Q = K = V = S                    ; out = SPK(A(S, S) · S)

A(Q, K) = softmax(Q Kᵀ / √d_k), or the plain scaled product [open choice R8]. Q, K, V and
the output are spikes, 0 or 1, with every SPK block.

BatchNorm stands before each SPK block [R10], also before the last one, and it has to: a
softmax row sums to 1, so A·V of binary V lies in [0, 1], and a neuron with τ = 2 and V_th = 1
that is fed at most 1 never fires.
"""

from collections.abc import Callable

from torch import Tensor, nn

from spikeatconv.blocks import check_feature_map, check_spk, spk_block
from spikeatconv.checks import MOST, check_bool, check_choice, check_real, check_whole
from spikeatconv.conv import conv_norm, norm_only
from spikeatconv.partition import PARTITIONS


class Attend(nn.Module):
    """A(Q, K) · V within each group of a partition, `heads` heads. No parameters.

    partition: "grid", "window" or "full". size: tokens per side of a group (not for "full").
    """

    def __init__(self, heads: int, partition: str = "grid", size: int = 7, softmax: bool = True):
        super().__init__()
        self.heads = check_whole(heads, "heads")
        self.partition = check_choice(partition, "partition", PARTITIONS)
        self.size = check_whole(size, "size", high=MOST["partition_size"])
        self.softmax = check_bool(softmax, "softmax")

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """q, k, v: `[T, B, C, H, W]` → A(Q, K)·V of the same shape."""
        check_qkv(self.heads, q=q, k=k, v=v)
        queries = self.tokens(q)  # in BDSA also the keys and values: one tensor, cut once
        keys = queries if k is q else self.tokens(k)
        out = self.weigh(queries, keys) @ (queries if v is q else self.tokens(v))
        merge = PARTITIONS[self.partition][1]
        out = merge(out.transpose(2, 3).flatten(3), self.size, (q.shape[-2], q.shape[-1]))
        return out.unflatten(0, q.shape[:2])

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        """The attention map A(Q, K), `[T·B, groups, heads, tokens, tokens]`."""
        check_qkv(self.heads, q=q, k=k)
        return self.weigh(self.tokens(q), self.tokens(k))

    def weigh(self, queries: Tensor, keys: Tensor) -> Tensor:
        """A(Q, K) of tokens, both `[..., tokens, d]` → `[..., tokens, tokens]`."""
        scores = queries @ keys.transpose(-2, -1) * queries.shape[-1] ** -0.5
        return scores.softmax(-1) if self.softmax else scores

    def tokens(self, x: Tensor) -> Tensor:
        """`[T, B, C, H, W]` → `[T·B, groups, heads, tokens, d]`, d = C / heads."""
        partition = PARTITIONS[self.partition][0]
        groups = partition(x.flatten(0, 1), self.size)
        groups = groups.unflatten(3, (self.heads, x.shape[2] // self.heads))
        return groups.transpose(2, 3).contiguous()  # once: else each product copies it

    def extra_repr(self) -> str:
        return (
            f"heads={self.heads}, partition={self.partition!r}, size={self.size}, "
            f"softmax={self.softmax}"
        )


class SpikeAttention(nn.Module):
    """What SISA and BDSA share: all but where Q, K and V come from.

    channels: C. heads: must divide C. partition, size, softmax: see `Attend`.
    spk: name of the SPK block, `options` are its options. spiking=False: GELU for each of them.
    `[T, B, C, H, W]` → spikes of the same shape.
    Raises ValueError for heads that do not divide C, for a map that `size` does not divide,
    for an unknown name.
    """

    input_names: tuple[str, ...]  # of the modules that give Q, K and V

    def __init__(
        self,
        channels: int,
        heads: int,
        partition: str = "grid",
        size: int = 7,
        softmax: bool = True,
        spk: str = "mbpl",
        spiking: bool = True,
        norm: str = "batch",
        **options,
    ) -> None:
        super().__init__()
        self.channels, heads = check_heads(channels, heads)
        check_spk(spk, options)

        def spikes() -> nn.Module:
            return spk_block(spk, channels, spiking, binary=True, **options)

        self.make_inputs(spikes, norm)
        self.attend = Attend(heads, partition, size, softmax)
        self.out = nn.Sequential(norm_only(channels, norm), spikes())

    def make_inputs(self, spikes: Callable[[], nn.Module], norm: str) -> None:
        """Make what gives Q, K and V; each call of `spikes` is an SPK block."""
        raise NotImplementedError


class SISA(SpikeAttention):
    """Three learned projections, each followed by an SPK block.

    The paper gives the letters only; "spike-in self-attention" is our reading of them.
    Arguments, shapes and errors as `SpikeAttention`.
    """

    input_names = ("q", "k", "v")

    def make_inputs(self, spikes: Callable[[], nn.Module], norm: str) -> None:
        c = self.channels
        self.q = nn.Sequential(conv_norm(c, c, norm=norm), spikes())
        self.k = nn.Sequential(conv_norm(c, c, norm=norm), spikes())
        self.v = nn.Sequential(conv_norm(c, c, norm=norm), spikes())

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        return self.out(self.attend(self.q(x), self.k(x), self.v(x)))


class BDSA(SpikeAttention):
    """The input's spikes are Q, K and V at once; no projections.

    The paper gives the letters only; "binary direct self-attention" is our reading of them. It
    says that at inference the features come "without additional computation". What is gone
    is the three projections: S depends on the image, so S Sᵀ and A·S are computed for each.
    S Sᵀ is symmetric, with each token's number of spikes on its diagonal, so half of its
    additions would do. Two products of half the size take a CPU longer than one, though;
    what it saves here is to cut one tensor into tokens instead of three.
    Arguments, shapes and errors as `SpikeAttention`.
    """

    input_names = ("s",)

    def make_inputs(self, spikes: Callable[[], nn.Module], norm: str) -> None:
        self.s = spikes()

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        s = self.s(x)
        return self.out(self.attend(s, s, s))


ATTENTIONS: dict[str, type[nn.Module]] = {"sisa": SISA, "bdsa": BDSA}


def check_heads(channels: int, heads: int) -> tuple[int, int]:
    """Both, as whole numbers of which the second divides the first."""
    channels = check_whole(channels, "channels", high=MOST["channels"])
    heads = check_whole(heads, "heads")
    if channels % heads:
        raise ValueError(
            f"heads is {heads} and channels is {channels}; give a number of heads "
            "that divides channels"
        )
    return channels, heads


def check_qkv(heads: int, **inputs: Tensor) -> None:
    """Raise unless q, k (and v) are real tensors `[T, B, C, H, W]` of one shape, heads divide C."""
    for name, x in inputs.items():
        check_real(x, name)
        if x.dim() != 5 or x.shape[2] % heads:
            raise ValueError(
                f"{name} has shape {list(x.shape)}; give [T, B, C, H, W] with a C that "
                f"{heads} heads divide"
            )
    shapes = {name: list(x.shape) for name, x in inputs.items()}
    if any(shape != shapes["q"] for shape in shapes.values()):
        raise ValueError(f"q, k and v differ in shape, {shapes}; give all the same [T, B, C, H, W]")
    types = {name: x.dtype for name, x in inputs.items()}
    if len(set(types.values())) > 1:
        raise TypeError(f"q, k and v differ in type, {types}; give all the same, such as .float()")
