"""Therapist effects: how much it matters who the therapist is, for outcome and for the alliance.

If therapists hold 5 % of the outcome's variance, two clients of one therapist are a little more alike than two clients
of different ones, and a client of a good therapist (one SD above the mean) ends about a quarter of an SD better off.
"""

import numpy as np
import pandas as pd

from experiments.estimators.columns import higher_is_worse, later_score, numbers, primary
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.mixed.linear_mixed_data import complete_rows
from experiments.estimators.methods.mixed.variance_components import variance_components
from experiments.estimators.value import Fit

FEWEST_CLIENTS = 5
"""A therapist with fewer clients is left out of therapist effects on outcome."""
SEVERITY = ("interpersonal_problems", "wsas_intake")
"""What besides the intake score says how hard a case is; those of them that a run has are used."""
WEEKS = 52.0
ICC_NAMES = {
    "icc": "share_therapist_id",
    "variance_between": "variance_therapist_id",
    "variance_within": "variance_residual",
}
SHARE_NAMES = {
    "therapist_share": "share_therapist_id",
    "client_share": "share_client_id",
    "session_share": "share_residual",
    "mean": "intercept",
}


def therapist_effect_icc(tables, scales=None):
    """Return the ICC of outcome by therapist, given the intake score and how hard the case is (REML).

    after = b0 + b1 before + severity + therapist + client;  ICC = s2_therapist / (s2_therapist + s2_client).
    Therapists with at least five clients who have all scores. The outcome is the end form if it came back, else the
    last score of clients with two sessions or more.
    """
    rows = outcomes(tables["clients"], scales)
    extra = [name for name in SEVERITY if name in rows and np.unique(rows[name].dropna()).size > 1]
    return _icc(rows, fixed=("before", *extra))


def therapist_icc_unadjusted(tables, scales=None):
    """Return the ICC of the later score by therapist, with nothing taken into account; the same clients otherwise."""
    rows = outcomes(tables["clients"], scales)
    return _icc(rows[rows["before"].notna()], fixed=())


def outcomes(clients, scales=None, *, fewest_sessions=2):
    """Return a frame of clients: therapist, score `before` and `after`, and what of `SEVERITY` there is."""
    scale = primary(scales)
    return pd.DataFrame(
        {
            "therapist_id": clients["therapist_id"],
            "before": numbers(clients, f"{scale}_intake"),
            "after": later_score(clients, fewest_sessions=fewest_sessions, scale=scale),
            **{name: numbers(clients, name) for name in SEVERITY if name in clients},
        }
    )


def _icc(rows, *, fixed):
    rows = complete_rows(rows, outcome="after", fixed=fixed, groups={"therapist_id": ()})
    caseload = rows.groupby("therapist_id")["therapist_id"].transform("size")
    rows = rows[(caseload >= FEWEST_CLIENTS).to_numpy(dtype=bool)]
    fit = variance_components(rows, outcome="after", groups=("therapist_id",), fixed=fixed)
    return renamed(fit, ICC_NAMES | {name: name for name in fixed})


def renamed(fit, names):
    """Return a `Fit` with only the estimates in `names` (new name to old), and all its facts."""
    return Fit({new: fit[old] for new, old in names.items()} if fit.ok else {}, fit.n, fit.status, fit.note, fit.facts)


def alliance_components(tables, scales=None):
    """Return the shares of the client-rated alliance's variance between therapists, clients and sessions (REML).

    Every rating of every session held: rating = mean + therapist + client + session.
    """
    fit = variance_components(tables["appointments"], outcome="wai_client", groups=("client_id", "therapist_id"))
    return renamed(fit, SHARE_NAMES)


def outcome_by_experience(tables, scales=None):
    """Return how much the clients' change, in SDs at intake, differs per year of their therapist in practice.

    d_i = (before - after) / SD before = b0 + b1 years + therapist + client (REML), years at the client's first session.
    """
    clients, scale = tables["clients"], primary(scales)
    rows = outcomes(clients, scales)
    at_start = tables["therapists"].set_index("therapist_id")["years"]
    rows["years"] = numbers(pd.DataFrame({"years": clients["therapist_id"].map(at_start)}), "years")
    rows["years"] += numbers(clients, "start_week") / WEEKS
    rows = complete_rows(rows, outcome="after", fixed=("before", "years"), groups={"therapist_id": ()})
    sd = rows["before"].std()
    if not sd > 0:
        return linear_mixed(rows, outcome="before", groups={"therapist_id": ()})
    sign = 1.0 if higher_is_worse(scales, scale) else -1.0
    rows = rows.assign(d=sign * (rows["before"] - rows["after"]) / sd)
    fit = linear_mixed(rows, outcome="d", fixed=("years",), groups={"therapist_id": ()})
    return renamed(fit, {"per_year": "years", "at_start": "intercept", "variance_between": "variance_therapist_id"})


OUTCOME = ("therapist_id", "sessions_held", "{primary}_intake", "{primary}_end", "{primary}_last")
_VARIANCES = {
    "variance_between": ("points squared", "variance between therapists"),
    "variance_within": ("points squared", "variance between clients of one therapist"),
}

ENTRIES = (
    Estimator(
        therapist_effect_icc,
        "Therapist effect on outcome",
        "Share of the variance of the later score that lies between therapists with at least five clients, given the"
        " intake score and, where a run has them, interpersonal_problems and wsas_intake.",
        unit="share of variance (ICC)",
        formula="s2_therapist / (s2_therapist + s2_client), REML of after ~ before + severity; severity ="
        " interpersonal_problems and wsas_intake, as far as a run has them and they vary",
        source="johns2019",
        columns=OUTCOME,
        headline="icc",
        parts={
            **_VARIANCES,
            "before": ("points per point", "later score per point of the intake score"),
            "interpersonal_problems": ("points", "later score with interpersonal problems minus without"),
            "wsas_intake": ("points per point", "later score per point of the WSAS at intake"),
        },
        caveat="One clinic says little: at 80 therapists with 30 clients each the estimate has an SD of about .013.",
    ),
    Estimator(
        therapist_icc_unadjusted,
        "Therapist effect, unadjusted",
        "Share of the variance of the later score (end form, else last score) that lies between therapists with at"
        " least five clients, whatever cases they were given.",
        unit="share of variance (ICC)",
        formula="s2_therapist / (s2_therapist + s2_client), REML of after ~ 1",
        source="johns2019",
        columns=OUTCOME,
        headline="icc",
        parts=_VARIANCES,
        caveat="Therapists who are given harder cases look worse here.",
    ),
    Estimator(
        alliance_components,
        "Therapists' share of the alliance",
        "Share of the variance of all clients' alliance ratings that lies between therapists; the rest lies between"
        " clients and between sessions.",
        unit="share of variance",
        formula="s2_therapist / (s2_therapist + s2_client + s2_session), REML",
        source="",
        columns=("client_id", "therapist_id", "wai_client"),
        table="appointments",
        keep="sessions",
        headline="therapist_share",
        parts={
            "client_share": ("share of variance", "between clients of one therapist"),
            "session_share": ("share of variance", "between sessions of one client, error of rating with it"),
            "mean": ("item mean, 1–5", "mean of all ratings, therapists and clients weighed by the model"),
        },
        caveat="Clients who stay longer give more ratings.",
    ),
    Estimator(
        outcome_by_experience,
        "Outcome per year of experience",
        "How much more clients change, in SDs at intake, per year that their therapist had been in practice.",
        unit="d per year",
        formula="b1 in (before - after) / SD before = b0 + b1 years + therapist + client, REML;"
        " after = end form, else last score",
        source="goldberg2016",
        columns=(*OUTCOME, "start_week", "therapists.therapist_id", "therapists.years"),
        headline="per_year",
        parts={
            "at_start": ("d", "change of clients whose therapist had no years of practice yet"),
            "variance_between": ("d squared", "variance between therapists"),
        },
        digits=4,
        caveat="Compares therapists as well as the years of one therapist; those who stay are not all who began.",
    ),
)
