"""Record what MBPLExplorer shows as pictures: the photograph, test digits, and mixers M as training
makes them, with BatchNorm folded in (one 7×7 kernel a channel).

    python studies/recorded/mbpl.py            writes spikeviz/mbpl/data.json (trains a Micro)
"""

import data_file
import torch
from learned_mixer import learned_mixer
from PIL import Image

from spikeatconv import mnist5k, shipped
from spikeatconv.images.decode import open_image

CHANNELS = (2, 29, 21)  # three of 32: those of SpikeBlockExplorer, and one that differs to the eye
CLASSES = (5, 9, 0, 8, 3)  # the first test digit of each
SIDE = 96  # of the photograph


def pictures() -> dict[str, str]:
    """The grey levels 0 to 255, row by row, two hexadecimal digits a pixel; each is a square."""
    with open_image(shipped("photo.jpg")) as photo:
        grey = photo.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    found = {"photograph": grey.tobytes().hex()}
    images, labels = mnist5k("test")
    for label in CLASSES:
        image = images[int((labels == label).nonzero()[0]), 0]
        found[f"digit {label}"] = bytes((image * 255).round().byte().flatten().tolist()).hex()
    return found


def mixers() -> tuple[dict[str, dict], dict]:
    """({name: M}, how they came about); M(s) = kernel * s + shift, as convolution and BatchNorm
    compute it once trained."""
    conv, norm, note = learned_mixer()
    with torch.no_grad():
        factor = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
        kernels = conv.weight[:, 0].double() * factor[:, None, None]
        shifts = norm.bias.double() - norm.running_mean.double() * factor
    found = {
        f"learned {channel}": {
            "kernel": [round(k, 6) for k in kernels[channel].flatten().tolist()],
            "shift": round(shifts[channel].item(), 6),
        }
        for channel in CHANNELS
    }
    return found, note


if __name__ == "__main__":
    torch.set_num_threads(1)
    learned, note = mixers()
    results = {**note, "pictures": pictures(), "mixers": learned}
    data_file.write("mbpl", results)
