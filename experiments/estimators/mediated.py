"""What may run through effort: from the alliance to how much clients do, and from there to how they end.

alliance at session 3 --a--> mean effort from session 4 on --b--> outcome        between clients
alliance(t) ----------a----> effort(t) -------------------b--> symptoms(t + 1)   within a client
"""

from dataclasses import replace

import numpy as np

from experiments.estimators.columns import (
    ENOUGH_SESSIONS,
    before_and_after,
    both,
    by_session,
    higher_is_worse,
    mean_of_sessions,
    numbers,
    primary,
)
from experiments.estimators.correlation import pearson
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.panel.mediation import mediation
from experiments.estimators.methods.panel.products import CAVEAT
from experiments.estimators.methods.panel.within_mediation import within_mediation
from experiments.estimators.within_client import LAG_SESSIONS, explained, session_scores

ALLIANCE_SESSION = 3


def later_effort(tables, scales=None):
    """Return each client's mean effort from session 4 on, up to the score that stands for the outcome.

    Without an end form the last score was taken before the last session, so effort after that is left out.
    """
    clients = tables["clients"]
    effort = by_session(tables["appointments"], "effort_client", clients=clients["client_id"])
    held = numbers(clients, "sessions_held")
    before_last = np.isnan(numbers(clients, f"{primary(scales)}_end"))
    return mean_of_sessions(effort, first=ALLIANCE_SESSION + 1, last=effort.shape[1], until=held - before_last)


def alliance_effort_outcome(tables, scales=None):
    """Return the mediation alliance at session 3 -> later effort -> outcome (higher = better), given intake."""
    clients, scale = tables["clients"], primary(scales)
    before, after = before_and_after(clients, scale=scale, fewest_sessions=ENOUGH_SESSIONS)
    better = -after if higher_is_worse(scales, scale) else after
    alliance = numbers(clients, "wai_client_s3")
    return _without_caveat(mediation(alliance, later_effort(tables, scales), better, covariates={"intake": before}))


def alliance_effort_symptoms(tables, scales=None):
    """Return the within-client mediation alliance -> effort after the session -> symptoms at the next session."""
    columns = ("wai_client", "effort_client", primary(scales))
    scores = session_scores(tables["appointments"], columns, sessions=LAG_SESSIONS)
    return _without_caveat(explained(within_mediation(scores, names=("alliance", "effort", "symptoms")), scores))


def _without_caveat(fit):
    """Return the fit without the notes that only repeat the caveat of the entry."""
    parts = {name: replace(value, note=value.note.replace(CAVEAT, "")) for name, value in fit.parts.items()}
    return replace(fit, parts=parts, note=fit.note.replace(CAVEAT, "").strip())


def alliance_effort_r(tables, scales=None):
    """Return Pearson's r between alliance at session 3 and mean effort of all later sessions."""
    clients = tables["clients"]
    effort = by_session(tables["appointments"], "effort_client", clients=clients["client_id"])
    later = mean_of_sessions(effort, first=ALLIANCE_SESSION + 1, last=effort.shape[1])
    x, y = both(numbers(clients, "wai_client_s3"), later)
    return pearson(x, y, what="a rating of session 3 and later effort")


def alliance_attendance_r(tables, scales=None):
    """Return Pearson's r between alliance at session 3 and the share held of the appointments booked after it."""
    clients, appointments = tables["clients"], tables["appointments"]
    third = appointments[numbers(appointments, "session") == ALLIANCE_SESSION]
    after = third.set_index("client_id")["appointment"].reindex(appointments["client_id"]).to_numpy(dtype=float)
    later = appointments[numbers(appointments, "appointment") > after]
    held = later.assign(_held=numbers(later, "held")).groupby("client_id")["_held"].mean()
    share = held.reindex(clients["client_id"]).to_numpy(dtype=float)
    x, y = both(numbers(clients, "wai_client_s3"), share)
    return pearson(x, y, what="a rating of session 3 and later appointments")


OUTCOME = ("sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")
EFFORT = ("appointments.client_id", "appointments.session", "appointments.effort_client")
HELD = tuple(f"appointments.{column}" for column in ("client_id", "session", "appointment", "held"))
_OUTCOME_PATHS = {
    "a": ("effort points per alliance point", "later effort on alliance, given the intake score"),
    "b": (
        "scale points per effort point",
        "outcome on later effort, given alliance and intake score; positive = better",
    ),
    "direct": ("scale points per alliance point", "outcome on alliance, given later effort and the intake score"),
    "total": ("scale points per alliance point", "direct and by way of effort together"),
    "indirect_monte_carlo": ("scale points per alliance point", "a b again, its interval by draws of a and b"),
}
_SYMPTOM_PATHS = {
    "a": ("effort points per alliance point", "effort after the session on its alliance, within clients"),
    "b": ("scale points per effort point", "next symptoms on effort, within clients; negative = fewer symptoms"),
    "direct": ("scale points per alliance point", "next symptoms on alliance, given effort; negative = fewer symptoms"),
    "total": ("scale points per alliance point", "direct and by way of effort together"),
    "indirect_monte_carlo": ("scale points per alliance point", "a b again, its interval by draws of a and b"),
}

ENTRIES = (
    Estimator(
        alliance_effort_outcome,
        "Alliance to outcome by way of effort",
        "The part of the association of alliance at session 3 with outcome (given the intake score) that runs through "
        "the client's mean effort from session 4 on; positive = better.",
        unit="scale points per alliance point",
        formula="a b: effort = a alliance + intake; better = b effort + c alliance + intake; bootstrap of clients",
        source="zhang2009 preacher2012",
        columns=("client_id", "wai_client_s3", *OUTCOME, *EFFORT),
        keep="sessions",
        headline="indirect",
        parts=_OUTCOME_PATHS,
        caveat=CAVEAT,
    ),
    Estimator(
        alliance_effort_symptoms,
        "Alliance to next symptoms by way of effort, within clients",
        "The part of the lagged association of alliance with next-session symptoms that runs through the effort made "
        "in between, within the same client.",
        unit="scale points per alliance point",
        formula="a b: a from what is new in effort(t) and alliance(t), b from the lagged paths; bootstrap of clients",
        source="bun2005 juodis2013 preacher2012",
        columns=("client_id", "session", "wai_client", "effort_client", "{primary}"),
        table="appointments",
        keep="sessions",
        headline="indirect",
        parts=_SYMPTOM_PATHS,
        caveat=CAVEAT,
    ),
    Estimator(
        alliance_effort_r,
        "Alliance and later effort",
        "Pearson's r between the client's alliance rating of session 3 and mean effort in later sessions.",
        unit="Pearson's r",
        formula="r(wai_client_s3, mean effort_client of sessions 4 on)",
        source="holdsworth2014",
        columns=("client_id", "wai_client_s3", *EFFORT),
        keep="sessions",
    ),
    Estimator(
        alliance_attendance_r,
        "Alliance and later attendance",
        "Pearson's r between the client's alliance rating of session 3 and the share held of the appointments booked "
        "after that session.",
        unit="Pearson's r",
        formula="r(wai_client_s3, mean held of later appointments)",
        source="holdsworth2014",
        columns=("client_id", "wai_client_s3", *HELD),
        keep="sessions",
    ),
)
"""In the order in which they are shown."""
