"""Check of the exercise "one fair comparison": is the Atan better than the Sigmoid?

Nothing is trained. The student's `compare(train, n_test)` is given a `train` that writes down
what it was asked for and answers with made-up accuracies. The plan (what was varied, with which
seeds) is judged first, then the verdicts over many cases, then how large a difference has to be,
found by halving. Where these differ from the rule, the mistakes that we know are played through;
one that answers likewise in each case and has the same limits gives the hint.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import mean, stdev
from typing import Any, NamedTuple

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    stop_at,
    tell_apart,
)
from spikeviz.results import standard_error
from spikeviz.results import verdict as verdict_of

VERDICTS = ("agree", "disagree", "undecided")
SURROGATES = ("atan", "sigmoid")
LEAST = 3  # seeds
TRAINING = ("epochs", "images")


def check_fair_comparison(compare: Callable) -> Feedback:
    """Check a student's `compare(train, n_test)`, which gives one of `VERDICTS`.

    Right is a plan that varies the surrogate alone, with the same three seeds or more, and the
    rule of `verdict`. Never raises: the student's errors come back as feedback.
    """
    return judge(
        compare,
        referee,
        "A fair comparison: one thing varied, the same {} seeds on both sides, the last epoch, and "
        "a verdict by the rule that was stated before. It says “undecided” where it should.",
        "there is still a `...` in `compare`, or no `return`. Start with the plan: which calls of "
        "`train` do you need, for which seeds?",
        "Try `compare(train, 500)` in a new cell to see where it stops.",
        errors={
            r"^TypeError.*Log\.train\(\)": "`train` knows seed, surrogate, v_threshold, tau, "
            "epochs and images.",
            "^TypeError.*tuple": "`train` gives a tuple, one accuracy for each epoch. Take one "
            "of them.",
        },
    )


def referee(compare: Callable) -> int:
    def ask(case: Case) -> tuple[str, Runs]:
        log = Log(case)
        answer = expect(compare(log.train, case.n_test))
        for call in log.calls:
            expect(tuple(call.values()))
        stop_at(of_plan(log.calls))
        if answer not in VERDICTS:
            stop(
                f"Your function gives `{answer!r}`. A verdict is one of three words: "
                '`"agree"`, `"disagree"` or `"undecided"`.'
            )
        return answer, log.runs()

    given, runs = zip(*map(ask, CASES), strict=True)
    yours = [limit(lambda case: ask(case)[0], *family) for family in FAMILIES]
    seeds = len(runs[0].curves)

    def like(rule: Rule) -> bool:
        """Whether the student's function does what this rule does."""
        return [*given] == [rule(r) for r in runs] and all(
            map(near, yours, (limit(lambda case: rule(play(case, seeds)), *f) for f in FAMILIES))
        )

    if not like(verdict):
        wrong = [(r, word) for r, word in zip(runs, given, strict=True) if word != verdict(r)]
        where = f"On {len(given)} made-up runs your verdicts are right."
        if wrong:
            where = describe(*wrong[0])
        known = f"All your {len(given)} verdicts are those of a usual slip. "
        slips = ((lambda rule=rule: like(rule), known + hint) for rule, hint in MISTAKES)
        stop(f"{where}\n{find_hint(slips) or of_limit(yours, seeds) or by_hand(wrong[0][0])}")
    return seeds


# --- what the student's function is given


@dataclass(frozen=True)
class Case:
    """Made-up accuracies after the last epoch, by seed; `peaks`: by surrogate, the epoch before."""

    atan: tuple[float, ...]
    sigmoid: tuple[float, ...]
    n_test: int = 1000
    first: tuple[float, float] = (0.2, 0.2)
    peaks: tuple[float, float] = (0.6, 0.6)

    def curve(self, surrogate: str, seed: int) -> tuple[float, ...]:
        side = SURROGATES.index(surrogate)
        last = (self.atan, self.sigmoid)[side]
        return (self.first[side], 0.5, self.peaks[side], last[seed % len(last)])


class Runs(NamedTuple):
    """What a student's function has seen: (Atan, Sigmoid) for each of its seeds."""

    curves: Sequence[Sequence[Sequence[float]]]
    n_test: int


# Of 2 SE; so tight that another factor or another root shows.
SHARES = (0.1, 0.3, 0.45, 0.54, 0.6, 0.7, 0.8, 0.9, 0.985, 1.015, 1.1, 1.3, 1.6, 2.5)


def near_the_limit(count: int) -> list[Case]:
    """Cases with a mean difference near 2 SE, where another yardstick gives another verdict."""
    random, made = Random(5), []
    for share in SHARES * (count // len(SHARES)):
        p, n_test = random.uniform(0.55, 0.75), random.choice((500, 1000, 2000))
        apart = random.choice((-1, 1)) * share * 2 * (2 * p * (1 - p) / n_test) ** 0.5

        def side(centre: float, spread: float) -> tuple[float, ...]:
            a, b = (random.uniform(-spread, spread) for _ in range(2))
            return tuple(round(centre + part, 5) for part in (a, b, -a - b))

        spread = random.choice((0.05, 0.3, 0.6)) * abs(apart)
        atan, sigmoid = side(p + apart / 2, spread), side(p - apart / 2, spread)
        first, peak = ((random.randint(10, 30) / 100, random.randint(10, 30) / 100) for _ in "ab")
        made.append(Case(atan, sigmoid, n_test, first, (0.5 + peak[0], 0.5 + peak[1])))
    return made


CASES = (
    Case((0.92, 0.94, 0.93), (0.70, 0.69, 0.71)),  # clear
    Case((0.76, 0.75, 0.77), (0.84, 0.86, 0.85)),  # clear, the other way round
    Case((0.87, 0.79, 0.86), (0.75, 0.81, 0.76)),  # seed 1 says the opposite
    Case((0.80, 0.81, 0.74), (0.79, 0.80, 0.85)),  # two seeds a little, one far the other way
    Case((0.804, 0.806, 0.802), (0.800, 0.800, 0.800)),  # all the same way, by next to nothing
    Case((0.802, 0.803, 0.801), (0.800, 0.800, 0.800), n_test=200),
    Case((0.812, 0.818, 0.815), (0.784, 0.786, 0.785)),  # 3.0 points: below 2 SE, 3.6 points
    Case((0.810, 0.812, 0.811), (0.790, 0.790, 0.790)),  # 2.1 points: above 1 SE, 1.8 points
    Case((0.820, 0.822, 0.821), (0.780, 0.777, 0.780)),  # 4.2 points: above 2 SE
    Case((0.85, 0.86, 0.85), (0.75, 0.74, 0.75), first=(0.2, 0.4), peaks=(0.7, 0.92)),
    Case((0.88, 0.80, 0.89), (0.75, 0.80, 0.76)),  # seed 1: no difference at all, so undecided
    Case((0.70, 0.80, 0.71), (0.85, 0.80, 0.84)),
    # p of one side alone gives another yardstick: 0.94 over both, 0.98 and 0.9 by side.
    Case((0.980, 0.985, 0.975), (0.900, 0.905, 0.895), n_test=40),
    Case((0.980, 0.985, 0.975), (0.900, 0.905, 0.895), n_test=75),
    # With a p for each, 2 SE would be 24 points; by the rule it is 25.3.
    Case((0.925, 0.930, 0.920), (0.675, 0.680, 0.670), n_test=20),
    Case((0.675, 0.680, 0.670), (0.925, 0.930, 0.920), n_test=20),
    *near_the_limit(56),
)


class Log:
    """`train` as in the notebook, without training: it writes down how it was called."""

    def __init__(self, case: Case) -> None:  # pairs go by the place of a seed, not by its number
        self.case = case
        self.calls: list[dict[str, Any]] = []
        self.seeds: list[Any] = []

    def train(self, seed=0, surrogate="atan", v_threshold=0.5, tau=2.0, epochs=4, images=1000):
        call = {name: value for name, value in locals().items() if name != "self"}
        if surrogate not in SURROGATES:
            raise ValueError(f"surrogate is {surrogate!r}; choose one of {list(SURROGATES)}")
        if seed is not ...:
            operator.index(seed)  # torch.manual_seed takes whole numbers only
        self.calls.append(call)
        if seed not in self.seeds:
            self.seeds.append(seed)
        return self.case.curve(surrogate, self.seeds.index(seed))

    def runs(self) -> Runs:
        """The runs with the seeds that were asked for."""
        return play(self.case, len(self.seeds))


def play(case: Case, seeds: int) -> Runs:
    return Runs([[case.curve(s, i) for s in SURROGATES] for i in range(seeds)], case.n_test)


# --- how large a difference has to be

# p without the last number, test images, and what each seed adds to both sides.
FAMILIES = (
    (0.8, 1000, (0.0, 0.0, 0.0)),
    (0.6, 100, (0.08, 0.0, -0.05)),
    (0.7, 60, (0.1, -0.02, -0.03)),
    (0.25, 2000, (0.0, 0.02, 0.03)),
)


def limit(answer: Callable[[Case], str], p: float, n_test: int, added: Sequence[float]) -> float:
    """The mean difference from which on it says "agree" where all seeds do; NaN: it never does."""

    def agrees(gap: float) -> bool:
        atan, sigmoid = (tuple(p + a + half for a in added) for half in (gap / 2, -gap / 2))
        return answer(Case(atan, sigmoid, n_test)) == "agree"

    low, high = 0.0, 1.96 * min(*(p + a for a in added), *(1 - p - a for a in added))
    if not agrees(high):
        return math.nan
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (low, middle) if agrees(middle) else (middle, high)
    return high


def near(one: float, other: float) -> bool:
    both = math.isnan(one) and math.isnan(other)
    return both or math.isclose(one, other, rel_tol=0.003, abs_tol=2e-5)


def of_limit(found: list[float], seeds: int) -> str | None:
    """Where the student's limit is another one."""
    for gap, family in zip(found, FAMILIES, strict=True):
        p, n_test, added = family
        right = limit(lambda case: verdict(play(case, seeds)), *family)
        if not near(gap, right):
            sides = ", ".join(f"{p + a:g}" for a in added)
            yours, expected = tell_apart(gap, right)
            from_on = f"from a difference of {yours} on" if gap > 2e-5 else "however small it is"
            when = "never" if math.isnan(gap) else from_on
            return (
                "We moved the two sides apart, with the same difference for each seed, around the "
                f"accuracies {sides} on {n_test:,} test images. Your function says “agree” {when}, "
                f"and 2 SE is {expected}. Print what you compare the mean with."
            )
    return None


# --- the plan


def of_plan(calls: list[dict[str, Any]]) -> list[tuple[object, str]]:
    nothing = "Your function trains nothing: call `train` for each surrogate and each seed."
    if not calls:
        return [(True, nothing)]

    def seen(surrogate: str, name: str) -> list[Any]:
        return [call[name] for call in calls if call["surrogate"] == surrogate]

    def spoken(values: Sequence[Any]) -> str:
        return ", ".join(str(value) for value in dict.fromkeys(values))

    changed = [n for n in calls[0] if len({call[n]: 0 for call in calls}) > 1 and n != "seed"]
    extra = [*(name for name in changed if name != "surrogate"), ""]
    atan, sigmoid = (seen(surrogate, "seed") for surrogate in SURROGATES)
    count, used = len(set(atan)), calls[0]["surrogate"]
    apart = " and ".join(
        f"{side} has {extra[0]} = {spoken(seen(side, extra[0]))}" for side in SURROGATES if extra[0]
    )
    return [
        (not changed,
         f"All your runs have the same settings, with surrogate = {used!r}: nothing is compared. "
         "One side needs the other surrogate."),
        ("surrogate" not in changed,
         f"You vary `{extra[0]}`, and the surrogate is {used!r} in every run. The question is "
         "about the surrogate."),
        (extra[0] in TRAINING,
         f"Your two sides were not trained alike: {apart}. A difference could come from the "
         "training alone."),
        (extra[0],
         f"Two things change at once: {apart}. If the two sides differ, nobody can say which of "
         "the changes did it."),
        (set(atan) != set(sigmoid),
         f"The Atan has the seeds {spoken(atan)}, the Sigmoid {spoken(sigmoid)}. With the same "
         "seed both start from the same weights and see the images in the same order, so their "
         "difference means more. Give both sides the same seeds."),
        (count < LEAST <= len(atan),
         f"You trained {len(atan)} times with seed {spoken(atan)}. The same seed gives the same "
         "run again, to the last digit: a copy is no second opinion."),
        (count < LEAST,
         f"You have {count} {'seed' if count == 1 else 'seeds'} on each side. A lucky start looks "
         f"like a better surrogate. The rule asks for {LEAST} at least."),
    ]  # fmt: skip


# --- the rule, and what is often made of it


Rule = Callable[[Runs], str]
Pick = Callable[[Sequence[float]], float]


def last(curve: Sequence[float]) -> float:
    return curve[-1]


def sides(runs: Runs, pick: Pick = last) -> tuple[list[float], list[float]]:
    atan, sigmoid = zip(*runs.curves, strict=True)
    return [pick(curve) for curve in atan], [pick(curve) for curve in sigmoid]


def differences(runs: Runs, pick: Pick = last) -> list[float]:
    return [a - s for a, s in zip(*sides(runs, pick), strict=True)]


def se(runs: Runs) -> float:
    return standard_error([a for side in sides(runs) for a in side], runs.n_test)


def verdict(runs: Runs, pick: Pick = last) -> str:
    """The rule: every seed says so, and the mean difference is more than 2 SE."""
    return verdict_of(*sides(runs, pick), runs.n_test)


def decide(found: Sequence[float], least: float, signs: bool = True) -> str:
    if mean(found) > least and (not signs or min(found) > 0):
        return "agree"
    return "disagree" if mean(found) < -least and (not signs or max(found) < 0) else "undecided"


def majority(runs: Runs) -> str:
    ahead = sum((d > 0) - (d < 0) for d in differences(runs))
    return "agree" if ahead > 0 else "disagree" if ahead < 0 else "undecided"


def each_its_own(runs: Runs) -> float:
    return sum(standard_error(side, runs.n_test) ** 2 / 2 for side in sides(runs)) ** 0.5


MISTAKES: tuple[tuple[Rule, str], ...] = (
    (lambda r: verdict(r, max),
     "You take the best epoch of each run. It was found by looking at the test images, so it is "
     "part luck, and the more a curve jumps the luckier it gets. The rule says: the last epoch."),
    (lambda r: verdict(r, lambda curve: curve[0]),
     "You take the accuracy after the first epoch. `train` gives one number for each epoch; the "
     "rule asks for the last of them."),
    (lambda r: verdict(r, mean),
     "You average over the epochs. So a network that learns faster at first wins, even if it ends "
     "lower. The rule asks for the last epoch."),
    (lambda r: decide(differences(r), 0, signs=False),
     "Your verdict looks at the two means alone. A mean can come from one seed, while another one "
     "says the opposite: look at the difference of each seed, and at the size that counts."),
    (lambda r: decide(differences(r), 2 * se(r), signs=False),
     "The size is judged as it should be, but the seeds are not asked one by one. If one of them "
     "says the opposite, the rule says “undecided”, however large the mean is."),
    (lambda r: decide([d or 1e-12 for d in differences(r)], 2 * se(r)),
     "A seed without any difference counts for you as one that agrees. The rule says above 0."),
    (majority,
     "You let the seeds vote, and the majority wins. Two of three happens by chance half of the "
     "time: the rule wants every seed."),
    (lambda r: decide(differences(r), 0),
     "Every seed is asked, but not how much. A difference that is smaller than 2 SE can come from "
     "which images happen to be in the test set. (Or are your differences in points, and SE a "
     "share?)"),
    (lambda r: {"agree": "disagree", "disagree": "agree"}.get(verdict(r), "undecided"),
     "Your verdicts are turned round: the claim is that the Atan is better. What is the sign of "
     "your difference when the Atan is ahead?"),
    (lambda r: {"disagree": "undecided"}.get(verdict(r), verdict(r)),
     "Your function never says “disagree”. A clear difference against the claim is a result too."),
    (lambda r: {"undecided": "disagree"}.get(verdict(r), verdict(r)),
     "Where the runs do not support the claim you say “disagree”. That it was not shown does not "
     "mean that the opposite was."),
    (lambda r: decide(differences(r), se(r)),
     "You ask for one standard error only. Chance alone goes further than that about once in "
     "three times; the rule asks for two."),
    (lambda r: decide(differences(r), 2 * se(r) / 2**0.5),
     "Your SE is that of one accuracy. A difference has two of them, and both may be off: the "
     "squares add up, so there is a 2 below the root."),
    (lambda r: decide(differences(r), 2 * se(r) ** 2),
     "Your yardstick is far too small, as if the root had been left out: SE is the square root "
     "of 2 p (1 − p) / n_test."),
    (lambda r: decide(differences(r), 2 * se(r._replace(n_test=500))),
     "Your yardstick is the same for every test set: 500 is written into it. Use `n_test`."),
    (lambda r: decide(differences(r), 2 * standard_error(sides(r)[0], r.n_test)),
     "Your p comes from the Atan alone. In the rule it is the mean of all accuracies."),
    (lambda r: decide(differences(r), 2 * standard_error(sides(r)[1], r.n_test)),
     "Your p comes from the Sigmoid alone. In the rule it is the mean of all accuracies."),
    (lambda r: decide(differences(r), 2 * each_its_own(r)),
     "You give each side a p of its own. That can be done, but the rule was stated before: one p, "
     "the mean of all accuracies."),
    (lambda r: decide(differences(r), 2 * standard_error(
        [a for pair in r.curves for curve in pair for a in curve], r.n_test)),
     "Your p takes in the epochs before the last. By line 2 of the rule only the last one counts."),
    (lambda r: decide([(a - s) / s for a, s in zip(*sides(r), strict=True)], 2 * se(r)),
     "Your differences are relative, divided by the Sigmoid's accuracy. The rule says Atan minus "
     "Sigmoid, and SE is made for that."),
    (lambda r: decide([(a - s) / a for a, s in zip(*sides(r), strict=True)], 2 * se(r)),
     "Your differences are divided by the Atan's accuracy. The rule says Atan minus Sigmoid, and "
     "SE is made for that."),
    (lambda r: decide(differences(r), 2 * stdev(differences(r))),
     "You measure how much the seeds differ from each other, with their standard deviation. The "
     "SE of section 5 comes from the number of test images."),
    (lambda r: decide(differences(r), 2 * stdev(differences(r)) / len(r.curves) ** 0.5),
     "You measure how much the seeds differ from each other, with the standard error of their "
     "mean. The SE of section 5 comes from the number of test images."),
    (lambda r: decide(differences(r), 3 * se(r)),
     "You ask for three standard errors. The rule, stated before, asks for two."),
    (lambda r: "undecided",
     "Your verdict is “undecided” whatever the runs say. Print your SE: for p = 0.8 and 1,000 "
     "images it is 0.018. Is `n_test` in it?"),
)  # fmt: skip


def by_hand(runs: Runs) -> str:
    found, two = differences(runs), 2 * se(runs)
    average, limit, _ = tell_apart(mean(found), two, -two)
    return (
        f"The differences are {', '.join(f'{d:+.4g}' for d in found)}, their mean is "
        f"{average}, and 2 SE is {limit}. Does your function find "
        "these numbers? Then read the rule once more, line by line."
    )


def describe(runs: Runs, given: str) -> str:
    told = []
    for name, curves in zip(("Atan", "Sigmoid"), zip(*runs.curves, strict=True), strict=True):
        whole = ["[" + ", ".join(f"{a:g}" for a in curve) + "]" for curve in curves]
        peak = any(max(curve) > curve[-1] for curve in curves)
        told.append(f"{name} {' / '.join(whole if peak else [f'{c[-1]:g}' for c in curves])}")
    return (
        f"We gave your function made-up runs, seed by seed: {', '.join(told)}, on {runs.n_test} "
        f"test images. You say “{given}”."
    )
