"""The estimate before a training: counted by hand for a small network, measured for a real one."""

import copy
import runpy
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from spikeatconv.command import estimate as module
from spikeatconv.command.estimate import Kept, duration, estimate, size
from spikeatconv.training import Augmentation, Run, train
from spikeatconv.training.recompute import recompute

RUNS = runpy.run_path(str(Path(__file__).parents[1] / "training" / "runs.py"))
CPU = Run(cpu=True)
small, images, RECIPE = RUNS["small"], RUNS["images"], RUNS["RECIPE"]


def kept(model, x, parts=()):
    watch = Kept({p.untyped_storage().data_ptr() for p in model.parameters()}, list(parts))
    with torch.autograd.graph.saved_tensors_hooks(watch.pack, lambda tensor: tensor):
        out = model(x)
    watch.end()
    assert out.requires_grad
    return watch.bytes()


def test_what_is_kept_is_counted_once():
    """Of 6 rows: GELU keeps its input [6, 5], the second layer its own [6, 5], which is what GELU
    gave; the first layer the images [6, 3]. Squaring keeps its input once, used twice."""
    model = nn.Sequential(nn.Linear(3, 5), nn.GELU(), nn.Linear(5, 2))
    assert kept(model, torch.rand(6, 3)) == 4 * 6 * (3 + 5 + 5)

    class Square(nn.Module):
        def forward(self, x):
            return x * x

    assert kept(Square(), torch.rand(6, 3, requires_grad=True)) == 4 * 6 * 3


def test_what_is_computed_again_counts_its_largest_part():
    """Outside: what goes into the parts, [6, 3] and [6, 5]. Inside the second, the larger: its
    input's, [6, 5], is counted outside and within, GELU's [6, 7] and the layer's after it."""
    one = nn.Sequential(nn.Linear(3, 5))
    two = nn.Sequential(nn.Linear(5, 7), nn.GELU(), nn.Linear(7, 2))
    found = kept(nn.Sequential(one, two), torch.rand(6, 3), [one, two])
    assert found == 4 * 6 * (3 + 5) + 4 * 6 * (5 + 7 + 7)


def of(model, recipe=RECIPE, run=CPU, **options):
    return estimate(model, images(100), images(30, 16), recipe, Path("nowhere"), run, **options)


def test_an_estimate():
    model = small()
    before = copy.deepcopy(model.state_dict())
    found = of(model, run=replace(CPU, keep=3))
    parameters = sum(p.numel() for p in model.parameters())
    state = sum(t.numel() * t.element_size() for t in model.state_dict().values())
    assert found.parameters == parameters
    assert found.checkpoint == 2 * state + 8 * parameters  # weights, average, two moments
    assert found.checkpoints == 5  # the last 3, the best, one being written
    assert found.seconds == pytest.approx(7 * found.epoch)
    assert found.tensors > state + 12 * parameters
    assert found.memory == module.LIBRARIES + int(module.SPREAD * found.tensors)
    assert 2 <= found.timed <= 8
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())
    twin = small(spiking=False)
    taught = of(model, run=replace(CPU, keep=3), teacher=twin)
    more = taught.tensors - found.tensors
    assert 0 <= more - sum(t.numel() * t.element_size() for t in twin.state_dict().values()) < 2000
    assert taught.checkpoint == found.checkpoint


def test_memory_follows_what_saves_it():
    recipe = replace(RECIPE, batch=64)
    model = small()
    whole, halves, again = of(model, recipe), of(model, recipe, replace(CPU, accumulate=2)), of(
        model, recipe, again=True
    )  # fmt: skip
    fixed = of(model, replace(recipe, batch=1)).tensors
    assert (halves.tensors - fixed) / (whole.tensors - fixed) == pytest.approx(0.5, abs=0.05)
    assert again.tensors < 0.6 * whole.tensors


class Live(TorchDispatchMode):
    """The bytes of all tensors that are alive, and the most there ever were."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self.seen = set()

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        out = function(*arguments, **(options or {}))
        for tensor in tree_leaves(out):
            storage = tensor.untyped_storage() if isinstance(tensor, torch.Tensor) else None
            if storage is not None and storage._cdata not in self.seen:
                self.seen.add(storage._cdata)
                self.now += storage.nbytes()
                self.most = max(self.most, self.now)
                weakref.finalize(storage, self.freed, storage._cdata, storage.nbytes())
        return out

    def freed(self, number, size):
        self.seen.remove(number)
        self.now -= size


@pytest.mark.parametrize("again", [False, True])
def test_a_training_holds_as_many_tensors_as_estimated(again):
    """Each tensor's birth and death in two steps."""
    recipe = replace(RECIPE, epochs=1, warmup_epochs=0, batch=64, augmentation=Augmentation())
    model, data = small(widths=(16, 32), depths=(1, 1)), images(128, 16)
    found = estimate(model, data, images(8, 16), recipe, Path("nowhere"), CPU, again=again)
    if again:
        recompute(model)
    with Live() as live:
        list(train(model, data, images(8, 16), recipe, cpu=True))
    assert live.most == pytest.approx(found.tensors, rel=0.15)


def test_a_resumed_training_takes_what_is_left():
    found = of(small(), done=42)  # of 7 epochs of 12 steps
    assert found.seconds == pytest.approx(3.5 * found.epoch)


def test_several_processes_share_the_images():
    model = small()
    one, two = of(model), of(model, processes=2)
    assert two.tensors < one.tensors
    assert of(model, processes=2, here=2).memory == 2 * two.memory


def test_problems_are_told_with_what_helps():
    found = replace(of(small()), seconds=10.0)
    assert found.problems() == []
    (long,) = replace(found, seconds=7300.0).problems()
    assert long == "it takes about 2 h 2 min"
    (memory,) = replace(found, memory=3 * 10**9, memory_free=10**9).problems()
    assert memory.startswith("it needs about 3.0 GB of memory and 1.0 GB are free: try --accum")
    (disk,) = replace(found, checkpoint=10**9, checkpoints=4, disk_free=10**9).problems()
    assert "need about 4.0 GB and 1.0 GB are free" in disk
    assert module.LONG == 3600


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(4.4, "4 s"), (89, "89 s"), (91, "2 min"), (3599, "60 min"), (7500, "2 h 5 min"),
     (3 * 86400 + 7300, "3 days 2 h")],
)  # fmt: skip
def test_durations(seconds, told):
    assert duration(seconds) == told


@pytest.mark.parametrize(
    ("count", "told"), [(900, "1 kB"), (2.5e6, "2.5 MB"), (1.25e9, "1.2 GB"), (3e12, "3.0 TB")]
)
def test_sizes(count, told):
    assert size(count) == told
