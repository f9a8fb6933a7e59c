"""Within-client lagged models: what goes with the next session's score, given this session's, within one client.

    symptoms(t + 1)  =  client  +  session  +  a symptoms(t)  +  b alliance(t)  +  error
    alliance(t + 1)  =  client  +  session  +  c alliance(t)  +  d symptoms(t)  +  error

Both directions (or more than two series) are fitted at once, on scores centred on the client's own mean over the steps
used, and corrected for what that centring does to short series (`panel_var` says how). Standard errors let sessions of
one client go together in any way. A lagged path within clients is not an effect: whatever changes within the client and
moves both series, and error of measurement, are in it.
"""

import numpy as np

from experiments.estimators.methods.basics.intervals import student
from experiments.estimators.methods.panel.panel_steps import FEWEST_STEPS, steps
from experiments.estimators.methods.panel.panel_var import covariance, delta, lasting_sd, solve
from experiments.estimators.summary import is_constant
from experiments.estimators.value import COLLINEAR, NOT_CONVERGED, Fit, absent, as_fit, constant, found, no_fit, too_few

FEWEST_CLIENTS = 20
"""Clients with two steps or more: fewer clusters give no standard error to trust (assumed)."""


def within_lag(values, *, names, session_effects=True):
    """Return the `Fit` of lagged regressions of q series on each other within clients.

    `values`: clients by sessions by series, nan for gaps; a step from t to t + 1 counts if every series is there twice.
    For names x, y: x_to_y (unit of y at the next session per unit of x, the same client), its `_std` in within-client
    SDs (of a series long under way, so without the drift that all share) and its `_uncorrected` least-squares value
    without SE; autoregressions x_to_x alike.
    Intervals and p by Student's t with clients - 1 df. Paths that do not die out, or no solution: not_converged.
    Sources: Nickell (1981); Bun & Carree (2005); Juodis (2013).
    """
    values = np.asarray(values, dtype=float)
    q, units = len(names), within_sd(values)
    scaled = steps(values / units, session_effects=session_effects)
    reason = unfit(scaled, names)
    if reason is not None:
        return as_fit(reason)
    solution = solve(scaled.sums(np.ones(scaled.clients)), q)
    facts = {"steps": float(scaled.count.sum()), "sessions_per_client": float(scaled.count.mean() + 1)}
    if not solution.found:
        return no_fit(NOT_CONVERGED, n=scaled.clients, note=NOWHERE, facts=facts)
    spread = covariance(scaled, solution)
    se = np.sqrt(np.diag(spread)[: q * q]).reshape(q, q)
    parts = _parts(solution, se, units, names, n=scaled.clients)
    parts |= _standardised(solution, spread, names, n=scaled.clients)
    return Fit(parts, scaled.clients, facts=facts | {"converged": 1.0, "clusters": float(scaled.clients)})


NOWHERE = "The correction for short series found no paths that die out over time; there may be too few sessions."


def within_sd(values):
    """Return each series' SD within clients, (q,): about the client's own mean, over clients with two scores or more.

    1 where there is none.
    """
    seen = np.isfinite(values)
    count = seen.sum(axis=1)
    filled = np.where(seen, values, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    square = (np.where(seen, values - mean[:, None, :], 0.0) ** 2).sum(axis=(0, 1))
    degrees = np.maximum(count - 1, 0).sum(axis=0)
    sd = np.sqrt(square / np.maximum(degrees, 1))
    return np.where(sd > 1e-9 * np.maximum(1.0, np.abs(filled).max(axis=(0, 1), initial=0.0)), sd, 1.0)


def unfit(panel, names):
    """Return the absent `Value` that says why `Steps` cannot be fitted; None if they can."""
    what = f"clients with at least {FEWEST_STEPS} steps from one session to the next"
    if panel.clients < FEWEST_CLIENTS:
        return too_few(panel.clients, fewest=FEWEST_CLIENTS, what=what)
    for index, name in enumerate(names):
        if is_constant(panel.before[:, :, index], sd=panel.before[:, :, index].std()):
            return constant(int(panel.count.sum()), what=f"{name} within each client")
    cross = panel.cross.sum(axis=0)
    used = np.diag(cross) > 0
    sd = np.sqrt(np.diag(cross)[used])
    if np.linalg.eigvalsh(cross[np.ix_(used, used)] / np.outer(sd, sd))[0] < 1e-9:
        note = f"Within clients one of {', '.join(names)} follows from the others or from the number of the session."
        return absent(COLLINEAR, n=panel.clients, note=note)
    return None


def _parts(solution, se, units, names, *, n):
    parts = {}
    for j, before in enumerate(names):
        for k, after in enumerate(names):
            name, unit = f"{before}_to_{after}", units[k] / units[j]
            parts[name] = tested(solution.paths[j, k] * unit, se[j, k] * unit, n=n)
            parts[f"{name}_uncorrected"] = found(solution.naive[j, k] * unit, n=n)
    return parts


def _standardised(solution, spread, names, *, n):
    """Return every path in SDs within clients."""

    def paths_in_sds(paths, noise):
        sd = lasting_sd(paths, noise)
        return (paths * sd[:, None] / sd).ravel()

    values, covariances = delta(solution, spread, paths_in_sds)
    labels = [f"{before}_to_{after}_std" for before in names for after in names]
    se = np.sqrt(np.diag(covariances))
    return {label: tested(value, each, n=n) for label, value, each in zip(labels, values, se, strict=True)}


def tested(value, se, *, n):
    """Return a `Value` with interval and p by Student's t with n - 1 df, n clusters."""
    low, high, p = student(value, se, n - 1)
    return found(value, se=se, n=n, low=low, high=high, p=p)
