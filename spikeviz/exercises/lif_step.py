"""Check of the exercise "write one step of the LIF neuron".

The student's function walks through several hidden sequences beside `spikeatconv.lif_step`.
At the first step that differs, a few calls with simple numbers find out how the function
behaves (where does it fire, what is left of V?), and the hint speaks to that behaviour.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
import torch

from spikeatconv import lif_step as reference_step
from spikeviz.exercises.feedback import Feedback, stopped_at_ellipsis, unfinished
from spikeviz.exercises.judge import Stop, explain_error, judge, stop

TOLERANCE = 1e-4
NAMES = ("spike", "h", "v_next")


class Step(NamedTuple):
    spike: float
    h: float
    v_next: float


@dataclass(frozen=True)
class Neuron:
    tau: float = 2.0
    v_threshold: float = 1.0
    v_reset: float = 0.0

    def step(self, x: float, v: float) -> Step:
        """What is right."""
        answer = reference_step(
            torch.tensor(x, dtype=torch.float64), torch.tensor(v, dtype=torch.float64),
            self.tau, self.v_threshold, v_reset=self.v_reset,
        )  # fmt: skip
        return Step(*(float(value) for value in answer))


DEFAULT = Neuron()


def check_lif_step(lif_step: Callable) -> Feedback:
    """Check a student's `lif_step(x, v, tau=2.0, v_threshold=1.0, v_reset=0.0)`.

    Right is (spike, h, v_next) of the LIF neuron with hard reset and V_rest = 0; numbers and
    tensors are both fine. Never raises: the student's errors come back as feedback.
    """
    return judge(lif_step, _walk, NOT_YET, explain)


def _walk(lif_step: Callable) -> Feedback:
    answer = Answer(lif_step)
    for neuron, inputs in hidden_sequences():
        v = 0.0
        for number, x in enumerate(inputs, start=1):
            given, right = answer(neuron, x, v), neuron.step(x, v)
            # H first: the other two are computed from it.
            wrong = [name for name in ("h", "spike", "v_next") if differs(given, right, name)]
            if wrong:
                where = describe(number, neuron, x, v, given, wrong[0])
                return Feedback("not right", f"{where}\n{find_hint(answer, wrong[0])}")
            v = right.v_next
    return Feedback(
        "passed",
        "Your neuron charges, fires and resets as it should, step by step, in every sequence "
        "that we tried, with other values of tau, v_threshold and v_reset too.",
    )


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


# --- asking the student's function ---------------------------------------------------------


NOT_YET = (
    "Nothing is wrong, it is just not finished: there is still a `...` in `lif_step`, or no "
    "`return`. Start with `h`, the membrane after charging, and return `spike, h, v_next`."
)


class Answer:
    """The student's function, called with plain numbers, or with tensors if it needs them."""

    def __init__(self, function: Callable) -> None:
        self.function = function
        self.make: Callable = float

    def __call__(self, neuron: Neuron, x: float, v: float) -> Step:
        return self._numbers(self._call(neuron, x, v))

    def _call(self, neuron: Neuron, x: float, v: float) -> object:
        options = {} if neuron == DEFAULT else vars(neuron)
        try:
            return self.function(self.make(x), self.make(v), **options)
        except Exception as error:
            # Code that is written for tensors is fine too.
            if stopped_at_ellipsis(error) or self.make is not float:
                raise
            self.make = torch.tensor
            return self._call(neuron, x, v)

    def _numbers(self, answer: object) -> Step:
        if unfinished(answer):
            raise Stop("not yet", NOT_YET)
        if isinstance(answer, torch.Tensor | np.ndarray) and answer.ndim > 0:
            answer = tuple(answer)  # three numbers in one tensor can be taken apart like any three
        if not isinstance(answer, tuple | list) or len(answer) != 3:
            count = len(answer) if isinstance(answer, tuple | list) else 1
            stop(
                f"Your function returns {count} value{'s' * (count != 1)}, three are needed: "
                "`return spike, h, v_next`."
            )
        try:
            return Step(*(float(value) for value in answer))
        except Exception:
            stop(
                "One of your three values is not a single number. For one input number x, "
                "`spike`, `h` and `v_next` are one number each."
            )


def explain(error: Exception) -> str:
    return explain_error(
        error, "Call it yourself in a new cell, `lif_step(1.0, 0.0)`, to see where."
    )


def close(first, second) -> bool:
    return all(abs(a - b) <= TOLERANCE for a, b in zip(first, second, strict=True))


def finite(step: Step) -> bool:
    return all(math.isfinite(value) for value in step)


def differs(given: Step, right: Step, name: str) -> bool:
    return not abs(getattr(given, name) - getattr(right, name)) <= TOLERANCE  # NaN differs too


def describe(number: int, neuron: Neuron, x: float, v: float, given: Step, name: str) -> str:
    changed = ", ".join(
        f"{key} = {value:g}" for key, value in vars(neuron).items() if value != vars(DEFAULT)[key]
    )
    return (
        f"The first step that differs is step {number}{f', with {changed}' if changed else ''}: "
        f"the input is {x:.4g} and V before it is {v:.4g}. "
        f"There your `{name}` is {getattr(given, name):.4g}, and that is not what the neuron does."
    )


# --- from behaviour to a hint ---------------------------------------------------------------


def find_hint(answer: Answer, wrong: str) -> str:
    once, again = answer(DEFAULT, 0.5, 0.25), answer(DEFAULT, 0.5, 0.25)
    if not (finite(once) and finite(again)):
        return "From the input 0.5 and V = 0.25 your function makes a value that is no number."
    if not close(once, again):
        return (
            "The same call gives another result the second time. Everything that the neuron "
            "remembers comes in as `v` and goes out as `v_next`; keep nothing else."
        )
    hint = order_hint(answer) or charge_hint(answer) or fire_hint(answer) or reset_hint(answer)
    fallback = {
        "h": "Go through the charge step once more: what comes in, what leaks, what tau divides.",
        "spike": "Go through the fire step once more: which potential meets which threshold?",
        "v_next": "Go through the reset once more: what is V after a spike, and without one?",
    }
    return hint or fallback[wrong]


def order_hint(answer: Answer) -> str | None:
    """For three numbers that are right and change places."""
    step, right = answer(DEFAULT, 2.5, 0.0), DEFAULT.step(2.5, 0.0)
    if close(step, right) or not close(sorted(step), sorted(right)):
        return None
    places = [NAMES[min(range(3), key=lambda i: abs(right[i] - value))] for value in step]
    return (
        "Your three numbers are right, but they come back in another order. It looks like "
        f"`{', '.join(places)}`; the exercise asks for `spike, h, v_next`."
    )


def charge(answer: Answer, tau: float) -> tuple[float, float]:
    """How much of V and how much of the input is in H, below the threshold."""
    neuron = Neuron(tau=tau, v_threshold=50.0)
    zero = answer(neuron, 0.0, 0.0).h
    return (answer(neuron, 0.0, 0.5).h - zero) / 0.5, (answer(neuron, 0.5, 0.0).h - zero) / 0.5


def charge_hint(answer: Answer) -> str | None:
    (keep2, gain2), (keep4, gain4) = charge(answer, 2.0), charge(answer, 4.0)
    slow = Neuron(tau=4.0, v_threshold=50.0)
    far = answer(slow, 6.0, 3.0).h
    if not close((far,), (answer(slow, 0.0, 0.0).h + 3 * keep4 + 6 * gain4,)):
        return (
            f"Your `h` is not a share of V and a share of x: with tau = 4 it is {far:.3g} for "
            f"V = 3 and x = 6, but {keep4 / 2:.3g} for V = 0.5 alone and {gain4 / 2:.3g} for "
            "x = 0.5 alone. Perhaps something is rounded or cut."
        )
    is_2 = close((keep2, gain2), (1 / 2, 1 / 2))
    if is_2 and close((keep4, gain4), (3 / 4, 1 / 4)):
        return None
    if is_2 and close((keep4, gain4), (keep2, gain2)):
        return (
            "Your `h` is the same for tau = 2 and 4, as if 2 were written into the formula. Use "
            "the argument `tau`."
        )
    if is_2 and close((keep4,), (1 / 4,)):
        return (
            "With tau = 4, only a quarter of V is left after one step without input. A larger tau "
            "means a slower leak: only 1/tau of the distance to rest is lost in a step."
        )
    if close((keep4, gain4), (1, 1)):
        return (
            "There is no tau in your `h`: V and the whole input are simply added, so the neuron is "
            "a perfect counter. tau slows down both the leak and the input."
        )
    if close((keep4, gain4), (1, 1 / 4)):
        return (
            "Without input your V stays where it is, for ever: nothing leaks. "
            "The L in LIF is missing; which term pulls V back to rest?"
        )
    if keep4 > 1 + TOLERANCE:
        return (
            f"Without input your V grows by itself, with tau = 4 by {keep4 - 1:.0%} in a step: "
            "perhaps the leak has the wrong sign. It has to pull V back towards rest."
        )
    if gain4 < -TOLERANCE:
        return "A positive input lowers your `h`: perhaps the input has the wrong sign."
    if close((keep4, gain4), (1, 3 / 4)):
        return (
            "Your leak acts on the input but not on V: without input V stays where it is. "
            "What leaks away is a part of the potential."
        )
    if close((keep4,), (0,)):
        return "Your `h` does not depend on V: the neuron forgets everything at each step."
    if close((keep4, gain4), (3 / 4, 1)):
        return (
            "The leak is right, but the input comes in at full strength, whatever tau is. "
            "tau divides the input as well as the leak."
        )
    if abs(gain4) < TOLERANCE:
        return "Your `h` does not depend on the input x."
    return (
        f"Try one number at a time, with tau = 4 and a high threshold. From V = 1 without input, "
        f"your `h` is {keep4:.3g}; from V = 0 with input 1, it is {gain4:.3g}. "
        "How much of V should leak away in a step, and how much of the input should arrive?"
    )


def fire_hint(answer: Answer) -> str | None:
    """For a neuron that charges as it should below the threshold."""
    below, meets, above = (answer(DEFAULT, x, 0.0) for x in (1.5, 2.0, 2.5))
    values = {below.spike, meets.spike, above.spike}
    if not values <= {0.0, 1.0}:
        return "A spike is all or nothing: `spike` has to be exactly 0 or 1."
    if below.spike == 1 and above.spike == 0:
        return "Your neuron fires below the threshold and is silent above it: turn the test round."
    if below.spike == 1:
        return "With H = 0.75 and a threshold of 1 your neuron fires. It should wait."
    if answer(DEFAULT, 0.0, 1.5).spike == 1 and above.spike == 0:
        return (
            "It fires at V = 1.5 before the step, though H = 0.75, and not at H = 1.25: your test "
            "looks at V from before this step, so the neuron fires a step late. "
            "Charge first, then compare `h` with the threshold."
        )
    if above.spike == 0 and not close((above.v_next,), (1.25,)):
        return (
            "The potential crosses the threshold and is reset, yet `spike` is 0: perhaps your "
            "reset comes before the test. Decide on the spike first, from the potential before "
            "the reset."
        )
    if above.spike == 0:
        return "With H = 1.25 and a threshold of 1 your neuron should fire, and it does not."
    if meets.spike == 0:
        return (
            "Your neuron is silent where H is exactly at the threshold. "
            "It fires where H reaches the threshold, not only where it is above it."
        )
    if answer(Neuron(v_threshold=0.5), 1.5, 0.0).spike == 0:
        return (
            "With a threshold of 0.5, your neuron does not fire at H = 0.75: perhaps a number is "
            "written into the test. Use the argument `v_threshold` instead."
        )
    return None


def reset_hint(answer: Answer) -> str | None:
    """For a neuron that charges and fires as it should."""
    silent, fired = answer(DEFAULT, 1.5, 0.0), answer(DEFAULT, 2.5, 0.0)
    low = Neuron(v_reset=-0.25)
    if close((fired.h,), (fired.v_next,)) and not close((fired.h,), (1.25,)):
        return (
            "Your `h` is already reset. H is the potential before the reset, V the one after it: "
            "keep them in two variables."
        )
    if close((fired.v_next,), (1.25,)) and not close((silent.v_next,), (0.75,)):
        return (
            "Your reset is the wrong way round: it keeps H where the neuron fires and resets it "
            "where it is silent."
        )
    if close((fired.v_next,), (1.25,)):
        return (
            "After a spike your `v_next` is still H: nothing resets it, so the neuron would fire "
            "again and again."
        )
    if not close((silent.v_next,), (0.75,)):
        return (
            "Where the neuron is silent, V should carry the charge of this step on to the next. "
            "Your `v_next` is not H there."
        )
    if close((fired.v_next,), (0.25,)):
        return (
            "After a spike you subtract the threshold: that is the soft reset. This exercise asks "
            "for the hard one, where V goes to one fixed value."
        )
    if close((fired.v_next,), (0.0,)) and close((answer(low, 2.5, 0.0).v_next,), (0.0,)):
        return (
            "Your V goes to 0 after a spike, also where another value is asked for: perhaps a "
            "number is written into the reset. Use the argument `v_reset` instead."
        )
    return None
