"""SPK blocks: what stands where a usual network has its activation (paper, "SPK Blocks").

Each takes and gives `[T, B, C, H, W]` and keeps C, so any block can stand in any place.
The paper spells out the name of MBPL only; the others' long names are ours.
The options of every block are those of `LIF` (tau, v_threshold, surrogate, …).
"""

import inspect
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from spikeatconv.checks import (
    MOST,
    check_bool,
    check_choice,
    check_fits,
    check_kind,
    check_names,
    check_number,
    check_numbers,
    check_real,
    check_whole,
    naming,
)
from spikeatconv.conv import OverTime, conv_norm
from spikeatconv.neuron import LIF, LIFSum

READOUTS = ("membrane", "spike")
MBPL_READOUTS = (*READOUTS, "sum")
LIF_OPTIONS = tuple(inspect.signature(LIF).parameters)


class SL(nn.Module):
    """Single LIF: SL(x) = LIF(x). `[T, B, C, H, W]` → spikes of the same shape.

    channels: C. options: those of `LIF`.
    Raises ValueError for a wrong rank or number of channels.
    """

    def __init__(self, channels: int, **options) -> None:
        super().__init__()
        self.channels = check_whole(channels, "channels", high=MOST["channels"])
        check_options(SL, options)
        self.lif = LIF(**options)

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        return self.lif(x)


class RL(nn.Module):
    """Residual LIF: h = LIF₁(x) ; RL(x) = Concat(LIF₂(h), h), 2C channels.

    project: a 1×1 convolution brings 2C back to C, as real values [open choice R3]; False is
        the paper's 2C.
    readout: "membrane" gives the convolution's output, "spike" sends it through one more LIF.
    second_threshold: V_th of LIF₂. Its input is 0 or 1, so with τ = 2 its membrane stays below
        1 − 2^−T and a threshold of 1 would never be reached. 0.6 asks for two spikes close in
        time (our choice; so LIF₂ is silent at T = 1).
    Otherwise as `SL`.
    """

    def __init__(
        self,
        channels: int,
        project: bool = True,
        readout: str = "membrane",
        second_threshold: float = 0.6,
        **options,
    ) -> None:
        super().__init__()
        channels = self.channels = check_whole(channels, "channels", high=MOST["channels"])
        check_options(RL, options)
        check_choice(readout, "readout", READOUTS)
        if not check_bool(project, "project") and readout == "spike":
            raise ValueError(
                'readout is "spike" with project=False, whose output is spikes already; '
                'leave readout at "membrane" or set project=True'
            )
        second_threshold = check_number(second_threshold, "second_threshold")
        self.first = LIF(**options)
        with naming("v_threshold", "second_threshold"):
            self.second = LIF(**{**options, "v_threshold": second_threshold})
        self.project = conv_norm(2 * channels, channels) if project else nn.Identity()
        self.closing = LIF(**options) if readout == "spike" else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        h = self.first(x)
        return self.closing(self.project(torch.cat([self.second(h), h], dim=2)))


class MBPL(nn.Module):
    """Multi-branch parallel LIF: n LIF neurons over one input, then M, which plays the membrane.

    S = Σᵢ LIF(x; V_th,i), 0 … n. What the block sends [open choice R6]:

        "membrane"            M(S)                     real values: Σᵢ M(LIF(x; V_th,i))
        "spike"               LIF(x + M(S))            0 or 1
        "sum"                 Σᵢ LIF(x + M(S); V_th,i) 0 … n: n binary trains on one wire
        "sum", mixer=False    S                        0 … n

    thresholds: V_th,i, one branch each [open choice R5].
    mlp_ratio: M is a 7×7 depthwise convolution and BatchNorm; linear, so it is evaluated once,
        on the sum of the spike trains. Above 0, an inverted bottleneck of that width follows
        (1×1, GELU, 1×1), and M is evaluated for each branch [R4].
    shared: one M for all branches, or (False) one each [R4].
    mixer: False leaves M out, which is possible where the block sends a sum.
    residual: what fires behind M sees x + M(S) (so that a gradient need not pass two surrogates
        in a row, our choice), or (False) M(S) alone.
    closing: options of what fires behind M, over those of the branches.
    Otherwise as `SL`; `v_threshold` is for the closing LIF of "spike" only.
    """

    def __init__(
        self,
        channels: int,
        thresholds: Sequence[float] = (0.5, 1.0, 1.5, 2.0),
        mlp_ratio: float = 0,
        readout: str = "membrane",
        shared: bool = True,
        mixer: bool = True,
        residual: bool = True,
        closing: Mapping | None = None,
        **options,
    ) -> None:
        super().__init__()
        channels = self.channels = check_whole(channels, "channels", high=MOST["channels"])
        check_options(MBPL, options)
        check_choice(readout, "readout", MBPL_READOUTS)
        if not check_bool(mixer, "mixer"):
            check_without_mixer(
                readout=(readout, "sum"), mlp_ratio=(mlp_ratio, 0), shared=(shared, True),
                residual=(residual, True), closing=(closing, None),
            )  # fmt: skip
        if not 0 <= (mlp_ratio := check_number(mlp_ratio, "mlp_ratio")) <= MOST["expansion"]:
            raise ValueError(
                f"mlp_ratio is {mlp_ratio}; give a number from 0 (no bottleneck) "
                f"to {MOST['expansion']}, such as 4"
            )
        branch_options = {k: v for k, v in options.items() if k != "v_threshold"}
        self.branches = LIFSum(thresholds, **branch_options)
        copies = 1 if check_bool(shared, "shared") else len(self.branches)
        self.mixers = nn.ModuleList(
            make_mixer(channels, mlp_ratio) for _ in range(copies if mixer else 0)
        )
        self.once = shared and mlp_ratio == 0  # linear: M of the sum is the sum of M
        self.residual = check_bool(residual, "residual")
        check_kind(closing, "closing", Mapping | None, "a dict, such as {'tau': 1.0}")
        check_names(closing or {}, LIF_OPTIONS, "closing of MBPL")
        one = LIF(**{**options, **(closing or {})})
        self.closing: nn.Module | None = None
        if readout == "spike":
            self.closing = one
        elif readout == "sum" and mixer:
            self.closing = LIFSum(thresholds, **{**branch_options, **(closing or {})})

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        if not self.mixers:
            return self.branches(x)
        membrane = self.mix(x)
        if self.closing is None:
            return membrane
        return self.closing(x + membrane if self.residual else membrane)

    def mix(self, x: Tensor) -> Tensor:
        """Σᵢ M(LIF(x; V_th,i))."""
        if self.once:
            return self.mixers[0](self.branches(x))
        mixers = list(self.mixers) * (len(self.branches) // len(self.mixers))
        return sum(m(lif(x)) for m, lif in zip(mixers, self.branches, strict=True))


def check_without_mixer(**given: tuple) -> None:
    """Raise for an option of MBPL, (as it is, as it has to be), that means nothing without M."""
    for name, (value, needed) in given.items():
        if value != needed:
            raise ValueError(
                f"{name} is {value!r} with mixer=False, which leaves out what it is about; "
                f"set mixer=True or {name}={needed!r}"
            )


def make_mixer(channels: int, mlp_ratio: float = 0) -> OverTime:
    """M of MBPL, a ConvNeXt-style mixer: `[T, B, C, H, W]` → same shape."""
    mix = conv_norm(channels, channels, 7, groups=channels)
    if mlp_ratio:
        hidden = max(1, round(mlp_ratio * channels))
        mix.extend([nn.Conv2d(channels, hidden, 1), nn.GELU(), nn.Conv2d(hidden, channels, 1)])
    return mix


class HSL(nn.Module):
    """Half-split LIF: HSL(x) = Concat(LIF(x₁; τ₁), LIF(x₂; τ₂)), the two halves of the channels.

    taus: τ₁, τ₂ in time steps [open choice R7]. An odd channel goes to the second half.
    Otherwise as `SL`; needs C ≥ 2.
    """

    def __init__(self, channels: int, taus: Sequence[float] = (2.0, 4.0), **options) -> None:
        super().__init__()
        self.channels = check_halves(channels, self)
        check_options(HSL, options)
        taus = check_numbers(taus, "taus", 2)  # one for each half of C
        self.lifs = nn.ModuleList()
        for number, tau in enumerate(taus):
            with naming("tau", f"taus[{number}]"):
                self.lifs.append(LIF(**{**options, "tau": tau}))

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        x1, x2 = x[:, :, : self.channels // 2], x[:, :, self.channels // 2 :]
        return torch.cat([self.lifs[0](x1), self.lifs[1](x2)], dim=2)


class DCL(nn.Module):
    """Dual-convolution LIF: DCL(x) = Concat(LIF(Conv3×3(x)), LIF(Conv5×5(x))), each C → C/2.

    BatchNorm follows each convolution [open choice R10]. An odd channel goes to the second.
    Otherwise as `SL`; needs C ≥ 2.
    """

    def __init__(self, channels: int, norm: str = "batch", **options) -> None:
        super().__init__()
        channels = self.channels = check_halves(channels, self)
        check_options(DCL, options)
        half = channels // 2
        self.fine = nn.Sequential(conv_norm(channels, half, 3, norm=norm), LIF(**options))
        self.wide = nn.Sequential(
            conv_norm(channels, channels - half, 5, norm=norm), LIF(**options)
        )

    def forward(self, x: Tensor) -> Tensor:
        check_feature_map(x, self.channels, self)
        return torch.cat([self.fine(x), self.wide(x)], dim=2)


SPK_BLOCKS: dict[str, type[nn.Module]] = {"sl": SL, "rl": RL, "mbpl": MBPL, "hsl": HSL, "dcl": DCL}
REAL_BY_DEFAULT = ("rl", "mbpl")  # their output is 0 or 1 with readout="spike" alone


def spk_block(
    spk: str, channels: int, spiking: bool = True, binary: bool = False, **options
) -> nn.Module:
    """The SPK block of that name; GELU in a non-spiking twin.

    binary: its output has to be spikes (Q, K, V and what attention gives), so RL and MBPL
    read out "spike" whatever the options say; an MBPL without a mixer is one LIF then, SL.
    """
    block = check_spk(spk, options)
    if not check_bool(spiking, "spiking"):
        check_block(spk, channels, options)
        return nn.GELU()
    if check_bool(binary, "binary") and spk in REAL_BY_DEFAULT:
        if options.get("mixer", True):
            options = {**options, "readout": "spike"}
        else:
            block, options = SL, {k: v for k, v in options.items() if k in LIF_OPTIONS}
    return block(channels, **options)


def check_spk(spk: str, options: Mapping) -> type[nn.Module]:
    """The SPK block of that name; raises for another one, and for options that it has not."""
    block = SPK_BLOCKS[check_choice(spk, "spk", SPK_BLOCKS)]
    check_options(block, options)
    return block


def check_block(spk: str, channels: int, options: Mapping) -> None:
    """Raise unless this SPK block can be made; it is, without values."""
    block = check_spk(spk, options)
    with torch.device("meta"):
        block(channels, **options)


def check_options(block: type[nn.Module], options: Mapping) -> None:
    """Raise TypeError for an option that the block does not have; it names the nearest."""
    own = [name for name in inspect.signature(block).parameters if name != "channels"]
    known = [name for name in own if name != "options"]
    known += [name for name in LIF_OPTIONS if f"{name}s" not in own]  # HSL has taus for tau
    check_names(options, known, block.__name__)


def check_halves(channels: int, block: nn.Module) -> int:
    if (channels := check_whole(channels, "channels", high=MOST["channels"])) < 2:
        raise ValueError(
            f"{type(block).__name__} got channels={channels}; it halves C, give 2 or more"
        )
    return channels


def check_feature_map(x: Tensor, channels: int, block: nn.Module) -> None:
    """Raise unless x is a real tensor `[T, B, channels, H, W]`."""
    check_real(x, "x")
    if x.dim() != 5 or x.shape[2] != channels or not len(x):
        raise ValueError(
            f"{type(block).__name__} got x of shape {list(x.shape)}; "
            f"give [T, B, C, H, W] with T of 1 or more and C = {channels}"
        )
    check_fits(x, "x", block)
