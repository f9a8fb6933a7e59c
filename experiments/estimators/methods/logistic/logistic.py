"""Logistic regression: how the odds of an event, such as dropping out, go with what is known of a client.

    log odds of dropout = intercept + b1 * age in decades + b2 * personality problems

An odds ratio of exp(b1) = .85 says that with ten more years the odds of dropping out are 15 % lower, other things
equal. Where a predictor tells perfectly who drops out there is no such number, and the status says so.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from experiments.estimators.columns import numbers
from experiments.estimators.methods.logistic.separation import NONE, separation
from experiments.estimators.value import (
    COLLINEAR,
    NOT_CONVERGED,
    NOT_FINITE,
    REASONS,
    SEPARATION,
    Fit,
    absent,
    as_fit,
    constant,
    found,
    no_fit,
    too_few,
)

FEWEST = 10
"""The smallest number of clients from which a logistic regression is given; it also needs two more than predictors."""
Z = stats.norm.ppf(0.975)
SUSPECT = 12.0
"""A log odds as far out as this makes us look whether the data are separated."""


@dataclass(frozen=True)
class Design:
    """What goes into the arithmetic: a 0/1 `event` (n), the `matrix` (n x p, ones first), the `names` of its columns.

    `rows` marks the rows of the frame that are complete, and so went in.
    """

    event: np.ndarray
    matrix: np.ndarray
    names: tuple
    rows: np.ndarray


def logistic(frame, *, outcome, predictors=()):
    """Return the logistic regression of a 0/1 column on the columns `predictors`, by maximum likelihood.

    Values: `intercept` and each predictor (log odds ratios), and `or_<predictor>` (odds ratios with the interval
    exp(b -+ 1.96 se)); Wald p. Rows with a gap are left out. Facts: log_likelihood, deviance, aic, events.
    """
    design = read_design(frame, outcome=outcome, predictors=predictors)
    if isinstance(design, Fit):
        return design
    solved = solve(design)
    return solved if isinstance(solved, Fit) else _report(design, *solved)


def read_design(frame, *, outcome, predictors, also=()):
    """Return the `Design` of complete rows, or a `Fit` that says why there can be none; `also`: may not be a gap."""
    event = numbers(frame, outcome)
    columns = [numbers(frame, name) for name in predictors]
    whole = ~np.isnan(np.column_stack([event, *columns])).any(axis=1)
    for name in also:
        whole &= frame[name].notna().to_numpy()
    if np.setdiff1d(event[whole], [0, 1]).size:
        raise ValueError(f"{outcome} must hold 0 and 1 (or false and true) and gaps, nothing else.")
    matrix = np.column_stack([np.ones(len(event)), *columns])[whole]
    design = Design(event[whole], matrix, ("intercept", *predictors), whole)
    reason = _unfit(design, outcome)
    return design if reason is None else reason


def _unfit(design, outcome):
    """Return a `Fit` with the reason if the data cannot bear a logistic regression, None if they can."""
    n, p = design.matrix.shape
    if n < max(FEWEST, p + 2):
        return as_fit(too_few(n, fewest=max(FEWEST, p + 2), what=f"clients with {outcome} and every predictor"))
    if not np.isfinite(design.matrix).all():
        return no_fit(NOT_FINITE, n=n, note="A predictor holds an infinite number.")
    if design.event.min() == design.event.max():
        return as_fit(constant(n, what=outcome))
    spread = np.ptp(design.matrix[:, 1:], axis=0)
    size = np.abs(design.matrix[:, 1:]).max(axis=0)
    for name, flat in zip(design.names[1:], spread <= 1e-9 * np.maximum(size, 1e-300), strict=True):
        if flat:
            return as_fit(constant(n, what=name))
    if np.linalg.matrix_rank(standard(design.matrix)[0]) < p:
        note = f"One of {', '.join(design.names[1:])} can be worked out from the others; leave it out."
        return no_fit(COLLINEAR, n=n, note=note)
    return None


def standard(matrix):
    """Return the columns centred and scaled to spread 1 (the first, of ones, as it is), and the map that did it.

    matrix = standardised @ map, so coefficients b of the matrix are inv(map) @ those of the standardised one.
    """
    centre, scale = matrix.mean(axis=0), matrix.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    change = np.diag(scale)
    change[0, 1:] = centre[1:]
    return (matrix - centre) / scale, change


def solve(design):
    """Return (coefficients, covariance, log-likelihood, iterations) on the scale of the columns, or a failed `Fit`."""
    matrix, change = standard(design.matrix)
    b, steps, settled = _newton(design.event, matrix)
    far = np.abs(matrix @ b).max() > SUSPECT
    if (far or not settled) and (kind := separation(design.event, matrix)) != NONE:
        note = f"{REASONS[SEPARATION].capitalize()} ({kind} separation by {', '.join(design.names[1:])})."
        return no_fit(SEPARATION, n=len(matrix), note=note, facts={"iterations": steps})
    if not settled:
        return no_fit(NOT_CONVERGED, n=len(matrix), note=f"The iterations did not settle in {steps} steps.")
    back = np.linalg.inv(change)
    covariance = back @ np.linalg.inv(information(matrix, b)) @ back.T
    return back @ b, covariance, log_likelihood(design.event, matrix @ b), steps


def log_likelihood(event, log_odds):
    """Return the sum of y eta - log(1 + exp eta)."""
    return float(event @ log_odds - np.logaddexp(0.0, log_odds).sum())


def _newton(event, matrix, most=60):
    """Return coefficients, steps, and whether Newton's steps (halved while the likelihood falls) settled."""
    b = np.zeros(matrix.shape[1])
    b[0] = special.logit(event.mean())
    height = log_likelihood(event, matrix @ b)
    for step in range(1, most + 1):
        score = matrix.T @ (event - special.expit(matrix @ b))
        try:
            move = np.linalg.solve(information(matrix, b), score)
        except np.linalg.LinAlgError:
            return b, step, False
        b, height = _uphill(event, matrix, b, move, height)
        if score @ move < 1e-18 * len(event):
            return b, step, True
    return b, most, False


def _uphill(event, matrix, b, move, height):
    for _ in range(30):
        new = log_likelihood(event, matrix @ (b + move))
        if new >= height - 1e-12 * abs(height):
            return b + move, new
        move = move / 2
    return b, height


def information(matrix, b):
    """Return the expected information of coefficients `b`: the inverse of their covariance."""
    chance = special.expit(matrix @ b)
    return (matrix * (chance * (1 - chance))[:, None]).T @ matrix


def _report(design, b, covariance, height, steps):
    n = len(design.event)
    facts = {
        "log_likelihood": height,
        "deviance": -2 * height,
        "aic": -2 * height + 2 * len(b),
        "df": n - len(b),
        "events": int(design.event.sum()),
        "iterations": steps,
        "converged": 1,
    }
    return Fit(coefficients(design.names, b, np.sqrt(np.diag(covariance)), n=n), n, facts=facts)


def coefficients(names, b, se, *, n):
    """Return the Values of log odds ratios, and of the odds ratios of all but the intercept (`or_<name>`)."""
    parts = {name: wald(estimate, error, n=n) for name, estimate, error in zip(names, b, se, strict=True)}
    return parts | {f"or_{name}": odds_ratio(parts[name]) for name in names if name != "intercept"}


def wald(estimate, se, *, n, note=""):
    """Return an estimate with the interval estimate -+ 1.96 se and the two-sided p of estimate / se."""
    p = 2 * stats.norm.sf(abs(estimate / se)) if se > 0 else math.nan
    return found(estimate, se=se, n=n, low=estimate - Z * se, high=estimate + Z * se, p=p, note=note)


def odds_ratio(log_odds):
    """Return exp of a log odds ratio: interval exp(b -+ 1.96 se), SE by the delta method, the same p."""
    if not log_odds.ok:
        return log_odds
    if abs(log_odds.estimate) > 700:
        return absent(NOT_FINITE, n=log_odds.n, note="The odds ratio is too large or too small to write down.")
    ratio = math.exp(log_odds.estimate)
    low, high = (math.exp(min(end, 700)) for end in (log_odds.low, log_odds.high))
    return found(ratio, se=ratio * log_odds.se, n=log_odds.n, low=low, high=high, p=log_odds.p)
