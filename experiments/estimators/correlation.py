"""Pearson's r with its Fisher-z interval, and residualised change: who did better than their intake score foretold.

A correlation says that two things go together in this clinic. It is not what would happen if one of them were set.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.estimators.summary import is_constant
from experiments.estimators.value import CONSTANT, OK, TOO_FEW, absent, constant, found, too_few

FEWEST = 10
"""The smallest number of pairs from which a correlation is given."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval; both ends are nan where there is none."""

    low: float
    high: float


def pearson(x, y, *, what):
    """Return Pearson's r of two arrays without gaps; SE = (1 - r r) / sqrt(n - 3), Fisher's z seen on r."""
    n = x.size
    if n < FEWEST:
        return too_few(n, fewest=FEWEST, what=f"clients with {what}")
    if is_constant(x, sd=x.std()) or is_constant(y, sd=y.std()):
        return constant(n, what=f"one of {what}")
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))
    if 1.0 - abs(r) < 1e-12:
        return absent(CONSTANT, n=n, note=f"{what.capitalize()} are the same but for scale (r is 1 or -1).")
    ends = fisher_interval(r, n)
    return found(r, se=(1.0 - r * r) / math.sqrt(n - 3), n=n, low=ends.low, high=ends.high)


def fisher_interval(r, n, *, level=0.95):
    """Return the interval of a correlation: tanh(atanh(r) -+ q / sqrt(n - 3)), q a normal quantile."""
    if not (math.isfinite(r) and abs(r) < 1 and n > 3):
        return Interval(math.nan, math.nan)
    half = stats.norm.ppf(0.5 + level / 2) / math.sqrt(n - 3)
    z = math.atanh(r)
    return Interval(math.tanh(z - half), math.tanh(z + half))


def residual_change(before, after, *, higher_is_worse=True):
    """Return the residualised change of clients with both scores, and a status.

    change = -(after - fitted), fitted = least-squares line of after on before; positive = better than the
    intake score foretold (the sign turned where higher is better). The status is "ok", "too_few" or "constant".
    """
    if before.size < 3:
        return np.full(before.size, np.nan), TOO_FEW
    if is_constant(before, sd=before.std()):
        return np.full(before.size, np.nan), CONSTANT
    slope, intercept = np.polyfit(before, after, 1)
    change = (after - (intercept + slope * before)) * (-1.0 if higher_is_worse else 1.0)
    if is_constant(after, sd=change.std()):
        return np.zeros(before.size), CONSTANT
    return change, OK
