"""Plain regressions: straight lines through clients, with errors that may be unequal or come in caseloads.

Outcome on intake score and alliance: the slope of the alliance is the change in outcome per point of alliance among
clients who began alike. Clients of one therapist resemble each other; then the standard errors need `clusters`.
Arrays go in (rows with a gap are left out), a `Fit` comes out.
"""

import math

import numpy as np
from scipy import special

from experiments.estimators.methods.basics.intervals import student
from experiments.estimators.summary import is_constant
from experiments.estimators.value import (
    COLLINEAR,
    CONSTANT,
    NOT_FINITE,
    ONE_GROUP,
    Fit,
    absent,
    as_fit,
    constant,
    found,
    there_are,
    too_few,
)

SPARE = 3
"""Clients needed beyond the number of coefficients."""
FEWEST_CLUSTERS = 5
"""Fewer caseloads give a cluster-robust error that means nothing; from about 40 on it is good."""
BETA = "beta_"
"""Put before a predictor's name: its standardised coefficient."""


def ols(outcome, predictors, *, errors="classical", clusters=None, what="clients with all columns"):
    """Return ordinary least squares of `outcome` on `predictors` (dict from name to array) as a `Fit`.

    Values: `intercept`, each predictor, `beta_<name>` (slope x SD x / SD y, SDs taken as known), `r_squared`. `errors`:
    "classical" (equal variances), "hc3" (robust to unequal ones), or "cluster" (robust within `clusters`, with the
    factor G / (G - 1) x (n - 1) / (n - k) and t of G - 1 degrees of freedom). Facts: `df`, `sigma`, `adjusted`
    (R squared), `f`, `p`, `loglik`, `groups`. Source: textbook; the same as statsmodels, without its import time.
    """
    if errors not in ("classical", "hc3", "cluster"):
        raise ValueError(f'errors = "{errors}" must be "classical", "hc3" or "cluster".')
    names = ["intercept", *predictors]
    y, x, groups = _complete(outcome, predictors, clusters if errors == "cluster" else None)
    problem = _problem(y, x, list(predictors), groups, what=what)
    if problem is not None:
        return as_fit(problem)
    z, back = _standard(x)
    slopes, *_ = np.linalg.lstsq(z, y, rcond=None)
    residual = y - z @ slopes
    degrees = y.size - x.shape[1]
    slopes, covariance = back @ slopes, back @ _covariance(z, residual, errors, groups) @ back.T
    t_degrees = degrees if groups is None else np.unique(groups).size - 1
    parts = {name: _slope(slopes[i], covariance[i, i], t_degrees, y.size) for i, name in enumerate(names)}
    parts |= {BETA + name: _scaled(parts[name], x[:, i + 1].std() / y.std()) for i, name in enumerate(predictors)}
    facts = _facts(y, residual, x.shape[1])
    parts["r_squared"] = _r_squared(1 - residual @ residual / (y.size * y.var()), y.size, len(predictors))
    return Fit(parts, y.size, facts=facts | ({"groups": t_degrees + 1} if groups is not None else {}))


def _complete(outcome, predictors, clusters):
    """Return outcome, design matrix with intercept and clusters of the rows without a gap."""
    y = np.asarray(outcome, dtype=float)
    x = np.column_stack([np.ones(y.size), *(np.asarray(each, dtype=float) for each in predictors.values())])
    here = ~np.isnan(y) & ~np.isnan(x).any(axis=1)
    if clusters is None:
        return y[here], x[here], None
    clusters = np.asarray(clusters, dtype=object)
    here &= known(clusters)
    _, groups = np.unique(clusters[here].astype(str), return_inverse=True)
    return y[here], x[here], groups


def known(labels):
    """Mark the labels of an array of objects that are none of None, nan and pandas' NA."""
    import pandas as pd

    return ~pd.isna(labels)


def _problem(y, x, names, groups, *, what):
    """Return the absent `Value` that says why there is no regression, None if there is one."""
    needed = x.shape[1] + SPARE
    if y.size < needed:
        return too_few(y.size, fewest=needed, what=what)
    if not (np.isfinite(y).all() and np.isfinite(x).all()):
        return absent(NOT_FINITE, n=y.size, note="A column holds an infinite number.")
    if is_constant(y, sd=y.std()):
        return constant(y.size, what="the outcome")
    flat = [name for name, column in zip(names, x.T[1:], strict=True) if is_constant(column, sd=column.std())]
    if flat:
        return absent(CONSTANT, n=y.size, note=f"All {y.size} values of {flat[0]} are the same.")
    scaled = (x[:, 1:] - x[:, 1:].mean(axis=0)) / x[:, 1:].std(axis=0)
    if names and np.linalg.svd(scaled, compute_uv=False)[-1] < 1e-7 * math.sqrt(y.size):
        note = f"One of {', '.join(names)} can be worked out from the others, so their slopes cannot be told apart."
        return absent(COLLINEAR, n=y.size, note=note)
    count = FEWEST_CLUSTERS if groups is None else np.unique(groups).size
    if count < FEWEST_CLUSTERS:
        note = f"{there_are(count, 'groups')}; errors robust within groups need at least {FEWEST_CLUSTERS}."
        return absent(ONE_GROUP, n=y.size, note=note)
    return None


def _standard(x):
    """Return the columns centred and of spread 1 (the ones stay), and `back`: raw coefficients = back @ theirs.

    So a predictor in seconds since 1970 or in millionths loses no digits.
    """
    middle, scale = x.mean(axis=0), x.std(axis=0)
    middle[0], scale[0] = 0.0, 1.0
    back = np.diag(1 / scale)
    back[0] -= middle / scale
    return (x - middle) / scale, back


def _covariance(x, residual, errors, groups):
    """Return the covariance matrix of the coefficients."""
    (n, k), inverse = x.shape, np.linalg.inv(x.T @ x)
    if errors == "classical":
        return inverse * (residual @ residual) / (n - k)
    if errors == "hc3":
        leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
        scores = x * (residual / np.maximum(1 - leverage, 1e-12))[:, None]
        return inverse @ (scores.T @ scores) @ inverse
    count = groups.max() + 1
    sums = np.zeros((count, k))
    np.add.at(sums, groups, x * residual[:, None])
    return inverse @ (sums.T @ sums) @ inverse * (count / (count - 1) * (n - 1) / (n - k))


def _slope(estimate, variance, degrees, n):
    se = math.sqrt(max(0.0, variance))
    low, high, p = student(float(estimate), se, degrees)
    return found(estimate, se=se, n=n, low=low, high=high, p=p)


def _scaled(value, factor):
    return found(
        value.estimate * factor,
        se=value.se * factor,
        n=value.n,
        low=value.low * factor,
        high=value.high * factor,
        p=value.p,
    )


def _r_squared(r2, n, k):
    """Return R squared with the large-sample SE sqrt(4 R2 (1 - R2)^2 (n - k - 1)^2 / ((n^2 - 1) (n + 3)))."""
    r2 = min(1.0, max(0.0, r2))
    return found(r2, se=math.sqrt(4 * r2 * (1 - r2) ** 2 * (n - k - 1) ** 2 / ((n * n - 1) * (n + 3))), n=n)


def _facts(y, residual, coefficients):
    n, rest, total = y.size, float(residual @ residual), float(y.size * y.var())
    degrees, slopes = n - coefficients, coefficients - 1
    f = (total - rest) / slopes / (rest / degrees) if slopes and rest > 0 else math.nan
    return {
        "df": degrees,
        "sigma": math.sqrt(rest / degrees),
        "adjusted": 1 - rest / total * (n - 1) / degrees,
        "f": f,
        "p": float(special.fdtrc(slopes, degrees, f)) if math.isfinite(f) else math.nan,
        "loglik": -n / 2 * (math.log(2 * math.pi * rest / n) + 1) if rest > 0 else math.nan,
    }


def residuals(outcome, predictors):
    """Return what `predictors` (dict of arrays) leave of `outcome`, nan where a column has a gap, by least squares.

    Columns that the others give, and constant ones, take nothing away twice.
    """
    y = np.asarray(outcome, dtype=float)
    x = np.column_stack([np.ones(y.size), *(np.asarray(each, dtype=float) for each in predictors.values())])
    here = ~np.isnan(y) & ~np.isnan(x).any(axis=1)
    left = np.full(y.size, np.nan)
    if here.sum() > x.shape[1]:
        x = x[here]
        moves = x.std(axis=0) > 1e-12 * np.abs(x).max(axis=0)
        z, _ = _standard(x[:, [True, *moves[1:]]])
        slopes, *_ = np.linalg.lstsq(z, y[here], rcond=None)
        left[here] = y[here] - z @ slopes
    return left
