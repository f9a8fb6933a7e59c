"""Gray's test: do groups differ in how many end in one way, when other endings compete?

Fewer dropouts with feedback than without, among clients who may also end well: a log-rank test of hazards would answer
another question (how fast those leave who are still here). Gray's test compares the cumulative incidences themselves:
who has ended in another way stays in the count of those who could have dropped out (Gray 1988, Annals of Statistics).
"""

import math

import numpy as np
from scipy import stats

from experiments.estimators.methods.survival.kaplan_meier import endings
from experiments.estimators.value import (
    COLLINEAR,
    MISSING,
    ONE_GROUP,
    TOO_FEW,
    Fit,
    absent,
    counted,
    found,
    no_fit,
)

FEWEST = 5
"""The smallest number of clients in each group."""


def gray_test(times, causes, groups, *, of, strata=None, rho=0.0):
    """Return Gray's test that the cumulative incidence of each cause in `of` is the same in all groups.

    `causes` not in `of` mean censored; `strata` are compared within; weights (1 - F(t-))^rho. Values: for each cause
    (as text) the statistic with its p from chi2(groups - 1). Facts: df, groups, and the score of each group.
    """
    frame = _clean(times, causes, groups, strata)
    labels, group = np.unique(frame[2].astype(str), return_inverse=True)
    reason = _unfit(group, labels)
    if reason is not None:
        return reason
    parts, facts = {}, {"df": len(labels) - 1, "groups": len(labels)}
    for cause in of:
        kind = np.where(frame[1] == cause, 1, np.where(np.isin(frame[1], list(of)), 2, 0))
        score, variance = _summed(frame[0], kind, group, frame[3], rho=rho, groups=len(labels))
        parts[str(cause)] = _statistic(score, variance, n=len(group), events=int((kind == 1).sum()), what=cause)
        facts |= {f"score_{cause}_{label}": float(each) for label, each in zip(labels, score, strict=True)}
    return Fit(parts, len(group), facts=facts)


def _clean(times, causes, groups, strata):
    """Return the four columns without rows in which time, group or stratum is missing."""
    import pandas as pd

    times = np.asarray(times, dtype=float)
    strata = np.zeros(times.size) if strata is None else strata
    columns = [times, endings(causes), *(np.asarray(each, dtype=object) for each in (groups, strata))]
    here = ~(np.isnan(times) | pd.isna(columns[2]) | pd.isna(columns[3]))
    return [column[here] for column in columns]


def _unfit(group, labels):
    if group.size == 0:
        return no_fit(MISSING, n=0, note="There are no clients with a known time and group.")
    if len(labels) < 2:
        return no_fit(ONE_GROUP, n=group.size, note="All clients are in one group, so there is nothing to compare.")
    smallest = np.bincount(group).min()
    if smallest < FEWEST:
        note = f"The smallest group has {counted(smallest, 'clients')}; the test needs at least {FEWEST} in each."
        return no_fit(TOO_FEW, n=group.size, note=note)
    return None


def _statistic(score, variance, *, n, events, what):
    """Return s' inv(V) s over all groups but the last."""
    if events == 0:
        return absent(TOO_FEW, n=n, note=f"Nobody's therapy ended by {what}.")
    score, variance = score[:-1], variance[:-1, :-1]
    if np.linalg.matrix_rank(variance, hermitian=True) < len(score):
        note = f"The groups cannot be compared on {what}: one has nobody at risk when it happens."
        return absent(COLLINEAR, n=n, note=note)
    statistic = float(score @ np.linalg.solve(variance, score))
    return found(statistic, n=n, p=stats.chi2.sf(statistic, len(score)))


def _summed(times, kind, group, strata, *, rho, groups):
    """Return scores (G) and their covariance (G x G), summed over strata."""
    score, variance = np.zeros(groups), np.zeros((groups, groups))
    for stratum in np.unique(strata.astype(str)):
        here = strata.astype(str) == stratum
        s, v = _scores(*_tables(times[here], kind[here], group[here], groups), rho=rho)
        score, variance = score + s, variance + v
    return score, variance


def _tables(times, kind, group, groups):
    """Return, at each time with an ending (T x G): at risk, ended by the cause, ended otherwise."""
    points, place = np.unique(times, return_inverse=True)

    def table(rows):
        return np.bincount(place[rows] * groups + group[rows], minlength=points.size * groups).reshape(-1, groups)

    at_risk = table(kind >= 0)[::-1].cumsum(axis=0)[::-1]
    own, other = table(kind == 1), table(kind == 2)
    some = (own + other).sum(axis=1) > 0
    return at_risk[some].astype(float), own[some].astype(float), other[some].astype(float)


def _scores(at_risk, own, other, *, rho):
    """Return the scores and their covariance in one stratum.

    h = n / free(t-) of each group; the pooled incidence F rises by d / sum h. Score of group i: sum over t of
    W (d_i - d R_i / sum R), with R = h (1 - F_i(t-)) and W = (1 - F(t-))^rho.
    """
    if not own.size:
        return np.zeros(at_risk.shape[1]), np.zeros((at_risk.shape[1],) * 2)
    alive = at_risk > 0
    hazard = np.divide(own + other, at_risk, out=np.zeros_like(at_risk), where=alive)
    free = np.cumprod(1 - hazard, axis=0)
    free[free < 1e-12] = 0.0
    before = np.vstack([np.ones(at_risk.shape[1]), free[:-1]])
    h = np.divide(at_risk, before, out=np.zeros_like(at_risk), where=alive)
    rise = before * np.divide(own, at_risk, out=np.zeros_like(at_risk), where=alive)
    r = h * (1 - np.cumsum(rise, axis=0) + rise)
    events = own.sum(axis=1)
    pooled = np.cumsum(events / h.sum(axis=1))
    pooled_before = np.concatenate([[0.0], pooled[:-1]])
    weight = (1 - pooled_before) ** rho
    score = (weight[:, None] * (own - events[:, None] * r / r.sum(axis=1, keepdims=True))).sum(axis=0)
    variance = _variance(at_risk, other, events, h, before, free, pooled, pooled_before, weight)
    return score, variance


def _variance(at_risk, other, events, h, before, free, pooled, pooled_before, weight):
    """Return the covariance of the scores: what each single ending moves, squared and summed.

    a_ik = W h_i (1[i = k] - h_k / sum h); c_ik its integral over the pooled hazard from t to the end. With
    q_k = (1 - F(t)) / free_k(t): an ending by the cause in group k moves score i by a_ik + (1 - q_k) c_ik, another one
    by q_k c_ik. Their expected numbers are shared out over the groups as if these were alike.
    """
    total = h.sum(axis=1)
    a = weight[:, None, None] * h[:, :, None] * (np.eye(h.shape[1]) - (h / total[:, None])[:, None, :])
    steps = a * (events / (total * (1 - pooled_before)))[:, None, None]
    later = steps.sum(axis=0) - np.cumsum(steps, axis=0)
    q = np.divide((1 - pooled)[:, None], free, out=np.zeros_like(free), where=free > 0)
    own_move = a + (1 - q)[:, None, :] * later
    other_move = q[:, None, :] * later
    own_number = _own_number(at_risk, events, total, before)
    tied = np.where(other > 1, 1 - (other - 1) / np.maximum(at_risk - 1, 1), 1.0)
    reach = np.divide(before, at_risk, out=np.zeros_like(before), where=(at_risk > 0) & (free > 0))
    other_number = tied * reach**2 * other
    variance = np.einsum("tik,tjk,tk->ij", own_move, own_move, own_number)
    return variance + np.einsum("tik,tjk,tk->ij", other_move, other_move, other_number)


def _own_number(at_risk, events, total, before):
    """Return free(t-) d / (n sum h) for each group, corrected for ties by 1 - (d - 1) / (free(t-) sum h - 1)."""
    scaled = total[:, None] * before
    below = np.where(np.abs(scaled - 1) > 1e-12, scaled - 1, math.inf)
    tied = np.where((events > 1)[:, None], 1 - (events - 1)[:, None] / below, 1.0)
    number = tied * before * events[:, None]
    return np.divide(number, total[:, None] * at_risk, out=np.zeros_like(number), where=at_risk > 0)
