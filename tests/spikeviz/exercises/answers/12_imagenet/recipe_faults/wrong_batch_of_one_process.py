# fact: without being equal
def faults(recipe, processes):
    """The names of the fields of the recipe that are wrong."""
    found = []
    if recipe["warmup_epochs"] >= recipe["epochs"]:
        found.append("warmup_epochs")
    if recipe["images_per_process"] != recipe["batch"]:
        found.append("images_per_process")
    rate = 1e-3 * recipe["batch"] / 768
    if abs(recipe["learning_rate"] - rate) > 0.01 * rate:
        found.append("learning_rate")
    if set(recipe["decayed"]) != {"weights"}:
        found.append("decayed")
    if recipe["test_augmentation"]:
        found.append("test_augmentation")
    return found
