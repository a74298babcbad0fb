"""Check of the exercise "a leak that learns": PLIF, a LIF layer whose 1/τ is sigmoid(w).

The student's class is built for several τ, its `w` is moved, and hidden inputs run through it.
Spikes, and the gradients that come back to w and to x, are compared with a layer of our own. Where
the spikes differ, the slips that we know are played through, and the one that gives the same
spikes in every run is the hint.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from spikeatconv import Atan, Sigmoid
from spikeatconv.surrogate import Surrogate
from spikeviz.exercises.answer import (
    Feedback,
    expect,
    find_hint,
    judge,
    stop,
    stop_at,
    tell_apart,
)
from spikeviz.exercises.cells import last_line
from spikeviz.exercises.tensors import find_wrong

TAUS = (2.0, 4.0, 1.25)  # at the start
MOVED = (-3.0, -0.75, 1.5, 6.0)  # w later: τ of 21, 3.1, 1.2 and 1.002
SHAPE = (8, 2, 3, 2, 5)  # T and what one time step holds
NEAR = 0.02  # no H of ours is nearer to the threshold, so rounding decides no spike


def check_learned_leak(learned_leak: type[nn.Module]) -> Feedback:
    """Check a student's class `LearnedLeak(tau)`, with its parameter `w`.

    Right: w starts at 1/τ = sigmoid(w), the layer's spikes follow w wherever it goes, and the
    gradients of w and of x are those with the Atan's slope and a detached reset. Never raises.
    """
    return judge(
        learned_leak,
        watch,
        "Your neurons start with the τ that they are given, their spikes follow w wherever it "
        "goes, and the gradient comes back to w and to x with the right value. Whatever "
        "training does to w, τ stays at 1 or above.",
        "there is still a `...` in `LearnedLeak`, or no `return`. Start with `self.w`: for which "
        "number is sigmoid(w) = 1/τ? Then put the share into `h`.",
        "Try it in a new cell: `LearnedLeak(4.0)(torch.rand(6, 10))`.",
        named="Is the name spelled right? The parameter is called `self.w`.",
        keep="Keep the lines that start with `def` as they were given.",
        errors={
            "only Tensors of floating point|Only Tensors of floating point": "Perhaps w starts as "
            "a whole number, and those have no gradient: write `1.0`, not `1`.",
            "cannot assign module before": "`super().__init__()` comes first in `__init__`.",
        },
    )


class Case(NamedTuple):
    """One run: how the layer was made, where its w is, what goes in, what comes back from above."""

    tau: float
    w: float
    x: Tensor
    above: Tensor


class Run(NamedTuple):
    spikes: Tensor
    of_w: Tensor
    of_x: Tensor


def watch(learned_leak: type[nn.Module]) -> None:
    if not (isinstance(learned_leak, type) and issubclass(learned_leak, nn.Module)):
        stop(
            "This check needs the class itself, made from `torch.nn.Module`: keep its first line "
            "as it was given and pass its name without brackets."
        )
    with torch.enable_grad():  # the notebook has it switched off
        layers = [learned_leak(tau) for tau in TAUS]
        for layer in layers:
            stop_at(of_parameter(layer))
        stop_at(of_start([layer.w.item() for layer in layers]))
        cases: list[Case] = []
        given: list[Tensor] = []
        for layer, tau in zip(layers, TAUS, strict=True):
            for w in (layer.w.item(), *MOVED):
                cases.append(make_case(tau, w, seed=len(cases)))
                with torch.no_grad():
                    layer.w.fill_(w)
                given.append(fire(layer, cases[-1]))
        right = [run(case) for case in cases]
        for case, spikes, truth in zip(cases, given, right, strict=True):
            place = find_wrong(spikes.double(), truth.spikes)
            if place:
                stop(f"{describe(case, place, spikes, truth)}\n{of_charge(cases, given)}")
        layer = layers[-1]  # w is at the last of MOVED there
        if not torch.equal(fire(layer, cases[-1]), given[-1]):
            stop("The same input gives other spikes the second time. Start each call with V = 0.")
        for w in MOVED:
            case = make_case(TAUS[-1], w, seed=len(MOVED))
            with torch.no_grad():
                layer.w.fill_(w)
            of_gradient(layer, case)


def make_case(tau: float, w: float, seed: int) -> Case:
    """Inputs that make a layer with that w fire now and then."""
    random, leak = torch.Generator().manual_seed(seed), torch.tensor(w).double().sigmoid()
    size = 1 + 0.3 / leak
    x, v = torch.randn(SHAPE, generator=random).double() * size + size, torch.zeros(SHAPE[1:])
    for x_t in x:
        h = v + (x_t - v) * leak
        close = (h - 1).abs() < NEAR
        x_t[close] += 4 * NEAR / leak
        h = v + (x_t - v) * leak
        v = h * (h < 1)
    above = torch.randn(SHAPE, generator=random)
    return Case(tau, w, x.float(), above)


def fire(layer: nn.Module, case: Case) -> Tensor:
    """The spikes of the student's layer."""
    x = case.x.clone()
    spikes = expect(layer(x))
    if not torch.equal(x, case.x):
        stop("Your layer changes the input that it was given. Compute in a tensor of its own.")
    if not isinstance(spikes, Tensor) or spikes.shape != x.shape:
        shape = list(spikes.shape) if isinstance(spikes, Tensor) else type(spikes).__name__
        stop(
            f"For x of shape {list(x.shape)} your layer gives {shape}. It should give the spikes "
            "of all time steps, one for each current: `torch.stack(spikes)`."
        )
    return spikes.detach()


# --- what is right, and what is often made of it

Charge = Callable[[Tensor, Tensor, Tensor, float], Tensor]  # x, V, w, τ at the start → H


def right_charge(x: Tensor, v: Tensor, w: Tensor, tau: float) -> Tensor:
    return v + (x - v) * w.sigmoid()


def hard(h: Tensor, s: Tensor) -> Tensor:
    return (1 - s.detach()) * h


def run(
    case: Case,
    charge: Charge = right_charge,
    reset: Callable[[Tensor, Tensor], Tensor] = hard,
    surrogate: Surrogate | None = None,
) -> Run:
    """The spikes of a layer, in float64, and the gradients that come back to w and to x."""
    w = torch.tensor(case.w, dtype=torch.float64, requires_grad=True)
    x = case.x.double().requires_grad_()
    slope, v, spikes = surrogate or Atan(), torch.zeros_like(x[0]), []
    for x_t in x:
        h = charge(x_t, v, w, case.tau)
        spikes.append(slope(h - 1))
        v = reset(h, spikes[-1])
    out = torch.stack(spikes)
    of_w, of_x = torch.autograd.grad(out, (w, x), case.above.double(), materialize_grads=True)
    return Run(out.detach(), of_w, of_x)


SLIPS: tuple[tuple[Charge, str], ...] = (
    (lambda x, v, w, tau: v + (x - v) / tau,
     "Your spikes stay those of the first τ when w moves. sigmoid(w) has to be computed in "
     "`forward`, from what w is then."),
    (lambda x, v, w, tau: v + (x - v) * (1 - w.sigmoid()),
     "Your neurons keep what they should lose: the share of the distance between x and V that "
     "is charged is sigmoid(w), not 1 − sigmoid(w)."),
    (lambda x, v, w, tau: v + (x - v) / w.sigmoid(),
     "You divide by sigmoid(w). But sigmoid(w) is 1/τ, not τ: dividing by τ means to multiply "
     "by it."),
    (lambda x, v, w, tau: v + (x - v) * w,
     "You multiply by w itself. w can be any number, also a negative one; what is between 0 and 1 "
     "is sigmoid(w)."),
    (lambda x, v, w, tau: v + (x - v) / w,
     "You divide by w, as if w were τ. w can be any number, also 0; what is 1/τ is sigmoid(w)."),
    (lambda x, v, w, tau: x + v * (1 - w.sigmoid()),
     "Your leak is right, but the input comes in at full strength. In the course's neuron, τ "
     "divides the input too."),
    (lambda x, v, w, tau: v + x * w.sigmoid(),
     "Your input is weighed by sigmoid(w), but nothing leaks: V stays where it is without input."),
    (lambda x, v, w, tau: x * w.sigmoid(),
     "Your neurons forget everything at each step: your `h` does not depend on V, or V is 0 after "
     "a step without a spike too."),
    (lambda x, v, w, tau: v + (x + v) * w.sigmoid(),
     "Your V grows by itself: the leak has the wrong sign. It pulls V back to 0."),
)  # fmt: skip
RESETS: tuple[tuple[Callable[[Tensor, Tensor], Tensor], str], ...] = (
    (lambda h, s: h,
     "Your charge is right, but nothing resets V after a spike. Keep that line as it was given."),
    (lambda h, s: h - s.detach(),
     "Your charge is right, but you subtract the threshold after a spike: the soft reset. Keep "
     "the hard one, which was given."),
)  # fmt: skip


def of_charge(cases: list[Case], given: list[Tensor]) -> str:
    def like(**way: Any) -> Callable[[], bool]:
        return lambda: all(
            torch.allclose(run(case, **way).spikes, spikes.double(), equal_nan=True)
            for case, spikes in zip(cases, given, strict=True)
        )

    nan = [case.w for case, s in zip(cases, given, strict=True) if not s.isfinite().all()]
    return find_hint([
        *((like(charge=charge), hint) for charge, hint in SLIPS),
        *((like(reset=reset), hint) for reset, hint in RESETS),
        (nan,
         lambda: f"With w = {nan[0]:.3g} some of your spikes are no numbers. What do you divide "
         "by, or take the logarithm of?"),
        (not all(((s == 0) | (s == 1)).all() for s in given),
         "A spike is all or nothing, 0 or 1: stack what `self.fire` gives."),
        (not any(s.any() for s in given), "Your neurons never fire, in no run."),
        (True, "Work this step out by hand: how far does V go towards x, and where does it start?"),
    ]) or ""  # fmt: skip


def describe(case: Case, place: tuple[int, ...], given: Tensor, truth: Run) -> str:
    """The first spike of a neuron that differs; the steps before it are right."""
    step, *where = place
    at = tuple(where)
    with torch.no_grad():
        v = torch.zeros(SHAPE[1:]).double()
        for t in range(step):
            v = hard(right_charge(case.x[t], v, torch.tensor(case.w).double(), 0), truth.spikes[t])
        h = right_charge(case.x[step], v, torch.tensor(case.w).double(), 0)[at]
    yours, expected = tell_apart(given[place], truth.spikes[place])
    return (
        f"The first spike that differs: w = {case.w + 0.0:.3g}, τ = {1 + math.exp(-case.w):.4g}. "
        f"At step {step + 1} the input of a neuron is {case.x[place]:.3g}, and V before it is "
        f"{v[at]:.3g}. So H = {h:.3g}, and the spike is {expected}; yours is "
        f"{yours}."
    )


# --- the parameter


def of_parameter(layer: nn.Module) -> list[tuple[object, Any]]:
    w: Any = getattr(layer, "w", ...)
    if hasattr(layer, "w"):
        expect(w)
    return [
        (not hasattr(layer, "w"),
         "Your class has no `self.w`. That is the number that is learned; the check looks at it."),
        (not isinstance(w, nn.Parameter),
         f"Your `self.w` is a {type(w).__name__}. An optimizer asks a module for its parameters, "
         "and this would not be among them: make it a `torch.nn.Parameter`."),
        (lambda: w.numel() != 1,
         lambda: f"Your `self.w` has {w.numel()} numbers. All neurons of the layer share one."),
        (lambda: not w.requires_grad,
         "Your `self.w` is a parameter that asks for no gradient (`requires_grad=False`)."),
        (lambda: not w.detach().isfinite().all(),
         lambda: f"Your w starts at {w.item():g}, which is no finite number."),
    ]  # fmt: skip


def of_start(given: list[float]) -> list[tuple[object, Any]]:
    """Where w is for each of TAUS."""

    def like(start: Callable[[float], float]) -> bool:
        pairs = zip(given, TAUS, strict=True)
        return all(math.isclose(w, start(tau), rel_tol=1e-3, abs_tol=1e-3) for w, tau in pairs)

    shares = [1 / (1 + math.exp(-w)) if w > -700 else 0.0 for w in given]
    wrong = next((i for i, s in enumerate(shares) if abs(s - 1 / TAUS[i]) > 1e-4), 0)
    share, expected = tell_apart(shares[wrong], 1 / TAUS[wrong])
    where = (
        f"For τ = {TAUS[wrong]:g} your w starts at {given[wrong]:.4g}. There sigmoid(w) is "
        f"{share}, and 1/τ is {expected}."
    )
    return [
        (like(lambda tau: -math.log(tau - 1)), None),
        (like(lambda tau: math.log(tau - 1)),
         f"{where} The size is right: what about its sign? A larger τ is a smaller share."),
        (like(lambda tau: tau),
         f"{where} You start w at τ itself; w goes through the sigmoid first."),
        (like(lambda tau: 1 / tau),
         f"{where} You start w at 1/τ, but w goes through the sigmoid first."),
        (like(lambda tau: 1 / (1 + math.exp(-1 / tau))),
         f"{where} You start w at sigmoid(1/τ). It is the other way round: 1/τ is sigmoid(w)."),
        (len({round(w, 3) for w in given}) == 1,
         f"{where} Your w starts at {given[0]:.4g} whatever τ is. Use the argument `tau`."),
        (True, f"{where} Solve 1/τ = 1/(1 + exp(−w)) for w."),
    ]  # fmt: skip


# --- the gradients


def of_gradient(layer: nn.Module, case: Case) -> None:
    truth, x = run(case), case.x.clone().requires_grad_()
    layer.zero_grad()
    try:
        layer(1 * x).backward(case.above)
    except Exception as error:
        stop(
            f"Your spikes are right, but they cannot be trained: `{last_line(error)}`. Does the "
            "way from w to the spikes go through PyTorch's tensors all along, with nothing kept "
            "from an earlier call?"
        )
    of_w, of_x = layer.w.grad, x.grad

    def yours() -> list[str]:
        return tell_apart(of_w, truth.of_w)

    def like(other: Run) -> bool:
        """Whether both gradients are those of that run."""
        return close(of_w, other.of_w) and close(of_x, other.of_x)

    stop_at([
        (like(truth), None),
        (of_w is None or (not of_w.any() and truth.of_w.any()),
         "Your spikes are right, but no gradient comes back to w, so it would never learn. On the "
         "way from w to the spikes something cuts it off, as `item`, `float`, `detach`, `data` "
         "and `no_grad` do."),
        (of_x is None or not of_x.any(),
         "Your spikes are right, but no gradient comes back to x, so the layers in front would "
         "learn nothing. Is there a `detach` or a `no_grad`?"),
        (lambda: like(run(case, reset=lambda h, s: (1 - s) * h)),
         "Your spikes are right. But the gradient also goes through the reset; in this course the "
         "reset is left out of it. Keep `s.detach()` in that line."),
        (lambda: like(run(case, reset=lambda h, s: hard(h, s).detach())),
         "Your spikes are right. But the gradient does not go back in time: V is cut off between "
         "two steps. Only the spike in the reset is detached, not V."),
        (lambda: like(run(case, surrogate=Sigmoid(alpha=4.0))),
         "Your spikes are right, but the slope is the Sigmoid's. `self.fire` was given as the "
         "Atan."),
        (lambda: close(of_x, truth.of_x),
         lambda: f"Your spikes are right, and so is the gradient of x. But that of w is "
         f"{yours()[0]} in a case where it should be {yours()[1]}. Is a part of "
         "the way from w cut off?"),
        (lambda: close(of_w, truth.of_w),
         "Your spikes are right, and so is the gradient of w. But x gets another one: keep the "
         "lines that fire and reset as they were given."),
        (True,
         lambda: "Your spikes are right, but the gradients are not: that of w is "
         f"{yours()[0]} in a case where it should be {yours()[1]}, and x gets "
         "other ones too. Keep the lines that fire and reset as they were given."),
    ])  # fmt: skip


def close(given: Tensor | None, right: Tensor) -> bool:
    if given is None:
        return False
    return torch.allclose(given.double().reshape(right.shape), right, 1e-3, 1e-3)
