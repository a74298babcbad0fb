# hint: the majority wins
def compare(train, n_test):
    """Is the Atan better than the Sigmoid? Gives "agree", "disagree" or "undecided"."""
    seeds = (0, 1, 2)
    atan = [train(seed=seed, surrogate="atan")[-1] for seed in seeds]
    sigmoid = [train(seed=seed, surrogate="sigmoid")[-1] for seed in seeds]
    differences = [a - s for a, s in zip(atan, sigmoid, strict=True)]

    if sum(d > 0 for d in differences) >= 2:
        return "agree"
    if sum(d < 0 for d in differences) >= 2:
        return "disagree"
    return "undecided"
