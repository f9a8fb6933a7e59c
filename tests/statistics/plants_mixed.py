"""Planted truths of linear mixed models: lines of clients, sessions in clients in therapists, therapist effects."""

import numpy as np
import pandas as pd

from experiments.estimators.methods.mixed.linear_mixed import linear_mixed
from experiments.estimators.methods.mixed.variance_components import variance_components
from experiments.estimators.therapist_effects import outcome_by_experience, therapist_effect_icc
from experiments.estimators.within_between import between_therapist_slope, client_alliance_slopes
from tests.statistics.planting import Plant

LINES = {"intercept": 80.0, "session": -1.5, "sd_intercept": 14.0, "sd_slope": 1.2, "r": -0.3, "sd_residual": 8.0}
SHARES = {"share_therapist_id": 0.07, "share_client_id": 0.43, "share_residual": 0.50}
ICC = 0.05
SPLIT = {"between": -3.0, "within": -1.0}
LAGGED = {"slope": -0.8, "slope_variance": 0.6}
PER_YEAR = -0.006


def lines_of_clients(luck, *, clients=100, sessions=8):
    """Return OQ-45 scores of sessions 1, 2, ... of clients with lines of their own."""
    spread = np.diag([LINES["sd_intercept"], LINES["sd_slope"]])
    cov = spread @ np.array([[1.0, LINES["r"]], [LINES["r"], 1.0]]) @ spread
    own = luck.multivariate_normal([LINES["intercept"], LINES["session"]], cov, size=clients)
    held = luck.integers(4, sessions + 1, size=clients)
    client = np.repeat(np.arange(clients), held)
    session = np.concatenate([np.arange(1, n + 1) for n in held])
    noise = luck.normal(0, LINES["sd_residual"], size=client.size)
    score = own[client, 0] + own[client, 1] * session + noise
    return pd.DataFrame({"client_id": client, "session": session, "oq45": score})


def sessions_of_clients(luck, *, therapists=50, clients=8, sessions=6, growth=0.02, growth_sd=0.0):
    """Return alliance ratings of sessions in clients in therapists; the variances are the planted shares."""
    n, sizes = therapists, luck.integers(clients // 2, 2 * clients, size=therapists)
    therapist = np.repeat(np.arange(n), sizes)
    held = luck.integers(1, 2 * sessions, size=therapist.size)
    client = np.repeat(np.arange(therapist.size), held)
    session = np.concatenate([np.arange(1, m + 1) for m in held])
    sd = {name: np.sqrt(share) for name, share in SHARES.items()}
    between = luck.normal(0, sd["share_therapist_id"], n)[therapist] + luck.normal(
        0, sd["share_client_id"], therapist.size
    )
    slope = growth + luck.normal(0, growth_sd, n)[therapist][client]
    rating = 3.8 + slope * session + between[client] + luck.normal(0, sd["share_residual"], client.size)
    frame = {"client_id": client, "therapist_id": therapist[client], "session": session, "wai_client": rating}
    return pd.DataFrame(frame)


def outcomes_of_therapists(luck, *, therapists=100, icc=ICC):
    """Return clients' scores before and after of therapists with caseloads of 5 to 70, whose ICC is planted."""
    sizes = np.clip(np.exp(luck.normal(2.8, 0.7, size=therapists)).astype(int), 5, 70)
    therapist = np.repeat(np.arange(therapists), sizes)
    before = luck.normal(15, 5, size=therapist.size)
    error = luck.normal(0, np.sqrt(1 - icc), size=therapist.size)
    after = 2 + 0.5 * before + 4.5 * (luck.normal(0, np.sqrt(icc), therapists)[therapist] + error)
    return pd.DataFrame(
        {
            "client_id": np.arange(therapist.size),
            "therapist_id": therapist,
            "sessions_held": 8,
            "phq9_intake": before,
            "phq9_end": after,
            "phq9_last": after,
        }
    )


def alliances_and_outcomes(luck, *, therapists=80, clients=4):
    """Return clients whose outcome goes with their therapist's mean alliance and with their deviation from it."""
    therapist = np.repeat(np.arange(therapists), luck.integers(2, 2 * clients, size=therapists))
    own = 3.9 + luck.normal(0, 0.25, therapists)[therapist] + luck.normal(0, 0.6, therapist.size)
    mean = (np.bincount(therapist, weights=own) / np.bincount(therapist))[therapist]
    before = luck.normal(15, 5, therapist.size)
    after = 12 + 0.5 * before + SPLIT["between"] * mean + SPLIT["within"] * (own - mean)
    after += luck.normal(0, 1.0, therapists)[therapist] + luck.normal(0, 4.0, therapist.size)
    frame = {"client_id": np.arange(therapist.size), "therapist_id": therapist, "sessions_held": 6}
    frame |= {"phq9_intake": before, "phq9_end": after, "phq9_last": after, "wai_client_s3": own}
    return pd.DataFrame(frame)


def sessions_after_sessions(luck, *, clients=150, sessions=12):
    """Return appointments in which symptoms follow the last session's alliance, with a slope for each client.

    The alliance moves about the client's own mean of the sessions that another followed, and is not moved by symptoms.
    """
    slope = luck.normal(LAGGED["slope"], np.sqrt(LAGGED["slope_variance"]), size=(clients, 1))
    alliance = luck.normal(0, 0.5, size=(clients, sessions))
    alliance -= alliance[:, :-1].mean(axis=1, keepdims=True)
    own, noise = luck.normal(14, 4, size=clients), luck.normal(0, 2.5, size=(clients, sessions))
    symptoms = np.empty((clients, sessions))
    symptoms[:, 0] = own + noise[:, 0]
    for t in range(1, sessions):
        symptoms[:, t] = own + slope[:, 0] * alliance[:, t - 1] + noise[:, t]
    client, session = np.indices(symptoms.shape).reshape(2, -1)
    frame = {"client_id": client, "session": session + 1, "phq9": symptoms.ravel()}
    return pd.DataFrame(frame | {"wai_client": 4 + alliance.ravel()})


def clients_of_experienced_therapists(luck, *, therapists=60, clients=15):
    """Return clients and therapists whose clients change a little less per year that they have been in practice."""
    years = luck.uniform(0, 25, size=therapists)
    therapist = np.repeat(np.arange(therapists), clients)
    start = luck.integers(0, 156, size=therapist.size)
    before = luck.normal(15, 5, size=therapist.size)
    d = 0.9 + PER_YEAR * (years[therapist] + start / 52)
    d += luck.normal(0, 0.2, therapists)[therapist] + luck.normal(0, 0.9, therapist.size)
    after = before - d * before.std(ddof=1)
    frame = {"client_id": np.arange(therapist.size), "therapist_id": therapist, "sessions_held": 6, "start_week": start}
    frame |= {"phq9_intake": before, "phq9_end": after, "phq9_last": after}
    return pd.DataFrame(frame), pd.DataFrame({"therapist_id": np.arange(therapists), "years": years})


def _lines(frame):
    return linear_mixed(frame, outcome="oq45", fixed=("session",), groups={"client_id": ("session",)})


def _shares(frame):
    return variance_components(frame, outcome="wai_client", groups=("client_id", "therapist_id"), fixed=("session",))


PLANTS = [
    Plant(
        name="lines of 100 clients (REML, random slope)",
        draw=lines_of_clients,
        fit=_lines,
        truth={
            "intercept": LINES["intercept"],
            "session": LINES["session"],
            "variance_client_id": LINES["sd_intercept"] ** 2,
            "variance_client_id_session": LINES["sd_slope"] ** 2,
            "covariance_client_id_session": LINES["r"] * LINES["sd_intercept"] * LINES["sd_slope"],
            "variance_residual": LINES["sd_residual"] ** 2,
        },
    ),
    Plant(
        name="sessions in clients in therapists (REML)",
        draw=sessions_of_clients,
        fit=_shares,
        truth={"session": 0.02, **SHARES},
    ),
    Plant(
        name="therapist effect on outcome (registered)",
        draw=outcomes_of_therapists,
        fit=lambda clients: therapist_effect_icc({"clients": clients}),
        truth={"icc": ICC, "before": 0.5},
    ),
    Plant(
        name="alliance between and within therapists (registered)",
        draw=alliances_and_outcomes,
        fit=lambda clients: between_therapist_slope({"clients": clients}),
        truth=SPLIT | {"difference": SPLIT["between"] - SPLIT["within"]},
    ),
    Plant(
        name="slopes of next session's symptoms on alliance (registered)",
        draw=sessions_after_sessions,
        fit=lambda appointments: client_alliance_slopes({"appointments": appointments}),
        truth=LAGGED,
    ),
    Plant(
        name="outcome per year of experience (registered)",
        draw=clients_of_experienced_therapists,
        fit=lambda tables: outcome_by_experience({"clients": tables[0], "therapists": tables[1]}),
        truth={"per_year": PER_YEAR, "at_start": 0.9},
    ),
]
