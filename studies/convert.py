"""Convert Micro's twin without spikes into a spiking network: how accurate is it after T time
steps, and what does it cost?

    python studies/convert.py            seeds 0, 1, 2: trains the twins and converts each
    python studies/convert.py --save     and ships the first twin in data/

The twin has ReLU where Micro's has GELU: a rate is never negative. In each variant one thing of the
conversion changes. Every network runs once, for the longest T: its answer after fewer steps is the
mean of the logits so far. AblationExplorer shows the results; notebook A1 explains them.
"""

import argparse
import sys
from dataclasses import replace

import digits
import torch
from torch import Tensor, nn

from spikeatconv import SpikeAtConv, energy_report, fold, preset, save_weights
from spikeatconv.attention import SISA, Attend

SEEDS = (0, 1, 2)
CALIBRATION = 500  # training images on which the activations are measured
SHARE = 0.999  # of the activations that a threshold lets through unclipped
TESTED = 300  # test images
COUNTED = 20  # of them, to count energy
PIECE = 20  # images at once
STEPS = (1, 2, 4, 8, 16, 32, 64, 128)
FEWER = STEPS[:6]  # of all variants but the first
VARIANTS: dict[str, dict] = {
    "T, half a threshold at the start": {},
    "T, V = 0 at the start": {"start": 0.0},
    "T, thresholds at the largest activation": {"share": 1.0},
    "T, softmax of single spikes": {"attend": Attend},
}
CONFIG = preset("micro", in_channels=1, time_steps=digits.TIME_STEPS, spiking=False)


# --- the conversion, as notebook A1 has it


class IF(nn.Module):
    """H = V + X ; S = Θ(H − V_th) ; V = H − V_th · S. `[T, ...]` → 0 or `send`, `[T, ...]`."""

    def __init__(self, threshold, start=0.5, send=1.0):
        super().__init__()
        self.threshold, self.start, self.send = threshold, start, send

    def forward(self, x):
        v = torch.full_like(x[0], self.start * self.threshold)
        sent = []
        for x_t in x:
            h = v + x_t
            s = (h >= self.threshold).to(x.dtype)
            v = h - self.threshold * s
            sent.append(self.send * s)
        return torch.stack(sent)


def relus(network):
    """{name: layer} of the places where a neuron will stand."""
    return {name: m for name, m in network.named_modules() if isinstance(m, nn.ReLU)}


def activations(twin, images, share):
    """{name: the value that this share of a ReLU's outputs does not exceed}."""
    found = {}

    def measure(name, out):
        found[name] = out.flatten().kthvalue(round(share * out.numel())).values.item()

    hooks = [
        layer.register_forward_hook(lambda layer, args, out, name=name: measure(name, out))
        for name, layer in relus(twin).items()
    ]
    twin(images)
    for hook in hooks:
        hook.remove()
    return found


class RateAttend(Attend):
    """A(Q, K) · V with the rates of Q and K so far, and the spikes of V."""

    def forward(self, q, k, v):
        steps = torch.arange(1, len(q) + 1).view(-1, 1, 1, 1, 1)
        return super().forward(q.cumsum(0) / steps, k.cumsum(0) / steps, v)


def readers(network, name):
    """The convolutions that read what the layer `name` sends."""
    place, _, number = name.rpartition(".")
    after = list(network.get_submodule(place))[int(number) + 1 :]
    if after and isinstance(after[0], SISA):
        return [after[0].q[0], after[0].k[0], after[0].v[0]]
    if place.endswith(".v"):  # V passes through A · V, which is linear in V
        return [network.get_submodule(place.removesuffix(".v")).out[0]]
    return after[:1]


def convert(twin, thresholds, time_steps, start=0.5, attend=RateAttend):
    """A spiking copy of the twin: IF for each ReLU, thresholds by its name."""
    network = fold(twin)
    for name in relus(network):
        reading = readers(network, name)
        for convolution in reading:
            convolution[0].weight.mul_(thresholds[name])
        send = 1.0 if reading else thresholds[name]
        network.set_submodule(name, IF(thresholds[name], start, send))
    for name, m in list(network.named_modules()):
        if isinstance(m, Attend):
            network.set_submodule(name, attend(m.heads, m.partition, m.size, m.softmax))
    network.config = replace(network.config, spiking=True, time_steps=time_steps)
    return network


# --- the study


def with_relu(model: SpikeAtConv) -> SpikeAtConv:
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.GELU):
            model.set_submodule(name, nn.ReLU())
    return model


def logits_at(network: SpikeAtConv, images: Tensor) -> dict[int, Tensor]:
    """{T: logits}, for each T of STEPS that the network reaches."""
    pieces = []
    hook = network.head.register_forward_hook(lambda layer, args, out: pieces.append(out))
    for piece in images.split(PIECE):
        network(piece)
    hook.remove()
    logits = torch.cat(pieces, 1)  # [T, images, classes]
    return {t: logits[:t].mean(0) for t in STEPS if t <= len(logits)}


@torch.no_grad()
def run(seed: int, twin: SpikeAtConv) -> dict[str, dict[int, dict]]:
    """By variant and T: the accuracy, how far the logits are from the twin's, and µJ."""
    (train, _), (images, labels) = digits.digits()
    images, labels = images[:TESTED], labels[:TESTED]
    twin, target = fold(twin), twin.eval()(images)
    found = {}
    for name, changes in VARIANTS.items():
        options = dict(changes)
        thresholds = activations(twin, train[:CALIBRATION], options.pop("share", SHARE))
        steps = FEWER if changes else STEPS
        network = convert(twin, thresholds, max(steps), **options)
        found[name] = {
            t: {
                "accuracy": (logits.argmax(1) == labels).double().mean().item(),
                "distance": ((logits - target).pow(2).mean().sqrt() / target.std()).item(),
            }
            for t, logits in logits_at(network, images).items()
        }
        for t in () if changes else steps:
            network = convert(twin, thresholds, t, **options)
            report = energy_report(network, images[:COUNTED], batch_size=PIECE)
            found[name][t] |= {"uj": 1000 * report.snn_mj, "twin_uj": 1000 * report.ann_mj}
        for t in steps:
            print(f"seed {seed} {name} {t}: {found[name][t]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="ship the first twin in data/")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, test = digits.digits()
    twins, converted = [], {}
    for seed in SEEDS:
        torch.manual_seed(seed)
        twin = with_relu(SpikeAtConv(CONFIG))
        *_, end = digits.train(twin, data, test)
        shown = digits.accuracy(twin, test[0][:TESTED], test[1][:TESTED])
        print(f"seed {seed} twin: {end['accuracy']:.4f}, {shown:.4f} here", flush=True)
        twins.append({"seed": seed, "accuracy": shown, "on_all": end["accuracy"]})
        if options.save and seed == SEEDS[0]:
            ship(twin, seed, end["accuracy"])
        converted[seed] = run(seed, twin)
    points = [{"axis": "no spikes", "value": "twin, ReLU", "network": "micro", "runs": twins}]
    for name in VARIANTS:
        for t in converted[SEEDS[0]][name]:
            runs = [{"seed": seed, **converted[seed][name][t]} for seed in SEEDS]
            points.append({"axis": name, "value": t, "network": "micro", "runs": runs})
    for point in points:
        point |= digits.mean_and_sd([one["accuracy"] for one in point["runs"]])
    digits.report.write(
        "convert",
        {
            "scale": f"Micro's twin with ReLU, trained on 4,000 digits for {digits.EPOCHS} epochs",
            "measure": f"accuracy on the first {TESTED} of the 1,000 test digits",
            "share": SHARE, "calibration": CALIBRATION, "counted": COUNTED, "seeds": SEEDS,
            "points": points,
        },
        ("torch", "numpy"),
        digits.RESULTS,
    )  # fmt: skip


def ship(twin: SpikeAtConv, seed: int, accuracy: float) -> None:
    """Folded and in half precision. The file holds no ReLU: whoever loads it calls `with_relu`."""
    plain = SpikeAtConv(CONFIG)
    plain.load_state_dict(twin.state_dict())
    note = {
        "command": " ".join(["python studies/convert.py", *sys.argv[1:]]),
        "activation": "ReLU for each GELU", "seed": seed, "epochs": digits.EPOCHS,
        "accuracy": accuracy, "torch": torch.__version__,
    }  # fmt: skip
    save_weights(fold(plain).half(), digits.ROOT / "data/micro_relu_digits.safetensors", note)


if __name__ == "__main__":
    main()
