"""Check of the exercise "walk a gradient back through the time steps of a LIF neuron".

What is right comes from autograd, through `spikeatconv.LIF`. Where the student's gradients differ,
their way through a silent neuron (entrance, slope, leak, order) and past a spike gives the hint.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from spikeatconv import LIF, Atan
from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    tell_apart,
)
from spikeviz.exercises.tensors import find_wrong, same

TAU, LENGTH, AT = 4.0, 6, 2  # of the neuron that gives the hints; AT is where it fires, if it does
SLOPES = torch.tensor([0.3, 0.9, 0.5, 0.2, 0.7, 0.4])
SILENT, ONE, LAST = torch.zeros(LENGTH), torch.eye(LENGTH)[AT], torch.eye(LENGTH)[-1]
FADE = (1 - 1 / TAU) ** torch.arange(LENGTH - 1, -1, -1)  # of the leak, from each step to the last
RIGHT = SLOPES[-1] * FADE / TAU  # for the silent neuron

Answer = Callable[[Tensor, Tensor, float], Tensor]


def check_back_through_time(back_through_time: Callable) -> Feedback:
    """Check a student's `back_through_time(spikes, slopes, tau)`: `[T]`, `[T]` → ∂S[T]/∂x[t].

    Never raises: the student's errors come back as feedback.
    """
    return judge(
        back_through_time,
        compare,
        "Your gradients are autograd's, at every step of every neuron that we tried: they enter "
        "by the slope of the last step, fade with the leak, and end where the neuron fired.",
        "there is still a `...` in `back_through_time`, or no `return`. Start at the last step: "
        "what is ∂S[T]/∂H[T]?",
        "Call it yourself in a new cell: `back_through_time(torch.zeros(3), torch.ones(3), 2.0)`.",
    )


def compare(back_through_time: Callable) -> None:
    def answer(spikes: Tensor, slopes: Tensor, tau: float) -> Tensor:
        handed = spikes.clone(), slopes.clone()
        given = expect(back_through_time(*handed, tau))
        if not (torch.equal(handed[0], spikes) and torch.equal(handed[1], slopes)):
            stop(
                "Your function changes the tensors that it was given (`*=`, or a value set). "
                "Somebody else may still need them: make new ones."
            )
        return form(given, spikes)

    for currents, tau in hidden_neurons():
        spikes, slopes, right = differentiate(currents, tau)
        given = answer(spikes, slopes, tau)
        place = find_wrong(given, right.double())
        if place:
            told, _ = tell_apart(given[place], right[place])
            train = " ".join(str(int(spike)) for spike in spikes)
            stop(
                f"The first gradient that differs: step {place[0] + 1} of the spikes {train}, with "
                f"tau = {tau:g}. There yours is {told}.\n"
                f"{through_silence(answer) or past_a_spike(answer)}"
            )


def hidden_neurons() -> list[tuple[Tensor, float]]:
    """Currents `[T]` and tau."""
    random = torch.Generator().manual_seed(4)
    trains = [(torch.tensor([1.0, 1.2, 1.5]), 2.0), (torch.tensor([1.0, 1.6, 1.8]), 2.0)]
    shapes = [(1, 2.0), (6, 8.0), (12, 3.0), (12, 1.5)]
    return trains + [(3 * torch.rand(steps, generator=random), tau) for steps, tau in shapes]


def differentiate(currents: Tensor, tau: float) -> tuple[Tensor, Tensor, Tensor]:
    """S, σ'(u) and ∂S[T]/∂x[t] of a neuron with these currents, each `[T]`."""
    x = currents.clone().requires_grad_()
    trace = LIF(tau=tau).run(x)
    (gradient,) = torch.autograd.grad(trace.spikes[-1], x)
    return trace.spikes.detach(), Atan().derivative(trace.membrane.detach() - 1), gradient


def form(given: object, spikes: Tensor) -> Tensor:
    """The answer as a tensor `[T]`; stops where it is none."""
    if isinstance(given, list | tuple) and all(isinstance(part, Tensor) for part in given):
        stop(
            f"Your function returns a {type(given).__name__} of {len(given)} tensors. Make one "
            "tensor of it: `torch.stack`."
        )
    try:
        values = torch.as_tensor(given).detach().double()
    except Exception:
        stop(f"Your function returns a {type(given).__name__}. It should return a tensor `[T]`.")
    if values.shape != spikes.shape:
        stop(
            f"For {len(spikes)} steps you return shape {list(values.shape)}. One number is needed "
            f"for each step: {list(spikes.shape)}."
        )
    return values


# --- from behaviour to a hint


def through_silence(answer: Answer) -> str | None:
    g = answer(SILENT, SLOPES, TAU)
    own, product = SLOPES * FADE / TAU, SLOPES.flip(0).cumprod(0).flip(0) * FADE / TAU
    steps = [float(g[t - 1] / g[t]) for t in range(LENGTH - 1, 0, -1) if g[t]]
    kept = steps[0] if steps else 0.0
    return find_hint([
        (not g.isfinite().all(),
         "A gradient of yours is no finite number. What do you divide by?"),
        (same(g, RIGHT),
         None),
        (same(g, RIGHT.flip(0)),
         "Right numbers, wrong order: yours begin with the last step. Put them in the order of "
         "time before you return them."),
        (same(g, RIGHT * TAU),
         f"All of yours are too large by tau = {TAU:g}. Those are the gradients of H; a current "
         "enters H divided by tau."),
        (same(g, FADE / TAU),
         "Where is the slope? Between H[T] and the spike S[T] stands the surrogate."),
        (same(g, own),
         "You take the slope of each step by itself. The question is about the *last* spike: the "
         "way from H[t] to the membrane of the next step leads past S[t], not through it."),
        (same(g, product),
         "You multiply by a slope at every step. With the reset path left out, the way back goes "
         "through one Θ only, that of the last step."),
        (not g.any(),
         "In a neuron that never fires, all of yours are 0. Nothing lies between x[T] and S[T] but "
         "the entrance and the slope, so begin with these two."),
        (g[:-1].abs().max() < 1e-6,
         "In a neuron that never fires, yours are 0 at every step but the last. Which steps let "
         "the past through: those with a spike, or those without? Perhaps yours are the others."),
        (lambda: same(g, answer(SILENT, SLOPES, 2 * TAU)),
         f"Yours are the same for tau = {TAU:g} and tau = {2 * TAU:g}. Perhaps a number stands "
         "where `tau` should."),
        (abs(kept - 1) < 1e-4,
         "A silent step leaves your gradient as it is: nothing leaks. What is ∂H[t]/∂V[t−1]?"),
        (abs(kept - 1 / TAU) < 1e-4,
         "A silent step leaves 1/tau of your gradient. That is the part by which a current "
         "enters; the membrane keeps the other part."),
        (abs(g[-1] - RIGHT[-1]) > 1e-4,
         f"With a last slope of {SLOPES[-1]:.3g} and tau = {TAU:g}, your gradient of x[T] is "
         f"{tell_apart(g[-1], RIGHT[-1])[0]}. Only the entrance and the slope lie between x[T] and "
         "S[T]."),
        (True,
         f"Take a neuron that never fires, tau = {TAU:g}: from each step to the one before, your "
         f"gradient is multiplied by {', '.join(f'{step:.3g}' for step in steps)}. What should a "
         "silent step leave of it?"),
    ])  # fmt: skip


def past_a_spike(answer: Answer) -> str | None:
    g, step = answer(ONE, SLOPES, TAU), torch.arange(LENGTH)
    where = f"In a neuron that fires at step {AT + 1} of {LENGTH}"
    return find_hint([
        (same(g, RIGHT),
         f"{where} your gradients are those of a silent one. What does a spike leave of the "
         "membrane?"),
        (same(g, RIGHT * (step != AT)),
         f"{where}, only step {AT + 1} itself is 0 in yours, and the steps before it count again. "
         "The way from there to the end leads through the spike too."),
        (same(g, RIGHT * (step >= AT)),
         f"{where} the current of that very step still counts in yours. It has made the spike, and "
         "is wiped out with it: you cut one step late."),
        (same(g, RIGHT * (step > AT + 1)),
         f"{where} step {AT + 2} is 0 in yours too. What flows in after the spike stays: you cut "
         "one step early."),
        (lambda: same(answer(LAST, SLOPES, TAU), 0 * RIGHT),
         "Where the neuron fires at the last step, all of yours are 0. The reset of step T comes "
         "after S[T], the spike that is asked about."),
        (True,
         f"Without a spike your gradients are right; {where.lower()} the one of step {AT + 1} is "
         f"{g[AT]:.3g}. Work this out by hand, from the end to the beginning."),
    ])  # fmt: skip
