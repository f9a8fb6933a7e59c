"""Competing endings: the share of clients whose therapy has ended in each way after so many sessions.

A client who reached a good-enough level can no longer drop out. One minus Kaplan-Meier pretends that they could, and
its shares add up to more than everybody; the Aalen-Johansen estimate does not. A client who is still in therapy when
the clock stops is censored: known to have stayed so long, and no more.
"""

from dataclasses import dataclass

import numpy as np

from experiments.estimators.methods.survival.kaplan_meier import counts, endings, log_log, risk_sets
from experiments.estimators.value import MISSING, OK, TOO_FEW, absent, found, there_are

FEWEST = 5
"""The smallest number of clients from which a curve is given."""
VARIANCES = ("delta", "aalen")
"""Two formulas for the variance: of Greenwood's type, and Aalen's (1978) with corrections for ties."""


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

    def value(self, cause, time):
        """Return the share that has ended by `cause` up to and including `time` as a `Value` with its interval.

        After the last time at which anybody was watched it is known only if everybody has ended by then.
        """
        if self.status != OK:
            return absent(self.status, n=self.n, note=self.note)
        if time > self.times[-1] and self.free[-1] > 0:
            note = f"Nobody was watched for longer than {self.times[-1]:g}, and not everybody had ended by then."
            return absent(TOO_FEW, n=self.n, note=note)
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        if step < 0:
            return found(0.0, n=self.n)
        se, low, high = (part[cause][step] for part in (self.se, self.low, self.high))
        return found(self.share[cause][step], se=se if se > 0 else np.nan, low=low, high=high, n=self.n)


def cumulative_incidence(times, causes, *, of, level=0.95, variance="delta"):
    """Return the Aalen-Johansen cumulative incidence of each cause in `of`.

    `times`: sessions held at the ending, or so far (nan is left out). `causes`: what ended it; a value that
    is not in `of` means censored. Somebody censored at t counts as at risk at t.

    share_k(t) = sum over s <= t of free(s-) d_k(s) / n(s);  free(t) = product over s <= t of 1 - d(s) / n(s).
    The variance "delta" is that of R's survfit, "aalen" that of R's cmprsk; they differ little in large samples.
    """
    if variance not in VARIANCES:
        raise ValueError(f"variance = {variance!r} must be one of {', '.join(VARIANCES)}.")
    times, causes = np.asarray(times, dtype=float), endings(causes)
    here = ~np.isnan(times)
    times, causes = times[here], causes[here]
    if times.size < FEWEST:
        return _no_curve(of, n=times.size)
    points, at_risk = risk_sets(times)
    ended = {cause: counts(times[causes == cause], points) for cause in of}
    every = sum(ended.values(), np.zeros(points.size))
    free = np.cumprod(1.0 - every / at_risk)
    before = np.concatenate([[1.0], free[:-1]])
    share = {cause: _whole(np.cumsum(before * ended[cause] / at_risk)) for cause in of}
    variance_of = _delta if variance == "delta" else _aalen
    spread = {cause: variance_of(share[cause], ended[cause], every, at_risk, before, free) for cause in of}
    se = {cause: np.where(share[cause] < 1, np.sqrt(spread[cause]), 0.0) for cause in of}
    bounds = {cause: log_log(share[cause], se[cause], level=level) for cause in of}
    low, high = ({cause: bounds[cause][side] for cause in of} for side in (0, 1))
    return Incidence(points, at_risk, free, share, se, low, high, int(times.size))


def _whole(share):
    """Return the shares with those that miss 1 by rounding alone at exactly 1: everybody ended by this cause."""
    return np.where(share > 1 - 1e-12, 1.0, share)


def _delta(share, ended, every, at_risk, before, free):
    """Return the variance of one cause's cumulative incidence at each time (delta method, Greenwood's type).

    var(t) = sum over s <= t of  A^2 d / (n (n - d)) + B^2 d_k (n - d_k) / n^3 - 2 A B d_k / n^2,
    with A = share(t) - share(s) and B = free(s-). Without censoring it is share (1 - share) / n.
    """
    left = at_risk - every
    greenwood = np.divide(every, at_risk * left, out=np.zeros_like(left), where=left > 0)
    own = before**2 * ended * (at_risk - ended) / at_risk**3
    return _summed(share, square=greenwood, cross=-2 * before * ended / at_risk**2, alone=own)


def _aalen(share, ended, every, at_risk, before, free):
    """Return Aalen's variance (1978), with the corrections for tied times that cmprsk makes.

    var(t) = sum over s <= t of free(s-)^2 / n^2 ((1 - A / free(s))^2 c_k d_k + (A / free(s))^2 c_o d_o), A as above,
    d_o endings by other causes, c = 1 - (d - 1) / (n - 1).
    """
    own, other = (_without_ties(number, at_risk) for number in (ended, every - ended))
    weight = (before / at_risk) ** 2
    upside = np.divide(1.0, free, out=np.zeros_like(free), where=free > 1e-12)
    other = np.where(free > 1e-12, other, 0.0)
    square = weight * upside**2 * (own + other)
    return _summed(share, square=square, cross=-2 * weight * upside * own, alone=weight * own)


def _without_ties(number, at_risk):
    """Return d (1 - (d - 1) / (n - 1)), for d > 1."""
    tied = (number - 1) / np.maximum(at_risk - 1, 1)
    return number * np.where(number > 1, 1 - tied, 1.0)


def _summed(share, *, square, cross, alone):
    """Return, at each t, the sum over s <= t of A^2 square + A cross + alone, with A = share(t) - share(s)."""
    second = share**2 * square.cumsum() - 2 * share * (share * square).cumsum() + (share**2 * square).cumsum()
    first = share * cross.cumsum() - (share * cross).cumsum()
    return np.maximum(second + first + alone.cumsum(), 0.0)


def _no_curve(of, *, n):
    nothing = np.array([])
    none = {cause: nothing for cause in of}
    status = TOO_FEW if n else MISSING
    note = f"{there_are(n, 'clients with a known number of sessions')}; a curve needs at least {FEWEST}."
    return Incidence(nothing, nothing, nothing, none, none, none, none, int(n), status, note)
