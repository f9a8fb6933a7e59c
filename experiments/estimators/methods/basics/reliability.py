"""How well a score holds what it stands for, and what that does to a correlation.

Alliance and outcome may correlate .318 in truth; with forms of reliability .90 and .85 a study sees .278. A therapist's
mean over 30 clients is much more reliable than one client's score: with an intraclass correlation of .05 it is .61.
"""

import math

import numpy as np
from scipy import special

from experiments.estimators.methods.basics.correlations import partial_correlation
from experiments.estimators.summary import is_constant
from experiments.estimators.value import NOT_FINITE, Fit, absent, as_fit, constant, found, too_few

FEWEST = 5


def attenuated(r, *, reliability_x, reliability_y):
    """Return the correlation that is observed: r sqrt(reliability_x reliability_y), reliabilities 0-1."""
    return r * math.sqrt(reliability_x * reliability_y)


def disattenuated(value, *, reliability_x, reliability_y):
    """Return an observed correlation (a `Value`) as it would be without error of measurement.

    r / sqrt(reliability_x reliability_y), SE and interval divided alike (the reliabilities taken as known). A result
    beyond -1 or 1 is no correlation: then the status is "not_finite", with a sentence.
    """
    if not value.ok:
        return value
    factor = math.sqrt(reliability_x * reliability_y)
    r = value.estimate / factor if factor > 0 else math.inf
    if abs(r) > 1:
        note = "Corrected for error the correlation would lie beyond 1: the reliabilities are too low for these data."
        return absent(NOT_FINITE, n=value.n, note=note)
    ends = (max(-1.0, value.low / factor), min(1.0, value.high / factor))
    return found(r, se=value.se / factor, n=value.n, low=ends[0], high=ends[1], p=value.p)


def spearman_brown(reliability, times):
    """Return the reliability of a form `times` as long, or of a mean over so many: k r / (1 + (k - 1) r)."""
    return times * reliability / (1 + (times - 1) * reliability)


def reliability_of_mean(icc, clients):
    """Return how reliable a therapist's mean over `clients` is, from the intraclass correlation of one client."""
    return spearman_brown(icc, clients)


def cronbach_alpha(items, *, what="clients who answered every item"):
    """Return Cronbach's alpha of an array clients x items (rows with a gap left out).

    alpha = k / (k - 1) (1 - sum of item variances / variance of the sum). Feldt's interval, exact for parallel items;
    SE = (1 - alpha) sqrt(2 k / ((k - 1) n)).
    """
    items = np.asarray(items, dtype=float)
    items = items[~np.isnan(items).any(axis=1)]
    n, k = items.shape
    if k < 2:
        return absent(NOT_FINITE, n=n, note="Alpha needs at least two items.")
    if n < FEWEST:
        return too_few(n, fewest=FEWEST, what=what)
    total = items.sum(axis=1).var(ddof=1)
    if is_constant(items, sd=math.sqrt(total)):
        return constant(n, what="the sum of the items")
    alpha = k / (k - 1) * (1 - items.var(axis=0, ddof=1).sum() / total)
    low, high = (1 - (1 - alpha) * special.fdtri(n - 1, (n - 1) * (k - 1), share) for share in (0.975, 0.025))
    se = (1 - alpha) * math.sqrt(2 * k / ((k - 1) * n))
    return found(alpha, se=se, n=n, low=low, high=high)


def retest(first, second, *, what="clients who answered twice"):
    """Return `r` of two occasions, `sem` (in points, SD of the first x sqrt(1 - r)) and `shift` of the mean, a `Fit`.

    r is low if clients change in between, not only if the form shakes; so retest gives a wider reliable change.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    here = ~(np.isnan(first) | np.isnan(second))
    first, second = first[here], second[here]
    r = partial_correlation(first, second, {}, what=what)
    if not r.ok:
        return as_fit(r)
    change = second - first
    sem = first.std(ddof=1) * math.sqrt(max(0.0, 1 - r.estimate))
    shift = found(change.mean(), se=change.std(ddof=1) / math.sqrt(change.size), n=change.size)
    return Fit({"r": r, "sem": found(sem, n=change.size), "shift": shift}, change.size)
