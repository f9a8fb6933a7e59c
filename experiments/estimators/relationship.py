"""The relationship facet by facet, as clients rate it: empathy, collaboration, goals, the real relationship, regard.

Each facet is the mean of a client's ratings of sessions 1-5; where no end form came back, only of sessions before the
last score, because no score is an outcome of what came after it. The facets overlap: their correlations must not be
added up.
"""

import numpy as np

from experiments.estimators.columns import (
    both,
    by_session,
    held_sessions,
    mean_of_sessions,
    numbers,
    primary,
)
from experiments.estimators.correlation import pearson
from experiments.estimators.methods.basics.conversions import correlation_as_d
from experiments.estimators.methods.basics.regression import ols
from experiments.estimators.predictors import correlate_with_change
from experiments.estimators.summary import share
from experiments.estimators.value import Fit, found

GOLDEN = (5**0.5 - 1) / 2
JOINT = ("wai_client", "rri_client", "positive_affect_client", "negative_affect_client")
ACTS = ("supportive", "exploratory", "controlling")


def early_mean(tables, name, scales, *, last=5):
    """Return each client's mean of a rating over sessions 1 to `last`, without sessions after the score that counts."""
    clients = tables["clients"]
    scale, ids = primary(scales), clients["client_id"]
    ratings = by_session(tables["appointments"], name, clients=ids, sessions=last)
    if scale not in tables["appointments"]:
        return mean_of_sessions(ratings, last=last)
    scored = ~np.isnan(by_session(tables["appointments"], scale, clients=ids))
    final = np.where(scored, np.arange(1, scored.shape[1] + 1), 0).max(axis=1, initial=0)
    no_form = np.isnan(numbers(clients, f"{scale}_end"))
    return mean_of_sessions(ratings, last=last, until=np.where(no_form, final - 1, last))


def _facet_r(name, tables, scales, *, last=5):
    return correlate_with_change(
        early_mean(tables, name, scales, last=last), tables, scales, what=f"{name} and an outcome"
    )


def empathy_outcome_r(tables, scales=None):
    """Return r of perceived empathy (sessions 1-5) with residualised change."""
    return _facet_r("empathy_client", tables, scales)


def collaboration_outcome_r(tables, scales=None):
    """Return r of perceived collaboration (sessions 1-5) with residualised change."""
    return _facet_r("collaboration_client", tables, scales)


def goal_agreement_outcome_r(tables, scales=None):
    """Return r of perceived agreement on goals (sessions 1-5) with residualised change."""
    return _facet_r("goal_agreement_client", tables, scales)


def real_relationship_r(tables, scales=None):
    """Return the `mean` (Fisher's z) of r with residualised `change` and r with the `session` outcome of session 3."""
    change = _facet_r("rri_client", tables, scales)
    ids = tables["clients"]["client_id"]
    at_3 = [
        by_session(tables["appointments"], name, clients=ids, sessions=3)[:, 2]
        for name in ("rri_client", "session_outcome_client")
    ]
    session = pearson(*both(*at_3), what="a real relationship and an outcome of session 3")
    if not (change.ok and session.ok):
        return Fit({"mean": session if change.ok else change, "change": change, "session": session}, change.n)
    middle = found(np.tanh((np.arctanh(change.estimate) + np.arctanh(session.estimate)) / 2), n=change.n)
    return Fit({"mean": middle, "change": change, "session": session}, change.n)


def regard_outcome_g(tables, scales=None):
    """Return g = 2 r / sqrt(1 - r r) of perceived regard (sessions 1-5) and residualised change."""
    return correlation_as_d(_facet_r("regard_client", tables, scales))


def genuineness_outcome_r(tables, scales=None):
    """Return r of perceived genuineness (sessions 1-5) with residualised change."""
    return _facet_r("genuineness_client", tables, scales)


def credibility_outcome_r(tables, scales=None):
    """Return r of perceived credibility (sessions 1-3) with residualised change."""
    return _facet_r("credibility_client", tables, scales, last=3)


def countertransference_r(tables, scales=None):
    """Return r of coded countertransference reactions (sessions 1-5) with residualised change."""
    return _facet_r("countertransference_observer", tables, scales)


def acts_outcome_r(tables, scales=None):
    """Return r of the shares of `supportive`, `exploratory` and `controlling` acts (sessions 1-5) with change.

    The three shares sum to 1: simple correlations, no joint regression.
    """
    parts = {act: _facet_r(f"{act}_observer", tables, scales) for act in ACTS}
    return Fit(parts, parts["supportive"].n)


def multicultural_outcome_r(tables, scales=None):
    """Return r of perceived multicultural competence (sessions 1-5) with residualised change, minority clients."""
    clients = tables["clients"]
    minority = {**tables, "clients": clients[numbers(clients, "minority") == 1]}
    return _facet_r("multicultural_client", minority, scales)


def session_outcome_r_squared(tables, scales=None):
    """Return R squared of session outcome on alliance, real relationship, positive and negative affect, with slopes.

    One session per client: of its k sessions held with all five forms number ceil(k u), u = fractional part of
    (client_id + 1) times the golden ratio, which spreads the choice evenly and needs no luck.
    """
    held = held_sessions(tables["appointments"])
    names = ("session_outcome_client", *JOINT)
    held = held[~np.isnan(np.sum([numbers(held, name) for name in names], axis=0))].sort_values(
        ["client_id", "session"]
    )
    place, size = held.groupby("client_id").cumcount(), held.groupby("client_id")["session"].transform("size")
    chosen = held[place == np.floor((held["client_id"] + 1) * GOLDEN % 1 * size)]
    predictors = {name: numbers(chosen, name) for name in JOINT}
    return ols(numbers(chosen, "session_outcome_client"), predictors, what="clients with a session with all five forms")


def repaired_outcome_r(tables, scales=None):
    """Return r of the share of a client's ruptures that were repaired with residualised change, clients with one."""
    clients = tables["clients"]
    ruptures, repaired = numbers(clients, "ruptures"), numbers(clients, "ruptures_repaired")
    part = np.where(ruptures > 0, repaired / np.maximum(ruptures, 1), np.nan)
    return correlate_with_change(part, tables, scales, what="a rupture and an outcome")


def microaggression_share(tables, scales=None):
    """Return the share of minority clients with a session who met at least one microaggression (latent)."""
    clients = tables["clients"]
    here = clients[(numbers(clients, "minority") == 1) & (numbers(clients, "sessions_held") >= 1)]
    count = numbers(here, "microaggressions")
    return share(np.where(np.isnan(count), np.nan, count >= 1), what="minority clients with a session")
