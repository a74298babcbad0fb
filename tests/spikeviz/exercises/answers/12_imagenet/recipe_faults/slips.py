"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import math


def _faults(recipe, processes, **others):
    """The names of the faulty fields; others: another rule for one of them."""
    right = 1e-3 * recipe["batch"] / 768
    wrong = {
        "warmup_epochs": recipe["warmup_epochs"] >= recipe["epochs"],
        "images_per_process": recipe["images_per_process"] * processes != recipe["batch"],
        "learning_rate": abs(recipe["learning_rate"] - right) > 0.01 * right,
        "decayed": set(recipe["decayed"]) != {"weights"},
        "test_augmentation": bool(recipe["test_augmentation"]),
        **others,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


def _rate(recipe):
    return 1e-3 * recipe["batch"] / 768


def norms_or_biases(recipe, processes):
    """hint: weight decay pulls nothing at all"""
    wrong = "norms" in recipe["decayed"] or "biases" in recipe["decayed"]
    return _faults(recipe, processes, decayed=wrong)


def one_kind_of_any(recipe, processes):
    """hint: of the norms, and not the weights"""
    return _faults(recipe, processes, decayed=len(recipe["decayed"]) != 1)


def only_the_kinds_it_knows(recipe, processes):
    """hint: pulls the thresholds too"""
    wrong = "weights" not in recipe["decayed"] or bool({"norms", "biases"} & {*recipe["decayed"]})
    return _faults(recipe, processes, decayed=wrong)


def ten_percent(recipe, processes):
    """hint: 5 % above it"""
    wrong = abs(recipe["learning_rate"] / _rate(recipe) - 1) > 0.1
    return _faults(recipe, processes, learning_rate=wrong)


def two_percent(recipe, processes):
    wrong = abs(recipe["learning_rate"] / _rate(recipe) - 1) > 0.022
    return _faults(recipe, processes, learning_rate=wrong)


def half_a_percent(recipe, processes):
    """hint: It is 0.8 % above the paper's"""
    wrong = abs(recipe["learning_rate"] / _rate(recipe) - 1) > 0.005
    return _faults(recipe, processes, learning_rate=wrong)


def an_absolute_distance(recipe, processes):
    """hint: 2 % off"""
    wrong = abs(recipe["learning_rate"] - _rate(recipe)) > 1.00001e-5
    return _faults(recipe, processes, learning_rate=wrong)


def a_smaller_absolute_distance(recipe, processes):
    """hint: It is 0.8 % above"""
    wrong = abs(recipe["learning_rate"] - _rate(recipe)) > 5e-6
    return _faults(recipe, processes, learning_rate=wrong)


def relative_or_absolute(recipe, processes):
    near = math.isclose(recipe["learning_rate"], _rate(recipe), rel_tol=0.01, abs_tol=3e-6)
    return _faults(recipe, processes, learning_rate=not near)


def too_high_only(recipe, processes):
    """hint: 2 % below the paper's"""
    wrong = recipe["learning_rate"] > 1.01 * _rate(recipe)
    return _faults(recipe, processes, learning_rate=wrong)


def whole_division(recipe, processes):
    """hint: the recipe says 770"""
    wrong = recipe["batch"] // processes != recipe["images_per_process"]
    return _faults(recipe, processes, images_per_process=wrong)


def rounded_up(recipe, processes):
    """hint: the recipe says 766"""
    wrong = math.ceil(recipe["batch"] / processes) != recipe["images_per_process"]
    return _faults(recipe, processes, images_per_process=wrong)


def at_most(recipe, processes):
    wrong = recipe["images_per_process"] * processes > recipe["batch"]
    return _faults(recipe, processes, images_per_process=wrong)


def no_warmup_is_a_fault(recipe, processes):
    """hint: No warm-up at all is shorter"""
    wrong = not 0 < recipe["warmup_epochs"] < recipe["epochs"]
    return _faults(recipe, processes, warmup_epochs=wrong)


def two_epochs_are_left(recipe, processes):
    """hint: 4 epochs of warm-up are shorter than 5"""
    wrong = recipe["warmup_epochs"] >= recipe["epochs"] - 1
    return _faults(recipe, processes, warmup_epochs=wrong)


def half_of_the_epochs(recipe, processes):
    wrong = recipe["warmup_epochs"] > recipe["epochs"] / 2
    return _faults(recipe, processes, warmup_epochs=wrong)


def changes_the_recipe(recipe, processes):
    """hint: changes the recipe"""
    found = _faults(recipe, processes)
    recipe["learning_rate"] = _rate(recipe)
    return found


def a_dictionary(recipe, processes):
    """hint: returned a dict"""
    return dict.fromkeys(_faults(recipe, processes), True)


def another_key(recipe, processes):
    """hint: Is the field spelled as in the recipe"""
    return _faults(recipe, processes, warmup_epochs=recipe["warmup"] >= recipe["epochs"])
