"""From one effect size to another: r, d and odds ratios on one ruler, so that studies can be laid side by side.

An alliance-outcome r of .28 is a d of .58; an odds ratio of 1.79 is a d of .32. Each step rests on a model (two halves
of equal size and normal scores; a logistic latent variable) that a real study meets only roughly.
"""

import math
from dataclasses import replace

from experiments.estimators.methods.basics.intervals import Z
from experiments.estimators.value import NOT_FINITE, absent

LOGISTIC = math.sqrt(3) / math.pi
"""One over the SD of the logistic distribution: d = ln OR x sqrt(3) / pi."""


def r_to_d(r):
    """Return d = 2 r / sqrt(1 - r r) of a correlation strictly between -1 and 1 (groups of equal size)."""
    return 2 * r / math.sqrt(1 - r * r)


def d_to_r(d, *, n1=1, n2=1):
    """Return r = d / sqrt(d d + a), a = (n1 + n2)^2 / (n1 n2): 4 for groups of equal size."""
    return d / math.sqrt(d * d + (n1 + n2) ** 2 / (n1 * n2))


def odds_ratio_to_d(odds_ratio):
    """Return d = ln(odds ratio) sqrt(3) / pi of an odds ratio above 0."""
    return math.log(odds_ratio) * LOGISTIC


def d_to_odds_ratio(d):
    """Return the odds ratio exp(d pi / sqrt(3))."""
    return math.exp(d / LOGISTIC)


def correlation_as_d(value):
    """Return a `Value` that is a correlation as a `Value` that is a d; SE by the delta method, the ends converted."""
    if not value.ok:
        return value
    r = value.estimate
    if not abs(r) < 1:
        return absent(NOT_FINITE, n=value.n, note="A correlation of 1 or -1 has no d.")
    return _moved(value, r_to_d, slope=2 / (1 - r * r) ** 1.5)


def d_as_correlation(value):
    """Return a `Value` that is a d of groups of equal size as a `Value` that is a correlation."""
    return _moved(value, d_to_r, slope=4 / (value.estimate**2 + 4) ** 1.5) if value.ok else value


def odds_ratio_as_d(value):
    """Return a `Value` that is an odds ratio as a `Value` that is a d."""
    return _moved(value, odds_ratio_to_d, slope=LOGISTIC / value.estimate) if value.ok else value


def _moved(value, change, *, slope):
    ends = [change(end) if math.isfinite(end) else math.nan for end in (value.low, value.high)]
    return replace(value, estimate=change(value.estimate), se=slope * value.se, low=ends[0], high=ends[1])


def log_interval(estimate, se_of_log):
    """Return low and high of a positive number whose logarithm has this SE."""
    return estimate * math.exp(-Z * se_of_log), estimate * math.exp(Z * se_of_log)
