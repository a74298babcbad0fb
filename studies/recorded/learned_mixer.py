"""A mixer M as training makes it. The shipped Micro has none, so a Micro whose MBPL reads out its
membrane is trained for it, as studies/digits.py does, with seed 0 (on one core, two minutes).
"""

import data_file  # noqa: F401 - with it, what lies in studies/ can be imported
from digits import run
from torch import nn

SEED = 0
LAYER = "stem_to_stream.0.mixers.0"  # the mixer of the first MBPL, which sees the stem's features


def learned_mixer() -> tuple[nn.Conv2d, nn.BatchNorm2d, dict]:
    """(7×7 depthwise convolution, BatchNorm, how they came about), of LAYER."""
    changes = {"spk_options": {"readout": "membrane"}}
    (found,), model = run("Micro, membrane", changes, [SEED], validate=False)
    note = {"module": LAYER, "seed": SEED, "accuracy": found["curve"][-1]["accuracy"]}
    return *model.get_submodule(LAYER), note
