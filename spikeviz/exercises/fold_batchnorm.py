"""Check of the exercise "fold a BatchNorm into the convolution in front of it".

The student's function folds hidden convolutions, and the outputs are compared with those of
`spikeatconv.fold`. Where they differ, the weight and then the bias are compared with what the
mistakes that we know would give.
"""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from spikeatconv.conv import OverTime, fold
from spikeviz.exercises.cells import last_line
from spikeviz.exercises.feedback import Feedback
from spikeviz.exercises.judge import Stop, explain_error, judge, stop

TOLERANCE = 1e-4

NOT_YET = (
    "Nothing is wrong, it is just not finished: there is still a `...` in `fold_batchnorm`, or no "
    "`return`. Start with the scale: one number for each output channel."
)
PASSED = (
    "One convolution now does the work of two layers, with and without a bias, dense and "
    "depthwise: its outputs equal those of `spikeatconv.fold`."
)


def check_fold_batchnorm(fold_batchnorm: Callable) -> Feedback:
    """Check a student's `fold_batchnorm(weight, bias, norm)`, which gives (weight, bias).

    norm is a `BatchNorm2d` in eval mode, bias may be None. Never raises: the student's errors
    come back as feedback.
    """
    return judge(fold_batchnorm, _check, NOT_YET, explain)


def _check(fold_batchnorm: Callable) -> Feedback:
    for layers in hidden():
        conv, norm = layers
        weight, bias = conv.weight.detach(), None if conv.bias is None else conv.bias.detach()
        given = weight.clone(), None if bias is None else bias.clone()
        mine = copy.deepcopy(norm)
        answer = fold_batchnorm(*given, mine)
        if answer is None or answer is ...:
            raise Stop("not yet", NOT_YET)
        before, after = (weight, bias, norm), (*given, mine)
        for name, old, new in zip(("weight", "bias", "norm"), before, after, strict=True):
            if not same(old, new):
                stop(
                    f"Your function changes the {name} that it was given (`*=`, `+=`). "
                    "Make new tensors: the model is still in use."
                )
        parts = formed(answer, conv)
        hint = value_hint(parts, conv, norm)
        if hint:
            stop(hint)
        images = torch.linspace(-1, 1, 72 * conv.in_channels).view(2, 1, -1, 6, 6)
        with torch.no_grad():
            right = fold(layers)(images)
            conv.weight, conv.bias = (nn.Parameter(part.float()) for part in parts)
            if not torch.allclose(OverTime(conv)(images), right, atol=TOLERANCE):
                stop("The outputs differ from those of the two layers.")
    return Feedback("passed", PASSED)


def same(old: Tensor | nn.Module | None, new: Tensor | nn.Module | None) -> bool:
    """Whether nothing was changed, in a tensor or in a layer."""
    if isinstance(old, nn.Module) and isinstance(new, nn.Module):
        first, second = old.state_dict(), new.state_dict()
        return all(torch.equal(first[name], second[name]) for name in first)
    if isinstance(old, Tensor) and isinstance(new, Tensor):
        return torch.equal(old, new)
    return old is new


def hidden() -> list[OverTime]:
    """Convolutions with a BatchNorm that has seen something, in eval mode."""
    made = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        for c_in, c_out, groups, bias, eps in (
            (4, 4, 1, True, 0.1),  # square, so that a scale on the wrong axis does not stop it
            (3, 5, 1, True, 0.1),
            (6, 6, 6, False, 1e-5),  # as in the block: depthwise, without a bias
        ):
            conv = nn.Conv2d(c_in, c_out, 3, padding=1, groups=groups, bias=bias)
            norm = nn.BatchNorm2d(c_out, eps=eps)
            with torch.no_grad():
                norm.weight.uniform_(0.5, 2)
                norm.bias.uniform_(0.5, 2)
                norm.running_mean.uniform_(0.5, 2)
                norm.running_var.uniform_(0.2, 4)
                norm.running_var[0] = 0.001  # small: here ε matters
                if conv.bias is not None:
                    conv.bias.uniform_(0.5, 2)
            made.append(OverTime(conv, norm).eval())
    return made


# --- from the answer to a hint


def formed(answer: object, conv: nn.Conv2d) -> list[Tensor]:
    """The new weight and the new bias as float64 tensors. Stops where they are something else."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        stop("Two tensors are needed: `return` the new weight and the new bias, in this order.")
    if any(part is ... for part in answer):
        raise Stop("not yet", NOT_YET)
    shapes = {"weight": conv.weight.shape, "bias": (conv.out_channels,)}
    for part, (name, shape) in zip(answer, shapes.items(), strict=True):
        if part is None:
            stop(
                f"Your new {name} is None. BatchNorm subtracts μ and adds β, so the one "
                "convolution needs a bias, also where the old one had none."
            )
        if not isinstance(part, Tensor | np.ndarray):
            stop(f"Your new {name} is a {type(part).__name__}; a tensor is needed.")
        if tuple(part.shape) != tuple(shape):
            stop(
                f"Your new {name} has the shape {list(part.shape)}. It has to keep the shape of "
                f"the convolution's: {list(shape)}, c_out first."
            )
    return [torch.as_tensor(part).detach().double() for part in answer]


def value_hint(parts: Sequence[Tensor], conv: nn.Conv2d, norm: nn.BatchNorm2d) -> str | None:
    for name, answer in zip(MADE, parts, strict=True):
        right = MADE[name](conv, norm).double()
        if torch.allclose(answer, right, TOLERANCE, TOLERANCE):
            continue
        for place, mistake, hint in MISTAKES:
            try:
                like = place == name and torch.allclose(
                    answer, mistake(conv, norm).detach().double(), TOLERANCE, TOLERANCE
                )
            except RuntimeError:  # this mistake needs another shape
                like = False
            if like:
                return hint
        mean, variance = stats(norm)
        at = tuple(
            int(i) for i in (~torch.isclose(answer, right, TOLERANCE, TOLERANCE)).nonzero()[0]
        )
        channel = at[0]
        return (
            f"At {list(at)} your {name} is {answer[at]:.4g}. There γ = "
            f"{norm.weight[channel]:.4g}, β = {norm.bias[channel]:.4g}, μ = {mean[channel]:.4g}, "
            f"Var = {variance[channel]:.4g}, ε = {norm.eps:g}, the convolution's weight is "
            f"{conv.weight[at if name == 'weight' else (channel, 0, 0, 0)]:.4g} and its bias "
            f"{bias_of(conv)[channel]:.4g}. Work it out by hand."
        )
    return None


def stats(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return norm.running_mean, norm.running_var


def bias_of(conv: nn.Conv2d) -> Tensor:
    return torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()


def scale(norm: nn.BatchNorm2d) -> Tensor:
    return norm.weight.detach() / (stats(norm)[1] + norm.eps).sqrt()


def scaled(factor: Callable[[nn.BatchNorm2d], Tensor], axis: int = 0) -> Callable:
    """The weight times a factor for each channel, along an axis."""
    shape = [1] * 4
    shape[axis] = -1
    return lambda conv, norm: conv.weight.detach() * factor(norm).detach().view(shape)


MADE: dict[str, Callable] = {
    "weight": scaled(scale),
    "bias": lambda conv, norm: (bias_of(conv) - stats(norm)[0]) * scale(norm) + norm.bias.detach(),
}

MISTAKES: tuple[tuple[str, Callable, str], ...] = (
    ("weight", lambda conv, norm: conv.weight.detach(),
     "Your weight is the convolution's own. BatchNorm multiplies each output channel by a number, "
     "so the weights of that channel have to change."),
    ("weight", scaled(lambda norm: norm.weight / stats(norm)[1].sqrt()),
     "Your scale is nearly right: ε is missing. It stands below the root, beside the variance. "
     "With a small variance it matters."),
    ("weight", scaled(lambda norm: norm.weight / (stats(norm)[1] + 1e-5).sqrt()),
     "Your ε is the usual 0.00001, written into the code. Take `norm.eps`."),
    ("weight", scaled(lambda norm: norm.weight / (stats(norm)[1].sqrt() + norm.eps)),
     "Your ε stands outside the root. It is added to the variance, before the root is taken."),
    ("weight", scaled(lambda norm: norm.weight / (stats(norm)[1] + norm.eps)),
     "You divide by the variance. BatchNorm divides by the standard deviation: which operation "
     "is between the two?"),
    ("weight", scaled(lambda norm: 1 / (stats(norm)[1] + norm.eps).sqrt()),
     "The learned scale γ (`norm.weight`) is missing from your weight."),
    ("weight", scaled(lambda norm: norm.weight * (stats(norm)[1] + norm.eps).sqrt()),
     "You multiply by the standard deviation. A channel that varies much has to become smaller."),
    ("weight", scaled(scale, axis=1),
     "Your scale goes along the second axis of the weight, the input channels. BatchNorm stands "
     "behind the convolution: its numbers belong to the output channels, the first axis."),
    ("bias", lambda conv, norm: bias_of(conv),
     "Your bias is the convolution's own. The mean that is subtracted, and β, have to go "
     "into it."),
    ("bias", lambda conv, norm: norm.bias.detach() - stats(norm)[0] * scale(norm),
     "The bias of the convolution is forgotten. BatchNorm sees the convolution's output, and "
     "its bias is a part of that."),
    ("bias", lambda conv, norm: bias_of(conv) * scale(norm) + norm.bias.detach(),
     "The mean μ (`norm.running_mean`) is not subtracted in your bias."),
    ("bias", lambda conv, norm: norm.bias.detach(),
     "Your bias is β alone. What becomes of the mean, and of the convolution's own bias?"),
    ("bias", lambda conv, norm: bias_of(conv) - stats(norm)[0] * scale(norm) + norm.bias.detach(),
     "The convolution's own bias goes into your sum unscaled. BatchNorm scales all that comes out "
     "of the convolution."),
    ("bias", lambda conv, norm: (bias_of(conv) - stats(norm)[0]) * scale(norm),
     "The learned shift β (`norm.bias`) is missing from your bias."),
    ("bias", lambda conv, norm: bias_of(conv) * scale(norm) - stats(norm)[0] + norm.bias.detach(),
     "Your mean is subtracted after the scaling. BatchNorm subtracts it first, so it is "
     "scaled too."),
    ("bias", lambda conv, norm: (bias_of(conv) + stats(norm)[0]) * scale(norm) + norm.bias.detach(),
     "Your mean has the wrong sign: BatchNorm takes it away."),
    ("bias", lambda conv, norm: (bias_of(conv) - stats(norm)[0] + norm.bias.detach()) * scale(norm),
     "Your β is scaled. It comes last, after the scale."),
    ("bias", lambda conv, norm: bias_of(conv) - stats(norm)[0] + norm.bias.detach(),
     "There is no scale in your bias. The weight has it; the bias needs it too."),
)  # fmt: skip


def explain(error: Exception) -> str:
    message = f"Your code stopped with an error: `{last_line(error)}`."
    if "NoneType" in str(error):
        return (
            f"{message}\nMost convolutions in front of a BatchNorm have no bias of their own: then "
            "`bias` is None, and counts as 0."
        )
    if "size of tensor" in str(error) or "broadcast" in str(error):
        return (
            f"{message}\nThe weight is [c_out, c_in / groups, k, k], and there is one scale for "
            "each c_out. Perhaps your scale still needs three axes of length 1, so that it stands "
            "along the first."
        )
    if "Boolean value of Tensor" in str(error):
        return (
            f"{message}\nPerhaps it is `if bias:` or `bias or 0`. They ask whether one number is "
            "0, and `bias` holds many. Ask whether there is a bias at all: `if bias is None:`."
        )
    if isinstance(error, AttributeError):
        return (
            f"{message}\nA `BatchNorm2d` has `weight` (γ), `bias` (β), `running_mean` (μ), "
            "`running_var` (Var) and `eps` (ε)."
        )
    return explain_error(
        error, "Try it with `nn.Conv2d(2, 2, 3)` and `nn.BatchNorm2d(2)` in a new cell."
    )
