# fact: a hundred times the paper's
def faults(recipe, processes):
    """The names of the fields of the recipe that are wrong."""
    found = []
    if recipe["warmup_epochs"] >= recipe["epochs"]:
        found.append("warmup_epochs")
    if recipe["images_per_process"] * processes != recipe["batch"]:
        found.append("images_per_process")
    if set(recipe["decayed"]) != {"weights"}:
        found.append("decayed")
    if recipe["test_augmentation"]:
        found.append("test_augmentation")
    return found
