"""Check of the exercise "one fair comparison": is the Atan better than the Sigmoid?

Nothing is trained. The student's `compare(train, n_test)` is given a `train` that writes down
what it was asked for and answers with made-up accuracies. The plan (what was varied, with which
seeds) is judged first, then the verdicts over several cases. Where they differ from the rule, the
mistakes that we know are played through, and the one that answers likewise gives the hint.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from spikeviz.exercises.feedback import Feedback, last_line, stopped_at_ellipsis, unfinished

VERDICTS = ("agree", "disagree", "undecided")
SURROGATES = ("atan", "sigmoid")
LEAST = 3  # seeds
TRAINING = ("epochs", "images")

NOT_YET = (
    "Nothing is wrong, it is just not finished: there is still a `...` in `compare`, or no "
    "`return`. Start with the plan: which calls of `train` do you need, for which seeds?"
)
PASSED = (
    "A fair comparison: one thing varied, the same {count} seeds on both sides, the last epoch, "
    "and a verdict by the rule that was stated before. It says “undecided” where it should."
)


def check_fair_comparison(compare: Callable) -> Feedback:
    """Check a student's `compare(train, n_test)`, which gives one of `VERDICTS`.

    Right is a plan that varies the surrogate alone, with the same three seeds or more, and the
    rule of `verdict`. Never raises: the student's errors come back as feedback.
    """
    if unfinished(compare):
        return Feedback("not yet", NOT_YET)
    try:
        return _check(compare)
    except Exception as error:
        if stopped_at_ellipsis(error):
            return Feedback("not yet", NOT_YET)
        return Feedback("not right", explain(error))


def _check(compare: Callable) -> Feedback:
    log = Log(CASES[0])
    first = compare(log.train, CASES[0].n_test)
    if unfinished(first) or any(unfinished(tuple(call.values())) for call in log.calls):
        return Feedback("not yet", NOT_YET)
    hint = plan_hint(log.calls)
    if hint:
        return Feedback("not right", hint)
    given = []
    for case in CASES:
        answer = compare(Log(case).train, case.n_test)
        if answer not in VERDICTS:
            return Feedback(
                "not right",
                f"Your function gives `{answer!r}`. A verdict is one of three words: "
                '`"agree"`, `"disagree"` or `"undecided"`.',
            )
        given.append(answer)
    wrong = [i for i, case in enumerate(CASES) if given[i] != verdict(case)]
    if wrong:
        return Feedback(
            "not right", f"{where(CASES[wrong[0]], given[wrong[0]])}\n{rule_hint(given)}"
        )
    return Feedback("passed", PASSED.format(count=len({call["seed"] for call in log.calls})))


# --- what the student's function is given


@dataclass(frozen=True)
class Case:
    """Made-up accuracies after the last epoch, by seed; `peaks`: by surrogate, the epoch before."""

    atan: tuple[float, ...]
    sigmoid: tuple[float, ...]
    n_test: int = 1000
    first: tuple[float, float] = (0.2, 0.2)
    peaks: tuple[float, float] = (0.6, 0.6)

    def curve(self, surrogate: str, seed: int) -> list[float]:
        side = SURROGATES.index(surrogate)
        last = (self.atan, self.sigmoid)[side]
        return [self.first[side], 0.5, self.peaks[side], last[seed % len(last)]]

    def curves(self) -> list[tuple[list[float], list[float]]]:
        """(Atan, Sigmoid) for each seed."""
        return [(self.curve("atan", i), self.curve("sigmoid", i)) for i in range(len(self.atan))]


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
)


class Log:
    """`train` as in the notebook, without training: it writes down how it was called."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.calls: list[dict[str, Any]] = []
        self.seeds: list[Any] = []

    def train(
        self,
        seed: int = 0,
        surrogate: str = "atan",
        v_threshold: float = 0.5,
        tau: float = 2.0,
        epochs: int = 4,
        images: int = 1000,
    ) -> list[float]:
        if surrogate not in SURROGATES:
            raise ValueError(f"surrogate is {surrogate!r}; choose one of {list(SURROGATES)}")
        settings = {"surrogate": surrogate, "v_threshold": v_threshold, "tau": tau,
                    "epochs": epochs, "images": images}  # fmt: skip
        self.calls.append({"seed": seed, **settings})
        if seed not in self.seeds:
            self.seeds.append(seed)
        return self.case.curve(surrogate, self.seeds.index(seed))


# --- the plan


def plan_hint(calls: list[dict[str, Any]]) -> str | None:
    if not calls:
        return "Your function trains nothing: call `train` for each surrogate and each seed."
    values = {name: list(dict.fromkeys(call[name] for call in calls)) for name in calls[0]}
    changed = [name for name, found in values.items() if len(found) > 1 and name != "seed"]
    if not changed:
        return (
            f"All your runs have the same settings, with surrogate = {values['surrogate'][0]!r}: "
            "nothing is compared. One side needs the other surrogate."
        )
    if "surrogate" not in changed:
        return (
            f"You vary `{changed[0]}`, and the surrogate is {values['surrogate'][0]!r} in every "
            "run. The question is about the surrogate."
        )
    extra = [name for name in changed if name != "surrogate"]
    if extra:
        name = extra[0]
        sides = " and ".join(
            f"{surrogate} has {name} = {spoken(seen(calls, surrogate, name))}"
            for surrogate in SURROGATES
        )
        if name in TRAINING:
            return (
                f"Your two sides were not trained alike: {sides}. A difference could come from "
                "the training alone."
            )
        return (
            f"Two things change at once: {sides}. If the two sides differ, nobody can say which "
            "of the changes did it."
        )
    return seeds_hint({surrogate: seen(calls, surrogate, "seed") for surrogate in SURROGATES})


def seen(calls: list[dict[str, Any]], surrogate: str, name: str) -> list[Any]:
    return [call[name] for call in calls if call["surrogate"] == surrogate]


def spoken(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in dict.fromkeys(values))


def seeds_hint(seeds: dict[str, list[Any]]) -> str | None:
    atan, sigmoid = seeds["atan"], seeds["sigmoid"]
    if set(atan) != set(sigmoid):
        return (
            f"The Atan has the seeds {spoken(atan)}, the Sigmoid {spoken(sigmoid)}. With the same "
            "seed both start from the same weights and see the images in the same order, so their "
            "difference means more. Give both sides the same seeds."
        )
    if len(set(atan)) < LEAST and len(atan) >= LEAST:
        return (
            f"You trained {len(atan)} times with seed {spoken(atan)}. The same seed gives the same "
            "run again, to the last digit: a copy is no second opinion."
        )
    if len(set(atan)) < LEAST:
        return (
            f"You have {len(set(atan))} {'seed' if len(set(atan)) == 1 else 'seeds'} on each side. "
            f"A lucky start looks like a better surrogate. The rule asks for {LEAST} at least."
        )
    return None


# --- the rule, and what is often made of it


def last(curve: Sequence[float]) -> float:
    return curve[-1]


def differences(case: Case, pick: Callable = last) -> list[float]:
    return [pick(atan) - pick(sigmoid) for atan, sigmoid in case.curves()]


def chance(case: Case, pick: Callable = last, n_test: int | None = None) -> float:
    """2 p (1 − p) / n: the square of the standard error of a difference."""
    p = statistics.mean(pick(curve) for pair in case.curves() for curve in pair)
    return 2 * p * (1 - p) / (n_test or case.n_test)


def verdict(case: Case, pick: Callable = last) -> str:
    """The rule: every seed says so, and the mean difference is more than 2 SE."""
    found = differences(case, pick)
    return decide(found, 2 * chance(case, pick) ** 0.5)


def decide(found: Sequence[float], least: float, signs: bool = True) -> str:
    mean = statistics.mean(found)
    if mean > least and (not signs or min(found) > 0):
        return "agree"
    return "disagree" if mean < -least and (not signs or max(found) < 0) else "undecided"


def turned(word: str) -> str:
    return {"agree": "disagree", "disagree": "agree"}.get(word, word)


def majority(case: Case) -> str:
    ahead = sum((d > 0) - (d < 0) for d in differences(case))
    return "agree" if ahead > 0 else "disagree" if ahead < 0 else "undecided"


MISTAKES: tuple[tuple[Callable[[Case], str], str], ...] = (
    (lambda case: verdict(case, max),
     "You take the best epoch of each run. It was found by looking at the test images, so it is "
     "part luck, and the more a curve jumps the luckier it gets. The rule says: the last epoch."),
    (lambda case: verdict(case, lambda curve: curve[0]),
     "You take the accuracy after the first epoch. `train` gives one number for each epoch; the "
     "rule asks for the last of them."),
    (lambda case: verdict(case, statistics.mean),
     "You average over the epochs. So a network that learns faster at first wins, even if it ends "
     "lower. The rule asks for the last epoch."),
    (lambda case: decide(differences(case), 0, signs=False),
     "Your verdict looks at the two means alone. A mean can come from one seed, while another one "
     "says the opposite: look at the difference of each seed, and at the size that counts."),
    (lambda case: decide(differences(case), 2 * chance(case) ** 0.5, signs=False),
     "The size is judged as it should be, but the seeds are not asked one by one. If one of them "
     "says the opposite, the rule says “undecided”, however large the mean is."),
    (majority,
     "You let the seeds vote, and the majority wins. Two of three happens by chance half of the "
     "time: the rule wants every seed."),
    (lambda case: decide(differences(case), 0),
     "Every seed is asked, but not how much. A difference that is smaller than 2 SE can come from "
     "which images happen to be in the test set."),
    (lambda case: turned(verdict(case)),
     "Your verdicts are turned round: the claim is that the Atan is better. What is the sign of "
     "your difference when the Atan is ahead?"),
    (lambda case: {"disagree": "undecided"}.get(verdict(case), verdict(case)),
     "Your function never says “disagree”. A clear difference against the claim is a result too."),
    (lambda case: {"undecided": "disagree"}.get(verdict(case), verdict(case)),
     "Where the runs do not support the claim you say “disagree”. That it was not shown does not "
     "mean that the opposite was."),
    (lambda case: decide(differences(case), chance(case) ** 0.5),
     "You ask for one standard error only. Chance alone goes further than that about once in "
     "three times; the rule asks for two."),
    (lambda case: decide(differences(case), 2 * (chance(case) / 2) ** 0.5),
     "Your SE is that of one accuracy. A difference has two of them, and both may be off: the "
     "squares add up, so there is a 2 below the root."),
    (lambda case: decide(differences(case), 2 * chance(case)),
     "Your yardstick is far too small, as if the root had been left out: SE is the square root "
     "of 2 p (1 − p) / n_test."),
    (lambda case: decide(differences(case), 2 * chance(case, n_test=500) ** 0.5),
     "Your yardstick is the same for every test set: 500 is written into it. Use `n_test`."),
    (lambda case: "undecided",
     "Your verdict is “undecided” whatever the runs say. Print your SE: for p = 0.8 and 1,000 "
     "images it is 0.018. Is `n_test` in it?"),
)  # fmt: skip


def rule_hint(given: list[str]) -> str:
    for rule, hint in MISTAKES:
        if given == [rule(case) for case in CASES]:
            return hint
    return (
        "Work this case out by hand: the difference of each seed after the last epoch, their mean, "
        "and 2 SE. Then read the rule once more, line by line."
    )


def where(case: Case, given: str) -> str:
    sides = []
    for name, side in (("Atan", 0), ("Sigmoid", 1)):
        curves = [pair[side] for pair in case.curves()]
        if case.peaks[side] > max(curve[-1] for curve in curves):
            told = " / ".join("[" + ", ".join(f"{a:g}" for a in curve) + "]" for curve in curves)
        else:
            told = " / ".join(f"{curve[-1]:g}" for curve in curves)
        sides.append(f"{name} {told}")
    return (
        f"We gave your function made-up runs, seed by seed: {', '.join(sides)}, on {case.n_test} "
        f"test images. You say “{given}”."
    )


def explain(error: Exception) -> str:
    message = f"Your function stopped with an error: `{last_line(error)}`."
    if isinstance(error, TypeError) and "unexpected keyword" in str(error):
        return (
            f"{message}\n`train` knows seed, surrogate, v_threshold, tau, epochs and images; "
            "`compare` gets `train` and `n_test`."
        )
    if isinstance(error, TypeError) and "list" in str(error):
        return f"{message}\n`train` gives a list, one accuracy for each epoch. Take one of them."
    if isinstance(error, NameError):
        return f"{message}\nIs the name spelled as in the line that starts with `def`?"
    if isinstance(error, TypeError) and "argument" in str(error):
        return f"{message}\nKeep the line that starts with `def` as it was given."
    return f"{message}\nTry `compare(train, 500)` in a new cell to see where it stops."
