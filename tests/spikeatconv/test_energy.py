"""The energy estimate: counted by hand on small nets, and FLOPs against torch's own counter."""

import pytest
import torch
from pandas.testing import assert_frame_equal
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from spikeatconv.attention import Attend
from spikeatconv.blocks import MBPL, RL
from spikeatconv.chains import fan_in
from spikeatconv.conv import OverTime, fold
from spikeatconv.energy import count_flops, energy_report, report
from spikeatconv.model import SpikeAtConv, preset
from spikeatconv.neuron import LIF, LIFSum
from spikeatconv.resnet import SpikingResNet18

MAC, ADD = 4.6e-9, 0.9e-9  # mJ, the paper's numbers
MEMBRANE = {"readout": "membrane"}  # of MBPL


def copying(channels: int = 1, stride: int = 1) -> OverTime:
    """A 1×1 convolution that hands its input on."""
    conv = nn.Conv2d(channels, channels, 1, stride, groups=channels, bias=False)
    nn.init.ones_(conv.weight)
    return OverTime(conv)


def fires_from(threshold: float) -> LIF:
    """With τ = 1 and no memory: a spike wherever the input reaches the threshold."""
    return LIF(tau=1.0, v_threshold=threshold)


def conv_lif_conv() -> nn.Sequential:
    return nn.Sequential(copying(), fires_from(1.0), OverTime(nn.Conv2d(1, 2, 3, padding=1)))


def frames(*ones: int) -> Tensor:
    """`[T, 1, 1, 4, 4]`, the first `ones[t]` pixels of frame t are 1, the others 0.25."""
    x = torch.full((len(ones), 1, 1, 16), 0.25)
    for t, number in enumerate(ones):
        x[t, :, :, :number] = 1.0
    return x.unflatten(-1, (4, 4))


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def small(**changes) -> SpikeAtConv:
    torch.manual_seed(0)
    options = {"widths": (8, 16), "depths": (1, 1), "partition_size": 2, "time_steps": 2}
    return SpikeAtConv(preset("micro", **{**options, **changes}))


def lively(model: nn.Module, images: Tensor) -> nn.Module:
    """The model with the BatchNorm statistics of these images, so that its neurons fire."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(images)
    return model


# --- by hand --------------------------------------------------------------------------------


def test_convolutions_by_hand():
    report = energy_report(conv_lif_conv(), frames(3, 1))
    first, second = report.layers.to_dict("records")
    assert (first["flops"], first["passes"], first["input"]) == (16, 2, "image")
    assert (second["flops"], second["passes"], second["input"]) == (9 * 16 * 2, 2, "binary")
    assert first["rate"] != first["rate"]  # NaN
    assert second["rate"] == 4 / 32
    assert first["snn_mj"] == pytest.approx(2 * 16 * MAC)
    assert second["snn_mj"] == pytest.approx(2 * 288 * ADD / 8)
    assert report.snn_mj == pytest.approx(2 * 16 * MAC + 2 * 288 * ADD / 8)
    assert report.ann_mj == pytest.approx((16 + 288) * MAC)
    assert report.time_steps == 2


def test_a_still_image_passes_the_first_convolution_once():
    class Still(nn.Sequential):
        def forward(self, images: Tensor) -> Tensor:
            return self[2](self[1](self[0](images.unsqueeze(0)).expand(3, -1, -1, -1, -1)))

    report = energy_report(Still(*conv_lif_conv()), frames(4)[0])
    assert report.layers.passes.tolist() == [1, 3]
    assert report.snn_mj == pytest.approx(16 * MAC + 3 * 288 * ADD / 4)
    assert report.time_steps == 3


def test_linear_layer_by_hand():
    net = nn.Sequential(copying(), fires_from(1.0), nn.Flatten(2), nn.Linear(16, 10))
    layer = energy_report(net, frames(8, 4, 2, 2)).layers.iloc[1]
    assert (layer.kind, layer.flops, layer.passes, layer.rate) == ("linear", 160, 4, 16 / 64)
    assert layer.snn_mj == pytest.approx(4 * 160 * ADD / 4)
    assert layer.ann_mj == pytest.approx(160 * MAC)


def test_a_linear_layer_at_many_positions():
    net = nn.Sequential(nn.Flatten(3), nn.Linear(16, 10))  # [T, B, 3, 16] → [T, B, 3, 10]
    layer = energy_report(net, noise(4, 2, 3, 4, 4)).layers.iloc[0]
    assert (layer.flops, layer.passes, layer.input) == (3 * 16 * 10, 4, "real")
    assert layer.snn_mj == pytest.approx(4 * 480 * MAC)


def test_grouped_and_strided_convolutions():
    depthwise = nn.Conv2d(8, 8, 7, stride=2, padding=3, groups=8)
    halves = nn.Conv2d(8, 6, 3, padding=1, groups=2)
    table = count_flops(nn.Sequential(depthwise, halves), (8, 16, 16))
    assert table.flops.tolist() == [49 * 64 * 8, 9 * 64 * 4 * 6]


def test_the_mixer_of_mbpl_costs_additions_and_what_follows_its_membrane_macs():
    net = nn.Sequential(
        copying(2),
        MBPL(2, thresholds=(0.5, 1.0, 1.5), tau=1.0),
        OverTime(nn.Conv2d(2, 4, 1)),
    )
    x = torch.zeros(2, 1, 2, 4, 4)
    x[0, 0, 0] = 0.5  # reaches one threshold
    x[1, 0, 0] = 1.0  # two
    x[1, 0, 1, 0] = 2.0  # all three, at 4 pixels
    _, mixer, after = energy_report(net, x).layers.to_dict("records")
    rates = (16 + 16 + 4) / 64 + (16 + 4) / 64 + 4 / 64  # R₁ + R₂ + R₃
    assert (mixer["input"], mixer["rate"], mixer["flops"]) == ("spike sum", rates, 49 * 16 * 2)
    assert mixer["snn_mj"] == pytest.approx(ADD * 2 * rates * 49 * 16 * 2)
    assert mixer["ann_mj"] == 0  # the twin has GELU there
    assert (after["input"], after["flops"]) == ("real", 16 * 2 * 4)
    assert after["snn_mj"] == pytest.approx(MAC * 2 * 128)
    assert after["ann_mj"] == pytest.approx(MAC * 128)


def test_a_mixer_that_runs_for_each_branch():
    net = nn.Sequential(copying(), MBPL(1, thresholds=(0.2, 1.0, 2.0), tau=1.0, mlp_ratio=2))
    report = energy_report(net, frames(8, 4))
    depthwise = report.layers.iloc[1]
    assert (depthwise.input, depthwise.passes) == ("binary", 3 * 2)  # 3 branches, T = 2
    assert depthwise.rate == (32 + 12 + 0) / (3 * 32)
    assert depthwise.snn_mj == pytest.approx(ADD * 2 * (1 + 12 / 32) * 49 * 16)
    assert report.time_steps == 2
    assert report.ann_mj == pytest.approx(MAC * 16)


class AttentionOnly(nn.Module):
    """The image's channels are Q, K and V."""

    def __init__(self) -> None:
        super().__init__()
        self.attend = Attend(heads=2, partition="window", size=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(*x.chunk(3, dim=2))


@pytest.mark.parametrize("real", ["nothing", "q", "k", "v"])
def test_attention_by_hand(real: str):
    x = torch.zeros(2, 1, 3, 4, 4, 4)  # T, B, (Q, K, V), C, H, W
    x[:, :, 0, 0] = 1  # rate of Q: 1/4
    x[:, :, 1] = 1
    x[:, :, 2, :2] = 1  # rate of V: 1/2
    if real != "nothing":
        x[:, :, "qkv".index(real), 3, 3, 3] = 0.5
    qk, av = energy_report(AttentionOnly(), x.flatten(2, 3)).layers.to_dict("records")
    flops = 2 * 4 * 4**2 * 2  # heads · groups · tokens² · d
    assert (qk["kind"], av["kind"]) == ("attention QK", "attention AV")
    assert (qk["flops"], av["flops"], qk["passes"]) == (flops, flops, 2)
    assert qk["snn_mj"] == pytest.approx(2 * flops * (MAC if real in "qk" else ADD / 4))
    assert av["snn_mj"] == pytest.approx(2 * flops * (MAC if real == "v" else ADD / 2))
    assert qk["ann_mj"] == av["ann_mj"] == pytest.approx(flops * MAC)


@pytest.mark.parametrize(
    ("values", "kind"),
    [([0, 1, 1], "binary"), ([0, 1, 3], "spike sum"), ([0, 1, -1], "real"), ([0, 1, 1.5], "real")],
)
def test_what_an_input_is_by_its_values(values: list[float], kind: str):
    x = torch.tensor(values, dtype=torch.float32).view(1, 1, 1, 1, 3)
    net = nn.Sequential(nn.Flatten(2), nn.Linear(3, 1))
    assert energy_report(net, x).layers.input.tolist() == [kind]


def test_one_average_rate_for_all_layers_that_spikes_feed():
    net = nn.Sequential(
        copying(), fires_from(1.0), copying(stride=2), fires_from(1.0), nn.Flatten(2),
        nn.Linear(4, 5),
    )  # fmt: skip
    by_layer = energy_report(net, frames(5)).layers
    # Of 16 pixels 0 to 4 fire, and 0 and 2 of these are among the 4 that stride 2 keeps.
    assert by_layer.rate.tolist()[1:] == [5 / 16, 2 / 4]
    average = energy_report(net, frames(5), rates="average")
    assert average.layers.rate.tolist()[1:] == [7 / 20, 7 / 20]
    assert average.snn_mj == pytest.approx(16 * MAC + (4 + 20) * ADD * 7 / 20)
    assert average.ann_mj == pytest.approx((16 + 4 + 20) * MAC)


@pytest.mark.parametrize(
    ("time", "ones", "pays"),
    [(1, 16, True), (5, 16, True), (6, 16, False), (8, 8, True), (8, 12, False), (16, 5, True)],
)
def test_spikes_pay_where_the_paper_says(time: int, ones: int, pays: bool):
    layer = energy_report(conv_lif_conv(), frames(*[ones] * time)).layers.iloc[1]
    assert (layer.snn_mj < layer.ann_mj) == (0.9 * time * ones / 16 < 4.6)
    assert (layer.snn_mj < layer.ann_mj) == pays


# --- pieces, copies, sums -------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [10**30, 1, 2, 3, 100])
def test_each_image_weighs_the_same_whatever_the_pieces(batch_size: int):
    images = torch.cat([frames(16, 16), frames(16, 0), frames(0, 0), frames(0, 0), frames(1, 3)], 1)
    report = energy_report(conv_lif_conv(), images, batch_size=batch_size)
    assert report.layers.rate[1] == 52 / (5 * 32)
    assert_frame_equal(
        report.layers, energy_report(conv_lif_conv(), images).layers, check_exact=True
    )


def test_the_pieces_of_a_network():
    images = noise(5, 3, 32, 32)
    model = lively(small(), images)
    whole, pieces = (energy_report(model, images, batch_size=n) for n in (5, 2))
    assert (whole.layers.rate.dropna() > 0).mean() > 0.9
    assert_frame_equal(whole.layers, pieces.layers, check_exact=False, rtol=1e-3)  # it rounds


def test_totals_passes_and_columns():
    images = noise(3, 3, 32, 32)
    report = energy_report(lively(small(spk_options=MEMBRANE), images), images)
    layers = report.layers
    assert list(layers) == [
        "layer", "kind", "flops", "input", "rate", "passes", "snn_mj", "ann_mj"
    ]  # fmt: skip
    assert report.snn_mj == pytest.approx(sum(layers.snn_mj))
    assert report.ann_mj == pytest.approx(sum(layers.ann_mj))
    assert report.time_steps == 2
    assert layers.passes.tolist() == [1] + [2] * (len(layers) - 1)  # a still image
    assert set(layers.input[layers.layer.str.contains("mixers")]) <= {"binary", "spike sum"}
    assert "mJ at T = 2" in repr(report)
    assert "<table" in report._repr_html_()


def test_in_an_sl_network_only_the_head_and_what_attention_gives_is_real():
    images = noise(3, 3, 32, 32)
    layers = energy_report(lively(small(spk="sl"), images), images).layers
    real = layers.layer[layers.input == "real"].tolist()
    assert real == [
        "stages.0.1.attention.1.out.0.0", "stages.1.1.attention.1.out.0.0", "head"
    ]  # fmt: skip


def test_frames_pass_the_stem_at_each_time_step():
    report = energy_report(small(), noise(2, 3, 3, 32, 32))
    assert set(report.layers.passes) == {2}
    assert report.layers.snn_mj[0] == pytest.approx(2 * 9 * 16 * 16 * 3 * 8 * MAC)


def test_a_folded_model_can_be_asked_again():
    images = noise(2, 3, 32, 32)
    model = lively(small(), images)
    folded = fold(model)
    for some in (images, images[:1], images):
        assert_frame_equal(
            report(folded, some).layers, energy_report(model, some).layers, check_exact=True
        )
    assert not any(module._forward_hooks for module in folded.modules())


def test_the_model_stays_as_it_is():
    model = small()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    energy_report(model, noise(1, 3, 32, 32))
    count_flops(model, (3, 32, 32))
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())
    assert before.keys() == model.state_dict().keys()
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_folded_model_gives_the_same():
    images = noise(2, 3, 32, 32)
    model = lively(small(), images)
    whole, folded = energy_report(model, images), energy_report(fold(model), images)
    assert_frame_equal(whole.layers, folded.layers)


# --- three ways of counting -----------------------------------------------------------------


def mixer_and(convs: nn.Module, ones: int) -> tuple[nn.Module, Tensor]:
    """An MBPL with membrane readout in front of some convolutions, and an image of 32 values of
    which so many fire."""
    net = nn.Sequential(copying(2), MBPL(2, thresholds=(1.0, 9.0), tau=1.0), OverTime(convs))
    return net, frames(*[ones] * 2).repeat(1, 1, 2, 1, 1)


def merged(net: nn.Module, images: Tensor) -> list[dict]:
    return energy_report(net, images, counting="merged").layers.to_dict("records")


@pytest.mark.parametrize("ones", [1, 2, 3, 16])
def test_a_mixer_and_the_convolution_behind_it_as_one(ones: int):
    net, x = mixer_and(nn.Conv2d(2, 4, 1), ones)
    _, mixer, after = merged(net, x)
    rate = ones / 16
    apart = ADD * rate * 49 * 32 + MAC * 32 * 4  # 7×7 depthwise, then 1×1 on real values
    as_one = ADD * rate * 49 * 32 * 4  # a dense 7×7
    if ones < 3:
        assert (mixer["input"], mixer["flops"], mixer["snn_mj"]) == ("merged", 0, 0)
        assert (after["input"], after["rate"], after["flops"]) == ("binary", rate, 49 * 32 * 4)
    else:
        assert (after["input"], after["flops"]) == ("real", 32 * 4)
    assert mixer["snn_mj"] + after["snn_mj"] == pytest.approx(2 * min(apart, as_one))
    assert (mixer["ann_mj"], after["ann_mj"]) == (0, pytest.approx(MAC * 32 * 4))


@pytest.mark.parametrize(
    ("size", "stride", "wide", "pixels"), [(3, 1, 9, 16), (3, 2, 9, 4), (7, 1, 13, 16)]
)
def test_kernels_add_up_when_convolutions_are_merged(size, stride, wide, pixels):
    net, x = mixer_and(nn.Conv2d(2, 2, size, stride, size // 2, groups=2), 1)
    *_, after = merged(net, x)  # depthwise stays depthwise
    assert (after["input"], after["flops"]) == ("binary", wide**2 * pixels * 2)


def test_three_convolutions_as_one():
    """Neuron, 1×1, depthwise, 1×1, the RepConv of Spike-driven Transformer V2: a dense 3×3."""
    chain = (nn.Conv2d(2, 6, 1), nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.Conv2d(6, 5, 1))
    x = frames(4).repeat(1, 1, 2, 1, 1)
    net = nn.Sequential(copying(2), fires_from(1.0), *map(OverTime, chain))
    _, first, second, third = merged(net, x)
    assert [row["input"] for row in (first, second, third)] == ["merged", "merged", "binary"]
    assert third["flops"] == 9 * 16 * 2 * 5
    assert third["snn_mj"] == pytest.approx(ADD / 4 * 9 * 16 * 2 * 5)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("groups", [(1, 1), (6, 1), (1, 6), (6, 6), (2, 6), (6, 2)])
def test_the_inputs_of_a_merged_convolution_are_those_of_its_gradient(stride, dilation, groups):
    first = nn.Conv2d(6, 12, 3, stride, groups=groups[0], bias=False)
    second = nn.Conv2d(12, 6, (2, 3), 2, dilation=dilation, groups=groups[1], bias=False)
    for conv in (first, second):
        nn.init.ones_(conv.weight)  # so that nothing cancels
    x = torch.zeros(1, 6, 40, 40, requires_grad=True)
    second(first(x))[0, 3, 1, 1].backward()
    assert fan_in([first, second]) == x.grad.count_nonzero()


class Wired(nn.Module):
    """Spikes → first → second, and something else besides."""

    def __init__(self, wire) -> None:
        super().__init__()
        self.wire, self.lif = wire, fires_from(1.0)
        self.zeroth, self.first, self.second, self.third = (copying() for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.wire(self, self.lif(self.zeroth(x)))


ZERO = torch.zeros(1)
WIRES = {  # what the layers first and second are fed with, merged if cheaper
    "a chain": (lambda net, s: net.second(net.first(s)) + 0, ["merged", "binary"]),
    "Identity, Dropout": (
        lambda net, s: net.second(nn.Dropout().eval()(nn.Identity()(net.first(s)))) + 0,
        ["merged", "binary"],
    ),
    "a neuron": (lambda net, s: net.second(net.lif(net.first(s))), ["binary", "binary"]),
    "GELU": (lambda net, s: net.second(nn.functional.gelu(net.first(s))), ["binary", "real"]),
    "an addition": (lambda net, s: net.second(net.first(s) + 0), ["binary", "real"]),
    "in place": (lambda net, s: net.second(net.first(s).mul_(2)), ["binary", "spike sum"]),
    "pooling": (
        lambda net, s: net.second(OverTime(nn.AvgPool2d(2))(net.first(s))), ["binary", "real"],
    ),
    "pixels as channels": (
        lambda net, s: net.second(net.first(s).view(1, 1, 1, 2, 8)), ["binary", "real"],
    ),
    "turned": (lambda net, s: net.second(net.first(s).mT), ["binary", "real"]),
    "also the output": (
        lambda net, s: (y := net.first(s), net.second(y))[0] + 0 * net.second(y),
        ["binary", "binary"],
    ),
    "a residual": (lambda net, s: (y := net.first(s)) + net.second(y), ["binary", "binary"]),
    "a second run elsewhere": (
        lambda net, s: net.second(net.first(s)) + net.second(s), ["binary", "real"],
    ),
    "nobody behind it": (lambda net, s: net.second(s) + net.first(s), ["binary", "binary"]),
}  # fmt: skip


@pytest.mark.parametrize("wire", WIRES)
def test_what_is_a_chain(wire: str):
    act, expected = WIRES[wire]
    net = Wired(act)
    net.first[0].weight.data.fill_(1.5 if "real" in expected else 1.0)
    for frozen in (False, True):
        net.requires_grad_(not frozen)
        rows = {row["layer"]: row for row in merged(net, frames(1))}
        assert [rows[name]["input"] for name in ("first.0", "second.0")] == expected


def test_three_projections_of_one_membrane():
    class Projections(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.copy, self.spk = copying(), MBPL(1, thresholds=(1.0,), tau=1.0)
            self.q, self.k, self.v = (OverTime(nn.Conv2d(1, 1, 1)) for _ in range(3))

        def forward(self, x: Tensor) -> Tensor:
            x = self.spk(self.copy(x))
            return self.q(x) * self.k(x) * self.v(x)

    few, many = (merged(Projections(), frames(ones)) for ones in (1, 8))
    assert [row["input"] for row in few] == ["image", "merged", "binary", "binary", "binary"]
    assert sum(row["snn_mj"] for row in few[1:]) == pytest.approx(3 * ADD / 16 * 49 * 16)
    assert [row["input"] for row in many] == ["image", "binary", "real", "real", "real"]
    # 0.9 pJ · 49 / 16 spikes are less than a MAC, three times that and no mixer is more than
    # three MACs and one mixer from 2 · 49 · 0.9 · R = 3 · 4.6 on.
    assert 2 * 49 * 0.9 / 16 < 3 * 4.6 < 2 * 49 * 0.9 * 8 / 16


@pytest.mark.parametrize("inference", [False, True])
def test_silent_networks_merge_all_that_can_be(inference: bool):
    """At R = 0 whatever is fed with spikes is free; the mixers hand on their biases."""
    with torch.inference_mode(inference):
        never = {**MEMBRANE, "thresholds": (1e9,), "v_threshold": 1e9}
        model = small(spk_options=never)
        for name, module in model.named_modules():
            if isinstance(module, nn.BatchNorm2d) and "mixers" in name:
                module.bias.data.fill_(0.5)
        rows = merged(model, torch.zeros(1, 3, 32, 32))
    by_name = {row["layer"]: row for row in rows}
    for name, row in by_name.items():
        if row["kind"] == "conv" and name != "stem.0" and ".out." not in name:
            assert row["input"] in ("merged", "binary"), name
    # 7×7 depthwise and 3×3 with stride 2, 8 to 16 channels, on a map of 4×4
    entry = by_name["stages.1.0.1.0"]
    assert (entry["flops"], entry["passes"]) == (9 * 9 * 4 * 4 * 8 * 16, 2)
    assert by_name["stages.1.0.0.mixers.0.0"]["input"] == "merged"
    assert by_name["stages.0.1.conv.1.0"]["flops"] == 13 * 13 * 8 * 8 * 8
    assert by_name["stages.0.1.attention.1.q.0.0"]["flops"] == 49 * 8 * 8 * 8 * 8


def test_the_projection_of_rl_is_merged_too():
    net = nn.Sequential(copying(2), RL(2, tau=1.0), OverTime(nn.Conv2d(2, 4, 1)))
    rows = merged(net, frames(1).repeat(1, 1, 2, 1, 1))
    projection, after = rows[1:]
    assert (projection["input"], after["input"]) == ("merged", "binary")
    assert (after["flops"], after["rate"]) == (16 * 4 * 4, 2 / 64 + 2 / 64)  # both of its neurons


@pytest.mark.parametrize(
    "options",
    [
        {"spk": "sl"},
        {},  # MBPL that sends a sum
        {"spk_options": {"readout": "sum"}},
        {"spk_options": {"readout": "spike"}},
        {"spiking": False},
    ],
)
def test_where_all_hand_on_spikes_there_is_nothing_to_merge(options: dict):
    images = noise(2, 3, 32, 32)
    found = energy_report(lively(small(**options), images), images)
    assert_frame_equal(found.counted("merged").layers, found.layers)


def test_the_papers_formula_by_hand():
    net = nn.Sequential(
        copying(), LIFSum((0.2, 1.0), tau=1.0), OverTime(nn.Conv2d(1, 2, 3, padding=1)),
        fires_from(1e9), OverTime(nn.Conv2d(2, 3, 1)), nn.Flatten(2), nn.Linear(48, 5),
    )  # fmt: skip
    found = energy_report(net, frames(3, 1), counting="paper")
    # All of 32 values fire one or two spikes: R = 1, not 36 / 32. Behind it nothing fires.
    rate, rest = (1 + 0) / 2, 9 * 16 * 2 + 16 * 2 * 3 + 48 * 5
    assert found.snn_mj == pytest.approx(2 * 16 * MAC + ADD * 2 * rate * rest)
    assert found.layers.input.tolist() == ["image", "spike sum", "binary", "real"]
    assert found.layers.rate.tolist()[1:] == [rate] * 3


def test_the_three_ways_are_of_one_run():
    images = noise(2, 3, 32, 32)
    model = lively(small(spk_options=MEMBRANE), images)
    found = energy_report(model, images)
    for counting in ("input", "merged", "paper"):
        same = found.counted(counting)
        assert_frame_equal(same.layers, energy_report(model, images, counting=counting).layers)
        assert (same.counting, same.time_steps) == (counting, 2)
        assert same.ann_mj == found.ann_mj
        assert same.layers.layer.tolist() == found.layers.layer.tolist()
    assert found.counted("paper").snn_mj < found.counted("merged").snn_mj < found.snn_mj
    with pytest.raises(ValueError, match=r"counting is 'ours'; choose one of \['input', 'merged'"):
        energy_report(model, images, counting="ours")


def test_a_twin_pays_macs_in_every_way():
    images = noise(2, 3, 32, 32)
    found = energy_report(small(spiking=False), images)
    assert [found.counted(way).snn_mj for way in ("input", "merged", "paper")] == (
        pytest.approx([found.ann_mj] * 3)
    )


# --- the twin -------------------------------------------------------------------------------


@pytest.mark.parametrize("shortcut", ["membrane", "spike"])
@pytest.mark.parametrize("attention", ["sisa", "bdsa"])
@pytest.mark.parametrize("spk", ["sl", "rl", "mbpl", "hsl", "dcl"])
def test_the_twin_is_what_the_report_says(spk: str, attention: str, shortcut: str):
    images = noise(1, 3, 32, 32)
    options = {"spk": spk, "attention": attention, "shortcut": shortcut}
    spiking = energy_report(small(**options), images)
    twin = energy_report(lively(small(**options, spiking=False), noise(2, 3, 32, 32)), images)
    assert spiking.ann_mj == pytest.approx(twin.ann_mj)
    assert twin.snn_mj == pytest.approx(twin.ann_mj)
    assert (spiking.time_steps, twin.time_steps) == (2, 1)


def test_the_twin_of_the_resnet():
    images = noise(1, 3, 32, 32)
    options = {"classes": 10, "width": 4, "spk": "dcl", "time_steps": 3}
    spiking = energy_report(SpikingResNet18(**options), images)
    twin = energy_report(SpikingResNet18(**options, spiking=False), images)
    assert spiking.ann_mj == pytest.approx(twin.ann_mj)
    assert twin.snn_mj == pytest.approx(twin.ann_mj)
    assert (spiking.time_steps, twin.time_steps) == (3, 1)


# --- FLOPs against torch's counter ----------------------------------------------------------


def torch_counts(folded: nn.Module, side: int) -> int:
    """FLOPs by torch's counter, on the meta device, where a neuron only keeps the shape."""
    for module in folded.modules():
        if isinstance(module, LIF | LIFSum):
            module.forward = lambda x: x
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        folded(torch.zeros(1, 3, side, side, device="meta"))
    return counter.get_total_flops()


@pytest.mark.parametrize(("name", "side", "changes"), [
    ("micro", 32, {}),
    ("micro", 32, {"attention": "bdsa", "spk": "sl"}),
    ("micro", 32, {"spiking": False}),
    ("tiny", 224, {}),
    ("base", 224, {"attention": "bdsa", "spk": "sl"}),
    ("large", 224, {"spiking": False}),
])  # fmt: skip
def test_flops_of_the_presets(name: str, side: int, changes: dict):
    with torch.device("meta"):
        model = fold(SpikeAtConv(preset(name, **changes)))
    table = count_flops(model, (3, side, side))
    assert 2 * (table.flops * table.passes).sum() == torch_counts(model, side)
    later = 1 if changes.get("spiking") is False else 4
    assert table.passes.tolist() == [1] + [later] * (len(table) - 1)


def test_flops_of_the_resnet():
    with torch.device("meta"):
        model = fold(SpikingResNet18(100, spk="dcl", time_steps=4))
    table = count_flops(model, (3, 32, 32))
    assert 2 * (table.flops * table.passes).sum() == torch_counts(model, 32)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_flops_are_the_same_in_every_precision(dtype):
    model = small()
    assert_frame_equal(count_flops(model, (3, 32, 32)), count_flops(model.to(dtype), (3, 32, 32)))


def test_flops_are_those_of_a_real_run():
    images = noise(2, 3, 32, 32)
    model = small(attention="bdsa")
    real = energy_report(model, images).layers[["layer", "kind", "flops", "passes"]]
    assert_frame_equal(real, count_flops(model, (3, 32, 32)))


# --- errors ---------------------------------------------------------------------------------


def test_errors_name_the_value():
    net = nn.Sequential(copying())
    images = frames(1)
    with pytest.raises(ValueError, match=r"rates is 'mean'; choose one of \['layer', 'average'\]"):
        energy_report(net, images, rates="mean")
    with pytest.raises(ValueError, match=r"\[1, 0, 1, 4, 4\].*at least one image"):
        energy_report(net, images[:, :0])
    with pytest.raises(ValueError, match=r"\[1, 4, 4\]"):
        energy_report(net, images[0, 0])
    with pytest.raises(TypeError, match=r"torch\.int64"):
        energy_report(net, images.long())
    for wrong in (0, -1, 2.0, True):
        with pytest.raises((TypeError, ValueError), match=f"batch_size is {wrong}"):
            energy_report(net, images, batch_size=wrong)
    with pytest.raises(ValueError, match="ran no Conv2d, Linear or Attend"):
        energy_report(nn.Sequential(LIF()), images)
    with pytest.raises(ValueError, match="image_shape"):
        count_flops(net, (4, 4))
    with pytest.raises(ValueError, match=r"image_shape\[2\] is 2305843009213693952; give a whole"):
        count_flops(net, (1, 4, 2**61))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(value):
    """One broken pixel, one broken weight: no energy is reported for either."""
    model, images = small(spk="sl", spiking=False), noise(2, 3, 32, 32)
    model.get_submodule("stem.0").weight.data[1, 2, 0, 0] = value
    with pytest.raises(ValueError, match=r"the model's output holds \d+ values .* not finite"):
        energy_report(model, images)
    images[1, 2, 3, 4] = value
    with pytest.raises(ValueError, match=rf"images holds 1 .* first is {value} at \[1, 2, 3, 4\]"):
        energy_report(model, images)
