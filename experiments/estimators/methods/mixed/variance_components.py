"""How much of the spread lies between therapists, between their clients, and between a client's sessions.

Of all that clients' ratings of the alliance differ, 7 % may lie between therapists, 43 % between the clients of one
therapist and 50 % between the sessions of one client. Such shares are intraclass correlations: two ratings of clients
of one therapist correlate by .07, two of the same client by .50.

    share of therapists = s2_therapist / (s2_therapist + s2_client + s2_session)
"""

import math
from dataclasses import replace

import numpy as np

from experiments.estimators.methods.mixed.boundary_test import compared
from experiments.estimators.methods.mixed.linear_mixed import AT_ZERO, linear_mixed, prepared, solved
from experiments.estimators.methods.mixed.linear_mixed_criterion import criterion
from experiments.estimators.methods.mixed.linear_mixed_data import complete_rows
from experiments.estimators.methods.mixed.linear_mixed_errors import Component
from experiments.estimators.value import Fit, Value, as_fit, found

QUANTILE = 1.959963984540054
"""The 97.5 % point of the normal distribution, root of the 95 % point of chi-square with one degree of freedom."""
ALMOST = 1.0 - 1e-9


def variance_components(frame, *, outcome, groups, fixed=(), method="reml"):
    """Return the `Fit` of variances and shares by nested groups (one or two, the innermost first).

    `groups=("client_id", "therapist_id")` for sessions in clients in therapists. Estimates: `share_<group>` and
    `share_residual` (SE by the delta method, interval by profile likelihood, p of a group's by the boundary-aware
    likelihood-ratio test), and all estimates of `linear_mixed`. `fixed` takes what is predicted out first. Facts and
    statuses are those of `linear_mixed`.
    """
    if not 1 <= len(groups) <= 2:
        raise ValueError(f"groups = {groups!r}; shares are worked out for one or two nested groups.")
    model = {"outcome": outcome, "fixed": fixed}
    rows = complete_rows(frame, **model, groups=dict.fromkeys(groups, ()))
    made = prepared(rows, **model, groups=dict.fromkeys(groups, ()))
    if isinstance(made, Value):
        return as_fit(made)
    solution = solved(made, method=method)
    fit = solution.fit()
    if not fit.ok:
        return fit
    shares = _shares(solution)
    for group in groups:
        fewer = {each: () for each in groups if each != group}
        smaller = linear_mixed(rows, **model, groups=fewer, method=method)
        p = compared(fit, smaller, covariances=0)["chi2"].p if smaller.ok else math.nan
        shares[f"share_{group}"] = replace(shares[f"share_{group}"], p=p)
    return Fit(shares | fit.parts, fit.n, note=fit.note, facts=fit.facts)


def _shares(solution):
    """Return each share of the sum of all variances, with SE and profile interval."""
    made, known = solution.made, solution.known
    parts = [*(level[0][0] for level in known.levels), known.residual]
    total = Component(sum(part.estimate for part in parts), sum(part.slope for part in parts))
    best = np.array([part.estimate / total.estimate for part in parts])
    names = [*(level.group for level in made.levels), "residual"]
    shares = {}
    for place, (name, part) in enumerate(zip(names, parts, strict=True)):
        se = known.se_of(Component(best[place], (part.slope - best[place] * total.slope) / total.estimate))
        low, high = _profile_interval(solution, best, place)
        at_zero = {"note": AT_ZERO} if best[place] == 0.0 else {"se": se}
        shares[f"share_{name}"] = found(best[place], n=made.n, low=low, high=high, **at_zero)
    return shares


def _profile_interval(solution, best, place):
    """Return where the criterion, the other shares at their best, is 3.84 above its lowest: 0 or 1 if it is nowhere."""
    from scipy.optimize import brentq

    top = solution.ended.best.value

    def above(share):
        return math.sqrt(max(_lowest(solution, best, place, share) - top, 0.0)) - QUANTILE

    inside = min(max(best[place], 1.0 - ALMOST), ALMOST)
    low = brentq(above, 0.0, inside, xtol=1e-6) if best[place] > 0.0 and above(0.0) > 0.0 else 0.0
    high = brentq(above, inside, ALMOST, xtol=1e-6) if above(ALMOST) > 0.0 else 1.0
    return min(low, best[place]), max(high, best[place])


def _lowest(solution, best, place, share):
    """Return the lowest criterion at which the share in this place (the residual is the last) has this value.

    With three shares the other two divide the rest as sin^2 and cos^2 of an angle, so that 0 and all are within reach;
    the angle of the `best` shares is tried too.
    """
    made, others = solution.made, [other for other in range(len(best)) if other != place]

    def at(angle):
        shares = np.full(len(best), 1.0 - share)
        shares[place] = share
        if len(best) == 3:
            shares[others] *= math.sin(angle) ** 2, math.cos(angle) ** 2
        ratios = shares[:-1] / max(shares[-1], 1.0 - ALMOST)
        return criterion(made, [np.full((1, 1), math.sqrt(ratio)) for ratio in ratios], reml=solution.reml)

    if len(best) == 2:
        return at(0.0)
    from scipy.optimize import minimize_scalar

    near = {"xatol": 0.01 / math.sqrt(made.n)}
    found_one = minimize_scalar(at, bounds=(0.0, math.pi / 2.0), method="bounded", options=near)
    return min(found_one.fun, at(math.atan2(*np.sqrt(best[others]))))
