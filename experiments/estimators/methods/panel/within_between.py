"""Taking one predictor apart: clients who usually rate the alliance high, and sessions above the client's own usual.

    next symptoms(i, t + 1)  =  b0  +  session  +  w (alliance(i, t) - own mean)  +  b own mean  +  error

The own mean is over the sessions that enter, so the two parts are unrelated, `w` is the fixed-effects estimate, and
`b - w` (the contextual difference) tells whether clients differ in ways that single sessions do not (Mundlak 1978).
"""

import numpy as np

from experiments.estimators.methods.basics.regression import ols
from experiments.estimators.value import Fit, absent, as_fit, found, too_few

FEWEST_CLIENTS = 20


def within_between(cause, outcome, *, name="x", lag=1, session_effects=True):
    """Return the `Fit` of an outcome `lag` sessions later on a predictor taken apart within and between clients.

    `cause`, `outcome`: arrays of clients by sessions, nan for gaps; a pair of scores enters if both are there, a client
    with two pairs or more. Pooled least squares, SE robust within clients. Values: `<name>_within` and `<name>_between`
    (unit of the outcome per unit of the predictor), `<name>_contextual` (between - within). `<name>_within` is not
    corrected for feedback from outcome to predictor; `within_lag` is. Source: Mundlak (1978).
    """
    cause, outcome = np.asarray(cause, dtype=float), np.asarray(outcome, dtype=float)
    width = cause.shape[1] - lag
    before, after = cause[:, : max(width, 0)], outcome[:, lag:]
    there = np.isfinite(before) & np.isfinite(after)
    there &= (there.sum(axis=1) >= 2)[:, None]
    if there.any(axis=1).sum() < FEWEST_CLIENTS:
        what = "clients with two pairs of scores or more"
        return as_fit(too_few(int(there.any(axis=1).sum()), fewest=FEWEST_CLIENTS, what=what))
    client, session = np.nonzero(there)
    usual = np.where(there, before, 0.0).sum(axis=1)[client] / there.sum(axis=1)[client]
    effects = _session_effects(client, session) if session_effects else {}
    parts = {f"{name}_within": before[there] - usual, f"{name}_between": usual}
    return _fit(after[there], parts, effects, client, name)


def _fit(outcome, parts, effects, client, name):
    """Return the regression's `Fit`, with the difference of the two slopes from one that has the raw score in it."""
    apart = ols(outcome, parts | effects, errors="cluster", clusters=client)
    within, between = parts
    raw = {within: parts[within] + parts[between], f"{name}_contextual": parts[between]}
    contextual = ols(outcome, raw | effects, errors="cluster", clusters=client)
    if not (apart.ok and contextual.ok):
        failed = apart if not apart.ok else contextual
        return as_fit(absent(failed.status, n=failed.n, note=failed.note))
    values = {within: apart[within], between: apart[between], f"{name}_contextual": contextual[f"{name}_contextual"]}
    clients = np.unique(client).size
    values = {key: found(v.estimate, se=v.se, n=clients, low=v.low, high=v.high, p=v.p) for key, v in values.items()}
    return Fit(values, clients, facts={"sessions": float(outcome.size), "clusters": float(clients)})


def _session_effects(client, session):
    """Return 0/1 columns for all sessions but the first, about the client's own mean."""
    count = np.bincount(client).astype(float)
    columns = {}
    for t in np.unique(session)[1:]:
        column = (session == t).astype(float)
        columns[f"session_{t + 1}"] = column - (np.bincount(client, weights=column) / np.maximum(count, 1))[client]
    return columns
