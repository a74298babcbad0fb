# fact: a copy is no second opinion
def compare(train, n_test):
    """Is the Atan better than the Sigmoid? Gives "agree", "disagree" or "undecided"."""
    seeds = (0, 0, 0)
    atan = [train(seed=seed, surrogate="atan")[-1] for seed in seeds]
    sigmoid = [train(seed=seed, surrogate="sigmoid")[-1] for seed in seeds]
    differences = [a - s for a, s in zip(atan, sigmoid, strict=True)]

    mean = sum(differences) / len(differences)
    p = sum(atan + sigmoid) / (2 * len(seeds))
    se = (2 * p * (1 - p) / n_test) ** 0.5
    if all(d > 0 for d in differences) and mean > 2 * se:
        return "agree"
    if all(d < 0 for d in differences) and mean < -2 * se:
        return "disagree"
    return "undecided"
