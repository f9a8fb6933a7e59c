"""Kaplan-Meier: the share who have not yet had an event, when some were not watched to the end.

After how many sessions have half of the clients changed reliably? A client who ended after six sessions without such a
change is censored: not yet by six, and unknown after. For one kind of event only. Where endings compete (well enough,
dropped out, moved away), one minus Kaplan-Meier is no share of anybody: use `cumulative_incidence`.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from experiments.estimators.value import MISSING, OK, TOO_FEW, absent, found, there_are

FEWEST = 5
"""The smallest number of clients from which a curve is given."""
NEVER = "Fewer than half have had the event by the last time watched, so there is no median yet."


@dataclass(frozen=True)
class Survival:
    """A Kaplan-Meier curve: arrays over `times`, at which somebody had the event or was last seen.

    `share` is the share without the event after each time, with Greenwood's `se` and the log-log interval `low`,
    `high` (nan before the first event; se nan once nobody is left). Without a curve the arrays are empty and `status`
    and `note` say why.
    """

    times: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    share: np.ndarray
    se: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: int
    status: str = OK
    note: str = ""

    def at(self, time):
        """Return the share without the event up to and including `time`."""
        step = int(np.searchsorted(self.times, time, side="right"))
        return float(self.share[step - 1]) if step else 1.0

    def value(self, time):
        """Return the share without the event up to and including `time` as a `Value` with its interval.

        After the last time at which anybody was watched it is known only if everybody has had the event by then.
        """
        if self.status != OK:
            return absent(self.status, n=self.n, note=self.note)
        if time > self.times[-1] and self.share[-1] > 0:
            note = f"Nobody was watched for longer than {self.times[-1]:g}."
            return absent(TOO_FEW, n=self.n, note=note)
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        if step < 0:
            return found(1.0, n=self.n)
        return found(self.share[step], se=self.se[step], low=self.low[step], high=self.high[step], n=self.n)


def kaplan_meier(times, events, *, level=0.95):
    """Return the `Survival` of `times` (nan left out) with `events` 1 (had it) or 0 (censored).

    share(t) = product over s <= t of 1 - d(s) / n(s); who is censored at t counts as at risk at t.
    se = share sqrt(sum d / (n (n - d))); interval share^exp(-+ q se / (share log share)), as survfit's "log-log".
    """
    times, events = np.asarray(times, dtype=float), np.asarray(events, dtype=float)
    here = ~(np.isnan(times) | np.isnan(events))
    times, events = times[here], events[here]
    if times.size < FEWEST:
        return _no_curve(times.size)
    points, at_risk = risk_sets(times)
    ended = counts(times[events == 1], points)
    share = np.cumprod(1 - ended / at_risk)
    left = at_risk - ended
    hazard = np.divide(ended, at_risk * left, out=np.full_like(share, math.nan), where=left > 0)
    se = share * np.sqrt(np.cumsum(hazard))
    return Survival(points, at_risk, ended, share, se, *log_log(share, se, level=level), times.size)


def endings(causes):
    """Return the causes as an array of objects, None where one is missing (None, nan or pandas' NA)."""
    import pandas as pd

    causes = np.asarray(causes, dtype=object)
    return np.where(pd.isna(causes), None, causes)


def risk_sets(times):
    """Return the distinct times, sorted, and how many are still watched just before each."""
    points, size = np.unique(times, return_counts=True)
    return points, size[::-1].cumsum()[::-1].astype(float)


def counts(times, points):
    """Return how many of `times` fall on each of the sorted `points`."""
    return np.bincount(np.searchsorted(points, times), minlength=points.size).astype(float)


def log_log(share, se, *, level):
    """Return the pointwise interval share^exp(-+ q se / (share log share)), which stays between 0 and 1.

    There is none (nan) where the share is 0 or 1 or its SE is 0: nothing has been seen to vary.
    """
    inside = (share > 0) & (share < 1) & (se > 0)
    safe = np.where(inside, share, 0.5)
    width = stats.norm.ppf(0.5 + level / 2) * np.where(inside, se, 0.0) / (safe * np.log(safe))
    low, high = safe ** np.exp(-width), safe ** np.exp(width)
    return np.where(inside, low, math.nan), np.where(inside, high, math.nan)


def median(curve):
    """Return the median time of a `Survival` as a `Value`, its interval by inverting the log-log intervals.

    It is the first time at which the share falls below one half; if the share is exactly one half for a while, the
    middle of that while (as R's survfit). Too few events by the last time watched give the status "too_few". The upper
    end is nan where it lies beyond that time. There is no standard error.
    """
    if curve.status != OK:
        return absent(curve.status, n=curve.n, note=curve.note)
    middle = _crossing(curve.times, curve.share)
    if math.isnan(middle):
        return absent(TOO_FEW, n=curve.n, note=NEVER)
    low = _crossing(curve.times, np.where(curve.share == 1, 1.0, np.where(curve.share == 0, 0.0, curve.low)))
    high = _crossing(curve.times, np.where(curve.share == 1, 1.0, np.where(curve.share == 0, math.nan, curve.high)))
    return found(middle, n=curve.n, low=low, high=high)


def _crossing(times, share, slack=1e-9):
    """Return where a falling step function crosses one half, nan if it does not."""
    below = np.flatnonzero(share < 0.5 - slack)
    level = np.flatnonzero(np.abs(share - 0.5) <= slack)
    if level.size:
        return float(times[level[0]] + times[below[0]]) / 2 if below.size else float(times[level[0]])
    return float(times[below[0]]) if below.size else math.nan


def _no_curve(n):
    nothing = np.array([])
    note = f"{there_are(n, 'clients with a known time')}; a curve needs at least {FEWEST}."
    return Survival(*[nothing] * 7, int(n), TOO_FEW if n else MISSING, note)
