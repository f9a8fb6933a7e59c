"""A made-up clinic with every column that the estimates of change read, drawn fast: for tests of words and edges.

One latent alliance lifts all ratings, the gain, and staying; all columns are as wide as the forms, with gaps.
"""

import numpy as np
import pandas as pd

SCALES = {
    "phq9": {
        "cutoff": 10,
        "reliable_change": 6,
        "higher_is_worse": True,
        "clinic_mean": 13.8,
        "clinic_sd": 6.0,
        "community_norm_mean": 2.9,
        "community_norm_sd": 3.5,
        "reliability": 0.87,
    },
    "gad7": {"cutoff": 8, "reliable_change": 4, "higher_is_worse": True},
}
LONGEST = 16
FACETS = (
    *("wai_client", "wai_client_goal", "wai_client_task", "wai_client_bond", "wai_therapist", "rri_client"),
    *("empathy_client", "collaboration_client", "goal_agreement_client", "regard_client", "genuineness_client"),
    *("credibility_client", "multicultural_client", "session_outcome_client", "positive_affect_client"),
)


def clinic(seed, *, clients=300, therapists=12):
    """Return the tables clients and appointments of one clinic, data frames in the columns of the dictionary."""
    luck = np.random.default_rng(seed)
    u = luck.normal(size=clients)
    held = np.where(luck.random(clients) < 0.1, 0, 1 + luck.integers(0, LONGEST, clients))
    scores = _scores(luck, u, held)
    people = _people(luck, u, held, scores, therapists)
    return {"clients": people, "appointments": _appointments(luck, u, held, scores, people)}


def _scores(luck, u, held):
    """Return PHQ-9, GAD-7 and CORE-OM before each session and after the last, arrays clients x (LONGEST + 1)."""
    start, rate = luck.normal(size=u.size), 0.12 + 0.06 * u + 0.05 * luck.normal(size=u.size)
    path = start[:, None] - rate[:, None] * np.arange(LONGEST + 1)
    shapes = {"phq9": (13.8, 6.0, 27), "gad7": (12.7, 5.1, 21), "core_om": (18.6, 7.5, 40)}
    return {
        name: np.clip(np.round(mean + sd * (path + 0.35 * luck.normal(size=path.shape))), 0, top)
        for name, (mean, sd, top) in shapes.items()
    }


def _people(luck, u, held, scores, therapists):
    n, rows = u.size, np.arange(u.size)
    left = luck.random(n) < 1 / (1 + np.exp(1.2 + 0.7 * u))
    ending = np.where(left, "dissatisfied", np.where(luck.random(n) < 0.5, "good_enough", "planned_end"))
    ending = np.where(luck.random(n) < 0.1, "in_therapy", np.where(held == 0, "never_started", ending))
    over, came = held > 0, (luck.random(n) < 0.7) & (held > 0) & (ending != "in_therapy")
    start = luck.integers(0, 40, n).astype(float)
    frame = {
        "client_id": rows,
        "therapist_id": np.where(over, rows % therapists, np.nan),
        "sessions_held": held,
        "ending": ending,
        "start_week": np.where(over, start, np.nan),
        "end_week": np.where(over & (ending != "in_therapy"), start + held, np.nan),
        "contract_sessions": np.where(luck.random(n) < 0.5, 12.0, np.nan),
        "trainee_therapist": luck.random(n) < 0.3,
        "minority": luck.random(n) < 0.4,
        "main_problem": np.where(luck.random(n) < 0.6, "depression", "anxiety"),
        "true_distress_intake": luck.normal(size=n),
        "true_distress_end": luck.normal(-0.5, 1, n),
        "true_self_efficacy": luck.normal(size=n),
        "true_self_efficacy_end": luck.normal(0.5, 1, n),
        "csq8_end": np.where(came, np.clip(np.round(27 + 3 * u + 3 * luck.normal(size=n)), 8, 32), np.nan),
        "ruptures": luck.integers(0, 4, n),
        "microaggressions": luck.integers(0, 2, n),
    }
    frame["ruptures_repaired"] = np.minimum(frame["ruptures"], luck.integers(0, 4, n))
    known = over & (ending != "in_therapy")
    for name in ("unilateral", "therapist_judged", "missed_last", "incomplete_protocol"):
        frame[f"dropout_{name}"] = np.where(known, (left | (luck.random(n) < 0.1)).astype(float), np.nan)
    frame["dropout_unilateral"] = np.where(known, left.astype(float), np.nan)
    for name in ("readiness", "expectation", "attachment_avoidance", "attachment_anxiety"):
        frame[f"{name}_intake"] = 0.2 * u + luck.normal(size=n)
    for name, path in scores.items():
        frame[f"{name}_intake"] = path[:, 0]
        frame[f"{name}_end"] = np.where(came, path[rows, held], np.nan)
        frame[f"{name}_last"] = np.where(over, path[rows, np.maximum(held - 1, 0)], np.nan)
    return pd.DataFrame(frame)


def _appointments(luck, u, held, scores, people):
    who = np.repeat(np.arange(u.size), held + 1)
    number = np.concatenate([np.arange(1, k + 2) for k in held])
    came = number <= np.repeat(held, held + 1)
    missed = np.where(luck.random(who.size) < 0.3, "no_show", "cancelled_by_client")
    start = np.nan_to_num(people["start_week"].to_numpy())
    frame = {
        "client_id": who,
        "appointment": number,
        "session": np.where(came, number, np.nan),
        "held": came,
        "attendance": np.where(came, "held", missed),
        "week": start[who] + number - 1,
    }
    for name in FACETS:
        rating = 3.6 + 0.5 * u[who] + 0.4 * luck.normal(size=who.size) + 0.01 * number
        frame[name] = np.where(came, np.clip(np.round(rating * 12) / 12, 1, 5), np.nan)
    frame["wai_therapist"] = np.clip(frame["wai_therapist"] - 0.4, 1, 5)
    frame["negative_affect_client"] = np.where(came, 2 - 0.3 * u[who] + luck.normal(size=who.size), np.nan)
    frame["countertransference_observer"] = np.where(came, luck.normal(size=who.size), np.nan)
    shares = luck.dirichlet([4, 4, 2], who.size)
    for column, name in enumerate(("supportive", "exploratory", "controlling")):
        frame[f"{name}_observer"] = np.where(came, shares[:, column], np.nan)
    for name, path in scores.items():
        frame[name] = np.where(came, path[who, number - 1], np.nan)
    table = pd.DataFrame(frame)
    third, first = table[table["session"] == 3], table[table["session"] == 1]
    people["wai_client_s1"] = people["client_id"].map(first.set_index("client_id")["wai_client"])
    people["wai_client_s3"] = people["client_id"].map(third.set_index("client_id")["wai_client"])
    last = table[table["held"]].groupby("client_id")["wai_client"].last()
    people["wai_client_last"] = people["client_id"].map(last)
    return table
