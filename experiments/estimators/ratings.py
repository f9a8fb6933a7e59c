"""Ratings as ratings: client against therapist, the course of the alliance, and satisfaction at the end.

Client and therapist see one relationship with four eyes: they correlate by about a third, and clients rate higher.
Ratings start high, lean to the top of the form, and rise little.
"""

import numpy as np

from experiments.estimators.columns import both, by_session, numbers, primary
from experiments.estimators.correlation import pearson
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.basics.correlations import spearman
from experiments.estimators.methods.basics.effect_sizes import d_of_pairs
from experiments.estimators.methods.basics.shape import ceiling_share, skew
from experiments.estimators.predictors import at_session, correlate_with_change
from experiments.estimators.summary import mean, spread
from experiments.estimators.value import Fit

TOP, TOP_CSQ = 5.0, 32.0
SESSIONS = (1, 3, 5, 10)
DYADS = "dyads in which both rated session 3"
FORM = "clients who returned the satisfaction form"
FOUR_WEEKS = 4


def rater_agreement_r(tables, scales=None):
    """Return r between the client's and the therapist's alliance rating of session 3, over dyads."""
    return pearson(*both(*_raters(tables)), what="both ratings of session 3")


def rater_difference_d(tables, scales=None):
    """Return d = (mean client - mean therapist) / SD of the two ratings of session 3, both as item means; dyads."""
    return d_of_pairs(*_raters(tables), what=DYADS)


def _raters(tables):
    return at_session(tables, "wai_client"), at_session(tables, "wai_therapist")


def alliance_course(tables, scales=None):
    """Return how clients' alliance ratings lie and go: means and SDs at sessions 1, 3, 5 and 10, skew and ceiling.

    `mean_1` … `sd_10`: of all who rated that session. `skew_3`; `ceiling_1`, `ceiling_3` (share at 5). `gain`: mean
    rise from session 1 to 10 of those who rated both.
    """
    clients = tables["clients"]["client_id"]
    table = by_session(tables["appointments"], "wai_client", clients=clients, sessions=max(SESSIONS))
    what, parts = "clients with an alliance rating", {}
    for t in SESSIONS:
        parts[f"mean_{t}"], parts[f"sd_{t}"] = mean(table[:, t - 1], what=what), spread(table[:, t - 1], what=what)
    parts["skew_3"] = skew(table[:, 2], what=what)
    parts["ceiling_1"], parts["ceiling_3"] = (ceiling_share(table[:, t], top=TOP, what=what) for t in (0, 2))
    parts["gain"] = mean(table[:, 9] - table[:, 0], what="clients who rated sessions 1 and 10")
    return Fit(parts, parts["mean_3"].n)


def satisfaction_change_r(tables, scales=None):
    """Return r of satisfaction at the end with `gain` (intake minus end form), and with `residualised` change.

    Also `skew` and `ceiling` (share at the top) of the form itself. Only clients with an end form for the gain.
    """
    clients, scale = tables["clients"], primary(scales)
    form = numbers(clients, "csq8_end")
    gain = numbers(clients, f"{scale}_intake") - numbers(clients, f"{scale}_end")
    parts = {
        "gain": pearson(*both(form, gain), what="a satisfaction form and an end form"),
        "residualised": correlate_with_change(form, tables, scales, what="a satisfaction form and an outcome"),
        "skew": skew(form, what=FORM),
        "ceiling": ceiling_share(form, top=TOP_CSQ, what=FORM),
    }
    return Fit(parts, int((~np.isnan(form)).sum()))


def satisfaction_staying_r(tables, scales=None):
    """Return Spearman's r of satisfaction with staying (not dropping out), clients who returned the form."""
    clients = tables["clients"]
    return spearman(numbers(clients, "csq8_end"), 1 - numbers(clients, "dropout_unilateral"), what=FORM)


def satisfaction_alliance_r(tables, scales=None):
    """Return r of satisfaction at the end with the last alliance rating, clients who returned the form."""
    clients = tables["clients"]
    columns = both(numbers(clients, "csq8_end"), numbers(clients, "wai_client_last"))
    return pearson(*columns, what="a satisfaction form and an alliance rating")


_SCORES = ("sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")
_JOIN = ("client_id", "appointments.client_id", "appointments.session")
_BOTH = (*_JOIN, "appointments.wai_client", "appointments.wai_therapist")

ENTRIES = (
    Estimator(
        rater_agreement_r,
        "Client and therapist agree",
        "Pearson's r between the client's and the therapist's alliance rating of session 3.",
        unit="Pearson's r",
        formula="r(wai_client, wai_therapist)",
        source="tryon2007",
        columns=_BOTH,
        keep="sessions",
    ),
    Estimator(
        rater_difference_d,
        "Clients rate higher than therapists",
        "Client's minus therapist's alliance rating of session 3, both as item means, in SDs of the ratings.",
        unit="d",
        formula="(mean client - mean therapist) / sqrt((var client + var therapist) / 2)",
        source="tryon2007",
        columns=_BOTH,
        keep="sessions",
    ),
    Estimator(
        alliance_course,
        "Course of the alliance",
        "Mean alliance rating of session 3, with its course, spread, skew and ceiling.",
        unit="item mean, 1–5",
        formula="mean(wai_client) by session",
        source="hatcher2006 munder2010",
        columns=(*_JOIN, "appointments.wai_client"),
        keep="sessions",
        headline="mean_3",
        parts={
            "mean_*": ("item mean, 1–5", "mean of all who rated this session"),
            "sd_*": ("points", "standard deviation of all who rated this session"),
            "skew_3": ("skewness", "of the ratings of session 3; below 0 = a tail towards low ratings"),
            "ceiling_*": ("share of clients", "whose rating of this session is 5, the highest"),
            "gain": ("points", "mean rise from session 1 to 10 of those who rated both"),
        },
    ),
    Estimator(
        satisfaction_change_r,
        "Satisfaction and change",
        "Pearson's r between satisfaction at the end and the gain from intake to end form.",
        unit="Pearson's r",
        formula="r(csq8_end, intake score - end form)",
        source="attkisson1982",
        columns=(*_SCORES, "csq8_end"),
        headline="gain",
        parts={
            "residualised": ("Pearson's r", "satisfaction with residualised change"),
            "skew": ("skewness", "of the satisfaction form; below 0 = a tail towards low satisfaction"),
            "ceiling": ("share of clients", "whose satisfaction is 32, the highest"),
        },
    ),
    Estimator(
        satisfaction_staying_r,
        "Satisfaction and staying",
        "Spearman's r between satisfaction at the end and not having dropped out.",
        unit="Spearman's r",
        formula="r(rank csq8_end, rank stayed)",
        source="attkisson1982",
        columns=("csq8_end", "dropout_unilateral"),
        caveat="Of those who returned the form; most dropouts do not.",
    ),
    Estimator(
        satisfaction_alliance_r,
        "Satisfaction and alliance",
        "Pearson's r between satisfaction at the end and the last alliance rating.",
        unit="Pearson's r",
        formula="r(csq8_end, wai_client_last)",
        source="buffini2021",
        columns=("csq8_end", "wai_client_last"),
    ),
)
"""In the order in which they are shown."""
