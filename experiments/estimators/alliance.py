"""The alliance as clients rate it: its level at session 3, how it goes with outcome, and ruptures.

All on measured, noisy ratings, as a study would have them; nothing latent but the count of ruptures that were
repaired.
"""

import numpy as np

from experiments.estimators.columns import (
    ENOUGH_SESSIONS,
    before_and_after,
    both,
    higher_is_worse,
    numbers,
    primary,
)
from experiments.estimators.correlation import pearson, residual_change
from experiments.estimators.summary import clustered_mean, mean, spread
from experiments.estimators.value import CONSTANT, MISSING, OK, absent, found, too_few

FEWEST_CLUSTERS = 2
RATED = "clients with an alliance rating of session 3"


def alliance_and_change(clients, *, scales=None, rating="wai_client_s3"):
    """Return alliance at session 3 and residualised change of one clinic's clients, and a status.

    Clients with a rating, an intake score, and an end form or at least four sessions; their outcome is the end form
    if it came back, else the last score before a session, on the primary scale. Least squares within this clinic.
    """
    scale = primary(scales)
    alliance = numbers(clients, rating)
    before, after = before_and_after(clients, scale=scale, fewest_sessions=ENOUGH_SESSIONS)
    here = ~(np.isnan(alliance) | np.isnan(before))
    change, status = residual_change(before[here], after[here], higher_is_worse=higher_is_worse(scales, scale))
    return alliance[here], change, status


def alliance_outcome_r(tables, scales=None):
    """Return Pearson's r between alliance at session 3 and residualised change on the primary scale."""
    alliance, change, status = alliance_and_change(tables["clients"], scales=scales)
    if status != OK and alliance.size >= 3:
        return nothing_to_compare(alliance.size)
    return pearson(alliance, np.nan_to_num(change), what="a rating of session 3 and an outcome")


def nothing_to_compare(n):
    """Return the `Value` for residualised change that does not vary."""
    note = "Everybody had the same score at intake, or the outcome follows from it alone: nothing can be compared."
    return absent(CONSTANT, n=n, note=note)


def wai_client_s3_mean(tables, scales=None):
    """Return the mean of the client's alliance rating of session 3."""
    return mean(numbers(tables["clients"], "wai_client_s3"), what=RATED)


def wai_client_s3_sd(tables, scales=None):
    """Return the standard deviation between clients of the alliance rating of session 3."""
    return spread(numbers(tables["clients"], "wai_client_s3"), what=RATED)


def rupture_rate(tables, scales=None):
    """Return the share of sessions held in which the client reports a rupture; SE by client."""
    appointments = tables["appointments"]
    held = appointments[numbers(appointments, "held") == 1]
    reports, clients = numbers(held, "rupture_client"), held["client_id"].to_numpy()
    return _share_by_client(reports, clients, what="sessions in which the client was asked about a rupture")


def repaired_share(tables, scales=None):
    """Return the share of all ruptures that were repaired (latent: the model knows), with the SE by client.

    share = sum of repaired / sum of ruptures over clients, a ratio; SE by the spread of (repaired - share
    ruptures).
    """
    clients = tables["clients"]
    ruptures, repaired = both(numbers(clients, "ruptures"), numbers(clients, "ruptures_repaired"))
    had = ruptures > 0
    if had.sum() < FEWEST_CLUSTERS:
        return too_few(int(had.sum()), fewest=FEWEST_CLUSTERS, what="clients with a rupture")
    ruptures, repaired, n = ruptures[had], repaired[had], int(had.sum())
    ratio = repaired.sum() / ruptures.sum()
    residual = repaired - ratio * ruptures
    return found(ratio, se=np.sqrt(n / (n - 1) * (residual @ residual)) / ruptures.sum(), n=ruptures.sum())


def _share_by_client(marks, clients, *, what):
    share, se, groups = clustered_mean(marks, clients)
    if groups == 0:
        return absent(MISSING, n=0, note=f"There are no {what}.")
    if groups < FEWEST_CLUSTERS:
        return too_few(groups, fewest=FEWEST_CLUSTERS, what="clients with a session")
    return found(share, se=se, n=int(np.sum(~np.isnan(marks))))
