"""Yes or no in two groups: difference of shares, ratio of risks, ratio of odds, each with its interval.

Of 100 clients whose preference was met 18 dropped out, of 100 others 28: ten in a hundred fewer (risk difference -.10),
a risk ratio of .64, an odds ratio of .56. With nobody in a cell the ratios have no finite value and say so.
"""

import math

import numpy as np

from experiments.estimators.methods.basics.conversions import log_interval, odds_ratio_as_d
from experiments.estimators.methods.basics.intervals import normal_p, wilson
from experiments.estimators.value import SEPARATION, Fit, absent, as_fit, found, too_few

FEWEST = 2


def compare_shares(first, second, *, what="clients"):
    """Return `risk_difference`, `risk_ratio`, `odds_ratio` and `d` of two groups of marks (1, 0, nan left out).

    First against second. Risk difference: Wald SE, Newcombe's interval from Wilson's of each share. Ratios: SE of the
    logarithm sqrt(1/a - 1/n1 + 1/c - 1/n2), or sqrt(1/a + 1/b + 1/c + 1/d) (Woolf); the Values' SEs are on the scale
    of the ratios. d = ln OR sqrt(3) / pi. Empty cells: status "separation".
    """
    first, second = (marks[~np.isnan(marks)] for marks in (np.asarray(first, float), np.asarray(second, float)))
    if min(first.size, second.size) < FEWEST:
        return as_fit(too_few(min(first.size, second.size), fewest=FEWEST, what=f"{what} in the smaller group"))
    hits, sizes = (float(first.sum()), float(second.sum())), (first.size, second.size)
    odds = _odds_ratio(hits, sizes)
    parts = {
        "first": _share(hits[0], sizes[0]),
        "second": _share(hits[1], sizes[1]),
        "risk_difference": _difference(hits, sizes),
        "risk_ratio": _risk_ratio(hits, sizes),
        "odds_ratio": odds,
        "d": odds_ratio_as_d(odds),
    }
    return Fit(parts, sum(sizes))


def _share(hits, n):
    p = hits / n
    low, high = wilson(hits, n)
    return found(p, se=math.sqrt(p * (1 - p) / n) if 0 < p < 1 else math.nan, n=n, low=low, high=high)


def _difference(hits, sizes):
    p1, p2 = hits[0] / sizes[0], hits[1] / sizes[1]
    (low1, high1), (low2, high2) = wilson(hits[0], sizes[0]), wilson(hits[1], sizes[1])
    difference = p1 - p2
    low = difference - math.hypot(p1 - low1, high2 - p2)
    high = difference + math.hypot(high1 - p1, p2 - low2)
    variance = p1 * (1 - p1) / sizes[0] + p2 * (1 - p2) / sizes[1]
    return found(difference, se=math.sqrt(variance) if variance > 0 else math.nan, n=sum(sizes), low=low, high=high)


def _risk_ratio(hits, sizes):
    if min(hits) == 0:
        return _empty(sizes)
    variance = 1 / hits[0] - 1 / sizes[0] + 1 / hits[1] - 1 / sizes[1]
    return _ratio(hits[0] / sizes[0] / (hits[1] / sizes[1]), variance, sizes)


def _odds_ratio(hits, sizes):
    cells = [hits[0], sizes[0] - hits[0], hits[1], sizes[1] - hits[1]]
    if min(cells) == 0:
        return _empty(sizes)
    return _ratio(cells[0] * cells[3] / (cells[1] * cells[2]), sum(1 / cell for cell in cells), sizes)


def _ratio(ratio, variance_of_log, sizes):
    se = math.sqrt(variance_of_log)
    if se == 0:
        return found(ratio, n=sum(sizes))
    low, high = log_interval(ratio, se)
    return found(ratio, se=ratio * se, n=sum(sizes), low=low, high=high, p=normal_p(math.log(ratio) / se))


def _empty(sizes):
    return absent(SEPARATION, n=sum(sizes), note="In one group everybody, or nobody, has the event: no finite ratio.")
