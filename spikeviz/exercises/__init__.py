"""Automatic checks of the course's exercises: a hint about your own answer, never the solution.

from spikeviz.exercises import check_lif_step
check_lif_step(lif_step)

Each check is in the file that is called after its exercise, which is imported, torch with it, when
the check is first called.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from spikeviz.exercises.answer import Feedback
from spikeviz.exercises.cells import watch

__all__ = [
    "Feedback", "check_back_through_time", "check_bdsa", "check_bin_events",
    "check_block_parameters", "check_break_even_rate", "check_choose_thresholds",
    "check_fair_comparison", "check_fold_batchnorm", "check_grid_partition", "check_learned_leak",
    "check_lif_step", "check_normalise", "check_recipe_faults", "check_reconstruct",
    "check_residual_lif", "check_surrogate_backward",
]  # fmt: skip


# Not by `spikeatconv/lazy.py`, which imports where a name is asked for: the first cell of a
# notebook asks for its check, and torch waits until that is called.
def __getattr__(name: str) -> Callable[[Any], Feedback]:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    exercise = name.removeprefix("check_")

    def check(answer: Any) -> Feedback:
        return getattr(import_module(f"{__name__}.{exercise}"), name)(answer)

    check.__name__ = check.__qualname__ = name
    check.__doc__ = (
        f"Check a student's answer to the exercise `{exercise}`. Never raises. What is right is "
        f"told in spikeviz/exercises/{exercise}.py."
    )
    globals()[name] = check
    return check


watch()
