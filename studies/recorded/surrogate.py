"""Record how far real neurons stand from their threshold: u = H − V_th in three layers of the
shipped Micro on test digits. SurrogateExplorer shows them.

    python studies/recorded/surrogate.py            writes spikeviz/surrogate/data.json
"""

import data_file
import torch
import torch.nn.functional as F

from spikeatconv import load_weights, mnist5k, record
from spikeatconv.data import shipped

DIGITS = 100  # the first of the test digits; each class is among them
VALUES = 2_000  # drawn from all neurons, steps and digits of a layer
SEED = 0
LAYERS = {
    "a layer halfway": "stages.1.1.attention.1.q.1.lif",
    "the first layer": "stem_to_stream.0.branches.1",
    "a layer near the end": "stages.2.1.attention.1.out.1.lif",
}


def values() -> dict[str, dict]:
    """For each of LAYERS: its module and VALUES of its u, drawn at random, as one text."""
    model = load_weights(shipped("micro_digits.safetensors"))
    images, _ = mnist5k("test")
    with torch.no_grad(), record(model, ("membranes",)) as recording:
        model(F.pad(images[:DIGITS], [2] * 4))
    drawing = torch.Generator().manual_seed(SEED)
    found = {}
    for title, name in LAYERS.items():
        u = (recording.membranes[name] - model.get_submodule(name).v_threshold).flatten()
        chosen = u[torch.randperm(len(u), generator=drawing)[:VALUES]].double()
        found[title] = {
            "module": name, "recorded": len(u), "u": " ".join(f"{v:.3f}" for v in chosen.tolist()),
        }  # fmt: skip
    return found


if __name__ == "__main__":
    results = {"digits": DIGITS, "values": VALUES, "seed": SEED, "layers": values()}
    data_file.write("surrogate", results)
