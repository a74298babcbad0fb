"""Each test of the library draws from torch's generator as if it were alone."""

import pytest
import torch


@pytest.fixture(autouse=True)
def seeded():
    """Else weights, and what they happen to show, depend on the tests that ran before."""
    torch.manual_seed(1000)  # no seed that a recipe or a test takes
