"""What an exercise's text asks for, put to an answer: the same questions get the same replies from
all right answers. Independent of the checks: other numbers, and no right answer."""

import copy
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn


def rand(*shape: int) -> Tensor:
    return torch.rand(*shape)


def lif_step(f):
    for i in range(40):
        v, tau = random.uniform(-1, 0.9), random.uniform(1, 5)
        options = {"tau": tau, "v_threshold": random.uniform(0.3, 2), "v_reset": v / 2 + 0.1}
        yield f(random.uniform(-2, 6), min(v, options["v_threshold"]), **(options if i % 2 else {}))
    yield from (f(2.0, 0.0), f(1.5, 0.5), f(3.0, 0.0, v_threshold=1.5))  # H at the threshold


def reconstruct(f):
    for shape, tau in (((9,), 2.5), ((6, 4), 3.0), ((4, 2, 3), 1.0), ((1,), 2.0), ((5, 5), 6.0)):
        yield f((rand(*shape) < 0.5).float(), tau)


def surrogate_backward(f):
    u, above = (torch.cat([torch.randn(30), torch.zeros(1)]) for _ in range(2))
    u.requires_grad_()
    spikes = f.apply(u)
    yield from (spikes, torch.autograd.grad(spikes, u, above)[0])


def back_through_time(f):
    for steps, tau in ((1, 2.0), (2, 3.0), (7, 4.0), (9, 1.5), (9, 2.0), (6, 1.2)):
        yield f((rand(steps) < 0.3).float(), rand(steps), tau)


def residual_lif(f):
    torch.manual_seed(1)
    block, x = f(3).eval(), 3 * rand(5, 2, 3, 4, 6)
    train = torch.tensor([[1.0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]]).T.reshape(6, 1, 1, 1, 2)
    with torch.no_grad():
        h = block.first(x)
        yield block(x) - block.project(torch.cat([block.second(h), h], 2))
        yield block.second(train)[:2]


def choose_thresholds(f):
    for n, tau in ((1, 2.0), (4, 2.0), (8, 3.0), (3, 1.5), (2, 5.0)):
        for x in (-rand(3000).log() + 0.01, 0.05 * rand(3000) + 0.01, 2 + rand(3000) ** 3):
            found = torch.stack([torch.as_tensor(float(v)) for v in f(x.clone(), n, tau)])
            share = (x[:, None] / tau >= found).sum(1).bincount(minlength=n + 1) / len(x)
            bits = -(share * share.clamp(min=1e-9).log2()).sum() / torch.tensor(n + 1.0).log2()
            rising = len(found) == n and all(a < b for a, b in pairwise(found))
            yield bool(rising and found[0] > 0 and bits >= 0.95)


def learned_leak(f):
    for tau in (3.0, 1.5):
        layer, x = f(tau), 4 * rand(9, 30) - 0.5
        yield layer.w.detach().clone().reshape(())
        for w in (-1.0, 0.3, 2.0):
            nn.init.constant_(layer.w, w)
            layer.zero_grad()
            given = (x * (1 + (w < 0))).requires_grad_()
            spikes = layer(given)
            yield spikes.detach()
            yield torch.autograd.grad((spikes * rand(9, 30)).sum(), (layer.w, given))


def fair_comparison(f):
    for i in range(200):
        n_test, p = random.choice((30, 300, 3000)), random.uniform(0.2, 0.95)
        se = (2 * p * (1 - p) / n_test) ** 0.5
        gap, spread = random.uniform(0, 4) * se * random.choice((-1, 1)), random.choice((0, 0.4, 2))
        table: dict[Any, list[float]] = {}
        calls = []

        def train(
            seed=0, surrogate="atan", v_threshold=0.5, tau=2.0, epochs=4, images=1000,
            table=table, calls=calls, p=p, gap=gap, spread=spread, i=i,
        ):  # fmt: skip
            calls.append((seed, surrogate, v_threshold, tau, epochs, images))
            sign = {"atan": 0.5, "sigmoid": -0.5}[surrogate]
            jump = 0 if i % 9 == 0 else random.uniform(-1, 1) * abs(gap) * spread
            curve = [0.1, 0.3, random.uniform(0.4, 0.6), min(max(p + sign * gap + jump, 0), 1)]
            if i % 11 == 0 and seed == 1:
                curve[-1] = p  # no difference
            return tuple(table.setdefault((seed, surrogate), curve))

        said = f(train, n_test)
        sides = [{c[0] for c in calls if c[1] == side} for side in ("atan", "sigmoid")]
        yield said if said in ("agree", "disagree", "undecided") else "none of the three"
        yield sides[0] == sides[1], len(sides[0]) >= 3, len({c[2:] for c in calls})


def fold_batchnorm(f):
    with torch.no_grad():
        for c_in, c_out, groups, bias in ((3, 3, 1, True), (2, 4, 1, False), (4, 4, 4, True)):
            conv, norm = nn.Conv2d(c_in, c_out, 3, groups=groups, bias=bias), nn.BatchNorm2d(c_out)
            for part in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                part.copy_(rand(c_out) + 0.1)
            norm.running_var[0], norm.eps = 0.01, random.choice((0.1, 0.05))
            before = copy.deepcopy(conv.state_dict())
            yield f(conv.weight.detach(), conv.bias.detach() if bias else None, norm.eval())
            yield all(torch.equal(value, before[name]) for name, value in conv.state_dict().items())


def grid_partition(f):
    for shape, size in (((2, 3, 6, 4), 2), ((1, 2, 9, 9), 3), ((2, 1, 4, 12), 4)):
        yield f(rand(*shape), size)


def bdsa(f):
    for softmax in (True, False):
        s, fed = (rand(3, 2, 5, 7) < 0.5).float(), []
        out = f(s, lambda x, fed=fed: [fed.append(x), (x > 0.4).float()][1], softmax=softmax)
        yield (len(fed), *fed, out)


def block_parameters(f):
    yield from (float(f(width)) for width in (16, 48, 128))
    yield from (float(f(width, mixer=True)) for width in (16, 48, 128))


def break_even_rate(f):
    yield from (float(f(random.randint(1, 9999), t)) for t in (1, 3, 5, 6, 7, 12, 64))
    yield from (float(f(10, t, 2.0, a)) for t in (1, 2, 8) for a in (0.5, 3.0))


def recipe_faults(f):
    for _ in range(500):
        batch, processes = random.choice((768, 384, 96, 1536)), random.choice((1, 8, 16))
        rate = 1e-3 * batch / 768 * random.choice((1, 1, 1.008, 0.992, 1.02, 0.98, 2, 0.5))
        recipe = {
            "epochs": random.randint(1, 4),
            "warmup_epochs": random.randint(0, 4),
            "batch": batch,
            "images_per_process": batch // processes + random.choice((0, 0, 0, 1, -1)),
            "learning_rate": rate,
            "decayed": random.choice((("weights",), ("norms",), ("weights", "norms"), ())),
            "test_augmentation": random.choice(((), (), ("flip",), ("flip", "mixup"))),
        }
        yield set(f(recipe, processes))


def normalise(f):
    for shape in ((3, 4), (2, 3, 3, 3)):
        yield f(rand(*shape), rand(shape[0]), random.uniform(0.3, 5), random.uniform(0.3, 5))


def bin_events(f):
    for duration, steps, n in ((1000, 4, 300), (70, 3, 200), (50_000, 7, 300), (10, 2, 0)):
        times = (rand(n) ** 2 * duration).long().clamp(max=duration - 1).sort().values
        xs, ys = ((rand(n) ** 2 * side).long() for side in (32, 16))
        yield f(times, xs, ys, rand(n) < 0.5, duration, steps)


# --- the replies


def ask(exercise: str, answer: Any) -> list[Any]:
    """All replies; the kind of the error in the place where the answer stopped."""
    random.seed(11)
    torch.manual_seed(11)
    probe: Callable[[Any], Any] = globals()[exercise]
    replies: list[Any] = []
    try:
        replies.extend(probe(answer))
    except Exception as error:
        replies.append(type(error).__name__)
    return replies


def alike(one: Any, other: Any) -> bool:
    """Whether two replies are the same, numbers nearly; whatever holds them."""
    if isinstance(one, list | tuple) or isinstance(other, list | tuple):
        both = isinstance(one, list | tuple) and isinstance(other, list | tuple)
        return both and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, str | set | bool) or isinstance(other, str | set | bool):
        return bool(one == other)
    try:
        a, b = (torch.as_tensor(v).detach().double() for v in (one, other))
    except (TypeError, ValueError, RuntimeError):
        return False
    return a.shape == b.shape and torch.allclose(a, b, 1e-4, 1e-6, equal_nan=True)
