"""Check of the exercise "the rate at which a layer breaks even".

The student's function is asked for several layers, time steps and prices. Where it differs from
min(1, E_MAC / (E_A · T)), its answers to simple questions tell which mistake it makes.
"""

import math
from collections.abc import Callable

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    read_number,
    stop,
    tell_apart,
)

TOLERANCE = 1e-6
PRICES = (4.6, 0.9)  # the defaults are part of the exercise
Case = tuple[int, int, float, float]
CASES: list[Case] = [  # flops, time_steps, e_mac, e_a: with and without a cap, other prices too
    (1000, 8, *PRICES), (1000, 16, *PRICES), (1000, 6, *PRICES), (1000, 1, *PRICES),
    (1000, 4, *PRICES), (1, 16, *PRICES), (1000, 2, 3.0, 4.0), (1000, 5, 3.2, 0.1),
    (1000, 4, 1.0, 2.0), (1000, 2, 0.5, 4.0), (1000, 100, *PRICES),
]  # fmt: skip


def capped(value: float) -> float:
    return min(1.0, value)


def right(flops: float, t: int, m: float, a: float) -> float:
    return capped(m / (a * t))


# What the answers (to T, E_MAC, E_A) are with a typical mistake, and what to say about it.
MISTAKES: list[tuple[Callable[[int, float, float], float], str]] = [
    (lambda t, m, a: m / (a * t),
     "The ratio is right. But with few time steps it comes out above 1, and a rate is a share. "
     "What does it mean if even R = 1 is cheap enough?"),
    (lambda t, m, a: capped(m // (a * t)),
     "The ratio is right, but `//` drops what stands behind the point, and here that is all of the "
     "rate. Divide with `/`."),
    (lambda t, m, a: float(round(capped(m / (a * t)))),
     "The ratio is right, but you round it to a whole number, and a rate lies between 0 and 1."),
    (lambda t, m, a: max(1.0, m / (a * t)),
     "The ratio is right, but you keep the larger one of it and 1. A rate is at most 1."),
    (lambda t, m, a: capped(100 * m / (a * t)),
     "You count in percent and then cut at 1. R is a share, from 0 to 1."),
    (lambda t, m, a: 100 * capped(m / (a * t)),
     "You answer in percent. R is a share, from 0 to 1."),
    (lambda t, m, a: m / a,
     "That is the product T · R at which both cost the same. You are asked for R."),
    (lambda t, m, a: capped(m / a),
     "T is missing: with spikes the layer runs once in each time step, in the twin once."),
    (lambda t, m, a: capped(t * m / a),
     "With more time steps your rate rises. But each time step costs more additions, so fewer "
     "neurons may fire in each: T stands on the wrong side of the fraction."),
    (lambda t, m, a: t * m / a,
     "With more time steps your rate rises, even above 1. T stands on the wrong side of the "
     "fraction."),
    (lambda t, m, a: capped(a / (m * t)),
     "Your ratio is upside down: if an addition gets cheaper, your rate falls. Should it not be "
     "allowed to rise?"),
    (lambda t, m, a: capped(a * t / m),
     "That is the inverse of the rate: it rises with T and with the price of an addition. Solve "
     "the equation for R once more."),
    (lambda t, m, a: capped(m / t),
     "The price of an addition, `e_a`, does not matter in your answer. It has to."),
    (lambda t, m, a: capped((m - a) / (a * t)),
     "You subtract E_A from E_MAC. But with spikes the layer has no multiplications left: it pays "
     "E_A for each spike, and nothing else."),
]  # fmt: skip


def check_break_even_rate(break_even_rate: Callable) -> Feedback:
    """Check a student's `break_even_rate(flops, time_steps, e_mac=4.6, e_a=0.9)`.

    Right is the largest rate R, from 0 to 1, at which a layer that is fed with spikes costs no more
    than in the twin. Never raises: the student's errors come back as feedback.
    """
    return judge(
        break_even_rate,
        compare,
        "Your rate is where both cost the same, for every layer, T and price that we tried, and "
        "never more than 1. The FLOPs were a false trail: they stand on both sides.",
        "`break_even_rate` still holds a `...` or returns nothing. Write down what the layer costs "
        "with spikes, and what it costs in the twin.",
        "Call `break_even_rate(1000, 8)` in a new cell to see where it stops.",
        named="The names are `flops`, `time_steps`, `e_mac` and `e_a`.",
        keep="Keep the first line of the function as it was given.",
    )


def compare(break_even_rate: Callable) -> None:
    prices = [{} if case[2:] == PRICES else {"e_mac": case[2], "e_a": case[3]} for case in CASES]
    answers = [break_even_rate(*c[:2], **named) for c, named in zip(CASES, prices, strict=True)]
    wanted = "Return the rate R itself, one number from 0 to 1."
    numbers = [read_number(answer, wanted) for answer in expect(answers)]
    for case, number in zip(CASES, numbers, strict=True):
        if not close(number, right(*case)):
            flops, steps, e_mac, e_a = case
            yours, _ = tell_apart(number, right(*case))
            stop(
                f"For {flops:,} FLOPs, T = {steps}, E_MAC = {e_mac} and E_A = {e_a} your answer is "
                f"{yours}.\n{behaviour(dict(zip(CASES, numbers, strict=True)))}"
            )


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def behaviour(given: dict[Case, float]) -> str | None:
    one, many = given[1, 16, *PRICES], given[1000, 16, *PRICES]
    wrong = [case for case, value in given.items() if not close(value, right(*case))]
    usual = [case for case in CASES if case[2:] == PRICES]
    at_one, at_many = tell_apart(one, many)
    values = ", ".join(sorted({tell_apart(given[case], right(*case))[0] for case in wrong}))
    return find_hint([
        (not close(one, many),
         f"It changes with the FLOPs: at T = 16 you say {at_one} for one FLOP and {at_many} for "
         "1,000. How often does each FLOP of the layer appear on the left of the equation, and how "
         "often on the right?"),
        *((all(close(value, works(*case[1:])) for case, value in given.items()), hint)
          for works, hint in MISTAKES),
        (not set(wrong) & set(usual),
         "With E_MAC = 4.6 and E_A = 0.9 all your answers are right. Perhaps a price is written "
         "into your function: use `e_mac` and `e_a` as they come in."),
        (all(right(*case) == 1 for case in wrong),
         "Your answers below 1 are right. Where even R = 1 costs no more than the twin, every rate "
         f"is cheap enough and the answer is 1; yours there: {values}."),
        (max(given.values()) > 1 + TOLERANCE,
         "It is above 1. A rate is a share: can more than all neurons fire?"),
        (min(given.values()) < 0,
         "It is negative. A rate is a share of neurons, from 0 to 1."),
        (all(close(given[case], many) for case in usual),
         "It does not change with T. More time steps, more additions: what must R do?"),
        (True,
         "Set the two prices of a FLOP equal: what the twin pays once, and what spikes cost over "
         "all T time steps. Solve for R, and compare with your line."),
    ])  # fmt: skip
