"""Wrong answers of no known kind. Where one starts with "hint: ...", that has to be said."""

import statistics


def _runs(train, count=3):
    return ([train(s, "atan")[-1] for s in range(count)],
            [train(s, "sigmoid")[-1] for s in range(count)])


def _decide(found, limit):
    if min(found) > 0 and statistics.mean(found) > limit:
        return "agree"
    return "disagree" if max(found) < 0 and statistics.mean(found) < -limit else "undecided"


def _se(p, n_test):
    return (2 * p * (1 - p) / n_test) ** 0.5


def p_of_the_atan(train, n_test):
    """hint: Your p comes from the Atan alone"""
    atan, sigmoid = _runs(train)
    found = [a - s for a, s in zip(atan, sigmoid)]
    return _decide(found, 2 * _se(statistics.mean(atan), n_test))


def p_of_the_sigmoid(train, n_test):
    """hint: Your p comes from the Sigmoid alone"""
    atan, sigmoid = _runs(train, 5)
    found = [a - s for a, s in zip(atan, sigmoid)]
    return _decide(found, 2 * _se(statistics.mean(sigmoid), n_test))


def each_its_own_p(train, n_test):
    """hint: a p of its own"""
    atan, sigmoid = _runs(train)
    found = [a - s for a, s in zip(atan, sigmoid)]
    squares = [p * (1 - p) / n_test for p in map(statistics.mean, (atan, sigmoid))]
    return _decide(found, 2 * sum(squares) ** 0.5)


def spread_of_the_seeds(train, n_test):
    """hint: with their standard deviation"""
    found = [a - s for a, s in zip(*_runs(train))]
    return _decide(found, 2 * statistics.stdev(found))


def error_of_the_mean(train, n_test):
    """hint: with the standard error of their mean"""
    found = [a - s for a, s in zip(*_runs(train, 4))]
    return _decide(found, 2 * statistics.stdev(found) / 2)


def spread_of_the_population(train, n_test):
    found = [a - s for a, s in zip(*_runs(train))]
    return _decide(found, 2 * statistics.pstdev(found))


def standard_deviation_of_an_answer(train, n_test):
    """hint: Is `n_test` in it?"""
    atan, sigmoid = _runs(train)
    p = statistics.mean(atan + sigmoid)
    return _decide([a - s for a, s in zip(atan, sigmoid)], 2 * (2 * p * (1 - p)) ** 0.5)


def relative(train, n_test):
    """hint: Your differences are relative"""
    atan, sigmoid = _runs(train)
    found = [(a - s) / s for a, s in zip(atan, sigmoid)]
    return _decide(found, 2 * _se(statistics.mean(atan + sigmoid), n_test))


def relative_to_the_mean(train, n_test):
    atan, sigmoid = _runs(train)
    p = statistics.mean(atan + sigmoid)
    return _decide([(a - s) / p for a, s in zip(atan, sigmoid)], 2 * _se(p, n_test))


def seeds_below_the_root(train, n_test):
    atan, sigmoid = _runs(train)
    p = statistics.mean(atan + sigmoid)
    return _decide([a - s for a, s in zip(atan, sigmoid)], 2 * _se(p, 3 * n_test))


def one_point_nine_six(train, n_test):
    atan, sigmoid = _runs(train)
    p = statistics.mean(atan + sigmoid)
    return _decide([a - s for a, s in zip(atan, sigmoid)], 1.96 * _se(p, n_test))


def three_standard_errors(train, n_test):
    """hint: three standard errors"""
    atan, sigmoid = _runs(train)
    p = statistics.mean(atan + sigmoid)
    return _decide([a - s for a, s in zip(atan, sigmoid)], 3 * _se(p, n_test))


def each_seed_above_two(train, n_test):
    atan, sigmoid = _runs(train)
    limit = 2 * _se(statistics.mean(atan + sigmoid), n_test)
    found = [a - s for a, s in zip(atan, sigmoid)]
    if all(d > limit for d in found):
        return "agree"
    return "disagree" if all(d < -limit for d in found) else "undecided"


def zero_counts(train, n_test):
    """hint: A seed without any difference"""
    atan, sigmoid = _runs(train)
    limit = 2 * _se(statistics.mean(atan + sigmoid), n_test)
    found = [a - s for a, s in zip(atan, sigmoid)]
    if min(found) >= 0 and statistics.mean(found) > limit:
        return "agree"
    return "disagree" if max(found) < 0 and statistics.mean(found) < -limit else "undecided"


def the_median(train, n_test):
    atan, sigmoid = _runs(train)
    limit = 2 * _se(statistics.mean(atan + sigmoid), n_test)
    found = [a - s for a, s in zip(atan, sigmoid)]
    if min(found) > 0 and statistics.median(found) > limit:
        return "agree"
    return "disagree" if max(found) < 0 and statistics.median(found) < -limit else "undecided"


def p_of_all_epochs(train, n_test):
    """hint: takes in the epochs before the last"""
    curves = [[train(s, k) for s in range(3)] for k in ("atan", "sigmoid")]
    p = statistics.mean(a for side in curves for curve in side for a in curve)
    return _decide([a[-1] - s[-1] for a, s in zip(*curves)], 2 * _se(p, n_test))


def lists_joined(train, n_test):
    """hint: gives a tuple"""
    return _decide([1.0] + train(0, "atan"), n_test)


def seeds_of_text(train, n_test):
    found = [train(s, "atan")[-1] - train(s, "sigmoid")[-1] for s in "abc"]
    return _decide(found, 0.1)


def other_name(train, n_test):
    """hint: `train` knows seed"""
    return train(seed=0, surrogate="atan", threshold=0.5)
