"""What clients bring: expectation, readiness and attachment at intake, with outcome and with the alliance.

Each is a correlation over the clients of one clinic; residualised change as in `predictors.py`.
"""

from experiments.estimators.columns import both, by_session, mean_of_sessions, numbers
from experiments.estimators.correlation import pearson
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.basics.conversions import correlation_as_d
from experiments.estimators.predictors import correlate_with_change
from experiments.estimators.value import Fit


def expectation_outcome_r(tables, scales=None):
    """Return r of outcome expectation at intake with residualised change."""
    return _trait_r("expectation_intake", tables, scales)


def readiness_outcome_d(tables, scales=None):
    """Return d = 2 r / sqrt(1 - r r) of readiness at intake and residualised change."""
    return correlation_as_d(_trait_r("readiness_intake", tables, scales))


def security_outcome_r(tables, scales=None):
    """Return r of attachment security, minus the mean of avoidance and anxiety, with residualised change."""
    clients = tables["clients"]
    avoidance, anxiety = (numbers(clients, f"attachment_{kind}_intake") for kind in ("avoidance", "anxiety"))
    return correlate_with_change(-(avoidance + anxiety) / 2, tables, scales, what="attachment and an outcome")


def attachment_alliance_r(tables, scales=None):
    """Return r of attachment `avoidance` and `anxiety` at intake with the mean alliance of sessions 1-5."""
    clients = tables["clients"]
    table = by_session(tables["appointments"], "wai_client", clients=clients["client_id"], sessions=5)
    alliance, what = mean_of_sessions(table, last=5), "attachment and an alliance rating"
    parts = {
        kind: pearson(*both(numbers(clients, f"attachment_{kind}_intake"), alliance), what=what)
        for kind in ("avoidance", "anxiety")
    }
    return Fit(parts, parts["avoidance"].n)


def _trait_r(name, tables, scales):
    return correlate_with_change(numbers(tables["clients"], name), tables, scales, what="an intake form and an outcome")


_SCORES = ("sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")
_ATTACHMENT = ("attachment_avoidance_intake", "attachment_anxiety_intake")
_R = "r(predictor, -(after - OLS(after ~ before))); before = intake, after = end form, else last score"

ENTRIES = (
    Estimator(
        expectation_outcome_r,
        "Expectation–outcome correlation",
        "Pearson's r between outcome expectation at intake and residualised change.",
        unit="Pearson's r",
        formula=_R,
        source="constantino2018expectation",
        columns=(*_SCORES, "expectation_intake"),
    ),
    Estimator(
        readiness_outcome_d,
        "Readiness and outcome",
        "Readiness to change at intake and residualised change, as d.",
        unit="d",
        formula="2 r / sqrt(1 - r r), r with -(after - OLS(after ~ before)); after = end form, else last score",
        source="krebs2018",
        columns=(*_SCORES, "readiness_intake"),
    ),
    Estimator(
        security_outcome_r,
        "Attachment security and outcome",
        "Pearson's r between attachment security at intake and residualised change.",
        unit="Pearson's r",
        formula="r(-(avoidance + anxiety) / 2, -(after - OLS(after ~ before))); after = end form, else last score",
        source="levy2018",
        columns=(*_SCORES, *_ATTACHMENT),
    ),
    Estimator(
        attachment_alliance_r,
        "Attachment and alliance",
        "Pearson's r between attachment avoidance (or anxiety) at intake and the mean alliance of sessions 1-5.",
        unit="Pearson's r",
        formula="r(avoidance, mean wai_client of sessions 1-5)",
        source="bernecker2014",
        columns=("client_id", *_ATTACHMENT, *(f"appointments.{n}" for n in ("client_id", "session", "wai_client"))),
        keep="sessions",
        headline="avoidance",
        parts={"anxiety": ("Pearson's r", "attachment anxiety with the mean alliance of sessions 1-5")},
    ),
)
"""In the order in which they are shown."""
