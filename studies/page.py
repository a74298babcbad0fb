"""Does a page compute what PyTorch does? Each network that ships for pages, image by image.

    python studies/page.py                        writes results/page.json, network by network
    python studies/page.py micro_digits           one network; the others keep their results
    python studies/page.py --images 100           the first of the images only
    python studies/page.py micro_photographs --cifar100 FOLDER

A page with the engine of spikeviz/micro runs in Chromium, PyTorch runs `page_model` of the same
network, the very same weights. Compared are classes, logits of each step, every spike of every
neuron, and how many additions were done: with a count of our own, layer by layer, and with the
FLOPs · R of `energy_report`. The digits are the 1,000 test digits; photographs are those of the ten
classes in CIFAR-100's test set, or without `--cifar100` pieces of the photograph that ships.
"""

import argparse
import base64
import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import digits
import numpy as np
import photographs
import torch
import torch.nn.functional as F
import traitlets as t
from torch import Tensor, nn

from spikeatconv import LIF, LIFSum, SpikeAtConv, load_weights, record, shipped
from spikeatconv.energy import report
from spikeviz.base.front_end import PACKAGE, find_modules, pack
from spikeviz.browser import open_chromium
from spikeviz.micro.networks import NETWORKS, PageExplorer, load_page_model, weights_of
from spikeviz.network.choices import photo

PIECE = 50  # images at once
WORKER = "DedicatedWorker"  # the thread of Chromium that runs the network
PROBE = """
import { canOpen, openNetwork } from "./weights.js";
import { run, unpack } from "./engine.js";

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (array) => {
  const [all, parts] = [new Uint8Array(array.buffer), []];
  for (let at = 0; at < all.length; at += 4096)
    parts.push(String.fromCharCode(...all.subarray(at, at + 4096)));
  return btoa(parts.join(""));
};
const told = ({ logits, layers, neurons, outputs, milliseconds }, all) => ({
  logits, layers, milliseconds,
  spikes: Object.entries(neurons).map(([name, { spikes }]) => [name, text(spikes)]),
  membranes: all && Object.entries(neurons).map(([name, one]) => [name, text(one.membrane)]),
  outputs: all && Object.entries(outputs).map(([box, { shape, values }]) =>
    [box, shape, text(values)]),
});

export default { render({ model }) {
  globalThis.probe = {
    model, canOpen, bytes,
    open: (name) => openNetwork(name, model),
    ask: openNetwork,
    /** A network of pack.py, in base64, in this thread. */
    here: (packed) => unpack(bytes(packed).buffer),
    /** What a network, opened or of `here`, makes of images in base64, float32. */
    async look(network, packed, all = false) {
      const images = new Float32Array(bytes(packed).buffer);
      const { image } = network.header ?? network;
      const size = image.reduce((a, b) => a * b);
      const found = [];
      for (let at = 0; at < images.length; at += size) {
        const one = images.slice(at, at + size);
        found.push(told(network.header ? await network.run(one) : run(network, one), all));
      }
      return found;
    },
  };
} };
"""


class Probe(PageExplorer):
    """A page with the engine in it, and nothing to see. shown: the networks that it holds."""

    shown = t.List(t.Unicode()).tag(sync=True)

    @t.default("_code")
    def _own_code(self) -> str:
        modules = find_modules(PACKAGE / "micro" / "weights.js", {})
        return pack(json.dumps({**modules, "micro/probe.js": PROBE}))

    @t.default("_sheet")
    def _own_sheet(self) -> str:
        return pack("")

    @classmethod
    def networks_in(cls, state: dict[str, Any]) -> list[str]:
        return state["shown"]


def as_text(values: Tensor) -> str:
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def as_array(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


# --- what PyTorch says


@torch.no_grad()
def truth(model: SpikeAtConv, images: Tensor, keep: tuple[str, ...] = ("spikes",)) -> dict:
    """logits [T, B, classes]; by name the spikes [T, B, C, H, W] and, if kept, the membranes; by
    layer the additions that its whole-number inputs cost, [B], counted by the places that see
    each."""
    found: dict[str, Any] = {"additions": {}}

    def count(name: str, layer: nn.Conv2d, x: Tensor, out: Tensor) -> None:
        if not bool((x == x.round()).all()):
            return
        (size, *_), (stride, *_), (pad, *_) = layer.kernel_size, layer.stride, layer.padding
        over = [
            side - ((places - 1) * stride - 2 * pad + size)
            for side, places in zip(x.shape[-2:], out.shape[-2:], strict=True)
        ]
        seen = F.conv_transpose2d(
            torch.ones(1, 1, *out.shape[-2:]), torch.ones(1, 1, size, size), None, stride, pad, over
        )
        each = (x * seen * (layer.out_channels // layer.groups)).double().sum((1, 2, 3))
        found["additions"][name] = each.unflatten(0, (-1, len(images))).sum(0)

    hooks = [model.head.register_forward_hook(lambda _, args, out: found.update(logits=out))]
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d) and name != "stem.0":
            hooks.append(layer.register_forward_hook(
                lambda layer, args, out, name=name: count(name, layer, args[0], out)
            ))  # fmt: skip
    with record(model, keep) as recording:
        model(images)
    for hook in hooks:
        hook.remove()
    spikes, names = recording.spikes, dict(model.named_modules())
    sums = {name: len(layer) for name, layer in names.items() if isinstance(layer, LIFSum)}
    branches = {f"{name}.{i}" for name, n in sums.items() for i in range(n)}
    found["spikes"] = {
        name: sum(spikes[f"{name}.{i}"] for i in range(sums[name]))
        if name in sums
        else spikes[name]
        for name, layer in names.items()
        if isinstance(layer, LIF | LIFSum) and name not in branches
    }
    if "membranes" in keep:
        membranes = recording.membranes
        found["membranes"] = {n: membranes.get(n, membranes.get(f"{n}.0")) for n in found["spikes"]}
    return found


# --- both, side by side


class Comparison:
    """How a page's runs and PyTorch's differ, over all images that were added."""

    def __init__(self, model: SpikeAtConv) -> None:
        self.model = model
        self.images = self.same = self.spikes = self.equal = 0
        self.logits = 0.0
        self.rows: dict[str, dict[str, float]] = {}
        self.milliseconds: list[float] = []
        self.miscounted: list[str] = []
        self.differ: list[dict[str, Any]] = []

    def add(self, images: Tensor, runs: list[dict]) -> None:
        real = truth(self.model, images)
        mine = torch.tensor([run["logits"] for run in runs]).transpose(0, 1)  # [T, B, classes]
        self.logits = max(self.logits, (mine - real["logits"]).abs().max().item())
        self.same += int((mine.mean(0).argmax(1) == real["logits"].mean(0).argmax(1)).sum())
        for row in report(self.model, images).layers.itertuples():
            whole = self.rows.setdefault(row.layer, {"flops_r": 0.0, "additions": 0})
            if row.input in ("binary", "spike sum"):
                whole["flops_r"] += row.flops * row.rate * row.passes * len(images)
        for number, run in enumerate(runs):
            self._one(number, run, real, images)
        self.images += len(images)

    def _one(self, number: int, run: dict, real: dict, images: Tensor) -> None:
        self.milliseconds.append(run["milliseconds"])
        for row in run["layers"]:
            self.rows[row["layer"]]["additions"] += row["additions"]
            expected = real["additions"].get(row["layer"])
            counted = expected is not None and row["input"] != "real"
            if counted and int(expected[number]) != row["additions"]:
                self.miscounted.append(f"image {self.images + number}, {row['layer']}")
        unlike = {}
        for name, text in run["spikes"]:
            theirs = real["spikes"][name][:, number].flatten().numpy()
            wrong = int((as_array(text, "u1") != theirs).sum())
            self.spikes += theirs.size
            self.equal += theirs.size - wrong
            if wrong:
                unlike[name] = wrong
        if unlike:
            self.differ.append(
                {"image": self.images + number, **self._why(unlike, run, images[number])}
            )

    def _why(self, unlike: dict[str, int], run: dict, image: Tensor) -> dict[str, Any]:
        """The first layer whose spikes differ, how many do there and in all, and how far from a
        threshold the membranes were, at most, where they do."""
        first = next(iter(unlike))
        real = truth(self.model, image[None], ("spikes", "membranes"))
        layer = dict(self.model.named_modules())[first]
        thresholds = [lif.v_threshold for lif in (layer if isinstance(layer, LIFSum) else [layer])]
        differ = (
            as_array(dict(run["spikes"])[first], "u1") != real["spikes"][first].flatten().numpy()
        )
        h = real["membranes"][first].flatten().numpy()[differ]
        distance = np.abs(h[:, None] - np.array(thresholds)).min(1).max() if len(h) else 0.0
        return {
            "layer": first, "there": unlike[first], "in_all": sum(unlike.values()),
            "farthest_from_a_threshold": float(distance),
        }  # fmt: skip

    def results(self) -> dict[str, Any]:
        driven = {name: row for name, row in self.rows.items() if row["flops_r"]}
        additions, flops_r = (
            sum(row[name] for row in driven.values()) for name in ("additions", "flops_r")
        )
        return {
            "images": self.images,
            "same_class": self.same,
            "spikes": self.spikes,
            "spikes_that_differ": self.spikes - self.equal,
            "share_of_spikes_equal": self.equal / self.spikes,
            "images_that_differ": self.differ,
            "largest_difference_of_logits": self.logits,
            "additions_of_an_image": additions / self.images,
            "flops_r_of_an_image": flops_r / self.images,
            "additions_to_flops_r": additions / flops_r if flops_r else 1.0,
            "layers_where_they_differ": {
                name: row["additions"] / row["flops_r"]
                for name, row in driven.items()
                if round(row["flops_r"]) != row["additions"]
            },
            "miscounted": self.miscounted,
            "milliseconds": {
                "least": min(self.milliseconds),
                "median": statistics.median(self.milliseconds),
                "first": self.milliseconds[0],
            },
        }


# --- the study


def worker_seconds() -> float:
    """What the workers of all Chromiums of this machine have had of a processor: Linux tells."""
    found = 0.0
    for thread in Path("/proc").glob("[0-9]*/task/[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = thread.read_text(encoding="utf-8").partition("(")[2].rpartition(")")
            if name == WORKER:
                found += sum(map(int, rest.split()[11:13])) / os.sysconf("SC_CLK_TCK")
    return found


def pieces(count: int, seed: int = 0) -> Tensor:
    """Squares of the photograph that ships, as `[count, 3, 32, 32]`."""
    generator = np.random.default_rng(seed)
    whole = photo()
    found = []
    for _ in range(count):
        side = int(generator.integers(32, min(whole.shape[1:]) + 1))
        y, x = (int(generator.integers(0, size - side + 1)) for size in whole.shape[1:])
        cut = whole[None, :, y : y + side, x : x + side]
        found.append(F.interpolate(cut, 32, mode="area")[0])
    return (torch.stack(found) * 255).round() / 255


def images_for(model: SpikeAtConv, folder: str) -> tuple[Tensor, Tensor | None]:
    """The images of a network, and their labels where there are some."""
    if model.config.in_channels == 1:
        return digits.digits()[1]
    if not folder:
        return pieces(1000), None
    found = photographs.chosen(photographs.whole(folder)[1])
    mixed = torch.randperm(len(found.labels), generator=torch.Generator().manual_seed(0))
    images = found.images[mixed]
    return (images if images.is_floating_point() else images / 255), found.labels[mixed]


@contextmanager
def open_page(*names: str) -> Iterator[Any]:
    """A page of Chromium that holds these networks."""
    with tempfile.TemporaryDirectory() as folder, open_chromium() as browser:
        widget = Probe(shown=list(names))
        page = browser.new_page()
        page.goto(widget.save_html(Path(folder) / "page.html").as_uri())
        page.wait_for_function("() => globalThis.probe")
        yield page
        widget.close()


@torch.no_grad()
def study(name: str, most: int, folder: str) -> dict[str, Any]:
    model = load_page_model(name)
    images, labels = images_for(model, folder)
    images = images[:most]
    compared, right = Comparison(model), {"page": 0, "float32": 0, "alike": 0}
    unrounded = load_weights(shipped(f"{name}.safetensors")).eval()
    look = "async ([name, images]) => probe.look(await probe.open(name), images)"
    seconds: list[float] = []
    with open_page(name) as page:
        for at in range(0, len(images), PIECE):
            some = images[at : at + PIECE]
            begin = worker_seconds()
            runs = page.evaluate(look, [name, as_text(some)])
            used = worker_seconds() - begin if at else 0.0  # from the second piece on
            seconds.append(used)
            compared.add(some, runs)
            said = torch.tensor([run["logits"] for run in runs]).mean(1).argmax(1)
            theirs = unrounded(some).argmax(1)
            right["alike"] += int((said == theirs).sum())
            if labels is not None:
                truly = labels[at : at + PIECE]
                right["page"] += int((said == truly).sum())
                right["float32"] += int((theirs == truly).sum())
    found = compared.results()
    found["milliseconds"]["of_a_processor"] = 1000 * sum(seconds) / max(len(images) - PIECE, 1)
    found["milliseconds"]["load_of_the_machine"] = os.getloadavg()[1]
    found["kilobytes_in_base64"] = len(base64.b64encode(weights_of(name))) / 1000
    found["same_class_as_with_unrounded_weights"] = right["alike"]
    if labels is not None:
        found["accuracy"] = right["page"] / len(images)
        found["accuracy_with_unrounded_weights"] = right["float32"] / len(images)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("networks", nargs="*", metavar="network", help="all, if none is named")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--cifar100", default="", help="folder with train-*.npz and test.npz")
    asked = parser.parse_args()
    file = digits.RESULTS / "page.json"
    for network in asked.networks or NETWORKS:
        found = study(network, asked.images, asked.cifar100)
        print(network, json.dumps(found, indent=2), flush=True)
        results = json.loads(file.read_text(encoding="utf-8"))["results"] if file.exists() else {}
        results[network] = found
        digits.report.write("page", results, ("torch", "numpy", "playwright"), digits.RESULTS)
