"""Logistic mixed models: how far therapists differ in an event of their clients, such as dropping out.

    log odds of dropout of client i with therapist j = x_ij b + u_j,   u_j ~ N(0, tau^2)

With tau = .69 and a mean dropout of 25 %, one therapist in twenty loses fewer than about 10 % of her clients and one in
twenty more than about 50 %. ICC = tau^2 / (tau^2 + pi^2 / 3) is the therapists' share of the spread of a client's
propensity: pi^2 / 3 is the variance of the logistic distribution. `random_slope` adds therapists who differ in how
much a predictor matters.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from experiments.estimators.methods.logistic.climbing import climb
from experiments.estimators.methods.logistic.logistic import (
    Design,
    coefficients,
    information,
    read_design,
    solve,
    standard,
)
from experiments.estimators.methods.logistic.logistic_marginal import Marginal, gather
from experiments.estimators.methods.logistic.separation import COMPLETE, separation
from experiments.estimators.methods.mixed.boundary_test import boundary_p
from experiments.estimators.value import NOT_CONVERGED, ONE_GROUP, SEPARATION, TOO_FEW, Fit, found, no_fit, there_are

POINTS = 9
"""Quadrature points for a random intercept; with 15 the estimates in our tests change in the fifth digit."""
FEWEST_GROUPS = 4
"""The fewest therapists from which a variance between them is given (assumed; the linear models need as many)."""
LOGISTIC_VARIANCE = math.pi**2 / 3
TINY = 1e-6
"""A log-likelihood that gains no more than this from a variance gains nothing: the variance is at its boundary, 0."""
CHI2_95 = stats.chi2.ppf(0.95, 1)
Z = stats.norm.ppf(0.975)
HUGE = 6.0
"""An SD as large as this (an ICC of .92) makes us look whether the data are separated within groups."""
RUNAWAY = 20.0
"""An SD that no data can tell from a larger one: all groups but a few are sure of their answer."""
WITHIN = "Within each group the predictors tell perfectly who has the event, so the likelihood has no maximum."
AT_ZERO = "The groups differ no more than chance would make them: the variance between them is at its boundary, 0."


@dataclass(frozen=True)
class Problem:
    """A checked problem: the `design`, its `plain` solution (logistic regression), and `group` (n) counted from 0.

    `matrix` is the standardised design and `change` the map from it: design = matrix @ change.
    """

    design: Design
    plain: tuple
    group: np.ndarray
    groups: int
    matrix: np.ndarray
    change: np.ndarray

    @property
    def hint(self):
        """Covariance of the standardised fixed effects without random effects, where a climb begins."""
        return np.linalg.inv(information(self.matrix, self.start))

    @property
    def start(self):
        """The standardised fixed effects without random effects."""
        return self.change @ self.plain[0]


def random_intercept(frame, *, outcome, predictors=(), group, points=POINTS):
    """Return the logistic model with a random intercept for `group`, by adaptive Gauss-Hermite quadrature.

    Values: `intercept`, each predictor and `or_<predictor>` as in `logistic`; `sd` (tau), `variance`, and `icc` with
    the interval on the log of tau; where tau = 0 lies within chance it goes from 0 to the end of the profile
    likelihood. Their p is that of the likelihood-ratio test at the boundary, half chi2(0) and half chi2(1).
    """
    problem = read_problem(frame, outcome=outcome, predictors=predictors, group=group)
    if isinstance(problem, Fit):
        return problem
    model, top = fit_intercept(problem, points=points)
    reason = unusable(problem, top)
    return _report(problem, model, top) if reason is None else reason


def _separated_within(problem):
    """Return whether the predictors, with a level for each group, tell completely who has the event."""
    levels = (problem.group[:, None] == np.arange(1, problem.groups)).astype(float)
    return separation(problem.design.event, np.column_stack([problem.matrix, levels])) == COMPLETE


def read_problem(frame, *, outcome, predictors, group):
    """Return the `Problem`, or a `Fit` that says why the data cannot bear it."""
    design = read_design(frame, outcome=outcome, predictors=predictors, also=(group,))
    if isinstance(design, Fit):
        return design
    codes, labels = pd.factorize(frame[group][design.rows])
    reason = _unfit(design.event, codes, len(labels), group)
    if reason is not None:
        return reason
    plain = solve(design)
    return plain if isinstance(plain, Fit) else Problem(design, plain, codes, len(labels), *standard(design.matrix))


def _unfit(event, group, groups, what):
    n, sizes = len(event), np.bincount(group)
    if groups < FEWEST_GROUPS:
        note = f"{there_are(groups, 'groups')} ({what}); a variance between groups needs at least {FEWEST_GROUPS}."
        return no_fit(ONE_GROUP, n=n, note=note, facts={"groups": groups})
    if sizes.max() < 2:
        note = f"No group ({what}) has two clients, so groups cannot be told from clients."
        return no_fit(TOO_FEW, n=n, note=note, facts={"groups": groups})
    with_event = np.bincount(group, weights=event)
    if np.all((with_event == 0) | (with_event == sizes)):
        note = f"In each group ({what}) all have the event or none, so the variance has no upper end."
        return no_fit(SEPARATION, n=n, note=note, facts={"groups": groups})
    return None


def fit_intercept(problem, *, points):
    """Return the likelihood (`Marginal`) and its `Top` over (standardised b, tau), tau exactly 0 at the boundary."""
    cells = gather(problem.design.event, problem.matrix, np.ones((len(problem.group), 1)), problem.group)
    model = Marginal(cells, free=((0, 0),), points=points)
    hint = np.zeros((len(problem.start) + 1,) * 2)
    hint[:-1, :-1] = problem.hint
    tau = _guess(problem)
    hint[-1, -1] = 1 / problem.groups
    top = climb(model, np.append(problem.start, tau), hint=hint)
    top = replace(top, parameters=np.append(top.parameters[:-1], abs(top.parameters[-1])))
    return model, at_boundary(problem, top) if top.height <= problem.plain[2] + TINY else top


def at_boundary(problem, top):
    """Return the `Top` at tau = 0: that of the logistic regression, tau without a standard error."""
    p = len(problem.start)
    covariance = np.full((p + 1, p + 1), np.nan)
    covariance[:p, :p] = problem.hint
    return replace(
        top, parameters=np.append(problem.start, 0.0), covariance=covariance, height=problem.plain[2], settled=True
    )


def _guess(problem):
    """Return a first tau, .2 to 1.5: the excess of squared residual sums, (sum (sum r)^2 - sum w) / sum (sum w)^2."""
    chance = 1 / (1 + np.exp(-problem.matrix @ problem.start))
    weight = np.bincount(problem.group, weights=chance * (1 - chance))
    excess = np.bincount(problem.group, weights=problem.design.event - chance) ** 2 - weight
    return float(np.sqrt(np.clip(excess.sum() / (weight**2).sum(), 0.04, 2.25)))


def unusable(problem, top):
    """Return the failed `Fit` for a climb that found no top or ran away, None for one that can be used."""
    n, facts = len(problem.group), {"iterations": top.steps, "groups": problem.groups, "converged": 0}
    if not top.settled:
        note = f"The iterations did not settle in {top.steps} steps: the likelihood is flat, or has no maximum."
        return no_fit(NOT_CONVERGED, n=n, note=note, facts=facts)
    largest = np.abs(top.parameters[len(problem.start) :]).max()
    if largest > HUGE and _separated_within(problem):
        return no_fit(SEPARATION, n=n, note=WITHIN, facts=facts)
    if largest > RUNAWAY:
        note = f"The SD between groups ran up to {largest:.0f} on the scale of log odds, where nothing is known."
        return no_fit(NOT_CONVERGED, n=n, note=note, facts=facts)
    return None


def fixed_effects(problem, top):
    """Return the Values of the fixed effects on the scale of their columns."""
    p, back = len(problem.start), np.linalg.inv(problem.change)
    se = np.sqrt(np.diag(back @ top.covariance[:p, :p] @ back.T))
    return coefficients(problem.design.names, back @ top.parameters[:p], se, n=len(problem.group))


def facts_of(problem, model, top, *, without, p):
    """Return the facts of a fit, `without` being the log-likelihood without the variance that is tested."""
    return {
        "log_likelihood": top.height,
        "log_likelihood_without": without,
        "lrt": max(2 * (top.height - without), 0.0),
        "lrt_p": p,
        "groups": problem.groups,
        "events": int(problem.design.event.sum()),
        "points": len(model.nodes),
        "iterations": top.steps,
        "converged": 1,
    }


def _report(problem, model, top):
    n, tau = len(problem.group), float(top.parameters[-1])
    se = math.sqrt(top.covariance[-1, -1]) if tau > 0 else math.nan
    facts = facts_of(problem, model, top, without=problem.plain[2], p=math.nan)
    facts["lrt_p"] = p = boundary_p(facts["lrt"], covariances=0)
    facts["boundary"] = int(tau == 0)
    low, high = _interval(problem, model, top, se=se, inside=facts["lrt"] > CHI2_95)
    more = {"n": n, "p": p, "note": "" if tau > 0 else AT_ZERO}
    icc = _icc(tau)
    parts = {
        "sd": found(tau, se=se, low=low, high=high, **more),
        "variance": found(tau**2, se=2 * tau * se, low=low**2, high=high**2, **more),
        "icc": found(icc, se=2 * icc * (1 - icc) * se / tau if tau else se, low=_icc(low), high=_icc(high), **more),
    }
    return Fit(fixed_effects(problem, top) | parts, n, facts=facts)


def _icc(tau):
    return tau**2 / (tau**2 + LOGISTIC_VARIANCE)


def _interval(problem, model, top, *, se, inside):
    """Return low and high of tau: tau exp(-+ 1.96 se / tau) if 0 lies outside, else 0 to the end of the profile."""
    tau = float(top.parameters[-1])
    if inside:
        return tau * math.exp(-Z * se / tau), tau * math.exp(Z * se / tau)
    return 0.0, _profile_end(problem, model, top)


def _profile_end(problem, model, top):
    """Return the tau above the estimate at which the profile log-likelihood has fallen by half of 3.84.

    Fixed effects and tau take Newton's steps together; the slope of the profile is the partial derivative by tau.
    """
    fixed, target = top.parameters[:-1], top.height - CHI2_95 / 2
    tau = float(top.parameters[-1]) + 0.3
    for _ in range(100):
        height, gradient = model(np.append(fixed, tau))
        move = problem.hint @ gradient[:-1]
        rise, gap = gradient[:-1] @ move / 2, height - target
        if abs(gap) < 1e-6 and rise < 1e-7:
            return tau
        step = (gap + rise) / -gradient[-1] if gradient[-1] < 0 else tau / 2
        fixed, tau = fixed + move, tau + float(np.clip(step, -tau / 2, tau))
    return math.nan
