"""Therapists who differ in how much a predictor matters: logistic models with a random slope.

Do minority clients leave more often, and does that depend on whom they see? The slope of `minority` has a mean over
therapists (an odds ratio) and an SD between them. With 44 therapists and 8 clients each the SD is badly known: its
interval and the likelihood-ratio test say so.
"""

import math

import numpy as np

from experiments.estimators.methods.logistic.climbing import climb
from experiments.estimators.methods.logistic.logistic_marginal import Marginal, gather
from experiments.estimators.methods.logistic.logistic_mixed import (
    AT_ZERO,
    CHI2_95,
    TINY,
    Z,
    facts_of,
    fit_intercept,
    fixed_effects,
    read_problem,
    unusable,
)
from experiments.estimators.methods.mixed.boundary_test import boundary_p
from experiments.estimators.value import CONSTANT, Fit, absent, found

POINTS = 7
"""Quadrature points in each of the two dimensions; 1 is Laplace's approximation."""
SMALL = 1e-3
"""An entry of the covariance's triangle below this is tried at exactly 0."""
COVARIANCES = {"free": ((0, 0), (1, 0), (1, 1)), "none": ((0, 0), (1, 1))}
"""Which entries of the triangle L of the covariance L L' are free: with or without a covariance."""


def random_slope(frame, *, outcome, predictors, slope, group, covariance="free", points=POINTS):
    """Return the logistic model with a random intercept and a random slope of `slope` (one of `predictors`).

    Values: fixed effects as in `logistic`; `sd_intercept` (where `slope` is 0: centre it if 0 is far away) and
    `sd_slope`, intervals on the log scale; `correlation` (Fisher's z; only with covariance "free"). `sd_slope` is
    exactly 0 at its boundary. Its p compares with the random intercept alone: half chi2(1) and half chi2(2), without a
    covariance half chi2(0) and half chi2(1). Where 0 lies within that chance its interval is 0 to sd + 1.96 se.
    """
    problem = read_problem(frame, outcome=outcome, predictors=predictors, group=group)
    if isinstance(problem, Fit):
        return problem
    column = problem.design.matrix[:, problem.design.names.index(slope)]
    scale = column.std()
    random = np.column_stack([np.ones_like(column), column / scale])
    _, base = fit_intercept(problem, points=points)
    if (reason := unusable(problem, base)) is not None:
        return reason
    cells = gather(problem.design.event, problem.matrix, random, problem.group)
    model, top = _fit(problem, cells, base, free=COVARIANCES[covariance], points=points)
    reason = unusable(problem, top)
    return _report(problem, model, top, base, scale=scale, covariance=covariance) if reason is None else reason


def _fit(problem, cells, base, *, free, points):
    """Return likelihood and `Top`; at a boundary those of the smaller model, in which the rest is exactly 0."""
    model = Marginal(cells, free=free, points=points)
    top = _climb(problem, model, base, 0.5)
    if not top.settled or top.height <= base.height + TINY:
        top = max(top, _climb(problem, model, base, 0.15), key=lambda top: top.height)
    theta = dict(zip(free, top.parameters[-len(free) :], strict=True))
    smaller = _smaller(theta)
    if top.height <= base.height + TINY:
        return replace_free(model, ((0, 0),)), base
    if smaller:
        lesser = Marginal(cells, free=smaller, points=points)
        end = _climb(problem, lesser, base, abs(theta.get((1, 0), 0.0)) + abs(theta[(1, 1)]))
        if end.settled and end.height >= top.height - TINY:
            return lesser, end
    return model, top


def replace_free(model, free):
    """Return the likelihood of the same cells with other free entries."""
    return Marginal(model.cells, free=free, points=round(len(model.nodes) ** (1 / model.q)))


def _smaller(theta):
    """Return the free entries of the model at the boundary that the estimates are close to, None if they are not."""
    if abs(theta[(0, 0)]) < SMALL:
        return ((1, 1),)
    if abs(theta[(1, 1)]) < SMALL and (1, 0) in theta:
        return ((0, 0), (1, 0))
    return None


def _climb(problem, model, base, spread):
    tau = max(float(base.parameters[-1]), 0.2)
    first = {(0, 0): tau, (1, 0): 0.0 if (1, 1) in model.free else spread, (1, 1): spread}
    start = np.append(base.parameters[:-1], [first[place] for place in model.free])
    hint = np.diag(np.full(len(start), 1 / problem.groups))
    p = len(problem.start)
    hint[:p, :p] = problem.hint
    return climb(model, start, hint=hint)


def _report(problem, model, top, base, *, scale, covariance):
    n = len(problem.group)
    facts = facts_of(problem, model, top, without=base.height, p=math.nan)
    facts["lrt_p"] = p = boundary_p(facts["lrt"], covariances=int(covariance == "free"))
    theta, spread = _triangle(problem, model, top)
    facts["boundary"] = int(len(theta) < len(COVARIANCES[covariance]))
    inside = facts["lrt"] > CHI2_95
    first, down, last = (theta.get(place, 0.0) for place in ((0, 0), (1, 0), (1, 1)))
    size = math.hypot(down, last)
    parts = {
        "sd_intercept": _sd(abs(first), spread({(0, 0): 1.0}), n=n),
        "sd_slope": _sd(size / scale, spread(_along(down, last, size, scale)), n=n, p=p, inside=inside),
    }
    if covariance == "free":
        parts["correlation"] = _correlation(first, down, last, spread, n=n)
    return Fit(fixed_effects(problem, top) | parts, n, facts=facts)


def _triangle(problem, model, top):
    """Return the free entries of L by place, and a function from a gradient (a dict by place) to a standard error."""
    p = len(problem.start)
    places = [place for place, value in zip(model.free, top.parameters[p:], strict=True) if value != 0]
    theta = dict(zip(model.free, top.parameters[p:], strict=True))
    covariance = top.covariance[p:, p:]

    def spread(gradient):
        slopes = np.array([gradient.get(place, 0.0) for place in model.free])
        return math.sqrt(max(slopes @ covariance @ slopes, 0.0)) if np.isfinite(covariance).all() else math.nan

    return {place: theta[place] for place in places}, spread


def _along(down, last, size, scale):
    return {(1, 0): down / size / scale, (1, 1): last / size / scale} if size else {}


def _sd(estimate, se, *, n, p=math.nan, inside=True):
    """Return a standard deviation with its interval on the log scale; from 0 upwards where 0 lies within chance."""
    if estimate == 0:
        return found(0.0, n=n, p=p, low=0.0, note=AT_ZERO)
    if not inside or se > 2 * estimate:
        return found(estimate, se=se, low=0.0, high=estimate + Z * se, n=n, p=p)
    grow = math.exp(Z * se / estimate)
    return found(estimate, se=se, low=estimate / grow, high=estimate * grow, n=n, p=p)


def _correlation(first, down, last, spread, *, n):
    size = math.hypot(down, last)
    if first == 0 or size == 0:
        return absent(CONSTANT, n=n, note="Intercepts or slopes do not vary between groups, so they cannot correlate.")
    r = math.copysign(1.0, first) * down / size
    if 1 - r * r < 1e-12:
        return found(
            math.copysign(1.0, r), n=n, note="The correlation is at its boundary: intercepts and slopes move together."
        )
    se = spread({(1, 0): last**2 / size**3, (1, 1): -down * last / size**3})
    half = Z * se / (1 - r * r)
    return found(r, se=se, low=math.tanh(math.atanh(r) - half), high=math.tanh(math.atanh(r) + half), n=n)
