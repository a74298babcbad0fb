"""Check of the exercise "find the faults in a recipe".

The student's function reads recipes as a training script would and returns the names of the fields
that are wrong. It is asked about recipes in a fixed order; the first one on which it goes another
way gives the hint, which speaks about that recipe and not about the rule.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spikeviz.exercises.cells import last_line
from spikeviz.exercises.feedback import Feedback
from spikeviz.exercises.judge import Stop, explain_error, judge

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
        {"decayed": ()}, ("decayed",),
        "Here weight decay pulls nothing at all. It shall pull the weights.",
    ),
    Case(
        {"decayed": ("norms",)}, ("decayed",),
        "Here weight decay pulls the scales of the norms, and not the weights.",
    ),
    Case(
        {"decayed": ("weights", "thresholds")}, ("decayed",),
        "Here weight decay pulls the thresholds too, and the rule says the weights and nothing "
        "else.",
    ),
    Case(
        {"learning_rate": 1.05e-3}, ("learning_rate",),
        "The batch is the paper's and the rate is 5 % above it: 1 % is forgiven, not more.",
    ),
    Case(
        {"learning_rate": 0.98e-3}, ("learning_rate",),
        "The batch is the paper's and the rate is 2 % below the paper's: 1 % is forgiven, to "
        "either side, and not more.",
    ),
    Case(
        {"learning_rate": 1.008e-3},
        named={"learning_rate": "It is 0.8 % above the paper's, and 1 % is forgiven."},
    ),
    Case(
        {"learning_rate": 0.992e-3},
        named={"learning_rate": "It is 0.8 % below the paper's, and 1 % is forgiven."},
    ),
    Case(
        {"batch": 384, "images_per_process": 24, "learning_rate": 5.1e-4}, ("learning_rate",),
        "For half the batch the rate is 0.0005, and 1 % of that is 0.000005. This one is 2 % off.",
    ),
    Case(
        {"batch": 64, "images_per_process": 4, "learning_rate": 8.6e-5}, ("learning_rate",),
        "64/768 of 0.001 is 0.0000833…, and this rate is 3 % off: 1 % of a small rate is little.",
    ),
    Case(
        {"batch": 7680, "images_per_process": 480, "learning_rate": 1.007e-2},
        named={"learning_rate": "For ten times the batch the rate is 0.01, and this one is 0.7 % "
               "off. 1 % of a large rate is more."},
    ),
    Case(
        {"batch": 770}, ("images_per_process",),
        "48 images on each of 16 processes are 768, and the recipe says 770: near is not equal.",
    ),
    Case(
        {"batch": 766}, ("images_per_process",),
        "48 images on each of 16 processes are 768, and the recipe says 766: near is not equal.",
    ),
    Case(
        {"epochs": 5, "warmup_epochs": 4},
        named={"warmup_epochs": "4 epochs of warm-up are shorter than 5 epochs."},
    ),
    Case(
        {"warmup_epochs": 0},
        named={"warmup_epochs": "No warm-up at all is shorter than the run. The rule asks for no "
               "more."},
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
    return judge(faults, _check, NOT_YET, explain)


def _check(faults: Callable[[dict[str, Any], int], Any]) -> Feedback:
    for case in CASES:
        recipe = case.recipe
        answer = faults(recipe, case.processes)
        if answer is None or answer is Ellipsis:
            raise Stop("not yet", NOT_YET)
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
    if isinstance(error, KeyError):
        message = f"Your code stopped with an error: `{last_line(error)}`."
        return f"{message}\nIs the field spelled as in the recipe above?"
    return explain_error(error, "Call your function yourself in a new cell to see where it stops.")
