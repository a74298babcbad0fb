"""The conversion of studies/convert.py, which notebook A1 shows."""

import itertools
import sys
from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
import torch

from spikeatconv import SpikeAtConv, preset

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))
import convert


@pytest.mark.parametrize("start", [0, Fraction(1, 2)])
@pytest.mark.parametrize("eighths", [-3, 0, 3, 5, 8, 11])
def test_a_neuron_sends_its_input_rounded_down_and_at_most_one_spike_a_step(start, eighths):
    threshold, steps, x = Fraction(3, 4), 12, Fraction(eighths, 8)
    neuron = convert.IF(float(threshold), float(start), send=0.25)
    sent = neuron(torch.full((steps, 2), float(x)))
    count = floor((steps * x + start * threshold) / threshold)
    assert sent.sum(0).tolist() == [0.25 * min(max(count, 0), steps)] * 2


def test_a_converted_network_goes_to_its_twin_as_one_over_t():
    torch.manual_seed(0)
    config = preset("micro", widths=(8, 8), depths=(1, 1), partition_size=2, spiking=False)
    twin = convert.with_relu(SpikeAtConv(replace(config, in_channels=1))).eval()
    images = torch.rand(4, 1, 16, 16)
    with torch.no_grad():
        target = twin(images)
        thresholds = convert.activations(twin, images, share=1.0)
        apart = [
            (convert.convert(twin, thresholds, t)(images) - target).norm() / target.norm()
            for t in (16, 64, 256, 1024)
        ]
    assert apart[-1] < 0.02
    assert all(b < a / 2 for a, b in itertools.pairwise(apart))
