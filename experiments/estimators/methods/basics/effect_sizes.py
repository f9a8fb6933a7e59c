"""Standardised effects with their intervals: how far two groups, or before and after, lie apart in SDs.

Two arms of 20 clients end with PHQ-9 means of 8 and 11 and SDs of about 5: d = .6, and the interval from about -.03 to
1.23 says how little 40 clients tell. Which SD is divided by (pooled, at the start, of the change, of the comparison
group) makes a different number, so each has its own function.
"""

import math

import numpy as np
from scipy import special

from experiments.estimators.methods.basics.intervals import Z, noncentral_t
from experiments.estimators.summary import is_constant
from experiments.estimators.value import constant, found, too_few

FEWEST = 2
"""The smallest group; in practice far more are needed, as the interval shows."""


def cohen_d(first, second, *, what="clients with a score"):
    """Return Cohen's d = (mean first - mean second) / pooled SD of two independent groups (arrays, nan left out).

    SE = sqrt((n1 + n2) / (n1 n2) + d d / (2 (n1 + n2))), large-sample. The interval is exact for normal scores of
    equal spread (noncentral t with n1 + n2 - 2 degrees of freedom). Positive = the first group is higher.
    """
    return _of_two_groups(first, second, what=what, correct=False)


def hedges_g(first, second, *, what="clients with a score"):
    """Return Hedges' g = J d, free of the bias of d in small groups; J = `small_sample_correction`.

    SE = sqrt((n1 + n2) / (n1 n2) + g g / (2 (n1 + n2))), as metafor has it; the interval is that of `cohen_d`, since
    both estimate the same number.
    """
    return _of_two_groups(first, second, what=what, correct=True)


def small_sample_correction(degrees):
    """Return J = gamma(m / 2) / (sqrt(m / 2) gamma((m - 1) / 2)), exactly, for m `degrees` of freedom (2 or more)."""
    return math.exp(special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)) / math.sqrt(degrees / 2)


def _of_two_groups(first, second, *, what, correct):
    first, second = _known(first), _known(second)
    n1, n2 = first.size, second.size
    if min(n1, n2) < FEWEST:
        return too_few(min(n1, n2), fewest=FEWEST, what=f"{what} in the smaller group")
    degrees = n1 + n2 - 2
    pooled = math.sqrt(((n1 - 1) * first.var(ddof=1) + (n2 - 1) * second.var(ddof=1)) / degrees)
    if is_constant(np.concatenate([first, second]), sd=pooled):
        return constant(n1 + n2, what=what)
    size, per = (first.mean() - second.mean()) / pooled, math.sqrt(1 / n1 + 1 / n2)
    low, high = (per * bound for bound in noncentral_t(size / per, degrees))
    size *= small_sample_correction(degrees) if correct else 1.0
    se = math.sqrt(per * per + size * size / (2 * (n1 + n2)))
    return found(size, se=se, n=n1 + n2, low=low, high=high, p=_t_p(first, second, pooled * per, degrees))


def _t_p(first, second, se, degrees):
    return 2 * float(special.stdtr(degrees, -abs(first.mean() - second.mean()) / se))


def glass_delta(treated, comparison, *, what="clients with a score"):
    """Return Glass' delta = (mean treated - mean comparison) / SD comparison, spreads not assumed equal.

    SE = sqrt(var treated / (n1 var comparison) + 1 / n2 + delta delta / (2 (n2 - 1))), large-sample, delta method.
    """
    treated, comparison = _known(treated), _known(comparison)
    n1, n2 = treated.size, comparison.size
    if min(n1, n2) < FEWEST:
        return too_few(min(n1, n2), fewest=FEWEST, what=f"{what} in the smaller group")
    sd = comparison.std(ddof=1)
    if is_constant(comparison, sd=sd):
        return constant(n2, what=f"{what} in the comparison group")
    delta = (treated.mean() - comparison.mean()) / sd
    se = math.sqrt(treated.var(ddof=1) / (n1 * sd * sd) + 1 / n2 + delta * delta / (2 * (n2 - 1)))
    return _large_sample(delta, se, n1 + n2)


def d_on_start_sd(before, after, *, higher_is_worse=True, what="clients with both scores"):
    """Return pre-post d = (mean before - mean after) / SD before, of the same clients; positive = better.

    SE = sqrt(var change / (n var before) + d d / (2 (n - 1))), large-sample, delta method for normal scores.
    """
    before, after = _pairs(before, after)
    n = before.size
    if n < FEWEST:
        return too_few(n, fewest=FEWEST, what=what)
    sd = before.std(ddof=1)
    if is_constant(before, sd=sd):
        return constant(n, what=f"the first score of {what}")
    gain = (before - after) * (1.0 if higher_is_worse else -1.0)
    d = gain.mean() / sd
    return _large_sample(d, math.sqrt(gain.var(ddof=1) / (n * sd * sd) + d * d / (2 * (n - 1))), n)


def d_on_change_sd(before, after, *, higher_is_worse=True, what="clients with both scores"):
    """Return mean change / SD of the change, of the same clients; positive = better. Not comparable with other d.

    Without the correction for small groups. SE = sqrt(1 / n + d d / (2 n)); the interval is exact for normal changes
    (noncentral t with n - 1 degrees of freedom). Its size depends on how alike the clients change.
    """
    before, after = _pairs(before, after)
    gain, n = (before - after) * (1.0 if higher_is_worse else -1.0), before.size
    if n < FEWEST:
        return too_few(n, fewest=FEWEST, what=what)
    sd = gain.std(ddof=1)
    if is_constant(np.concatenate([before, after]), sd=sd):
        return constant(n, what=f"the change of {what}")
    d = gain.mean() / sd
    low, high = (bound / math.sqrt(n) for bound in noncentral_t(d * math.sqrt(n), n - 1))
    p = 2 * float(special.stdtr(n - 1, -abs(d) * math.sqrt(n)))
    return found(d, se=math.sqrt(1 / n + d * d / (2 * n)), n=n, low=low, high=high, p=p)


def d_of_pairs(first, second, *, what="clients with both scores"):
    """Return (mean first - mean second) / sqrt of the mean variance, of paired scores: two raters, or two occasions.

    SE by the delta method for normal scores: var(difference) / (n s^2) + d d (v1^2 + v2^2 + 2 c^2) / (8 (n - 1) s^4),
    v the two variances, c the covariance, s^2 = (v1 + v2) / 2.
    """
    first, second = _pairs(first, second)
    n = first.size
    if n < FEWEST:
        return too_few(n, fewest=FEWEST, what=what)
    (v1, c), (_, v2) = np.cov(first, second)
    s2 = (v1 + v2) / 2
    if is_constant(np.concatenate([first, second]), sd=math.sqrt(s2)):
        return constant(n, what=f"the scores of {what}")
    d = (first.mean() - second.mean()) / math.sqrt(s2)
    variance = (v1 + v2 - 2 * c) / (n * s2) + d * d * (v1 * v1 + v2 * v2 + 2 * c * c) / (8 * (n - 1) * s2 * s2)
    return _large_sample(d, math.sqrt(variance), n)


def ratio_of_spreads(before, after, *, what="clients with both scores"):
    """Return SD after / SD before of the same clients: 1.2 = they differ more at the end than at the start.

    On the log scale SE = sqrt((1 - r r) / (n - 1)), r = correlation of the two scores, for normal scores.
    """
    before, after = _pairs(before, after)
    n = before.size
    if n < 4:
        return too_few(n, fewest=4, what=what)
    if is_constant(before, sd=before.std()) or is_constant(after, sd=after.std()):
        return constant(n, what=f"one score of {what}")
    ratio, r = after.std(ddof=1) / before.std(ddof=1), np.corrcoef(before, after)[0, 1]
    se = math.sqrt(max(0.0, 1 - r * r) / (n - 1))
    return found(ratio, se=ratio * se, n=n, low=ratio * math.exp(-Z * se), high=ratio * math.exp(Z * se))


def _large_sample(size, se, n):
    return found(size, se=se, n=n, low=size - Z * se, high=size + Z * se)


def _known(values):
    values = np.asarray(values, dtype=float)
    return values[~np.isnan(values)]


def _pairs(before, after):
    before, after = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    here = ~(np.isnan(before) | np.isnan(after))
    return before[here], after[here]
