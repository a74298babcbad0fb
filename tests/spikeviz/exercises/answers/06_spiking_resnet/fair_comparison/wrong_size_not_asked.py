# hint: but not how much
def compare(train, n_test):
    """Is the Atan better than the Sigmoid? Gives "agree", "disagree" or "undecided"."""
    seeds = (0, 1, 2)
    atan = [train(seed=seed, surrogate="atan")[-1] for seed in seeds]
    sigmoid = [train(seed=seed, surrogate="sigmoid")[-1] for seed in seeds]
    differences = [a - s for a, s in zip(atan, sigmoid, strict=True)]

    if all(d > 0 for d in differences):
        return "agree"
    if all(d < 0 for d in differences):
        return "disagree"
    return "undecided"
