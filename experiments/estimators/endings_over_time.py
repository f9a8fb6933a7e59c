"""When therapies end and when change comes: the hazard of dropping out, dropout by session, sessions to change.

All of it is about time, so who has not ended yet is counted as known to have stayed so long, never as having stayed for
good; and shares of competing endings are cumulative incidences, never one minus Kaplan-Meier.
"""

import math

import numpy as np
import pandas as pd

from experiments.estimators.columns import ended, higher_is_worse, numbers, primary, scale_number, started
from experiments.estimators.estimator import PRIMARY, Estimator
from experiments.estimators.methods.survival.cumulative_incidence import cumulative_incidence
from experiments.estimators.methods.survival.hazards import hazards
from experiments.estimators.methods.survival.kaplan_meier import kaplan_meier, median
from experiments.estimators.summary import reaches
from experiments.estimators.value import MISSING, OK, Fit, absent, no_fit

FIRST_SESSIONS = (1, 2, 3, 4, 5)
LANDMARKS = (1, 2, 4, 8, 12, 20)
"""Sessions after which the share that has dropped out is given."""


def dropout_hazards(tables, scales=None):
    """Return, for sessions 1 to 5, the share of those who came to it that dropped out after it: h1 to h5."""
    return hazards(*_held_and_ending(tables), of=("dropout",), at=FIRST_SESSIONS)


def dropout_by_session(tables, scales=None):
    """Return the cumulative incidence of dropout after 1, 2, 4, 8, 12 and 20 sessions: by_1 to by_20.

    Other endings compete; who is still in therapy is censored at the sessions held so far.
    """
    held, kinds = _held_and_ending(tables)
    curve = cumulative_incidence(held, kinds, of=("dropout", "other"))
    if curve.status != OK:
        return no_fit(curve.status, n=curve.n, note=curve.note)
    parts = {f"by_{session}": curve.value("dropout", session) for session in LANDMARKS}
    return Fit(parts, curve.n, facts={"dropouts": int(np.sum(kinds == "dropout"))})


def _held_and_ending(tables):
    """Return sessions held and "dropout", "other" or "in_therapy", of clients with a session."""
    clients = tables["clients"][started(tables["clients"])]
    left = numbers(clients, "dropout_unilateral") == 1
    kinds = np.where(~ended(clients), "in_therapy", np.where(left, "dropout", "other")).astype(object)
    return numbers(clients, "sessions_held"), kinds


def sessions_to_change(tables, scales=None):
    """Return the Kaplan-Meier median session before which the primary scale is first better by the reliable change."""
    name = primary(scales)
    least = scale_number(scales, name, "reliable_change")
    if math.isnan(least):
        return _not_given(name, "reliable change")
    rows, gain = _scores(tables, name, worse_is_up=higher_is_worse(scales, name))
    return median(kaplan_meier(*_first(rows, reaches(gain, least))))


def sessions_to_recovery(tables, scales=None):
    """Return the median session before which the scale is first reliably better and past the cut-off as well.

    Of clients who began at or beyond the cut-off.
    """
    name = primary(scales)
    least, cutoff = (scale_number(scales, name, each) for each in ("reliable_change", "cutoff"))
    if math.isnan(least) or math.isnan(cutoff):
        return _not_given(name, "reliable change or cut-off")
    worse = 1.0 if higher_is_worse(scales, name) else -1.0
    rows, gain = _scores(tables, name, worse_is_up=worse > 0)
    unwell = worse * (rows["before"] - cutoff) >= 0
    well = reaches(gain, least) & (worse * (rows["now"] - cutoff) < 0)
    return median(kaplan_meier(*_first(rows[unwell], well[unwell])))


def _not_given(name, what):
    return absent(MISSING, n=0, note=f"The {what} of {name} was not given; the manifest has it under scales.")


def _scores(tables, name, *, worse_is_up):
    """Return client, session, intake score (before) and score (now) of sessions with a score, and the gain so far.

    A score before session 1 was taken before therapy began: the client was seen at session 1, and no more.
    """
    sessions = tables["appointments"][["client_id", "session", name]].dropna()
    intake = pd.Series(numbers(tables["clients"], f"{name}_intake"), index=tables["clients"]["client_id"])
    rows = pd.DataFrame({"client_id": sessions["client_id"].to_numpy(), "session": numbers(sessions, "session")})
    rows["before"], rows["now"] = intake.reindex(rows["client_id"]).to_numpy(), numbers(sessions, name)
    rows = rows.dropna()
    return rows, (1.0 if worse_is_up else -1.0) * (rows["before"] - rows["now"])


def _first(rows, better):
    """Return each client's first session with the change (from session 2 on) or last score without it, and which."""
    had = better & (rows["session"] >= 2)
    first = rows[had].groupby("client_id")["session"].min()
    last = rows.groupby("client_id")["session"].max()
    times = first.reindex(last.index)
    return times.fillna(last).to_numpy(), times.notna().to_numpy(dtype=float)


_SCORES = (
    "client_id",
    f"{PRIMARY}_intake",
    "appointments.client_id",
    "appointments.session",
    f"appointments.{PRIMARY}",
)

ENTRIES = (
    Estimator(
        dropout_hazards,
        "Hazard of dropping out",
        "Of clients who came to a session, the share that dropped out after it; the first five sessions, the number"
        " that stands for all being that after session 1.",
        unit="share of those at risk",
        formula="h(t) = dropouts with t sessions held / clients with at least t sessions held",
        source="",
        columns=("sessions_held", "ending", "dropout_unilateral"),
        headline="h1",
        parts={"h*": ("share of those at risk", "dropped out after this session, of those who came to it")},
        caveat="A falling hazard need not mean that leaving grows less likely: those easily lost go first. A client"
        " still in therapy counts at every session so far, as one who did not leave after it.",
    ),
    Estimator(
        dropout_by_session,
        "Dropout by session",
        "Share of clients with a session who have dropped out after 1, 2, 4, 8, 12 and 20 sessions, other endings"
        " competing.",
        unit="share of clients",
        formula="Aalen-Johansen cumulative incidence of dropout_unilateral by sessions_held",
        source="swift2012",
        columns=("sessions_held", "ending", "dropout_unilateral"),
        headline="by_12",
        parts={"by_*": ("share of clients", "dropped out by so many sessions")},
        caveat="The other endings are kept as competing causes: one minus Kaplan-Meier would be larger, and no share"
        " of anybody.",
    ),
    Estimator(
        sessions_to_change,
        "Sessions to reliable change",
        "Median session before which the primary scale is first better than at intake by at least the reliable"
        " change, by Kaplan-Meier.",
        unit="sessions",
        formula="first session t >= 2 with intake - score(t) >= reliable change; censored at the last score",
        source="hansen2002",
        columns=_SCORES,
        keep="sessions",
        digits=1,
        caveat="Treats those who ended as if they would have gone on like those who stayed. A single score decides, so"
        " error of measurement makes change come early, and it need not last.",
    ),
    Estimator(
        sessions_to_recovery,
        "Sessions to reliable and clinically significant change",
        "Median session before which the primary scale is first both reliably better than at intake and past the"
        " cut-off, of clients who began at or beyond it, by Kaplan-Meier.",
        unit="sessions",
        formula="first session t >= 2 with intake - score(t) >= reliable change and score(t) < cut-off",
        source="hansen2002",
        columns=_SCORES,
        keep="sessions",
        digits=1,
        caveat="Treats those who ended as if they would have gone on like those who stayed. A single score decides, so"
        " error of measurement makes change come early, and it need not last.",
    ),
)
"""The estimates of this module, in words."""
