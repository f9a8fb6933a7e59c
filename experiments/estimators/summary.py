"""Shares, means, spreads and standardised differences, each with its standard error within one clinic.

One place for the plain arithmetic, so that a share of 12 of 60 clients is treated alike whatever it is a share of.
"""

import math

import numpy as np

from experiments.estimators.methods.basics.intervals import student, wilson
from experiments.estimators.value import constant, found, too_few

FEWEST = {"share": 2, "mean": 2, "sd": 3, "d": 5}
"""The smallest number of clients (for d: in each group) from which an estimate is given."""


def share(marks, *, what):
    """Return the share of `marks` (1 or 0, true or false; nan left out) that are 1, with Wilson's interval.

    SE = sqrt(p (1 - p) / n). At a share of 0 or 1 that gives an SE of 0, which claims too much; it is left out there.
    """
    marks = np.asarray(marks, dtype=float)
    marks = marks[~np.isnan(marks)]
    if marks.size < FEWEST["share"]:
        return too_few(marks.size, fewest=FEWEST["share"], what=what)
    p = marks.mean()
    se = math.sqrt(p * (1 - p) / marks.size) if 0 < p < 1 else math.nan
    low, high = wilson(float(marks.sum()), marks.size)
    return found(p, se=se, n=marks.size, low=low, high=high)


def mean(values, *, what):
    """Return the mean of `values` (nan left out), with SE = s / sqrt(n) and Student's interval."""
    values = values[~np.isnan(values)]
    if values.size < FEWEST["mean"]:
        return too_few(values.size, fewest=FEWEST["mean"], what=what)
    average, se = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(values.size)
    low, high, _ = student(average, se, values.size - 1)
    return found(average, se=se, n=values.size, low=low, high=high)


def spread(values, *, what):
    """Return the SD s of `values` (nan left out), with SE = s / sqrt(2 (n - 1)), as for a normal variable."""
    values = values[~np.isnan(values)]
    if values.size < FEWEST["sd"]:
        return too_few(values.size, fewest=FEWEST["sd"], what=what)
    s = values.std(ddof=1)
    return found(s, se=s / math.sqrt(2 * (values.size - 1)), n=values.size)


def difference_of_groups(first, second, *, what):
    """Return Cohen's d of two groups, (mean 1 - mean 2) / pooled SD.

    SE = sqrt((n1 + n2) / (n1 n2) + d d / (2 (n1 + n2))).
    """
    first, second = first[~np.isnan(first)], second[~np.isnan(second)]
    smaller, n = min(first.size, second.size), first.size + second.size
    if smaller < FEWEST["d"]:
        return too_few(smaller, fewest=FEWEST["d"], what=f"{what} in the smaller group")
    pooled = math.sqrt(((first.size - 1) * first.var(ddof=1) + (second.size - 1) * second.var(ddof=1)) / (n - 2))
    if is_constant(np.concatenate([first, second]), sd=pooled):
        return constant(n, what=what)
    d = (first.mean() - second.mean()) / pooled
    return found(d, se=math.sqrt(n / (first.size * second.size) + d * d / (2 * n)), n=n)


def change_in_start_spreads(before, after, *, what):
    """Return the pre-post d = (mean before - mean after) / SD before, of clients with both scores.

    SE = sqrt(var(before - after) / (n var(before)) + d d / (2 (n - 1))), for normal scores.
    """
    n = before.size
    if n < FEWEST["d"]:
        return too_few(n, fewest=FEWEST["d"], what=what)
    sd = before.std(ddof=1)
    if is_constant(before, sd=sd):
        return constant(n, what=what)
    change = before - after
    d = change.mean() / sd
    return found(d, se=math.sqrt(change.var(ddof=1) / (n * sd * sd) + d * d / (2 * (n - 1))), n=n)


def clustered_mean(values, clusters):
    """Return mean, SE and number of clusters of `values` that come in clusters.

    A cluster is a client with sessions, or a run with clients.

    mean = sum / n over everything; with cluster sums y and sizes m and G clusters,
    SE = sqrt(G / (G - 1) sum((y - mean m)^2)) / sum(m). nan SE with fewer than two clusters.
    """
    here = ~np.isnan(values)
    values, clusters = values[here], clusters[here]
    if values.size == 0:
        return math.nan, math.nan, 0
    _, index = np.unique(clusters, return_inverse=True)
    sums, sizes = np.bincount(index, weights=values), np.bincount(index)
    average, groups = values.mean(), sizes.size
    if groups < 2:
        return float(average), math.nan, groups
    residual = sums - average * sizes
    se = math.sqrt(groups / (groups - 1) * (residual @ residual)) / sizes.sum()
    return float(average), float(se), groups


def reaches(change, least):
    """Return whether a change is at least so large, rounding aside: 2.3 - 1.8 reaches .5, which it misses as floats."""
    return change >= least - 1e-9 * np.abs(least)


def is_constant(values, *, sd):
    """Return whether a spread is nothing but rounding: SD below 10^-9 of the size of the values."""
    return not sd > 1e-9 * max(1.0, float(np.abs(values).max(initial=0.0)))
