"""PhotoExplorer in Python: the spikes of `LIF`, and what a reader of counts can know."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from spikeatconv import LIF
from spikeviz.photo.explorer import NEURONS

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "02_spikes_in_time.ipynb"


@pytest.mark.parametrize("neuron", NEURONS)
def test_its_spikes_are_those_of_the_librarys_neuron(made, neuron):
    widget = made(neuron=neuron, time_steps=9)
    tau, soft = NEURONS[neuron]
    x = torch.from_numpy(1 + (tau - 1) * widget.photo).expand(9, -1, -1)
    spikes = LIF(tau=tau, v_reset=None if soft else 0.0)(x)
    assert np.array_equal(widget.trace().spikes, spikes.numpy())


def test_without_leak_the_count_is_the_brightness_in_stairs(made):
    run, s = made(neuron="soft, no leak", time_steps=16).trace(), made().photo
    # Rounded down; where T · s is whole, V of a neuron that hardly leaks may just miss it.
    assert np.isin(np.floor(16 * s) - run.counts, (0, 1)).all()
    assert (run.counts == np.floor(16 * s)).mean() > 0.99
    assert run.error < 0.6 / 16 / 12**0.5 * 2


def test_the_reader_answers_the_mean_of_each_count_and_bits_are_of_both(made):
    widget = made(time_steps=4, noise=0.2)
    run, s = widget.trace(), widget.photo
    for count in np.unique(run.counts):
        where = run.counts == count
        assert run.picture[where] == pytest.approx(s[where].mean())
    joint = np.zeros((256, 5))
    np.add.at(joint, (np.round(255 * s).astype(int), run.counts), 1 / s.size)
    free = joint.sum(1, keepdims=True) * joint.sum(0)
    seen = joint > 0
    assert run.bits == pytest.approx((joint[seen] * np.log2(joint[seen] / free[seen])).sum())


def test_before_the_first_step_nothing_is_known(made):
    run = made(time_steps=0).trace()
    assert run.spikes.shape == (0, 96, 96)
    assert (run.bits, run.error) == (pytest.approx(0), pytest.approx(made().photo.std()))


def test_the_figure_names_what_it_shows(made):
    left, right = made(time_steps=8).to_matplotlib().axes
    assert left.get_title() == "the photograph"
    assert "T = 8" in right.get_title()


@pytest.mark.parametrize(("neuron", "soft"), [("hard reset", False), ("soft reset", True)])
def test_the_lines_in_notebook_02_are_what_it_computes(made, neuron, soft):
    (cell,) = [c for c in nbformat.read(NOTEBOOK, 4).cells if c.id == "encode"]
    written = {"np": np, "TAU": 2.0}
    exec(compile(cell.source, "02", "exec"), written)
    widget = made(neuron=neuron, time_steps=7)
    run, s = widget.trace(), widget.photo
    train = written["lif"](np.broadcast_to(1 + s, (7, *s.shape)), soft)
    picture, error = written["read_back"](s, train.sum(0))
    assert np.array_equal(train, run.spikes)
    assert np.array_equal(picture, run.picture)
    assert error == run.error
