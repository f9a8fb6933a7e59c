"""Planted paths within clients: in a stationary pair of series, with and without lasting differences, and mediators.

Scores at a session are level + session mean + z, z[t] = B' z[t-1] + e; within-client SDs stay the same over time, so
standardised paths are known too. Clients drop out by what was seen last (missing at random) or by lot.
"""

import numpy as np
import pandas as pd

from experiments.estimators.mediated import alliance_effort_outcome
from experiments.estimators.methods.panel.mediation import mediation
from experiments.estimators.methods.panel.riclpm import riclpm
from experiments.estimators.methods.panel.within_mediation import within_mediation
from experiments.estimators.within_client import (
    alliance_symptom_lag,
    alliance_symptom_paths,
    alliance_within_between,
    session_scores,
)
from tests.statistics.planting import Plant

SD = np.array([0.5, 4.0])
STANDARD = np.array([[0.30, -0.15], [-0.10, 0.40]])
PATHS = STANDARD * SD[None, :] / SD[:, None]
WITHIN = np.outer(SD, SD) * np.array([[1.0, -0.2], [-0.2, 1.0]])
BETWEEN = np.array([[0.30, -1.0], [-1.0, 20.0]])
SCALES = {"phq9": {"primary": True, "higher_is_worse": True}}
PAIR = ("wai_client", "phq9")


def series(luck, *, clients, sessions, between=BETWEEN):
    """Return clients by sessions by (alliance, symptoms)."""
    z = np.empty((clients, sessions, 2))
    z[:, 0] = luck.multivariate_normal([0, 0], WITHIN, size=clients)
    e = luck.multivariate_normal([0, 0], WITHIN - PATHS.T @ WITHIN @ PATHS, size=(clients, sessions))
    for t in range(1, sessions):
        z[:, t] = z[:, t - 1] @ PATHS + e[:, t]
    level = luck.multivariate_normal([3.8, 14.0], between, size=clients)
    return z + level[:, None] + np.arange(sessions)[None, :, None] * np.array([0.04, -0.5])


def left_by_what_was_seen(luck, scores, *, first):
    """Take out what comes after a dropout; from session `first` on its chance falls with the last alliance rating."""
    seen, gone = scores.copy(), np.zeros(len(scores), dtype=bool)
    for t in range(first, scores.shape[1]):
        gone |= luck.random(len(scores)) < 1 / (1 + np.exp(2.2 + 0.9 * (scores[:, t - 1, 0] - 3.8)))
        seen[gone, t] = np.nan
    return seen


def left_by_lot(luck, scores, *, fewest):
    """Keep a number of sessions drawn by lot, at least `fewest`."""
    stay = luck.integers(fewest, scores.shape[1] + 1, size=len(scores))
    return np.where((np.arange(scores.shape[1]) < stay[:, None])[:, :, None], scores, np.nan)


def lost(luck, scores, *, share=0.05):
    """Take out single forms by lot."""
    return np.where(luck.random(scores.shape) < share, np.nan, scores)


def appointments(scores, columns=PAIR, *, known):
    """Return the appointments table of the sessions that `known` (clients by sessions) marks."""
    client, session = np.nonzero(known)
    frame = {"client_id": client, "appointment": session + 1, "session": session + 1, "held": True}
    return pd.DataFrame(frame | {name: scores[client, session, i] for i, name in enumerate(columns)})


def panel(luck, *, clients=600, sessions=7, between=BETWEEN):
    scores = left_by_what_was_seen(luck, series(luck, clients=clients, sessions=sessions, between=between), first=4)
    known = np.isfinite(scores).all(axis=2)
    return {"appointments": appointments(lost(luck, scores), known=known)}


def plain(tables):
    scores = session_scores(tables["appointments"], PAIR, sessions=5)
    return riclpm(scores[:, :, 0], scores[:, :, 1], names=("alliance", "symptoms"), intercepts=False)


def lag(luck, *, clients, sessions, fewest):
    scores = left_by_lot(luck, series(luck, clients=clients, sessions=sessions), fewest=fewest)
    known = np.isfinite(scores).all(axis=2)
    return {"appointments": appointments(lost(luck, scores), known=known)}


def lag_and_leave(luck):
    scores = left_by_what_was_seen(luck, series(luck, clients=600, sessions=16), first=3)
    return {"appointments": appointments(scores, known=np.isfinite(scores).all(axis=2))}


def two_levels(luck, *, clients=250, sessions=8):
    """Symptoms by the client's mean alliance (-2) and by the session's deviation from it (-.8), one session later."""
    usual = luck.normal(3.8, 0.6, size=clients)[:, None]
    alliance = usual + luck.normal(0, 0.5, size=(clients, sessions))
    stay = luck.integers(4, sessions + 1, size=clients)[:, None]
    enters = np.arange(sessions) < stay - 1
    mean = (alliance * enters).sum(axis=1, keepdims=True) / enters.sum(axis=1, keepdims=True)
    error = luck.normal(0, 2, size=(clients, 1)) + luck.normal(0, 3, size=(clients, sessions))
    after = 14 - 2 * mean - 0.8 * (alliance - mean) + error
    symptoms = np.column_stack([luck.normal(14, 5, size=clients), after[:, :-1]])
    known = np.arange(sessions) < stay
    return {"appointments": appointments(np.stack([alliance, symptoms], axis=2), known=known)}


def effort_between(luck, *, clients=250):
    """Alliance at session 3 lifts later effort (.10 a point), and effort the outcome (8 points from none to full)."""
    alliance, intake = luck.normal(3.8, 0.6, size=clients), luck.normal(15, 5, size=clients)
    held = luck.integers(6, 13, size=clients)
    effort = 0.5 + 0.1 * (alliance - 3.8) - 0.005 * (intake - 15) + luck.normal(0, 0.1, size=clients)
    known = np.arange(12) < held[:, None]
    each = effort[:, None] + luck.normal(0, 0.1, size=(clients, 12))
    counted = known & (np.arange(12) >= 3)
    mean = (each * counted).sum(axis=1) / counted.sum(axis=1)
    end = intake * 0.6 - 8 * mean - 0.7 * alliance + luck.normal(6, 3, size=clients)
    people = {"client_id": np.arange(clients), "sessions_held": held, "wai_client_s3": alliance}
    people |= {"phq9_intake": intake, "phq9_end": end, "phq9_last": end}
    return {
        "clients": pd.DataFrame(people),
        "appointments": appointments(each[:, :, None], ("effort_client",), known=known),
    }


def effort_in_caseloads(luck, *, therapists=60, each=6):
    """The same with everything shared by the clients of a therapist as well."""
    therapist = np.repeat(np.arange(therapists), each)
    shared = luck.normal(size=(therapists, 3))[therapist]
    own = luck.normal(size=(therapist.size, 3))
    alliance = 3.8 + 0.4 * shared[:, 0] + 0.5 * own[:, 0]
    effort = 0.5 + 0.1 * alliance + 0.06 * shared[:, 1] + 0.1 * own[:, 1]
    end = 20 - 8 * effort - 0.7 * alliance + 1.5 * shared[:, 2] + 3 * own[:, 2]
    return pd.DataFrame({"therapist_id": therapist, "alliance": alliance, "effort": effort, "better": -end})


def effort_within(luck, *, clients=400, sessions=8, before=12):
    """Symptoms, alliance and effort that drive each other, in the order in which a session asks for them."""
    z = np.zeros((clients, sessions + before, 3))
    e = luck.normal(size=z.shape) * np.array([0.4, 0.12, 3.0])
    for t in range(1, sessions + before):
        last = z[:, t - 1]
        symptoms = 0.4 * last[:, 2] - 0.5 * last[:, 0] - 6 * last[:, 1] + e[:, t, 2]
        alliance = 0.3 * last[:, 0] - 0.03 * symptoms + e[:, t, 0]
        effort = 0.2 * last[:, 1] + 0.1 * alliance - 0.004 * symptoms + e[:, t, 1]
        z[:, t] = np.column_stack([alliance, effort, symptoms])
    scores = z[:, before:] + (luck.normal(size=(clients, 3)) * [0.5, 0.1, 4.0])[:, None]
    scores = left_by_lot(luck, scores, fewest=4)
    return {"appointments": appointments(scores, EFFORT, known=np.isfinite(scores).all(axis=2))}


EFFORT = ("wai_client", "effort_client", "phq9")


def fit_effort_within(tables):
    scores = session_scores(tables["appointments"], EFFORT, sessions=8)
    fit = within_mediation(scores, names=("alliance", "effort", "symptoms"), draws=0)
    return {name: fit[name] for name in ("a", "b", "direct", "total")} | {"indirect": fit["indirect_monte_carlo"]}


def fit_caseloads(frame):
    columns = (frame["alliance"], frame["effort"], frame["better"])
    return mediation(*columns, clusters=frame["therapist_id"], draws=400)


NAMES = ("alliance_to_alliance", "alliance_to_symptoms", "symptoms_to_alliance", "symptoms_to_symptoms")
RAW = dict(zip(NAMES, PATHS.ravel(), strict=True))
STANDARDISED = {f"{name}_std": value for name, value in zip(NAMES, STANDARD.ravel(), strict=True)}
LASTING = {
    "alliance_intercept_variance": BETWEEN[0, 0],
    "symptoms_intercept_variance": BETWEEN[1, 1],
    "intercept_correlation": BETWEEN[0, 1] / np.sqrt(BETWEEN[0, 0] * BETWEEN[1, 1]),
    "alliance_variance_1": WITHIN[0, 0],
    "covariance_1": WITHIN[0, 1],
}
FINITE = "second-order bias of a ratio of moments, which goes away with more clients"

PLANTS = [
    Plant("riclpm", panel, lambda tables: alliance_symptom_paths(tables, SCALES), RAW | STANDARDISED | LASTING),
    Plant("clpm", lambda luck: panel(luck, sessions=5, between=BETWEEN * 1e-9), plain, RAW | STANDARDISED),
    Plant(
        "within_lag_short",
        lambda luck: lag(luck, clients=400, sessions=6, fewest=4),
        lambda tables: alliance_symptom_lag(tables, SCALES),
        RAW,
        slack=0.15,
        why=FINITE,
    ),
    Plant(
        "within_lag_long",
        lambda luck: lag(luck, clients=200, sessions=16, fewest=5),
        lambda tables: alliance_symptom_lag(tables, SCALES),
        RAW | STANDARDISED,
    ),
    Plant(
        "within_lag_leaving",
        lag_and_leave,
        lambda tables: alliance_symptom_lag(tables, SCALES),
        RAW,
        slack=0.15,
        why="dropout by the last alliance rating, which the correction takes as dropout by lot (the RI-CLPM does not)",
    ),
    Plant(
        "within_between",
        two_levels,
        lambda tables: alliance_within_between(tables, SCALES),
        {"alliance_within": -0.8, "alliance_between": -2.0, "alliance_contextual": -1.2},
    ),
    Plant(
        "mediation",
        effort_between,
        lambda tables: alliance_effort_outcome(tables, SCALES),
        {"a": 0.1, "b": 8.0, "direct": 0.7, "total": 1.5, "indirect": 0.8, "indirect_monte_carlo": 0.8},
    ),
    Plant(
        "mediation_caseloads",
        effort_in_caseloads,
        fit_caseloads,
        {"a": 0.1, "b": 8.0, "direct": 0.7, "indirect": 0.8, "indirect_monte_carlo": 0.8},
    ),
    Plant(
        "mediation_within",
        effort_within,
        fit_effort_within,
        {"a": 0.1, "b": -6.0, "direct": -0.5, "total": -1.1, "indirect": -0.6},
        slack=0.15,
        why=FINITE,
    ),
]
