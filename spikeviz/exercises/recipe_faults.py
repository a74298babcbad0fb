"""Check of the exercise "find the faults in a recipe".

The student's function reads recipes as a training script would and returns the names of the fields
that are wrong. It is asked about recipes in a fixed order; the first one on which it goes another
way gives the hint, which speaks about that recipe and not about the rule.
"""

from collections.abc import Callable
from typing import Any

from spikeviz.exercises.answer import Feedback, expect, judge, stop, stop_at

PAPER: dict[str, Any] = {
    "epochs": 200, "warmup_epochs": 10, "batch": 768, "images_per_process": 48,
    "learning_rate": 1e-3, "decayed": ("weights",), "test_augmentation": (),
}  # fmt: skip
PROCESSES = 16


def find_faults(recipe: dict[str, Any], processes: int) -> set[str]:
    """What is right: the fields whose rule is broken."""
    rate = PAPER["learning_rate"] * recipe["batch"] / PAPER["batch"]
    rules = {
        "warmup_epochs": recipe["warmup_epochs"] < recipe["epochs"],
        "images_per_process": recipe["images_per_process"] * processes == recipe["batch"],
        "learning_rate": abs(recipe["learning_rate"] - rate) <= 0.01 * rate,
        "decayed": recipe["decayed"] == PAPER["decayed"],
        "test_augmentation": recipe["test_augmentation"] == PAPER["test_augmentation"],
    }
    return {name for name, kept in rules.items() if not kept}


# What differs from the paper's recipe on 16 processes, and what is said where an answer passes over
# a fault; or, by field, where it names one that is right.
CASES: tuple[tuple[dict[str, Any], str | dict[str, str]], ...] = (
    ({},
     {"images_per_process": "48 images on each of 16 processes are 768 in all, the batch of the "
      "recipe. Both numbers may be right without being equal.",
      "learning_rate": "This is the paper's rate, for the paper's batch of 768. The batch that "
      "counts is the one of a step, over all processes."}),
    ({"learning_rate": 0.1},
     "The rate is 0.1, a hundred times the paper's, and the batch is the paper's."),
    ({"warmup_epochs": 250},
     "With 250 epochs of warm-up in 200 epochs the rate never gets to its peak."),
    ({"images_per_process": 768},
     "768 images on each of 16 processes make steps of 12,288, and the recipe says 768."),
    ({"decayed": ("weights", "norms", "biases")},
     "Here weight decay pulls the scales of the norms and the biases to zero too. That `weights` "
     "is among them is no excuse."),
    ({"test_augmentation": ("auto_augment",)},
     "AutoAugment is left on in the test: the accuracy of a distorted image is measured."),
    ({"epochs": 20, "warmup_epochs": 1},
     {"warmup_epochs": "A run of 20 epochs may warm up for 1. The rule is not that it must be the "
      "paper's 10.",
      "epochs": "A run may be shorter than the paper's 200 epochs: that is no fault."}),
    ({"epochs": 5, "warmup_epochs": 5},
     "5 epochs of warm-up in 5 epochs: when would the rate ever fall?"),
    ({"batch": 192, "images_per_process": 12, "learning_rate": 0.0005},
     "The batch is a quarter of the paper's and the rate a half. That is the square root, and the "
     "rule of this notebook is in proportion."),
    ({"batch": 384, "images_per_process": 24, "learning_rate": 0.0005},
     {"learning_rate": "Half the batch and half the rate fit each other."}),
    ({"batch": 160, "images_per_process": 10, "learning_rate": 0.000208},
     {"learning_rate": "160/768 of 0.001 is 0.00020833…, and the recipe says 0.000208. People "
      "round: leave room for 1 %."}),
    ({"images_per_process": 768, "processes": 1},
     {"images_per_process": "One process alone takes the whole batch of 768."}),
    ({"decayed": ("weights", "biases")},
     "Weight decay pulls the biases to zero; that the norms are spared does not mend it."),
    ({"decayed": ()},
     "Here weight decay pulls nothing at all. It shall pull the weights."),
    ({"decayed": ("norms",)},
     "Here weight decay pulls the scales of the norms, and not the weights."),
    ({"decayed": ("weights", "thresholds")},
     "Here weight decay pulls the thresholds too, and the rule says the weights and nothing else."),
    ({"learning_rate": 0.00105},
     "The batch is the paper's and the rate is 5 % above it: 1 % is forgiven, not more."),
    ({"learning_rate": 0.00098},
     "The batch is the paper's and the rate is 2 % below the paper's: 1 % is forgiven, to either "
     "side, and not more."),
    ({"learning_rate": 0.001008},
     {"learning_rate": "It is 0.8 % above the paper's, and 1 % is forgiven."}),
    ({"learning_rate": 0.000992},
     {"learning_rate": "It is 0.8 % below the paper's, and 1 % is forgiven."}),
    ({"batch": 384, "images_per_process": 24, "learning_rate": 0.00051},
     "For half the batch the rate is 0.0005, and 1 % of that is 0.000005. This one is 2 % off."),
    ({"batch": 64, "images_per_process": 4, "learning_rate": 8.6e-05},
     "64/768 of 0.001 is 0.0000833…, and this rate is 3 % off: 1 % of a small rate is little."),
    ({"batch": 7680, "images_per_process": 480, "learning_rate": 0.01007},
     {"learning_rate": "For ten times the batch the rate is 0.01, and this one is 0.7 % off. 1 % "
      "of a large rate is more."}),
    ({"batch": 770},
     "48 images on each of 16 processes are 768, and the recipe says 770: near is not equal."),
    ({"batch": 766},
     "48 images on each of 16 processes are 768, and the recipe says 766: near is not equal."),
    ({"epochs": 5, "warmup_epochs": 4},
     {"warmup_epochs": "4 epochs of warm-up are shorter than 5 epochs."}),
    ({"warmup_epochs": 0},
     {"warmup_epochs": "No warm-up at all is shorter than the run. The rule asks for no more."}),
    ({"test_augmentation": ("flip", "mixup")},
     "Two augmentations are left on in the test, other ones than before."),
    ({"warmup_epochs": 300, "learning_rate": 0.1, "test_augmentation": ("flip",)},
     "This recipe has three faults. Does your function go on after the first one it finds?"),
    ({"epochs": 300, "warmup_epochs": 20, "batch": 1536, "images_per_process": 1536,
      "learning_rate": 0.001, "decayed": ("weights", "norms")},
     "This one has three faults too."),
)  # fmt: skip


def check_recipe_faults(faults: Callable[[dict[str, Any], int], Any]) -> Feedback:
    """Check a student's `faults(recipe, processes)`, which returns the names of the fields that
    are wrong, in any order. Never raises: the student's errors come back as feedback."""
    return judge(
        faults,
        compare,
        f"{len(CASES)} recipes, and your function found each fault and accused nobody wrongly. "
        "Such a function, run before a training of days, is the cheapest insurance there is.",
        "`faults` still holds a `...` or returns nothing. Begin with an empty list, append the "
        "name of a field where its rule is broken, and return the list at the end.",
        "Call your function yourself in a new cell to see where it stops.",
        errors={"^KeyError": "Is the field spelled as in the recipe above?"},
    )


def compare(faults: Callable[[dict[str, Any], int], Any]) -> None:
    for changes, hint in CASES:
        processes = changes.get("processes", PROCESSES)
        recipe = {name: changes.get(name, value) for name, value in PAPER.items()}
        handed, wrong = dict(recipe), find_faults(recipe, processes)
        (answer,) = expect([faults(handed, processes)])
        form(answer)
        said = [f"`{name} = {value!r}`" for name, value in changes.items() if name in PAPER]
        where = (
            f"A recipe for {processes} process{'es' if processes > 1 else ''}: "
            f"{', '.join([*said, 'all else as in the paper']) if said else 'all as in the paper'}."
        )
        for name in sorted(wrong - set(answer)):
            stop(f"{where}\nYour function passes over `{name}`. {hint}")
        for name in sorted(set(answer) - wrong):
            known = hint if isinstance(hint, dict) else {}
            told = known.get(name, "In this recipe that field is right.")
            stop(f"{where}\nYour function names `{name}`. {told}")
        if handed != recipe:
            stop("Your function changes the recipe that it is given. It should only read it.")


def form(answer: Any) -> None:
    """Stops where the answer is no list of names."""
    names = answer if isinstance(answer, list | tuple | set | frozenset) else ()
    fields = ", ".join(f"`{name}`" for name in PAPER)
    stop_at([
        (isinstance(answer, str),
         f"Your function returned the text {answer!r}. Return a list of names, also for one fault, "
         "and an empty list for none."),
        (isinstance(answer, bool | int | float),
         f"Your function returned {answer!r}, which says whether or how many, not which. Return a "
         "list of the names of the fields."),
        (names is not answer,
         f"Your function returned a {type(answer).__name__}. Return a list of names."),
        *((name not in PAPER,
           f"Your list holds {name!r}, which is no field of the recipe. The fields are {fields}.")
          for name in names),
    ])  # fmt: skip
