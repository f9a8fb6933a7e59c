"""The shape of ratings: how lopsided they are, and how many stand at the top of the form.

Clients rate the alliance high: many at 4.5 or 5, a tail down to 2. The skew is negative, and whoever stands at the
ceiling can show no rise.
"""

import math

import numpy as np

from experiments.estimators.methods.basics.intervals import Z
from experiments.estimators.summary import is_constant, share
from experiments.estimators.value import constant, found, too_few

FEWEST = 8


def skew(values, *, what="ratings"):
    """Return the skewness G1 = sqrt(n (n - 1)) / (n - 2) m3 / m2^1.5 (nan left out); negative = the tail is low.

    SE = sqrt(6 n (n - 1) / ((n - 2) (n + 1) (n + 3))), right for normal scores and too small for very skewed ones.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    n = values.size
    if n < FEWEST:
        return too_few(n, fewest=FEWEST, what=what)
    if is_constant(values, sd=values.std()):
        return constant(n, what=what)
    centred = values - values.mean()
    g = math.sqrt(n * (n - 1)) / (n - 2) * float((centred**3).mean()) / float((centred**2).mean()) ** 1.5
    se = math.sqrt(6 * n * (n - 1) / ((n - 2) * (n + 1) * (n + 3)))
    return found(g, se=se, n=n, low=g - Z * se, high=g + Z * se)


def ceiling_share(values, *, top, what="ratings"):
    """Return the share of `values` (nan left out) at or above `top`."""
    values = np.asarray(values, dtype=float)
    return share(np.where(np.isnan(values), np.nan, values >= top), what=what)
