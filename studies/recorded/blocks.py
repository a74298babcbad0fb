"""Record what SpikeBlockExplorer feeds and mixes with: a patch of each digit from the shipped test
images, and two learned 7×7 mixers with their BatchNorm.

    python studies/recorded/blocks.py       writes spikeviz/blocks/data.json (trains a Micro)
"""

import data_file
import torch
import torch.nn.functional as F
from learned_mixer import learned_mixer

from spikeatconv import mnist5k

SIDE = 16
CHANNELS = 2  # as many as the explorer has; those whose output varied most in training


def digits() -> dict[str, str]:
    """The first test image of each digit: its central 24×24 pixels, averaged to 16×16, as bytes in
    hexadecimal, row by row."""
    images, labels = mnist5k("test")
    found = {}
    for digit in range(10):
        middle = images[labels == digit][0, :, 2:26, 2:26]
        patch = F.adaptive_avg_pool2d(middle, SIDE)
        found[str(digit)] = bytes((255 * patch).round().int().flatten().tolist()).hex()
    return found


def mixer() -> dict:
    """Kernels (row by row) and BatchNorm of the chosen channels of the learned mixer."""
    conv, norm, note = learned_mixer()
    kernels = conv.weight.detach()[:, 0]
    chosen = norm.running_var.argsort(descending=True)[:CHANNELS]
    per_channel = {
        "weight": norm.weight, "bias": norm.bias,
        "mean": norm.running_mean, "variance": norm.running_var,
    }  # fmt: skip
    numbers = {name: values[chosen].tolist() for name, values in per_channel.items()}
    return {
        **note,
        "channels": chosen.tolist(),
        "of": len(kernels),
        "kernels": [[round(w, 6) for w in kernel.flatten().tolist()] for kernel in kernels[chosen]],
        **{name: [round(v, 6) for v in values] for name, values in numbers.items()},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    results = {"side": SIDE, "digits": digits(), "learned": mixer()}
    data_file.write("blocks", results)
