"""Mediation between clients: alliance at session 3, effort in the later sessions, outcome at the end.

    effort   =  i1 + a alliance + covariates                a b : the part that runs through effort
    outcome  =  i2 + c alliance + b effort + covariates     c   : the part that does not

A mediator measured at many sessions enters as the client's mean: in a 2-1-1 design only differences between clients can
carry what a client-level cause does (Zhang, Zyphur & Preacher 2009). `within_mediation` is the same within clients.
"""

import numpy as np

from experiments.estimators.methods.basics.intervals import Z, normal_p
from experiments.estimators.methods.basics.regression import known
from experiments.estimators.methods.panel.products import (
    CAVEAT,
    both_tests,
    monte_carlo_interval,
    quantiles,
    sobel,
    weights,
)
from experiments.estimators.summary import is_constant
from experiments.estimators.value import COLLINEAR, ONE_GROUP, Fit, absent, as_fit, constant, found, there_are, too_few

FEWEST_CLIENTS = 20
FEWEST_CLUSTERS = 10
"""Fewer therapists give no sampling of therapists to speak of (assumed)."""


def mediation(cause, mediator, outcome, *, covariates=None, clusters=None, draws=1000, seed=20261124):
    """Return the `Fit` of a product-of-coefficients mediation over clients (rows with a gap are left out).

    `covariates`: dict from name to array, in both regressions (intake score). `clusters`: therapist of each client;
    then whole caseloads are drawn and the SEs are robust within them. Values: `a`, `b`, `direct` (c), `total`
    (c + a b), `indirect` (a b; SE first-order, interval the percentile one of `draws` bootstrap samples, p the joint
    test of a and b), `indirect_monte_carlo` (interval by draws of a and b). `facts["rho"]`: correlation of the errors
    at which a b would be nothing (Imai, Keele & Yamamoto 2010); near 0 = fragile. The note says what mediation cannot
    show.
    """
    rows, groups = _rows(cause, mediator, outcome, covariates or {}, clusters)
    reason = _unfit(rows, groups, clustered=clusters is not None)
    if reason is not None:
        return as_fit(reason)
    n, count = len(rows), groups.max() + 1
    paths = _paths(rows.T @ rows)
    covariance = _covariance(rows, groups, paths)
    moments = np.zeros((count, rows.shape[1] ** 2))
    np.add.at(moments, groups, (rows[:, :, None] * rows[:, None, :]).reshape(n, -1))
    again = [_paths(each.reshape(rows.shape[1], -1)) for each in weights(count, draws=draws, seed=seed) @ moments]
    product = np.array([path[0] * path[1] for path in again])
    parts = _values(paths[:3], covariance, product[np.isfinite(product)], n=n, seed=seed)
    facts = {"draws": float(draws), "seed": float(seed), "clusters": float(count), "rho": _rho(rows)}
    return Fit(parts, n, note=CAVEAT, facts=facts)


def _rows(cause, mediator, outcome, covariates, clusters):
    """Return complete rows (cause, 1, covariates, mediator, outcome), all but 1 centred, and cluster numbers."""
    columns = [cause, np.ones(len(cause)), *covariates.values(), mediator, outcome]
    rows = np.column_stack([np.asarray(each, dtype=float) for each in columns])
    here = np.isfinite(rows).all(axis=1)
    if clusters is not None:
        clusters = np.asarray(clusters, dtype=object)
        here &= known(clusters)
    rows = rows[here]
    centred = rows - (rows.mean(axis=0) if len(rows) else 0.0)
    centred[:, 1] = 1.0
    if clusters is None:
        return centred, np.arange(len(rows))
    return centred, np.unique(clusters[here].astype(str), return_inverse=True)[1]


def _unfit(rows, groups, *, clustered):
    n = len(rows)
    if n < max(FEWEST_CLIENTS, 2 * rows.shape[1]):
        return too_few(n, fewest=max(FEWEST_CLIENTS, 2 * rows.shape[1]), what="clients with all columns")
    names = ["the cause", "", *["a covariate"] * (rows.shape[1] - 4), "the mediator", "the outcome"]
    for index, name in enumerate(names):
        if name and is_constant(rows[:, index], sd=rows[:, index].std()):
            return constant(n, what=name)
    scaled = rows / np.sqrt(np.sum(rows**2, axis=0))
    if np.linalg.svd(scaled[:, :-1], compute_uv=False)[-1] < 1e-7:
        note = "One of cause, mediator and covariates can be worked out from the others."
        return absent(COLLINEAR, n=n, note=note)
    if clustered and groups.max() + 1 < FEWEST_CLUSTERS:
        note = f"{there_are(groups.max() + 1, 'groups')}; drawing groups anew needs at least {FEWEST_CLUSTERS}."
        return absent(ONE_GROUP, n=n, note=note)
    return None


def _paths(moments):
    """Return a, b, direct, and the two sets of slopes from sums of products; nan if they cannot be worked out."""
    k = len(moments)
    try:
        first = np.linalg.solve(moments[: k - 2, : k - 2], moments[: k - 2, k - 2])
        second = np.linalg.solve(moments[: k - 1, : k - 1], moments[: k - 1, k - 1])
    except np.linalg.LinAlgError:
        return np.nan, np.nan, np.nan, None, None
    return first[0], second[-1], second[0], first, second


def _covariance(rows, groups, paths):
    """Return the covariance of a, b and direct (3, 3), robust to unequal errors and within clusters."""
    n, k = rows.shape
    *_, first, second = paths
    before, both = rows[:, : k - 2], rows[:, : k - 1]
    pull_a = before * (rows[:, k - 2] - before @ first)[:, None]
    pull_b = both * (rows[:, k - 1] - both @ second)[:, None]
    moved_a = np.linalg.solve(before.T @ before, pull_a.T)[0]
    moved_b = np.linalg.solve(both.T @ both, pull_b.T)[[-1, 0]]
    count = groups.max() + 1
    sums = np.zeros((count, 3))
    np.add.at(sums, groups, np.column_stack([moved_a, *moved_b]))
    return sums.T @ sums * count / (count - 1) * (n - 1) / (n - k + 1)


def _values(paths, covariance, product, *, n, seed):
    """Return the `Value`s; what comes from one path has a normal interval, a product one by bootstrap."""
    a, b, direct = paths
    se = np.sqrt(np.diag(covariance))
    parts = {name: normal(value, each, n=n) for name, value, each in zip(("a", "b", "direct"), paths, se, strict=True)}
    turn = np.array([b, a, 1.0])
    parts["total"] = normal(direct + a * b, float(np.sqrt(turn @ covariance @ turn)), n=n)
    return parts | indirect((a, b), covariance[:2, :2], product, n=n, seed=seed)


def indirect(pair, covariance, product, *, n, seed):
    """Return a b with the percentile interval of bootstrap `product`s (none for no products), and Monte Carlo's."""
    a, b = pair
    se, p = sobel(a, b, covariance), both_tests(np.array(pair), covariance)
    low, high = quantiles(product) if product.size else (np.nan, np.nan)
    drawn = monte_carlo_interval(pair, covariance, seed=seed)
    return {
        "indirect": found(a * b, se=se, n=n, low=low, high=high, p=p, note=CAVEAT),
        "indirect_monte_carlo": found(a * b, se=se, n=n, low=drawn[0], high=drawn[1], p=p, note=CAVEAT),
    }


def normal(value, se, *, n):
    """Return a `Value` with a normal interval and p."""
    half = Z * se
    p = normal_p(value / se) if se > 0 else np.nan
    return found(value, se=se, n=n, low=value - half, high=value + half, p=p)


def _rho(rows):
    """Return the correlation of mediator and outcome given cause and covariates: unmeasured, it would explain a b."""
    before = rows[:, :-2]
    left = rows[:, -2:] - before @ np.linalg.lstsq(before, rows[:, -2:], rcond=None)[0]
    return float(np.corrcoef(left.T)[0, 1])
