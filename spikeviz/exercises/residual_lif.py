"""Check of the exercise "build the RL block from two LIF layers".

The student's class is built and run on a hidden input while hooks write down what reaches each
of its parts, `first`, `second` and `project`. The first place where that differs from
h = LIF₁(x), Concat(LIF₂(h), h) gives the hint.
"""

from collections import defaultdict

import torch
from torch import Tensor, nn

from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    stop_at,
    stopped_at_ellipsis,
    tell_apart,
)
from spikeviz.exercises.cells import last_line
from spikeviz.exercises.tensors import same

SHAPE = (6, 2, 3, 4, 5)  # T, B, C, H, W, all different, so that a wrong axis shows
PARTS = ("first", "second", "project")


class Watch:
    """Runs a block and keeps what went into each part and what came out, call by call."""

    def __init__(self, block: nn.Module, x: Tensor) -> None:
        self.x = x
        self.given: dict[str, list[Tensor]] = defaultdict(list)
        self.came: dict[str, list[Tensor]] = defaultdict(list)
        for name in PARTS:
            part = getattr(block, name)
            part.register_forward_pre_hook(
                lambda _, given, named, n=name: self.given[n].append([*given, *named.values()][0]),
                with_kwargs=True,
            )
            part.register_forward_hook(lambda _, given, out, n=name: self.came[n].append(out))
        self.error, self.out = None, None
        try:
            with torch.no_grad():
                self.out = block(x)
        except Exception as error:  # what had been seen until then is still worth a hint
            if stopped_at_ellipsis(error):
                raise
            self.error = error


def check_residual_lif(residual_lif: type[nn.Module]) -> Feedback:
    """Check a student's class `ResidualLIF(channels)` with the parts first, second and project.

    Right is project(Concat(LIF₂(h), h)) with h = LIF₁(x), on the axis of the channels, and a
    second threshold that two spikes in a row reach and a single one does not. Never raises.
    """
    return judge(
        residual_lif,
        watch,
        "Your block gives Concat(LIF₂(h), h) to the convolution, in the right order and on the "
        "right axis, and LIF₂ fires at the second of two spikes in a row. That is the RL block, "
        "and it fits wherever a single LIF stood.",
        "there is still a `...` in `ResidualLIF`, or no `return`. Start with the threshold of "
        "`self.second`, then with `h = self.first(x)`.",
        "Try it in a new cell: `ResidualLIF(3)(torch.rand(6, 2, 3, 4, 5))`.",
        named="Is the name spelled right? The parts are called `self.first` and so on.",
        keep="Keep both lines that start with `def` as they were given.",
    )


def watch(residual_lif: type[nn.Module]) -> None:
    if not (isinstance(residual_lif, type) and issubclass(residual_lif, nn.Module)):
        stop(
            "This check needs the class itself, made from `torch.nn.Module`: keep its first line "
            "as it was given and pass its name without brackets."
        )
    for channels in (SHAPE[2], 2 * SHAPE[2]):
        block = residual_lif(channels).eval()
        stop_at([
            (not isinstance(getattr(block, name, None), nn.Module),
             f"Your class has no part `{name}`. Keep the three names of `__init__`, `first`, "
             "`second` and `project`; the check looks at what reaches them.")
            for name in PARTS
        ])  # fmt: skip
        shape = [*SHAPE[:2], channels, *SHAPE[3:]]
        x = 3.0 * torch.rand(shape, generator=torch.Generator().manual_seed(channels))
        right, seen = rebuild(block, x), Watch(block, x)
        if not same(seen.out, right):
            stop_at([(True, on_the_way(seen) or on_the_parts(seen))])
            if seen.error:
                raise seen.error
            expect(seen.out)
            stop(on_the_output(seen))
        stop_at([(True, of_threshold(block.second) or of_training(residual_lif(channels), x))])


def rebuild(block: nn.Module, x: Tensor) -> Tensor | None:
    """project(Concat(LIF₂(h), h)) from the block's own parts; None where they do not fit."""
    try:
        with torch.no_grad():
            h = block.first(x)
            return block.project(torch.cat([block.second(h), h], 2))
    except RuntimeError:
        return None


# --- from what was seen to a hint


def on_the_way(seen: Watch) -> str | None:
    """From x to the spikes of the two LIF layers."""
    x, calls = seen.x, {name: len(seen.given[name]) for name in PARTS}
    if not any(calls.values()):
        if seen.error:
            return None
        expect(seen.out)
        return "None of the three parts is called. Call them like functions, `self.first(x)`."
    first, heard = (next(iter(seen.given[name]), x) for name in PARTS[:2])
    h = next(iter(seen.came["first"]), x)
    twice = ", and `self.first` twice" if calls["first"] > 1 else ""
    return find_hint([
        (calls["first"] == 0, "LIF₁ is never called: `h` is what `self.first` makes of x."),
        (not same(first, x),
         lambda: "LIF₁ should hear x as it comes, `[T, B, C, H, W]`, and your `self.first` gets "
         f"something of shape {list(first.shape)} that is not x."),
        (calls["second"] == 0,
         f"`self.second` is never called{twice}. RL has two LIF layers, and the second one has a "
         "threshold of its own."),
        (same(heard, h), None),
        (same(heard, x),
         "Your LIF₂ hears the input x, so the two layers stand side by side. In RL they stand in a "
         "row: LIF₂ hears the spikes of LIF₁."),
        (same(heard, h.flatten(0, 1)),
         "You fold time into the batch before LIF₂. A convolution wants that, a neuron does not: "
         "it needs the time steps in their order, one after the other, on the first axis."),
        (lambda: heard.shape == h[0].shape,
         "Your LIF₂ hears one time step at a call, so it forgets its membrane after each. Give it "
         "all of h at once; it runs over the first axis by itself."),
        (True,
         lambda: "LIF₂ should hear h, all of it and as it is. It gets a tensor of shape "
         f"{list(heard.shape)} with other values; h has shape {list(h.shape)}."),
    ])  # fmt: skip


def on_the_parts(seen: Watch) -> str | None:
    """From the two spike trains to the convolution, or to the output where it is not called."""
    if not seen.came["first"] or not seen.came["second"]:
        return None
    x, h, s, projected = (
        seen.x,
        seen.came["first"][0],
        seen.came["second"][0],
        seen.given["project"],
    )
    joined, c = projected[0] if projected else seen.out, x.shape[2]
    if not isinstance(joined, Tensor):
        return None
    if same(joined, torch.cat([s, h], 2)):
        return None if projected else (
            f"The two are joined as they should be, but your block gives {2 * c} channels for "
            f"{c}. The next layer expects {c}: the 1×1 convolution `self.project` is still to come."
        )  # fmt: skip
    known = (
        (torch.cat([h, s], 2),
         "Your halves are in the other order: h comes first. The paper writes LIF₂(h) first, and "
         "stored weights of the convolution rely on it."),
        (torch.cat([s, h], 0),
         "You join the two on axis 0, which is time: first h plays, and then it plays again. Count "
         "the axes of `[T, B, C, H, W]` from 0."),
        (torch.cat([s, h], 1),
         "You join the two on axis 1, the batch, as if there were twice as many images. Count the "
         "axes of `[T, B, C, H, W]` from 0."),
        (torch.cat([s, h], 3),
         "You join the two on an axis of the image: the picture becomes twice as tall. Count the "
         "axes of `[T, B, C, H, W]` from 0."),
        (torch.cat([s, h], 4),
         "You join the two on the last axis: the picture becomes twice as wide. Count the axes of "
         "`[T, B, C, H, W]` from 0."),
        (s + h,
         "You add the two. Then a 1 no longer tells which of the layers fired. Concat keeps them "
         "apart, and the convolution decides how to weigh them."),
        (torch.cat([s, x], 2),
         "The residual here is x itself. RL keeps h, the spikes of LIF₁, beside LIF₂(h)."),
        (s,
         "Only LIF₂(h) goes on. That is two neurons in a row, and what LIF₂ does not pass is lost; "
         "the residual, h beside it, is missing."),
        (h, "Only h goes on: LIF₂ is computed and then dropped."),
        (torch.cat([h, h], 2),
         "The same spikes stand in both halves: h twice. One half should be LIF₂(h)."),
        (torch.cat([s, s], 2),
         "The same spikes stand in both halves, those of LIF₂. One half should be h."),
    )  # fmt: skip
    return find_hint([
        *((same(joined, like) or (not projected and same(joined, like.transpose(0, 1))), hint)
          for like, hint in known),
        (not projected,
         "`self.project` is not called, and what you return is not Concat(LIF₂(h), h) either."),
        (joined.shape != (*x.shape[:2], 2 * c, *x.shape[3:]),
         f"`self.project` gets shape {list(joined.shape)}. For x of shape {list(x.shape)} it "
         f"should get {2 * c} channels, C of LIF₂(h) and then C of h, and the rest unchanged."),
        (True,
         "`self.project` gets the right number of channels, but not the right values: the first "
         "half should be LIF₂(h), the second half h, both as they are."),
    ])  # fmt: skip


def on_the_output(seen: Watch) -> str:
    out = seen.out
    if not seen.came["project"]:
        return f"`self.project` is not called, and your block returns a {type(out).__name__}."
    right = seen.came["project"][0]
    if same(out, right):
        return "Your block gives other numbers at the second call. It should remember nothing."
    if not isinstance(out, Tensor) or out.shape != right.shape:
        shape = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
        told = f"yours: {shape}, expected: {list(right.shape)}"
    else:
        at = tuple((~torch.isclose(out, right, 1e-4, 1e-5)).nonzero()[0].tolist())
        yours, expected = tell_apart(out[at], right[at])
        told = f"at [{', '.join(map(str, at))}] yours is {yours}, expected: {expected}"
    return (
        "What reaches `self.project` is right, but you return something else than what it gives "
        f"({told}). Return it as it is."
    )


def of_training(block: nn.Module, x: Tensor) -> str | None:
    """Section 8 trains the block: the gradient has to come back to x."""
    x = x.clone().requires_grad_()
    try:
        block.train()(1 * x).sum().backward()
    except Exception as error:
        return (
            "Your block computes the right numbers, but it cannot be trained: "
            f"`{last_line(error)}`. Keep to PyTorch's tensors, and change none in place."
        )
    if x.grad is not None:
        return None
    return (
        "Your block computes the right numbers, but no gradient comes back to x, so the layers in "
        "front of it would learn nothing. Is there a `detach` or a `no_grad`?"
    )


def of_threshold(second: nn.Module) -> str | None:
    """Whether LIF₂ fires at the second of two spikes in a row, and not at a single one."""

    def fires(*train: float) -> list[float]:
        with torch.no_grad():
            return second(torch.tensor(train).reshape(-1, 1, 1, 1, 1)).flatten().tolist()

    value = getattr(second, "v_threshold", None)
    named = f"With V_th = {value:g} your" if isinstance(value, int | float) else "Your"
    return find_hint([
        (not any(fires(*[1.0] * 16)),
         f"{named} LIF₂ never fires, even if LIF₁ fires at every step. With inputs of 0 and 1 a "
         "membrane gets near 1 at most. See the table of section 3."),
        (lambda: fires(1.0, 0.0, 0.0)[0] == 1,
         f"{named} LIF₂ fires at every single spike of LIF₁: it copies h, and says nothing new. It "
         "should wait for a second spike."),
        (lambda: fires(1.0, 1.0)[1] == 0,
         f"{named} LIF₂ needs more than two spikes in a row. The exercise asks for two: where does "
         "H stand after the first, and where after the second?"),
    ])  # fmt: skip
