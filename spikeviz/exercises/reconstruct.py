"""Check of the exercise "read a signal back from spikes, step by step".

The student's function reads hidden spike trains beside the leaky average that the exercise asks
for. Where the two differ, its answer to a single spike (how high, how it fades, where it shows)
gives the hint.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from spikeviz.exercises.feedback import Feedback, unfinished
from spikeviz.exercises.judge import Stop, explain_error, judge, stop

TOLERANCE = 1e-4
LENGTH, AT = 12, 3  # of the single-spike train: steps, and the place of its spike
NOT_YET = (
    "Nothing is wrong, it is just not finished: there is still a `...` in `reconstruct`, or no "
    "`return`. Start with an estimate of 0, `torch.zeros_like(spikes[0])`, and walk over the steps."
)


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
    return judge(reconstruct, _compare, NOT_YET, explain)


def _compare(reconstruct: Callable) -> Feedback:
    answer = Answer(reconstruct)
    for spikes, tau in hidden_trains():
        given, right = answer(spikes, tau), reference(spikes.double(), tau)
        wrong = ~torch.isclose(given, right, TOLERANCE, TOLERANCE)  # NaN is wrong too
        if wrong.any():
            place = tuple(wrong.nonzero()[0].tolist())
            where = (
                f"The first estimate that differs: step {place[0] + 1} of spikes of shape "
                f"{list(spikes.shape)}, with tau = {tau:g}. There your estimate is "
                f"{given[place]:.4g}."
            )
            return Feedback("not right", f"{where}\n{find_hint(answer, spikes, tau)}")
    return Feedback(
        "passed",
        "Your reader gets every step from the spikes so far, forgets with `tau`, and stays between "
        "0 and 1, for one neuron and for whole layers, in every train that we tried.",
    )


def hidden_trains() -> list[tuple[Tensor, float]]:
    """Spikes and tau: one neuron, a layer, feature maps."""
    random = torch.Generator().manual_seed(2)

    def train(*shape: int) -> Tensor:
        return (torch.rand(shape, generator=random) < 0.4).to(torch.get_default_dtype())

    one = torch.zeros(LENGTH)
    one[AT] = 1
    start = torch.tensor([1.0, 0.0, 0.0, 1.0])
    return [
        (one, 4.0),
        (start, 2.0),
        (train(30), 8.0),
        (train(5, 7), 3.0),
        (train(4, 2, 3, 4, 5), 2.0),
        (train(6, 6), 1.0),
    ]


# --- asking the student's function ---------------------------------------------------------


class Answer:
    """The student's function; gives a tensor in the shape of the spikes, or stops the check."""

    def __init__(self, function: Callable) -> None:
        self.function = function

    def __call__(self, spikes: Tensor, tau: float) -> Tensor:
        handed = spikes.clone()
        given = self.function(handed, tau)
        if unfinished(given):
            raise Stop("not yet", NOT_YET)
        if not torch.equal(handed, spikes):
            stop(
                "Your function changes the spikes it was given. Somebody else may still need them: "
                "compute the estimate in a variable of its own."
            )
        return self._tensor(given, spikes)

    def _tensor(self, given: object, spikes: Tensor) -> Tensor:
        if isinstance(given, list | tuple) and all(isinstance(part, Tensor) for part in given):
            stop(
                f"Your function returns a {type(given).__name__} of {len(given)} tensors. Make one "
                "tensor of it, with time first: `torch.stack`."
            )
        try:
            values = torch.as_tensor(given).detach().double()
        except Exception:
            stop(
                f"Your function returns a {type(given).__name__}. It should return a tensor of "
                "numbers in the shape of `spikes`."
            )
        if values.shape != spikes.shape:
            stop(shape_hint(list(values.shape), list(spikes.shape)))
        return values


def explain(error: Exception) -> str:
    return explain_error(
        error, "Call it yourself in a new cell, `reconstruct(torch.ones(5), 2.0)`."
    )


def shape_hint(given: list[int], spikes: list[int]) -> str:
    shapes = f"For spikes of shape {spikes} you return shape {given}."
    if given == spikes[1:]:
        return (
            f"{shapes} That is one value for the whole train. The reader wants an estimate at "
            "every step, `[T, ...]`."
        )
    if given == [spikes[0] + 1, *spikes[1:]]:
        return (
            f"{shapes} That is one step too many. Perhaps the 0 before the first spike is in it: "
            "that is where you start, not an estimate."
        )
    return f"{shapes} One estimate is needed for each spike or silence, so the shape stays."


# --- from behaviour to a hint ---------------------------------------------------------------


def same(first: Tensor, second: Tensor) -> bool:
    return torch.allclose(first.double(), second.double(), 1e-3, TOLERANCE)


def find_hint(answer: Answer, spikes: Tensor, tau: float) -> str:
    if not answer(spikes, tau).isfinite().all():
        return "An estimate is no finite number. What do you divide by?"
    if not same(answer(spikes, tau), answer(spikes, tau)):
        return (
            "The same call gives another result the second time. Start each call from 0 and keep "
            "nothing in between."
        )
    one = hidden_trains()[0][0]
    return (
        place_hint(answer, one)
        or fade_hint(answer, one)
        or start_hint(answer)
        or axis_hint(answer)
        or "Take one step by hand: how far is the estimate from this step's spike, and what part "
        "of that distance does it go?"
    )


def place_hint(answer: Answer, one: Tensor) -> str | None:
    """Where in time the answer to a single spike shows."""
    given, right = answer(one, 4.0), reference(one.double(), 4.0)
    if same(given, given[:1].expand(LENGTH)) and given[0] != 0:
        if same(given[-1], right[-1]):
            return (
                "All steps hold the same number, the last one. Perhaps by `+=`: it changes a "
                "tensor in place, and then every entry of your list is that one tensor. Make a new "
                "one: `a = a + ...`."
            )
        average = ": it averages over the whole train" if same(given[0], one.mean()) else ""
        return f"Your estimate is the same at every step{average}. What changes in time is lost."
    silence = answer(torch.zeros(LENGTH), 4.0)
    if silence.abs().max() > TOLERANCE:
        return (
            f"In a train without a spike your estimate is {silence[silence != 0][0]:.3g} at one "
            "step. It starts at 0, and nothing lifts it."
        )
    if given[:AT].abs().max() > TOLERANCE:
        return (
            f"The only spike comes at step {AT + 1}, yet your estimate is "
            f"{given[given.abs() > TOLERANCE][0]:.3g} before it. It uses spikes from the future; a "
            "reader knows only those so far."
        )
    if abs(given[AT]) < TOLERANCE and same(given[1:], right[:-1]):
        return (
            "Right numbers, one step late: at the step of a spike your estimate does not know of "
            "it yet. Update first, then keep the result."
        )
    return None


def fade_hint(answer: Answer, one: Tensor) -> str | None:
    """How high a single spike lifts the estimate, and how that fades."""
    (after, slow), back = (answer(one, tau)[AT:] for tau in (4.0, 8.0)), torch.arange(LENGTH - AT)
    rise = float(after[0])
    if same(after, one[AT:]):
        return "Your estimate is the spikes themselves: nothing of the past is left in it."
    if abs(rise) < TOLERANCE:
        return "At the step of a spike your estimate does not move. What does the spike add to it?"
    if same(after, (back < 4) / 4):
        return (
            "Your estimate is the plain average of the last tau steps: a spike counts in full, "
            "then drops out at once. Here it should fade step by step, so no list of old spikes "
            "is needed."
        )
    if same(after, 1 / (back + AT + 1)):
        return (
            "Your estimate is the average since the first step. It never forgets, and tau does "
            "nothing. What should be left of the old estimate after a step without a spike?"
        )
    if same(after, slow):
        return (
            "Your estimate is the same for tau = 4 and tau = 8. Perhaps a number stands where "
            "`tau` should."
        )
    kept = float(after[1]) / rise
    if same(after, after[:1].expand(len(after))):
        return (
            "After the spike your estimate stays where it is, for ever: nothing leaks. With more "
            "spikes it can only grow."
        )
    if kept > 1 + TOLERANCE:
        return "After the spike, in silence, your estimate grows. It has to fall back towards 0."
    if abs(rise - 0.75) < TOLERANCE and abs(kept - 0.25) < TOLERANCE:
        return (
            "Your two shares have changed places: with tau = 4 a step should keep 3/4 of the old "
            "estimate, and yours keeps 1/4. A large tau means a slow reader."
        )
    if abs(kept - math.exp(-1 / 4)) < TOLERANCE:
        return (
            "Your estimate fades by exp(-1/tau) a step. That is the exact solution in continuous "
            "time; the exercise asks for the step of the table, with 1/tau."
        )
    if abs(kept - 0.75) < TOLERANCE and abs(rise - 0.25) > TOLERANCE:
        return (
            f"It fades as it should, but with tau = 4 one spike lifts your estimate by {rise:.3g}. "
            "Under a spike at every step it would not settle at 1. What divides the spike?"
        )
    if abs(kept - 0.75) > TOLERANCE:
        return (
            f"One step after a spike, with tau = 4, you keep {kept:.3g} of the estimate. A part "
            "1/tau of it should leak away."
        )
    return None


def start_hint(answer: Answer) -> str | None:
    given = answer(torch.tensor([1.0, 0.0, 0.0, 1.0]), 2.0)
    if abs(given[0] - 0.5) > TOLERANCE:
        return (
            f"With a spike at the very first step and tau = 2 your estimate there is "
            f"{given[0]:.3g}. Before that step the estimate is 0, whatever the train begins with, "
            "and in a step it goes 1/tau of the way to the spike."
        )
    return None


def axis_hint(answer: Answer) -> str | None:
    spikes = torch.zeros(5, 4)
    spikes[1, 0] = 1  # of one neuron only
    if answer(spikes, 2.0)[:, 1:].abs().max() > TOLERANCE:
        return (
            "Only neuron 0 fires, yet your estimate for its neighbour is not 0: you walk from "
            "neuron to neuron. Time is the first axis."
        )
    return None
