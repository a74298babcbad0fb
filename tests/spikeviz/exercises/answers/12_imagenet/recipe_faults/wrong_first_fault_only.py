# fact: go on after the first one
def faults(recipe, processes):
    """The names of the fields of the recipe that are wrong."""
    found = []
    if recipe["warmup_epochs"] >= recipe["epochs"]:
        found.append("warmup_epochs")
    elif recipe["images_per_process"] * processes != recipe["batch"]:
        found.append("images_per_process")
    elif abs(recipe["learning_rate"] * 768 / recipe["batch"] - 1e-3) > 1e-5:
        found.append("learning_rate")
    elif set(recipe["decayed"]) != {"weights"}:
        found.append("decayed")
    elif recipe["test_augmentation"]:
        found.append("test_augmentation")
    return found
