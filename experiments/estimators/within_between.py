"""The alliance between and within: do therapists with better alliances do better, or clients within a caseload?

A therapist whose clients rate the alliance .5 higher than a colleague's, and a client who rates it .5 higher than the
other clients of the same therapist, are two different comparisons; one number for both mixes them. The same split,
inside one client, asks whether a better session than usual is followed by fewer symptoms, and whether clients differ
in that.
"""

from dataclasses import replace

import pandas as pd

from experiments.estimators.columns import ENOUGH_SESSIONS, held_sessions, numbers, primary
from experiments.estimators.estimator import Estimator
from experiments.estimators.methods.mixed.boundary_test import compared
from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.mixed.linear_mixed_data import complete_rows
from experiments.estimators.methods.mixed.variance_components import variance_components
from experiments.estimators.therapist_effects import outcomes
from experiments.estimators.value import MISSING, Fit, absent

CLIENT = {"client_id": ()}
SLOPES = {"client_id": ("alliance_within",)}
LAGGED = ("symptoms", "alliance_within")
OF_PROBLEMS = ("slope_with_problems", "slope_without_problems", "slope_difference")


def between_therapist_slope(tables, scales=None):
    """Return what goes with a therapist's mean alliance, and with a client's deviation from it (REML).

    after = b0 + b1 before + b_between therapist's mean + b_within (client - therapist's mean) + therapist + client,
    alliance of session 3. Clients with a rating of session 3, an intake score, and an end form or four sessions; the
    mean is that of these clients. Slopes are in points of the later score per point of alliance. `difference` =
    between - within; `share_within_therapists` = the share of the alliance's variance within therapists.
    """
    rows = outcomes(tables["clients"], scales, fewest_sessions=ENOUGH_SESSIONS)
    return _between_and_within(rows.assign(own=numbers(tables["clients"], "wai_client_s3")))


def within_therapist_slope(tables, scales=None):
    """Return the same analysis as `between_therapist_slope`; the slope within therapists stands for it."""
    return between_therapist_slope(tables, scales)


def concealment_levels(tables, scales=None):
    """Return the same two slopes for concealment at intake in place of the alliance."""
    rows = outcomes(tables["clients"], scales, fewest_sessions=ENOUGH_SESSIONS)
    return _between_and_within(rows.assign(own=numbers(tables["clients"], "concealment_intake")))


def _between_and_within(rows):
    therapists = {"therapist_id": ()}
    rows = complete_rows(rows, outcome="after", fixed=("before", "own"), groups=therapists)
    if rows["therapist_id"].nunique() == 1:
        return linear_mixed(rows, outcome="after", fixed=("before", "own"), groups=therapists)
    between = rows.groupby("therapist_id")["own"].transform("mean")
    rows = rows.assign(between=between.to_numpy(float), within=rows["own"].to_numpy(float) - between.to_numpy(float))
    fit = linear_mixed(rows, outcome="after", fixed=("before", "between", "within"), groups=therapists)
    if not fit.ok:
        return fit
    other = linear_mixed(rows, outcome="after", fixed=("before", "between", "own"), groups=therapists)
    spread = variance_components(rows, outcome="own", groups=("therapist_id",))
    parts = {"difference": other["between"], "share_within_therapists": spread["share_residual"]}
    return Fit(fit.parts | parts, fit.n, note=fit.note, facts=fit.facts)


def client_alliance_slopes(tables, scales=None):
    """Return how symptoms follow a session's alliance within a client, and how much clients differ in that (REML).

    symptoms(t+1) = b0 + b1 symptoms(t) + (b2 + u_client) (alliance(t) - client's mean) + client + residual. Symptoms
    are asked before a session, alliance after it; t and t + 1 are sessions held one after the other.

    `slope` = b2; `slope_variance` = var(u), its p by the likelihood-ratio test with the 50:50 mixture of chi2_1 and
    chi2_2; `slope_sd`; `carry_over` = b1, which comes out too high because a client's first score is part of the
    client's own level. `slope_with_problems`, `slope_without_problems` and their `slope_difference` are b2 of clients
    with and without interpersonal problems, where `clients` has that column.
    """
    rows = _followed(tables["appointments"], primary(scales))
    model = {"outcome": "next_symptoms", "fixed": LAGGED}
    larger = linear_mixed(rows, **model, groups=SLOPES)
    smaller = linear_mixed(rows, **model, groups=CLIENT)
    if not (larger.ok and smaller.ok):
        return smaller if larger.ok else larger
    test = compared(larger, smaller, covariances=1)
    parts = {
        "slope": larger["alliance_within"],
        "carry_over": larger["symptoms"],
        "slope_variance": replace(larger["variance_client_id_alliance_within"], p=test["chi2"].p),
        "slope_sd": larger["sd_client_id_alliance_within"],
        "chi2": test["chi2"],
        **_by_problems(rows, tables.get("clients", pd.DataFrame())),
    }
    return Fit(parts, larger.n, note=larger.note, facts=larger.facts)


def _followed(appointments, scale):
    """Return a frame of sessions that another followed: symptoms before, alliance in it, symptoms before the next."""
    held = held_sessions(appointments).sort_values(["client_id", "session"])
    frame = pd.DataFrame(
        {
            "client_id": held["client_id"].to_numpy(),
            "session": numbers(held, "session"),
            "symptoms": numbers(held, scale),
            "alliance": numbers(held, "wai_client"),
        }
    )
    after = frame.shift(-1)
    next_one = (after["client_id"] == frame["client_id"]) & (after["session"] == frame["session"] + 1)
    frame["next_symptoms"] = after["symptoms"].where(next_one)
    frame = frame[frame.notna().all(axis=1)]
    usual = frame.groupby("client_id")["alliance"].transform("mean")
    return frame.assign(alliance_within=frame["alliance"] - usual)


def _by_problems(rows, clients):
    """Return the slopes of clients with and without interpersonal problems, absent where nobody was asked."""
    if "interpersonal_problems" not in clients or not len(clients):
        none = absent(MISSING, n=0, note="The clients table has no column interpersonal_problems.")
        return dict.fromkeys(OF_PROBLEMS, none)
    flag = pd.Series(numbers(clients, "interpersonal_problems"), index=clients["client_id"].to_numpy())
    rows = rows.assign(problems=rows["client_id"].map(flag))
    rows = rows.assign(
        of_problems=rows["alliance_within"] * rows["problems"],
        of_others=rows["alliance_within"] * (1.0 - rows["problems"]),
    )
    model = {"outcome": "next_symptoms", "groups": SLOPES}
    each = linear_mixed(rows, fixed=("symptoms", "problems", "of_problems", "of_others"), **model)
    gap = linear_mixed(rows, fixed=("symptoms", "problems", "of_problems", "alliance_within"), **model)
    return dict(zip(OF_PROBLEMS, (each["of_problems"], each["of_others"], gap["of_problems"]), strict=True))


SPLIT = (
    "therapist_id",
    "sessions_held",
    "{primary}_intake",
    "{primary}_end",
    "{primary}_last",
)


def _levels(what):
    """Return unit and meaning of the numbers of an analysis between and within therapists."""
    return {
        "intercept": ("points", "later score where the other terms are 0"),
        "before": ("points per point", "later score per point of the intake score"),
        "between": ("points per point", f"later score per point of a therapist's mean {what}"),
        "within": ("points per point", f"later score per point of {what} above the therapist's other clients"),
        "variance_therapist_id": ("points squared", "variance between therapists of what is left"),
        "sd_therapist_id": ("points", "standard deviation between therapists of what is left"),
        "variance_residual": ("points squared", "variance between clients of one therapist of what is left"),
        "sd_residual": ("points", "standard deviation between clients of one therapist of what is left"),
        "difference": ("points per point", "slope between therapists minus slope within them"),
        "share_within_therapists": ("share of variance", f"of {what}, between clients of one therapist"),
    }


ENTRIES = (
    Estimator(
        between_therapist_slope,
        "Alliance between therapists",
        "Points of the later score (end form, else last), given the intake score, per point by which a therapist's"
        " clients rate the alliance of session 3 higher. Below 0 = better where higher is worse.",
        unit="points per point",
        formula="b_between in after ~ before + therapist mean + deviation from it + (1 | therapist), REML",
        source="baldwin2007",
        columns=(*SPLIT, "wai_client_s3"),
        headline="between",
        parts=_levels("alliance"),
        caveat="A mean of few clients is a poor measure of a therapist and pulls this slope towards the one within.",
    ),
    Estimator(
        within_therapist_slope,
        "Alliance within therapists",
        "Points of the later score (end form, else last), given the intake score, per point by which a client"
        " rates the alliance of session 3 higher than the same therapist's other clients.",
        unit="points per point",
        formula="b_within in after ~ before + therapist mean + deviation from it + (1 | therapist), REML",
        source="relational2020",
        columns=(*SPLIT, "wai_client_s3"),
        headline="within",
        parts=_levels("alliance"),
    ),
    Estimator(
        concealment_levels,
        "Concealment between and within therapists",
        "Points of the later score, given the intake score, per point of concealment at intake: of a therapist's"
        " clients on average (between), and of a client compared with the therapist's others (within).",
        unit="points per point",
        formula="b_within in after ~ before + therapist mean + deviation from it + (1 | therapist), REML; "
        "after = end form, else last score",
        source="drinane2018",
        columns=(*SPLIT, "concealment_intake"),
        headline="within",
        parts=_levels("concealment"),
    ),
    Estimator(
        client_alliance_slopes,
        "Differences in the alliance's within-client slope",
        "Variance between clients of the slope of next session's symptoms on the alliance of this session, compared"
        " with the client's usual alliance.",
        unit="(points per point) squared",
        formula="var(u) in symptoms(t+1) ~ symptoms(t) + (1 + u) (alliance(t) - client mean) + (1 | client), REML",
        source="falkenstrom2013",
        columns=("client_id", "session", "{primary}", "wai_client"),
        table="appointments",
        keep="sessions",
        headline="slope_variance",
        parts={
            "slope": ("points per point", "next session's symptoms per point of alliance above the client's usual"),
            "carry_over": ("points per point", "next session's symptoms per point of this session's"),
            "slope_sd": ("points per point", "standard deviation of the slope between clients"),
            "chi2": ("chi squared", "likelihood-ratio test of the slope's variance and covariance"),
            "slope_with_problems": ("points per point", "slope of clients with interpersonal problems"),
            "slope_without_problems": ("points per point", "slope of clients without interpersonal problems"),
            "slope_difference": ("points per point", "slope with minus slope without interpersonal problems"),
        },
        caveat="Says nothing about direction: deviations from a client's own mean carry later sessions in them.",
    ),
)
