"""What the tests of NetworkWalk share."""

import numpy as np
import pytest


def read_maps(data, entry):
    """What a map's numbers mean, read from the bytes as maps.js does."""
    count = int(np.prod(entry["shape"]))
    each = 8 // entry["bits"]
    raw = np.frombuffer(data, np.uint8, -(-count // each), entry["at"])
    shifts = np.arange(0, 8, entry["bits"])
    flat = ((raw[:, None] >> shifts) & ((1 << entry["bits"]) - 1)).ravel()[:count]
    numbers = flat.reshape(entry["shape"]).astype(float)
    if "scales" not in entry:
        low, high = entry["low"], entry["high"]
    else:
        t, c = entry["shape"][:2]
        both = np.frombuffer(data, "<f4", 2 * t * c, entry["scales"]).reshape(2, t, c, 1, 1)
        low, high = both.astype(float)
    return low + numbers * (high - low) / entry["top"], np.max(high - low) / entry["top"]


@pytest.fixture
def unpack():
    """unpack(data, entry): the values of maps in an answer, and the step between two of them."""
    return read_maps
