"""Train the network that DigitReader shows: that of notebook 03, for 12 epochs on the digits.

python studies/recorded/reader.py            writes spikeviz/reader/data.json
"""

import base64

import data_file
import nbformat
import numpy as np
import torch

from spikeviz.reader.explorer import pack_network

SEED, EPOCHS = 0, 12
CELLS = ("imports", "constants", "data-code", "network-code", "augment", "train-loop")


def notebook() -> dict:
    """What these cells of the notebook define."""
    cells = nbformat.read(data_file.ROOT / "notebooks/03_surrogate_gradients.ipynb", 4).cells
    names: dict = {}
    for cell in cells:
        if cell.get("id") in CELLS:
            exec(cell.source, names)
    return names


if __name__ == "__main__":
    course = notebook()
    torch.manual_seed(SEED)
    net = course["SpikingNet"]()
    for _ in course["train"](net, EPOCHS):
        pass
    accuracy = course["accuracy"](net)
    network = pack_network(net.eval(), course["T"])
    half = np.frombuffer(network["weights"], "<f4").astype("<f2").tobytes()
    network["weights"] = base64.b64encode(half).decode()
    data_file.write("reader", {
        "seed": SEED, "epochs": EPOCHS, "accuracy": accuracy, "network": network,
    })  # fmt: skip
