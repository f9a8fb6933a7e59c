"""Competing endings: the share of clients whose therapy has ended in each way after so many sessions.

A client who reached a good-enough level can no longer drop out. One minus Kaplan-Meier pretends that they could, and
its shares add up to more than everybody; the Aalen-Johansen estimate does not. A client who is still in therapy when
the clock stops is censored: known to have stayed so long, and no more.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.estimators.value import MISSING, OK, TOO_FEW

FEWEST = 5
"""The smallest number of clients from which a curve is given."""


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence by time: arrays over `times`, and a dict from each cause to arrays.

    `free` is the share with no ending yet; `share`, `se`, `low`, `high` are by cause. Without a curve the
    arrays are empty, and `status` and `note` say why.
    """

    times: np.ndarray
    at_risk: np.ndarray
    free: np.ndarray
    share: dict
    se: dict
    low: dict
    high: dict
    n: int
    status: str = OK
    note: str = ""

    def at(self, cause, time):
        """Return the share that has ended by `cause` up to and including `time` (0 before the first time)."""
        step = int(np.searchsorted(self.times, time, side="right"))
        return float(self.share[cause][step - 1]) if step else 0.0

    def free_at(self, time):
        """Return the share with no ending up to and including `time` (1 before the first time)."""
        step = int(np.searchsorted(self.times, time, side="right"))
        return float(self.free[step - 1]) if step else 1.0


def cumulative_incidence(times, causes, *, of, level=0.95):
    """Return the Aalen-Johansen cumulative incidence of each cause in `of`.

    `times`: sessions held at the ending, or so far (nan is left out). `causes`: what ended it; a value that
    is not in `of` means censored. Somebody censored at t counts as at risk at t.

    share_k(t) = sum over s <= t of free(s-) d_k(s) / n(s);  free(t) = product over s <= t of 1 - d(s) / n(s).
    """
    times, causes = np.asarray(times, dtype=float), np.asarray(causes, dtype=object)
    here = ~np.isnan(times)
    times, causes = times[here], causes[here]
    if times.size < FEWEST:
        return _no_curve(of, n=times.size)
    points = np.unique(times)
    at_risk = np.array([np.sum(times >= point) for point in points], dtype=float)
    ended = {cause: _counts(times[causes == cause], points) for cause in of}
    every = sum(ended.values(), np.zeros(points.size))
    free = np.cumprod(1.0 - every / at_risk)
    before = np.concatenate([[1.0], free[:-1]])
    share = {cause: np.cumsum(before * ended[cause] / at_risk) for cause in of}
    se = {cause: _standard_error(share[cause], ended[cause], every, at_risk, before) for cause in of}
    bounds = {cause: _log_log_bounds(share[cause], se[cause], level=level) for cause in of}
    low, high = ({cause: bounds[cause][side] for cause in of} for side in (0, 1))
    return Incidence(points, at_risk, free, share, se, low, high, int(times.size))


def _counts(times, points):
    """Return how many of `times` fall on each of the sorted `points`."""
    return np.bincount(np.searchsorted(points, times), minlength=points.size).astype(float)


def _standard_error(share, ended, every, at_risk, before):
    """Return the SE of one cause's cumulative incidence at each time (delta method, Greenwood type).

    var(t) = sum over s <= t of  A^2 d / (n (n - d)) + B^2 d_k (n - d_k) / n^3 - 2 A B d_k / n^2,
    with A = share(t) - share(s) and B = free(s-). Without censoring it is share (1 - share) / n.
    """
    left = at_risk - every
    greenwood = np.divide(every, at_risk * left, out=np.zeros_like(left), where=left > 0)
    own = before**2 * ended * (at_risk - ended) / at_risk**3
    mixed = before * ended / at_risk**2
    variance = [_variance_at(t, share, greenwood, own, mixed) for t in range(share.size)]
    return np.sqrt(np.maximum(variance, 0.0))


def _variance_at(t, share, greenwood, own, mixed):
    past = slice(0, t + 1)
    still = share[t] - share[past]
    return np.sum(still**2 * greenwood[past] + own[past] - 2.0 * still * mixed[past])


def _log_log_bounds(share, se, *, level):
    """Return the pointwise interval share^exp(-+ q se / (share log share)), which stays between 0 and 1.

    There is none (nan) where the share is 0 or 1 or its SE is 0: nothing has been seen to vary.
    """
    inside = (share > 0) & (share < 1) & (se > 0)
    safe = np.where(inside, share, 0.5)
    width = stats.norm.ppf(0.5 + level / 2) * np.where(inside, se, 0.0) / (safe * np.log(safe))
    low, high = safe ** np.exp(-width), safe ** np.exp(width)
    return np.where(inside, low, math.nan), np.where(inside, high, math.nan)


def _no_curve(of, *, n):
    nothing = np.array([])
    none = {cause: nothing for cause in of}
    status = TOO_FEW if n else MISSING
    note = f"There are {n} clients with a known number of sessions; a curve needs at least {FEWEST}."
    return Incidence(nothing, nothing, nothing, none, none, none, none, int(n), status, note)
