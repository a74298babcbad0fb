"""Check of the exercise "binary direct self-attention in five lines".

The student's function gets spikes and a neuron that remembers what it was fed. What reaches
that neuron, A·S, is compared with the right one and with what the typical mistakes give.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    judge,
    stop,
    stop_at,
    tell_apart,
)
from spikeviz.exercises.tensors import find_wrong, same

SHAPE = (3, 2, 5, 7)  # T, B, N, d_k, all different, so that a wrong axis shows; √7 is not 7/2
CUBE = (3, 3, 3, 3)  # here the wrong axes fit too


class Neuron:
    """A stand-in for the SPK block: fires where its input reaches 0.3, and remembers it."""

    def __init__(self) -> None:
        self.fed: list[Tensor] = []

    def __call__(self, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):  # such as a ... that is still there
            raise TypeError(f"the neuron needs a tensor, it was given {type(x).__name__}")
        self.fed.append(x.detach().clone())
        return (x >= 0.3).to(torch.float32)


def check_bdsa(bdsa: Callable) -> Feedback:
    """Check a student's `bdsa(s, spk, softmax=True)`: spikes `[T, B, N, d_k]` → the same shape.

    Right is spk(A·S), A = softmax(S Sᵀ/√d_k), or without the softmax. `spk` is called once, with
    all time steps. Never raises: the student's errors come back as feedback.
    """
    return judge(
        bdsa,
        compare,
        "Q, K and V are one and the same spikes, the scores are scaled, the map multiplies S, and "
        "the neuron comes last: spikes in, spikes out, with softmax and without.",
        "there is still a `...` in `bdsa`, or no `return`. Start with the scores, the product of S "
        "with its own transpose.",
        f"We called it with s of shape `{list(SHAPE)}`, which is [T, B, N, d_k]. Write the shape "
        "of each step beside it: scores [T, B, N, N], then A·S [T, B, N, d_k].",
    )


def compare(bdsa: Callable) -> None:
    for softmax in (True, False):
        s, neuron = spikes(SHAPE), Neuron()
        try:
            out = expect(bdsa(s.clone(), neuron, softmax=softmax))
        except (RuntimeError, IndexError):
            stop_at(on_the_cube(bdsa))
            raise
        if not isinstance(out, Tensor):
            stop(f"Your function returns a {type(out).__name__}; one tensor of spikes is needed.")
        stop_at(around_the_neuron(out, neuron, s))
        fed = neuron.fed[0]
        stop_at((same(fed, value), hint) for value, hint in typical(s, softmax))
        right = attended(s, softmax)
        at = find_wrong(fed.float(), right, 1e-5)
        if at:
            yours, expected = tell_apart(fed[at], right[at])
            stop(
                f"With softmax={softmax}, the first value of A·S that differs: step {at[0] + 1}, "
                f"image {at[1]}, token {at[2]}, channel {at[3]}. There your neuron is fed with "
                f"{yours}, and A·S is {expected}. Go through the steps one by one: "
                "scores, scale, softmax, the product with S."
            )
        if not same(out, neuron(fed)):
            stop(
                "`spk` is fed with the right A·S, but you return something else than it gives. "
                "Nothing comes after it here, no sum and no product."
            )


def spikes(shape: tuple[int, ...]) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return (torch.rand(shape, generator=generator) < 0.5).float()


def attended(s: Tensor, softmax: bool) -> Tensor:
    """A·S, what the neuron should be fed."""
    scores = s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5
    return (scores.softmax(-1) if softmax else scores) @ s


# --- hints, each with whether it is the one


def around_the_neuron(out: Tensor, neuron: Neuron, s: Tensor) -> list[tuple[object, str]]:
    others, calls = out[(out != 0) & (out != 1)], len(neuron.fed)
    shape = list(neuron.fed[0].shape) if calls else []
    map_fed = shape == [*s.shape[:-1], s.shape[-2]]
    return [
        (not calls and len(others) == 0,
         "Your spikes do not come from `spk`. Hand A·S to it, and return what it gives."),
        (not calls,
         f"Your output is not binary, it holds {[*others.flatten().tolist(), 0][0]:.3g} for one. "
         "The SPK block is missing: it turns A·S into spikes."),
        (calls > 1,
         f"You call `spk` {calls} times. Hand it all time steps at once: a neuron that meets each "
         "step alone starts anew every time and remembers nothing."),
        (map_fed and same(out, neuron(neuron.fed[0])),
         "Your neuron is fed with something of the shape of the map A. S is also V: what does A "
         "multiply?"),
        (map_fed,
         "Your neuron turns something of the shape of the map A into spikes. In the paper it comes "
         "last, after the map has multiplied S."),
        (shape != list(s.shape),
         f"Your neuron is fed with a tensor of shape `{shape}`. S has the shape `{list(s.shape)}`, "
         "and so has A·S: time, images, tokens and channels all stay."),
    ]  # fmt: skip


def typical(s: Tensor, softmax: bool) -> list[tuple[Tensor, str]]:
    """What the typical mistakes feed the neuron with, and a hint for each."""
    n, d = s.shape[-2:]
    counts = s @ s.transpose(-2, -1)

    def finish(scores: Tensor, dim: int = -1) -> Tensor:
        return (scores.softmax(dim) if softmax else scores) @ s

    scales = [
        (attended(s, not softmax),
         "With `softmax=True` your scores go through no softmax: they multiply S as they are."
         if softmax else
         "With `softmax=False` your scores still go through a softmax. Then the plain scaled "
         "scores are the map."),
        (finish(counts / d),
         "You divide the scores by d_k. Scaled attention divides by its square root."),
        (finish(counts),
         "Your scores are not scaled. Look at the formula for A: what is below S Sᵀ?"),
        (finish(counts / d**-0.5), "You multiply the scores by √d_k. They are divided by it."),
        (finish(counts / n**0.5),
         "You scale with the number of tokens N. d_k is the length of a token, the last axis of "
         "s."),
    ]  # fmt: skip
    if not softmax:
        return scales
    scaled = counts / d**0.5
    together = s.transpose(0, 1).flatten(1, 2)  # [B, T·N, d]
    mixed = attended(together, True).unflatten(1, (s.shape[0], n)).transpose(0, 1)
    return [
        *scales,
        (counts.softmax(-1) / d**0.5 @ s,
         "You scale after the softmax, so a row of A no longer sums to 1. The scores are scaled "
         "before it."),
        (finish(scaled, -2),
         "Your softmax runs down the columns of the scores. Each query, a row, shares its "
         "attention among the keys: a row sums to 1."),
        (finish(scaled, 0),
         "Your softmax runs over the time steps. Each query shares its attention among the keys, "
         "at its own time step."),
        (finish(scaled, 1),
         "Your softmax runs over the images. What one image gets must not depend on the others."),
        (mixed,
         "Tokens of different time steps attend to each other. Each step has a map of its own; "
         "only the neuron looks back."),
        (s @ (s.transpose(-2, -1) @ s / d**0.5).softmax(-1),
         "Your map has one row for each channel: channels attend to channels. Tokens should attend "
         "to tokens, so the scores are N×N."),
    ]  # fmt: skip


def on_the_cube(bdsa: Callable) -> list[tuple[object, str]]:
    """For a function that fails on SHAPE: with all axes of one length it may run, and tell."""
    s, neuron = spikes(CUBE), Neuron()
    try:
        bdsa(s.clone(), neuron, softmax=True)
    except Exception:
        return []
    swap = (
        "Your transpose swaps {}. For S Sᵀ swap the last two axes, tokens and channels, and leave "
        "time and images alone."
    )
    wrong = (
        (s.transpose(0, 1), swap.format("time steps with images")),
        (s.permute(3, 2, 1, 0), swap.format("all axes")),
        (s.transpose(1, 2), swap.format("images with tokens")),
        (s, "Your scores are S times S. Each query meets each key in S times its transpose."),
    )
    return [
        (same(fed, (s @ keys / CUBE[-1] ** 0.5).softmax(-1) @ s), hint)
        for fed in neuron.fed[:1]
        for keys, hint in wrong
    ]
