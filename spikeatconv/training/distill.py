"""Distillation: a network that also learns what a teacher answers (Hinton et al., 2015).

    loss = (1 − w) · loss by the labels + w · τ² · KL(softmax(teacher / τ) ‖ softmax(network / τ))

w is the recipe's `distill`, τ its `temperature`: above 1 it shows what the teacher takes for likely
beside its answer. τ² keeps the gradient as large as it is at τ = 1. The teacher, usually the twin,
sees the same augmented images, in eval mode; nothing of it changes.
"""

from torch import Tensor, nn
from torch.nn.functional import kl_div, log_softmax

from spikeatconv.checks import short
from spikeatconv.training.recipes import Recipe
from spikeatconv.weights import digest_of


def distilled(loss: Tensor, logits: Tensor, answer: Tensor, recipe: Recipe) -> Tensor:
    """The loss, with the teacher's part; logits `[B, at least classes]`, answer `[B, classes]`, the
    teacher's. The mean over the images."""
    w, tau = recipe.distill, recipe.temperature
    wanted = log_softmax(answer / tau, 1)
    found = log_softmax(logits[:, : answer.shape[1]] / tau, 1)
    apart = kl_div(found, wanted, reduction="batchmean", log_target=True)
    return (1 - w) * loss + w * tau**2 * apart


def check_teacher(teacher: nn.Module | None, model: nn.Module) -> None:
    if teacher is not None and not isinstance(teacher, nn.Module):
        raise TypeError(
            f"teacher is {short(teacher)}; give a trained network, such as load_weights(path)"
        )
    if teacher is model:
        raise ValueError("the teacher is the network itself; give another one, such as the twin")


def described(teacher: nn.Module | None) -> dict:
    """What a checkpoint tells of it."""
    if teacher is None:
        return {}
    tensors = {name: t.detach().cpu().contiguous() for name, t in teacher.state_dict().items()}
    return {"teacher": {"sha256": digest_of({}, tensors)}}
