"""Check of the exercise "read a signal back from spikes, step by step".

The student's function reads hidden spike trains beside the leaky average that the exercise asks
for. Where the two differ, its answer to a single spike (how high, how it fades, where it shows)
gives the hint.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    tell_apart,
)
from spikeviz.exercises.tensors import find_wrong

TOLERANCE = 1e-4
LENGTH, AT = 12, 3  # of the single-spike train: steps, and the place of its spike
START = (1.0, 0.0, 0.0, 1.0)


def reference(spikes: Tensor, tau: float) -> Tensor:
    """What is right: r[t] = r[t−1] + (S[t] − r[t−1]) / τ from 0, `[T, ...]`."""
    rate, path = torch.zeros_like(spikes[0]), []
    for spike in spikes:
        rate = rate + (spike - rate) / tau
        path.append(rate)
    return torch.stack(path)


def check_reconstruct(reconstruct: Callable) -> Feedback:
    """Check a student's `reconstruct(spikes, tau)`: spikes `[T, ...]` to running rates `[T, ...]`.

    Never raises: the student's errors come back as feedback.
    """
    return judge(
        reconstruct,
        compare,
        "Your reader gets every step from the spikes so far, forgets with `tau`, and stays between "
        "0 and 1, for one neuron and for whole layers, in every train that we tried.",
        "there is still a `...` in `reconstruct`, or no `return`. Start with an estimate of 0, "
        "`torch.zeros_like(spikes[0])`, and walk over the steps.",
        "Call it yourself in a new cell, `reconstruct(torch.ones(5), 2.0)`.",
    )


def compare(reconstruct: Callable) -> None:
    def answer(spikes: Tensor, tau: float) -> Tensor:
        handed = spikes.clone()
        given = expect(reconstruct(handed, tau))
        if not torch.equal(handed, spikes):
            stop(
                "Your function changes the spikes it was given. Somebody else may still need them: "
                "compute the estimate in a variable of its own."
            )
        return form(given, spikes)

    for spikes, tau in hidden_trains():
        given = answer(spikes, tau)
        right = reference(spikes.double(), tau)
        place = find_wrong(given, right)
        if place:
            told, _ = tell_apart(given[place], right[place])
            stop(
                f"The first estimate that differs: step {place[0] + 1} of spikes of shape "
                f"{list(spikes.shape)}, with tau = {tau:g}. There your estimate is "
                f"{told}.\n{behaviour(answer, spikes, tau)}"
            )


def hidden_trains() -> list[tuple[Tensor, float]]:
    """Spikes and tau: one neuron, a layer, feature maps."""
    random = torch.Generator().manual_seed(2)

    def train(*shape: int) -> Tensor:
        return (torch.rand(shape, generator=random) < 0.4).to(torch.get_default_dtype())

    one = torch.eye(LENGTH)[AT]
    return [(one, 4.0), (torch.tensor(START), 2.0), (train(30), 8.0), (train(5, 7), 3.0),
            (train(4, 2, 3, 4, 5), 2.0), (train(6, 6), 1.0), (torch.ones(1), 2.0)]  # fmt: skip


def form(given: object, spikes: Tensor) -> Tensor:
    """The answer as a tensor in the shape of the spikes; stops where it is none."""
    if isinstance(given, list | tuple) and all(isinstance(part, Tensor) for part in given):
        stop(
            f"Your function returns a {type(given).__name__} of {len(given)} tensors. Make one "
            "tensor of it, with time first: `torch.stack`."
        )
    try:
        values = torch.as_tensor(given).detach().double()
    except Exception:
        stop(
            f"Your function returns a {type(given).__name__}. It should return a tensor of numbers "
            "in the shape of `spikes`."
        )
    if values.shape != spikes.shape:
        found, shape = list(values.shape), list(spikes.shape)
        hint = find_hint([
            (found == shape[1:],
             "That is one value for the whole train. The reader wants an estimate at every step, "
             "`[T, ...]`."),
            (found == [shape[0] + 1, *shape[1:]],
             "That is one step too many. Perhaps the 0 before the first spike is in it: that is "
             "where you start, not an estimate."),
            (True, "One estimate is needed for each spike or silence, so the shape stays."),
        ])  # fmt: skip
        stop(f"For spikes of shape {shape} you return shape {found}. {hint}")
    return values


# --- from behaviour to a hint


Answer = Callable[[Tensor, float], Tensor]


def same(first: Tensor, second: Tensor) -> bool:
    return torch.allclose(first.double(), second.double(), 1e-3, TOLERANCE)


def behaviour(answer: Answer, spikes: Tensor, tau: float) -> str | None:
    one = hidden_trains()[0][0]
    return find_hint([
        (not answer(spikes, tau).isfinite().all(),
         "An estimate is no finite number. What do you divide by?"),
        (lambda: not same(answer(spikes, tau), answer(spikes, tau)),
         "The same call gives another result the second time. Start each call from 0 and keep "
         "nothing in between."),
    ]) or place(answer, one) or fade(answer, one) or start_and_axis(answer)  # fmt: skip


def place(answer: Answer, one: Tensor) -> str | None:
    """Where in time the answer to a single spike shows."""
    given, right = answer(one, 4.0), reference(one.double(), 4.0)
    constant = same(given, given[:1].expand(LENGTH)) and given[0] != 0
    average = ": it averages over the whole train" if same(given[0], one.mean()) else ""
    silence = given if constant else answer(torch.zeros(LENGTH), 4.0)
    return find_hint([
        (constant and same(given[-1], right[-1]),
         "All steps hold the same number, the last one. Perhaps by `+=`: it changes a tensor in "
         "place, and then every entry of your list is that one tensor. Make a new one: "
         "`a = a + ...`."),
        (constant,
         f"Your estimate is the same at every step{average}. What changes in time is lost."),
        (silence.abs().max() > TOLERANCE,
         lambda: f"In a train without a spike your estimate is {silence[silence != 0][0]:.3g} at "
         "one step. It starts at 0, and nothing lifts it."),
        (given[:AT].abs().max() > TOLERANCE,
         lambda: f"The only spike comes at step {AT + 1}, yet your estimate is "
         f"{given[given.abs() > TOLERANCE][0]:.3g} before it. It uses spikes from the future; a "
         "reader knows only those so far."),
        (abs(given[AT]) < TOLERANCE and same(given[1:], right[:-1]),
         "Right numbers, one step late: at the step of a spike your estimate does not know of it "
         "yet. Update first, then keep the result."),
    ])  # fmt: skip


def fade(answer: Answer, one: Tensor) -> str | None:
    """How high a single spike lifts the estimate, and how that fades."""
    (after, slow), back = (answer(one, tau)[AT:] for tau in (4.0, 8.0)), torch.arange(LENGTH - AT)
    rise = float(after[0])
    kept = float(after[1]) / rise if abs(rise) >= TOLERANCE else 0.0
    high, then = tell_apart(rise, after[1])
    return find_hint([
        (same(after, one[AT:]),
         "Your estimate is the spikes themselves: nothing of the past is left in it."),
        (abs(rise) < TOLERANCE,
         "At the step of a spike your estimate does not move. What does the spike add to it?"),
        (same(after, (back < 4) / 4),
         "Your estimate is the plain average of the last tau steps: a spike counts in full, then "
         "drops out at once. Here it should fade step by step, so no list of old spikes is "
         "needed."),
        (same(after, 1 / (back + AT + 1)),
         "Your estimate is the average since the first step. It never forgets, and tau does "
         "nothing. What should be left of the old estimate after a step without a spike?"),
        (same(after, slow),
         "Your estimate is the same for tau = 4 and tau = 8. Perhaps a number stands where `tau` "
         "should."),
        (same(after, after[:1].expand(len(after))),
         "After the spike your estimate stays where it is, for ever: nothing leaks. With more "
         "spikes it can only grow."),
        (kept > 1 + TOLERANCE,
         f"The spike brings your estimate to {high}, and one step of silence to "
         f"{then}, further from 0. In silence it has to fall back."),
        (abs(rise - 0.75) < TOLERANCE and abs(kept - 0.25) < TOLERANCE,
         "Your two shares have changed places: with tau = 4 a step should keep 3/4 of the old "
         "estimate, and yours keeps 1/4. A large tau means a slow reader."),
        (abs(kept - math.exp(-1 / 4)) < TOLERANCE,
         "Your estimate fades by exp(-1/tau) a step. That is the exact solution in continuous "
         "time; the exercise asks for the step of the table, with 1/tau."),
        (abs(kept - 0.75) < TOLERANCE and abs(rise - 0.25) > TOLERANCE,
         f"It fades as it should, but with tau = 4 one spike lifts your estimate by "
         f"{tell_apart(rise, 1 / 4)[0]}. "
         "Under a spike at every step it would not settle at 1. What divides the spike?"),
        (abs(kept - 0.75) > TOLERANCE,
         f"One step after a spike, with tau = 4, you keep {tell_apart(kept, 3 / 4)[0]} of the "
         "estimate. A part 1/tau of it should leak away."),
    ])  # fmt: skip


def start_and_axis(answer: Answer) -> str | None:
    first, layer = answer(torch.tensor(START), 2.0)[0], torch.zeros(5, 4)
    layer[1, 0] = 1  # one spike, of one neuron
    return find_hint([
        (abs(first - 0.5) > TOLERANCE,
         f"With a spike at the very first step and tau = 2 your estimate there is "
         f"{tell_apart(first, 1 / 2)[0]}. "
         "Before that step the estimate is 0, whatever the train begins with, and in a step it "
         "goes 1/tau of the way to the spike."),
        (lambda: answer(layer, 2.0)[:, 1:].abs().max() > TOLERANCE,
         "Only neuron 0 fires, yet your estimate for its neighbour is not 0: you walk from neuron "
         "to neuron. Time is the first axis."),
        (True,
         "Take one step by hand: how far is the estimate from this step's spike, and what part of "
         "that distance does it go?"),
    ])  # fmt: skip
