"""Linear growth of one score over sessions, in wide form: where clients start, how fast they change, how they differ.

It is the two-level model `score ~ 1 + time + (1 + time | client)` by maximum likelihood, written as means and
covariances, so that lavaan and Mplus can check it on a wide export. Textbook: Bollen & Curran, Latent Curve Models.
"""

import math
from dataclasses import dataclass

import numpy as np

from experiments.estimators.methods.basics.intervals import Z, normal_p
from experiments.estimators.methods.panel.fit_indices import fit_indices
from experiments.estimators.methods.panel.patterns import patterns
from experiments.estimators.methods.panel.saturated import baseline_loglik, marginal, saturated
from experiments.estimators.methods.panel.scoring import Moments, climb, inverse
from experiments.estimators.summary import is_constant
from experiments.estimators.value import MISSING, NOT_CONVERGED, Fit, absent, as_fit, constant, found, no_fit, too_few

NAMES = ("level_mean", "slope_mean", "level_variance", "slope_variance", "covariance", "residual_variance")
FEWEST_CLIENTS = 20
FEWEST_SESSIONS = 3


@dataclass(frozen=True)
class Growth:
    """Means and covariances of scores at `times` (p,) with parameters in the order of `NAMES`."""

    times: np.ndarray

    def moments(self, theta):
        """Return the `Moments` at theta."""
        load = np.column_stack([np.ones(self.times.size), self.times])
        level, slope = load.T
        tensors = np.array([np.outer(level, level), np.outer(slope, slope), np.outer(level, slope)])
        tensors[2] += tensors[2].T
        by_sigma = np.concatenate([np.zeros((2, *tensors.shape[1:])), tensors, [np.eye(self.times.size)]])
        by_mu = np.vstack([load.T, np.zeros((4, self.times.size))])
        return Moments(load @ theta[:2], np.tensordot(theta, by_sigma, axes=1), by_mu, by_sigma)

    def bend(self, theta, slope):
        """Return second derivatives times the slope: none, (co)variances enter in a straight line."""
        return np.zeros((len(NAMES), len(NAMES)))


def growth(scores):
    """Return the `Fit` of linear growth of an array of clients by sessions (nan for gaps); time = session - 1.

    Gives the numbers of `NAMES` with standard errors from the observed information, and fit indices in `facts`. A
    covariance matrix of level and slope outside the possible gives not_converged: a mixed model can hold it at its
    boundary.
    """
    scores = np.asarray(scores, dtype=float)
    reason = _unfit(scores)
    if reason is not None:
        return as_fit(reason)
    data, model = patterns(scores), Growth(np.arange(scores.shape[1], dtype=float))
    top = climb(model, data, _start(model, data))
    if not (top.converged and _possible(top.theta)):
        what = "reach a maximum" if not top.converged else "reach it at possible variances"
        return no_fit(NOT_CONVERGED, n=data.clients, note=f"The likelihood of the growth model did not {what}.")
    facts = fit_indices(top, saturated(data), baseline_loglik(data), n=data.clients, parameters=len(NAMES))
    se = np.sqrt(np.diag(inverse(top.information)))
    parts = {name: _value(name, *each, n=data.clients) for name, *each in zip(NAMES, top.theta, se, strict=True)}
    return Fit(parts, data.clients, facts=facts | {"iterations": float(top.steps), "converged": 1.0})


def _start(model, data):
    """Return theta to start from: the line through the means, half of the variance lasting."""
    mean, variance = marginal(data)
    slope, level = np.polyfit(model.times, mean, 1)
    half = variance.mean() / 2
    return np.array([level, slope, half, half / 10 / model.times.size, 0.0, half])


def _possible(theta):
    level, slope, both, rest = theta[2:]
    return rest > 0 and level > 0 and slope > 0 and both**2 < level * slope


def _value(name, value, se, *, n):
    half = Z * se
    p = normal_p(value / se) if name.endswith("mean") else math.nan
    return found(value, se=se, n=n, low=value - half, high=value + half, p=p)


def _unfit(scores):
    several = int((np.isfinite(scores).sum(axis=1) >= 2).sum())
    if several < FEWEST_CLIENTS:
        return too_few(several, fewest=FEWEST_CLIENTS, what="clients with scores at two sessions or more")
    if scores.shape[1] < FEWEST_SESSIONS:
        return too_few(scores.shape[1], fewest=FEWEST_SESSIONS, what="sessions")
    for t, column in enumerate(scores.T, start=1):
        values = column[np.isfinite(column)]
        if not values.size:
            return absent(MISSING, n=several, note=f"Nobody has a score at session {t}; use fewer sessions.")
        if is_constant(values, sd=values.std()):
            return constant(values.size, what=f"the score at session {t}")
    return None
