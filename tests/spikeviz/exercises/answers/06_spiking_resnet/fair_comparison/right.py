"""Right answers in other styles; each public function is one."""

import math
import statistics

import numpy as np
import torch


def by_statistics(train, n_test):
    pairs = [(train(s, "atan")[-1], train(s, "sigmoid")[-1]) for s in range(3)]
    found = [a - b for a, b in pairs]
    p = statistics.mean(value for pair in pairs for value in pair)
    limit = 2 * math.sqrt(2 * p * (1 - p) / n_test)
    if min(found) > 0 and statistics.mean(found) > limit:
        return "agree"
    return "disagree" if max(found) < 0 and statistics.mean(found) < -limit else "undecided"


def by_numpy(train, n_test):
    runs = np.array([[train(seed=s, surrogate=k) for s in range(5)] for k in ("atan", "sigmoid")])
    last = runs[:, :, -1]
    found = last[0] - last[1]
    p = last.mean()
    se = np.sqrt(2 * p * (1 - p) / n_test)
    verdicts = np.array(["undecided", "agree", "disagree"])
    return verdicts[1 * ((found > 0).all() and found.mean() > 2 * se)
                    + 2 * ((found < 0).all() and found.mean() < -2 * se)]


def by_torch(train, n_test):
    runs = {k: torch.tensor([train(seed=s, surrogate=k)[-1] for s in (3, 7, 11, 20)],
                            dtype=torch.float64) for k in ("sigmoid", "atan")}
    found = runs["atan"] - runs["sigmoid"]
    p = torch.cat(list(runs.values())).mean()
    se = (2 * p * (1 - p) / n_test).sqrt()
    if bool((found > 0).all()) and found.mean() > 2 * se:
        return "agree"
    if bool((found < 0).all()) and -found.mean() > 2 * se:
        return "disagree"
    return "undecided"


def by_loop(train, n_test):
    count, total, above, below, everything = 0, 0.0, True, True, 0.0
    for seed in (0, 1, 2, 3, 4, 5, 6):
        atan = train(surrogate="atan", seed=seed)[3]
        sigmoid = train(surrogate="sigmoid", seed=seed)[3]
        above, below = above and atan > sigmoid, below and atan < sigmoid
        total += atan - sigmoid
        everything += atan + sigmoid
        count += 1
    p = everything / (2 * count)
    se = (2 * p * (1 - p) / n_test) ** 0.5
    if above and total / count > 2 * se:
        return "agree"
    if below and total / count < -2 * se:
        return "disagree"
    return "undecided"


def squares(train, n_test):
    atan = [train(s, surrogate="atan")[-1] for s in range(10)]
    sigmoid = [train(s, surrogate="sigmoid")[-1] for s in range(10)]
    p = (sum(atan) + sum(sigmoid)) / 20
    mean = sum(atan) / 10 - sum(sigmoid) / 10
    clear = mean**2 > 4 * 2 * p * (1 - p) / n_test
    signs = {(a > s) - (a < s) for a, s in zip(atan, sigmoid)}
    return {(True, 1): "agree", (True, -1): "disagree"}.get(
        (clear, signs.pop() if len(signs) == 1 else 0), "undecided"
    )


def two_variances(train, n_test):
    sides = [[train(seed=s, surrogate=k)[-1] for s in (0, 1, 2)] for k in ("atan", "sigmoid")]
    p = sum(map(sum, sides)) / 6
    variance = p * (1 - p) / n_test
    se = math.hypot(variance**0.5, variance**0.5)
    found = [a - s for a, s in zip(*sides)]
    z = sum(found) / 3 / se
    if z > 2 and all(d > 0 for d in found):
        return "agree"
    if z < -2 and all(d < 0 for d in found):
        return "disagree"
    return "undecided"


def all_settings_said(train, n_test):
    options = {"v_threshold": 0.5, "tau": 2.0, "epochs": 4, "images": 1000}
    found, everything = [], []
    for seed in (42, 43, 44):
        a, s = (train(seed=seed, surrogate=k, **options)[-1] for k in ("atan", "sigmoid"))
        found.append(a - s)
        everything += [a, s]
    p = np.mean(everything)
    limit = 2 * np.sqrt(2 * p * (1 - p) / n_test)
    if np.all(np.array(found) > 0) and np.mean(found) > limit:
        return "agree"
    if np.all(np.array(found) < 0) and np.mean(found) < -limit:
        return "disagree"
    return "undecided"


def longer_on_both_sides(train, n_test):
    sides = {k: [train(s, k, epochs=8)[-1] for s in range(3)] for k in ("atan", "sigmoid")}
    found = [a - s for a, s in zip(sides["atan"], sides["sigmoid"], strict=True)]
    p = statistics.fmean([*sides["atan"], *sides["sigmoid"]])
    se = math.sqrt(2 * p * (1 - p) / n_test)
    for word, sign in (("agree", 1), ("disagree", -1)):
        if all(sign * d > 0 for d in found) and sign * statistics.fmean(found) > 2 * se:
            return word
    return "undecided"


def in_points(train, n_test):
    atan = [100 * train(s, "atan")[-1] for s in range(4)]
    sigmoid = [100 * train(s, "sigmoid")[-1] for s in range(4)]
    p = sum(atan + sigmoid) / 8
    se = math.sqrt(2 * p * (100 - p) / n_test)
    found = [a - s for a, s in zip(atan, sigmoid)]
    if min(found) > 0 and sum(found) / 4 > 2 * se:
        return "agree"
    if max(found) < 0 and sum(found) / 4 < -2 * se:
        return "disagree"
    return "undecided"


def sorted_differences(train, n_test):
    curves = {s: [train(seed=i, surrogate=s) for i in range(4)] for s in ("atan", "sigmoid")}
    gaps = sorted(a[-1] - b[-1] for a, b in zip(curves["atan"], curves["sigmoid"]))
    every = [c[-1] for side in curves.values() for c in side]
    p = math.fsum(every) / len(every)
    z = math.fsum(gaps) / len(gaps) / math.sqrt(2 * p * (1 - p) / n_test)
    return "agree" if gaps[0] > 0 and z > 2 else "disagree" if gaps[-1] < 0 and z < -2 else "undecided"


def single_precision(train, n_test):
    last = np.array([[train(seed=i, surrogate=s)[-1] for s in ("atan", "sigmoid")]
                     for i in (1, 2, 3)], dtype=np.float32)
    gaps, p = last[:, 0] - last[:, 1], last.mean()
    limit = 2 * np.sqrt(2 * p * (1 - p) / n_test)
    if (gaps > 0).all() and gaps.mean() > limit:
        return "agree"
    return "disagree" if (gaps < 0).all() and gaps.mean() < -limit else "undecided"


def signs(train, n_test):
    pairs = [[train(seed=s, surrogate=name)[-1] for name in ("atan", "sigmoid")] for s in range(3)]
    sign = {(a > b) - (a < b) for a, b in pairs}
    mean = sum(a - b for a, b in pairs) / 3
    p = sum(map(sum, pairs)) / 6
    if len(sign) == 1 and mean**2 > 4 * 2 * p * (1 - p) / n_test:
        return {1: "agree", -1: "disagree"}.get(sign.pop(), "undecided")
    return "undecided"
