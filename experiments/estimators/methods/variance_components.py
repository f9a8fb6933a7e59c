"""How much of the spread lies between therapists, between their clients, and between a client's sessions.

Of all that clients' ratings of the alliance differ, 7 % may lie between therapists, 43 % between the clients of one
therapist and 50 % between the sessions of one client. Such shares are intraclass correlations: two ratings of clients
of one therapist correlate by .07, two of the same client by .50.

    share of therapists = s2_therapist / (s2_therapist + s2_client + s2_session)
"""

import math
from dataclasses import replace

import numpy as np

from experiments.estimators.methods.boundary_test import compared
from experiments.estimators.methods.linear_mixed import AT_ZERO, linear_mixed, prepared, solved
from experiments.estimators.methods.linear_mixed_criterion import criterion
from experiments.estimators.methods.linear_mixed_data import complete_rows
from experiments.estimators.methods.linear_mixed_errors import Component
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
    names = [*(level.group for level in made.levels), "residual"]
    shares = {}
    for place, (name, part) in enumerate(zip(names, parts, strict=True)):
        share = part.estimate / total.estimate
        se = known.se_of(Component(share, (part.slope - share * total.slope) / total.estimate))
        low, high = _profile_interval(made, place, share, top=solution.ended.best.value, reml=solution.reml)
        at_zero = {"note": AT_ZERO} if share == 0.0 else {"se": se}
        shares[f"share_{name}"] = found(share, n=made.n, low=low, high=high, **at_zero)
    return shares


def _profile_interval(made, place, share, *, top, reml):
    """Return where the criterion, the other shares at their best, is 3.84 above its lowest: 0 or 1 if it is nowhere."""
    from scipy.optimize import brentq

    def above(value):
        return math.sqrt(max(_lowest(made, place, value, reml=reml) - top, 0.0)) - QUANTILE

    inside = min(max(share, 1e-9), ALMOST)
    low = brentq(above, 0.0, inside, xtol=1e-6) if share > 0.0 and above(0.0) > 0.0 else 0.0
    high = brentq(above, inside, ALMOST, xtol=1e-6) if above(ALMOST) > 0.0 else 1.0
    return low, high


def _lowest(made, place, share, *, reml):
    """Return the lowest criterion at which the share in this place (the residual is the last) has this value."""
    count = len(made.levels) + 1

    def at(split):
        shares = np.full(count, 1.0 - share)
        shares[place] = share
        if count == 3:
            shares[[other for other in range(3) if other != place]] *= split, 1.0 - split
        ratios = shares[:-1] / max(shares[-1], 1.0 - ALMOST)
        return criterion(made, [np.full((1, 1), math.sqrt(ratio)) for ratio in ratios], reml=reml)

    if count == 2:
        return at(1.0)
    from scipy.optimize import minimize_scalar

    near = {"xatol": 0.01 / math.sqrt(made.n)}
    return minimize_scalar(at, bounds=(0.0, 1.0), method="bounded", options=near).fun
