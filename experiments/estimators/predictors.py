"""What foretells outcome: the alliance by rater, by part, by reading, and adjusted for what else was measured.

Each is a correlation, over the clients of one clinic, with residualised change on the primary scale (better than the
intake score foretold = positive), as the meta-analyses pool it. It says what goes together, not what would happen if
it were changed.
"""

import numpy as np

from experiments.estimators.alliance import alliance_outcome_r, nothing_to_compare
from experiments.estimators.columns import (
    ENOUGH_SESSIONS,
    before_and_after,
    by_session,
    higher_is_worse,
    mean_of_sessions,
    numbers,
    primary,
)
from experiments.estimators.correlation import pearson, residual_change
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.basics.correlations import partial_correlation
from experiments.estimators.value import OK, Fit, found

RATED = "a rating of session 3 and an outcome"
TRAITS = ("readiness_intake", "expectation_intake", "attachment_avoidance_intake", "attachment_anxiety_intake")
ACTS = ("supportive_observer", "exploratory_observer")
PARTS = ("goal", "task", "bond")


def correlate_with_change(predictor, tables, scales, *, what):
    """Return Pearson's r of `predictor` (an array, one per client) with residualised change on the primary scale.

    Clients with a predictor, an intake score, and an end form or at least four sessions; the line is fitted to them.
    """
    predictor, change, status = with_change(predictor, tables, scales)
    if status != OK and predictor.size >= 3:
        return nothing_to_compare(predictor.size)
    return pearson(predictor, np.nan_to_num(change), what=what)


def with_change(predictor, tables, scales):
    """Return predictor and residualised change of the clients who have both, and a status."""
    scale, clients = primary(scales), tables["clients"]
    before, after = before_and_after(clients, scale=scale, fewest_sessions=ENOUGH_SESSIONS)
    here = ~(np.isnan(predictor) | np.isnan(before))
    change, status = residual_change(before[here], after[here], higher_is_worse=higher_is_worse(scales, scale))
    return predictor[here], change, status


def at_session(tables, name, session=3):
    """Return a column of the appointments at one session, one number per client of the clients table."""
    clients = tables["clients"]["client_id"]
    return by_session(tables["appointments"], name, clients=clients, sessions=session)[:, session - 1]


def therapist_rating_r(tables, scales=None):
    """Return r of the therapist's alliance rating of session 3 with residualised change (end form, else last "
    "score, given the intake score)."""
    return correlate_with_change(at_session(tables, "wai_therapist"), tables, scales, what=RATED)


def alliance_parts_outcome_r(tables, scales=None):
    """Return r of the `goal`, `task` and `bond` subscales of session 3 with residualised change.

    `task_minus_bond` comes without a standard error: the two share their clients.
    """
    names = {part: f"wai_client_{part}" for part in PARTS}
    parts = {
        part: correlate_with_change(at_session(tables, name), tables, scales, what=RATED)
        for part, name in names.items()
    }
    task, bond = parts["task"], parts["bond"]
    parts["task_minus_bond"] = found(task.estimate - bond.estimate, n=task.n) if task.ok and bond.ok else task
    return Fit(parts, task.n)


def alliance_outcome_readings(tables, scales=None):
    """Return the correlation of alliance at session 3 and outcome by three readings that studies use.

    `residualised`: with residualised change (as `alliance_outcome_r`); `partial`: with the later score, intake taken
    out of both; `raw`: with the later score alone. All signed so that positive = better.
    """
    before, after, alliance = _scores_and_alliance(tables, scales)
    parts = {
        "residualised": alliance_outcome_r(tables, scales),
        "partial": partial_correlation(alliance, after, {"before": before}, what=f"clients with {RATED}"),
        "raw": partial_correlation(alliance, after, {}, what=f"clients with {RATED}"),
    }
    return Fit(parts, parts["residualised"].n)


def alliance_outcome_partial(tables, scales=None):
    """Return the `partial` r of alliance at session 3 and later score, given intake, traits and acts in sessions 1-3.

    Traits: readiness, expectation, attachment avoidance and anxiety at intake. Acts: mean shares of supportive and
    exploratory acts as coded (the three shares sum to 1, so two enter). `ratio`: partial / unadjusted r.
    """
    before, after, alliance = _scores_and_alliance(tables, scales)
    clients = tables["clients"]
    others = {"before": before} | {name: numbers(clients, name) for name in TRAITS}
    for name in ACTS:
        table = by_session(tables["appointments"], name, clients=clients["client_id"], sessions=3)
        others[name] = mean_of_sessions(table, last=3)
    partial = partial_correlation(alliance, after, others, what="clients with all columns")
    plain = alliance_outcome_r(tables, scales)
    ok = partial.ok and plain.ok and plain.estimate != 0
    ratio = found(partial.estimate / plain.estimate, n=partial.n) if ok else (plain if partial.ok else partial)
    return Fit({"partial": partial, "ratio": ratio}, partial.n)


def _scores_and_alliance(tables, scales):
    """Return intake, later score (turned so that higher = better) and alliance of session 3 of every client."""
    scale, clients = primary(scales), tables["clients"]
    before, after = before_and_after(clients, scale=scale, fewest_sessions=ENOUGH_SESSIONS)
    return before, after * (-1.0 if higher_is_worse(scales, scale) else 1.0), numbers(clients, "wai_client_s3")


_SCORES = ("sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")


def _with(*names):
    return (
        "client_id",
        *_SCORES,
        "appointments.client_id",
        "appointments.session",
        *(f"appointments.{n}" for n in names),
    )


_R = "r(predictor, -(after - OLS(after ~ before))); before = intake, after = end form, else last score"

ENTRIES = (
    Estimator(
        therapist_rating_r,
        "Alliance–outcome correlation, therapist's form",
        "Pearson's r between the therapist's alliance rating of session 3 and residualised change (end form, else last "
        "score, given the intake score).",
        unit="Pearson's r",
        formula=_R,
        source="horvath2011",
        columns=_with("wai_therapist"),
        keep="sessions",
    ),
    Estimator(
        alliance_parts_outcome_r,
        "Alliance–outcome correlation by part",
        "Pearson's r of the task, goal and bond subscales of session 3 with residualised change (end form, else last "
        "score, given the intake score).",
        unit="Pearson's r",
        formula=_R,
        source="flueckiger2018",
        columns=_with(*(f"wai_client_{part}" for part in PARTS)),
        keep="sessions",
        headline="task",
        parts={
            "goal": ("Pearson's r", "agreement on goals with residualised change"),
            "task": ("Pearson's r", "agreement on tasks with residualised change"),
            "bond": ("Pearson's r", "bond with residualised change"),
            "task_minus_bond": ("difference of r", "r of task minus r of bond"),
        },
    ),
    Estimator(
        alliance_outcome_readings,
        "Alliance–outcome correlation, three readings",
        "Alliance at session 3 with residualised change, with the later score (end form, else last) given the intake "
        "score, and with the later score alone; positive = better.",
        unit="correlation",
        formula="r(alliance, -(after - OLS(after ~ before))); r(alliance, after | before); r(alliance, after)",
        source="flueckiger2018",
        columns=(*_SCORES, "wai_client_s3"),
        headline="partial",
        parts={
            "residualised": ("Pearson's r", "with residualised change"),
            "partial": ("partial r", "with the later score, intake score taken out of both"),
            "raw": ("Pearson's r", "with the later score alone"),
        },
    ),
    Estimator(
        alliance_outcome_partial,
        "Alliance–outcome correlation, adjusted",
        "Partial correlation of alliance at session 3 and the later score, given intake score, readiness, expectation, "
        "attachment and the acts of sessions 1-3.",
        unit="partial r",
        formula="r(alliance, after | before, traits, acts); before = intake, after = end form, else last score",
        source="flueckiger2020adjusted",
        columns=(*_with(*ACTS), "wai_client_s3", *TRAITS),
        keep="sessions",
        headline="partial",
        parts={
            "ratio": ("quotient of correlations", "partial r / r with residualised change, nothing else held constant")
        },
        caveat="It takes out what was measured, as well as it was measured.",
    ),
)
"""In the order in which they are shown."""
