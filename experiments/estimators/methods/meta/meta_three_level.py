"""Three-level meta-analysis: several effects from one study, or schools within districts, are not independent.

A district with nine schools must not count nine times. The mean is weighted by both variances, the one between
districts (`outer`) and the one between schools of one district (`inner`), which restricted maximum likelihood
estimates; each is exactly 0 where it lies at that boundary. So are clinics within runs, or effects within studies.

Sources: Konstantopoulos 2011; Viechtbauer 2010 (rma.mv, whose answers it gives).
"""

import math

import numpy as np
import pandas as pd
from scipy import optimize, stats

from experiments.estimators.methods.meta.heterogeneity import typical_variance
from experiments.estimators.methods.meta.meta_analysis import checked, prediction, quantile
from experiments.estimators.methods.meta.nested_effects import likelihood, nest, score, sums
from experiments.estimators.value import COLLINEAR, NOT_CONVERGED, ONE_GROUP, REASONS, Fit, as_fit, found, no_fit

FEWEST = 3
ITERATIONS = 500
NAMES = ("outer", "inner")
TESTS = ("z", "t")
DROP = float(stats.chi2.ppf(0.95, 1)) / 2
"""By how much the log-likelihood has fallen at the ends of a 95 % profile interval."""


def three_level(effects, variances, *, outer, inner, test="z", what="effects"):
    """Return the REML meta-analysis of `effects` with known `variances`, in groups `inner` within groups `outer`.

    Four arrays of one length; rows with a gap in any are left out. `test`: "z", or "t" with k - 1 degrees of freedom.
    Names: `mean`; `prediction` (of an effect from a new outer group); `outer`, `inner`: the two variances with
    profile-likelihood intervals; `i2_outer`, `i2_inner`: their shares of all variance, in per cent.
    Statuses: too_few (under 3 effects), one_group (one outer group), collinear (one inner group in each outer one),
    not_finite, not_converged.
    """
    if test not in TESTS:
        raise ValueError(f"test must be one of {TESTS}.")
    here = ~(pd.isna(np.asarray(outer)) | pd.isna(np.asarray(inner)))
    here &= ~(np.isnan(np.asarray(effects, dtype=float)) | np.isnan(np.asarray(variances, dtype=float)))
    y, v, outer, inner = (np.asarray(each)[here] for each in (effects, variances, outer, inner))
    y, v, fault = checked(y, v, fewest=FEWEST, what=what)
    if fault:
        return as_fit(fault)
    data = nest(y, v, outer=outer, inner=inner)
    fault = _indistinct(data, what=what)
    return _fit(data, v, test=test) if fault is None else fault


def _indistinct(data, *, what):
    """Return why the two variances cannot be told apart, or None."""
    k, groups = data.y.size, data.districts
    if groups < 2:
        return no_fit(ONE_GROUP, n=k, note=f"All {k} {what} are in one outer group: {REASONS[ONE_GROUP]}.")
    if data.outer.size == groups:
        note = f"Each of the {groups} outer groups holds one inner group, so their variances cannot be told apart."
        return no_fit(COLLINEAR, n=k, note=note)
    return None


def _fit(data, variances, *, test):
    theta = _highest(data, variances)
    if theta is None:
        return no_fit(NOT_CONVERGED, n=data.y.size, note=f"Three-level meta-analysis: {REASONS[NOT_CONVERGED]}.")
    k, here, best = data.y.size, sums(data, theta), likelihood(data, theta)
    se = math.sqrt(1 / here.u.sum())
    half = quantile(test, df=k - 1, level=0.95) * se
    p = 2 * (stats.norm.sf(abs(here.mean) / se) if test == "z" else stats.t.sf(abs(here.mean) / se, k - 1))
    mean = found(here.mean, se=se, n=k, low=here.mean - half, high=here.mean + half, p=float(p))
    parts = {"mean": mean, "prediction": prediction(mean, theta.sum(), test=test, level=0.95)}
    parts |= {name: _variance(data, theta, i, best) for i, name in enumerate(NAMES)}
    whole = theta.sum() + typical_variance(variances)
    parts |= {f"i2_{name}": found(100 * theta[i] / whole, n=k) for i, name in enumerate(NAMES)}
    facts = {"log_likelihood": best, "groups_outer": data.districts, "groups_inner": data.outer.size}
    return Fit(parts, k, facts=facts | {"boundary": float((theta == 0).any())})


def _highest(data, variances):
    """Return the two variances of the highest peak found from three starts, None if none of the climbs settles."""
    spread = max(float(np.var(data.y)) - float(np.median(variances)), float(np.median(variances)) / 10)
    starts = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]) * spread
    ends = [end for end in (_climb(data, start) for start in starts) if end is not None]
    return max(ends, key=lambda end: likelihood(data, end)) if ends else None


def _climb(data, theta, *, free=(True, True), rest=1e-10):
    """Return where Fisher scoring from `theta` comes to rest, None if it does not; variances not `free` stay.

    A step that lowers the likelihood is halved. At rest: the next step is below `rest` of the variances themselves.
    """
    now, unit = likelihood(data, theta), 1 / data.weight.max()
    for _ in range(ITERATIONS):
        step, size = _step(data, theta, np.array(free)), 1.0
        new = np.maximum(theta + step, 0.0)
        while (then := likelihood(data, new)) < now and size > 1e-9:
            size /= 2
            new = np.maximum(theta + size * step, 0.0)
        if then < now:
            return theta
        if np.abs(new - theta).max() <= rest * (theta.sum() + unit):
            return new
        theta, now = new, then
    return None


def _step(data, theta, free):
    """Return the step of Fisher scoring; a variance at 0 that it would carry below 0 stays exactly 0."""
    slope, information = score(data, theta)
    moving = free & ((theta > 0) | (slope > 0))
    step = _solve(information, slope, moving)
    stuck = (theta <= 0) & (step < 0)
    return _solve(information, slope, moving & ~stuck) if stuck.any() else step


def _solve(information, slope, moving):
    step, where = np.zeros(2), np.flatnonzero(moving)
    step[where] = np.linalg.solve(information[np.ix_(where, where)], slope[where])
    return step


def _variance(data, theta, which, best):
    """Return one variance with its SE by the expected information and its profile-likelihood interval."""
    at_zero = theta[which] == 0.0
    _, information = score(data, theta)
    se = math.sqrt(np.linalg.inv(information)[which, which])
    low, high = _profile_ends(data, theta, which, best, se)
    note = "The estimate lies at its boundary, 0." if at_zero else ""
    return found(theta[which], se=se, n=data.y.size, low=low, high=high, note=note)


def _profile_ends(data, theta, which, best, se):
    """Return the two values of a variance at which the highest likelihood given it is `DROP` below `best`."""
    free = np.arange(2) != which

    def spare(value):
        start = np.where(free, theta, value)
        end = _climb(data, start, free=free, rest=1e-6)
        return likelihood(data, start if end is None else end) - best + DROP

    at, reach = float(theta[which]), se
    low = 0.0 if at == 0.0 or spare(0.0) >= 0 else optimize.brentq(spare, 0.0, at, xtol=1e-300, rtol=1e-8)
    while spare(at + reach) > 0:
        reach *= 2
    return low, optimize.brentq(spare, at, at + reach, xtol=1e-300, rtol=1e-8)
