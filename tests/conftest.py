"""Settings of every test: property tests without a deadline, the same examples in each CI run,
and one thread, as small tensors gain nothing from more and test processes share the cores."""

import os

import torch
from hypothesis import settings

torch.set_num_threads(1)

settings.register_profile("default", deadline=None, max_examples=50, print_blob=True)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
