"""Record real spikes for SpikeRaster: layers of the shipped Micro on test digits.

python studies/recorded/raster.py                writes spikeviz/raster/data.json
"""

import base64
import gzip

import data_file
import torch
import torch.nn.functional as F

from spikeatconv import load_weights, mnist5k, record
from spikeatconv.data import shipped
from spikeviz.raster.explorer import pack_layers

DIGITS = 24  # the first of the test digits; each class is among them
LAYERS = {
    "stem_to_stream.0.branches.0": "first spikes, branch 1 of 4, threshold 0.5",
    "stem_to_stream.0.branches.3": "first spikes, branch 4 of 4, threshold 2",
    "stages.0.1.attention.1.q.1.lif": "stage 1, queries",
    "stages.0.1.attention.1.out.1.lif": "stage 1, attention's output",
    "stages.1.1.conv.4.branches.0": "stage 2, widest layer, branch 1 of 4, threshold 0.5",
    "stages.1.1.attention.1.k.1.lif": "stage 2, keys",
    "stages.2.0.0.branches.0": "into stage 3, branch 1 of 4, threshold 0.5",
    "stages.2.1.attention.1.out.1.lif": "stage 3, attention's output",
}


def recording() -> dict:
    """The spikes of LAYERS as packed bits, compressed, as text."""
    model = load_weights(shipped("micro_digits.safetensors")).eval()
    images, labels = mnist5k("test")
    with torch.no_grad(), record(model, ("spikes",)) as seen:
        model(F.pad(images[:DIGITS], [2] * 4))
    spikes = seen.spikes
    layers, bits = pack_layers({name: spikes[name] for name in LAYERS})
    for layer in layers:
        layer["text"] = LAYERS[layer["name"]]
    text = base64.b64encode(gzip.compress(bits, mtime=0)).decode()
    digits = [f"a {label}" for label in labels[:DIGITS].tolist()]
    return {"samples": digits, "layers": layers, "bits": text}


if __name__ == "__main__":
    data_file.write("raster", recording())
