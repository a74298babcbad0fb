"""Check of the exercise "write one step of the LIF neuron".

The student's function walks through several hidden sequences beside a neuron of our own.
At the first step that differs, a few calls with simple numbers find out how the function
behaves (where does it fire, what is left of V?), and the hint speaks to that behaviour.
"""

import math
import sys
from collections.abc import Callable
from importlib import import_module
from random import Random
from typing import Any, NamedTuple

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    stopped_at_ellipsis,
    tell_apart,
)

TOLERANCE = 1e-4
FALLBACK = {  # H first: the other two are computed from it
    "h": "Go through the charge step once more: what comes in, what leaks, what tau divides.",
    "spike": "Go through the fire step once more: which potential meets which threshold?",
    "v_next": "Go through the reset once more: what is V after a spike, and without one?",
}


class Step(NamedTuple):
    spike: float
    h: float
    v_next: float


class Neuron(NamedTuple):
    tau: float = 2.0
    v_threshold: float = 1.0
    v_reset: float = 0.0

    def step(self, x: float, v: float) -> Step:
        """What is right, in plain numbers: this exercise needs no torch."""
        h = v + (x - v) / self.tau
        fired = h >= self.v_threshold
        return Step(float(fired), h, self.v_reset if fired else h)


DEFAULT, SLOW = Neuron(), Neuron(tau=4.0, v_threshold=50.0)


def check_lif_step(lif_step: Callable) -> Feedback:
    """Check a student's `lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0)`.

    Right is (spike, h, v_next) of the LIF neuron with hard reset and V_rest = 0; numbers and
    tensors are both fine. Never raises: the student's errors come back as feedback.
    """
    return judge(
        lif_step,
        walk,
        "Your neuron charges, fires and resets as it should, step by step, in every sequence that "
        "we tried, with other values of tau, v_threshold and v_reset too.",
        "there is still a `...` in `lif_step`, or no `return`. Start with `h`, the membrane after "
        "charging, and return `spike, h, v_next`.",
        "Call it yourself in a new cell, `lif_step(1.0, 0.0)`, to see where.",
    )


def walk(lif_step: Callable) -> None:
    answer = Answer(lif_step)
    for neuron, inputs in hidden_sequences():
        v = 0.0
        for number, x in enumerate(inputs, start=1):
            given, right = answer(neuron, x, v), neuron.step(x, v)
            for name, otherwise in FALLBACK.items():
                value = getattr(given, name)
                if not close(value, getattr(right, name)):
                    fields = zip(neuron._fields, neuron, DEFAULT, strict=True)
                    changed = ", ".join(f"{key} = {v:g}" for key, v, usual in fields if v != usual)
                    told, _ = tell_apart(value, getattr(right, name))
                    stop(
                        f"The first step that differs is step {number}"
                        f"{f', with {changed}' if changed else ''}: the input is {x:.4g} and V "
                        f"before it is {v:.4g}. There your `{name}` is {told}, and that is "
                        f"not what the neuron does.\n{behaviour(answer) or otherwise}"
                    )
            v = right.v_next


def hidden_sequences() -> list[tuple[Neuron, list[float]]]:
    """Neurons and their inputs. H meets the threshold exactly, or stays clearly away from it."""
    sequences = [
        (DEFAULT, [1.0, 0.5, -0.25, 1.5625, 0.0, 2.5, 1.25, 1.25, 1.25, 5.0, 0.75]),
        (Neuron(tau=4.0), [2.0, 1.0, 0.0, 3.0, 2.0, 6.0, -1.0, 0.5, 9.0]),
        (Neuron(v_threshold=0.5), [0.5, 0.75, 1.5, 0.25, 0.0, 2.0]),
        (Neuron(v_threshold=1.5, v_reset=-0.25), [1.0, 2.0, 3.0, 0.5, 4.0, 1.0]),
        (Neuron(tau=1.0, v_reset=0.25), [0.5, 1.0, 0.75, 2.0, 0.0]),
    ]
    random, neuron, v = Random(3), Neuron(3.0, 0.8, 0.1), 0.0
    inputs: list[float] = []
    while len(inputs) < 40:
        x = random.uniform(-1, 4)
        step = neuron.step(x, v)
        if abs(step.h - neuron.v_threshold) > 0.01:
            inputs.append(x)
            v = step.v_next
    return [*sequences, (neuron, inputs)]


def array(value: float) -> Any:
    return import_module("numpy").array(value)


def tensor(value: float) -> Any:
    return import_module("torch").tensor(value)


class Answer:
    """The student's function, called with plain numbers, or with arrays or tensors if it needs
    them; these are imported only then."""

    def __init__(self, function: Callable) -> None:
        self.function = function
        self.make: Callable = float

    def __call__(self, neuron: Neuron, x: float, v: float, named: bool = False) -> Step:
        """named: hand over tau and the others also where they are the usual ones."""
        options = neuron._asdict() if named or neuron != DEFAULT else {}
        try:
            answer = self.function(self.make(x), self.make(v), **options)
        except Exception as error:
            # Code that is written for arrays or for tensors is fine too.
            if stopped_at_ellipsis(error) or self.make is tensor:
                raise
            self.make = array if self.make is float and "numpy" in sys.modules else tensor
            return self(neuron, x, v, named)
        expect(answer)
        if getattr(answer, "ndim", 0) > 0:
            answer = tuple(answer)  # three numbers in one tensor can be taken apart like any three
        count = len(answer) if isinstance(answer, tuple | list) else 1
        if count != 3:
            stop(
                f"Your function returns {count} value{'s' * (count != 1)}, three are needed: "
                "`return spike, h, v_next`."
            )
        try:
            return Step(*map(float, answer))
        except Exception:
            stop(
                "One of your three values is not a single number. For one input number x, `spike`, "
                "`h` and `v_next` are one number each."
            )


def close(*values: float) -> bool:
    """Whether the first half of the numbers are those of the second half; NaN never is."""
    half = len(values) // 2
    return all(abs(a - b) <= TOLERANCE for a, b in zip(values[:half], values[half:], strict=True))


# --- from behaviour to a hint


def behaviour(answer: Answer) -> str | None:
    once, again = answer(DEFAULT, 0.5, 0.25), answer(DEFAULT, 0.5, 0.25)
    return find_hint([
        (not all(map(math.isfinite, once + again)),
         "From the input 0.5 and V = 0.25 your function makes a value that is no number."),
        (not close(*once, *again),
         "The same call gives another result the second time. Everything that the neuron "
         "remembers comes in as `v` and goes out as `v_next`; keep nothing else."),
        (not close(*(step for x in (0.5, 2.5) for step in answer(DEFAULT, x, 0.25)),
                   *(step for x in (0.5, 2.5) for step in answer(DEFAULT, x, 0.25, named=True))),
         "Without `tau`, `v_threshold` and `v_reset` your function gives something else than with "
         "tau = 2, v_threshold = 1, v_reset = 0. Keep the line that starts with `def` as it was "
         "given."),
    ]) or order(answer) or charge(answer) or fire(answer) or reset(answer)  # fmt: skip


def order(answer: Answer) -> str | None:
    """For three numbers that are right and change places."""
    step, right = answer(DEFAULT, 2.5, 0.0), DEFAULT.step(2.5, 0.0)
    if close(*step, *right) or not close(*sorted(step), *sorted(right)):
        return None
    places = [Step._fields[min(range(3), key=lambda i: abs(right[i] - value))] for value in step]
    return (
        "Your three numbers are right, but they come back in another order. It looks like "
        f"`{', '.join(places)}`; the exercise asks for `spike, h, v_next`."
    )


def shares(answer: Answer, neuron: Neuron) -> tuple[float, float]:
    """How much of V and how much of the input is in H, below the threshold."""
    zero = answer(neuron, 0.0, 0.0).h
    return (answer(neuron, 0.0, 0.5).h - zero) / 0.5, (answer(neuron, 0.5, 0.0).h - zero) / 0.5


def charge(answer: Answer) -> str | None:
    at_2, (keep, gain) = shares(answer, Neuron(v_threshold=50.0)), shares(answer, SLOW)
    far, is_2 = answer(SLOW, 6.0, 3.0).h, close(*at_2, 1 / 2, 1 / 2)
    return find_hint([
        (not close(far, answer(SLOW, 0.0, 0.0).h + 3 * keep + 6 * gain),
         f"Your `h` is not a share of V and a share of x: with tau = 4 it is {far:.3g} for V = 3 "
         f"and x = 6, but {keep / 2:.3g} for V = 0.5 alone and {gain / 2:.3g} for x = 0.5 alone. "
         "Perhaps something is rounded or cut."),
        (is_2 and close(keep, gain, 3 / 4, 1 / 4), None),
        (is_2 and close(keep, gain, *at_2),
         "Your `h` is the same for tau = 2 and 4, as if 2 were written into the formula. Use the "
         "argument `tau`."),
        (is_2 and close(keep, 1 / 4),
         "With tau = 4, only a quarter of V is left after one step without input. A larger tau "
         "means a slower leak: only 1/tau of the distance to rest is lost in a step."),
        (close(keep, gain, 1, 1),
         "There is no tau in your `h`: V and the whole input are simply added, so the neuron is a "
         "perfect counter. tau slows down both the leak and the input."),
        (close(keep, gain, 1, 1 / 4),
         "Without input your V stays where it is, for ever: nothing leaks. The L in LIF is "
         "missing; which term pulls V back to rest?"),
        (keep > 1 + TOLERANCE,
         f"Without input your V grows by itself, with tau = 4 by {keep - 1:.0%} in a step: perhaps "
         "the leak has the wrong sign. It has to pull V back towards rest."),
        (gain < -TOLERANCE,
         "A positive input lowers your `h`: perhaps the input has the wrong sign."),
        (close(keep, gain, 1, 3 / 4),
         "Your leak acts on the input but not on V: without input V stays where it is. What leaks "
         "away is a part of the potential."),
        (close(keep, 0),
         "Your `h` does not depend on V: the neuron forgets everything at each step."),
        (close(keep, gain, 3 / 4, 1),
         "The leak is right, but the input comes in at full strength, whatever tau is. tau divides "
         "the input as well as the leak."),
        (abs(gain) < TOLERANCE, "Your `h` does not depend on the input x."),
        (True,
         "Try one number at a time, with tau = 4 and a high threshold. From V = 1 without input, "
         f"your `h` is {keep:.4g}; from V = 0 with input 1, it is {gain:.4g}. How much of V should "
         "leak away in a step, and how much of the input should arrive?"),
    ])  # fmt: skip


def fire(answer: Answer) -> str | None:
    """For a neuron that charges as it should below the threshold."""
    below, meets, above = (answer(DEFAULT, x, 0.0) for x in (1.5, 2.0, 2.5))
    return find_hint([
        (not {below.spike, meets.spike, above.spike} <= {0.0, 1.0},
         "A spike is all or nothing: `spike` has to be exactly 0 or 1."),
        (below.spike == 1 and above.spike == 0,
         "Your neuron fires below the threshold and is silent above it: turn the test round."),
        (below.spike == 1,
         "With H = 0.75 and a threshold of 1 your neuron fires. It should wait."),
        (lambda: answer(DEFAULT, 0.0, 1.5).spike == 1 and above.spike == 0,
         "It fires at V = 1.5 before the step, though H = 0.75, and not at H = 1.25: your test "
         "looks at V from before this step, so the neuron fires a step late. Charge first, then "
         "compare `h` with the threshold."),
        (above.spike == 0 and not close(above.v_next, 1.25),
         "The potential crosses the threshold and is reset, yet `spike` is 0: perhaps your reset "
         "comes before the test. Decide on the spike first, from the potential before the reset."),
        (above.spike == 0,
         "With H = 1.25 and a threshold of 1 your neuron should fire, and it does not."),
        (meets.spike == 0,
         "Your neuron is silent where H is exactly at the threshold. It fires where H reaches the "
         "threshold, not only where it is above it."),
        (lambda: answer(Neuron(v_threshold=0.5), 1.5, 0.0).spike == 0,
         "With a threshold of 0.5, your neuron does not fire at H = 0.75: perhaps a number is "
         "written into the test. Use the argument `v_threshold` instead."),
    ])  # fmt: skip


def reset(answer: Answer) -> str | None:
    """For a neuron that charges and fires as it should."""
    silent, fired = answer(DEFAULT, 1.5, 0.0), answer(DEFAULT, 2.5, 0.0)
    other_silent, other_fired = (answer(Neuron(v_reset=-0.25), x, 0.0) for x in (1.5, 2.5))
    return find_hint([
        (close(fired.h, fired.v_next) and not close(fired.h, 1.25),
         "Your `h` is already reset. H is the potential before the reset, V the one after it: keep "
         "them in two variables."),
        (close(fired.v_next, other_fired.v_next, 1.25, 1.25)
         and close(silent.v_next, other_silent.v_next, 0.0, -0.25),
         "Your reset is the wrong way round: it keeps H where the neuron fires and resets it where "
         "it is silent."),
        (close(silent.v_next, fired.v_next, other_fired.v_next, 0.75, 1.25, 1.25),
         "After a spike your `v_next` is still H: nothing resets it, so the neuron would fire "
         "again and again."),
        (close(silent.v_next, fired.v_next, 0.75, 1.25),
         "After a spike at H = 1.25 your `v_next` is 1.25 with v_reset = 0 and "
         f"{other_fired.v_next:.4g} with v_reset = -0.25. H should leave no trace there."),
        (not close(silent.v_next, 0.75),
         "Where the neuron is silent, V should carry the charge of this step on to the next. Your "
         "`v_next` is not H there."),
        (close(fired.v_next, 0.25),
         "After a spike you subtract the threshold: that is the soft reset. This exercise asks for "
         "the hard one, where V goes to one fixed value."),
        (lambda: close(fired.v_next, answer(Neuron(v_reset=-0.25), 2.5, 0.0).v_next, 0.0, 0.0),
         "Your V goes to 0 after a spike, also where another value is asked for: perhaps a number "
         "is written into the reset. Use the argument `v_reset` instead."),
    ])  # fmt: skip
