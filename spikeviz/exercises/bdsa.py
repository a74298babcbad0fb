"""Check of the exercise "binary direct self-attention in five lines".

The student's function gets spikes and a neuron that remembers what it was fed. What reaches
that neuron, A·S, is compared with the right one and with what the typical mistakes give.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from spikeviz.exercises.feedback import Feedback, unfinished
from spikeviz.exercises.judge import explain_error, judge

SHAPE = (3, 2, 5, 4)  # T, B, N, d_k, all different, so that a wrong axis shows
CUBE = (4, 4, 4, 4)  # here the wrong axes fit too
TOLERANCE = 1e-5

NOT_YET = (
    "Nothing is wrong, it is just not finished: there is still a `...` in `bdsa`, or no "
    "`return`. Start with the scores, the product of S with its own transpose."
)


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
    return judge(bdsa, _check, NOT_YET, explain)


def _check(bdsa: Callable) -> Feedback:
    for softmax in (True, False):
        s = spikes(SHAPE)
        neuron = Neuron()
        try:
            out = bdsa(s.clone(), neuron, softmax=softmax)
        except (RuntimeError, IndexError):
            hint = hint_on_the_cube(bdsa)
            if hint:
                return Feedback("not right", hint)
            raise
        if unfinished(out):
            return Feedback("not yet", NOT_YET)
        hint = hint_about(out, neuron, s, softmax)
        if hint:
            return Feedback("not right", hint)
    return Feedback(
        "passed",
        "Q, K and V are one and the same spikes, the scores are scaled, the map multiplies S, and "
        "the neuron comes last: spikes in, spikes out, with softmax and without.",
    )


def spikes(shape: tuple[int, ...]) -> Tensor:
    generator = torch.Generator().manual_seed(4)
    return (torch.rand(shape, generator=generator) < 0.5).float()


def attended(s: Tensor, softmax: bool) -> Tensor:
    """A·S, what the neuron should be fed."""
    scores = s @ s.transpose(-2, -1) / s.shape[-1] ** 0.5
    return (scores.softmax(-1) if softmax else scores) @ s


def same(first: object, second: Tensor) -> bool:
    return (
        isinstance(first, Tensor)
        and first.shape == second.shape
        and torch.allclose(first.float(), second, TOLERANCE, TOLERANCE)
    )


def explain(error: Exception) -> str:
    return explain_error(
        error,
        f"We called it with s of shape `{list(SHAPE)}`, which is [T, B, N, d_k]. Write "
        "the shape of each step beside it: scores [T, B, N, N], then A·S [T, B, N, d_k].",
    )


def hint_about(out: object, neuron: Neuron, s: Tensor, softmax: bool) -> str | None:
    """None where it is right."""
    right = attended(s, softmax)
    if not isinstance(out, Tensor):
        return f"Your function returns a {type(out).__name__}; one tensor of spikes is needed."
    if not neuron.fed:
        others = out[(out != 0) & (out != 1)]
        if len(others) == 0:
            return "Your spikes do not come from `spk`. Hand A·S to it, and return what it gives."
        return (
            f"Your output is not binary, it holds {float(others[0]):.3g} for one. "
            "The SPK block is missing: it turns A·S into spikes."
        )
    if len(neuron.fed) > 1:
        return (
            f"You call `spk` {len(neuron.fed)} times. Hand it all time steps at once: a neuron "
            "that meets each step alone starts anew every time and remembers nothing."
        )
    fed = neuron.fed[0]
    if fed.shape == (*s.shape[:-1], s.shape[-2]):
        if same(out, neuron(fed)):
            return (
                "Your neuron is fed with something of the shape of the map A. S is also V: what "
                "does A multiply?"
            )
        return (
            "Your neuron turns something of the shape of the map A into spikes. In the paper it "
            "comes last, after the map has multiplied S."
        )
    if not same(fed, right):
        return wrong_input(fed, s, softmax)
    if not same(out, neuron(fed)):
        return (
            "`spk` is fed with the right A·S, but you return something else than it gives. "
            "Nothing comes after it here, no sum and no product."
        )
    return None


def wrong_input(fed: Tensor, s: Tensor, softmax: bool) -> str:
    """For a neuron that is fed with something else than A·S."""
    if fed.shape != s.shape:
        return (
            f"Your neuron is fed with a tensor of shape `{list(fed.shape)}`. S has the shape "
            f"`{list(s.shape)}`, and so has A·S: time, images, tokens and channels all stay."
        )
    for value, hint in typical(s, softmax):
        if same(fed, value):
            return hint
    right = attended(s, softmax)
    wrong = ~torch.isclose(fed.float(), right, TOLERANCE, TOLERANCE)
    at = [int(i) for i in wrong.nonzero()[0]]
    return (
        f"With softmax={softmax}, the first value of A·S that differs: t = {at[0]}, image {at[1]}, "
        f"token {at[2]}, channel {at[3]}. There your neuron is fed with "
        f"{float(fed[tuple(at)]):.4g}, and A·S is {float(right[tuple(at)]):.4g}. Go through the "
        "steps one by one: scores, scale, softmax, the product with S."
    )


def typical(s: Tensor, softmax: bool) -> list[tuple[Tensor, str]]:
    """What the typical mistakes feed the neuron with, and a hint for each."""
    n, d = s.shape[-2:]
    counts = s @ s.transpose(-2, -1)
    if not softmax:
        always = (
            "With `softmax=False` your scores still go through a softmax. Then the plain scaled "
            "scores are the map."
        )
        return [(attended(s, True), always), *scales(counts, s, lambda scores: scores)]

    def map_by(dim: int) -> Tensor:
        return (counts / d**0.5).softmax(dim)

    never = "With `softmax=True` your scores go through no softmax: they multiply S as they are."
    together = s.transpose(0, 1).flatten(1, 2)  # [B, T·N, d]
    mixed = attended(together, True).unflatten(1, (s.shape[0], n)).transpose(0, 1)
    channels = s @ (s.transpose(-2, -1) @ s / d**0.5).softmax(-1)
    return [
        (attended(s, False), never),
        *scales(counts, s, lambda scores: scores.softmax(-1)),
        (counts.softmax(-1) / d**0.5 @ s, "You scale after the softmax, so a row of A no longer "
         "sums to 1. The scores are scaled before it."),
        (map_by(-2) @ s, "Your softmax runs down the columns of the scores. Each query, a row, "
         "shares its attention among the keys: a row sums to 1."),
        (map_by(0) @ s, "Your softmax runs over the time steps. Each query shares its attention "
         "among the keys, at its own time step."),
        (map_by(1) @ s, "Your softmax runs over the images. What one image gets must not depend "
         "on the others."),
        (mixed, "Tokens of different time steps attend to each other. Each step has a map of its "
         "own; only the neuron looks back."),
        (channels, "Your map has one row for each channel: channels attend to channels. Tokens "
         "should attend to tokens, so the scores are N×N."),
    ]  # fmt: skip


def scales(counts: Tensor, s: Tensor, finish: Callable) -> list[tuple[Tensor, str]]:
    n, d = s.shape[-2:]
    wrong = (
        (d, "You divide the scores by d_k. Scaled attention divides by its square root."),
        (1, "Your scores are not scaled. Look at the formula for A: what is below S Sᵀ?"),
        (d**-0.5, "You multiply the scores by √d_k. They are divided by it."),
        (n**0.5, "You scale with the number of tokens N. d_k is the length of a token, the last "
         "axis of s."),
    )  # fmt: skip
    return [(finish(counts / scale) @ s, hint) for scale, hint in wrong]


def hint_on_the_cube(bdsa: Callable) -> str | None:
    """For a function that fails on SHAPE: with all axes of one length it may run, and tell."""
    s, neuron = spikes(CUBE), Neuron()
    try:
        bdsa(s.clone(), neuron, softmax=True)
    except Exception:
        return None
    scores = {
        "time steps with images": s @ s.transpose(0, 1),
        "all axes": s @ s.permute(3, 2, 1, 0),
        "images with tokens": s @ s.transpose(1, 2),
    }

    def fed_with(counts: Tensor) -> bool:
        return bool(neuron.fed) and same(neuron.fed[0], (counts / CUBE[-1] ** 0.5).softmax(-1) @ s)

    for swapped, counts in scores.items():
        if fed_with(counts):
            return (
                f"Your transpose swaps {swapped}. For S Sᵀ swap the last two axes, tokens and "
                "channels, and leave time and images alone."
            )
    if fed_with(s @ s):
        return "Your scores are S times S. Each query meets each key in S times its transpose."
    return None
