"""Correlations that hold other things still, and one on ranks: partial, semi-partial, Spearman's.

Alliance and outcome both go with motivation. The partial correlation asks whether, among clients of equal motivation,
those with the better alliance end better. It removes what was measured, as well as it was measured, and no more.
"""

import math

import numpy as np
from scipy import special, stats

from experiments.estimators.methods.basics.intervals import Z, fisher
from experiments.estimators.methods.basics.regression import residuals
from experiments.estimators.summary import is_constant
from experiments.estimators.value import COLLINEAR, CONSTANT, NOT_FINITE, absent, constant, found, too_few

SPARE = 6
"""Clients needed beyond the number of covariates."""


def partial_correlation(x, y, covariates, *, what="clients with all columns"):
    """Return the correlation of `x` and `y` with `covariates` (dict of arrays) taken out of both.

    SE = (1 - r r) / sqrt(n - k - 3) and Fisher's interval with 1 / sqrt(n - k - 3), k covariates; p by t with
    n - k - 2 degrees of freedom. Rows with a gap in any column are left out. Without covariates it is Pearson's r.
    """
    x, y, others = _complete(x, y, covariates)
    problem = _problem(x, y, others, what=what)
    if problem is not None:
        return problem
    left_x, left_y = residuals(x, others), residuals(y, others)
    if is_constant(x, sd=left_x.std()) or is_constant(y, sd=left_y.std()):
        return absent(COLLINEAR, n=x.size, note="The covariates leave nothing of one of the two columns to correlate.")
    return _correlation(np.corrcoef(left_x, left_y)[0, 1], x.size - len(others), n=x.size)


def semi_partial_correlation(x, y, covariates, *, what="clients with all columns"):
    """Return the correlation of `y` with `x` from which `covariates` were taken: sqrt of what x adds to R squared.

    SE = sqrt((R^4 - 2 R^2 + R0^2 + 1 - R0^4) / n), R^2 with and R0^2 without x (Aloe & Becker 2012, as metafor has
    it); the interval is normal, p by the t test of x's slope.
    """
    x, y, others = _complete(x, y, covariates)
    problem = _problem(x, y, others, what=what)
    if problem is not None:
        return problem
    left_x, left_y = residuals(x, others), residuals(y, others)
    if is_constant(x, sd=left_x.std()):
        return absent(COLLINEAR, n=x.size, note="The covariates leave nothing of the predictor.")
    r, without = float(np.corrcoef(left_x, y)[0, 1]), 1 - float(left_y.var() / y.var())
    full = without + r * r
    if 1 - full < 1e-12:
        return absent(CONSTANT, n=x.size, note="The columns give the outcome without error.")
    se = math.sqrt(max(0.0, full**2 - 2 * full + without + 1 - without**2) / x.size)
    degrees = x.size - len(others) - 2
    p = 2 * float(special.stdtr(degrees, -abs(r) * math.sqrt(degrees / (1 - full))))
    half = Z * se
    return found(r, se=se, n=x.size, low=r - half, high=r + half, p=p)


def spearman(x, y, *, what="clients with both columns"):
    """Return Spearman's rank correlation (ties get their mean rank), rows with a gap left out.

    SE of Fisher's z = sqrt((1 + r r / 2) / (n - 3)) (Bonett & Wright 2000); p by t with n - 2 degrees of freedom.
    """
    x, y, _ = _complete(x, y, {})
    problem = _problem(x, y, {}, what=what)
    if problem is not None:
        return problem
    r = float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])
    return _correlation(r, x.size, n=x.size, wider=1 + r * r / 2)


def _complete(x, y, covariates):
    """Return the columns, without the rows in which any has a gap."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    others = {name: np.asarray(each, dtype=float) for name, each in covariates.items()}
    here = ~np.isnan(np.sum([x, y, *others.values()], axis=0))
    return x[here], y[here], {name: each[here] for name, each in others.items()}


def _problem(x, y, others, *, what):
    if x.size < len(others) + SPARE:
        return too_few(x.size, fewest=len(others) + SPARE, what=what)
    if not (np.isfinite(x).all() and np.isfinite(y).all() and all(np.isfinite(each).all() for each in others.values())):
        return absent(NOT_FINITE, n=x.size, note="A column holds an infinite number.")
    if is_constant(x, sd=x.std()) or is_constant(y, sd=y.std()):
        return constant(x.size, what=f"one column of {what}")
    return None


def _correlation(r, effective, *, n, wider=1.0):
    """Return a correlation with the interval of `effective` clients: n less the covariates taken out."""
    if 1 - abs(r) < 1e-12:
        return absent(CONSTANT, n=n, note="The two columns are the same but for scale (r is 1 or -1).")
    se = math.sqrt(wider / (effective - 3))
    low, high = fisher(r, se)
    p = 2 * float(special.stdtr(effective - 2, -abs(r) * math.sqrt((effective - 2) / (1 - r * r))))
    return found(r, se=(1 - r * r) * se, n=n, low=low, high=high, p=p)
