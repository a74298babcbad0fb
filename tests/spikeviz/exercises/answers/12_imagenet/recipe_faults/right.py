"""Right answers in other styles; each public function is one."""

import math
from fractions import Fraction

import numpy as np


def a_table(recipe, processes):
    right = 1e-3 * recipe["batch"] / 768
    rules = {
        "warmup_epochs": recipe["warmup_epochs"] < recipe["epochs"],
        "images_per_process": recipe["images_per_process"] * processes == recipe["batch"],
        "learning_rate": 0.99 * right <= recipe["learning_rate"] <= 1.01 * right,
        "decayed": recipe["decayed"] == ("weights",),
        "test_augmentation": not recipe["test_augmentation"],
    }
    return [name for name, kept in rules.items() if not kept]


def a_set(recipe, processes):
    found = set()
    if not recipe["warmup_epochs"] < recipe["epochs"]:
        found.add("warmup_epochs")
    if recipe["batch"] / processes != recipe["images_per_process"]:
        found.add("images_per_process")
    if not math.isclose(recipe["learning_rate"], 1e-3 * recipe["batch"] / 768, rel_tol=0.01):
        found.add("learning_rate")
    if list(recipe["decayed"]) != ["weights"]:
        found.add("decayed")
    if len(recipe["test_augmentation"]) > 0:
        found.add("test_augmentation")
    return found


def by_numpy(recipe, processes):
    names = np.array(
        ["warmup_epochs", "images_per_process", "learning_rate", "decayed", "test_augmentation"]
    )
    ratio = np.float64(recipe["learning_rate"]) / (1e-3 * recipe["batch"] / 768)
    wrong = np.array([
        recipe["warmup_epochs"] >= recipe["epochs"],
        recipe["images_per_process"] * processes != recipe["batch"],
        np.abs(ratio - 1) > 0.01,
        not ("weights" in recipe["decayed"] and len(recipe["decayed"]) == 1),
        bool(recipe["test_augmentation"]),
    ])
    return names[wrong].tolist()


def by_fractions(recipe, processes):
    rate = Fraction(recipe["batch"], 768_000)
    found = ()
    if recipe["epochs"] <= recipe["warmup_epochs"]:
        found += ("warmup_epochs",)
    if Fraction(recipe["batch"], processes) != recipe["images_per_process"]:
        found += ("images_per_process",)
    if abs(Fraction(recipe["learning_rate"]) / rate - 1) > Fraction(1, 100):
        found += ("learning_rate",)
    if any(kind != "weights" for kind in recipe["decayed"]) or not recipe["decayed"]:
        found += ("decayed",)
    if recipe["test_augmentation"] != ():
        found += ("test_augmentation",)
    return found


def division_and_rest(recipe, processes):
    found = []
    whole, rest = divmod(recipe["batch"], processes)
    if rest or whole != recipe["images_per_process"]:
        found.append("images_per_process")
    per_image = recipe["learning_rate"] / recipe["batch"]
    if not 0.99 <= per_image / (1e-3 / 768) <= 1.01:
        found.append("learning_rate")
    if recipe["warmup_epochs"] > recipe["epochs"] - 1:
        found.append("warmup_epochs")
    if {*recipe["decayed"]} ^ {"weights"}:
        found.append("decayed")
    if any(recipe["test_augmentation"]):
        found.append("test_augmentation")
    return found


def the_steps_batch(recipe, processes):
    found = []
    batch = recipe["batch"]
    right = 0.001 * (batch / 768)
    difference = abs(right - recipe["learning_rate"])
    if difference / right > 0.01:
        found += ["learning_rate"]
    if not batch == sum(recipe["images_per_process"] for _ in range(processes)):
        found += ["images_per_process"]
    if "norms" in recipe["decayed"] or "biases" in recipe["decayed"] or len(recipe["decayed"]) != 1:
        found += ["decayed"]
    if recipe.get("test_augmentation"):
        found += ["test_augmentation"]
    if recipe["warmup_epochs"] / recipe["epochs"] >= 1:
        found += ["warmup_epochs"]
    return sorted(found)


def unpacked(recipe, processes):
    epochs, warm, batch, images, rate, decayed, test = recipe.values()
    return list(filter(None, [
        "warmup_epochs" * (warm >= epochs),
        "images_per_process" * (images * processes != batch),
        "learning_rate" * (round(abs(rate * 768_000 / batch - 1), 9) > 0.01),
        "decayed" * (tuple(decayed) != ("weights",)),
        "test_augmentation" * (test != ()),
    ]))


named = lambda recipe, processes: frozenset(  # noqa: E731
    name
    for name, wrong in (
        ("warmup_epochs", recipe["warmup_epochs"] >= recipe["epochs"]),
        ("images_per_process", recipe["images_per_process"] != recipe["batch"] / processes),
        ("learning_rate", abs(math.log(recipe["learning_rate"] * 768e3 / recipe["batch"])) > 0.01),
        ("decayed", set(recipe["decayed"]) != {"weights"}),
        ("test_augmentation", recipe["test_augmentation"]),
    )
    if wrong
)


def _checks(r, n):
    yield "warmup_epochs", r["warmup_epochs"] - r["epochs"] < 0
    yield "images_per_process", r["batch"] / n == r["images_per_process"]
    yield "learning_rate", math.isclose(r["learning_rate"] * 768, r["batch"] / 1000, rel_tol=0.01)
    yield "decayed", list(r["decayed"]) == ["weights"]
    yield "test_augmentation", len(r["test_augmentation"]) == 0


def a_generator(recipe, processes):
    return [name for name, right in _checks(recipe, processes) if not right]


def a_tuple(recipe, processes):
    return tuple(dict(check for check in _checks(recipe, processes) if check[1] is False))


def frozen(recipe, processes):
    return frozenset(name for name, right in _checks(recipe, processes) if right is not True)


def ratio(recipe, processes):
    found = []
    e, w = recipe["epochs"], recipe["warmup_epochs"]
    if not w < e:
        found += ["warmup_epochs"]
    if divmod(recipe["batch"], processes) != (recipe["images_per_process"], 0):
        found += ["images_per_process"]
    ratio = recipe["learning_rate"] / (recipe["batch"] / 768e3)
    if not 0.99 <= ratio <= 1.01:
        found += ["learning_rate"]
    if recipe["decayed"] != ("weights",):
        found += ["decayed"]
    if recipe["test_augmentation"] != ():
        found += ["test_augmentation"]
    return found


def in_the_recipes_order(recipe, processes):
    wrong = set(ratio(recipe, processes))
    return [name for name in recipe if name in wrong]
