"""Record what MBPLExplorer shows as pictures: test digits, and mixers M as the shipped Micro has
learned them, with BatchNorm folded in (the MBPL of its stem, one 7×7 kernel a channel).

    python studies/recorded/mbpl.py            writes spikeviz/mbpl/data.json
"""

import data_file
import torch

from spikeatconv import load_weights, mnist5k
from spikeatconv.data import shipped

MODULE = "stem_to_stream.0"
CHANNELS = (0, 16, 21)  # three of 32, taken because their pictures differ most to the eye
CLASSES = (5, 9, 0, 8, 3)  # the first test digit of each


def digits() -> dict[str, str]:
    """The grey levels 0 to 255, row by row, two hexadecimal digits a pixel."""
    images, labels = mnist5k("test")
    found = {}
    for label in CLASSES:
        image = images[int((labels == label).nonzero()[0]), 0]
        found[f"digit {label}"] = bytes((image * 255).round().byte().flatten().tolist()).hex()
    return found


def mixers() -> dict[str, dict]:
    """M(s) = kernel * s + shift, as convolution and BatchNorm compute it once trained."""
    conv, norm = load_weights(shipped("micro_digits.safetensors")).get_submodule(MODULE).mixers[0]
    with torch.no_grad():
        factor = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        kernels = conv.weight[:, 0].double() * factor[:, None, None]
        shifts = norm.bias.double() - norm.running_mean.double() * factor
    return {
        f"learned {channel}": {
            "kernel": [round(k, 6) for k in kernels[channel].flatten().tolist()],
            "shift": round(shifts[channel].item(), 6),
        }
        for channel in CHANNELS
    }


if __name__ == "__main__":
    results = {"module": MODULE, "size": 28, "digits": digits(), "mixers": mixers()}
    data_file.write("mbpl", results)
