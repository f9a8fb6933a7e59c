"""Mediation within clients: a better alliance than usual, more effort than usual after it, fewer symptoms next time.

    symptoms(t) | session t | alliance(t) | effort(t) | symptoms(t + 1)

    a  effort(t) on alliance(t), given symptoms(t) and everything of the session before
    b  symptoms(t + 1) on effort(t), given alliance(t) and symptoms(t)

A 1-1-1 design on person-mean centred scores. All paths come from one set of lagged regressions of the three series
that is corrected for the bias of short series (`panel_var`): a from what is new at session t in alliance and effort,
b from the lagged paths.
"""

from functools import partial

import numpy as np

from experiments.estimators.methods.panel.mediation import indirect, normal
from experiments.estimators.methods.panel.panel_steps import steps
from experiments.estimators.methods.panel.panel_var import covariance, delta, solve
from experiments.estimators.methods.panel.products import CAVEAT, weights
from experiments.estimators.methods.panel.within_lag import NOWHERE, unfit, within_sd
from experiments.estimators.value import NOT_CONVERGED, Fit, as_fit, no_fit

NAMES = ("cause", "mediator", "outcome")
CAUSE, MEDIATOR, OUTCOME = 0, 1, 2
ENOUGH = 0.95
"""Share of bootstrap samples that must have a solution; the rest might be the extreme ones, so then no interval."""


def within_mediation(values, *, names=NAMES, same_session=True, draws=500, seed=20261124):
    """Return the `Fit` of cause -> mediator -> outcome within clients.

    `values`: clients by sessions by (cause, mediator, outcome), nan for gaps; the outcome of a session is measured
    before its cause and mediator. `same_session`: the mediator follows the cause in the same session and moves the next
    outcome; else it follows one session later, and the outcome two. Values as in `mediation`: `a`, `b`, `direct`,
    `total`, `indirect` (interval of `draws` bootstrap samples of clients), `indirect_monte_carlo`; units of the scores.
    """
    values = np.asarray(values, dtype=float)
    units = within_sd(values)
    panel = steps(values / units)
    reason = unfit(panel, names)
    if reason is not None:
        return as_fit(reason)
    solution = solve(panel.sums(np.ones(panel.clients)), 3)
    if not solution.found:
        return no_fit(NOT_CONVERGED, n=panel.clients, note=NOWHERE)
    chosen = partial(_paths, units=units, same_session=same_session)
    paths, spread = delta(solution, covariance(panel, solution), chosen)
    drawn = _again(panel, units, same_session=same_session, draws=draws, seed=seed)
    facts = {"draws": float(draws), "draws_without_solution": float(np.isnan(drawn).sum()), "seed": float(seed)}
    parts = _values(paths, spread, drawn, n=panel.clients, seed=seed)
    return Fit(parts, panel.clients, note=CAVEAT, facts=facts | {"steps": float(panel.count.sum())})


def _values(paths, spread, drawn, *, n, seed):
    """Return the `Value`s of a, b, direct, total and the product."""
    a, b, direct = paths
    se, turn = np.sqrt(np.diag(spread)), np.array([b, a, 1.0])
    parts = {name: normal(value, each, n=n) for name, value, each in zip(("a", "b", "direct"), paths, se, strict=True)}
    parts["total"] = normal(direct + a * b, float(np.sqrt(turn @ spread @ turn)), n=n)
    good = drawn[np.isfinite(drawn)]
    usable = good if good.size >= ENOUGH * drawn.size else good[:0]
    return parts | indirect((a, b), spread[:2, :2], usable, n=n, seed=seed)


def _paths(paths, noise, *, units, same_session):
    """Return a, b and direct in the units of the scores."""
    if same_session:
        given = [CAUSE, OUTCOME]
        a = np.linalg.solve(noise[np.ix_(given, given)], noise[given, MEDIATOR])[0]
    else:
        a = paths[CAUSE, MEDIATOR]
    pairs = ((CAUSE, MEDIATOR), (MEDIATOR, OUTCOME), (CAUSE, OUTCOME))
    raw = (a, paths[MEDIATOR, OUTCOME], paths[CAUSE, OUTCOME])
    return np.array([each * units[to] / units[by] for each, (by, to) in zip(raw, pairs, strict=True)])


def _again(panel, units, *, same_session, draws, seed):
    """Return a b of each bootstrap sample of clients, nan where there is no solution."""
    products = []
    for each in weights(panel.clients, draws=draws, seed=seed):
        solution = solve(panel.sums(each), 3)
        a, b, _ = _paths(solution.paths, solution.noise, units=units, same_session=same_session)
        products.append(a * b if solution.found else np.nan)
    return np.array(products)
