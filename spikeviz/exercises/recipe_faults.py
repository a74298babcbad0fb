"""Check of the exercise "find the faults in a recipe".

The student's function reads recipes as a training script would and returns the names of the fields
that are wrong. It is asked about recipes in a fixed order; the first one on which it goes another
way gives the hint, which speaks about that recipe and not about the rule.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spikeviz.exercises.feedback import Feedback, last_line, stopped_at_ellipsis, unfinished

RIGHT: dict[str, Any] = {
    "epochs": 200,
    "warmup_epochs": 10,
    "batch": 768,
    "images_per_process": 48,
    "learning_rate": 1e-3,
    "decayed": ("weights",),
    "test_augmentation": (),
}
PROCESSES = 16

NOT_YET = (
    "Nothing is wrong, it is just not finished: `faults` still holds a `...` or returns nothing. "
    "Begin with an empty list, append the name of a field where its rule is broken, and return "
    "the list at the end."
)


@dataclass(frozen=True)
class Case:
    """A recipe with changes; wrong: the fields that are faulty. missed, named: what is said where
    the answer passes over a faulty field, and where it names one that is right."""

    changes: dict[str, Any]
    wrong: tuple[str, ...] = ()
    missed: str = ""
    named: dict[str, str] = field(default_factory=dict)
    processes: int = PROCESSES

    @property
    def recipe(self) -> dict[str, Any]:
        return {**copy.deepcopy(RIGHT), **self.changes}


CASES = (
    Case(
        {},
        named={
            "images_per_process": "48 images on each of 16 processes are 768 in all, the batch of "
            "the recipe. Both numbers may be right without being equal.",
            "learning_rate": "This is the paper's rate, for the paper's batch of 768. The batch "
            "that counts is the one of a step, over all processes.",
        },
    ),
    Case(
        {"learning_rate": 0.1}, ("learning_rate",),
        "The rate is 0.1, a hundred times the paper's, and the batch is the paper's.",
    ),
    Case(
        {"warmup_epochs": 250}, ("warmup_epochs",),
        "With 250 epochs of warm-up in 200 epochs the rate never gets to its peak.",
    ),
    Case(
        {"images_per_process": 768}, ("images_per_process",),
        "768 images on each of 16 processes make steps of 12,288, and the recipe says 768.",
    ),
    Case(
        {"decayed": ("weights", "norms", "biases")}, ("decayed",),
        "Here weight decay pulls the scales of the norms and the biases to zero too. That "
        "`weights` is among them is no excuse.",
    ),
    Case(
        {"test_augmentation": ("auto_augment",)}, ("test_augmentation",),
        "AutoAugment is left on in the test: the accuracy of a distorted image is measured.",
    ),
    Case(
        {"epochs": 20, "warmup_epochs": 1},
        named={
            "warmup_epochs": "A run of 20 epochs may warm up for 1. The rule is not that it must "
            "be the paper's 10.",
            "epochs": "A run may be shorter than the paper's 200 epochs: that is no fault.",
        },
    ),
    Case(
        {"epochs": 5, "warmup_epochs": 5}, ("warmup_epochs",),
        "5 epochs of warm-up in 5 epochs: when would the rate ever fall?",
    ),
    Case(
        {"batch": 192, "images_per_process": 12, "learning_rate": 5e-4}, ("learning_rate",),
        "The batch is a quarter of the paper's and the rate a half. That is the square root, and "
        "the rule of this notebook is in proportion.",
    ),
    Case(
        {"batch": 384, "images_per_process": 24, "learning_rate": 5e-4},
        named={"learning_rate": "Half the batch and half the rate fit each other."},
    ),
    Case(
        {"batch": 160, "images_per_process": 10, "learning_rate": 0.000208},
        named={
            "learning_rate": "160/768 of 0.001 is 0.00020833…, and the recipe says 0.000208. "
            "People round: leave room for 1 %."
        },
    ),
    Case(
        {"images_per_process": 768},
        named={"images_per_process": "One process alone takes the whole batch of 768."},
        processes=1,
    ),
    Case(
        {"decayed": ("weights", "biases")}, ("decayed",),
        "Weight decay pulls the biases to zero; that the norms are spared does not mend it.",
    ),
    Case(
        {"test_augmentation": ("flip", "mixup")}, ("test_augmentation",),
        "Two augmentations are left on in the test, other ones than before.",
    ),
    Case(
        {"warmup_epochs": 300, "learning_rate": 0.1, "test_augmentation": ("flip",)},
        ("learning_rate", "test_augmentation", "warmup_epochs"),
        "This recipe has three faults. Does your function go on after the first one it finds?",
    ),
    Case(
        {
            "epochs": 300, "warmup_epochs": 20, "batch": 1536, "images_per_process": 1536,
            "learning_rate": 1e-3, "decayed": ("weights", "norms"),
        },
        ("decayed", "images_per_process", "learning_rate"),
        "This one has three faults too.",
    ),
)  # fmt: skip


def check_recipe_faults(faults: Callable[[dict[str, Any], int], Any]) -> Feedback:
    """Check a student's `faults(recipe, processes)`, which returns the names of the fields that
    are wrong, in any order. Never raises: the student's errors come back as feedback."""
    if unfinished(faults):
        return Feedback("not yet", NOT_YET)
    if not callable(faults):
        return Feedback(
            "not right",
            "This check needs the function itself: pass its name without brackets.",
        )
    try:
        return _check(faults)
    except Exception as error:
        if stopped_at_ellipsis(error):
            return Feedback("not yet", NOT_YET)
        return Feedback("not right", explain(error))


def _check(faults: Callable[[dict[str, Any], int], Any]) -> Feedback:
    for case in CASES:
        recipe = case.recipe
        answer = faults(recipe, case.processes)
        if answer is None or answer is Ellipsis:
            return Feedback("not yet", NOT_YET)
        message = of_its_form(answer) or of_its_names(case, set(answer))
        if message:
            return Feedback("not right", message)
        if recipe != case.recipe:
            return Feedback(
                "not right",
                "Your function changes the recipe that it is given. It should only read it.",
            )
    return Feedback(
        "passed",
        f"{len(CASES)} recipes, and your function found each fault and accused nobody wrongly. "
        "Such a function, run before a training of days, is the cheapest insurance there is.",
    )


def of_its_form(answer: Any) -> str:
    if isinstance(answer, str):
        return (
            f"Your function returned the text {answer!r}. Return a list of names, also for one "
            "fault, and an empty list for none."
        )
    if isinstance(answer, bool | int | float):
        return (
            f"Your function returned {answer!r}, which says whether or how many, not which. Return "
            "a list of the names of the fields."
        )
    if not isinstance(answer, list | tuple | set | frozenset):
        return f"Your function returned a {type(answer).__name__}. Return a list of names."
    unknown = [name for name in answer if name not in RIGHT]
    if unknown:
        return (
            f"Your list holds {unknown[0]!r}, which is no field of the recipe. The fields are "
            + ", ".join(f"`{name}`" for name in RIGHT)
            + "."
        )
    return ""


def of_its_names(case: Case, found: set[str]) -> str:
    """What is said where the names differ from those of the faulty fields; empty where not."""
    missed = sorted(set(case.wrong) - found)
    named = sorted(found - set(case.wrong))
    if not missed and not named:
        return ""
    where = (
        f"A recipe for {case.processes} process{'es' if case.processes > 1 else ''}: {words(case)}."
    )
    if missed:
        return f"{where}\nYour function passes over `{missed[0]}`. {case.missed}"
    hint = case.named.get(named[0], "In this recipe that field is right.")
    return f"{where}\nYour function names `{named[0]}`. {hint}"


def words(case: Case) -> str:
    """The recipe as far as it differs from the paper's."""
    if not case.changes:
        return "all as in the paper"
    changes = (f"`{name} = {value!r}`" for name, value in case.changes.items())
    return f"{', '.join(changes)}, all else as in the paper"


def explain(error: Exception) -> str:
    message = f"Python stopped with an error: `{last_line(error)}`."
    if isinstance(error, KeyError):
        return f"{message}\nIs the field spelled as in the recipe above?"
    if isinstance(error, NameError):
        return f"{message}\nIs the name spelled right?"
    return f"{message}\nCall your function yourself in a new cell to see where it stops."
