"""Check of the exercise "choose the thresholds of n branches for given inputs".

The student's thresholds are put into real LIF neurons (one step, T = 1), which get hidden inputs
of several shapes. The message says for these very thresholds which branch never fires, which
always does and which are doubles; what the function does with changed inputs gives the hint.
"""

import math
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import torch
from torch import Tensor

from spikeatconv import LIF
from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    stop_at,
    tell_apart,
)

SHARE = 0.95  # of the log₂(n + 1) bits that n branches can carry at most
Answer = Callable[[Tensor, int, float], Tensor]


def check_choose_thresholds(choose_thresholds: Callable) -> Feedback:
    """Check a student's `choose_thresholds(x, n, tau)`: inputs `[N]` → n thresholds, increasing.

    Right is any choice with which the sum of the n spikes after one step keeps at least SHARE of
    log₂(n + 1) bits, on every hidden input. Never raises.
    """
    return judge(
        choose_thresholds,
        measure,
        "On {} kinds of inputs, with 1 to 8 branches and several τ, the sum of your "
        f"branches keeps more than {SHARE:.0%} of what it could keep at most: every level is used "
        "about equally often. No thresholds can do much better at T = 1.",
        "there is still a `...` in `choose_thresholds`, or no `return`. Start with H, the membrane "
        "of each input after one step.",
        "Try it in a new cell: `choose_thresholds(torch.rand(100), 4, 2.0)`.",
    )


def measure(choose_thresholds: Callable) -> int:
    def answer(x: Tensor, n: int, tau: float) -> Tensor:
        handed = x.clone()
        found = expect(choose_thresholds(handed, n, tau))
        if not torch.equal(handed, x):
            stop(
                "Your function changes the inputs that it was given (`/=`, `sort_`). The notebook "
                "still needs them: compute in a variable of its own."
            )
        given = form(found)
        if len(given) != n:
            stop(of_count(len(given), n, len(form(choose_thresholds(x.clone(), n + 1, tau)))))
        return given

    inputs = hidden_inputs()
    for name, x in inputs.items():
        for n, tau in ((4, 2.0), (8, 2.0), (3, 4.0), (1, 1.5)):
            given = answer(x, n, tau)
            kept = bits(x, given, tau)
            if kept < SHARE * math.log2(n + 1) or not rising(given):
                where = describe(name, x, n, tau, given, kept)
                stop(f"{where}\n{behaviour(answer, n, tau, given, next(iter(inputs.values())))}")
    return len(inputs)


def hidden_inputs() -> dict[str, Tensor]:
    """Positive currents of several shapes and sizes, `[N]` and float32 as in the notebook, none of
    them in order."""
    random = torch.Generator().manual_seed(3)
    skewed = -(1 - torch.rand(2000, generator=random)).log()
    low, high = (torch.randn(1000, generator=random).abs() for _ in range(2))
    found = {
        "skewed, many small and few large": 1.5 * skewed + 0.01,
        "evenly spread from 1 to 3": 1 + 2 * torch.rand(2000, generator=random),
        "tiny, skewed": 0.03 * skewed + 1e-4,
        "two clusters, near 0.6 and near 4": torch.cat([0.5 + 0.1 * low, 3.0 + high]),
    }
    return {name: x[torch.randperm(len(x), generator=random)] for name, x in found.items()}


def form(found: Any) -> Tensor:
    """The answer as float64, one axis; stops where it is something else."""
    if isinstance(found, int | float) or (isinstance(found, Tensor) and found.ndim == 0):
        found = [found]
    try:
        values = list(found)  # a generator gives its numbers only once
    except TypeError:
        values = [found]
    expect(values)
    try:
        # One by one, as the notebook's next cell reads them.
        given = torch.tensor([float(v) for v in values], dtype=torch.float64)
    except Exception:
        stop(
            f"Your function returns a `{type(found).__name__}` that is not a list of numbers. "
            "Return n thresholds, one after the other, as a list or as a tensor `[n]`."
        )
    stop_at([
        (not given.isfinite().all(), "One of your thresholds is not a finite number."),
        ((given <= 0).any(),
         lambda: f"Your lowest threshold is {given.min():.3g}. All inputs are above 0, so a "
         "threshold at or below 0 (where V is reset to) would fire without end."),
    ])  # fmt: skip
    return given


def of_count(count: int, n: int, one_more: int) -> str:
    """count: how many thresholds came for n; one_more: how many for n + 1."""
    told = f"You return {count} threshold{'s' * (count != 1)} for n = {n} branches"
    return find_hint([
        (count == one_more == 0, "You return no threshold at all: your list is empty."),
        (count == one_more == 1,
         "You return a single threshold, whatever n is. Branches with one threshold are one "
         "branch: give each its own."),
        (count == one_more,
         f"{told} and for n = {n + 1}. Use the argument `n`; no number of branches should be "
         "written into the function."),
        (True, f"{told}, and {one_more} for n = {n + 1}. Where do yours begin and end?"),
    ]) or told  # fmt: skip


# --- what the branches make of an input


def spikes(x: Tensor, thresholds: Tensor, tau: float) -> Tensor:
    """`[n, N]`: which branch fires for which input, T = 1."""
    return torch.stack([LIF(tau, float(threshold))(x[None])[0] for threshold in thresholds])


def bits(x: Tensor, thresholds: Tensor, tau: float) -> float:
    """Entropy of the sum of the branches."""
    p = spikes(x, thresholds, tau).sum(0).long().bincount() / len(x)
    p = p[p > 0]
    return float(-(p * p.log2()).sum()) + 0.0


def describe(name: str, x: Tensor, n: int, tau: float, given: Tensor, kept: float) -> str:
    fired = spikes(x, given, tau)
    rate = fired.mean(1).tolist()
    some = [i for i in range(n) if 0 < rate[i] < 1]
    doubles = [(i, j) for i, j in combinations(some, 2) if torch.equal(fired[i], fired[j])]
    said = [
        *(f"{branches(found)} {when}"
          for value, when in ((0, "never"), (1, "for every input"))
          if (found := [i + 1 for i in range(n) if rate[i] == value])),
        *(f"branches {i + 1} and {j + 1} for the very same inputs" for i, j in doubles[:1]),
    ]  # fmt: skip
    listed = ", ".join(tell_apart(*given, digits=3))
    yours, asked = tell_apart(kept, SHARE * math.log2(n + 1), digits=3)
    return (
        f"Inputs: {name} (median {x.median():.3g}, highest {x.max():.3g}), τ = {tau:g}, n = {n}. "
        f"Your thresholds: {listed}. The sum keeps {yours} bits; asked for are "
        f"{asked}." + (f"\nWho fires: {'; '.join(said)}." if said else "")
    )


def branches(numbers: list[int]) -> str:
    return f"branch{'es' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def rising(thresholds: Tensor) -> bool:
    return bool((thresholds.diff() > 0).all())


# --- from behaviour to a hint


def behaviour(answer: Answer, n: int, tau: float, given: Tensor, skewed: Tensor) -> str | None:
    if n == 1:
        return (
            "It goes wrong with n = 1: a single threshold tells most where half of the inputs fire "
            "and half do not."
        )

    def good(thresholds: Tensor, tau: float) -> bool:
        enough = SHARE * math.log2(len(thresholds) + 1)
        return bool((thresholds > 0).all()) and bits(skewed, thresholds, tau) >= enough

    def changed(x: Tensor) -> bool:
        return not torch.allclose(four, answer(x, 4, 2.0))

    four = answer(skewed, 4, 2.0)
    return find_hint([
        (changed(skewed),
         "The same call gives other thresholds the second time. Nothing here needs chance: all "
         "that you need to know is in x."),
        (len(four.unique()) == 1,
         "All your branches have one threshold, so they all fire together: the sum is 0 or n, "
         "which is as much as a single branch says."),
        (lambda: not changed(2 * skewed),
         "Your thresholds stay where they are when the inputs become twice as large. Look at x: "
         "its size decides where a threshold is of use."),
        (lambda: changed(skewed.flip(0)),
         "The same inputs in another order give other thresholds. Only how often each value comes "
         "should matter, not which comes first."),
        (lambda: good(given.sort().values, tau) and not rising(given),
         "The values are good, the order is not: the exercise asks for the lowest threshold first. "
         "(The sum would not care, but whoever numbers the branches does.)"),
    ]) or of_tau(good, four, answer(skewed, 4, 4.0)) or of_shape(four, skewed)  # fmt: skip


def of_tau(good: Callable[[Tensor, float], bool], four: Tensor, slow: Tensor) -> str | None:
    """four: the student's thresholds for n = 4, τ = 2 and the skewed inputs; slow: for τ = 4."""
    return find_hint([
        (good(four / 2, 2.0) and torch.allclose(four, slow),
         "Your thresholds are in the units of x. But a branch compares H with its threshold, not "
         "x, and after one step H is only a part of x. Which part?"),
        (good(four / 4, 2.0) and (slow > four).all(),
         "Your thresholds grow with τ. A slow membrane gets less far in one step: the larger τ is, "
         "the lower they have to be."),
        (good(four, 2.0) and torch.allclose(four, slow),
         "Your thresholds are right for τ = 2 and do not change with τ, as if a 2 is written into "
         "the function. Use the argument `tau`."),
    ])  # fmt: skip


def of_shape(four: Tensor, x: Tensor) -> str | None:
    gaps, h = four.diff(), x / 2
    even = (gaps - gaps[0]).abs().max() < 1e-3 * gaps[0]
    highest = abs(four[-1] - h.max()) < 1e-3 * h.max()
    edges = [0.0, *four.sort().values.tolist(), math.inf]
    counts = [int(((h >= low) & (h < high)).sum()) for low, high in pairwise(edges)]
    return find_hint([
        ((four >= h.max()).all(),
         "All your thresholds lie above the highest membrane, so nothing is left of the input. "
         "Where does H end up for the largest x?"),
        (highest and even,
         "You space the thresholds evenly up to the largest H. Few inputs are that large: the "
         "upper branches hardly ever fire, and the lower ones have to tell most apart."),
        (highest or abs(four[0] - h.min()) < 1e-3 * h.max(),
         "Your lowest or highest threshold stands at the very edge of what H reaches, and a branch "
         "there says always the same. n thresholds cut the inputs into n + 1 parts, so all n lie "
         "inside."),
        (even,
         "Your thresholds are evenly spaced, and the inputs are not evenly spread: some levels are "
         "crowded and others almost empty. Put thresholds where the inputs are."),
        (True,
         "On the skewed inputs with n = 4 and τ = 2, your five levels hold "
         f"{', '.join(map(str, counts))} of {len(x)} inputs. The sum tells most when all levels "
         "are equally likely."),
    ])  # fmt: skip
