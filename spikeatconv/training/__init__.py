"""Training: one loop that yields its metrics, the paper's recipes, checkpoints that lose nothing.

    from spikeatconv.training import RECIPES, digits, network, train

    recipe = RECIPES["digits"]
    model = network("micro", classes=10, in_channels=1, time_steps=2, seed=recipe.seed)
    for metrics in train(model, digits("train"), digits("test"), recipe, "runs/digits"):
        print(metrics)                           # the same line again goes on where it stopped

`loop` is the loop, `recipes` what the paper fixes, `augment` what happens to a training image,
`checkpoint` and `interrupt` what is kept and when; images come from `spikeatconv.images`. Training
needs the extra "train" (accelerate, datasets, kornia), which is imported where it is first used.
"""

from spikeatconv.images.base import Images, InMemory, digits
from spikeatconv.images.sources import open_data
from spikeatconv.images.stream import Stream, stream
from spikeatconv.training.answers import Answers, ask
from spikeatconv.training.augment import Augment, mix
from spikeatconv.training.checkpoint import Checkpoints
from spikeatconv.training.loop import adamw, evaluate, order_of, seed_of, train
from spikeatconv.training.recipes import RECIPES, Augmentation, Recipe, network
from spikeatconv.training.run import Run

__all__ = [
    "RECIPES", "Answers", "Augment", "Augmentation", "Checkpoints", "Images", "InMemory",
    "Recipe", "Run", "Stream", "adamw", "ask", "digits", "evaluate", "mix", "network", "open_data",
    "order_of", "seed_of", "stream", "train",
]  # fmt: skip
