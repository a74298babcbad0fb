"""Check of the exercise "build the RL block from two LIF layers".

The student's class is built and run on a hidden input while hooks write down what reaches each
of its parts, `first`, `second` and `project`. The first place where that differs from
h = LIF₁(x), Concat(LIF₂(h), h) gives the hint.
"""

from collections import defaultdict

import torch
from torch import Tensor, nn

from spikeviz.exercises.cells import last_line
from spikeviz.exercises.feedback import Feedback, stopped_at_ellipsis, unfinished
from spikeviz.exercises.judge import explain_error, judge

SHAPE = (6, 2, 3, 4, 5)  # T, B, C, H, W, all different, so that a wrong axis shows
PARTS = ("first", "second", "project")

NOT_YET = (
    "Nothing is wrong, it is just not finished: there is still a `...` in `ResidualLIF`, or no "
    "`return`. Start with the threshold of `self.second`, then with `h = self.first(x)`."
)


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
        self.error: Exception | None = None
        self.out: object = None
        try:
            with torch.no_grad():
                self.out = block(x)
        except Exception as error:  # what had been seen until then is still worth a hint
            self.error = error


def check_residual_lif(residual_lif: type[nn.Module]) -> Feedback:
    """Check a student's class `ResidualLIF(channels)` with the parts first, second and project.

    Right is project(Concat(LIF₂(h), h)) with h = LIF₁(x), on the axis of the channels, and a
    second threshold that two spikes in a row reach and a single one does not. Never raises.
    """
    return judge(residual_lif, _check, NOT_YET, explain)


def _check(residual_lif: type[nn.Module]) -> Feedback:
    if not (isinstance(residual_lif, type) and issubclass(residual_lif, nn.Module)):
        return Feedback(
            "not right",
            "This check needs the class itself, made from `torch.nn.Module`: keep its first line "
            "as it was given and pass its name without brackets.",
        )
    for channels in (SHAPE[2], 2 * SHAPE[2]):
        block = residual_lif(channels).eval()
        missing = [name for name in PARTS if not isinstance(getattr(block, name, None), nn.Module)]
        if missing:
            return Feedback(
                "not right",
                f"Your class has no part `{missing[0]}`. Keep the three names of `__init__`, "
                "`first`, `second` and `project`; the check looks at what reaches them.",
            )
        shape = [*SHAPE[:2], channels, *SHAPE[3:]]
        x = 3.0 * torch.rand(shape, generator=torch.Generator().manual_seed(channels))
        right = rebuilt(block, x)
        watch = Watch(block, x)
        if watch.error and stopped_at_ellipsis(watch.error):
            return Feedback("not yet", NOT_YET)
        if not same(watch.out, right):
            hint = hint_on_the_way(watch) or hint_on_the_parts(watch)
            if hint is None and watch.error:
                hint = explain(watch.error)
            if hint is None and unfinished(watch.out):
                return Feedback("not yet", NOT_YET)
            return Feedback("not right", hint or hint_on_the_output(watch))
        hint = threshold_hint(block.second) or training_hint(residual_lif(channels), x)
        if hint:
            return Feedback("not right", hint)
    return Feedback(
        "passed",
        "Your block gives Concat(LIF₂(h), h) to the convolution, in the right order and on the "
        "right axis, and LIF₂ fires at the second of two spikes in a row. That is the RL block, "
        "and it fits wherever a single LIF stood.",
    )


def rebuilt(block: nn.Module, x: Tensor) -> Tensor | None:
    """project(Concat(LIF₂(h), h)) from the block's own parts; None where they do not fit."""
    try:
        with torch.no_grad():
            h = block.first(x)
            return block.project(torch.cat([block.second(h), h], 2))
    except RuntimeError:
        return None


def explain(error: Exception) -> str:
    return explain_error(
        error,
        "Try it in a new cell: `ResidualLIF(3)(torch.rand(6, 2, 3, 4, 5))`.",
        named="Is the name spelled right? The parts are called `self.first` and so on.",
        keep="Keep both lines that start with `def` as they were given.",
    )


def same(first: object, second: object) -> bool:
    return (
        isinstance(first, Tensor)
        and isinstance(second, Tensor)
        and first.shape == second.shape
        and torch.allclose(first.double(), second.double(), 1e-4, 1e-5)
    )


def hint_on_the_way(watch: Watch) -> str | None:
    """From x to the spikes of the two LIF layers."""
    x, calls = watch.x, {name: len(watch.given[name]) for name in PARTS}
    nothing_ran = not any(calls.values())
    if nothing_ran:
        return (
            None
            if watch.error or unfinished(watch.out)
            else ("None of the three parts is called. Call them like functions, `self.first(x)`.")
        )
    if calls["first"] == 0:
        return "LIF₁ is never called: `h` is what `self.first` makes of x."
    if not same(watch.given["first"][0], x):
        return (
            "LIF₁ should hear x as it comes, `[T, B, C, H, W]`, and your `self.first` gets "
            f"something of shape {list(watch.given['first'][0].shape)} that is not x."
        )
    if calls["second"] == 0:
        twice = ", and `self.first` twice" if calls["first"] > 1 else ""
        return (
            f"`self.second` is never called{twice}. RL has two LIF layers, and the second one has "
            "a threshold of its own."
        )
    h, heard = watch.came["first"][0], watch.given["second"][0]
    if same(heard, h):
        return None
    if same(heard, x):
        return (
            "Your LIF₂ hears the input x, so the two layers stand side by side. In RL they stand "
            "in a row: LIF₂ hears the spikes of LIF₁."
        )
    if same(heard, h.flatten(0, 1)):
        return (
            "You fold time into the batch before LIF₂. A convolution wants that, a neuron does "
            "not: it needs the time steps in their order, one after the other, on the first axis."
        )
    if heard.shape == h[0].shape:
        return (
            "Your LIF₂ hears one time step at a call, so it forgets its membrane after each. Give "
            "it all of h at once; it runs over the first axis by itself."
        )
    return (
        f"LIF₂ should hear h, all of it and as it is. It gets a tensor of shape "
        f"{list(heard.shape)} with other values; h has shape {list(h.shape)}."
    )


def hint_on_the_parts(watch: Watch) -> str | None:
    """From the two spike trains to the convolution, or to the output where it is not called."""
    x, h, s = watch.x, watch.came["first"], watch.came["second"]
    if not h or not s:
        return None
    h, s = h[0], s[0]
    projected = bool(watch.given["project"])
    joined = watch.given["project"][0] if projected else watch.out
    if not isinstance(joined, Tensor):
        return None
    c = x.shape[2]
    if same(joined, torch.cat([s, h], 2)):
        if projected:
            return None
        return (
            f"The two are joined as they should be, but your block gives {2 * c} channels for "
            f"{c}. The next layer expects {c}: the 1×1 convolution `self.project` is still to come."
        )
    known = {
        "Your halves are in the other order: h comes first. The paper writes LIF₂(h) first, and "
        "stored weights of the convolution rely on it.": torch.cat([h, s], 2),
        "You join the two on axis 0, which is time: first h plays, and then it plays again. "
        "Count the axes of `[T, B, C, H, W]` from 0.": torch.cat([s, h], 0),
        "You join the two on axis 1, the batch, as if there were twice as many images. "
        "Count the axes of `[T, B, C, H, W]` from 0.": torch.cat([s, h], 1),
        "You join the two on an axis of the image: the picture becomes twice as tall. "
        "Count the axes of `[T, B, C, H, W]` from 0.": torch.cat([s, h], 3),
        "You join the two on the last axis: the picture becomes twice as wide. "
        "Count the axes of `[T, B, C, H, W]` from 0.": torch.cat([s, h], 4),
        "You add the two. Then a 1 no longer tells which of the layers fired. Concat keeps them "
        "apart, and the convolution decides how to weigh them.": s + h,
        "The residual here is x itself. RL keeps h, the spikes of LIF₁, beside LIF₂(h).":
            torch.cat([s, x], 2),
        "Only LIF₂(h) goes on. That is two neurons in a row, and what LIF₂ does not pass is lost; "
        "the residual, h beside it, is missing.": s,
        "Only h goes on: LIF₂ is computed and then dropped.": h,
        "The same spikes stand in both halves: h twice. One half should be LIF₂(h).":
            torch.cat([h, h], 2),
        "The same spikes stand in both halves, those of LIF₂. One half should be h.":
            torch.cat([s, s], 2),
    }  # fmt: skip
    for hint, tensor in known.items():
        if same(joined, tensor) or (not projected and same(joined, tensor.transpose(0, 1))):
            return hint
    if tuple(joined.shape) != (*x.shape[:2], 2 * c, *x.shape[3:]) and projected:
        return (
            f"`self.project` gets shape {list(joined.shape)}. For x of shape {list(x.shape)} it "
            f"should get {2 * c} channels, C of LIF₂(h) and then C of h, and the rest unchanged."
        )
    if projected:
        return (
            "`self.project` gets the right number of channels, but not the right values: "
            "the first half should be LIF₂(h), the second half h, both as they are."
        )
    return "`self.project` is not called, and what you return is not Concat(LIF₂(h), h) either."


def hint_on_the_output(watch: Watch) -> str:
    out = watch.out
    if not watch.came["project"]:
        return f"`self.project` is not called, and your block returns a {type(out).__name__}."
    right = watch.came["project"][0]
    if same(out, right):
        return "Your block gives other numbers at the second call. It should remember nothing."
    if not isinstance(out, Tensor) or out.shape != right.shape:
        shape = list(out.shape) if isinstance(out, Tensor) else type(out).__name__
        told = f"yours: {shape}, expected: {list(right.shape)}"
    else:
        at = tuple(int(i) for i in (~torch.isclose(out, right, 1e-4, 1e-5)).nonzero()[0])
        told = f"at [{', '.join(map(str, at))}] yours is {out[at]:.4g}, expected: {right[at]:.4g}"
    return (
        "What reaches `self.project` is right, but you return something else than what it gives "
        f"({told}). Return it as it is."
    )


def training_hint(block: nn.Module, x: Tensor) -> str | None:
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
        "Your block computes the right numbers, but no gradient comes back to x, so the layers "
        "in front of it would learn nothing. Is there a `detach` or a `no_grad`?"
    )


def threshold_hint(second: nn.Module) -> str | None:
    """Whether LIF₂ fires at the second of two spikes in a row, and not at a single one."""

    def fires(*train: float) -> list[float]:
        with torch.no_grad():
            return second(torch.tensor(train).reshape(-1, 1, 1, 1, 1)).flatten().tolist()

    value = getattr(second, "v_threshold", None)
    named = f"With V_th = {value:g} your" if isinstance(value, int | float) else "Your"
    if not any(fires(*[1.0] * 16)):
        return (
            f"{named} LIF₂ never fires, even if LIF₁ fires at every step. With inputs of 0 and 1 "
            "a membrane gets near 1 at most. See the table of section 3."
        )
    if fires(1.0, 0.0, 0.0)[0] == 1:
        return (
            f"{named} LIF₂ fires at every single spike of LIF₁: it copies h, and says nothing "
            "new. It should wait for a second spike."
        )
    if fires(1.0, 1.0)[1] == 0:
        return (
            f"{named} LIF₂ needs more than two spikes in a row. The exercise asks for two: where "
            "does H stand after the first, and where after the second?"
        )
    return None
